/** Time on the horizontal axis. */
import { firstAt } from './run.ts';

/** The longest event that may begin before the view and reach into it. */
const REACH_NS = 5_000_000;

/** A part of the run on a part of the width. */
export interface Scale {
  left: number;
  right: number;
  fromNs: number;
  toNs: number;
  x(ns: number): number;
  ns(x: number): number;
  shows(ns: number): boolean;
  /** The visible part of a span; undefined if none of it is. */
  part(fromNs: number, toNs: number): { x: number; width: number } | undefined;
  /** The items that may be visible, which are in the order of time. */
  visible<T extends { atNs: number }>(items: readonly T[]): readonly T[];
}

/** The scale of a view. */
export function scaleOf(fromNs: number, toNs: number, left: number, right: number): Scale {
  const perNs = (right - left) / Math.max(1, toNs - fromNs);
  const x = (ns: number) => left + (ns - fromNs) * perNs;
  return {
    ...{ left, right, fromNs, toNs, x },
    ns: (at) => fromNs + (at - left) / perNs,
    shows: (ns) => ns >= fromNs && ns <= toNs,
    part: (start, end) => {
      const [from, to] = [Math.max(start, fromNs), Math.min(end, toNs)];
      return to >= from && end > fromNs && start < toNs ? { x: x(from), width: x(to) - x(from) } : undefined;
    },
    visible: (items) => items.slice(firstAt(items, fromNs - REACH_NS), firstAt(items, toNs + 1)),
  };
}

/** Lets one mark through for each column of pixels. */
export class Columns {
  private last = Number.NEGATIVE_INFINITY;

  constructor(private readonly width: number) {}

  isFree(x: number): boolean {
    if (x - this.last < this.width && x >= this.last) return false;
    this.last = x;
    return true;
  }
}
