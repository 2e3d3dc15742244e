/** Each checker by itself: what it must find, and what it must not find. */

import { describe, expect, test } from 'vitest';
import {
  checkClients,
  checkSameMachine,
  OneLiveChecker,
  OutputRuleChecker,
} from '../../src/check/checkers.ts';
import { DiskChecker, InputChecker, OutputsChecker } from '../../src/check/covered.ts';
import { ClockForwardChecker, GuestClockChecker } from '../../src/check/guest-clock.ts';
import { Generations } from '../../src/cluster/edge/generations.ts';
import { DISK_IOERR, DISK_OK } from '../../src/devices/device.ts';
import type { Effect, GenerationRecord } from '../../src/ft/effects.ts';
import { encodeMessage } from '../../src/ft/messages.ts';
import type { Entry, EntryOf } from '../../src/vmm/entries.ts';

const bytes = (text: string) => new TextEncoder().encode(text);
const MS = 1_000_000;
const SLICE_NS = 800_000;

/** Storage with the records of these generations, from 1 on. */
function storageOf(first: GenerationRecord, ...others: GenerationRecord[]): Generations {
  const generations = new Generations(first, true);
  for (const [index, record] of others.entries()) generations.testAndSet(index + 2, record);
  return generations;
}

describe('the output rule', () => {
  const record = { primary: 'p', backups: ['b', 'c'] };
  const entries = (...list: Entry[]) =>
    encodeMessage({
      kind: 'entries',
      generation: 1,
      first: 1,
      delivered: 0,
      lowWater: 0,
      answers: 0,
      ticks: 0,
      entries: list,
    });
  const release = (...texts: string[]): Effect & { do: 'release' } => {
    let first = 1;
    const outputs = texts.map((text) => {
      const output = { kind: 'console' as const, first, data: bytes(text) };
      first += text.length;
      return output;
    });
    return { do: 'release', generation: 1, outputs };
  };
  const write: Effect & { do: 'disk' } = {
    do: 'disk',
    id: 3,
    generation: 1,
    lowWater: 0,
    request: { operation: 'write', sector: 0, data: new Uint8Array(512) },
  };

  test('is violated unless every member holds the entry that covers the last output of a release', () => {
    const checker = new OutputRuleChecker(storageOf(record));
    checker.arrived('b', entries({ kind: 'output', icount: 9, made: 5 }));
    checker.arrived('c', entries({ kind: 'output', icount: 9, made: 4 }));
    checker.released('p', release('ab', 'cd'));
    expect(checker.violations).toEqual([]);
    checker.released('p', release('ab', 'cd', 'e'));
    expect(checker.violations).toEqual([
      {
        invariant: 'output-rule',
        message: 'output 5 left p, but c holds entries only for outputs up to 4',
        output: 5,
      },
    ]);
  });

  test('counts the most that a host has held, even if it reports less later', () => {
    const checker = new OutputRuleChecker(storageOf({ primary: 'p', backups: ['b'] }));
    checker.holds('b', 5);
    checker.holds('b', 2);
    checker.released('p', release('abcde'));
    expect(checker.violations).toEqual([]);
  });

  test('requires that a primary that replaced the sender holds the entry, too', () => {
    const checker = new OutputRuleChecker(storageOf({ primary: 'b', backups: [] }));
    checker.released('p', release('a'));
    expect(checker.violations).toMatchObject([{ message: expect.stringContaining('but b holds') }]);
  });

  test('counts the outputs of a checkpoint as covered', () => {
    const checker = new OutputRuleChecker(storageOf({ primary: 'p', backups: ['b'] }));
    const outputs = [{ kind: 'console' as const, first: 1, data: bytes('abc') }];
    const empty = new Uint8Array(0);
    checker.arrived(
      'b',
      entries({ kind: 'checkpoint', icount: 5, history: 1, frames: 0, delta: empty, outputs, open: [] }),
    );
    checker.released('p', release('abc'));
    expect(checker.violations).toEqual([]);
  });

  test('counts a disk write as an output, but not a read', () => {
    const checker = new OutputRuleChecker(storageOf({ primary: 'p', backups: ['b'] }));
    checker.released('p', { ...write, request: { operation: 'read', sector: 0, sizeBytes: 512 } });
    expect(checker.violations).toEqual([]);
    checker.released('p', write);
    expect(checker.violations).toMatchObject([{ message: expect.stringMatching(/^output 3 left p/) }]);
  });
});

