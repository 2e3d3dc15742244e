import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  type DiskCompletion,
  Divergence,
  LiveDoors,
  RecordingDoors,
  ReplayDoors,
} from '../../src/vmm/doors.ts';
import { describeEntry, type Entry, type EntryOf } from '../../src/vmm/entries.ts';
import { Vmm, verifyMarker } from '../../src/vmm/vmm.ts';
import { chattyGuest, diskGuest, machineOf } from '../ft/guest.ts';
import { FakeWorld, recordRun, replayRun } from '../ft/world.ts';
import { examples } from '../thorough.ts';

const description = machineOf(chattyGuest);
const TYPED = 'some words for the guest, and then the end: q';
const original = recordRun(description, 'doors', TYPED);
const isDoor = ({ kind }: Entry) => ['clock', 'entropy', 'timer', 'console', 'net'].includes(kind);

test('the guest uses every door, and powers off', () => {
  const kinds = new Set(original.entries.map(({ kind }) => kind));
  expect(kinds).toEqual(new Set(['clock', 'entropy', 'timer', 'console', 'check', 'output', 'control']));
  expect(original.pause).toBe('off');
  expect(original.console.length).toBeGreaterThan(TYPED.length);
});

describe('a replay', () => {
  test('makes the same outputs and ends in the same state, whatever its slices', () => {
    const slices = fc.array(fc.integer({ min: 1, max: 2000 }), { minLength: 1, maxLength: 20 });
    fc.assert(
      fc.property(fc.nat(), fc.string({ maxLength: 60 }), slices, (seed, typed, lengths) => {
        const run = recordRun(description, `${seed}`, `${typed.replaceAll('q', '')}q`);
        const again = replayRun(description, run.entries, lengths);
        expect(again.console).toBe(run.console);
        expect([again.icount, again.hash]).toEqual([run.icount, run.hash]);
      }),
      { numRuns: examples(40) },
    );
  });

  test('repeats every reset at its position', () => {
    fc.assert(
      fc.property(fc.nat(), (seed) => {
        const run = recordRun(description, `${seed}`, TYPED, 0.1);
        const resets = run.entries.filter((entry) => entry.kind === 'control' && entry.action === 'reset');
        const again = replayRun(description, run.entries, [1000]);
        expect([again.console, again.icount, again.hash]).toEqual([run.console, run.icount, run.hash]);
        expect(again.entries.filter((entry) => entry.kind === 'control' && entry.action === 'reset')).toEqual(
          resets,
        );
      }),
      { numRuns: examples(20) },
    );
  });

  test('applies every entry but those that the guest asks for', () => {
    const { entries } = replayRun(description, original.entries);
    expect(entries).toEqual(
      original.entries.filter(({ kind }) => kind !== 'clock' && kind !== 'entropy').slice(0, entries.length),
    );
  });

  test('never runs past the last entry, and continues when more arrive', () => {
    const doors = new ReplayDoors(verifyMarker);
    const vmm = new Vmm(description, doors);
    expect(vmm.run(1000)).toBe('stalled');
    expect(vmm.icount).toBe(0);
    for (const entry of original.entries) {
      doors.append(entry);
      const pause = vmm.run(1_000_000);
      if (pause === 'off') break;
      expect(['stalled', 'waiting']).toContain(pause);
      expect(vmm.icount).toBeLessThanOrEqual(entry.icount + 1);
      expect(doors.waiting).toBe(0);
    }
    expect(vmm.machine.hash()).toBe(original.hash);
  });

  test('of a long log forgets the entries that it has consumed', () => {
    const doors = new ReplayDoors();
    const vmm = new Vmm(machineOf('_start: j _start'), doors);
    for (let icount = 0; icount < 10_000; icount++) doors.append({ kind: 'progress', icount });
    expect(doors.waiting).toBe(10_000);
    expect(vmm.run(20_000)).toBe('stalled');
    expect([vmm.icount, doors.waiting, doors.next]).toEqual([9999, 0, undefined]);
  });
});

