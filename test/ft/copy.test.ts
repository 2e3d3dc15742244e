import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Random } from '../../src/base/random.ts';
import { PAGE_BYTES, RAM_BASE } from '../../src/cpu/layout.ts';
import { ChangedPages } from '../../src/ft/changed-pages.ts';
import { CopyReceiver, CopySender } from '../../src/ft/copy.ts';
import { LiveDoors, RecordingDoors, ReplayDoors } from '../../src/vmm/doors.ts';
import type { Entry } from '../../src/vmm/entries.ts';
import { Vmm, verifyMarker } from '../../src/vmm/vmm.ts';
import { examples } from '../thorough.ts';
import { chattyGuest, machineOf } from './guest.ts';
import { FakeWorld } from './world.ts';

const description = machineOf(chattyGuest);

/** A live machine that gets keys and resets while it runs. */
class LiveMachine {
  private readonly random: Random;
  private readonly world: FakeWorld;
  private readonly live: LiveDoors;
  readonly entries: Entry[] = [];
  readonly vmm: Vmm;
  readonly pages: ChangedPages;

  constructor(
    seed: string,
    private readonly resets: number,
  ) {
    this.random = new Random(seed);
    this.world = new FakeWorld(seed);
    this.live = new LiveDoors(this.world);
    this.vmm = new Vmm(description, new RecordingDoors(this.live, (entry) => this.entries.push(entry)));
    this.pages = new ChangedPages(this.vmm.machine.hart);
  }

  run(): void {
    const { random, world, live, vmm } = this;
    if (random.chance(this.resets)) live.operate('reset');
    if (random.chance(0.4)) live.type(Uint8Array.of(0x61 + random.below(10)));
    if (vmm.run(1 + random.below(400)) === 'waiting') world.advance(1 + random.below(200));
  }
}

/** Copies a machine while it runs, with messages delayed at random; returns the copy and the number of rounds. */
function copyOf(
  living: LiveMachine,
  seed: string,
  tuning: { copyPages: number; copyWindow: number; stopPages: number },
) {
  const random = new Random(`${seed}/wire`);
  const { machine } = living.vmm;
  const sender = new CopySender('spare', 1, machine, living.pages, tuning);
  const receiver = new CopyReceiver('primary', 1, description);
  const wire: Uint8Array[] = [];
  for (let guard = 0; guard < 10_000; guard++) {
    living.run();
    while (sender.left > 0 && sender.open) {
      const { packed, sizeBytes } = sender.take();
      expect(sizeBytes).toBeLessThanOrEqual(tuning.copyPages * PAGE_BYTES);
      wire.push(packed);
      expect(wire.length).toBeLessThanOrEqual(tuning.copyWindow);
      if (random.chance(0.5)) living.run();
    }
    if (wire.length > 0 && random.chance(0.7)) {
      receiver.pages(wire.shift()!);
      sender.acknowledged();
    }
    if (sender.nextRound() !== 'stop') continue;
    const { delta, pages, sizeBytes } = sender.finish();
    expect(sizeBytes).toBe(pages * PAGE_BYTES);
    return { receiver, whole: receiver.finish(delta, machine.hash()), rounds: sender.round, pages };
  }
  throw new Error('the copy does not come to an end');
}