test('only the primary of a generation may be live in it', () => {
  const checker = new OneLiveChecker(storageOf({ primary: 'p', backups: ['b'] }));
  checker.live('p', 1);
  expect(checker.violations).toEqual([]);
  checker.live('b', 1);
  checker.live('b', 2);
  expect(checker.violations.map(({ message }) => message)).toEqual([
    'b is live in generation 1, which belongs to p',
    'b is live in generation 2, which was never claimed',
  ]);
});

test('a difference in a device or a page is found', () => {
  const difference = { icount: 7, equal: false, registers: [], devices: ['plic'], pages: [0x80001000] };
  const comparison = { difference, firstDifference: undefined } as unknown as Parameters<
    typeof checkSameMachine
  >[0];
  expect(checkSameMachine(comparison)).toEqual([
    { invariant: 'same-machine', message: 'at icount 7 the machines differ in plic, page 0x80001000' },
  ]);
  expect(checkSameMachine(undefined)).toEqual([]);
});

test('errors that clients report are violations, even if their calls are linearizable', () => {
  const errors = ['client 1: no answer'];
  const violation = { invariant: 'acknowledged-requests', message: errors[0] };
  expect(checkClients([], errors)).toEqual([violation]);
  // A value that no client has set.
  const call = {
    client: 1,
    sequence: 1,
    operation: { op: 'GET', key: 'a' } as const,
    calledNs: 1,
    returnedNs: 2,
    answer: 'VALUE 7',
  };
  expect(checkClients([call], errors)).toMatchObject([violation, { invariant: 'linearizable' }]);
  expect(checkClients([call], [])).toMatchObject([{ invariant: 'linearizable' }]);
  expect(checkClients([{ ...call, answer: 'NONE' }], [])).toEqual([]);
});

describe('outputs', () => {
  const frame = (text: string, number: number) => ({ number, frame: bytes(text) });
  interface Seen {
    console?: string;
    frames?: { number: number; frame: Uint8Array }[];
  }
  /** The violations when the machine makes `made` and the edge has received `seen`. */
  const found = (
    made: { console?: string; frames?: { number: number; frame: Uint8Array }[] },
    seen: Seen,
    complete = true,
  ) => {
    const checker = new OutputsChecker({ console: [bytes(seen.console ?? '')], frames: seen.frames ?? [] });
    for (const [index, data] of [...(made.console ?? '')].entries())
      checker.made({ kind: 'console', first: index + 1, data: bytes(data) });
    for (const { number, frame } of made.frames ?? []) checker.made({ kind: 'frame', first: number, frame });
    return checker.end(complete).map(({ message }) => message);
  };

  test.each([
    ['the same bytes', 'abc', 'abc', true, []],
    ['a prefix, of a guest that still runs', 'abc', 'ab', false, []],
    ['the last byte missing', 'abc', 'ab', true, [expect.stringMatching(/^1 console bytes were lost/)]],
    ['the first byte missing', 'abc', 'bc', true, [expect.stringMatching(/^console byte 1 is "bc"/)]],
    ['an additional byte', 'abc', 'abcd', false, [expect.stringMatching(/^console byte 4 is /)]],
    ['another byte', 'abc', 'axc', false, [expect.stringMatching(/^console byte 2 is /)]],
  ])('on the console: %s', (_, made, seen, complete, messages) => {
    expect(found({ console: made }, { console: seen }, complete)).toEqual(messages);
  });

  const two = [frame('one', 3), frame('two', 5)];
  test.each([
    ['the same frames', two, true, []],
    ['the first only, of a guest that still runs', two.slice(0, 1), false, []],
    ['one missing', two.slice(0, 1), true, ['1 frames left where the machine makes 2']],
    ['none', [], true, ['0 frames left where the machine makes 2']],
    [
      'an additional one, of a guest that still runs',
      [...two, frame('x', 6)],
      false,
      [expect.stringContaining('frame 6 left where')],
    ],
    ['a later number', [frame('one', 4)], false, [expect.stringContaining('frame 4 left where')]],
    ['an earlier number', [frame('one', 2)], false, [expect.stringContaining('frame 2 left where')]],
    ['other bytes', [frame('onE', 3)], false, [expect.stringContaining('frame 3 holds other bytes')]],
  ])('as frames: %s', (_, seen, complete, messages) => {
    expect(found({ frames: two }, { frames: seen }, complete)).toEqual(messages);
  });
});

