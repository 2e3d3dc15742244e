/** One replica, which gets its inputs one by one. */
import { describe, expect, test } from 'vitest';
import type { ReplicaInput } from '../../src/ft/effects.ts';
import { decodeMessage } from '../../src/ft/messages.ts';
import type { Entry } from '../../src/vmm/entries.ts';
import { type Effects, MS, type Setting, sleeper, TestHost } from './hosts.ts';

const primaryHost = (setting?: Setting) => new TestHost('primary', 'primary', setting);
const backupHost = (setting?: Setting) => new TestHost('backup', 'backup', setting);
const unprotectedHost = () => primaryHost({ backups: 0, record: { primary: 'primary', backups: [] } });

describe('the output rule', () => {
  test('an output is held until its entry is acknowledged', () => {
    const primary = primaryHost();
    const ran = primary.cpu(20);
    expect(ran.of('ran')).toEqual([{ do: 'ran', steps: 20, restNs: 0 }]);
    expect(ran.entries).toEqual([{ kind: 'output', icount: 20, made: 1 }]);
    expect(ran.notes).toContain('held');
    expect(ran.released).toBe('');
    const acked = primary.ack(ran.last);
    expect(acked.released).toBe('A');
    expect(acked.of('release')[0]).toMatchObject({ generation: 1, outputs: [{ first: 1 }] });
    expect(primary.ack(ran.last).released).toBe('');
  });

  test('an acknowledgement of an older entry releases nothing newer', () => {
    const primary = primaryHost();
    const a = primary.cpu(20);
    const between = primary.cpu(20);
    const b = primary.cpu(300);
    expect(between.entries).toEqual([{ kind: 'progress', icount: 40 }]);
    expect(b.entries[0]).toMatchObject({ kind: 'output', made: 2 });
    expect(primary.ack(a.last - 1).released).toBe('');
    expect(primary.ack(between.last).released).toBe('A');
    expect(primary.ack(b.last - b.entries.length).released).toBe('');
    expect(primary.ack(b.last).released).toBe('B');
  });

  test('the entries that cover an output are sent before it can be released', () => {
    const { all } = primaryHost().cpu(20);
    expect(all.findIndex((effect) => effect.do === 'send')).toBeGreaterThan(-1);
    expect(all.findIndex((effect) => effect.do === 'release')).toBe(-1);
  });

  test('without a backup outputs leave at once', () => {
    const alone = unprotectedHost();
    const ran = alone.cpu(1000);
    expect([ran.released, ran.stopped, ran.messages]).toEqual(['AB', undefined, []]);
    expect(alone.delivered(2).stopped).toBe('completed');
  });

  test('an output is kept until it is delivered, and released again when that takes too long', () => {
    const primary = primaryHost();
    const { last } = primary.cpu(20);
    expect(primary.ack(last).released).toBe('A');
    expect(primary.timer('retry', 4 * MS).released).toBe('');
    const again = primary.timer('retry', MS);
    expect(again.released).toBe('A');
    expect(again.of('timer')).toEqual([{ do: 'timer', id: 'retry', atNs: 10 * MS }]);
    primary.delivered(1);
    expect(primary.timer('retry', 60 * MS).released).toBe('');
  });

  test('an output in flight when the stream to the switch breaks is released again', () => {
    const primary = primaryHost();
    primary.ack(primary.cpu(20).last);
    const again = primary.do({ kind: 'reset', peer: 'switch' });
    expect([again.released, again.of('release')[0]!.generation]).toEqual(['A', 1]);
    // Lost keys are requested again, too, and the switch relearns the port of the guest's network card.
    expect(again.of('announce').map(({ frame }) => [...frame.subarray(6, 12)])).toEqual([
      [0x52, 0x54, 0, 0, 0, 1],
    ]);
    expect(again.of('listen')).toEqual([{ do: 'listen', offset: 0, generation: 1 }]);
    primary.delivered(1);
    expect(primary.do({ kind: 'reset', peer: 'switch' }).released).toBe('');
    // An output without an acknowledgement is still held.
    primary.cpu(300);
    expect(primary.do({ kind: 'reset', peer: 'switch' }).released).toBe('');
  });

  test('the backup learns what was delivered with the next entries', () => {
    const primary = primaryHost();
    const delivered = (effects: Effects) =>
      effects.messages.flatMap((message) => (message.kind === 'entries' ? [message.delivered] : []));
    const ran = primary.cpu(20);
    expect(delivered(ran)).toEqual([0]);
    primary.ack(ran.last);
    expect(delivered(primary.cpu(20))).toEqual([0]);
    primary.delivered(1);
    expect(delivered(primary.cpu(20))).toEqual([1]);
  });
});

