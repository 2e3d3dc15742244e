/** The cost of recording, and the speed of replay. */
import { closeSync, mkdtempSync, openSync, readFileSync, statSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { describeMachine } from '../../src/cli/program.ts';
import { imagesBeside } from '../../src/lib/images.ts';
import { type LogExtras, LogWriter, readLog } from '../../src/replay/log-file.ts';
import type { MachineDescription } from '../../src/vmm/description.ts';
import { again, alone, byTurns, type Slices, whole } from './alone.ts';
import { file, inOwnProcess, type Spread, spreadOf, withRounds } from './measure.ts';
import { debian, machineOf, PROMPT } from './speed.ts';

/** Where a recording goes, in pieces of at least this size. */
interface Sink {
  pieceBytes: number;
  extras?: LogExtras;
  pass(writer: LogWriter): void;
}

/** Kept in large pieces, to save the garbage collector work. */
function inMemory(): Sink {
  const kept: Uint8Array[] = [];
  return { pieceBytes: 4 << 20, pass: (writer) => kept.push(writer.take()) };
}

/** As `vmft run --record` does it: in pieces that stay in the processor's cache, and a large boot image beside it. */
const onDisk = (path: string, file: number): Sink => ({
  pieceBytes: 64 << 10,
  extras: { images: imagesBeside(path) },
  pass: (writer) => writer.drain((written) => writeSync(file, written)),
});

/** One guest, run in each way by turns. */
interface Recorded {
  /** `recorded`: recording to memory once more, measured in turn with the replay. */
  seconds: Record<'none' | 'memory' | 'disk' | 'recorded' | 'replay', number>;
  steps: number;
  entries: number;
  /** The size of the file. */
  bytes: number;
}

/** Runs a guest and records it, to its end or to a text on its console. */
function* recorded(description: MachineDescription, sink: Sink, until: string | undefined): Slices<number> {
  const writer = new LogWriter(description, sink.extras);
  const steps = yield* alone(description, {
    until,
    note: (entry) => writer.append(entry),
    sliced: () => {
      if (writer.waitingBytes >= sink.pieceBytes) sink.pass(writer);
    },
  });
  writer.append({ kind: 'control', action: 'end', value: 0, icount: steps });
  sink.pass(writer);
  return steps;
}

/** A task for {@link inOwnProcess}. */
export function recordingTask(kind: string, folder: string): Recorded {
  const description = descriptionOf(kind, folder)!;
  const until = kind.startsWith('boot') ? PROMPT : undefined;
  // Each time in a folder that has no image yet.
  const path = join(mkdtempSync(join(folder, 'recording-')), 'run.log');
  const file = openSync(path, 'w');
  const first = byTurns({
    none: alone(description, { until }),
    memory: recorded(description, inMemory(), until),
    disk: recorded(description, onDisk(path, file), until),
  });
  closeSync(file);
  const { entries } = readLog(readFileSync(path), path, imagesBeside(path));
  const steps = entries.at(-1)!.icount;
  // V8 has optimized recording by now. Replay is warmed up as well.
  whole(again(description, entries, steps));
  const second = byTurns({
    recorded: recorded(description, inMemory(), until),
    replay: again(description, entries, steps),
  });
  return { seconds: { ...first, ...second }, steps, entries: entries.length - 1, bytes: statSync(path).size };
}

export interface RecordingCost {
  steps: number;
  entries: number;
  bytes: number;
  /** Time relative to no recording; of a replay, relative to recording to memory. */
  memory: Spread;
  disk: Spread;
  replay: Spread;
}

export function recordingCost(kind: string, times: number, folder: string): RecordingCost {
  const all = Array.from({ length: times }, () => inOwnProcess<Recorded>('recording', kind, folder));
  const { steps, entries, bytes } = all[0]!;
  return {
    steps,
    entries,
    bytes,
    memory: spreadOf(all.map(({ seconds }) => seconds.memory / seconds.none)),
    disk: spreadOf(all.map(({ seconds }) => seconds.disk / seconds.none)),
    replay: spreadOf(all.map(({ seconds }) => seconds.replay / seconds.recorded)),
  };
}

export const recordingKinds = ['compute', 'disk', 'boot, derived clock', 'boot, logged clock'] as const;

function descriptionOf(kind: string, folder: string): MachineDescription | undefined {
  if (kind === 'compute')
    return machineOf(withRounds(file('tools/bench/guests/integer.elf'), 10_000, folder));
  if (kind === 'disk')
    return describeMachine(file('programs/sectors.s'), {
      memory: 1 << 20,
      diskSize: 64 << 10,
      defsym: [['ROUNDS', 16_000n]],
    });
  const machine = debian();
  return machine && { ...machine, clock: kind.includes('derived') ? 'derived' : 'logged' };
}

export const canRecord = (kind: string, folder: string): boolean => descriptionOf(kind, folder) !== undefined;