describe('input', () => {
  const found = (typed: string, ...given: string[]) => {
    const checker = new InputChecker(bytes(typed), []);
    for (const data of given) checker.given({ kind: 'console', icount: 0, data: bytes(data) });
    return checker.end().length;
  };
  test('typed bytes reach the guest in order, each once; the last ones may be missing', () => {
    expect(found('abcdef', 'ab', 'c')).toBe(0);
    for (const given of [['ab', 'bc'], ['ab', 'd'], ['abcdefg']])
      expect([given, found('abcdef', ...given)]).toEqual([given, 1]);
  });

  test('frames reach the guest in order, each once; the last ones may be missing', () => {
    const messages = (...taken: string[]) => {
      const checker = new InputChecker(bytes(''), ['one', 'two', 'two'].map(bytes));
      for (const frame of taken) checker.frame({ kind: 'net', icount: 0, frame: bytes(frame) });
      return checker.end().map(({ message }) => message);
    };
    for (const taken of [[], ['one'], ['one', 'two', 'two']]) expect(messages(...taken)).toEqual([]);
    expect(messages('two')).toEqual([
      'frame 1 that the guest took is not frame 1 that the switch had for it',
    ]);
    expect(messages('one', 'one', 'two')).toEqual([expect.stringContaining('frame 2 that the guest took')]);
    expect(messages('one', 'two', 'two', 'two')).toEqual([expect.stringContaining('took 4 frames or more')]);
  });
});

describe('the disk', () => {
  const SECTORS = 4;
  const sector = (byte: number, count = 1) => new Uint8Array(512 * count).fill(byte);
  const image = (...sectors: number[]) => {
    const content = new Uint8Array(512 * SECTORS);
    for (const [index, byte] of sectors.entries()) content.fill(byte, index * 512, index * 512 + 512);
    return content;
  };
  type Step =
    | { write: number; at: number; byte: number; sectors?: number }
    | { read: number; at: number }
    | { end: number; status?: number; data?: Uint8Array };
  interface Case {
    steps: Step[];
    applied: { id: number; sector: number; data: Uint8Array }[];
    content: Uint8Array;
  }
  const found = ({ steps, applied, content }: Case) => {
    const checker = new DiskChecker({ initial: image(9), content, writes: applied });
    for (const step of steps) {
      if ('write' in step)
        checker.made({
          kind: 'disk',
          first: step.write,
          request: { operation: 'write', sector: step.at, data: sector(step.byte, step.sectors) },
        });
      else if ('read' in step)
        checker.made({
          kind: 'disk',
          first: step.read,
          request: { operation: 'read', sector: step.at, sizeBytes: 512 },
        });
      else {
        const { end: id, status = DISK_OK, data = new Uint8Array(0) } = step;
        checker.ended({ kind: 'disk', icount: 0, id, status, data } as EntryOf<'disk'>);
      }
    }
    return checker.end().map(({ message }) => message);
  };
  const one = { id: 1, sector: 1, data: sector(1) };
  const written: Step[] = [{ write: 1, at: 1, byte: 1 }, { end: 1 }];

  test.each<[string, Case, unknown[]]>([
    ['a write that is applied', { steps: written, applied: [one], content: image(9, 1) }, []],
    [
      'reads that return the write before them, or the initial content',
      {
        steps: [
          ...written,
          { read: 2, at: 1 },
          { read: 3, at: 0 },
          { end: 3, data: sector(9) },
          { end: 2, data: sector(1) },
        ],
        applied: [one],
        content: image(9, 1),
      },
      [],
    ],
    [
      'a read that returns other data',
      {
        steps: [...written, { read: 2, at: 1 }, { end: 2, data: sector(0) }],
        applied: [one],
        content: image(9, 1),
      },
      ['read 2 of sector 1 returns other data than the writes before it'],
    ],
    [
      'a read that was started before a write of its sector, and returns it',
      {
        steps: [{ read: 2, at: 1 }, { write: 3, at: 1, byte: 1 }, { end: 3 }, { end: 2, data: sector(1) }],
        applied: [{ ...one, id: 3 }],
        content: image(9, 1),
      },
      ['read 2 of sector 1 returns other data than the writes before it'],
    ],
    [
      'a write that is applied twice',
      { steps: written, applied: [one, one], content: image(9, 1) },
      ['write 1 to sector 1 was applied twice'],
    ],
    [
      'a write that the machine does not make',
      { steps: written, applied: [one, { ...one, id: 7 }], content: image(9, 1) },
      ['write 7 to sector 1 is not made by a machine with the same history'],
    ],
    [
      'a write of other bytes',
      { steps: written, applied: [{ ...one, data: sector(2) }], content: image(9, 1) },
      ['write 1 to sector 1 is not made by a machine with the same history'],
    ],
    [
      'a write to another sector',
      { steps: written, applied: [{ ...one, sector: 2 }], content: image(9, 1) },
      ['write 1 to sector 2 is not made by a machine with the same history'],
    ],
    [
      'a write that failed, and was not applied',
      {
        steps: [
          { write: 1, at: 1, byte: 1 },
          { end: 1, status: DISK_IOERR },
        ],
        applied: [],
        content: image(9),
      },
      [],
    ],
    [
      'a completed write that is lost',
      { steps: written, applied: [], content: image(9) },
      ['sector 1 differs from what a machine with the same history leaves there'],
    ],
    [
      'an incomplete write, applied',
      {
        steps: [{ write: 1, at: 1, byte: 1, sectors: 2 }],
        applied: [{ ...one, data: sector(1, 2) }],
        content: image(9, 1, 1),
      },
      [],
    ],
    [
      'an incomplete write, not applied',
      { steps: [{ write: 1, at: 1, byte: 1, sectors: 2 }], applied: [], content: image(9) },
      [],
    ],
    [
      'a sector that changed without a write',
      { steps: [{ write: 1, at: 1, byte: 1 }], applied: [], content: image(9, 0, 5) },
      ['sector 2 differs from what a machine with the same history leaves there'],
    ],
    [
      'a write after an incomplete one',
      {
        steps: [{ write: 1, at: 1, byte: 1 }, { write: 2, at: 2, byte: 2 }, { end: 2 }],
        applied: [{ id: 2, sector: 2, data: sector(2) }],
        content: image(9, 0, 2),
      },
      [],
    ],
  ])('%s', (_, input, messages) => {
    expect(found(input)).toEqual(messages);
  });
});

