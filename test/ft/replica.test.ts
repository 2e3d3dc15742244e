import { describe, expect, test } from 'vitest';
import type { Effect, ReplicaEvent, ReplicaInput } from '../../src/ft/effects.ts';
import { decodeMessage, encodeMessage, type Message, type MessageOf } from '../../src/ft/messages.ts';
import { Replica } from '../../src/ft/replica.ts';
import { defaultTuning, type Tuning } from '../../src/ft/rules.ts';
import type { Entry } from '../../src/vmm/entries.ts';
import { machineOf } from './guest.ts';

/** Prints A, computes for a while, prints B, computes, and powers off with exit code 5. */
const twoLetters = `
    li      s0, 0x10000000
    li      a0, 'A'
    sb      a0, 0(s0)
    call    work
    li      a0, 'B'
    sb      a0, 0(s0)
    call    work
    li      t0, 0x100000
    li      t1, (5 << 16) | 0x3333
    sw      t1, 0(t0)
end: j      end
work:
    li      t0, 100
1:  addi    t0, t0, -1
    bnez    t0, 1b
    ret
`;
/** Says X once, then sleeps. */
const sleeper = `
    li      s0, 0x10000000
    li      a0, 'X'
    sb      a0, 0(s0)
1:  wfi
    j       1b
`;

const MS = 1_000_000;
const tuning: Tuning = { ...defaultTuning, heartbeatNs: 2 * MS, suspectNs: 10 * MS, claimRetryNs: 5 * MS };

/** A replica, the time on its host, and what came out of it. */
class Side {
  readonly replica: Replica;
  nowNs = 0;

  constructor(role: 'primary' | 'backup' | 'alone', source = twoLetters, changed: Partial<Tuning> = {}) {
    this.replica = new Replica({
      name: role,
      description: machineOf(source),
      role,
      entropy: (sizeBytes) => new Uint8Array(sizeBytes),
      tuning: { ...tuning, ...changed },
      unsafe: new Set(),
      witness: () => {},
    });
    this.do({ kind: 'start' });
  }

  do(input: ReplicaInput): Effects {
    return new Effects(this.replica.handle(input, this.nowNs));
  }
  cpu(steps: number): Effects {
    return this.do({ kind: 'cpu', steps, nsPerStep: 10 });
  }
  hear(message: Message): Effects {
    return this.do({ kind: 'message', bytes: encodeMessage(message) });
  }
  after(ns: number, input: ReplicaInput): Effects {
    this.nowNs += ns;
    return this.do(input);
  }
  ack(received: number, generation = 1): Effects {
    return this.hear({ kind: 'ack', generation, received, consumed: received, icount: 0 });
  }
  won(primary: string, generation = 2): Effects {
    return this.do({ kind: 'claim-answer', generation, record: { primary, backups: [] } });
  }
}

class Effects {
  constructor(readonly all: readonly Effect[]) {}

  of<K extends Effect['do']>(kind: K): Extract<Effect, { do: K }>[] {
    return this.all.filter((effect): effect is Extract<Effect, { do: K }> => effect.do === kind);
  }
  get messages(): Message[] {
    return this.of('send').map(({ bytes }) => decodeMessage(bytes));
  }
  get entries(): Entry[] {
    return this.messages.flatMap((message) => (message.kind === 'entries' ? message.entries : []));
  }
  get last(): number {
    const message = this.messages.findLast((sent): sent is MessageOf<'entries'> => sent.kind === 'entries')!;
    return message.first + message.entries.length - 1;
  }
  /** What was let out, as text. */
  get released(): string {
    return this.of('release')
      .flatMap(({ outputs }) => outputs)
      .map((output) => (output.kind === 'console' ? new TextDecoder().decode(output.data) : '?'))
      .join('');
  }
  get notes(): ReplicaEvent['kind'][] {
    return this.of('note').map(({ event }) => event.kind);
  }
  get stopped(): string | undefined {
    return this.of('stop')[0]?.reason;
  }
}

