/** What is on a disk with ext4 while a guest writes to it, as after a power failure at this moment. */
import { execFile } from 'node:child_process';
import { copyFileSync, rmSync } from 'node:fs';
import { promisify } from 'node:util';
import { expect } from 'vitest';

const run = promisify(execFile);
/** The most files of records that are looked for. */
const MAX_PARTS = 1000;

/**
 * Checks the file system, and counts the records of `programs/debian/services/journal`. `pid`: the process that writes the
 * image; it is stopped while the image is copied, so that the copy has no write half.
 */
export async function journalOf(image: string, pid: number): Promise<number> {
  const copy = `${image}.copy`;
  process.kill(pid, 'SIGSTOP');
  try {
    copyFileSync(image, copy);
  } finally {
    process.kill(pid, 'SIGCONT');
  }
  try {
    // Repeats the journal of the file system, as mounting does; exits with another code for what that does not mend.
    await run('fsck.ext4', ['-p', copy]).catch(({ code, stdout }) =>
      expect([code, stdout]).toEqual([1, stdout]),
    );
    expect((await run('fsck.ext4', ['-fn', copy])).stdout).toContain('Pass 5');
    return await countRecords(copy);
  } finally {
    rmSync(copy);
  }
}

async function countRecords(image: string): Promise<number> {
  let text = '';
  const cat = async (path: string) => (await run('debugfs', ['-R', `cat ${path}`, image])).stdout;
  for (let part = 1; part < MAX_PARTS; part++) {
    const more = await cat(`/log.${part}`);
    if (more === '') break;
    text += more;
  }
  const records = `${text}${await cat('/log')}`.split('\n');
  // What comes after the last line end was being written.
  records.pop();
  expect(records).toEqual(records.map((_, index) => `record ${index + 1} of the journal`));
  return records.length;
}
