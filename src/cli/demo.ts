/** `vmft demo` and `npm start`: the bank loses its primary; each step is explained. */

import { join } from 'node:path';
import { judge } from '../check/verdict.ts';
import { PROGRAMS } from '../lib/package.ts';
import { Story } from '../report/story.ts';
import { type Line, line, styled } from '../report/styled-text.ts';
import { type SimEvent, Simulation } from '../sim/cluster/cluster.ts';
import { evidenceOf } from '../sim/cluster/evidence.ts';
import { validated } from '../sim/spec/spec.ts';
import { memoryDefaults } from '../sim/values/limits.ts';
import { guestNaming } from './debugging/symbols.ts';
import { EXIT_CODE } from './exit-codes.ts';
import { runToEnd } from './perform.ts';
import { ownInput, readGuest } from './program.ts';
import { Report } from './report.ts';
import { painterFor } from './terminal/paint.ts';

const CRASH_ICOUNT = 100_000;
/** The same run without explanations. */
const COMMAND = `vmft run bank --crash primary@icount=${CRASH_ICOUNT} --diff --verify </dev/null`;

const intro = `
A bank runs on a virtual RISC-V machine. It reads commands from its console, answers each, and keeps a ledger with
the time and a random receipt number of every transaction. It is not aware of its replication.

vmft runs it on two hosts in lockstep. Every non-deterministic input (keys, clock, random numbers, timer
interrupts) goes into a log, stamped with the number of instructions executed so far; the backup
replays that log. The primary loses power after exactly ${CRASH_ICOUNT} instructions.
`;

/** What an event means, printed when it occurs for the first time. */
const explanations: Partial<Record<SimEvent['event']['kind'], string>> = {
  booted: 'Both machines start from the same image. From here on only the log is sent to the backup.',
  held: 'The Output Rule: an output waits until the backup holds the log entry that covers it. The guest keeps running.',
  released:
    'The entry is acknowledged: the backup can reproduce this output after any failure. So it may leave.',
  fault: 'The primary is lost, with all that it had not sent. No output that depends on it had left.',
  suspected:
    'No heartbeat for 10 ms. The backup cannot distinguish a dead primary from a dead link, and need not.',
  draining:
    'Every received entry may cover an output that was released, so the backup executes all of them first.',
  claimed:
    'Each host might suspect the other. A test-and-set on shared storage lets exactly one of them go live.',
  live: 'From here on inputs come from outside instead of the log: same memory, same clock, the next key typed.',
  joining:
    'The VM would not survive another failure. So a spare host becomes a new backup while the guest runs.',
  installed:
    'The copy is complete. Once the host holds every entry that covers a released output, storage records it as a backup, and outputs wait for it as well.',
  off: 'The guest has ended. It has not noticed the failure of its host.',
};

/** Pause after an explanation on a terminal, for reading. */
const READING_MS = 350;

/** Runs the demo; returns the exit code. Long: most of it is text. */
export async function demo(): Promise<number> {
  const path = join(PROGRAMS, 'bank.s');
  const paint = painterFor(process.stderr);
  const spec = validated({
    faults: [{ kind: 'crash', who: 'primary', when: { at: 'icount', icount: CRASH_ICOUNT } }],
  });
  const say = (text: Line) => process.stderr.write(`${paint(text)}\n`);
  const events: SimEvent[] = [];
  const printed: { atNs: number; data: Uint8Array }[] = [];
  const simulation: Simulation = new Simulation({
    spec,
    ...readGuest(path, { memory: memoryDefaults.run }),
    input: ownInput(path),
    print: (data) => printed.push({ atNs: simulation.nowNs, data }),
    onEvent: (event) => events.push(event),
  });
  await runToEnd(simulation);

  say(line('heading', 'vmft: a guest program survives the death of its machine'));
  say([intro]);
  say(line('aside', `    $ ${COMMAND}\n`));
  await narrate(events, printed, say);
  const report = new Report(
    simulation,
    judge(evidenceOf(simulation)),
    { ft: true, diff: true, verify: true },
    { wholeComparison: COMMAND, naming: guestNaming(path, { memory: memoryDefaults.run }) },
  );
  report.lines().forEach(say);
  say([
    '\n',
    styled('heading', 'Try next'),
    `
    vmft run bank                                               use its console: type "open me"; Ctrl-A c crashes the primary
    vmft run dice --crash primary@output=30                     crash at another moment, of another program
    vmft run bank --crash primary@icount=100000 --unsafe log-clock --diff </dev/null
                                                                disable a rule, and see what it prevents
    vmft run kv --clients 3 --crash primary@t=10ms              a network server; its clients do not notice the crash
    vmft --help                                                 everything else
In a checkout vmft is \`npx vmft\`.`,
  ]);
  return report.exitCode === 0 ? 0 : EXIT_CODE.diverged;
}

/** Prints events and console output in the order of time, with explanations. */
async function narrate(
  events: readonly SimEvent[],
  printed: readonly { atNs: number; data: Uint8Array }[],
  say: (line: Line) => void,
): Promise<void> {
  const explainedKinds = new Set<string>();
  let next = 0;
  const printUntil = (atNs: number) => {
    for (; next < printed.length && printed[next]!.atNs <= atNs; next++)
      process.stdout.write(printed[next]!.data);
  };
  let explained = false;
  const story = new Story('normal', ({ kind }) => {
    explained = !explainedKinds.has(kind) && explanations[kind] !== undefined;
    explainedKinds.add(kind);
    return explained ? explanations[kind] : undefined;
  });
  for (const event of events) {
    printUntil(event.atNs);
    explained = false;
    story.linesFor(event).forEach(say);
    if (explained && process.stderr.isTTY) await new Promise((resolve) => setTimeout(resolve, READING_MS));
  }
  printUntil(Number.POSITIVE_INFINITY);
  story.end(events.at(-1)?.atNs ?? 0).forEach(say);
}