describe('the output rule', () => {
  test('an output is held until its entry is acknowledged', () => {
    const primary = new Side('primary');
    const ran = primary.cpu(20);
    expect(ran.of('ran')).toEqual([{ do: 'ran', steps: 20 }]);
    expect(ran.entries).toEqual([{ kind: 'output', icount: 20, made: 1 }]);
    expect(ran.notes).toContain('held');
    expect(ran.released).toBe('');
    const acked = primary.ack(ran.last);
    expect(acked.released).toBe('A');
    expect(acked.of('release')[0]).toMatchObject({ generation: 1, outputs: [{ first: 1 }] });
    expect(primary.ack(ran.last).released).toBe('');
  });

  test('an acknowledgement of an older entry releases nothing newer', () => {
    const primary = new Side('primary');
    const a = primary.cpu(20);
    const between = primary.cpu(20);
    const b = primary.cpu(300);
    expect(between.entries).toEqual([{ kind: 'horizon', icount: 40 }]);
    expect(b.entries[0]).toMatchObject({ kind: 'output', made: 2 });
    expect(primary.ack(a.last - 1).released).toBe('');
    expect(primary.ack(between.last).released).toBe('A');
    expect(primary.ack(b.last - b.entries.length).released).toBe('');
    expect(primary.ack(b.last).released).toBe('B');
  });

  test('the entries that explain an output are sent before it could be released', () => {
    const primary = new Side('primary');
    const { all } = primary.cpu(20);
    expect(all.findIndex((effect) => effect.do === 'send')).toBeGreaterThan(-1);
    expect(all.findIndex((effect) => effect.do === 'release')).toBe(-1);
  });

  test('without a backup outputs leave at once', () => {
    const alone = new Side('alone');
    const ran = alone.cpu(1000);
    expect([ran.released, ran.stopped, ran.messages]).toEqual(['AB', 'completed', []]);
  });

  test('a primary whose backup is gone releases what it held once its claim is won', () => {
    const primary = new Side('primary');
    primary.cpu(20);
    const suspected = primary.after(11 * MS, { kind: 'timer', id: 'suspect' });
    expect(suspected.of('claim')).toHaveLength(1);
    expect([suspected.released, primary.cpu(20).released]).toEqual(['', '']);
    expect(primary.won('primary').released).toBe('A');
    expect([primary.replica.role, primary.cpu(1000).released]).toEqual(['alone', 'B']);
  });
});

describe('power-off', () => {
  test('is told to the backup only after every output was released', () => {
    const primary = new Side('primary');
    const ran = primary.cpu(1000);
    expect(ran.notes).toContain('off');
    expect(ran.entries.map(({ kind }) => kind)).toEqual(['output', 'check']);
    expect([ran.released, ran.stopped, primary.replica.wantsCpu]).toEqual(['', undefined, false]);
    const acked = primary.ack(ran.last);
    expect(acked.entries).toEqual([
      { kind: 'control', icount: primary.replica.vmm.icount, action: 'power-off', code: 5 },
    ]);
    const order = acked.all.map((effect) => effect.do);
    expect(order.indexOf('release')).toBeLessThan(order.indexOf('send'));
    expect([acked.released, acked.stopped]).toEqual(['AB', undefined]);
    expect(primary.ack(acked.last).stopped).toBe('completed');
    expect(primary.replica.role).toBe('stopped');
  });

  test('ends the backup, which does not go live', () => {
    const primary = new Side('primary');
    const backup = new Side('backup');
    const forward = (effects: Effects) => effects.messages.map((message) => backup.hear(message));
    const ran = primary.cpu(1000);
    forward(ran);
    forward(primary.ack(ran.last));
    const ended = backup.cpu(1000);
    expect(ended.notes).toContain('ended');
    expect([ended.stopped, ended.released]).toEqual(['completed', '']);
    expect(backup.after(60 * MS, { kind: 'timer', id: 'suspect' }).all).toEqual([]);
    expect(backup.replica.vmm.machine.hash()).toBe(primary.replica.vmm.machine.hash());
  });
});

