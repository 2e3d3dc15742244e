/** What recording costs, and how fast a recording runs again. */
import { closeSync, openSync, statSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { describeMachine } from '../src/cli/program.ts';
import type { Entry } from '../src/vmm/entries.ts';
import { LogWriter } from '../src/vmm/log.ts';
import type { MachineDescription } from '../src/vmm/machine.ts';
import { runAgain, runAlone } from './alone.ts';
import { file, inTurn, ratios, type Spread, withRounds } from './measure.ts';
import { debian, machineOf } from './speed.ts';

const ways = ['none', 'memory', 'disk', 'replay'] as const;

/** A task of its own process: one guest with each of the ways to record, in turn; seconds of each run. */
export function recordingTask(kind: string, folder: string, times: number) {
  const description = descriptionOf(kind, folder)!;
  const until = kind.startsWith('boot') ? '# ' : undefined;
  const path = join(folder, 'recording.log');
  let entries: Entry[] = [];
  let steps = 0;
  const memory = () => {
    entries = [];
    const ran = runAlone(description, { until, note: (entry) => entries.push(entry) });
    steps = ran.steps;
    return ran.seconds;
  };
  const disk = () => {
    const writer = new LogWriter(description);
    const to = openSync(path, 'w');
    const flush = () => writeSync(to, writer.take());
    const ran = runAlone(description, { until, note: (entry) => writer.append(entry), sliced: flush });
    closeSync(to);
    return ran.seconds;
  };
  memory();
  const seconds = inTurn(times, {
    none: () => runAlone(description, { until }).seconds,
    memory,
    disk,
    replay: () => runAgain(description, entries, steps),
  });
  return { seconds, steps, entries: entries.length, bytes: statSync(path).size };
}

export interface RecordingCost {
  steps: number;
  entries: number;
  /** Of the file. */
  bytes: number;
  /** Time by time without recording; of a replay, by recording to memory. */
  memory: Spread;
  disk: Spread;
  replay: Spread;
}

export function recordingCost(result: ReturnType<typeof recordingTask>): RecordingCost {
  const { seconds, ...rest } = result;
  return {
    ...rest,
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
      defsym: [['ROUNDS', 4000n]],
    });
  const machine = debian();
  return machine && { ...machine, clock: kind.includes('derived') ? 'derived' : 'logged' };
}

export const canRecord = (kind: string, folder: string): boolean => descriptionOf(kind, folder) !== undefined;
export { ways };
