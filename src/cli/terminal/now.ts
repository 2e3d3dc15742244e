/** The time in ms since some moment. `performance.now` would load Node's module of that name first, in some ms. */
export function nowMs(): number {
  const [seconds, ns] = process.hrtime();
  return seconds * 1000 + ns / 1e6;
}