describe('a backup', () => {
  /** A backup that holds the entries of the first slices and has run none of them. */
  function backupWithLog(slices = [20, 20]): { backup: Side; primary: Side } {
    const primary = new Side('primary');
    const backup = new Side('backup');
    for (const steps of slices) for (const message of primary.cpu(steps).messages) backup.hear(message);
    return { backup, primary };
  }

  test('acknowledges what it holds, before it has executed it', () => {
    const { messages } = new Side('primary').cpu(20);
    const backup = new Side('backup');
    expect(backup.hear(messages[0]!).messages).toEqual([
      { kind: 'ack', generation: 1, received: 1, consumed: 0, icount: 0 },
    ]);
    const ran = backup.cpu(100);
    expect(ran.messages).toEqual([{ kind: 'ack', generation: 1, received: 1, consumed: 1, icount: 20 }]);
    expect([ran.released, backup.replica.wantsCpu]).toEqual(['', false]);
  });

  test('that hears something does not claim', () => {
    const { backup } = backupWithLog();
    backup.nowNs = 8 * MS;
    backup.hear({ kind: 'heartbeat', generation: 1 });
    const woken = backup.after(4 * MS, { kind: 'timer', id: 'suspect' });
    expect(woken.all).toEqual([{ do: 'timer', id: 'suspect', atNs: 18 * MS }]);
  });

  test('that hears nothing claims, and goes live when the claim is won and the log is drained', () => {
    const { backup, primary } = backupWithLog();
    const claimed = backup.after(11 * MS, { kind: 'timer', id: 'suspect' });
    expect(claimed.notes).toEqual(['suspected', 'draining', 'claimed']);
    expect(claimed.of('claim')).toEqual([
      { do: 'claim', generation: 2, record: { primary: 'backup', backups: [] } },
    ]);
    const won = backup.won('backup');
    expect(won.notes).toEqual(['won']);
    expect(backup.replica.role).toBe('backup');
    const part = backup.cpu(30);
    expect([part.released, part.of('announce'), backup.replica.role]).toEqual(['', [], 'backup']);
    const live = backup.cpu(30);
    expect(live.notes).toContain('live');
    expect([live.released, live.of('listen'), backup.replica.role]).toEqual([
      'A',
      [{ do: 'listen', offset: 0 }],
      'alone',
    ]);
    expect(live.of('release')[0]!.generation).toBe(2);
    expect([...live.of('announce')[0]!.frame.subarray(6, 12)]).toEqual([0x52, 0x54, 0, 0, 0, 1]);
    expect(backup.replica.vmm.machine.hash()).toBe(primary.replica.vmm.machine.hash());
    const rest = backup.cpu(1000);
    expect([rest.released, rest.stopped]).toEqual(['B', 'completed']);
  });

  test('that has drained its log does not go live before the claim is won', () => {
    const { backup } = backupWithLog();
    backup.after(11 * MS, { kind: 'timer', id: 'suspect' });
    expect([backup.cpu(1000).released, backup.replica.role]).toEqual(['', 'backup']);
    expect([backup.won('backup').released, backup.replica.role]).toEqual(['A', 'alone']);
  });

  test('does not release again what it knows to have left', () => {
    const { backup, primary } = backupWithLog([20]);
    primary.ack(1);
    for (const message of primary.cpu(20).messages) backup.hear(message);
    backup.cpu(100);
    backup.after(11 * MS, { kind: 'timer', id: 'suspect' });
    expect(backup.won('backup').released).toBe('');
    expect(backup.cpu(1000).released).toBe('B');
  });

  test('that loses its claim halts, and does nothing more', () => {
    const { backup } = backupWithLog();
    backup.after(11 * MS, { kind: 'timer', id: 'suspect' });
    const lost = backup.won('primary');
    expect([lost.notes, lost.stopped]).toEqual([['lost', 'halted'], 'halted']);
    expect([backup.replica.role, backup.replica.wantsCpu]).toEqual(['stopped', false]);
    for (const again of [
      backup.cpu(1000),
      backup.won('backup'),
      backup.after(MS, { kind: 'timer', id: 'heartbeat' }),
    ])
      expect(again.all).toEqual([]);
  });

  test('sends an unanswered claim again, until it is answered', () => {
    const { backup } = backupWithLog();
    const first = backup.after(11 * MS, { kind: 'timer', id: 'suspect' });
    expect(first.of('timer')).toEqual([{ do: 'timer', id: 'claim', atNs: 16 * MS }]);
    const again = backup.after(5 * MS, { kind: 'timer', id: 'claim' });
    expect(again.of('claim')).toEqual(first.of('claim'));
    expect(again.of('timer')).toEqual([{ do: 'timer', id: 'claim', atNs: 21 * MS }]);
    expect(backup.after(MS, { kind: 'timer', id: 'suspect' }).all).toEqual([]);
    backup.won('backup');
    expect(backup.after(5 * MS, { kind: 'timer', id: 'claim' }).all).toEqual([]);
    // A second answer to the claim sent twice changes nothing.
    expect(backup.won('backup').all).toEqual([]);
  });

  test('does not listen to an answer about another generation', () => {
    const { backup } = backupWithLog();
    expect(backup.won('backup').all).toEqual([]);
    backup.after(11 * MS, { kind: 'timer', id: 'suspect' });
    expect(backup.won('backup', 3).all).toEqual([]);
    expect(backup.replica.role).toBe('backup');
  });

  test('stops where its machine turns out to be another', () => {
    const backup = new Side('backup');
    const entries: Entry[] = [{ kind: 'check', icount: 30, hash: 1n }];
    backup.hear({ kind: 'entries', generation: 1, first: 1, released: 0, entries });
    const ran = backup.cpu(100);
    expect([ran.notes.at(-1), ran.stopped, backup.replica.role]).toEqual(['diverged', 'diverged', 'stopped']);
  });

  test("does not take keys or frames: those are the log's", () => {
    const { backup } = backupWithLog();
    expect(backup.do({ kind: 'typed', offset: 0, data: Uint8Array.of(1) }).all).toEqual([]);
    expect(backup.do({ kind: 'frame', frame: new Uint8Array(60) }).all).toEqual([]);
  });
});

