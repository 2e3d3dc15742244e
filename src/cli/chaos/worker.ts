/** A worker of `vmft chaos`: executes runs by their numbers, and shrinks one. */
import { execute, type RunResult } from '../../sim/campaign/campaign.ts';
import { type Campaign, runsOf } from '../../sim/campaign/draw.ts';
import { shrink } from '../../sim/campaign/shrink.ts';
import type { RunSpec } from '../../sim/spec/spec.ts';
import { prepareEngine } from '../engine.ts';
import { serve, setupOf } from '../pool.ts';

/** What a worker is asked to do. Runs have numbers; `first` is that of the first of `count`. */
export type Order = { kind: 'execute'; first: number; count: number } | { kind: 'shrink'; run: number };

/** What came of an {@link Order}; `tried`: how many runs it took to find the shortest. */
export type Answer =
  | { kind: 'executed'; first: number; results: RunResult[] }
  | { kind: 'shrunk'; run: RunSpec; result: RunResult; tried: number };

const campaign = setupOf<Campaign>();
prepareEngine(campaign.guest.execution?.engine);
const runOf = runsOf(campaign);
const work = (run: RunSpec): RunResult => execute(campaign.guest, run);

/** The shortest run with the same violation as this one. */
function shrunk(number: number): Answer {
  const whole = runOf(number);
  let result = work(whole);
  const [first] = result.findings;
  let tried = 0;
  const run = shrink(whole, (candidate) => {
    tried++;
    const found = work(candidate);
    const same =
      found.ending === result.ending &&
      found.findings.some(({ invariant }) => invariant === first?.invariant);
    if (same) result = found;
    return same;
  });
  return { kind: 'shrunk', run, result, tried };
}

function answer(order: Order): Answer {
  if (order.kind === 'shrink') return shrunk(order.run);
  const { first, count } = order;
  return {
    kind: 'executed',
    first,
    results: Array.from({ length: count }, (_, index) => work(runOf(first + index))),
  };
}

serve(answer);
