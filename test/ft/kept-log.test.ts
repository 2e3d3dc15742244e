/** What a new primary keeps of the log for backups that have not reported their positions yet. */
import { expect, test } from 'vitest';
import { alphabet, type Effects, MS, type Setting, TestHost } from './hosts.ts';

const record = { primary: 'primary', backups: ['backup', 'backup2'] };
const SLICES = 200;

/**
 * A backup that has gone live after {@link SLICES} slices of one entry each. The other backup has only the first entry,
 * and nothing is kept that every replica has consumed.
 */
function live(tuning: Setting['tuning'] = {}): TestHost {
  const make = (name: string, role: 'primary' | 'backup', own: Setting['tuning'] = {}) =>
    new TestHost(name, role, {
      ...{ source: alphabet, hosts: ['primary', ...record.backups], record, backups: 2 },
      tuning: { retainBytes: 0, ...own },
    });
  const primary = make('primary', 'primary');
  const backup = make('backup', 'backup', tuning);
  for (let slice = 1; slice <= SLICES; slice++) {
    backup.hear('primary', primary.cpu(106).messages[0]!);
    backup.cpu(1000);
    primary.ack(slice);
    if (slice === 1) primary.ack(slice, { from: 'backup2' });
  }
  backup.timer('suspect', 11 * MS);
  expect(backup.storage(2, 'backup', 'backup2').notes).toContain('live');
  expect(backup.replica.logEnd).toBe(SLICES);
  return backup;
}

/** The other backup reports that it has only the first entry. */
const resume = (host: TestHost, generation = 2): Effects =>
  host.hear('backup2', { kind: 'resume', generation, log: 1, received: 1, consumed: 1, token: 1 });

test.each([0, SLICES])('a backup gets all that it lacks, %i slices later, and is not evicted', (later) => {
  const backup = live();
  for (let slice = 0; slice < later; slice++) backup.cpu(106);
  const answered = resume(backup);
  expect(answered.of('claim')).toEqual([]);
  expect(answered.messages).toMatchObject([{ kind: 'entries', first: 2, answers: 1 }]);
  expect(answered.last).toBe(SLICES + later);
});

test('what is kept for it is bounded: the guest runs no further than the send buffer allows', () => {
  const sendBufferBytes = 100;
  const backup = live({ sendBufferBytes });
  for (let slice = 0; slice < 1000 && backup.replica.wantsCpu; slice++) backup.cpu(106);
  expect(backup.replica.wantsCpu).toBe(false);
  // An entry takes two bytes or more.
  expect(backup.replica.logEnd).toBeLessThanOrEqual(SLICES + 1 + sendBufferBytes / 2);
  expect(resume(backup).of('claim')).toEqual([]);
});

test('nothing is kept for it once it is evicted', () => {
  const backup = live();
  expect(backup.timer('suspect', 11 * MS).of('claim')).toMatchObject([{ record: { backups: [] } }]);
  backup.storage(3, 'backup');
  expect(resume(backup, 3).event('joining')).toMatchObject({ host: 'backup2', how: 'copy' });
});
