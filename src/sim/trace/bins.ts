/** A run of any length in a bounded number of bins of equal width, which doubles when the run gets longer. */

/** The number of bins, and the width of a bin at the beginning. */
const COUNT = 2048;
const FIRST_WIDTH_NS = 1000;

/** How two bins become one. */
type Merge = (a: number, b: number) => number;
const sum: Merge = (a, b) => a + b;

interface Series {
  merge: Merge;
  values: number[];
}

/** Bins as plain data. */
export interface BinsData {
  widthNs: number;
  /** By name: a value for each bin; the zeros at the end are left out. */
  series: Record<string, number[]>;
}

/** Collects values over time in constant memory. */
export class Bins {
  private widthNs = FIRST_WIDTH_NS;
  private readonly series = new Map<string, Series>();

  /** Adds to the sum of a bin. */
  add(name: string, atNs: number, value: number): void {
    this.put(name, sum, atNs, value);
  }

  /** Raises the maximum of a bin. */
  peak(name: string, atNs: number, value: number): void {
    this.put(name, Math.max, atNs, value);
  }

  private put(name: string, merge: Merge, atNs: number, value: number): void {
    while (atNs >= this.widthNs * COUNT) this.widen();
    if (!this.series.has(name)) this.series.set(name, { merge, values: [] });
    const { values } = this.series.get(name)!;
    const bin = Math.floor(atNs / this.widthNs);
    while (values.length <= bin) values.push(0);
    values[bin] = merge(values[bin]!, value);
  }

  private widen(): void {
    this.widthNs *= 2;
    for (const one of this.series.values())
      one.values = Array.from({ length: Math.ceil(one.values.length / 2) }, (_, bin) =>
        one.merge(one.values[2 * bin]!, one.values[2 * bin + 1] ?? 0),
      );
  }

  data(): BinsData {
    const series: BinsData['series'] = {};
    for (const [name, { values }] of this.series) series[name] = [...values];
    return { widthNs: this.widthNs, series };
  }
}
