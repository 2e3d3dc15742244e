/**
 * The differential fuzzer: random programs on this machine's CPU and on QEMU's, compared in all they leave behind. Needs
 * `qemu-system-riscv64` (7.2) on the PATH.
 *
 *     npm run fuzz -- --seed 1 --minutes 60
 *
 * The same seed makes the same cases. What differs and isn't explained by a rule of explain.ts is made smaller and printed.
 */
import { parseArgs } from 'node:util';
import type { Case } from './case.ts';
import { Comparison, type Judged } from './compare.ts';
import { generate } from './generate.ts';
import { makeHarness } from './harness.ts';
import { Ours } from './ours.ts';
import { Qemu } from './qemu.ts';
import { caseText, differenceText } from './report.ts';
import { shrink } from './shrink.ts';

const { values: options } = parseArgs({
  options: {
    seed: { type: 'string', default: '1' },
    /** The first case, and how many; without a number until the time is over. */
    from: { type: 'string', default: '0' },
    cases: { type: 'string' },
    minutes: { type: 'string', default: '1' },
    batch: { type: 'string', default: '3000' },
    /** Differences after which to stop. */
    findings: { type: 'string', default: '10' },
  },
});

const harness = makeHarness();
const qemu = new Qemu(harness);
const comparison = new Comparison(harness, new Ours(harness), qemu);

const counts = new Map<string, number>();
const count = (what: string) => counts.set(what, (counts.get(what) ?? 0) + 1);
let findings = 0;

function tally({ verdict }: Judged): void {
  if (verdict.is === 'same') count('the same');
  else if (verdict.is !== 'different') count(`${verdict.is}: ${verdict.why}`);
}

const isDifferent = ({ verdict }: Judged): boolean => verdict.is === 'different';

/** Looks at what came of a batch. What differs is run again without the others, as those may have left something behind. */
async function look(judged: readonly Judged[]): Promise<void> {
  judged.forEach(tally);
  const first = judged.filter(isDifferent);
  const second =
    first.length > 1 ? (await comparison.all(first.map(({ one }) => one))).filter(isDifferent) : first;
  for (const { one } of second) {
    const alone = await comparison.alone(one);
    if (alone.is === 'different') await report(one);
  }
}

async function report(one: Case): Promise<void> {
  count('DIFFERENT');
  if (++findings > Number(options.findings)) return;
  const small = await shrink(comparison, one);
  const again = await comparison.alone(small);
  console.log(`\nDifferent:\n${caseText(small)}`);
  if (again.is === 'different') console.log(differenceText(again.ours, again.qemu));
}

function* casesFrom(first: number, end: number): Generator<Case> {
  for (let index = first; index < end; index++) yield generate(options.seed, index);
}

const started = Date.now();
const end = options.cases ? Number(options.from) + Number(options.cases) : Number.POSITIVE_INFINITY;
const isOver = (next: number) =>
  next >= end ||
  findings >= Number(options.findings) ||
  (Date.now() - started) / 60_000 >= Number(options.minutes);

function summary(next: number): string {
  const seconds = (Date.now() - started) / 1000;
  const done = next - Number(options.from);
  const lines = [...counts]
    .sort((a, b) => b[1] - a[1])
    .map(([what, number]) => `  ${String(number).padStart(8)} ${what}`);
  return [
    `${done} cases in ${seconds.toFixed(0)} s, ${(done / seconds).toFixed(0)} a second, seed ${options.seed}:`,
    ...lines,
  ].join('\n');
}

async function main(): Promise<void> {
  const size = Number(options.batch);
  let next = Number(options.from);
  let waiting: Promise<Judged[]> = Promise.resolve([]);
  // This machine makes and runs the next batch while QEMU runs one.
  while (!isOver(next)) {
    const until = Math.min(next + size, end);
    const prepared = comparison.prepare(casesFrom(next, until));
    const judged = await waiting;
    waiting = comparison.finish(prepared);
    await look(judged);
    next = until;
  }
  await look(await waiting);
  console.log(`\n${summary(next)}`);
  process.exitCode = findings > 0 ? 1 : 0;
}

for (const signal of ['SIGINT', 'SIGTERM'] as const)
  process.once(signal, () => {
    qemu.close();
    process.exit(1);
  });
try {
  await main();
} finally {
  qemu.close();
}
