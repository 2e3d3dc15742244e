/**
 * Where the time goes: how fast guests run, what recording and replication cost, and how each grows. Every comparison is of things
 * that were run in turn.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { prepareEngine } from '../src/cli/engine.ts';
import { exitOnBrokenPipe } from '../src/cli/exit-on-broken-pipe.ts';
import type { Engine } from '../src/cpu/engine.ts';
import { inOwnProcess } from './measure.ts';
import { canRecord, recordingCost, recordingKinds, recordingTask } from './recording.ts';
import { growths, growthTask, replicationCosts, simulatorFigures } from './replication.ts';
import { bootSpeed, bootTask, type GuestName, guests, speedOf, speedTask } from './speed.ts';
import { startup } from './startup.ts';
import { table } from './table.ts';

const sections = ['speed', 'recording', 'replication', 'startup', 'growth', 'simulator'] as const;
type Section = (typeof sections)[number];

const HELP = `usage: npm run bench -- [options]

  --only <section,...>  ${sections.join(', ')} (default: all)
  --times <n>           how often each thing is run (default: 5)
  --json                one JSON document instead of tables

QEMU (qemu-system-riscv64), native programs (make -C bench/guests native) and the Debian guest (node programs/debian/build.mjs) are
measured where they are there.`;

/** Things that are done in a process of their own. */
function task([name, ...args]: string[]): unknown {
  switch (name) {
    case 'speed':
      prepareEngine(args[0] as Engine);
      return speedTask(args[1]!);
    case 'boot':
      prepareEngine(args[0] as Engine);
      return bootTask();
    case 'recording':
      prepareEngine('translator');
      return recordingTask(args[0]!, args[1]!);
    case 'growth':
      prepareEngine('translator');
      return growthTask(args[0]!, args[1]!);
    default:
      throw new Error(`no task ${name}`);
  }
}

function machine() {
  const processors = cpus();
  return {
    cpu: processors[0]?.model.trim() || 'unknown',
    cores: processors.length,
    node: process.versions.node,
    system: `${process.platform} ${process.arch}`,
  };
}

async function measureAll(only: ReadonlySet<Section>, times: number, say: (what: string) => void) {
  const folder = mkdtempSync(join(tmpdir(), 'vmft-bench-'));
  try {
    const when = async <T>(section: Section, action: () => T | Promise<T>): Promise<T | undefined> => {
      if (!only.has(section)) return undefined;
      say(section);
      return action();
    };
    return {
      machine: machine(),
      times,
      speed: await when('speed', async () => {
        const names = Object.keys(guests) as GuestName[];
        const speeds = Object.fromEntries(
          names.map((name) => {
            say(`speed: ${name}`);
            return [name, speedOf(name, times, folder)];
          }),
        );
        say('speed: boot');
        const boot = await bootSpeed(times, folder);
        return { ...speeds, ...(boot && { 'Debian boot': boot }) };
      }),
      recording: await when('recording', () =>
        Object.fromEntries(
          recordingKinds
            .filter((kind) => canRecord(kind, folder))
            .map((kind) => [kind, recordingCost(kind, times, folder)]),
        ),
      ),
      replication: await when('replication', () => replicationCosts(times)),
      startup: await when('startup', () => startup(4 * times)),
      growth: await when('growth', () =>
        Object.entries(growths).flatMap(([of, values]) =>
          values.map((value) => inOwnProcess<ReturnType<typeof growthTask>>('growth', of, value)),
        ),
      ),
      simulator: await when('simulator', () => simulatorFigures()),
    };
  } finally {
    rmSync(folder, { recursive: true });
  }
}
export type Report = Awaited<ReturnType<typeof measureAll>>;

async function main(): Promise<void> {
  const [first, ...rest] = process.argv.slice(2);
  if (first === '--task') {
    console.log(JSON.stringify(task(rest)));
    return;
  }
  const { values } = parseArgs({
    options: {
      only: { type: 'string' },
      times: { type: 'string', default: '5' },
      json: { type: 'boolean' },
      help: { type: 'boolean', short: 'h' },
    },
  });
  if (values.help) {
    console.log(HELP);
    return;
  }
  const only = new Set((values.only?.split(',') ?? sections) as Section[]);
  const unknown = [...only].find((section) => !sections.includes(section));
  const times = Number(values.times);
  if (unknown !== undefined)
    throw new Error(`there is no section "${unknown}"; they are ${sections.join(', ')}`);
  if (!Number.isInteger(times) || times < 1) throw new Error('--times is a whole number from 1 on');
  prepareEngine('translator');
  const say = (what: string) => {
    if (process.stderr.isTTY) process.stderr.write(`\r\x1b[K${what} …`);
  };
  const report = await measureAll(only, times, say);
  if (process.stderr.isTTY) process.stderr.write('\r\x1b[K');
  console.log(values.json ? JSON.stringify(report, null, 2) : table(report));
}

exitOnBrokenPipe();

try {
  await main();
} catch (error) {
  console.error(`bench: ${error instanceof Error ? error.message : String(error)}`);
  process.exitCode = 2;
}