describe('power-off', () => {
  test('is logged only after every output was delivered', () => {
    const primary = primaryHost();
    const ran = primary.cpu(1000);
    expect(ran.notes).toContain('off');
    expect(ran.entries.map(({ kind }) => kind)).toEqual(['output', 'check']);
    expect([ran.released, ran.stopped, primary.replica.wantsCpu]).toEqual(['', undefined, false]);
    const acked = primary.ack(ran.last);
    expect([acked.released, acked.entries, acked.stopped]).toEqual(['AB', [], undefined]);
    expect(primary.delivered(1).all).toEqual([]);
    const logged = primary.delivered(2);
    expect(logged.entries).toEqual([
      { kind: 'control', icount: primary.replica.vmm!.icount, action: 'power-off', value: 5 },
    ]);
    expect(primary.ack(logged.last - 1).stopped).toBeUndefined();
    expect(primary.ack(logged.last).stopped).toBe('completed');
    expect(primary.replica.role).toBe('stopped');
  });

  test('ends the backup, which does not go live', () => {
    const primary = primaryHost();
    const backup = backupHost();
    const forward = (effects: Effects) => effects.messages.map((message) => backup.hear('primary', message));
    const ran = primary.cpu(1000);
    forward(ran);
    primary.ack(ran.last);
    forward(primary.delivered(2));
    const ended = backup.cpu(1000);
    expect(ended.notes).toContain('ended');
    expect([ended.stopped, ended.released]).toEqual(['completed', '']);
    expect(backup.timer('suspect', 60 * MS).all).toEqual([]);
    expect(backup.hash).toBe(primary.hash);
  });

  test('of a primary whose backup is gone waits for the claim', () => {
    const primary = primaryHost();
    primary.cpu(1000);
    primary.timer('suspect', 11 * MS);
    expect(primary.delivered(2).stopped).toBeUndefined();
    const won = primary.storage(2, 'primary');
    expect([won.released, won.stopped]).toEqual(['', 'completed']);
  });
});

/** A backup that holds the entries of the first slices and has replayed none of them. */
function backupWithLog(slices = [20, 20]): { backup: TestHost; primary: TestHost } {
  const primary = primaryHost();
  const backup = backupHost();
  for (const steps of slices)
    for (const message of primary.cpu(steps).messages) backup.hear('primary', message);
  return { backup, primary };
}

