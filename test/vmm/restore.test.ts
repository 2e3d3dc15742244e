/** A machine that is saved while a kernel runs, and restored elsewhere: both behave alike under any later input. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { encode } from '../../src/base/codec.ts';
import { type Doors, LiveDoors, RecordingDoors, ReplayDoors } from '../../src/vmm/doors.ts';
import { type Entry, entryList } from '../../src/vmm/entries.ts';
import { Machine } from '../../src/vmm/machine.ts';
import type { Output } from '../../src/vmm/outputs.ts';
import {
  compareSnapshots,
  decodeSnapshot,
  encodeSnapshot,
  restoreSnapshot,
  type Snapshot,
  takeSnapshot,
} from '../../src/vmm/snapshot.ts';
import { type Pause, Vmm } from '../../src/vmm/vmm.ts';
import { TickingWorld } from '../../tools/testing/ticking-world.ts';
import { execution, runs } from '../engine.ts';
import { kernelMachine } from './kernel-guest.ts';

const RUNS = runs(24);

const kernelVmm = (doors: Doors): Vmm =>
  new Vmm(kernelMachine, doors, new Machine(kernelMachine, doors, execution));

/** A reproducible world. */
class CountingWorld extends TickingWorld {
  constructor(
    offset = 0,
    private drawn = 0,
  ) {
    super(offset);
  }

  entropy(sizeBytes: number): Uint8Array {
    return Uint8Array.from({ length: sizeBytes }, () => ++this.drawn & 0xff);
  }
  clone(): CountingWorld {
    return new CountingWorld(this.offset, this.drawn);
  }
}

/** A machine in a world, with all its inputs and outputs. */
class Life {
  readonly entries: Entry[] = [];
  readonly outputs: Output[] = [];
  readonly vmm: Vmm;
  private readonly live: LiveDoors;

  constructor(
    readonly world: CountingWorld,
    private typed: Uint8Array,
    snapshot?: Snapshot,
  ) {
    this.live = new LiveDoors(world);
    this.vmm = kernelVmm(new RecordingDoors(this.live, (entry) => this.entries.push(entry)));
    if (snapshot) restoreSnapshot(this.vmm.machine, snapshot);
    this.live.type(typed.subarray(this.vmm.machine.consoleReceived));
  }

  go({ steps, keys, ticks }: Slice): Pause {
    const data = new TextEncoder().encode(keys);
    this.typed = Uint8Array.of(...this.typed, ...data);
    this.live.type(data);
    this.world.advance(ticks);
    const pause = this.vmm.run(steps);
    this.outputs.push(...this.vmm.machine.takeOutputs());
    return pause;
  }

  /** The same machine, restored from a file, in the same world. */
  copy(): Life {
    const file = encodeSnapshot(takeSnapshot(this.vmm.machine));
    return new Life(this.world.clone(), this.typed, decodeSnapshot(file, 'x.vm'));
  }

  get console(): string {
    return this.outputs
      .map((output) => (output.kind === 'console' ? new TextDecoder().decode(output.data) : '?'))
      .join('');
  }
}

interface Slice {
  steps: number;
  keys: string;
  ticks: number;
  /** The position at which a copy is made. */
  copies: boolean;
}
const slice: fc.Arbitrary<Slice> = fc.record({
  steps: fc.integer({ min: 1, max: 700 }),
  keys: fc.oneof(
    { arbitrary: fc.constant(''), weight: 3 },
    fc.constantFrom('a', 'bc', 'typed', 'x'.repeat(30)),
  ),
  ticks: fc.oneof({ arbitrary: fc.constant(0), weight: 3 }, fc.nat(1000)),
  copies: fc.boolean(),
});

const bytesOf = (entries: Entry[]): string => Buffer.from(encode(entryList, entries)).toString('hex');

const lastly: Slice = { steps: 100_000, keys: '!', ticks: 0, copies: false };

