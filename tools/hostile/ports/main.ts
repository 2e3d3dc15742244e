/** `npm run hostile -- --ports`. */
import { fileURLToPath } from 'node:url';
import { parentPort, Worker } from 'node:worker_threads';
import { describeMachine } from '../../../src/cli/program.ts';
import { type AttackOptions, attack } from './attack.ts';
import { attackPorts, type PortsReport } from './campaign.ts';
import type { Count } from './links.ts';

/** Log lines of each kind in the report. */
const SHOWN_LINES = 30;
const REPORT_MS = 1000;

/** The thread of the attackers: so that what they allocate does not count, and what they throw is theirs. */
export async function attackInThread(options: AttackOptions): Promise<void> {
  let counts = new Map<string, number>();
  const report = () => {
    parentPort!.postMessage(counts);
    counts = new Map();
  };
  const timer = setInterval(report, REPORT_MS);
  await attack(options, (what, number = 1) => counts.set(what, (counts.get(what) ?? 0) + number));
  clearInterval(timer);
  report();
}

/** Attacks from a worker thread, which runs `file`. */
const fromThread =
  (file: URL) =>
  (options: AttackOptions, count: Count): Promise<void> =>
    new Promise((resolve, reject) => {
      const worker = new Worker(file, { workerData: { attack: options } });
      let sent = 0;
      worker.on('message', (counts: Map<string, number>) => {
        for (const [what, number] of counts) {
          count(what, number);
          sent += number;
        }
        if (process.stderr.isTTY) process.stderr.write(`\r${sent} of ${options.messages}\x1b[K`);
      });
      worker.on('error', reject);
      worker.on('exit', () => resolve());
    });

/** Runs the attack and prints what it has shown. The exit code is 1 if something was wrong. `file`: this bundle. */
export async function ports(options: { messages: number; seed: string }, file: URL): Promise<void> {
  const thrown: string[] = [];
  for (const event of ['uncaughtException', 'unhandledRejection'] as const)
    process.on(event, (error: unknown) => {
      thrown.push(`${event}: ${error instanceof Error ? error.stack : error}`);
      console.error(thrown.at(-1));
    });
  const bank = fileURLToPath(new URL('../programs/bank.s', file));
  const machine = describeMachine(bank, { memory: 1 << 20, diskSize: 0 });
  const report = await attackPorts(machine, options, fromThread(file));
  print({ ...report, problems: [...thrown, ...report.problems] }, options.seed);
  process.exit(thrown.length + report.problems.length > 0 ? 1 : 0);
}

function print(
  { seconds, counts, rounds, events, lines, peakMB, lastingMB, problems }: PortsReport,
  seed: string,
): void {
  const total = [...counts.values()].reduce((sum, number) => sum + number, 0);
  if (process.stderr.isTTY) process.stderr.write('\r\x1b[K');
  console.log(
    `${total} messages, seed ${seed}, in ${seconds.toFixed(0)} s: ${problems.length} problems; ` +
      `memory grew by ${peakMB.toFixed(0)} MB, ${lastingMB.toFixed(0)} MB after it; ${lines.length} lines logged`,
  );
  const row = ([what, number]: [string, number]) => console.log(`  ${String(number).padStart(10)} ${what}`);
  [...counts].sort((a, b) => b[1] - a[1]).forEach(row);
  [...rounds].forEach(row);
  [...events].forEach(row);
  const kinds = new Map<string, number>();
  for (const line of lines) {
    const kind = line.replace(/\d+/g, 'N').slice(0, 200);
    kinds.set(kind, (kinds.get(kind) ?? 0) + 1);
  }
  console.log('lines:');
  [...kinds]
    .sort((a, b) => b[1] - a[1])
    .slice(0, SHOWN_LINES)
    .forEach(row);
  for (const problem of problems) console.log(`PROBLEM ${problem}`);
}
