/** `npm start`: the bank loses its primary in the middle of the day, step by step. */

import { join } from 'node:path';
import { judge } from '../check/verdict.ts';
import { PROGRAMS } from '../lib/package.ts';
import { Story } from '../report/story.ts';
import { type Line, line, styled } from '../report/styled-text.ts';
import { type SimEvent, Simulation } from '../sim/cluster.ts';
import { evidenceOf } from '../sim/evidence.ts';
import { memoryDefaults } from '../sim/spec/limits.ts';
import { validated } from '../sim/spec/spec.ts';
import { ownInput, readGuest } from './program.ts';
import { EXIT_CODE, Report } from './report.ts';
import { runToEnd } from './run.ts';
import { painterFor } from './terminal/paint.ts';

const CRASH_ICOUNT = 100_000;
/** The same without explanations. */
const COMMAND = `vmft run bank --crash primary@icount=${CRASH_ICOUNT} --diff --verify </dev/null`;

const intro = `
A bank runs on a virtual RISC-V machine. It reads commands from its console, answers each, and keeps a ledger with
the time and a random receipt number of every transaction. It knows nothing of what follows.

vmft runs it on two hosts in lockstep. Whatever the guest can't compute by itself (keys, the clock, random numbers, timer
interrupts) goes into a log, stamped with the number of instructions executed so far; the backup
replays that log. Then the primary loses its power after exactly ${CRASH_ICOUNT} instructions.
`;

/** What an event means, told when it happens for the first time. */
const explanations: Partial<Record<SimEvent['event']['kind'], string>> = {
  booted: 'Both machines start from the same image. From here on only the log passes between them.',
  held: 'The output rule: an answer waits until the backup holds the log entry that explains it. The guest runs on meanwhile.',
  released:
    'The entry is acknowledged. Whatever happens now, the backup can make this output again. So it may leave.',
  fault:
    'The primary is gone, with everything that it had not sent. Whatever was lost with it, nobody has seen.',
  suspected:
    'No heartbeat for 10 ms. Is the primary dead, or only the link? The backup cannot know, and need not.',
  draining:
    'Every entry received explains something that may have been released, so all of them are executed first.',
  claimed:
    'Both sides might think the other is dead. A test-and-set on shared storage lets exactly one go on.',
  live: 'From here the backup asks the world instead of the log: same memory, same clock, the next key typed.',
  joining:
    'One more failure would be the end. So a host with room is made a new backup, while the guest runs.',
  installed:
    'The copy is whole. Once it holds whatever explains what has left, storage is told, and outputs wait for it as well.',
  off: 'The guest has finished its day. It never learned that its machine died under it.',
};

/** How long the story waits after an explanation on a terminal, so that it can be read. */
const READING_MS = 350;

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
    tell: (event) => events.push(event),
  });
  await runToEnd(simulation);

  say(line('heading', 'vmft: a guest program survives the death of its machine'));
  say([intro]);
  say(line('aside', `    $ ${COMMAND}\n`));
  await tell(events, printed, say);
  const report = new Report(
    simulation,
    judge(evidenceOf(simulation)),
    { ft: true, diff: true, verify: true },
    { wholeComparison: COMMAND },
  );
  report.lines().forEach(say);
  say([
    '\n',
    styled('heading', 'Try next'),
    `
    vmft run bank                                               sit at the bank: type "open me"; Ctrl-A c crashes the primary
    vmft run dice --crash primary@output=30                     crash at another moment, of another program
    vmft run bank --crash primary@icount=100000 --unsafe log-clock --diff </dev/null
                                                                switch a rule off, and see what it was for
    vmft run kv --clients 3 --crash primary@t=10ms              a network server; its clients notice nothing
    vmft --help                                                 everything else
In a checkout vmft is \`npx vmft\`.`,
  ]);
  return report.exitCode === 0 ? 0 : EXIT_CODE.diverged;
}

/** The story in the order in which it happened, what the console printed among it, with explanations. */
async function tell(
  events: readonly SimEvent[],
  printed: readonly { atNs: number; data: Uint8Array }[],
  say: (line: Line) => void,
): Promise<void> {
  const told = new Set<string>();
  let next = 0;
  const printUntil = (atNs: number) => {
    for (; next < printed.length && printed[next]!.atNs <= atNs; next++)
      process.stdout.write(printed[next]!.data);
  };
  let explained = false;
  const story = new Story('normal', ({ kind }) => {
    explained = !told.has(kind) && explanations[kind] !== undefined;
    told.add(kind);
    return explained ? explanations[kind] : undefined;
  });
  for (const event of events) {
    printUntil(event.atNs);
    explained = false;
    story.tell(event).forEach(say);
    if (explained && process.stderr.isTTY) await new Promise((resolve) => setTimeout(resolve, READING_MS));
  }
  printUntil(Number.POSITIVE_INFINITY);
  story.end(events.at(-1)?.atNs ?? 0).forEach(say);
}
