/** `vmft debug`: a recording under gdb. */
import { DebugSession } from '../../debug/session.ts';
import { addressText, parseAddress } from '../../host/address.ts';
import { LogReader } from '../../replay/log-file.ts';
import { Timeline } from '../../replay/timeline.ts';
import type { Output } from '../../vmm/outputs.ts';
import type { EngineOptions } from '../engine.ts';
import { readBytes } from '../files.ts';
import { endingSignal } from '../interruption.ts';
import { GdbSocket } from './gdb-socket.ts';

/** The options of `vmft debug`. */
export interface DebugOptions extends EngineOptions {
  /** Where gdb connects: `ADDRESS:PORT`. */
  listen: string;
  quiet?: boolean;
}

/** Memory for snapshots. */
const SNAPSHOT_BYTES = 1 << 29;

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

/**
 * Serves gdb until it kills the guest, or a signal ends the command.
 * @throws {OperatingError} when the file is no recording, or the address is taken
 */
export async function debug(path: string, { listen, engine, quiet }: DebugOptions): Promise<void> {
  const say = (line: string) => {
    if (!quiet) process.stderr.write(`${line}\n`);
  };
  const address = parseAddress(listen, '--listen');
  const recording = new LogReader(readBytes(path), path);
  let end = 0;
  for (const { icount } of recording) end = icount;
  if (recording.damage) process.stderr.write(`vmft: warning: ${recording.damage.message}\n`);
  const { description } = recording;
  const timeline = new Timeline(description, recording, {
    made: printOnce(),
    execution: { engine },
    snapshotBytes: SNAPSHOT_BYTES,
    nowMs: () => performance.now(),
  });
  const socket = new GdbSocket({ session: new DebugSession(timeline), listen: address, say });
  const { port, address: bound } = await socket.listen();
  say(`${description.program}: ${end} steps, ${recording.count} entries; it stands at step 0`);
  say(`gdb connects with: target remote ${addressText({ address: bound, port })}`);
  await Promise.race([socket.killed, endingSignal()]);
  socket.close();
}
