/** What clients of a guest have waited for. */

/** A request's time, in ms of `performance.now()`; `to` is undefined while it waits. */
export interface Wait {
  fromMs: number;
  toMs: number | undefined;
}

/**
 * The longest wait of a client during [`fromMs`, `toMs`], from the request to its answer. `waits` are in order, one
 * after the other.
 */
export function longestWait(waits: readonly Wait[], fromMs: number, toMs: number): number {
  let longest = 0;
  for (let index = waits.length - 1; index >= 0; index--) {
    const wait = waits[index]!;
    const endMs = wait.toMs ?? toMs;
    if (endMs < fromMs) break;
    if (wait.fromMs <= toMs) longest = Math.max(longest, endMs - wait.fromMs);
  }
  return longest;
}