describe('entries that are truncated', () => {
  test('are the last appended; those consumed before stay consumed', () => {
    const doors = new ReplayDoors();
    const vmm = new Vmm(machineOf('_start: j _start'), doors);
    for (let icount = 1; icount <= 5000; icount++) doors.append({ kind: 'progress', icount });
    // Past the point where consumed entries are forgotten.
    vmm.run(4500);
    expect(doors.waiting).toBe(500);
    doors.retract(200);
    expect([doors.waiting, doors.next]).toEqual([200, { kind: 'progress', icount: 4501 }]);
    doors.append({ kind: 'progress', icount: 9000 });
    expect(vmm.run(10_000)).toBe('stalled');
    expect([vmm.icount, doors.waiting]).toEqual([9000, 0]);
    doors.retract(0);
    expect(doors.waiting).toBe(0);
  });
});

describe('a disk', () => {
  const steps = [
    { operation: 'write', sector: 1 },
    { operation: 'read', sector: 2 },
    { operation: 'read', sector: 3 },
  ] as const;
  const withDisk = machineOf(diskGuest(steps), 8);
  const sector = (letter: number) => new Uint8Array(512).fill(letter);
  /** The read is answered first, then the write, at different positions. */
  const answers: DiskCompletion[] = [
    { id: 2, status: 0, data: sector(0x62) },
    { id: 1, status: 0, data: new Uint8Array(0) },
    { id: 3, status: 1, data: new Uint8Array(0) },
  ];

  function record(): { entries: Entry[]; vmm: Vmm } {
    const live = new LiveDoors(new FakeWorld('disk'));
    const entries: Entry[] = [];
    const vmm = new Vmm(withDisk, new RecordingDoors(live, (entry) => entries.push(entry)));
    vmm.run(200);
    const started = vmm.machine.takeOutputs();
    expect(started.map((output) => output.kind === 'disk' && output.request.operation)).toEqual([
      'write',
      'read',
      'read',
    ]);
    expect(vmm.machine.diskOpen).toBe(true);
    for (const answer of answers) {
      live.completed(answer);
      vmm.run(37);
    }
    expect(vmm.run(1000)).toBe('off');
    expect(vmm.machine.diskOpen).toBe(false);
    return { entries, vmm };
  }
  const original = record();
  const { icount } = original.vmm;
  const end = original.vmm.machine.hash();

  test("completes where the answer comes in, and the log has the reads' data", () => {
    expect(original.entries).toEqual(
      answers.map((answer, index) => ({ kind: 'disk', icount: 200 + 37 * index, ...answer })),
    );
    const run = replayRun(withDisk, original.entries, [10]);
    expect(run.pause).toBe('stalled');
    const all = replayRun(withDisk, [...original.entries, { kind: 'progress', icount }]);
    expect([all.icount, all.hash]).toEqual([icount, end]);
  });

  test('that a replica reads itself: the replay waits for its own data, and continues with that', () => {
    const read = new Map<number, Uint8Array>();
    const passed: Entry[] = [];
    const doors = new ReplayDoors(
      (entry) => passed.push(entry),
      undefined,
      (id) => read.get(id),
    );
    const vmm = new Vmm(withDisk, doors);
    for (const entry of original.entries) doors.append({ ...(entry as EntryOf<'disk'>), data: undefined });
    doors.append({ kind: 'progress', icount });
    expect(vmm.run(10_000)).toBe('stalled');
    expect([vmm.icount, passed, doors.waiting]).toEqual([200, [], 4]);
    read.set(2, sector(0x62));
    expect(vmm.run(10_000)).toBe('stalled');
    expect([vmm.icount, doors.waiting]).toEqual([237, 3]);
    for (const id of [1, 3]) read.set(id, new Uint8Array(0));
    expect(vmm.run(10_000)).toBe('off');
    expect([vmm.icount, vmm.machine.hash()]).toEqual([icount, end]);
    expect(passed.map(({ kind }) => kind)).toEqual(['disk', 'disk', 'disk', 'progress']);
  });

  test('that returns other data leads to another machine', () => {
    const doors = new ReplayDoors(
      () => {},
      undefined,
      (id) => (id === 2 ? sector(0x63) : undefined),
    );
    const vmm = new Vmm(withDisk, doors);
    doors.append({ ...(original.entries[0] as EntryOf<'disk'>), data: undefined });
    for (const entry of original.entries.slice(1)) doors.append(entry);
    doors.append({ kind: 'progress', icount });
    expect(vmm.run(10_000)).toBe('off');
    expect(vmm.machine.hash()).not.toBe(end);
  });
});

