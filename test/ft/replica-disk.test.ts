/** The guest's disk: which replica sends it which operations, and when. */
import { describe, expect, test } from 'vitest';
import type { DiskVariant } from '../../src/ft/rules.ts';
import { diskGuest } from './guest.ts';
import { type Effects, MS, type Setting, TestHost } from './hosts.ts';

/** Two writes of the same sector, and a read elsewhere. */
const source = diskGuest([
  { operation: 'write', sector: 1 },
  { operation: 'write', sector: 1 },
  { operation: 'read', sector: 2 },
]);
const setting = (disk: DiskVariant): Setting => ({ source, diskSectors: 8, disk });
const sector = new Uint8Array(512).fill(0x52);
const nothing = new Uint8Array(0);

/** The operations sent to the disk, in short. */
const asked = (effects: Effects) =>
  effects
    .of('disk')
    .map(
      ({ id, request, generation, lowWater }) =>
        `${request.operation} ${id} in ${generation}, lowWater ${lowWater}`,
    );
const done = (host: TestHost, id: number, data = nothing, status: number | 'refused' = 0) =>
  host.do({ kind: 'disk-done', id, status, data });
const forward = (effects: Effects, from: TestHost, to: TestHost) =>
  effects.of('send').map(({ bytes }) => to.do({ kind: 'message', from: from.name, bytes }));

function pair(disk: DiskVariant): { primary: TestHost; backup: TestHost } {
  return {
    primary: new TestHost('primary', 'primary', setting(disk)),
    backup: new TestHost('backup', 'backup', setting(disk)),
  };
}

/** The low-water mark keeps operations that a backup must still order when it goes live. */
test.each([
  { disk: 'shared', lowWater: 'received' },
  { disk: 'shared-backup-reads', lowWater: 'consumed' },
] as const)('the slowest backup determines the low-water mark: $disk', ({ disk, lowWater }) => {
  const record = { primary: 'primary', backups: ['backup', 'backup2'] };
  const primary = new TestHost('primary', 'primary', { ...setting(disk), record, backups: 2 });
  const lowWaterMarks = (effects: Effects) =>
    effects.messages.flatMap((message) => (message.kind === 'entries' ? [message.lowWater] : []));
  for (let slice = 0; slice < 4; slice++) expect(lowWaterMarks(primary.cpu(50))).toEqual([0, 0]);
  primary.ack(4, { from: 'backup' });
  primary.ack(3, { from: 'backup2', consumed: 2 });
  expect(lowWaterMarks(primary.cpu(50))).toEqual(lowWater === 'received' ? [3, 3] : [2, 2]);
});

