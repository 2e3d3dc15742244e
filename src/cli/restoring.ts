/** `vmft replay --restore`: a recording, run on a machine that is saved and restored on its way. */
import { setImmediate } from 'node:timers/promises';
import type { MachineDescription } from '../vmm/description.ts';
import { ReplayDoors } from '../vmm/doors.ts';
import type { Entry } from '../vmm/entries.ts';
import {
  compareSnapshots,
  decodeSnapshot,
  encodeSnapshot,
  restoreSnapshot,
  takeSnapshot,
} from '../vmm/snapshot.ts';
import { Vmm, verifyMarker } from '../vmm/vmm.ts';
import { EXIT_CODE } from './report.ts';

const STEPS_AT_ONCE = 20_000_000;

/** A machine that replays entries, from the beginning or with another's doors. */
function replaying(
  description: MachineDescription,
  entries: readonly Entry[],
): { vmm: Vmm; doors: ReplayDoors } {
  const doors = new ReplayDoors(verifyMarker);
  for (const entry of entries) doors.append(entry);
  return { vmm: new Vmm(description, doors), doors };
}

async function runTo(vmm: Vmm, icount: number): Promise<void> {
  while (vmm.icount < icount && vmm.run(Math.min(STEPS_AT_ONCE, icount - vmm.icount)) === 'budget') {
    vmm.machine.takeOutputs();
    await setImmediate();
  }
}

/**
 * Replays on two machines. One goes through; the other is written to a file and restored into a fresh machine at so many positions
 * on the way. At each, and at the end, both are compared: registers, devices, memory and hash.
 */
export async function replayRestoring(
  description: MachineDescription,
  entries: readonly Entry[],
  times: number,
): Promise<number> {
  const end = entries.at(-1)?.icount ?? 0;
  const through = replaying(description, entries);
  const restored = replaying(description, entries);
  for (let count = 1; count <= times + 1; count++) {
    const icount = Math.floor((end * count) / (times + 1));
    await runTo(through.vmm, icount);
    await runTo(restored.vmm, icount);
    const [a, b] = [through.vmm.machine, restored.vmm.machine].map(takeSnapshot);
    const { equal, registers, devices, pages } = compareSnapshots(a!, b!);
    const hashes = [through, restored].map(({ vmm }) =>
      vmm.machine.hash(true).toString(16).padStart(16, '0'),
    );
    const same = equal && hashes[0] === hashes[1];
    process.stdout.write(
      `${icount}  ${hashes.join(same ? ' = ' : ' ≠ ')}  ${registers.length} registers, ${Object.keys(a!.state.devices).length} devices, ${a!.pages.length} pages in use: ${same ? 'equal' : 'DIFFERENT'}\n`,
    );
    if (!same) {
      const names = registers.filter((one) => !one.equal).map(({ name }) => name);
      process.stdout.write(`${[...names, ...devices, `${pages.length} pages`].join(', ')}\n`);
      return EXIT_CODE.diverged;
    }
    if (count > times) break;
    restored.vmm = new Vmm(description, restored.doors);
    restoreSnapshot(restored.vmm.machine, decodeSnapshot(encodeSnapshot(b!), 'the machine on its way'));
  }
  return 0;
}
