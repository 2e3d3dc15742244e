/** `vmft down`. */
import { existsSync, readFileSync } from 'node:fs';
import { setTimeout } from 'node:timers/promises';
import { OperatingError } from '../../base/errors.ts';
import { lockDirectory } from '../../host/storage/directory-lock.ts';
import { ClusterDirectory } from './directory.ts';

const POLL_MS = 50;
const LIMIT_MS = 30_000;

/** What a `vmft up` locks its directory as. */
export const UP = '`vmft up`';

/** Whether a `vmft up` runs on the directory. */
async function isRunning(path: string): Promise<boolean> {
  try {
    (await lockDirectory(path, UP)).release();
    return false;
  } catch (error) {
    if (error instanceof OperatingError) return true;
    throw error;
  }
}

/** `vmft down`. */
export async function down({ dir }: { dir: string }): Promise<number> {
  const directory = new ClusterDirectory(dir);
  if (!existsSync(directory.owner)) {
    // The error for a directory without a cluster.
    void directory.configuration;
    throw new OperatingError(
      `the cluster in ${dir} was made by \`vmft init\`: end its processes one by one, and remove the directory yourself`,
    );
  }
  if (await isRunning(dir)) {
    const pid = Number(readFileSync(directory.owner, 'utf8'));
    process.kill(pid, 'SIGTERM');
    for (let ms = 0; existsSync(directory.owner); ms += POLL_MS) {
      if (ms > LIMIT_MS) throw new OperatingError(`\`vmft up\`, process ${pid}, does not end; kill it`);
      await setTimeout(POLL_MS);
    }
  } else directory.remove();
  process.stdout.write(`the cluster in ${dir} has ended\n`);
  return 0;
}
