/** Times as text, and the ticks of an axis. */

/** A time of nanoseconds in milliseconds, as exact as a span of `spanNs` needs. */
export function timeText(ns: number, spanNs = 1e6): string {
  const digits = spanNs >= 1e9 ? 0 : Math.max(0, Math.min(6, Math.ceil(8 - Math.log10(Math.max(spanNs, 1)))));
  return `${grouped((ns / 1e6).toFixed(digits))} ms`;
}

/** A duration in the unit that suits it. */
export function durationText(ns: number): string {
  if (ns >= 1e9) return `${(ns / 1e9).toPrecision(3)} s`;
  if (ns >= 1e6) return `${(ns / 1e6).toPrecision(3)} ms`;
  return ns >= 1e3 ? `${(ns / 1e3).toPrecision(3)} µs` : `${Math.round(ns)} ns`;
}

/** A number in groups of three digits. */
export const grouped = (value: number | string): string => {
  const [whole = '', fraction] = String(value).split('.');
  const groups = whole.replaceAll(/\B(?=(\d{3})+$)/g, '\u202f');
  return fraction === undefined ? groups : `${groups}.${fraction}`;
};

/** A mark of an axis. */
export interface Tick {
  atNs: number;
  text: string;
}

/** Round times between two others, about `count` of them. */
export function ticks(fromNs: number, toNs: number, count: number): Tick[] {
  const span = toNs - fromNs;
  if (!(span > 0)) return [];
  const rough = span / Math.max(1, count);
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((factor) => factor * power).find((one) => one >= rough)!;
  const digits = Math.max(0, Math.ceil(6 - Math.log10(step) - 1e-9));
  const all: Tick[] = [];
  for (let index = Math.ceil(fromNs / step); index * step <= toNs; index++)
    all.push({ atNs: index * step, text: `${grouped(((index * step) / 1e6).toFixed(digits))} ms` });
  return all;
}
