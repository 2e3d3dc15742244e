/** The runs of a campaign on several cores. */

import type { Range } from '../../report/campaign-document.ts';
import type { RunResult } from '../../sim/campaign/campaign.ts';
import type { Campaign } from '../../sim/campaign/draw.ts';
import type { Counterexample } from '../../sim/campaign/search.ts';
import { Pool } from '../pool.ts';
import type { Answer, Order } from './worker.ts';

/** Runs per order to a worker. */
const CHUNK_RUNS = 8;
/** Garbage of runs dies young: a large young generation makes its collection cheap. */
const YOUNG_GENERATION_MB = 96;

/** Worker threads for the runs of one campaign. */
export class CampaignPool {
  private readonly pool: Pool<Order, Answer>;

  constructor(
    campaign: Campaign,
    private readonly range: Range,
    jobs: number,
  ) {
    this.pool = new Pool('chaos-worker', jobs, campaign, { maxYoungGenerationSizeMb: YOUNG_GENERATION_MB });
  }

  /** Executes the runs of the range and passes the results to `take` in the order of their numbers, until it returns `enough`. */
  execute(take: (run: number, result: RunResult) => 'more' | 'enough'): Promise<void> {
    return this.pool.execute(this.orders(), (answer) => {
      if (answer.kind !== 'executed') throw new Error('the answer matches the order');
      const enough = answer.results.some((result, index) => take(answer.first + index, result) === 'enough');
      return enough ? 'enough' : 'more';
    });
  }

  private *orders(): Generator<Order> {
    const { from, to } = this.range;
    for (let first = from; first < to; first += CHUNK_RUNS)
      yield { kind: 'execute', first, count: Math.min(CHUNK_RUNS, to - first) };
  }

  /** The shortest run with the same violation as this one. */
  async shrink(run: number): Promise<Counterexample> {
    const answer = await this.pool.ask({ kind: 'shrink', run });
    if (answer.kind !== 'shrunk') throw new Error('the answer matches the order');
    return answer.found;
  }

  stop(): Promise<void> {
    return this.pool.stop();
  }
}
