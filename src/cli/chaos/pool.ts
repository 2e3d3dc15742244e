/** The runs of a campaign on several cores. What comes out does not depend on how many. */
import { Worker } from 'node:worker_threads';
import type { RunResult } from '../../sim/campaign/campaign.ts';
import { type Campaign, sizeOf } from '../../sim/campaign/draw.ts';
import type { Answer, Order } from './worker.ts';

/** Runs in one order to a worker. */
const CHUNK_RUNS = 8;
/** How far a worker may be ahead of the results that were taken, in runs: one that takes long is waited for. */
const MAX_AHEAD_RUNS = 4096;
/** A run leaves much garbage behind, nearly all of it young: with room for it, collecting costs little. */
const YOUNG_GENERATION_MB = 96;

export class Pool {
  private readonly workers: Worker[];

  constructor(
    private readonly campaign: Campaign,
    jobs: number,
  ) {
    const url = new URL('./chaos-worker.js', import.meta.url);
    this.workers = Array.from(
      { length: jobs },
      () =>
        new Worker(url, {
          workerData: campaign,
          resourceLimits: { maxYoungGenerationSizeMb: YOUNG_GENERATION_MB },
        }),
    );
  }

  /** Executes all runs and hands the results over in the order of their numbers, until `take` says that it is enough. */
  async execute(take: (run: number, result: RunResult) => 'more' | 'enough'): Promise<void> {
    const total = sizeOf(this.campaign);
    const early = new Map<number, RunResult[]>();
    let [ordered, taken, enough] = [0, 0, false];
    const next = (): Order | undefined => {
      if (enough || ordered >= total || ordered - taken > MAX_AHEAD_RUNS) return undefined;
      const first = ordered;
      const count = Math.min(CHUNK_RUNS, total - first);
      ordered += count;
      return { kind: 'execute', first, count };
    };
    const takeInOrder = () => {
      for (let results = early.get(taken); results && !enough; results = early.get(taken)) {
        early.delete(taken);
        for (const result of results) {
          enough = take(taken++, result) === 'enough';
          if (enough) return;
        }
      }
    };
    const work = async (worker: Worker) => {
      for (let order = next(); order; order = next()) {
        const answer = await ask(worker, order);
        if (answer.kind === 'executed') early.set(answer.first, answer.results);
        takeInOrder();
      }
    };
    while (!enough && taken < total) await Promise.all(this.workers.map(work));
  }

  /** The shortest run that breaks the same as this one. */
  async shrink(run: number): Promise<Answer & { kind: 'shrunk' }> {
    const answer = await ask(this.workers[0]!, { kind: 'shrink', run });
    if (answer.kind !== 'shrunk') throw new Error('a worker answers what it was asked');
    return answer;
  }

  /** Ends the workers, whatever they are doing; what was asked of them is never answered. */
  async stop(): Promise<void> {
    await Promise.all(this.workers.map((worker) => worker.terminate()));
  }
}

function ask(worker: Worker, order: Order): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const settle = (action: () => void) => {
      worker.off('message', onMessage);
      worker.off('error', onError);
      action();
    };
    const onMessage = (answer: Answer) => settle(() => resolve(answer));
    const onError = (error: Error) => settle(() => reject(error));
    worker.on('message', onMessage);
    worker.on('error', onError);
    worker.postMessage(order);
  });
}
