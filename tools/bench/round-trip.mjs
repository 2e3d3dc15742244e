/** How long two threads take to hand over to each other and back, by `Atomics.wait` and `notify`: node tools/bench/round-trip.mjs */
import { isMainThread, Worker, workerData } from 'node:worker_threads';

const ROUNDS = 20_000;

/** Waits until the number is `round`; the other thread has set the one before. */
function waitFor(
  /** @type {Int32Array} */ numbers,
  /** @type {number} */ index,
  /** @type {number} */ round,
) {
  while (Atomics.load(numbers, index) !== round) Atomics.wait(numbers, index, round - 1);
}

function set(/** @type {Int32Array} */ numbers, /** @type {number} */ index, /** @type {number} */ round) {
  Atomics.store(numbers, index, round);
  Atomics.notify(numbers, index);
}

if (isMainThread) {
  const numbers = new Int32Array(new SharedArrayBuffer(8));
  const worker = new Worker(new URL(import.meta.url), { workerData: numbers });
  await new Promise((resolve) => worker.once('online', resolve));
  /** @type {number[]} */
  const times = [];
  for (let round = 1; round <= ROUNDS; round++) {
    const begin = process.hrtime.bigint();
    set(numbers, 0, round);
    waitFor(numbers, 1, round);
    times.push(Number(process.hrtime.bigint() - begin) / 1000);
  }
  times.sort((a, b) => a - b);
  const at = (/** @type {number} */ share) => times[Math.floor((ROUNDS - 1) * share)]?.toFixed(1);
  console.log(`round trip in µs: shortest ${at(0)}, median ${at(0.5)}, nine of ten within ${at(0.9)}`);
} else {
  for (let round = 1; round <= ROUNDS; round++) {
    waitFor(workerData, 0, round);
    set(workerData, 1, round);
  }
}
