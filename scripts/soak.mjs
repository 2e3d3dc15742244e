// Checks that the resident memory of long runs stays flat: `npm run soak`. Each guest runs with and without fault
// tolerance for 60 s of processor time; the maximum from 10 to 20 s is compared with that of the last 10 s. Needs
// /proc.
//
//   npm run soak -- --seconds 30 --only clock      a shorter run of one guest

import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { parseArgs } from 'node:util';

const root = dirname(import.meta.dirname);
const { values } = parseArgs({
  options: { seconds: { type: 'string', default: '60' }, only: { type: 'string', default: '' } },
});
const SECONDS = Number(values.seconds);
const FIRST_S = SECONDS / 6;
/** _SC_CLK_TCK: 100 on all Linux platforms of Node.js. */
const TICKS_A_SECOND = 100;
const POLL_MS = 100;
/** Tolerance for garbage that is not collected yet, in MB. */
const SLACK_MB = 32;
const SLACK = 1.15;

/** @type {[string, string[]][]} */
const guests = [
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
    (name, index) =>
      /** @type {[string, string[]]} */ ([
        name,
        ['tools/bench/log-heavy.s', '--defsym', `KIND=${index + 1}`],
      ]),
  ),
];

/** @param {number} pid */
function usage(pid) {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const resident = /VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'));
  return {
    seconds: (Number(fields[11]) + Number(fields[12])) / TICKS_A_SECOND,
    residentMb: Number(resident?.[1] ?? 0) / 1024,
  };
}

/** @param {string[]} args */
async function measure(args) {
  const child = spawn(process.execPath, ['bin/vmft.js', 'run', ...args, '--quiet'], {
    cwd: root,
    stdio: 'ignore',
  });
  let [early, late, seconds] = [0, 0, 0];
  const ended = new Promise((resolve) => child.once('exit', resolve));
  while (child.exitCode === null && seconds < SECONDS) {
    await Promise.race([ended, setTimeout(POLL_MS)]);
    if (child.exitCode !== null) break;
    const now = usage(/** @type {number} */ (child.pid));
    seconds = now.seconds;
    if (seconds >= FIRST_S && seconds < 2 * FIRST_S) early = Math.max(early, now.residentMb);
    if (seconds >= SECONDS - FIRST_S) late = Math.max(late, now.residentMb);
  }
  child.kill('SIGKILL');
  await ended;
  return { early, late, seconds };
}

let failed = false;
const [from, to, last] = [FIRST_S, 2 * FIRST_S, SECONDS - FIRST_S].map((seconds) => seconds.toFixed(0));
console.log(`| guest | fault tolerance | MB, ${from}–${to} s | MB, ${last}–${SECONDS} s | |`);
console.log('| --- | --- | ---: | ---: | --- |');
for (const [name, args] of guests.filter(([name]) => name.includes(values.only)))
  for (const [mode, options] of /** @type {const} */ ([
    ['no', ['--no-ft']],
    ['yes', []],
  ])) {
    const { early, late, seconds } = await measure([...args, ...options]);
    const flat = late <= early * SLACK + SLACK_MB;
    const ran = seconds >= SECONDS;
    failed ||= ran && !flat;
    const verdict = ran ? (flat ? 'flat' : 'GROWS') : `ends after ${seconds.toFixed(1)} s`;
    console.log(
      `| ${name} | ${mode} | ${ran ? early.toFixed(0) : ''} | ${ran ? late.toFixed(0) : ''} | ${verdict} |`,
    );
  }
process.exitCode = failed ? 1 : 0;
