/** State transfer instead of replay: the backup receives the pages that changed in each epoch. */
import { describe, expect, test } from 'vitest';
import { PAGE_BYTES } from '../../src/cpu/layout.ts';
import { census } from '../sim/census.ts';
import { diskGuest } from './guest.ts';
import { alphabet, Effects, Group, MS, type Setting, sleeper, TestHost } from './hosts.ts';

/** Writes to one page after another, to each once. */
const pageWriter = `
    li      s0, 0x80010000
    li      s1, 4096
1:  sw      s0, 0(s0)
    add     s0, s0, s1
    li      t0, 50
2:  addi    t0, t0, -1
    bnez    t0, 2b
    j       1b
`;
const setting: Setting = { source: alphabet, replication: 'checkpoint' };
const pair = (changed: Setting = {}) => ({
  primary: new TestHost('primary', 'primary', { ...setting, ...changed }),
  backup: new TestHost('backup', 'backup', { ...setting, ...changed }),
});
const forward = (effects: Effects, from: TestHost, to: TestHost): Effects =>
  new Effects(
    effects.of('send').flatMap(({ bytes }) => to.do({ kind: 'message', from: from.name, bytes }).all),
  );

describe('an epoch', () => {
  test('ends with a checkpoint, and its outputs leave when the backup holds it', () => {
    const { primary, backup } = pair();
    const runs = [primary.cpu(106), primary.cpu(106)];
    expect(runs.map(({ entries, released }) => [entries, released])).toEqual([
      [[], ''],
      [[], ''],
    ]);
    const ended = primary.timer('epoch', 10 * MS);
    expect(ended.entries).toMatchObject([
      { kind: 'checkpoint', icount: 212, outputs: [{ first: 1 }, { first: 2 }] },
    ]);
    expect([ended.released, primary.cpu(106).released]).toEqual(['', '']);
    const acked = forward(ended, primary, backup);
    expect(primary.hear('backup', acked.messages[0]!).released).toBe('ab');
    // The third letter belongs to the next epoch.
    const next = primary.timer('epoch', 10 * MS);
    expect(next.entries).toMatchObject([{ icount: 318, outputs: [{ first: 3 }] }]);
    forward(next, primary, backup);
    backup.cpu(1);
    expect([backup.hash, backup.replica.vmm!.icount]).toEqual([primary.hash, 318]);
  });

  test('in which nothing has happened needs no checkpoint', () => {
    const { primary } = pair();
    primary.cpu(106);
    expect(primary.timer('epoch', 10 * MS).entries).toHaveLength(1);
    expect(primary.timer('epoch', 10 * MS).entries).toEqual([]);
  });

  test('carries exactly the pages that were written in it', () => {
    const { primary } = pair({ source: diskGuest([{ operation: 'read', sector: 1 }]), diskSectors: 8 });
    /** The number of pages in the checkpoint of this epoch. */
    const epoch = () => {
      const ended = primary.timer('epoch', 10 * MS);
      primary.ack(ended.last);
      return ended.of('copied')[0]!.sizeBytes / PAGE_BYTES;
    };
    primary.cpu(200);
    epoch();
    primary.do({ kind: 'disk-done', id: 1, status: 0, data: new Uint8Array(512) });
    primary.cpu(1);
    expect(epoch()).toBeGreaterThan(0);
    primary.cpu(1);
    expect(epoch()).toBe(0);
  });

  test('is discarded at a failover if the backup does not hold its checkpoint', () => {
    const group = new Group(1, 0, setting);
    for (const name of ['primary', 'backup']) expect(group.replica(name).vmm).toBeDefined();
    group.work(2);
    group.timer('primary', 'epoch');
    group.drain();
    group.work(3);
    expect(group.printed).toBe('ab');
    group.cut.add('primary');
    group.beat(7);
    group.drain();
    expect(group.replica('backup').role).toBe('primary');
    group.work(3);
    expect(group.printed).toBe('abcde');
  });

  test('ends where a copy ends, so that the new and the old backup have the same machine', () => {
    const group = new Group(1, 1, { ...setting, source: pageWriter, backups: 2 });
    group.work(3);
    for (let beat = 0; beat < 20 && !group.storage.has(2); beat++) {
      group.beat(1);
      group.drain();
    }
    expect(group.storage.get(2)).toEqual({ primary: 'primary', backups: ['backup', 'spare'] });
    group.cut.add('primary');
    group.wait(11 * MS);
    group.timer('backup', 'suspect');
    expect(group.storage.get(3)).toEqual({ primary: 'backup', backups: ['spare'] });
    group.work(1);
    group.timer('backup', 'epoch');
    group.drain();
    expect(group.host('backup').hash).toBe(group.host('spare').hash);
  });

  test('in progress can not continue with another log: an evicted primary discards its machine', () => {
    const { primary } = pair();
    primary.cpu(106);
    primary.timer('suspect', 11 * MS);
    expect(primary.storage(2, 'backup').notes).toEqual(['lost', 'evicted']);
    expect([primary.replica.role, primary.replica.vmm]).toEqual(['spare', undefined]);
    expect(primary.timer('heartbeat', 2 * MS).datagrams).toMatchObject([{ kind: 'available' }]);
  });

  test('carries the disk operations that are in flight', () => {
    const disk = {
      source: diskGuest([
        { operation: 'write', sector: 1 },
        { operation: 'read', sector: 2 },
      ]),
      diskSectors: 8,
    };
    const { primary, backup } = pair(disk);
    primary.cpu(200);
    const first = primary.timer('epoch', 10 * MS);
    expect(first.entries).toMatchObject([{ kind: 'checkpoint', open: [1, 2] }]);
    forward(first, primary, backup);
    backup.cpu(1);
    primary.ack(first.last);
    primary.do({ kind: 'disk-done', id: 2, status: 0, data: new Uint8Array(512) });
    primary.cpu(10);
    const second = primary.timer('epoch', 10 * MS);
    expect(second.entries).toMatchObject([{ kind: 'checkpoint', open: [1] }]);
    forward(second, primary, backup);
    backup.cpu(1);
    backup.timer('suspect', 11 * MS);
    const goesLive = backup.storage(2, 'backup');
    expect(goesLive.of('disk').map(({ id, generation }) => [id, generation])).toEqual([[1, 2]]);
    expect(backup.hash).toBe(primary.hash);
  });

  test('takes no memory once it is acknowledged', () => {
    const { primary } = pair({ tuning: { retainBytes: 64 } });
    const objectsAfter = (epochs: number) => {
      for (let epoch = 0; epoch < epochs; epoch++) {
        primary.nowNs += 10 * MS;
        primary.cpu(106);
        const { last } = primary.timer('epoch');
        primary.ack(last);
        primary.delivered(primary.replica.vmm!.machine.outputsMade);
      }
      return census(primary.replica).objects;
    };
    const short = objectsAfter(200);
    expect(objectsAfter(1000)).toBeLessThan(short + 500);
  });

  test('takes no input after a switch-over has begun: no checkpoint would include it', () => {
    const group = new Group(1, 0, { ...setting, source: sleeper });
    group.work(3);
    group.timer('primary', 'epoch');
    group.do('primary', { kind: 'command', command: { kind: 'switch-over' } });
    group.cpu('primary', 100);
    expect(group.replica('primary').phase).toBe('switching');
    group.do('primary', { kind: 'typed', offset: 0, data: Uint8Array.of(0x61) });
    if (group.replica('primary').wantsCpu) group.cpu('primary', 100);
    group.drain();
    expect([group.replica('backup').role, group.replica('primary').phase]).toEqual(['primary', 'backup']);
    expect(group.host('primary').hash).toBe(group.host('backup').hash);
  });
});