describe('messages of another generation are ignored', () => {
  test('an acknowledgement', () => {
    const primary = new Side('primary');
    const { last } = primary.cpu(20);
    for (const generation of [0, 2]) expect(primary.ack(last, generation).all).toEqual([]);
    expect(primary.ack(last).released).toBe('A');
  });

  test('entries', () => {
    const backup = new Side('backup');
    const entries: Entry[] = [{ kind: 'horizon', icount: 5 }];
    for (const generation of [0, 2])
      expect(backup.hear({ kind: 'entries', generation, first: 1, released: 0, entries }).all).toEqual([]);
    expect([backup.replica.holdsEntries, backup.replica.backlog]).toEqual([0, 0]);
  });

  test('whatever a primary that was left out still says', () => {
    const backup = new Side('backup');
    backup.after(11 * MS, { kind: 'timer', id: 'suspect' });
    expect(backup.won('backup').notes).toEqual(['won', 'live']);
    for (const message of new Side('primary').cpu(20).messages) expect(backup.hear(message).all).toEqual([]);
  });
});

describe('a primary whose log buffer is full', () => {
  const full = () => {
    const primary = new Side('primary', sleeper, { sendBufferBytes: 0 });
    const ran = primary.cpu(1000);
    expect(primary.replica.wantsCpu).toBe(false);
    return { primary, ran };
  };

  test.each<[string, ReplicaInput]>([
    ['a typed key', { kind: 'typed', offset: 0, data: Uint8Array.of(1) }],
    ['a frame', { kind: 'frame', frame: new Uint8Array(60) }],
    ["the guest's timer", { kind: 'timer', id: 'guest' }],
  ])('stands still, whatever comes: %s', (_, input) => {
    const { primary, ran } = full();
    primary.do(input);
    expect(primary.replica.wantsCpu).toBe(false);
    primary.ack(ran.last);
    expect(primary.replica.wantsCpu).toBe(true);
  });
});

test('heartbeats go out at their interval', () => {
  const backup = new Side('backup');
  const beat = backup.after(2 * MS, { kind: 'timer', id: 'heartbeat' });
  expect(beat.of('datagram').map(({ bytes }) => decodeMessage(bytes))).toEqual([
    { kind: 'heartbeat', generation: 1 },
  ]);
  expect(beat.of('timer')).toEqual([{ do: 'timer', id: 'heartbeat', atNs: 4 * MS }]);
});
