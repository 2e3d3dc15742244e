/** `vmft replay`: replays a recording. */
import { setImmediate } from 'node:timers/promises';
import { OperatingError } from '../base/errors.ts';
import { LogReader } from '../replay/log-file.ts';
import { Timeline } from '../replay/timeline.ts';
import { styled } from '../report/styled-text.ts';
import { Divergence } from '../vmm/doors.ts';
import type { Output } from '../vmm/outputs.ts';
import type { EngineOptions } from './engine.ts';
import { EXIT_CODE } from './exit-codes.ts';
import { readBytes } from './files.ts';
import { replayRestoring } from './restoring.ts';
import { painterFor } from './terminal/paint.ts';

export interface ReplayOptions extends EngineOptions {
  json?: boolean;
  quiet?: boolean;
  /** How often a second machine is saved and restored. */
  restore?: number;
}

/** Replays the valid part of a log; returns the exit code. @throws {OperatingError} at the end when the log is damaged */
export async function replay(path: string, { json, quiet, restore, engine }: ReplayOptions): Promise<number> {
  const recording = new LogReader(readBytes(path), path);
  if (restore !== undefined) return await replayRestoring(recording, restore, { engine });
  const { description } = recording;
  const parts: Uint8Array[] = [];
  const made = (output: Output) => {
    if (output.kind !== 'console') return;
    if (json) parts.push(output.data);
    else process.stdout.write(output.data);
  };
  const timeline = new Timeline(description, recording, { made, execution: { engine } });
  try {
    for (const _ of timeline.slices()) await setImmediate();
  } catch (error) {
    if (!(error instanceof Divergence)) throw error;
    process.stderr.write(
      `${path}: the replay diverges ${error.message}; it was recorded by another machine or another vmft\n`,
    );
    return EXIT_CODE.diverged;
  }
  const { machine, icount } = timeline;
  const hash = machine.hash().toString(16).padStart(16, '0');
  const { damage, count } = recording;
  if (damage)
    throw new OperatingError(
      `${damage.message}; replayed up to there (icount ${icount}, state hash ${hash})`,
    );
  if (json)
    process.stdout.write(
      `${JSON.stringify({ program: description.program, steps: icount, exitCode: machine.power.off ? machine.power.code : null, stateHash: hash, entries: count, console: Buffer.concat(parts).toString() }, null, 2)}\n`,
    );
  else if (!quiet)
    process.stderr.write(
      `${painterFor(process.stderr)([
        styled('good', 'replayed'),
        ` ${description.program}: ${icount} steps, ${count} entries, state hash ${hash}, as recorded`,
      ])}\n`,
    );
  return machine.power.off && machine.power.code !== 0 ? machine.power.code & 0xff || 1 : 0;
}
