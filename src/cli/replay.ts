/** `vmft replay`: a recording, run again. */
import { setImmediate } from 'node:timers/promises';
import { OperatingError } from '../base/errors.ts';
import { Divergence, ReplayDoors } from '../vmm/doors.ts';
import { LogReader } from '../vmm/log.ts';
import { Vmm, verifyMarker } from '../vmm/vmm.ts';
import { readBytes } from './files.ts';
import { EXIT_CODE } from './report.ts';
import { replayRestoring } from './restoring.ts';
import { colourFor } from './terminal/abilities.ts';

const STEPS_AT_ONCE = 20_000_000;

export interface ReplayOptions {
  json?: boolean;
  quiet?: boolean;
  /** How often a second machine is exchanged for a fresh one, made from its file. */
  restore?: number;
}

/** Replays all that is good in a log. @throws {OperatingError} at the end when that was not all of it. */
export async function replay(path: string, { json, quiet, restore }: ReplayOptions): Promise<number> {
  const recording = new LogReader(readBytes(path), path);
  if (restore !== undefined) return await replayRestoring(recording, restore);
  const { description } = recording;
  const doors = new ReplayDoors(verifyMarker);
  doors.follow(recording);
  const vmm = new Vmm(description, doors);
  const parts: Uint8Array[] = [];
  const flush = () => {
    for (const output of vmm.machine.takeOutputs()) {
      if (output.kind !== 'console') continue;
      if (json) parts.push(output.data);
      else process.stdout.write(output.data);
    }
  };
  try {
    while (vmm.run(STEPS_AT_ONCE) === 'budget') {
      flush();
      await setImmediate();
    }
    flush();
  } catch (error) {
    if (!(error instanceof Divergence)) throw error;
    flush();
    process.stderr.write(
      `${path}: the replay diverges ${error.message}; it was recorded by another machine or another vmft\n`,
    );
    return EXIT_CODE.diverged;
  }
  const { machine } = vmm;
  const hash = machine.hash().toString(16).padStart(16, '0');
  const { damage, count } = recording;
  if (damage)
    throw new OperatingError(
      `${damage.message}; replayed up to there (icount ${vmm.icount}, state hash ${hash})`,
    );
  if (json)
    process.stdout.write(
      `${JSON.stringify({ program: description.program, steps: vmm.icount, exitCode: machine.power.off ? machine.power.code : null, stateHash: hash, entries: count, console: Buffer.concat(parts).toString() }, null, 2)}\n`,
    );
  else if (!quiet)
    process.stderr.write(
      `${colourFor(process.stderr).green('replayed')} ${description.program}: ${vmm.icount} steps, ${count} entries, state hash ${hash}, as recorded\n`,
    );
  return machine.power.off && machine.power.code !== 0 ? machine.power.code & 0xff || 1 : 0;
}