describe('on a shared disk', () => {
  test('a write waits for its entry, then for the completion of the write before it; a read waits for nothing', () => {
    const primary = new TestHost('primary', 'primary', setting('shared'));
    const started = primary.cpu(200);
    expect(started.entries).toMatchObject([{ kind: 'output', made: 3 }]);
    expect(asked(started)).toEqual(['read 3 in 1, lowWater 1']);
    const held = primary.ack(started.last);
    expect(asked(held)).toEqual(['write 1 in 1, lowWater 1']);
    expect(done(primary, 1).all).toEqual([]);
    const ended = primary.cpu(10);
    expect(ended.entries).toMatchObject([
      { kind: 'disk', id: 1, status: 0, data: nothing },
      { kind: 'progress' },
    ]);
    expect(asked(ended)).toEqual([]);
    expect(asked(primary.ack(ended.last))).toEqual(['write 2 in 1, lowWater 2']);
  });

  test('the data of a read is in the log', () => {
    const { primary, backup } = pair('shared');
    const started = primary.cpu(200);
    done(primary, 3, sector);
    const ended = primary.cpu(10);
    expect(ended.entries[0]).toMatchObject({ kind: 'disk', id: 3, data: sector });
    for (const effects of [started, ended]) forward(effects, primary, backup);
    expect(asked(backup.cpu(1000))).toEqual([]);
    expect(backup.hash).toBe(primary.hash);
  });

  test('an operation completes once, however often the disk reports it; a refusal is ignored', () => {
    const primary = new TestHost('primary', 'primary', setting('shared'));
    primary.cpu(200);
    expect(done(primary, 3, nothing, 'refused').all).toEqual([]);
    expect(primary.cpu(10).entries).toEqual([{ kind: 'progress', icount: 210 }]);
    for (let time = 0; time < 3; time++) done(primary, 3, sector);
    done(primary, 99, sector);
    expect(primary.cpu(10).entries.map(({ kind }) => kind)).toEqual(['disk', 'progress']);
    done(primary, 3, sector);
    expect(primary.cpu(10).entries.map(({ kind }) => kind)).toEqual(['progress']);
  });

  test('a failed operation is logged with its status, without data', () => {
    const primary = new TestHost('primary', 'primary', setting('shared'));
    primary.cpu(200);
    done(primary, 3, sector, 1);
    expect(primary.cpu(10).entries[0]).toMatchObject({ kind: 'disk', id: 3, status: 1, data: nothing });
  });

  test('an overdue operation is sent again', () => {
    const primary = new TestHost('primary', 'primary', setting('shared'));
    primary.cpu(200);
    expect(asked(primary.timer('retry', 4 * MS))).toEqual([]);
    const again = primary.timer('retry', MS);
    expect(asked(again)).toEqual(['read 3 in 1, lowWater 1']);
    expect(again.event('disk-issued')).toEqual({ kind: 'disk-issued', id: 3, again: true });
    done(primary, 3, sector);
    expect(asked(primary.timer('retry', 60 * MS))).toEqual([]);
  });

  test('a backup that goes live sends exactly the incomplete operations again, in its own generation', () => {
    const { primary, backup } = pair('shared');
    const slices = [primary.cpu(200)];
    primary.ack(slices[0]!.last);
    done(primary, 3, sector);
    slices.push(primary.cpu(10));
    for (const effects of slices) forward(effects, primary, backup);
    backup.timer('suspect', 11 * MS);
    expect(asked(backup.cpu(1000))).toEqual([]);
    const goesLive = backup.storage(2, 'backup');
    expect(goesLive.notes).toContain('live');
    expect(asked(goesLive)).toEqual(['write 1 in 2, lowWater 1']);
    expect(goesLive.event('disk-issued')).toEqual({ kind: 'disk-issued', id: 1, again: true });
    // The read is completed on the backup, too: a second completion is ignored.
    done(backup, 3, sector);
    done(backup, 1);
    const next = backup.cpu(10);
    expect(next.entries).toEqual([]);
    expect(asked(next)).toEqual(['write 2 in 2, lowWater 2']);
    done(backup, 2);
    expect(backup.cpu(1000).released).toBe('!');
  });

  test('a backup that goes live sends nothing again where the rule is switched off', () => {
    const backup = new TestHost('backup', 'backup', {
      ...setting('shared'),
      unsafe: new Set(['reissue-io'] as const),
    });
    const primary = new TestHost('primary', 'primary', setting('shared'));
    forward(primary.cpu(200), primary, backup);
    backup.cpu(1000);
    backup.timer('suspect', 11 * MS);
    expect(asked(backup.storage(2, 'backup'))).toEqual([]);
  });

  test('a power-off while the disk is busy is logged when the disk is done', () => {
    const primary = new TestHost('primary', 'primary', {
      source: source.replace('bne     t0, s2, wait', 'nop'),
      diskSectors: 8,
    });
    const { last, notes } = primary.cpu(1000);
    expect(notes).toContain('off');
    primary.ack(last);
    expect(primary.delivered(4).entries).toEqual([]);
    expect(asked(done(primary, 1))).toEqual(['write 2 in 1, lowWater 2']);
    expect(done(primary, 2).entries).toMatchObject([{ kind: 'control', action: 'power-off', value: 5 }]);
  });
});

