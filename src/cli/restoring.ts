/** `vmft replay --restore`: replays a recording on a machine that is saved and restored in between. */
import { setImmediate } from 'node:timers/promises';
import { OperatingError } from '../base/errors.ts';
import type { Execution } from '../cpu/engine.ts';
import type { LogReader } from '../replay/log-file.ts';
import { Timeline } from '../replay/timeline.ts';
import { ReplayDoors } from '../vmm/doors.ts';
import { Machine } from '../vmm/machine.ts';
import {
  compareSnapshots,
  decodeSnapshot,
  encodeSnapshot,
  restoreSnapshot,
  takeSnapshot,
} from '../vmm/snapshot.ts';
import { EXIT_CODE } from './exit-codes.ts';

/** The position at which a recording ends. @throws {OperatingError} when it is damaged */
function endOf(recording: LogReader): number {
  let icount = 0;
  for (const entry of recording) icount = entry.icount;
  if (recording.damage) throw new OperatingError(recording.damage.message);
  return icount;
}

async function goTo(timeline: Timeline, icount: number): Promise<void> {
  for (const _ of timeline.slices(icount)) await setImmediate();
}

/**
 * Replays on two machines; one of them is encoded and restored into a fresh machine at `times` positions. At each
 * position and at the end, compares both: registers, devices, memory and hash. Returns the exit code.
 * @throws {OperatingError} when the recording is damaged or too short
 */
export async function replayRestoring(
  recording: LogReader,
  times: number,
  execution: Execution,
): Promise<number> {
  const end = endOf(recording);
  if (times > end)
    throw new OperatingError(
      `--restore ${times}: the recording has only ${end} steps; give a number up to that`,
    );
  const { description } = recording;
  const through = new Timeline(description, recording, { execution });
  const restored = new Timeline(description, recording, { execution });
  for (let count = 1; count <= times + 1; count++) {
    const icount = Math.floor((end * count) / (times + 1));
    await goTo(through, icount);
    await goTo(restored, icount);
    const [a, b] = [through.machine, restored.machine].map(takeSnapshot);
    const { equal, registers, devices, pages } = compareSnapshots(a!, b!);
    const hashes = [through, restored].map(({ machine }) =>
      machine.hash(true).toString(16).padStart(16, '0'),
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
    const machine = new Machine(description, new ReplayDoors(), execution);
    restoreSnapshot(machine, decodeSnapshot(encodeSnapshot(b!), 'the saved machine'));
    restored.continueOn(machine);
  }
  return 0;
}
