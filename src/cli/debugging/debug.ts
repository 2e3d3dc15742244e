/** `vmft debug`: a recording, or a run that goes on, under gdb. */

import { closeSync, existsSync, openSync, readSync, statSync } from 'node:fs';
import { OperatingError } from '../../base/errors.ts';
import { DebugSession } from '../../debug/session.ts';
import { addressText, parseAddress } from '../../host/address.ts';
import { GrowingRecording } from '../../replay/growing.ts';
import { isRecording } from '../../replay/log-file.ts';
import { Timeline } from '../../replay/timeline.ts';
import { shellText } from '../../report/shell-text.ts';
import { Story } from '../../report/story.ts';
import type { Line } from '../../report/styled-text.ts';
import { Simulation } from '../../sim/cluster/cluster.ts';
import { mustSuit } from '../../sim/spec/spec.ts';
import type { Output } from '../../vmm/outputs.ts';
import { FileSpool } from '../evidence.ts';
import { endingSignal } from '../interruption.ts';
import { openRecording } from '../open-recording.ts';
import type { RunOptions } from '../options.ts';
import { programPath, readGuest } from '../program.ts';
import { consoleInput } from '../run.ts';
import { specOf } from '../spec-options.ts';
import { debugging } from '../step-log.ts';
import { painterFor } from '../terminal/paint.ts';
import { GdbSocket } from './gdb-socket.ts';
import { knownSnapshots } from './index-recording.ts';
import { SimulatedRun } from './live-run.ts';
import { watchReplay } from './stuck.ts';
import { guestNaming, readNaming } from './symbols.ts';

/** The options of `vmft debug`: those of `vmft run` are for a program. */
export interface DebugOptions extends RunOptions {
  /** Where gdb connects: `ADDRESS:PORT`. */
  listen: string;
  /** A recording is still written: wait at its end for more. */
  follow?: boolean;
}

/** What is debugged. */
interface Debugged {
  session: DebugSession;
  /** Lines for the user, before gdb connects. */
  about: string;
  /** How else to change something at a position. */
  insteadOfChange(icount: number): string;
  close(): void;
}

/** Memory for snapshots. */
const SNAPSHOT_BYTES = 1 << 29;

/**
 * Serves gdb until it kills the guest, or a signal ends the command.
 * @throws {OperatingError} for wrong options or files, or when the address is taken
 */
export async function debug(path: string | undefined, options: DebugOptions): Promise<void> {
  const { listen, quiet } = options;
  const paint = painterFor(process.stderr);
  const say = (line: Line | string) => {
    if (!quiet) process.stderr.write(`${paint(typeof line === 'string' ? [line] : line)}\n`);
  };
  const address = parseAddress(listen, '--listen');
  const isRecorded = path !== undefined && isRecordingFile(path);
  if (options.follow && !isRecorded)
    throw new OperatingError(
      '--follow is for a recording that is still written; a program goes on as gdb asks: leave it out',
    );
  const { session, about, insteadOfChange, close } = isRecorded
    ? recorded(path, options, say)
    : await live(path, options, say);
  try {
    await serve(new GdbSocket({ session, listen: address, insteadOfChange, say }), about, say);
  } finally {
    close();
  }
}

async function serve(socket: GdbSocket, about: string, say: (line: string) => void): Promise<void> {
  const bound = await socket.listen();
  say(about);
  say(`gdb connects with: target remote ${addressText(bound)}`);
  await Promise.race([socket.killed, endingSignal()]);
  socket.close();
}

function isRecordingFile(path: string): boolean {
  if (!existsSync(path) || !statSync(path).isFile()) return false;
  const file = openSync(path, 'r');
  try {
    const head = new Uint8Array(16);
    return isRecording(head.subarray(0, readSync(file, head)));
  } finally {
    closeSync(file);
  }
}

/** How a debugged machine is replayed. */
const timelineOptions = ({ engine }: DebugOptions) => ({
  made: printOnce(),
  execution: { engine },
  snapshotBytes: SNAPSHOT_BYTES,
  nowMs: () => performance.now(),
});

/** Prints each console byte once, however often the guest goes back. */
function printOnce(): (output: Output) => void {
  let printed = 0;
  return (output) => {
    if (output.kind !== 'console') return;
    const fresh = output.data.subarray(Math.max(0, printed + 1 - output.first));
    if (fresh.length > 0) process.stdout.write(fresh);
    printed = Math.max(printed, output.first + output.data.length - 1);
  };
}

function recorded(path: string, options: DebugOptions, say: (line: string) => void): Debugged {
  const recording = openRecording(path);
  let end = 0;
  for (const { icount } of recording) end = icount;
  if (recording.damage && !options.follow)
    process.stderr.write(`vmft: warning: ${recording.damage.message}\n`);
  const { description, count } = recording;
  const timeline = new Timeline(description, recording, {
    ...timelineOptions(options),
    ran: watchReplay(readNaming(options.symbols), say),
    knownSnapshots: knownSnapshots(path, recording),
  });
  const survivorAt = (icount: number) =>
    say(`another machine goes on: from step ${icount} or later the recording is another one`);
  const growing = options.follow ? new GrowingRecording(recording, timeline, survivorAt) : undefined;
  return {
    session: new DebugSession(timeline, growing),
    about: `${description.program}: ${end} steps, ${count} entries; it stands at step 0`,
    insteadOfChange: (icount) =>
      recording.origin
        ? `to go on from here with other faults or other input: ${shellText(['fork', path, '--at', `icount=${icount}`])}`
        : 'a simulated run that is recorded with `vmft run --record` can go on with other faults or other input: `vmft fork`',
    close: () => {},
  };
}

async function live(
  program: string | undefined,
  options: DebugOptions,
  say: (line: Line | string) => void,
): Promise<Debugged> {
  const path = programPath(program, options);
  const spec = specOf(options);
  const guest = readGuest(program, options);
  mustSuit(spec, guest.description.memorySizeBytes);
  const attended = options.input === undefined && process.stdin.isTTY;
  const input = attended ? new Uint8Array(0) : await consoleInput(path, options);
  const story = new Story('turns', undefined, undefined, guestNaming(program, options));
  const simulation: Simulation = new Simulation({
    spec,
    ...guest,
    execution: { engine: options.engine },
    input,
    ...(options.typeAfter !== undefined && { typeAfter: options.typeAfter }),
    attended,
    evidence: { histories: new FileSpool() },
    ...debugging(),
    // The debugged machine makes the same output, where the debugger is.
    print: () => {},
    onEvent: (event) => {
      story.linesFor(event).forEach(say);
    },
  });
  const run = new SimulatedRun(simulation, timelineOptions(options), (icount) =>
    say(`the survivor goes on from step ${icount}: what came after it did not happen`),
  );
  if (attended) {
    process.stdin.on('data', (typed) => simulation.console.open && simulation.console.typeNow(typed));
    process.stdin.on('end', () => simulation.console.close());
  }
  return {
    session: new DebugSession(run.timeline, run),
    about: `${guest.description.program} stands at step 0, and goes on as gdb says`,
    insteadOfChange: () =>
      'record the run with `vmft run --record`, and `vmft fork` goes on from any position with other faults or other input',
    close: () => process.stdin.pause(),
  };
}
