/** How a replica moves from one generation to the next: which messages and records it accepts. */
import { describe, expect, test } from 'vitest';
import type { GenerationRecord } from '../../src/ft/effects.ts';
import type { MessageOf } from '../../src/ft/messages.ts';
import { type Effects, MS, TestHost } from './hosts.ts';

const hosts = ['primary', 'backup', 'backup2'];
const record: GenerationRecord = { primary: 'primary', backups: ['backup', 'backup2'] };
const setting = { hosts, record, backups: 2 };
const members = (
  generation: number,
  primary: string,
  ...backups: string[]
): MessageOf<'members'> & { kind: 'members' } => ({
  kind: 'members',
  generation,
  record: { primary, backups },
  starts: [{ generation: 1, first: 1 }],
});
const suspected = (effects: Effects) => effects.notes.includes('suspected');

describe('a backup', () => {
  /** A backup that has replayed the entries of one slice. */
  function backupWithLog(): { primary: TestHost; backup: TestHost } {
    const primary = new TestHost('primary', 'primary', setting);
    const backup = new TestHost('backup', 'backup', setting);
    backup.hear('primary', primary.cpu(20).messages[0]!);
    backup.cpu(20);
    return { primary, backup };
  }

  test('reads every skipped generation from storage: one may have evicted it', () => {
    const { backup } = backupWithLog();
    const heard = backup.hear('backup2', members(3, 'backup2', 'backup'));
    expect(heard.of('read-generation')).toEqual([{ do: 'read-generation', generation: 2 }]);
    expect(backup.replica.generation).toBe(1);
    expect(backup.storage(2, 'backup2').notes).toEqual(['evicted']);
    expect(backup.replica.isEligible).toBe(false);
  });

  test('that follows a new generation reports it as that of its log', () => {
    const { backup } = backupWithLog();
    const starts = [
      { generation: 1, first: 1 },
      { generation: 2, first: 2 },
    ];
    backup.hear('primary', { ...members(2, 'primary', 'backup'), starts });
    expect(backup.do({ kind: 'reset', peer: 'primary' }).messages).toMatchObject([
      { kind: 'resume', log: 2 },
    ]);
  });

  test('continues the guest clock from the last reading of the primary', () => {
    const { backup } = backupWithLog();
    backup.nowNs = 3 * MS;
    backup.hear('primary', { kind: 'heartbeat', generation: 1, domain: 'x', ticks: 5_000_000 });
    backup.timer('suspect', 11 * MS);
    backup.storage(2, 'backup', 'backup2');
    backup.cpu(1000);
    expect(backup.replica.role).toBe('primary');
    const [beat] = backup.timer('heartbeat', 6 * MS).datagrams;
    // A millisecond has 10,000 ticks.
    expect(beat).toMatchObject({ kind: 'heartbeat', ticks: 5_000_000 + 17 * 10_000 });
  });

  test('accepts the record of a generation from its primary only', () => {
    const { backup } = backupWithLog();
    expect(backup.hear('backup2', members(1, 'primary', 'backup', 'backup2')).all).toEqual([]);
  });

  test('keeps its retry timer armed', () => {
    const { backup } = backupWithLog();
    for (let time = 0; time < 2; time++)
      expect(backup.timer('retry', 5 * MS).of('timer')).toMatchObject([{ id: 'retry' }]);
  });

  test('reads no generation while it waits for the outcome of its claim', () => {
    const { backup } = backupWithLog();
    backup.timer('suspect', 11 * MS);
    expect(backup.hear('backup2', members(3, 'backup2', 'backup')).all).toEqual([]);
  });

  test('that was evicted and is named again is not eligible before it is in sync again', () => {
    const { backup } = backupWithLog();
    backup.hear('primary', members(2, 'primary', 'backup2'));
    backup.hear('primary', members(3, 'primary', 'backup', 'backup2'));
    expect([backup.replica.generation, backup.replica.isEligible]).toEqual([3, false]);
    const silent = backup.timer('suspect', 11 * MS);
    expect([suspected(silent), silent.of('claim')]).toEqual([false, []]);
  });

  test('suspects a new primary only after a full timeout', () => {
    const { backup } = backupWithLog();
    backup.nowNs = 9 * MS;
    backup.storage(2, 'backup2', 'backup');
    expect(backup.replica.generation).toBe(2);
    expect(suspected(backup.timer('suspect', 2 * MS))).toBe(false);
    expect(suspected(backup.timer('suspect', 8 * MS))).toBe(true);
  });

  test('has won only if storage has exactly the record that it claimed', () => {
    const { backup } = backupWithLog();
    const claimed = backup.timer('suspect', 11 * MS);
    expect(claimed.of('claim')).toMatchObject([{ record: { primary: 'backup', backups: ['backup2'] } }]);
    // Its own record, but from before it was restarted.
    expect(backup.storage(2, 'backup').notes).toEqual([]);
    expect(backup.replica.role).toBe('backup');
    expect(backup.storage(2, 'backup', 'backup2').notes).toContain('live');
  });

  test('that gets entries of an older generation asks for them again', () => {
    const { primary, backup } = backupWithLog();
    const old = primary.cpu(300).messages[0]!;
    backup.storage(2, 'primary', 'backup');
    expect(backup.hear('primary', old).messages).toMatchObject([
      { kind: 'resume', generation: 2, received: 1, consumed: 1 },
    ]);
  });
});

test('a primary that steps down sets the timers of a backup', () => {
  const primary = new TestHost('primary', 'primary', setting);
  primary.nowNs = 3 * MS;
  const lost = primary.storage(2, 'backup', 'backup2');
  expect(lost.notes).toEqual(['evicted']);
  expect(lost.of('timer').map(({ id, atNs }) => [id, atNs])).toEqual(
    expect.arrayContaining([
      ['heartbeat', 3 * MS],
      ['suspect', 13 * MS],
      ['retry', 8 * MS],
    ]),
  );
});
