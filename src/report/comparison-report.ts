/** The report of `vmft compare`: costs and recovery of each replication mode, as a table, in words and as JSON. */
import { grouped } from '../base/text.ts';
import type { Outcome } from '../check/evidence.ts';
import {
  addedLatency,
  baseOf,
  bytesPerKilostep,
  type Comparison,
  type Cost,
  type Failure,
  mbitPerSecond,
  type Progress,
  type Setup,
  type Spread,
  spread,
} from '../sim/campaign/comparison.ts';
import { type Line, line } from './styled-text.ts';

/** The progress of a comparison, in one line. */
export const progressText = ({ run, runs, setup }: Progress): string =>
  `run ${run} of ${runs}: ${setupText(setup)}, ${linkText(setup)}`;

// ── Text ────────────────────────────────────────────────────────────────────────────────────────────────────────────

const setupText = ({ replication, epochNs = 0 }: Setup): string => {
  if (replication === 'none') return 'no replication';
  return replication === 'checkpoint' ? `checkpoint ${epochNs / 1e6} ms` : replication;
};

const linkText = ({ bitsPerSecond }: Setup): string =>
  bitsPerSecond < 1e9 ? `${bitsPerSecond / 1e6} Mbit/s` : `${bitsPerSecond / 1e9} Gbit/s`;

const NOTHING = '–';
/** Three significant digits; all digits before the point. */
const short = (value: number): string => {
  if (value === 0) return '0';
  if (value >= 99.95) return grouped(Math.round(value));
  return value.toFixed(value < 0.9995 ? 3 : value < 9.995 ? 2 : 1);
};
const ms = (ns: number): string => short(ns / 1e6);

const liveOf = ({ crashes }: Cost): Spread | undefined => spread(crashes.map(({ liveNs }) => liveNs));
/** Over the crashes after which an output arrived. */
const firstOutputOf = ({ crashes }: Cost): Spread | undefined =>
  spread(crashes.flatMap(({ firstOutputNs }) => firstOutputNs ?? []));
const lostOf = ({ crashes }: Cost): Spread | undefined => spread(crashes.map(({ stepsLost }) => stepsLost));

interface Column {
  group: string;
  name: string;
  cell: (cost: Cost, base: Cost) => string | undefined;
}

const spreadColumns = (
  group: string,
  names: Partial<Record<keyof Spread, string>>,
  text: (value: number) => string,
  of: (cost: Cost, base: Cost) => Spread | undefined,
): Column[] =>
  Object.entries(names).map(([figure, name]) => ({
    group,
    name,
    cell: (cost, base) => {
      const figures = of(cost, base);
      return figures && text(figures[figure as keyof Spread]);
    },
  }));

const replicated =
  <T>(of: (cost: Cost, base: Cost) => T) =>
  (cost: Cost, base: Cost): T | undefined =>
    cost === base ? undefined : of(cost, base);

const columns: readonly Column[] = [
  {
    group: 'between hosts',
    name: 'Mbit/s',
    cell: replicated(({ bytes, totalNs }) => short(mbitPerSecond(bytes, totalNs))),
  },
  {
    group: 'between hosts',
    name: 'B/kstep',
    cell: replicated(({ bytes, steps }) => short(bytesPerKilostep(bytes, steps))),
  },
  ...spreadColumns(
    'added latency, ms',
    { median: 'median', p99: 'p99', worst: 'worst' },
    ms,
    replicated(addedLatency),
  ),
  { group: 'guest', name: 'run ms', cell: ({ workNs }) => ms(workNs) },
  { group: 'guest', name: 'factor', cell: (cost, base) => (cost.workNs / base.workNs).toFixed(3) },
  { group: 'guest', name: 'ksteps', cell: ({ steps }) => short(steps / 1000) },
  { group: 'guest', name: 'pause ms', cell: replicated(({ stillNs }) => ms(pausedNs(stillNs))) },
  ...spreadColumns('failover, ms', { median: 'live' }, ms, liveOf),
  ...spreadColumns('failover, ms', { median: 'output', worst: 'worst' }, ms, firstOutputOf),
  ...spreadColumns('ksteps lost', { median: 'median', worst: 'worst' }, (n) => short(n / 1000), lostOf),
];

const pausedNs = ({ copies, buffers, rests }: Cost['stillNs']): number => copies + buffers + rests;

/** The table, the meaning of its columns, and the conclusion. */
export function comparisonLines(
  path: string,
  { seed, clients, crashes }: { seed: string; clients: number; crashes: number },
  comparison: Comparison,
): Line[] {
  const served = clients > 0 ? `, ${clients} clients` : '';
  return [
    line('heading', `${path}${served}, seed ${seed}, ${crashes} crashes of the primary in each setup`),
    [],
    ...table(comparison),
    [],
    ...LEGEND.map((text) => line('aside', text)),
    [],
    ...conclusion(comparison).map((text) => [text]),
  ];
}

