/** Takes a line for the operator. */
export type Log = (line: string) => void;

/** The shortest time between two lines of a limited log. */
const INTERVAL_MS = 5000;

/** A log that passes one line per interval, and says how many it has left out: a failing disk fails often. */
export function limitedLog(log: Log, nowMs: () => number = () => performance.now()): Log {
  let nextMs = Number.NEGATIVE_INFINITY;
  let leftOut = 0;
  return (line) => {
    if (nowMs() < nextMs) {
      leftOut++;
      return;
    }
    log(leftOut > 0 ? `${line} (and ${leftOut} more like it since the last line)` : line);
    nextMs = nowMs() + INTERVAL_MS;
    leftOut = 0;
  };
}
