/** A worker of `vmft chaos`: executes runs by their numbers, and shrinks one. */
import { execute, type RunResult } from '../../sim/campaign/campaign.ts';
import { type Campaign, runsOf } from '../../sim/campaign/draw.ts';
import { type Counterexample, smallest } from '../../sim/campaign/search.ts';
import { prepareEngine } from '../engine.ts';
import { serve, setupOf } from '../pool.ts';

/** What a worker is asked to do. Runs have numbers; `first` is that of the first of `count`. */
export type Order = { kind: 'execute'; first: number; count: number } | { kind: 'shrink'; run: number };

/** What came of an {@link Order}. */
export type Answer =
  | { kind: 'executed'; first: number; results: RunResult[] }
  | { kind: 'shrunk'; found: Counterexample };

const campaign = setupOf<Campaign>();
prepareEngine(campaign.guest.execution?.engine);
const runOf = runsOf(campaign);
const work = (run: number): RunResult => execute(campaign.guest, runOf(run));

/** The shortest run with the same violation as this one. */
function shrunk(number: number): Counterexample {
  let found: Counterexample = { number, run: runOf(number), result: work(number), tried: 0 };
  for (found of smallest(campaign.guest, found));
  return found;
}

function answer(order: Order): Answer {
  if (order.kind === 'shrink') return { kind: 'shrunk', found: shrunk(order.run) };
  const { first, count } = order;
  return {
    kind: 'executed',
    first,
    results: Array.from({ length: count }, (_, index) => work(first + index)),
  };
}

serve(answer);