const LEGEND = [
  'between hosts: both directions, by virtual time and by 1000 steps of the guest. added latency: from making an output',
  'to its delivery, less the same figure without replication. guest: from boot to power-off, and as a multiple of the',
  'time without replication; steps taken; time paused for copies, full buffers and a lagging backup. failover: from the',
  'crash until the VM is live, and until the next output leaves. lost: steps that only the crashed machine had taken.',
  '1 kstep takes 0.01 ms.',
];

function table({ costs, applicationBytes }: Comparison): Line[] {
  const base = costs[0]!;
  const rows = costs.map((cost) => ({
    name: setupText(cost.setup),
    cells: columns.map(({ cell }) => cell(cost, baseOf(costs, cost)) ?? NOTHING),
    // A heading before the first row of each link speed.
    above: cost === baseOf(costs, cost) ? `links of ${linkText(cost.setup)}` : undefined,
  }));
  rows.push({
    name: 'application log',
    cells: columns.map((_, index) => {
      if (index === 0) return short(mbitPerSecond(applicationBytes, base.totalNs));
      return index === 1 ? short(bytesPerKilostep(applicationBytes, base.steps)) : '';
    }),
    above: 'for comparison',
  });
  const nameWidth = Math.max(...rows.map(({ name }) => name.length)) + 1;
  const widths = columns.map(({ name }, index) =>
    Math.max(name.length, ...rows.map(({ cells }) => cells[index]!.length)),
  );
  const row = (name: string, cells: readonly string[]): Line => [
    `${name.padEnd(nameWidth)}${cells.map((cell, index) => gap(index) + cell.padStart(widths[index]!)).join('')}`.trimEnd(),
  ];
  return [
    [groupLine(nameWidth, widths)],
    row(
      '',
      columns.map(({ name }) => name),
    ),
    ...rows.flatMap(({ name, cells, above }) => [
      ...(above ? [line('heading', above)] : []),
      row(` ${name}`, cells),
    ]),
  ];
}

const startsGroup = (index: number): boolean => columns[index]!.group !== columns[index - 1]?.group;
const gap = (index: number): string => (startsGroup(index) ? '  ' : ' ');

/** The line of group names above the column names. */
function groupLine(nameWidth: number, widths: readonly number[]): string {
  let text = '';
  let end = nameWidth;
  for (const [index, { group }] of columns.entries()) {
    end += gap(index).length;
    if (startsGroup(index)) text = `${text.padEnd(end)}${group}`;
    end += widths[index]!;
  }
  return text;
}

// ── Failures, and JSON ──────────────────────────────────────────────────────────────────────────────────────────────

/** Why a run can't be compared. `command` reproduces it with the fewest setups. */
export function failureLines(failure: Failure, maxSteps: number | undefined, command: string): Line[] {
  const { setup, crashNs, outcome, violations } = failure;
  const crash = crashNs === undefined ? '' : `, the primary crashed at ${crashNs / 1e6} ms`;
  const limit =
    setup.replication !== 'none'
      ? 'no progress for too long; is the link too slow for the replication traffic?'
      : maxSteps === undefined
        ? 'the guest waits for input that will not come (give it --input or --clients)'
        : `it has not ended within --max-steps ${maxSteps}, or waits for input that will not come`;
  const ends: Partial<Record<Outcome, string>> = {
    limit: `stopped: ${limit}; only runs that end can be compared`,
    lost: 'lost: no eligible replica',
    diverged: 'stopped: the machines have diverged',
  };
  return [
    ...violations.map(({ invariant, message }) => [`VIOLATION of ${invariant}: ${message}`]),
    ...(ends[outcome] ? [[ends[outcome]]] : []),
    [`in this run: ${setupText(setup)}, links of ${linkText(setup)}${crash}`],
    [`reproduce it: ${command}`],
  ];
}

/** A comparison as JSON; times in milliseconds. */
export function comparisonJson(path: string, seed: string, comparison: Comparison): object {
  const { costs, applicationBytes, failure } = comparison;
  return {
    program: path,
    seed,
    applicationBytes,
    setups: costs.map((cost) => costJson(cost, baseOf(costs, cost))),
    failure: failure
      ? {
          ...setupJson(failure.setup),
          crashMs: failure.crashNs === undefined ? null : failure.crashNs / 1e6,
          outcome: failure.outcome,
          violations: failure.violations,
        }
      : null,
  };
}

