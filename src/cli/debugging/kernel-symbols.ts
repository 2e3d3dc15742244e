/** `vmft symbols`: the symbols of a Linux kernel, from the table that it carries in its memory. */
import { existsSync, statSync } from 'node:fs';
import { setImmediate } from 'node:timers/promises';
import { OperatingError } from '../../base/errors.ts';
import { grouped } from '../../base/text.ts';
import { MAX_RAM_BYTES, RAM_BASE } from '../../cpu/layout.ts';
import { DebugSession } from '../../debug/session.ts';
import { isRecording, type LogReader } from '../../replay/log-file.ts';
import { Timeline } from '../../replay/timeline.ts';
import { kallsyms } from '../../symbols/kallsyms.ts';
import { symbolFile } from '../../symbols/symbol-file.ts';
import { type NmSymbol, programSymbol, systemMap } from '../../symbols/system-map.ts';
import { Divergence } from '../../vmm/doors.ts';
import { loadKernel } from '../../vmm/kernel-image.ts';
import type { EngineOptions } from '../engine.ts';
import { EXIT_CODE } from '../exit-codes.ts';
import { OutputFile, readBytes } from '../files.ts';
import { openRecording } from '../open-recording.ts';
import { readGuest } from '../program.ts';
import { knownSnapshots } from './index-recording.ts';
import { goTo, type Position } from './position.ts';

/** The options of `vmft symbols`. */
export interface SymbolsOptions extends EngineOptions {
  /** Where in a recording; by default its end. */
  at?: Position;
  output: string;
  quiet?: boolean;
}

/** Memory for snapshots on the way: for the last ones before the position. */
const SNAPSHOT_BYTES = 1 << 26;

/** Memory in which a kernel may be, and a name of it for messages. */
interface Memory {
  parts: readonly Uint8Array[];
  what: string;
}

/**
 * Writes the symbols of the kernel in a recorded guest's memory, in a program, or in a kernel's file; returns the exit
 * code.
 * @throws {OperatingError} when there is no file, or no table in it; then nothing is written
 */
export async function symbols(path: string, options: SymbolsOptions): Promise<number> {
  const read = memoryOf(path, options);
  const output = OutputFile.at(options.output);
  try {
    const { parts, what } = await read();
    const found = symbolsIn(parts, what);
    const isElf = /\.elf$/i.test(options.output);
    output.write(isElf ? symbolFile(found.map(programSymbol)) : systemMap(found));
    if (!options.quiet)
      process.stderr.write(
        `${grouped(found.length)} symbols of ${what}, from 0x${found[0]!.address.toString(16)} on\n`,
      );
    return 0;
  } catch (error) {
    if (!(error instanceof Divergence)) throw error;
    process.stderr.write(
      `${path}: the replay diverges ${error.message}; it was recorded by another machine or another vmft\n`,
    );
    return EXIT_CODE.diverged;
  }
}

function symbolsIn(parts: readonly Uint8Array[], what: string): NmSymbol[] {
  for (const part of parts) {
    const found = kallsyms(part);
    if (found) return found;
  }
  throw new OperatingError(
    `${what}: there is no symbol table of a Linux kernel in memory; give a recording of Linux (with CONFIG_KALLSYMS), and with --at a position at which its kernel runs`,
  );
}

/** Reads the files; the result replays what there is to replay. */
function memoryOf(path: string, { at, engine }: SymbolsOptions): () => Promise<Memory> {
  if (isFile(path)) {
    const bytes = readBytes(path);
    if (isRecording(bytes)) return () => recordedMemory(openRecording(path), path, at, engine);
    refuse(at, path);
    const ram = { base: RAM_BASE, sizeBytes: MAX_RAM_BYTES };
    return memoryOfSegments(loadKernel({ name: path, bytes }, ram).segments, path);
  }
  refuse(at, path);
  const { description } = readGuest(path, { memory: MAX_RAM_BYTES });
  return memoryOfSegments(description.segments, path);
}

const memoryOfSegments = (segments: readonly { bytes: Uint8Array }[], what: string) => async () => ({
  parts: segments.map(({ bytes }) => bytes),
  what,
});

const isFile = (path: string): boolean => existsSync(path) && statSync(path).isFile();

function refuse(at: Position | undefined, path: string): void {
  if (at)
    throw new OperatingError(
      `--at: '${path}' is no recording, and has no positions; give one, or leave --at out`,
    );
}

async function recordedMemory(
  recording: LogReader,
  path: string,
  at: Position = { at: 'end' },
  engine: EngineOptions['engine'],
): Promise<Memory> {
  const timeline = new Timeline(recording.description, recording, {
    execution: { engine },
    snapshotBytes: SNAPSHOT_BYTES,
    knownSnapshots: knownSnapshots(path, recording),
    nowMs: () => performance.now(),
  });
  for (const _ of goTo(new DebugSession(timeline), at)) await setImmediate();
  if (recording.damage) process.stderr.write(`vmft: warning: ${recording.damage.message}\n`);
  const { machine, icount } = timeline;
  return { parts: [machine.hart.ram], what: `${path} at step ${icount}` };
}