test('the kernel exercises all that it is made for', () => {
  const life = new Life(new CountingWorld(), new Uint8Array(0));
  for (let i = 0; i < 20; i++) life.go({ steps: 1000, keys: i % 3 ? '' : 'ping', ticks: 0, copies: false });
  expect(life.go(lastly)).toBe('off');
  expect(life.vmm.machine.power.code).toBe(0);
  const { console } = life;
  // Ticks, faults that map the page and make it writable, calls of the program, and echoes.
  for (const [what, least] of [
    ['.', 20],
    ['m', 6],
    ['d', 6],
    ['A', 1],
    ['p', 7],
  ] as const)
    expect(console.split(what).length - 1, what).toBeGreaterThanOrEqual(least);
  expect(new Set(life.entries.map(({ kind }) => kind))).toEqual(new Set(['clock', 'timer', 'console']));
});

test('a copy made at any position behaves like its original', () => {
  let made = 0;
  const run = fc.array(slice, { minLength: 10, maxLength: 40 });
  fc.assert(
    fc.property(run, (slices) => {
      const life = new Life(new CountingWorld(), new Uint8Array(0));
      const copies: { life: Life; entries: number; outputs: number }[] = [];
      for (const one of [...slices, lastly]) {
        if (one.copies && copies.length < 6)
          copies.push({ life: life.copy(), entries: life.entries.length, outputs: life.console.length });
        const pause = life.go(one);
        const { icount, machine } = life.vmm;
        for (const copy of copies) {
          const { vmm } = copy.life;
          expect([copy.life.go(one), vmm.icount, vmm.machine.hash()]).toEqual([
            pause,
            icount,
            machine.hash(),
          ]);
        }
      }
      expect(life.vmm.machine.power.off).toBe(true);
      const end = takeSnapshot(life.vmm.machine);
      for (const { life: copy, entries, outputs } of copies) {
        expect(bytesOf(copy.entries)).toEqual(bytesOf(life.entries.slice(entries)));
        expect(copy.console).toBe(life.console.slice(outputs));
        expect(compareSnapshots(takeSnapshot(copy.vmm.machine), end)).toMatchObject({ equal: true });
      }
      made += copies.length;
    }),
    { numRuns: RUNS, seed: 4 },
  );
  expect(made).toBeGreaterThan(2 * RUNS);
});

test('a replay that is repeatedly moved to a fresh machine comes to the same end', () => {
  const life = new Life(new CountingWorld(), new Uint8Array(0));
  for (let i = 0; i < 15; i++) life.go({ steps: 500, keys: i % 4 ? '' : 'ab', ticks: 0, copies: false });
  expect(life.go(lastly)).toBe('off');
  const { icount, machine } = life.vmm;
  fc.assert(
    fc.property(
      fc.array(fc.integer({ min: 0, max: icount }), { minLength: 1, maxLength: 8 }),
      (positions) => {
        const doors = new ReplayDoors();
        for (const entry of life.entries) doors.append(entry);
        doors.append({ kind: 'control', icount, action: 'end', value: 0 });
        let vmm = kernelVmm(doors);
        let console = '';
        const go = (steps: number) => {
          vmm.run(steps);
          for (const output of vmm.machine.takeOutputs())
            if (output.kind === 'console') console += new TextDecoder().decode(output.data);
        };
        for (const position of [...positions].sort((a, b) => a - b)) {
          go(position - vmm.icount);
          expect(vmm.icount).toBe(position);
          const snapshot = takeSnapshot(vmm.machine);
          vmm = kernelVmm(doors);
          restoreSnapshot(vmm.machine, snapshot);
        }
        go(1_000_000);
        expect([vmm.icount, vmm.machine.hash(true)]).toEqual([icount, machine.hash(true)]);
        expect(console).toBe(life.console);
      },
    ),
    { numRuns: RUNS, seed: 4 },
  );
});