const setupJson = ({ replication, epochNs, bitsPerSecond }: Setup): object => ({
  replication,
  epochMs: epochNs === undefined ? null : epochNs / 1e6,
  linkMbitPerSecond: bitsPerSecond / 1e6,
});

function costJson(cost: Cost, base: Cost): object {
  const { setup, workNs, totalNs, steps, bytes, latencyNs, stillNs, crashes } = cost;
  const added = addedLatency(cost, base);
  return {
    ...setupJson(setup),
    workMs: workNs / 1e6,
    totalMs: totalNs / 1e6,
    slowdown: workNs / base.workNs,
    steps,
    stillMs: {
      copies: stillNs.copies / 1e6,
      buffers: stillNs.buffers / 1e6,
      rests: stillNs.rests / 1e6,
    },
    bytes,
    mbitPerSecond: mbitPerSecond(bytes, totalNs),
    bytesPerKilostep: bytesPerKilostep(bytes, steps),
    latencyMs: latencyNs ? inMs(latencyNs) : null,
    addedLatencyMs: added ? inMs(added) : null,
    crashes: crashes.map(({ atNs, liveNs, firstOutputNs, stepsLost }) => ({
      atMs: atNs / 1e6,
      liveMs: liveNs / 1e6,
      firstOutputMs: firstOutputNs === undefined ? null : firstOutputNs / 1e6,
      stepsLost,
    })),
  };
}

const inMs = ({ median, p99, worst }: Spread): Spread => ({
  median: median / 1e6,
  p99: p99 / 1e6,
  worst: worst / 1e6,
});

// ── The conclusion ──────────────────────────────────────────────────────────────────────────────────────────────────

const REFERENCE_BITS_PER_SECOND = 1e9;
const WIDTH = 118;

/** What each level of replication costs and provides, with the figures of one link speed. */
function conclusion({ costs, applicationBytes }: Comparison): string[] {
  const { bitsPerSecond } =
    costs.find(({ setup }) => setup.bitsPerSecond === REFERENCE_BITS_PER_SECOND)?.setup ?? costs[0]!.setup;
  const [base, lockstep, ...checkpoints] = costs.filter(({ setup }) => setup.bitsPerSecond === bitsPerSecond);
  const ends = [...new Set([checkpoints[0]!, checkpoints.at(-1)!])];
  const application =
    applicationBytes > 0
      ? `a log of the application needs ${short(bytesPerKilostep(applicationBytes, base!.steps))} bytes for 1000 steps`
      : 'this program receives no input, so a log of the application stays empty';
  const transfers = ends.map((cost) => `epochs of ${epochMs(cost)} ms cost ${price(cost, base!)}`);
  return [
    `On links of ${linkText(base!.setup)}, by medians: ${application}; but the application must be written for that, and be deterministic.`,
    `Lockstep takes any uniprocessor program, since every input is logged, and a second processor for the replay; it costs ${price(lockstep!, base!)}.`,
    `State transfer takes any machine, including a multiprocessor: ${transfers.join('; ')}.`,
    ...(lockstep!.crashes.length > 0 ? [crashSentence(lockstep!, ends)] : []),
  ].flatMap(wrapped);
}

const epochMs = ({ setup }: Cost): number => setup.epochNs! / 1e6;

/** The cost of a setup, in words. */
function price(cost: Cost, base: Cost): string {
  const added = addedLatency(cost, base);
  const delay = added ? `outputs ${ms(added.median)} ms later` : 'no output delay';
  const rate = short(bytesPerKilostep(cost.bytes, cost.steps));
  return `${rate} bytes for 1000 steps, ${delay}, a run ${(cost.workNs / base.workNs).toFixed(3)} times as long`;
}

function crashSentence(lockstep: Cost, checkpoints: readonly Cost[]): string {
  const after = (cost: Cost) => {
    const output = firstOutputOf(cost);
    const next = output ? `, the next output leaves after ${ms(output.median)} ms` : '';
    return `${ms(liveOf(cost)!.median)} ms${next}, and ${short(lostOf(cost)!.median / 1000)} ksteps are lost`;
  };
  const others = checkpoints.map((cost) => `with epochs of ${epochMs(cost)} ms after ${after(cost)}`);
  return `After a crash the VM is live in lockstep after ${after(lockstep)}; ${others.join('; ')}. Lost steps are executed again, perhaps with other results; none of their outputs had left.`;
}

const wrapped = (text: string): string[] =>
  [...text.matchAll(new RegExp(`(.{1,${WIDTH}})(?: |$)`, 'g'))].map(([, line]) => line!);
