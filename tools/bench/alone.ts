/**
 * A single machine in an environment of negligible cost: time follows the steps, disk operations complete at once, and
 * frames come back.
 */
import type { Execution } from '../../src/cpu/engine.ts';
import { SECTOR_BYTES } from '../../src/devices/device.ts';
import { Timeline } from '../../src/replay/timeline.ts';
import { type MachineDescription, sectorsOf } from '../../src/vmm/description.ts';
import { type Doors, type Environment, LiveDoors, RecordingDoors } from '../../src/vmm/doors.ts';
import type { Entry } from '../../src/vmm/entries.ts';
import { Machine } from '../../src/vmm/machine.ts';
import { Vmm } from '../../src/vmm/vmm.ts';

const STEPS_PER_TICK = 10;
/** The machine runs in slices, as on a host: 10 ms. */
const SLICE_STEPS = 1_000_000;

class SteppingWorld implements Environment {
  /** Time that has passed while the guest waited. */
  waitedTicks = 0;
  clock(icount: number): number {
    return Math.floor(icount / STEPS_PER_TICK) + this.waitedTicks;
  }
  icountAt(ticks: number): number {
    return (ticks - this.waitedTicks) * STEPS_PER_TICK;
  }
  entropy(sizeBytes: number): Uint8Array {
    return new Uint8Array(sizeBytes).fill(7);
  }
}

/** A run, executed a slice at a time, and its result. */
export type Slices<Result> = Generator<void, Result, void>;

export interface AloneOptions {
  execution?: Execution;
  /** Gets every log entry. */
  note?: (entry: Entry) => void;
  /** Stops when the console output contains this. */
  until?: string | undefined;
  maxSteps?: number;
  /** The content of the disk; zeros by default. */
  disk?: Uint8Array;
}

/** Runs a guest; returns the number of steps. */
export function* alone(description: MachineDescription, options: AloneOptions = {}): Slices<number> {
  const world = new SteppingWorld();
  const live = new LiveDoors(world);
  const doors: Doors = options.note ? new RecordingDoors(live, options.note) : live;
  const vmm = new Vmm(description, doors, new Machine(description, doors, options.execution));
  const disk = options.disk ?? new Uint8Array(sectorsOf(description) * SECTOR_BYTES);
  let console = '';
  for (;;) {
    const pause = vmm.run(SLICE_STEPS);
    let answered = false;
    for (const output of vmm.machine.takeOutputs()) {
      if (output.kind === 'console') console += new TextDecoder('latin1').decode(output.data);
      if (output.kind === 'console') continue;
      answered = true;
      if (output.kind === 'frame') {
        live.frame(output.frame);
        continue;
      }
      const { request } = output;
      let data = new Uint8Array(0);
      if (request.operation === 'write') disk.set(request.data, request.sector * SECTOR_BYTES);
      if (request.operation === 'read')
        data = disk.slice(request.sector * SECTOR_BYTES, request.sector * SECTOR_BYTES + request.sizeBytes);
      live.completed({ id: output.first, status: 0, data });
    }
    yield;
    const { code } = vmm.machine.power;
    if (code !== 0) throw new Error(`the guest has ended with exit code ${code}`);
    if (pause === 'off' || vmm.icount >= (options.maxSteps ?? Number.MAX_SAFE_INTEGER)) break;
    if (options.until !== undefined && console.includes(options.until)) break;
    if (pause !== 'waiting' || answered) continue;
    const deadline = vmm.machine.timerDeadline;
    if (deadline === undefined || deadline > BigInt(Number.MAX_SAFE_INTEGER))
      throw new Error('the guest waits for something that does not come');
    world.waitedTicks += Math.max(0, Number(deadline) - world.clock(vmm.icount));
  }
  return vmm.icount;
}

/** Runs a recording again, up to a position. */
export function* again(
  description: MachineDescription,
  entries: readonly Entry[],
  steps: number,
): Slices<number> {
  const timeline = new Timeline(description, entries, { end: steps, passed: () => {} });
  yield* timeline.slices(steps, SLICE_STEPS);
  return timeline.icount;
}

/** Executes a run to its end. */
export function whole(run: Slices<number>): { steps: number; seconds: number } {
  const start = performance.now();
  for (;;) {
    const { done, value } = run.next();
    if (done) return { steps: value, seconds: (performance.now() - start) / 1000 };
  }
}

/** The duration of a turn; at least one slice. */
const TURN_MS = 2;

/**
 * Executes runs in short turns, and returns the seconds that each took: other load on the host slows all of them down
 * equally.
 */
export function byTurns<Name extends string>(runs: Record<Name, Slices<number>>): Record<Name, number> {
  const names = Object.keys(runs) as Name[];
  const seconds = Object.fromEntries(names.map((name) => [name, 0])) as Record<Name, number>;
  let open = names;
  while (open.length > 0)
    // In alternating order, so that none always follows the same one.
    open = open.toReversed().filter((name) => {
      const start = performance.now();
      for (;;) {
        const { done } = runs[name].next();
        const elapsed = performance.now() - start;
        if (!done && elapsed < TURN_MS) continue;
        seconds[name] += elapsed / 1000;
        return !done;
      }
    });
  return seconds;
}