describe('a backup', () => {
  test('acknowledges what it holds, before it has executed it', () => {
    const { messages } = primaryHost().cpu(20);
    const backup = backupHost();
    expect(backup.hear('primary', messages[0]!).messages).toEqual([
      { kind: 'ack', generation: 1, received: 1, consumed: 0, icount: 0 },
    ]);
    const ran = backup.cpu(100);
    expect(ran.messages).toEqual([{ kind: 'ack', generation: 1, received: 1, consumed: 1, icount: 20 }]);
    expect([ran.released, backup.replica.wantsCpu]).toEqual(['', false]);
  });

  test('ignores entries that it already has', () => {
    const { messages } = primaryHost().cpu(20);
    const backup = backupHost();
    backup.hear('primary', messages[0]!);
    backup.cpu(100);
    expect(backup.hear('primary', messages[0]!).messages).toMatchObject([
      { kind: 'ack', received: 1, consumed: 1 },
    ]);
    expect([backup.replica.backlog, backup.replica.logEnd]).toEqual([0, 1]);
  });

  test('that misses entries reports its position, and waits for the answer', () => {
    const primary = primaryHost();
    primary.cpu(20);
    const second = primary.cpu(20).messages[0]!;
    const backup = backupHost();
    const asked = backup.hear('primary', second);
    expect(asked.messages).toEqual([
      { kind: 'resume', generation: 1, log: 1, received: 0, consumed: 0, token: 1 },
    ]);
    expect(backup.hear('primary', second).all).toEqual([]);
    const answer = primary.hear('backup', asked.messages[0]!);
    expect(answer.messages).toMatchObject([{ kind: 'entries', first: 1, answers: 1, entries: [{}, {}] }]);
    expect(backup.hear('primary', answer.messages[0]!).messages).toMatchObject([
      { kind: 'ack', received: 2 },
    ]);
  });

  test('that hears from the primary does not claim', () => {
    const { backup } = backupWithLog();
    backup.nowNs = 8 * MS;
    backup.hear('primary', { kind: 'heartbeat', generation: 1, domain: 'x', ticks: 0 });
    const woken = backup.timer('suspect', 4 * MS);
    expect(woken.all).toEqual([{ do: 'timer', id: 'suspect', atNs: 18 * MS }]);
  });

  test('whose primary has ended claims at once, despite a recent heartbeat', () => {
    const { backup } = backupWithLog();
    backup.hear('primary', { kind: 'heartbeat', generation: 1, domain: 'x', ticks: 0 });
    expect(backup.do({ kind: 'closed', peer: 'other' }).all).toEqual([]);
    const closed = backup.do({ kind: 'closed', peer: 'primary' });
    expect(closed.notes).toEqual(['suspected', 'draining', 'claimed']);
    expect(closed.event('suspected')).toMatchObject({ host: 'primary', silentNs: 0, closed: true });
    // It claims once, and the claim decides: the primary may be alive, and may have claimed first.
    expect(backup.do({ kind: 'closed', peer: 'primary' }).of('claim')).toEqual([]);
    expect(backup.storage(2, 'primary').notes).toEqual(['lost', 'evicted']);
    expect(backup.do({ kind: 'closed', peer: 'primary' }).of('claim')).toEqual([]);
  });

  test('that hears nothing claims, and goes live once the claim is won and the log is drained', () => {
    const { backup, primary } = backupWithLog();
    const claimed = backup.timer('suspect', 11 * MS);
    expect(claimed.notes).toEqual(['suspected', 'draining', 'claimed']);
    expect(claimed.of('claim')).toEqual([
      { do: 'claim', generation: 2, record: { primary: 'backup', backups: [] } },
    ]);
    const won = backup.storage(2, 'backup');
    expect(won.notes).toEqual(['won']);
    expect([backup.replica.role, backup.replica.phase]).toEqual(['backup', 'draining']);
    const part = backup.cpu(30);
    expect([part.released, part.of('announce'), backup.replica.role]).toEqual(['', [], 'backup']);
    const goesLive = backup.cpu(30);
    expect(goesLive.event('live')).toMatchObject({ icount: 40, generation: 2, pending: 1, from: 'primary' });
    expect([goesLive.released, goesLive.of('listen')]).toEqual([
      'A',
      [{ do: 'listen', offset: 0, generation: 2 }],
    ]);
    expect([backup.replica.role, backup.replica.phase, backup.replica.generation]).toEqual([
      'primary',
      'alone',
      2,
    ]);
    expect(goesLive.of('release')[0]!.generation).toBe(2);
    const [announced] = goesLive.of('announce');
    expect([announced!.generation, [...announced!.frame.subarray(6, 12)]]).toEqual([
      2,
      [0x52, 0x54, 0, 0, 0, 1],
    ]);
    expect(backup.hash).toBe(primary.hash);
    const rest = backup.cpu(1000);
    expect([rest.released, rest.of('release')[0]!.generation]).toEqual(['B', 2]);
    expect(backup.delivered(2).stopped).toBe('completed');
  });

  test('that has drained its log does not go live before the claim is won', () => {
    const { backup } = backupWithLog();
    backup.timer('suspect', 11 * MS);
    expect([backup.cpu(1000).released, backup.replica.role]).toEqual(['', 'backup']);
    expect([backup.storage(2, 'backup').released, backup.replica.role]).toEqual(['A', 'primary']);
  });

  test('accepts entries until its claim is won, and none after that', () => {
    const { backup, primary } = backupWithLog();
    backup.timer('suspect', 11 * MS);
    backup.hear('primary', primary.cpu(20).messages[0]!);
    expect([backup.replica.logEnd, backup.replica.backlog]).toEqual([3, 3]);
    backup.storage(2, 'backup');
    expect(backup.hear('primary', primary.cpu(20).messages[0]!).all).toEqual([]);
    expect(backup.replica.logEnd).toBe(3);
  });

  test('does not release again what it knows to be delivered', () => {
    const { backup, primary } = backupWithLog([20]);
    primary.ack(1);
    primary.delivered(1);
    backup.cpu(100);
    for (const message of primary.cpu(20).messages) backup.hear('primary', message);
    backup.timer('suspect', 11 * MS);
    backup.storage(2, 'backup');
    expect(backup.cpu(20).released).toBe('');
    expect(backup.cpu(1000).released).toBe('B');
  });

  test('stops where its machine has diverged', () => {
    const backup = backupHost();
    const entries: Entry[] = [{ kind: 'check', icount: 30, hash: 1n }];
    backup.hear('primary', {
      kind: 'entries',
      generation: 1,
      first: 1,
      delivered: 0,
      lowWater: 0,
      answers: 0,
      ticks: 0,
      entries,
    });
    const ran = backup.cpu(100);
    expect([ran.notes.at(-1), ran.stopped, backup.replica.role]).toEqual(['diverged', 'diverged', 'stopped']);
    expect(backup.cpu(100).all).toEqual([]);
  });

  test('ignores keys, frames and commands: those are for the primary', () => {
    const { backup } = backupWithLog();
    expect(backup.do({ kind: 'typed', offset: 0, data: Uint8Array.of(1) }).all).toEqual([]);
    expect(backup.do({ kind: 'frame', number: 1, frame: new Uint8Array(60) }).all).toEqual([]);
    expect(backup.command({ kind: 'reset' }).all).toEqual([]);
  });
});

