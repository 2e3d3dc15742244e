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

  /** Executes all orders, and passes the answers to `take` in the same order, until it returns `enough`. */
  async execute(orders: Iterable<Order>, take: (answer: Answer) => 'more' | 'enough'): Promise<void> {
    const source = orders[Symbol.iterator]();
    const early = new Map<number, Answer>();
    let [ordered, taken, over] = [0, 0, false];
    const next = (): { number: number; order: Order } | undefined => {
      if (over || ordered - taken > MAX_AHEAD_ORDERS) return undefined;
      const { done, value } = source.next();
      if (!done) return { number: ordered++, order: value };
      over = true;
      return undefined;
    };
    let enough = false;
    const takeInOrder = () => {
      for (; !enough && early.has(taken); taken++) {
        const answer = early.get(taken)!;
        early.delete(taken);
        enough = take(answer) === 'enough';
      }
      over ||= enough;
    };
    const work = async (worker: Worker) => {
      for (let given = next(); given; given = next()) {
        early.set(given.number, await ask<Order, Answer>(worker, given.order));
        takeInOrder();
      }
    };
    while (!over) await Promise.all(this.workers.map(work));
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