describe('on a shared disk that each host reads', () => {
  test('the log has no data, and the backup waits for its own read', () => {
    const { primary, backup } = pair('shared-backup-reads');
    const started = primary.cpu(200);
    done(primary, 3, sector);
    const ended = primary.cpu(10);
    expect(ended.entries[0]).toMatchObject({ kind: 'disk', id: 3, status: 0, data: undefined });
    for (const effects of [started, ended]) forward(effects, primary, backup);
    const ran = backup.cpu(1000);
    expect(asked(ran)).toEqual(['read 3 in 1, lowWater 0']);
    expect([backup.replica.vmm!.icount, backup.replica.backlog, backup.replica.wantsCpu]).toEqual([
      200,
      2,
      false,
    ]);
    // An error does not count as an answer: the primary could read the sector.
    done(backup, 3, nothing, 1);
    expect(backup.replica.wantsCpu).toBe(false);
    expect(asked(backup.timer('retry', 5 * MS))).toEqual(['read 3 in 1, lowWater 0']);
    done(backup, 3, sector);
    backup.cpu(1000);
    expect([backup.hash, backup.replica.backlog]).toEqual([primary.hash, 0]);
  });

  test('an evicted backup reads no more: others may have written since', () => {
    const { primary, backup } = pair('shared-backup-reads');
    forward(primary.cpu(200), primary, backup);
    expect(asked(backup.cpu(1000))).toEqual(['read 3 in 1, lowWater 0']);
    const starts = [{ generation: 1, first: 1 }];
    const record = { primary: 'primary', backups: [] };
    const heard = backup.hear('primary', { kind: 'members', generation: 2, record, starts });
    expect(heard.notes).toContain('evicted');
    expect(asked(backup.timer('retry', 5 * MS))).toEqual([]);
  });

  test('a write waits until the backup has read what it overwrites', () => {
    const guest = diskGuest([
      { operation: 'read', sector: 1 },
      { operation: 'write', sector: 1 },
    ]);
    const primary = new TestHost('primary', 'primary', { ...setting('shared-backup-reads'), source: guest });
    const started = primary.cpu(200);
    expect(asked(started)).toEqual(['read 1 in 1, lowWater 1']);
    done(primary, 1, sector);
    const ended = primary.cpu(10);
    expect(asked(primary.ack(ended.last, { consumed: started.last }))).toEqual([]);
    expect(asked(primary.ack(ended.last))).toEqual(['write 2 in 1, lowWater 2']);
  });
});

describe('on private disks', () => {
  test('a primary writes at once; a backup writes when the log has the completion', () => {
    const { primary, backup } = pair('private');
    const started = primary.cpu(200);
    expect(asked(started)).toEqual(['write 1 in 1, lowWater 1', 'read 3 in 1, lowWater 1']);
    done(primary, 1);
    const ended = primary.cpu(10);
    expect(ended.entries[0]).toMatchObject({ kind: 'disk', id: 1, data: undefined });
    forward(started, primary, backup);
    expect(asked(backup.cpu(1000))).toEqual(['read 3 in 1, lowWater 0']);
    forward(ended, primary, backup);
    expect(asked(backup.cpu(1000))).toEqual(['write 1 in 1, lowWater 0']);
    done(backup, 1);
    backup.cpu(1000);
    expect(backup.hash).toBe(primary.hash);
  });

  test('a backup does not write for a completion that the new primary does not have', () => {
    const hosts = ['primary', 'backup', 'backup2'];
    const record = { primary: 'primary', backups: ['backup', 'backup2'] };
    const more: Setting = { ...setting('private'), hosts, record, backups: 2 };
    const [primary, backup] = [
      new TestHost('primary', 'primary', more),
      new TestHost('backup', 'backup', more),
    ];
    const started = primary.cpu(200);
    done(primary, 1);
    for (const effects of [started, primary.cpu(10)])
      for (const message of effects.messages.slice(0, 1)) backup.hear('primary', message);
    const starts = [
      { generation: 1, first: 1 },
      { generation: 2, first: 2 },
    ];
    const resumed = backup.hear('backup2', {
      kind: 'members',
      generation: 2,
      record: { primary: 'backup2', backups: ['backup'] },
      starts,
    });
    expect(resumed.messages).toMatchObject([{ kind: 'resume', received: 3, consumed: 0, token: 1 }]);
    backup.hear('backup2', {
      ...{ kind: 'entries', generation: 2, first: 2, delivered: 0, lowWater: 0, answers: 1, ticks: 0 },
      entries: [],
    });
    expect(asked(backup.cpu(1000))).toEqual(['read 3 in 2, lowWater 0']);
  });
});