describe('a machine that runs while it is copied', () => {
  const tunings = fc.record({
    copyPages: fc.integer({ min: 1, max: 4 }),
    copyWindow: fc.integer({ min: 1, max: 3 }),
    stopPages: fc.nat(3),
  });

  test('has a copy that is equal in every bit, and runs on like the original', () => {
    let rounds = 0;
    fc.assert(
      fc.property(fc.nat(), fc.nat(30), fc.constantFrom(0, 0.05), tunings, (seed, before, resets, tuning) => {
        const living = new LiveMachine(`${seed}`, resets);
        for (let slice = 0; slice < before; slice++) living.run();
        const { receiver, whole, rounds: took } = copyOf(living, `${seed}`, tuning);
        rounds = Math.max(rounds, took);
        const { machine } = living.vmm;
        expect(whole).toBe(true);
        expect(receiver.machine.hash()).toBe(machine.hash());
        expect(receiver.machine.hash(true)).toBe(machine.hash(true));

        const doors = new ReplayDoors(verifyMarker);
        const copy = new Vmm(description, doors, receiver.machine);
        living.entries.length = 0;
        for (let slice = 0; slice < 5; slice++) living.run();
        for (const entry of living.entries) doors.append(entry);
        doors.append({ kind: 'progress', icount: machine.icount });
        copy.run(1_000_000);
        expect([copy.icount, copy.machine.hash()]).toEqual([machine.icount, machine.hash()]);
      }),
      {
        numRuns: examples(60),
        // A case with many rounds.
        examples: [[1, 10, 0, { copyPages: 1, copyWindow: 1, stopPages: 0 }]],
      },
    );
    expect(rounds).toBeGreaterThan(3);
  });

  test('is copied correctly after it has cleared its boot image', () => {
    const living = new LiveMachine('wiped', 0);
    const { machine } = living.vmm;
    machine.hart.write(RAM_BASE, new Uint8Array(description.memorySizeBytes));
    const sender = new CopySender('spare', 1, machine, living.pages, {
      copyPages: 9,
      copyWindow: 9,
      stopPages: 9,
    });
    expect([sender.left, sender.nextRound()]).toEqual([0, 'stop']);
    const receiver = new CopyReceiver('primary', 1, description);
    expect(receiver.finish(sender.finish().delta, machine.hash())).toBe(true);
  });

  test('has its copy rejected when a message is missing or the hash differs', () => {
    const living = new LiveMachine('lost', 0);
    for (let slice = 0; slice < 10; slice++) living.run();
    const { machine } = living.vmm;
    const tuning = { copyPages: 1, copyWindow: 100, stopPages: 8 };
    for (const lost of [0, 1, undefined]) {
      const sender = new CopySender('spare', 1, machine, living.pages, tuning);
      const receiver = new CopyReceiver('primary', 1, description);
      for (let index = 0; sender.left > 0; index++) {
        const { packed } = sender.take();
        if (index !== lost) receiver.pages(packed);
        sender.acknowledged();
      }
      expect(sender.nextRound()).toBe('stop');
      expect(receiver.finish(sender.finish().delta, machine.hash())).toBe(lost === undefined);
      if (lost === undefined) expect(receiver.finish(emptyDelta(living), machine.hash() ^ 1n)).toBe(false);
    }
  });

  /** A delta without pages. */
  function emptyDelta(living: LiveMachine): Uint8Array {
    const sender = new CopySender('spare', 2, living.vmm.machine, living.pages, {
      copyPages: 99,
      copyWindow: 1,
      stopPages: 0,
    });
    return sender.finish().delta;
  }

  test('that writes faster than it is copied is slowed down, and finally stopped', () => {
    const { vmm, pages } = new LiveMachine('busy', 0);
    const { hart } = vmm.machine;
    const sender = new CopySender('spare', 1, vmm.machine, pages, {
      copyPages: 1,
      copyWindow: 1,
      stopPages: 2,
    });
    const answers: string[] = [];
    for (let guard = 0; guard < 1000 && answers.at(-1) !== 'stop'; guard++) {
      for (let page = 3; page < 9; page++) hart.write(RAM_BASE + page * PAGE_BYTES, Uint8Array.of(guard + 1));
      if (sender.left > 0) {
        expect(sender.nextRound()).toBeUndefined();
        sender.take();
        expect(sender.open).toBe(false);
        sender.acknowledged();
      }
      const answer = sender.nextRound();
      if (answer) answers.push(answer);
    }
    expect(answers).toHaveLength(30);
    expect(answers.slice(0, 3)).toEqual(['again', 'slower', 'slower']);
    expect(sender.round).toBe(30);
    // The last page sent has not changed since.
    expect(sender.finish().pages).toBe(5);
  });
});

describe('pages that change', () => {
  test('are reported to each listener from its start until it stops', () => {
    const step = fc.oneof(
      { weight: 5, arbitrary: fc.record({ do: fc.constant('write' as const), page: fc.nat(15) }) },
      { weight: 2, arbitrary: fc.record({ do: fc.constantFrom('listen' as const, 'collect' as const) }) },
      {
        weight: 2,
        arbitrary: fc.record({ do: fc.constantFrom('empty' as const, 'stop' as const), which: fc.nat(5) }),
      },
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const { vmm, pages } = new LiveMachine('x', 0);
        const { hart } = vmm.machine;
        const listeners: { heard: Set<number>; model: Set<number>; stopped: boolean }[] = [];
        for (const action of steps) {
          switch (action.do) {
            case 'write':
              hart.write(RAM_BASE + action.page * PAGE_BYTES, Uint8Array.of(1));
              for (const { model, stopped } of listeners) if (!stopped) model.add(action.page);
              break;
            case 'listen':
              listeners.push({ heard: pages.listen(), model: new Set(), stopped: false });
              break;
            case 'collect':
              pages.collect();
              for (const { heard, model } of listeners) expect(heard).toEqual(model);
              break;
            case 'empty':
            case 'stop': {
              const one = listeners[action.which];
              if (!one || one.stopped) break;
              pages.collect();
              if (action.do === 'stop') {
                pages.stop(one.heard);
                one.stopped = true;
              } else {
                one.heard.clear();
                one.model.clear();
              }
            }
          }
        }
        pages.collect();
        for (const { heard, model } of listeners) expect(heard).toEqual(model);
      }),
    );
  });
});
