/**
 * Benchmarks: the speed of guests, the cost of recording and replication, and growth. Compared variants are run in
 * turn.
 */
import { parseArgs } from 'node:util';
import { prepareEngine } from '../../src/cli/engine.ts';
import { exitOnBrokenPipe } from '../../src/cli/exit-on-broken-pipe.ts';
import type { Engine } from '../../src/cpu/engine.ts';
import { devicesTask } from './devices.ts';
import { recordingTask } from './recording.ts';
import { growthTask } from './replication.ts';
import { measureAll, type Section, sections } from './report.ts';
import { bootTask, speedTask } from './speed.ts';
import { table } from './table.ts';

const HELP = `usage: npm run bench -- [options]

  --only <section,...>  ${sections.join(', ')} (default: all)
  --times <n>           runs of each variant (default: 5)
  --rounds <n>          programs: so many times their usual length (default: 1)
  --json                one JSON document instead of tables

QEMU (qemu-system-riscv64), native programs (make -C tools/bench/guests native) and the Debian guest (node programs/debian/build.mjs) are
measured if they are installed.`;

/** Tasks that run in a new process. */
function task([name, ...args]: string[]): unknown {
  switch (name) {
    case 'speed':
      prepareEngine(args[0] as Engine);
      return speedTask(args[0] as Engine, args[1]!);
    case 'boot':
      prepareEngine(args[0] as Engine);
      return bootTask(args[0] as Engine);
    case 'recording':
      prepareEngine();
      return recordingTask(args[0]!, args[1]!);
    case 'devices':
      prepareEngine();
      return devicesTask(args[0]!);
    case 'growth':
      prepareEngine();
      return growthTask(args[0]!, args[1]!);
    default:
      throw new Error(`no task ${name}`);
  }
}

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
      rounds: { type: 'string', default: '1' },
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
  const rounds = Number(values.rounds);
  for (const [name, value] of Object.entries({ times, rounds }))
    if (!Number.isInteger(value) || value < 1) throw new Error(`--${name} is a whole number from 1 on`);
  prepareEngine();
  const say = (what: string) => {
    if (process.stderr.isTTY) process.stderr.write(`\r\x1b[K${what} …`);
  };
  const report = await measureAll(only, { times, rounds }, say);
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
