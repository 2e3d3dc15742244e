/** A range of addresses, from `start` to before `end`, and what it belongs to. */
export interface Interval<T> {
  start: bigint;
  end: bigint;
  value: T;
}

/** Ranges of addresses that may be nested or overlap, found by an address inside. */
export class Intervals<T> {
  private readonly sorted: readonly Interval<T>[];
  /** For each range the highest end of it and all before it: where a search towards lower starts may stop. */
  private readonly highestEnds: readonly bigint[];

  /** @param ranges in any order. Of several with the same start, later ones are preferred */
  constructor(ranges: readonly Interval<T>[]) {
    this.sorted = ranges.toSorted((a, b) => (a.start < b.start ? -1 : a.start > b.start ? 1 : 0));
    let highest = 0n;
    this.highestEnds = this.sorted.map(({ end }) => {
      if (end > highest) highest = end;
      return highest;
    });
  }

  /** Of the ranges that contain the address, the one with the highest start. */
  at(address: bigint): Interval<T> | undefined {
    const last = lastWhere(this.sorted.length, (index) => this.sorted[index]!.start <= address);
    for (let index = last; index >= 0; index--) {
      if (this.highestEnds[index]! <= address) return undefined;
      const range = this.sorted[index]!;
      if (range.end > address) return range;
    }
    return undefined;
  }
}

/** The last index below `count` for which `holds`, which must hold for all indices before it; -1 when there is none. */
export function lastWhere(count: number, holds: (index: number) => boolean): number {
  let [low, high] = [0, count];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (holds(middle)) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}