describe('a log that does not belong to the machine', () => {
  /** The divergence that a replay ends with. @throws if there is none */
  function divergence(entries: readonly Entry[], slices?: readonly number[]): Divergence {
    try {
      replayRun(description, entries, slices);
    } catch (error) {
      if (error instanceof Divergence) return error;
      throw error;
    }
    throw new Error('the replay did not diverge');
  }

  const doors = [...original.entries.keys()].filter((index) => isDoor(original.entries[index]!));
  const { entries } = original;

  function changedContent(entry: Entry): Entry {
    const flip = (bytes: Uint8Array) => bytes.map((byte, index) => (index === 0 ? byte ^ 0x21 : byte));
    switch (entry.kind) {
      case 'clock':
        return { ...entry, ticks: entry.ticks + 1 };
      case 'timer':
        return { ...entry, ticks: 0 };
      case 'entropy':
      case 'console':
        return { ...entry, data: flip(entry.data) };
      default:
        return entry;
    }
  }

  type Change = (index: number, entry: Entry) => Entry[];

  test.each<[string, Change]>([
    ['changed', (index, entry) => entries.with(index, changedContent(entry))],
    ['removed', (index) => entries.toSpliced(index, 1)],
    [
      'of another kind',
      (index, { icount }) => entries.with(index, { kind: 'net', icount, frame: new Uint8Array(60) }),
    ],
    [
      'preceded by a clock read',
      (index, { icount }) => entries.toSpliced(index, 0, { kind: 'clock', icount, ticks: 1 }),
    ],
  ])('an entry %s ends in a divergence', (_, change) => {
    for (const index of doors) {
      const error = divergence(change(index, entries[index]!));
      const log = error.expected ? describeEntry(error.expected) : 'nothing';
      expect(error.message).toBe(`at ${error.icount}: ${error.found}, but the log says ${log}`);
      expect(error.found.length).toBeGreaterThan(10);
    }
  });

  /**
   * An input may come a step earlier or later, or not fit into a full FIFO, without an effect on the guest. An effect
   * is found.
   */
  test.each<[string, Change]>([
    ['moved forward', (index, entry) => entries.with(index, { ...entry, icount: entry.icount + 1 })],
    ['moved back', (index, entry) => entries.with(index, { ...entry, icount: entry.icount - 1 })],
    [
      'preceded by typed bytes',
      (index, { icount }) =>
        entries.toSpliced(index, 0, { kind: 'console', icount, data: Uint8Array.of(33) }),
    ],
    ['exchanged with the next', (index, entry) => entries.toSpliced(index, 2, entries[index + 1]!, entry)],
  ])('an entry %s ends in a divergence, or nothing comes of it', (_, change) => {
    let diverged = 0;
    for (const index of doors) {
      try {
        const changed = change(index, entries[index]!);
        const run = replayRun(description, changed);
        expect(
          entries[index]!.kind === 'timer' ||
            [entries[index], changed[index]].some((entry) => entry!.kind === 'console'),
        ).toBe(true);
        expect([run.pause, run.console, run.icount, run.hash]).toEqual([
          'off',
          original.console,
          original.icount,
          original.hash,
        ]);
      } catch (error) {
        if (!(error instanceof Divergence)) throw error;
        diverged++;
      }
    }
    expect(diverged).toBeGreaterThan(doors.length / 2);
  });

  test("the message names the position, the guest's action and the entry of the log", () => {
    const first = entries.findIndex(({ kind }) => kind === 'entropy');
    const { icount } = entries[first]!;
    const clock = entries.slice(first).find(({ kind }) => kind === 'clock')!;
    expect(divergence(entries.toSpliced(first, 1)).message).toBe(
      `at ${icount}: the guest asked for entropy, but the log says ${describeEntry(clock)}`,
    );
    expect(
      divergence(entries.with(first, { kind: 'entropy', icount, data: new Uint8Array(3) })).message,
    ).toBe(`at ${icount}: the guest asked for 2 random bytes, but the log says entropy 3 bytes at ${icount}`);
  });

  test('a check with another hash, and another output count, end in a divergence', () => {
    const check = entries.findIndex(({ kind }) => kind === 'check');
    const at = entries[check]!;
    expect(divergence(entries.with(check, { kind: 'check', icount: at.icount, hash: 1n })).message).toMatch(
      new RegExp(
        `^at ${at.icount}: the state has the hash [0-9a-f]{16}, but the log says check 0{15}1 at ${at.icount}$`,
      ),
    );
    const output = entries.findIndex(({ kind }) => kind === 'output');
    expect(
      divergence(entries.with(output, { kind: 'output', icount: entries[output]!.icount, made: 999 })).found,
    ).toMatch(/^the guest has made \d+ outputs$/);
  });

  test('the log of another run ends in a divergence', () => {
    divergence(
      recordRun(description, 'another', TYPED).entries.map((entry, index) =>
        index === 1 ? entries[1]! : entry,
      ),
    );
  });

  test('a guest that sleeps before the next entry is found', () => {
    const doors = new ReplayDoors();
    const vmm = new Vmm(machineOf('_start: wfi\nj _start'), doors);
    doors.append({ kind: 'progress', icount: 50 });
    expect(() => vmm.run(100)).toThrow('the guest waits for an interrupt, but the log says progress at 50');
  });

  test('a guest that is past the entry is found', () => {
    const doors = new ReplayDoors();
    const vmm = new Vmm(machineOf('_start: j _start'), doors);
    doors.append({ kind: 'progress', icount: 50 });
    vmm.run(100);
    doors.append({ kind: 'progress', icount: 20 });
    expect(() => vmm.run(100)).toThrow(
      'at 50: the guest has gone past the entry, but the log says progress at 20',
    );
  });
});