describe("the guest's clock", () => {
  const reading = (ticks: number): Entry => ({ kind: 'clock', icount: 0, ticks });
  const messages = ({ violations }: GuestClockChecker | ClockForwardChecker) =>
    violations.map(({ message }) => message);

  test('never runs backwards, not even by one tick', () => {
    const checker = new ClockForwardChecker();
    for (const ticks of [5, 5, 8]) checker.shown(reading(ticks));
    expect(messages(checker)).toEqual([]);
    checker.shown(reading(7));
    expect(messages(checker)).toEqual(['at icount 0 the guest reads 7 ticks, after 8']);
  });

  test('follows virtual time where nothing has failed', () => {
    for (const [ticks, finds] of [
      [10_000, false],
      [10_000 + SLICE_NS / 100, false],
      // Behind by two messages, and ahead by two slices.
      [10_000 - 4_000, true],
      [10_000 + 20_000, true],
    ] as const) {
      const checker = new GuestClockChecker(false, SLICE_NS);
      checker.booted('p', 0);
      checker.shown('p', reading(ticks), MS);
      expect([ticks, messages(checker).length > 0]).toEqual([ticks, finds]);
    }
    const derived = new GuestClockChecker(true, SLICE_NS);
    derived.booted('p', 0);
    derived.shown('p', reading(30_000), MS);
    expect(messages(derived)).toEqual([]);
  });

  test('loses at a failover at most the time since the last message was received', () => {
    for (const [lostMs, finds] of [
      [10, false],
      [11, true],
    ] as const) {
      const checker = new GuestClockChecker(false, SLICE_NS);
      checker.booted('p', 0);
      checker.lostSight('b', 20 * MS);
      checker.live('b', 'p', 21 * MS, 30 * MS);
      checker.shown('b', reading((40 - lostMs) * 10_000), 40 * MS);
      expect([lostMs, messages(checker).length > 0]).toEqual([lostMs, finds]);
    }
  });
});
