/** A machine on its own, in a world that costs next to nothing: time goes with the steps, and the disk answers at once. */
import { SECTOR_BYTES } from '../src/devices/device.ts';
import { type Doors, LiveDoors, RecordingDoors, ReplayDoors, type World } from '../src/vmm/doors.ts';
import type { Entry } from '../src/vmm/entries.ts';
import type { MachineDescription } from '../src/vmm/machine.ts';
import { Vmm } from '../src/vmm/vmm.ts';

const STEPS_PER_TICK = 10;
/** The machine runs in slices, as on a host: 10 ms. */
const SLICE_STEPS = 1_000_000;

class SteppingWorld implements World {
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

export interface Ran {
  steps: number;
  seconds: number;
  console: string;
}

export interface AloneOptions {
  /** Told of everything that came through the doors. */
  note?: (entry: Entry) => void;
  /** After every slice. */
  sliced?: () => void;
  /** Stops when the console has shown this. */
  until?: string | undefined;
  maxSteps?: number;
}

/** Runs a guest on the world. */
export function runAlone(description: MachineDescription, options: AloneOptions = {}): Ran {
  const start = performance.now();
  const world = new SteppingWorld();
  const live = new LiveDoors(world);
  const doors: Doors = options.note ? new RecordingDoors(live, options.note) : live;
  const vmm = new Vmm(description, doors);
  const disk = new Uint8Array(description.diskSectors * SECTOR_BYTES);
  let console = '';
  for (;;) {
    const pause = vmm.run(SLICE_STEPS);
    let answered = false;
    for (const output of vmm.machine.takeOutputs()) {
      if (output.kind === 'console') console += new TextDecoder('latin1').decode(output.data);
      if (output.kind !== 'disk') continue;
      answered = true;
      const { request } = output;
      let data = new Uint8Array(0);
      if (request.operation === 'write') disk.set(request.data, request.sector * SECTOR_BYTES);
      if (request.operation === 'read')
        data = disk.slice(request.sector * SECTOR_BYTES, request.sector * SECTOR_BYTES + request.sizeBytes);
      live.completed({ id: output.first, status: 0, data });
    }
    options.sliced?.();
    if (pause === 'off' || vmm.icount >= (options.maxSteps ?? Number.MAX_SAFE_INTEGER)) break;
    if (options.until !== undefined && console.includes(options.until)) break;
    if (pause !== 'waiting' || answered) continue;
    const deadline = vmm.machine.timerDeadline;
    if (deadline === undefined || deadline > BigInt(Number.MAX_SAFE_INTEGER))
      throw new Error('the guest waits for something that does not come');
    world.waitedTicks += Math.max(0, Number(deadline) - world.clock(vmm.icount));
  }
  return { steps: vmm.icount, seconds: (performance.now() - start) / 1000, console };
}

/** Runs a recording again. */
export function runAgain(description: MachineDescription, entries: readonly Entry[], steps: number): number {
  const start = performance.now();
  const doors = new ReplayDoors();
  for (const entry of entries) doors.append(entry);
  doors.append({ kind: 'horizon', icount: steps });
  const vmm = new Vmm(description, doors);
  while (vmm.icount < steps && !vmm.machine.power.off) {
    vmm.run(SLICE_STEPS);
    vmm.machine.takeOutputs();
  }
  return (performance.now() - start) / 1000;
}