describe('a claim', () => {
  test('that is not answered is repeated until the record is read back', () => {
    const { backup } = backupWithLog();
    const first = backup.timer('suspect', 11 * MS);
    expect(first.of('timer')).toContainEqual({ do: 'timer', id: 'claim', atNs: 16 * MS });
    const again = backup.timer('claim', 5 * MS);
    expect(again.of('claim')).toEqual(first.of('claim'));
    expect(again.of('timer')).toEqual([{ do: 'timer', id: 'claim', atNs: 21 * MS }]);
    expect(backup.timer('suspect', MS).of('claim')).toEqual([]);
    // An empty record does not answer the claim.
    expect(backup.storage(2).notes).toEqual([]);
    expect(backup.storage(2, 'backup').notes).toEqual(['won']);
    expect(backup.timer('claim', 5 * MS).all).toEqual([]);
    // A second answer to the claim sent twice changes nothing.
    expect(backup.storage(2, 'backup').all).toEqual([]);
  });

  test('that is lost makes a backup follow the winner, though it is evicted', () => {
    const { backup } = backupWithLog();
    backup.timer('suspect', 11 * MS);
    const lost = backup.storage(2, 'primary');
    expect(lost.notes).toEqual(['lost', 'evicted']);
    expect(lost.event('evicted')).toEqual({ kind: 'evicted', generation: 2, primary: 'primary' });
    expect([backup.replica.generation, backup.replica.isEligible]).toEqual([2, false]);
    expect(backup.timer('suspect', 60 * MS).of('claim')).toEqual([]);
    expect(backup.storage(3, 'backup').notes).toEqual([]);
  });

  test('that is lost makes a primary step down and drop the outputs that it held', () => {
    const primary = primaryHost();
    primary.cpu(20);
    primary.timer('suspect', 11 * MS);
    const lost = primary.storage(2, 'backup');
    expect(lost.notes).toEqual(['lost', 'evicted']);
    expect([primary.replica.role, primary.replica.isEligible, primary.replica.wantsCpu]).toEqual([
      'spare',
      false,
      false,
    ]);
    expect(lost.messages).toMatchObject([
      { kind: 'resume', generation: 2, log: 1, received: 1, consumed: 1 },
    ]);
    for (const later of [primary.ack(1), primary.cpu(1000), primary.timer('retry', 60 * MS)])
      expect(later.released).toBe('');
  });

  test('is not answered by the record of another generation', () => {
    const { backup } = backupWithLog();
    expect(backup.storage(2, 'backup').all).toEqual([]);
    backup.timer('suspect', 11 * MS);
    expect(backup.storage(3, 'backup').all).toEqual([]);
    expect([backup.replica.role, backup.replica.phase]).toEqual(['backup', 'claiming']);
  });

  test('that storage does not answer holds back outputs without an acknowledgement', () => {
    const primary = primaryHost();
    primary.cpu(20);
    const suspected = primary.timer('suspect', 11 * MS);
    expect(suspected.of('claim')).toEqual([
      { do: 'claim', generation: 2, record: { primary: 'primary', backups: [] } },
    ]);
    expect([suspected.released, primary.cpu(20).released, primary.timer('retry', 20 * MS).released]).toEqual([
      '',
      '',
      '',
    ]);
    // One claim is enough.
    expect(primary.timer('suspect', MS).notes).toEqual([]);
    const won = primary.storage(2, 'primary');
    expect(won.released).toBe('A');
    expect(won.of('release')[0]!.generation).toBe(2);
    expect([primary.replica.role, primary.replica.phase, primary.cpu(1000).released]).toEqual([
      'primary',
      'alone',
      'B',
    ]);
  });

  test('does not yet evict the suspect: its acknowledgement still counts', () => {
    const primary = primaryHost();
    const { last } = primary.cpu(20);
    primary.timer('suspect', 11 * MS);
    expect(primary.ack(last).released).toBe('A');
    expect(primary.replica.generation).toBe(1);
  });

  test('is skipped with the rule test-and-set switched off: the backup goes live at once', () => {
    const backup = backupHost({ unsafe: new Set(['test-and-set']) });
    const claimed = backup.timer('suspect', 11 * MS);
    expect(claimed.of('claim')).toEqual([]);
    expect(claimed.notes).toContain('live');
  });
});

