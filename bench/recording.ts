/** What recording costs, and how fast a recording runs again. */
import { closeSync, openSync, readFileSync, statSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { describeMachine } from '../src/cli/program.ts';
import type { Entry } from '../src/vmm/entries.ts';
import { LogWriter, readLog } from '../src/vmm/log.ts';
import type { MachineDescription } from '../src/vmm/machine.ts';
import { runAgain, runAlone } from './alone.ts';
import { file, inOwnProcess, inTurn, type Ratio, ratios, withRounds } from './measure.ts';
import { debian, machineOf } from './speed.ts';

const ways = ['none', 'memory', 'disk', 'replay'] as const;
type Way = (typeof ways)[number];

/** A recording is kept or written in pieces of at least this size, as a C library's streams are. */
const PIECE_BYTES = 64 << 10;

interface Recorded {
  seconds: number;
  steps: number;
  entries: number;
  /** Of the file. */
  bytes: number;
}

/** A task of its own process: one guest, recorded in one way, or the recording that was made last, run again. */
export function recordingTask(kind: string, way: Way, folder: string): Recorded {
  const path = join(folder, `${kind}.log`);
  if (way === 'replay') {
    const { description, entries } = readLog(readFileSync(path), path);
    const steps = entries.at(-1)!.icount;
    return { seconds: runAgain(description, entries, steps), steps, entries: entries.length, bytes: 0 };
  }
  const description = descriptionOf(kind, folder)!;
  const until = kind.startsWith('boot') ? '# ' : undefined;
  if (way === 'none') return { ...runAlone(description, { until }), entries: 0, bytes: 0 };
  const writer = new LogWriter(description);
  let entries = 0;
  const note = (entry: Entry) => {
    writer.append(entry);
    entries++;
  };
  const kept: Uint8Array[] = [];
  const to = way === 'disk' ? openSync(path, 'w') : undefined;
  const flush = () => {
    if (to === undefined) kept.push(writer.take());
    else writer.drain((written) => writeSync(to, written));
  };
  const sliced = () => {
    if (writer.waitingBytes >= PIECE_BYTES) flush();
  };
  const ran = runAlone(description, { until, note, sliced });
  writer.append({ kind: 'control', action: 'end', value: 0, icount: ran.steps });
  flush();
  if (to === undefined) return { ...ran, entries, bytes: 0 };
  closeSync(to);
  return { ...ran, entries, bytes: statSync(path).size };
}

export interface RecordingCost {
  steps: number;
  entries: number;
  bytes: number;
  /** Time by time without recording; of a replay, by recording to memory. */
  memory: Ratio;
  disk: Ratio;
  replay: Ratio;
}

export function recordingCost(kind: string, times: number, folder: string): RecordingCost {
  const last = new Map<Way, Recorded>();
  const one = (way: Way) => () => {
    const recorded = inOwnProcess<Recorded>('recording', kind, way, folder);
    last.set(way, recorded);
    return recorded.seconds;
  };
  one('disk')();
  const seconds = inTurn(times, {
    none: one('none'),
    memory: one('memory'),
    disk: one('disk'),
    replay: one('replay'),
  });
  return {
    steps: last.get('memory')!.steps,
    entries: last.get('memory')!.entries,
    bytes: last.get('disk')!.bytes,
    memory: ratios(seconds.memory, seconds.none),
    disk: ratios(seconds.disk, seconds.none),
    replay: ratios(seconds.replay, seconds.memory),
  };
}

export const recordingKinds = ['compute', 'disk', 'boot, derived clock', 'boot, logged clock'] as const;

function descriptionOf(kind: string, folder: string): MachineDescription | undefined {
  if (kind === 'compute') return machineOf(withRounds(file('bench/guests/integer.elf'), 10_000, folder));
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