describe('live doors', () => {
  test('hand out all typed bytes in order, as the guest has room', () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 40 }), { maxLength: 5 }), (pieces) => {
        const doors = new LiveDoors(new FakeWorld('x'));
        const { machine } = new Vmm(description, doors);
        for (const piece of pieces) doors.type(piece);
        const got: number[] = [];
        for (let guard = 0; guard < 1000; guard++) {
          const input = doors.input(machine);
          if (input?.kind !== 'console') break;
          expect(input.data.length).toBeLessThanOrEqual(machine.consoleRoom);
          expect(input.data.length).toBeGreaterThan(0);
          got.push(...input.data);
        }
        expect(got).toEqual(pieces.flatMap((piece) => [...piece]));
      }),
    );
  });

  test('let the guest run to its deadline, and apply the timer there', () => {
    const world = new FakeWorld('x');
    const doors = new LiveDoors(world);
    const vmm = new Vmm(description, doors);
    expect(doors.limit(vmm.machine)).toBe(Number.MAX_SAFE_INTEGER);
    expect(vmm.run(1_000_000)).toBe('waiting');
    const deadline = Number(vmm.machine.timerDeadline);
    expect(doors.limit(vmm.machine)).toBe(deadline);
    expect(doors.input(vmm.machine)).toBeUndefined();
    world.advance(deadline - vmm.icount);
    expect(doors.input(vmm.machine)).toEqual({ kind: 'timer', icount: vmm.icount, ticks: deadline });
  });

  test('hand out one input at a time: a reset, disk completions in order, a frame, then keys', () => {
    const doors = new LiveDoors(new FakeWorld('x'));
    const { machine } = new Vmm(description, doors);
    doors.type(Uint8Array.of(65));
    doors.frame(new Uint8Array(60));
    for (const id of [3, 1]) doors.completed({ id, status: 0, data: new Uint8Array(0) });
    doors.operate('reset');
    const inputs = Array.from({ length: 5 }, () => doors.input(machine));
    expect(inputs).toMatchObject([
      { kind: 'control', action: 'reset', value: 0, icount: 0 },
      { kind: 'disk', id: 3 },
      { kind: 'disk', id: 1 },
      { kind: 'net' },
      { kind: 'console', data: Uint8Array.of(65) },
    ]);
    expect(doors.input(machine)).toBeUndefined();
  });

  test('drop pending inputs when another machine has received them', () => {
    const doors = new LiveDoors(new FakeWorld('x'));
    const { machine } = new Vmm(description, doors);
    doors.type(Uint8Array.of(65));
    doors.frame(new Uint8Array(60));
    doors.completed({ id: 1, status: 0, data: new Uint8Array(0) });
    doors.operate('reset');
    doors.clear();
    expect(doors.input(machine)).toBeUndefined();
  });
});