describe('a message of another generation', () => {
  /** A backup that has gone live in generation 2. */
  function liveInSecond(): TestHost {
    const backup = backupHost();
    backup.timer('suspect', 11 * MS);
    expect(backup.storage(2, 'backup').notes).toEqual(['won', 'live', 'members']);
    return backup;
  }

  test('is ignored if it is an older acknowledgement', () => {
    const primary = primaryHost();
    const { last } = primary.cpu(20);
    expect(primary.ack(last, { generation: 0 }).all).toEqual([]);
    expect(primary.ack(last).released).toBe('A');
  });

  test('is ignored if an evicted primary sent it', () => {
    const backup = liveInSecond();
    for (const message of primaryHost().cpu(20).messages)
      expect(backup.hear('primary', message).all).toEqual([]);
    expect(backup.replica.role).toBe('primary');
  });

  test('is answered with the record if it is an older heartbeat', () => {
    const answered = liveInSecond().hear('primary', {
      kind: 'heartbeat',
      generation: 1,
      domain: 'x',
      ticks: 0,
    });
    expect(answered.messages).toEqual([
      {
        kind: 'members',
        generation: 2,
        record: { primary: 'backup', backups: [] },
        starts: [
          { generation: 1, first: 1 },
          { generation: 2, first: 1 },
        ],
      },
    ]);
  });

  test('makes a replica read the record if it is newer: only storage is trusted', () => {
    const primary = primaryHost();
    const { last } = primary.cpu(20);
    const acked = primary.ack(last, { generation: 2 });
    expect([acked.released, acked.of('read-generation')]).toEqual([
      '',
      [{ do: 'read-generation', generation: 2 }],
    ]);
    // One read at a time; it is repeated when the answer is lost.
    expect(primary.ack(last, { generation: 2 }).of('read-generation')).toEqual([]);
    expect(primary.timer('claim', 5 * MS).of('read-generation')).toEqual([
      { do: 'read-generation', generation: 2 },
    ]);
    expect(primary.storage(2).all).toEqual([]);
    expect([primary.replica.role, primary.ack(last).released]).toEqual(['primary', 'A']);
  });

  test('makes a primary read all generations in between', () => {
    const primary = primaryHost();
    primary.hear('backup', { kind: 'heartbeat', generation: 3, domain: 'x', ticks: 0 });
    const second = primary.storage(2, 'backup');
    expect(second.of('read-generation')).toEqual([{ do: 'read-generation', generation: 3 }]);
    expect(second.notes).toEqual(['evicted']);
    primary.storage(3, 'backup', 'other');
    primary.storage(4);
    expect([primary.replica.generation, primary.replica.role]).toEqual([3, 'spare']);
    expect(primary.replica.record).toEqual({ primary: 'backup', backups: ['other'] });
  });
});

