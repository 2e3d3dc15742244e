/** The cost of recording, and the speed of replay. */
import { mkdtempSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describeMachine } from '../../src/cli/program.ts';
import { GrowingFile } from '../../src/lib/files.ts';
import { ImageFiles, imagesBeside } from '../../src/lib/images.ts';
import { MIN_IMAGE_BYTES } from '../../src/replay/images.ts';
import { LogWriter, readLog } from '../../src/replay/log-file.ts';
import { RecordingWriter } from '../../src/replay/recorder.ts';
import type { MachineDescription } from '../../src/vmm/description.ts';
import type { Entry } from '../../src/vmm/entries.ts';
import { again, alone, byTurns, type Slices, whole } from './alone.ts';
import { file, inOwnProcess, type Spread, seconds, spreadOf, withRounds } from './measure.ts';
import { debian, machineOf, PROMPT } from './speed.ts';

/** What becomes of the entries. */
interface Sink {
  append(entry: Entry): void;
  /** The run is over. */
  end(): void;
}

/** The size of the pieces that are kept in memory: large, to save the garbage collector work. */
const PIECE_BYTES = 4 << 20;

function inMemory(description: MachineDescription): Sink {
  const kept: Uint8Array[] = [];
  const writer = new LogWriter(description);
  return {
    append: (entry) => {
      writer.append(entry);
      if (writer.waitingBytes >= PIECE_BYTES) kept.push(writer.take());
    },
    end: () => kept.push(writer.take()),
  };
}

/** As `vmft run --record` does it, with large boot images beside it. */
function onDisk(description: MachineDescription, path: string): Sink {
  let file: GrowingFile | undefined;
  const begin = (first: Uint8Array) => {
    writeFileSync(path, first);
    file = new GrowingFile(path, first.length);
    return file;
  };
  const writer = new RecordingWriter(description, begin, { images: imagesBeside(path) });
  return {
    append: (entry) => writer.append(entry),
    end: () => {
      writer.complete();
      file!.close();
    },
  };
}

/** One guest, run in each way by turns. */
interface Recorded {
  /** `recorded`: recording to memory once more, measured in turn with the replay. */
  seconds: Record<'none' | 'memory' | 'disk' | 'recorded' | 'replay', number>;
  steps: number;
  entries: number;
  /** The size of the file. */
  bytes: number;
  /** What its images take, which are written beside the run. */
  imageSeconds: number;
}

/** Runs a guest and records it, to its end or to a text on its console. */
function* recorded(
  description: MachineDescription,
  begin: () => Sink,
  until: string | undefined,
): Slices<number> {
  const sink = begin();
  const steps = yield* alone(description, { until, note: (entry) => sink.append(entry) });
  sink.append({ kind: 'control', action: 'end', value: 0, icount: steps });
  sink.end();
  return steps;
}

/** What it takes to name and write the images of a description, which are written beside the run. */
function imageSeconds({ segments }: MachineDescription, folder: string): number {
  const images = segments.map(({ bytes }) => bytes).filter(({ length }) => length >= MIN_IMAGE_BYTES);
  return seconds(() => new ImageFiles(folder, Number.POSITIVE_INFINITY).put(images));
}

/** A task for {@link inOwnProcess}. */
export function recordingTask(kind: string, folder: string): Recorded {
  const description = descriptionOf(kind, folder)!;
  const until = kind.startsWith('boot') ? PROMPT : undefined;
  // Each time in a folder that has no image yet.
  const place = () => mkdtempSync(join(folder, 'recording-'));
  const path = join(place(), 'run.log');
  // Whatever runs first in a process waits for V8, and takes up to a tenth longer.
  whole(recorded(description, () => onDisk(description, join(place(), 'first.log')), until));
  const first = byTurns({
    none: alone(description, { until }),
    memory: recorded(description, () => inMemory(description), until),
    disk: recorded(description, () => onDisk(description, path), until),
  });
  const { entries } = readLog(readFileSync(path), path, imagesBeside(path));
  const steps = entries.at(-1)!.icount;
  // V8 has optimized recording by now. Replay is warmed up as well.
  whole(again(description, entries, steps));
  const second = byTurns({
    recorded: recorded(description, () => inMemory(description), until),
    replay: again(description, entries, steps),
  });
  return {
    seconds: { ...first, ...second },
    steps,
    entries: entries.length - 1,
    bytes: statSync(path).size,
    imageSeconds: imageSeconds(description, place()),
  };
}

export interface RecordingCost {
  steps: number;
  entries: number;
  bytes: number;
  /** Time relative to no recording; of a replay, relative to recording to memory. */
  memory: Spread;
  disk: Spread;
  replay: Spread;
  imageSeconds: Spread;
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
    imageSeconds: spreadOf(all.map((one) => one.imageSeconds)),
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
