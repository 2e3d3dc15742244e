/** `vmft replay`: replays a recording. */
import { setImmediate } from 'node:timers/promises';
import { OperatingError } from '../base/errors.ts';
import { DebugSession } from '../debug/session.ts';
import type { LogReader } from '../replay/log-file.ts';
import { Timeline } from '../replay/timeline.ts';
import { ConsoleText } from '../report/console-text.ts';
import { replayDivergesText } from '../report/divergence.ts';
import { line, styled } from '../report/styled-text.ts';
import type { Naming } from '../symbols/naming.ts';
import { Divergence } from '../vmm/doors.ts';
import type { Output } from '../vmm/outputs.ts';
import { knownSnapshots } from './debugging/index-recording.ts';
import type { SymbolOptions } from './debugging/options.ts';
import { goTo, type Position } from './debugging/position.ts';
import { watchReplay } from './debugging/stuck.ts';
import { readNaming } from './debugging/symbols.ts';
import type { EngineOptions } from './engine.ts';
import { EXIT_CODE, exitCodeOf } from './exit-codes.ts';
import { openRecording } from './open-recording.ts';
import { replayRestoring } from './restoring.ts';
import { painterFor } from './terminal/paint.ts';

/** The options of `vmft replay`. */
export interface ReplayOptions extends EngineOptions, SymbolOptions {
  json?: boolean;
  quiet?: boolean;
  /** How often a second machine is saved and restored. */
  restore?: number;
  /** The part of the recording whose console output is printed. */
  from?: Position;
  to?: Position;
}

/** Memory for snapshots on the way to where printing begins: for the last ones before it. */
const SNAPSHOT_BYTES = 1 << 26;

/**
 * Replays the valid part of a log; returns the exit code.
 * @throws {OperatingError} at the end when the log is damaged
 */
export async function replay(path: string, options: ReplayOptions): Promise<number> {
  const { restore, engine } = options;
  const recording = openRecording(path);
  const naming = readNaming(options.symbols);
  try {
    if (restore !== undefined) return await replayRestoring(recording, restore, { engine });
    return await replayPrinting(recording, path, { ...options, naming });
  } catch (error) {
    if (!(error instanceof Divergence)) throw error;
    process.stderr.write(`${replayDivergesText(path, error, naming)}\n`);
    return EXIT_CODE.diverged;
  }
}

/** Replays and prints the console output, and at the end the result. @throws {Divergence} @throws {OperatingError} */
async function replayPrinting(
  recording: LogReader,
  path: string,
  { json, quiet, engine, naming, from, to = { at: 'end' } }: ReplayOptions & { naming: Naming },
): Promise<number> {
  const { description } = recording;
  const console = new ConsoleText();
  /** The outputs up to this number come before what is printed, and the guest may make them again. */
  let before = from ? Number.POSITIVE_INFINITY : 0;
  const made = (output: Output) => {
    if (output.kind !== 'console') return;
    const data = output.data.subarray(Math.max(0, before + 1 - output.first));
    if (json) console.add(data);
    else process.stdout.write(data);
  };
  // Without a place to begin at, nothing is left out: then no snapshot is needed.
  const snapshots = from && {
    snapshotBytes: SNAPSHOT_BYTES,
    knownSnapshots: knownSnapshots(path, recording),
  };
  const paint = painterFor(process.stderr);
  const ran = watchReplay(naming, (text) => {
    if (!quiet) process.stderr.write(`${paint(line('warning', text))}\n`);
  });
  const timeline = new Timeline(description, recording, { made, ran, execution: { engine }, ...snapshots });
  const session = new DebugSession(timeline);
  if (from) for (const _ of goTo(session, from)) await setImmediate();
  before = timeline.machine.outputsMade;
  const start = timeline.icount;
  for (const _ of goTo(session, to)) await setImmediate();
  if (timeline.icount < start) throw new OperatingError('--to is before --from; exchange them');
  const { machine, icount, consumed } = timeline;
  const hash = machine.hash().toString(16).padStart(16, '0');
  const isEnd = to.at === 'end';
  const { damage } = recording;
  const count = isEnd ? recording.count : consumed;
  if (damage && isEnd)
    throw new OperatingError(
      `${damage.message}; replayed up to there (icount ${icount}, state hash ${hash})`,
    );
  const { off, code } = machine.power;
  if (json) {
    const facts = {
      program: description.program,
      steps: icount,
      exitCode: off ? code : null,
      stateHash: hash,
      entries: count,
      console: console.text,
      consoleTruncated: console.isCut,
    };
    process.stdout.write(`${JSON.stringify(facts, null, 2)}\n`);
  } else if (!quiet)
    process.stderr.write(
      `${paint([
        styled('good', 'replayed'),
        ` ${description.program}: ${icount} steps, ${count} entries, state hash ${hash}${isEnd ? ', as recorded' : ''}`,
      ])}\n`,
    );
  return off ? exitCodeOf(code) : 0;
}