describe('a primary whose log buffer is full', () => {
  const full = () => {
    const primary = primaryHost({ source: sleeper, tuning: { sendBufferBytes: 0 } });
    const ran = primary.cpu(1000);
    expect(primary.replica.wantsCpu).toBe(false);
    return { primary, ran };
  };

  test.each<[string, ReplicaInput]>([
    ['a typed key', { kind: 'typed', offset: 0, data: Uint8Array.of(1) }],
    ['a frame', { kind: 'frame', number: 1, frame: new Uint8Array(60) }],
    ["the guest's timer", { kind: 'timer', id: 'guest' }],
    ['a reset', { kind: 'command', command: { kind: 'reset' } }],
  ])('is paused, whatever arrives: %s', (_, input) => {
    const { primary, ran } = full();
    primary.do(input);
    expect(primary.replica.wantsCpu).toBe(false);
    primary.ack(ran.last);
    expect(primary.replica.wantsCpu).toBe(true);
  });
});

describe('the console', () => {
  test('delivers each byte once, and none after a gap', () => {
    const primary = primaryHost({ source: sleeper });
    primary.cpu(5);
    const typed = (offset: number, text: string) =>
      primary.do({ kind: 'typed', offset, data: new TextEncoder().encode(text) });
    typed(0, 'ab');
    typed(0, 'abc');
    typed(5, 'x');
    expect(primary.cpu(100).entries).toMatchObject([
      { kind: 'console', data: Uint8Array.of(97, 98) },
      { kind: 'console', data: Uint8Array.of(99) },
      { kind: 'progress' },
    ]);
  });
});

