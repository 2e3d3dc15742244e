import { Random } from '../../src/base/random.ts';
import { Timeline } from '../../src/replay/timeline.ts';
import type { MachineDescription } from '../../src/vmm/description.ts';
import { LiveDoors, RecordingDoors } from '../../src/vmm/doors.ts';
import type { Entry } from '../../src/vmm/entries.ts';
import type { Output } from '../../src/vmm/outputs.ts';
import { type Pause, Vmm, verifyMarker } from '../../src/vmm/vmm.ts';
import { TickingWorld } from '../../tools/testing/ticking-world.ts';

/** A world with random numbers from a seed. */
export class FakeWorld extends TickingWorld {
  private readonly random: Random;

  constructor(seed: string) {
    super();
    this.random = new Random(seed);
  }

  entropy(sizeBytes: number): Uint8Array {
    return this.random.bytes(sizeBytes);
  }
}

export interface Run {
  entries: Entry[];
  console: string;
  icount: number;
  hash: bigint;
  pause: Pause;
}

const textOf = (output: Output): string =>
  output.kind === 'console' ? new TextDecoder().decode(output.data) : '?';
const printed = ({ machine }: Vmm): string => machine.takeOutputs().map(textOf).join('');

/**
 * Runs a guest in a world, in slices of random lengths, typing now and then, and records what came through its doors.
 * `resets`: the probability of a reset before each slice.
 */
export function recordRun(description: MachineDescription, seed: string, typed: string, resets = 0): Run {
  const random = new Random(`${seed}/slices`);
  const world = new FakeWorld(seed);
  const live = new LiveDoors(world);
  const entries: Entry[] = [];
  const vmm = new Vmm(description, new RecordingDoors(live, (entry) => entries.push(entry)));
  const keys = [...new TextEncoder().encode(typed)];
  let console = '';
  let pause: Pause = 'budget';
  for (let slice = 0; slice < 10_000 && pause !== 'off'; slice++) {
    pause = vmm.run(1 + random.below(300));
    console += printed(vmm);
    const { icount, machine } = vmm;
    if (random.chance(0.5)) entries.push({ kind: 'check', icount, hash: machine.hash() });
    if (random.chance(0.3)) entries.push({ kind: 'output', icount, made: machine.outputsMade });
    if (pause === 'waiting') world.advance(1 + random.below(200));
    // The last byte typed ends the guest. A reset soon after may lose it, as on a UART; then the guest ends asleep.
    if (keys.length > 0 && random.chance(resets)) live.operate('reset');
    if (random.chance(0.2)) live.type(Uint8Array.from(keys.splice(0, 1 + random.below(20))));
  }
  const { icount, machine } = vmm;
  const hash = machine.hash();
  entries.push({ kind: 'check', icount, hash }, { kind: 'control', icount, action: 'end', value: 0 });
  return { entries, console, icount, hash, pause };
}

/** Replays entries on a fresh machine, in slices of the given lengths, over and over. @throws {Divergence} */
export function replayRun(
  description: MachineDescription,
  entries: readonly Entry[],
  slices: readonly number[] = [1_000_000],
): Run {
  const passed: Entry[] = [];
  let console = '';
  const timeline = new Timeline(description, entries, {
    passed: (entry, machine) => {
      verifyMarker(entry, machine);
      passed.push(entry);
    },
    made: (output) => {
      console += textOf(output);
    },
  });
  let pause: Pause = 'budget';
  for (let slice = 0; pause === 'budget'; slice++) pause = timeline.run(slices[slice % slices.length]!);
  const { icount, machine } = timeline;
  return { entries: passed, console, icount, hash: machine.hash(), pause };
}
