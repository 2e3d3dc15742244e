/** Worker threads. The results do not depend on their number. */
import { parentPort, type ResourceLimits, Worker, workerData } from 'node:worker_threads';
import { assert } from '../base/assert.ts';

/** Maximum number of orders whose answers were not taken yet: bounds what waits behind a slow one. */
const MAX_AHEAD_ORDERS = 512;

/** Worker threads that each execute one order at a time. */
export class Pool<Order, Answer> {
  private readonly workers: Worker[];

  /** `bundle`: the workers' program beside this one; `setup`: what {@link setupOf} returns there. */
  constructor(bundle: string, jobs: number, setup: unknown = undefined, resourceLimits: ResourceLimits = {}) {
    const url = new URL(`./${bundle}.js`, import.meta.url);
    this.workers = Array.from({ length: jobs }, () => new Worker(url, { workerData: setup, resourceLimits }));
  }

  /** As {@link executeInOrder}, on all workers. */
  execute(orders: Iterable<Order>, take: (answer: Answer) => 'more' | 'enough'): Promise<void> {
    const workers = this.workers.map((worker) => (order: Order) => ask<Order, Answer>(worker, order));
    return executeInOrder(orders, workers, take);
  }

  /** Executes one order. */
  ask(order: Order): Promise<Answer> {
    return ask(this.workers[0]!, order);
  }

  /** Terminates the workers; pending orders are never answered. */
  async stop(): Promise<void> {
    await Promise.all(this.workers.map((worker) => worker.terminate()));
  }
}

/**
 * Gives each worker one order after the other, and passes the answers to `take` in the order of the orders, until it
 * returns `enough` or there are no more. Orders in execution then are still completed; their answers are dropped.
 */
export async function executeInOrder<Order, Answer>(
  orders: Iterable<Order>,
  workers: readonly ((order: Order) => Promise<Answer>)[],
  take: (answer: Answer) => 'more' | 'enough',
): Promise<void> {
  const source = orders[Symbol.iterator]();
  const early = new Map<number, Answer>();
  let [ordered, taken, enough] = [0, 0, false];
  /** Workers that are too far ahead of a slow one. */
  const waiting: (() => void)[] = [];
  const takeInOrder = () => {
    for (; !enough && early.has(taken); taken++) {
      const answer = early.get(taken)!;
      early.delete(taken);
      enough = take(answer) === 'enough';
    }
    for (const resume of waiting.splice(0)) resume();
  };
  const work = async (execute: (order: Order) => Promise<Answer>) => {
    while (!enough) {
      if (ordered - taken >= MAX_AHEAD_ORDERS) {
        await new Promise<void>((resolve) => waiting.push(resolve));
        continue;
      }
      const { done, value } = source.next();
      if (done) return;
      const number = ordered++;
      early.set(number, await execute(value));
      takeInOrder();
    }
  };
  await Promise.all(workers.map(work));
}

function ask<Order, Answer>(worker: Worker, order: Order): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const finish = (action: () => void) => {
      worker.off('message', onMessage);
      worker.off('error', onError);
      action();
    };
    const onMessage = (answer: Answer) => finish(() => resolve(answer));
    const onError = (error: Error) => finish(() => reject(error));
    worker.on('message', onMessage);
    worker.on('error', onError);
    worker.postMessage(order);
  });
}

/** In a worker: answers each order that arrives. */
export function serve<Order, Answer>(answer: (order: Order) => Answer): void {
  assert(parentPort, 'this runs in a worker');
  const port = parentPort;
  port.on('message', (order: Order) => port.postMessage(answer(order)));
}

/** In a worker: the setup that its pool was created with. */
export const setupOf = <Setup>(): Setup => workerData as Setup;