describe('frames from the switch', () => {
  const frame = (number: number): ReplicaInput => ({
    kind: 'frame',
    number,
    frame: new Uint8Array(60).fill(number),
  });
  const taken = ({ entries }: Effects) =>
    entries.flatMap((entry) => (entry.kind === 'net' ? [entry.frame[0]] : []));

  test('are accepted in order, each once, and none after a gap', () => {
    const primary = primaryHost({ source: sleeper });
    primary.cpu(5);
    for (const number of [1, 1, 3, 2, 4]) primary.do(frame(number));
    expect(taken(primary.cpu(100))).toEqual([1, 2]);
  });

  test('are kept by the switch until every backup holds their entries', () => {
    const primary = primaryHost({
      record: { primary: 'primary', backups: ['backup', 'other'] },
      source: sleeper,
    });
    primary.cpu(5);
    for (const number of [1, 2]) primary.do(frame(number));
    // Two frames, and a progress marker.
    const { last, all } = primary.cpu(100);
    const held = (effects: Effects) => effects.of('inputs-held').map(({ frames }) => frames);
    expect(all.some((effect) => effect.do === 'inputs-held')).toBe(false);
    expect(held(primary.ack(last))).toEqual([]);
    expect(held(primary.ack(last - 2, { from: 'other' }))).toEqual([1]);
    expect(held(primary.ack(last, { from: 'other' }))).toEqual([2]);
    expect(held(primary.ack(last, { from: 'other' }))).toEqual([]);
  });

  test('without a backup need not be kept once the guest has taken them', () => {
    const alone = unprotectedHost();
    alone.do(frame(1));
    expect(alone.cpu(5).of('inputs-held')).toEqual([
      { do: 'inputs-held', frames: 1, typed: 0, generation: 1 },
    ]);
  });

  test('are requested by a backup that goes live, after the last one in its log', () => {
    const { backup, primary } = backupWithLog([20]);
    primary.do(frame(1));
    for (const message of primary.cpu(20).messages) backup.hear('primary', message);
    backup.timer('suspect', 11 * MS);
    backup.storage(2, 'backup');
    expect(
      backup
        .cpu(100)
        .of('announce')
        .map(({ nextFrame }) => nextFrame),
    ).toEqual([2]);
    backup.do(frame(2));
    expect(
      backup
        .cpu(100)
        .of('inputs-held')
        .map(({ frames }) => frames),
    ).toEqual([2]);
  });
});

describe('typed bytes', () => {
  test('are kept by the console until every backup holds their entries', () => {
    const primary = primaryHost({ source: sleeper });
    primary.cpu(5);
    primary.do({ kind: 'typed', offset: 0, data: new TextEncoder().encode('ab') });
    const { last, all } = primary.cpu(100);
    expect(all.some((effect) => effect.do === 'inputs-held')).toBe(false);
    expect(primary.ack(last).of('inputs-held')).toEqual([
      { do: 'inputs-held', frames: 0, typed: 2, generation: 1 },
    ]);
  });
});

describe('the heartbeat timer', () => {
  test('makes a backup send a heartbeat, as a datagram', () => {
    const beat = backupHost().timer('heartbeat', 2 * MS);
    expect(beat.datagrams).toEqual([{ kind: 'heartbeat', generation: 1, domain: 'backup', ticks: 0 }]);
    expect(beat.of('timer')).toEqual([{ do: 'timer', id: 'heartbeat', atNs: 4 * MS }]);
  });

  test('makes a primary send a heartbeat to each member', () => {
    const primary = primaryHost({ record: { primary: 'primary', backups: ['backup', 'other'] } });
    const beat = primary.timer('heartbeat', 2 * MS);
    expect(beat.of('datagram').map(({ to, bytes }) => [to, decodeMessage(bytes)])).toEqual([
      ['backup', { kind: 'heartbeat', generation: 1, domain: 'primary', ticks: 20_000 }],
      ['other', { kind: 'heartbeat', generation: 1, domain: 'primary', ticks: 20_000 }],
    ]);
  });

  test('makes a spare report to every host that it has room', () => {
    const spare = new TestHost('spare', 'spare', {
      hosts: ['primary', 'spare', 'backup'],
      load: 7,
      domain: 'a',
    });
    expect([spare.replica.role, spare.replica.vmm]).toEqual(['spare', undefined]);
    const beat = spare.timer('heartbeat', 2 * MS);
    expect(beat.of('datagram').map(({ to }) => to)).toEqual(['primary', 'backup']);
    expect(beat.datagrams[0]).toEqual({ kind: 'available', generation: 0, load: 7, domain: 'a' });
    expect(spare.timer('suspect', 60 * MS).of('claim')).toEqual([]);
  });
});
