/**
 * Whether the resident memory of long runs of the simulator stays flat. Each guest runs with and without fault tolerance
 * for 60 s of processor time; the maximum from 10 to 20 s is compared with that of the last 10 s.
 */
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { setTimeout } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { usageOf } from './proc.ts';

/** This file is bundled into dist/. */
const root = fileURLToPath(new URL('..', import.meta.url));
/** _SC_CLK_TCK: 100 on all Linux platforms of Node.js. */
const TICKS_A_SECOND = 100;
const POLL_MS = 100;
/** Tolerance for garbage that is not collected yet, in MB. */
const SLACK_MB = 32;
const SLACK = 1.15;

const guests: [string, string[]][] = [
  ['hello', ['programs/hello.s']],
  ['primes', ['programs/primes.s', '--defsym', 'LIMIT=2000000000']],
  ['clock', ['programs/clock.s']],
  ['dice', ['programs/dice.s']],
  ['uuid', ['programs/uuid.s']],
  ['bank', ['programs/bank.s', '--input', 'programs/bank.input']],
  ['journal', ['programs/journal.s', '--defsym', 'BOOTS=1000000']],
  ['sectors', ['programs/sectors.s', '--defsym', 'ROUNDS=2000000000']],
  ['kv', ['programs/kv/kv.elf', '--clients', '3']],
  ...['clock reads', 'entropy', 'timers', 'console', 'disk', 'frames', 'entropy device'].map(
    (name, index): [string, string[]] => [name, ['tools/bench/log-heavy.s', '--defsym', `KIND=${index + 1}`]],
  ),
];

/** Processor time in seconds, and resident memory. */
function usage(pid: number): { seconds: number; residentMb: number } {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return {
    seconds: (Number(fields[11]) + Number(fields[12])) / TICKS_A_SECOND,
    residentMb: usageOf(pid)?.residentMb ?? 0,
  };
}

async function measure(args: readonly string[], limitS: number) {
  const firstS = limitS / 6;
  const child = spawn(process.execPath, ['bin/vmft.js', 'run', ...args, '--quiet'], {
    cwd: root,
    stdio: 'ignore',
  });
  let [early, late, seconds] = [0, 0, 0];
  const ended = new Promise((resolve) => child.once('exit', resolve));
  while (child.exitCode === null && seconds < limitS) {
    await Promise.race([ended, setTimeout(POLL_MS)]);
    if (child.exitCode !== null) break;
    const now = usage(child.pid!);
    seconds = now.seconds;
    if (seconds >= firstS && seconds < 2 * firstS) early = Math.max(early, now.residentMb);
    if (seconds >= limitS - firstS) late = Math.max(late, now.residentMb);
  }
  child.kill('SIGKILL');
  await ended;
  return { early, late, seconds };
}

/** `npm run soak -- --simulator`: prints a table, and sets the exit code to 1 when the memory of a run grows. */
export async function simulator(): Promise<void> {
  const { values } = parseArgs({
    options: {
      simulator: { type: 'boolean' },
      seconds: { type: 'string', default: '60' },
      only: { type: 'string', default: '' },
    },
  });
  const limitS = Number(values.seconds);
  const [from, to, last] = [limitS / 6, limitS / 3, limitS - limitS / 6].map((seconds) => seconds.toFixed(0));
  console.log(`| guest | fault tolerance | MB, ${from}–${to} s | MB, ${last}–${limitS} s | |`);
  console.log('| --- | --- | ---: | ---: | --- |');
  for (const [name, args] of guests.filter(([guest]) => guest.includes(values.only)))
    for (const [mode, options] of [
      ['no', ['--no-ft']],
      ['yes', []],
    ] as const) {
      const { early, late, seconds } = await measure([...args, ...options], limitS);
      const flat = late <= early * SLACK + SLACK_MB;
      const ran = seconds >= limitS;
      if (ran && !flat) process.exitCode = 1;
      const verdict = ran ? (flat ? 'flat' : 'GROWS') : `ends after ${seconds.toFixed(1)} s`;
      console.log(
        `| ${name} | ${mode} | ${ran ? early.toFixed(0) : ''} | ${ran ? late.toFixed(0) : ''} | ${verdict} |`,
      );
    }
}
