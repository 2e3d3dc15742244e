/** Runs cases in batches, analyses the differences, and counts. */
import { writeFileSync } from 'node:fs';
import type { Case } from './case.ts';
import type { Comparison, Judged } from './compare.ts';
import { excuse } from './excuse.ts';
import { generate } from './generate.ts';
import type { Options } from './options.ts';
import { recordText } from './record.ts';
import { caseText, differenceText } from './report.ts';
import { shrink } from './shrink.ts';

const isDifferent = ({ verdict }: Judged): boolean => verdict.is === 'different';
const isExplained = ({ verdict }: Judged): boolean => verdict.is === 'explained';

/** The result of explained cases without the instructions that the rules name. */
const restText = {
  same: 'equal without that instruction',
  useless: 'not comparable without that instruction',
  stays: 'the instruction cannot be removed',
} as const;

export class Campaign {
  private readonly started = Date.now();
  private readonly counts = new Map<string, number>();
  private readonly same: [Case, BigUint64Array][] = [];
  private next: number;
  private readonly end: number;
  findings = 0;

  constructor(
    private readonly comparison: Comparison,
    private readonly options: Options,
  ) {
    this.next = options.from;
    this.end = options.cases === undefined ? Number.POSITIVE_INFINITY : options.from + options.cases;
  }

  async run(): Promise<void> {
    let waiting: Promise<Judged[]> = Promise.resolve([]);
    // This machine makes and runs the next batch while QEMU runs one.
    while (!this.isOver()) {
      const until = Math.min(this.next + this.options.batch, this.end);
      const prepared = this.comparison.prepare(this.cases(until));
      const judged = await waiting;
      waiting = this.comparison.finish(prepared);
      await this.check(judged);
      this.next = until;
    }
    await this.check(await waiting);
    const { record, seed } = this.options;
    if (record) writeFileSync(record, recordText(seed, this.same));
  }

  summary(): string {
    const seconds = (Date.now() - this.started) / 1000;
    const done = this.next - this.options.from;
    const lines = [...this.counts]
      .sort((a, b) => b[1] - a[1])
      .map(([what, number]) => `  ${String(number).padStart(8)} ${what}`);
    return [
      `${done} cases in ${seconds.toFixed(0)} s, ${(done / seconds).toFixed(0)} a second, seed ${this.options.seed}:`,
      ...lines,
    ].join('\n');
  }

  private isOver(): boolean {
    const { minutes, findings } = this.options;
    return (
      this.next >= this.end || this.findings >= findings || (Date.now() - this.started) / 60_000 >= minutes
    );
  }

  private *cases(until: number): Generator<Case> {
    for (let index = this.next; index < until; index++) yield generate(this.options.seed, index);
  }

  private count(what: string): void {
    this.counts.set(what, (this.counts.get(what) ?? 0) + 1);
  }

  /** Checks the results of a batch. */
  private async check(batch: readonly Judged[]): Promise<void> {
    const judged = await this.settle(batch);
    for (const { one, verdict } of judged)
      if (verdict.is === 'same') {
        this.count('the same');
        if (this.options.record) this.same.push([one, verdict.result]);
      } else if (verdict.is === 'useless') this.count(`useless: ${verdict.why}`);
    const excused = await excuse(this.comparison, judged.filter(isExplained));
    for (const { judged, rest } of excused)
      if (judged.verdict.is === 'explained' && rest) {
        this.count(`explained: ${judged.verdict.why}`);
        this.count(`(explained: ${restText[rest]})`);
      }
    const again = await this.settle(excused.map(({ judged }) => judged).filter(isDifferent));
    for (const _ of again.filter(({ verdict }) => verdict.is !== 'different'))
      this.count('explained, and different without that instruction, but not again');
    for (const { one } of [...judged, ...again].filter(isDifferent)) await this.report(one);
  }

  /**
   * Runs the cases that differ again, first without the others, then each alone: on QEMU a case that writes outside its
   * arena may damage the harness, and then all later cases of its batch differ.
   */
  private async settle(judged: readonly Judged[]): Promise<Judged[]> {
    const rest = judged.filter((one) => !isDifferent(one));
    const again = await this.comparison.all(judged.filter(isDifferent).map(({ one }) => one));
    for (const one of again)
      rest.push(isDifferent(one) ? { one: one.one, verdict: await this.comparison.alone(one.one) } : one);
    return rest;
  }

  private async report(one: Case): Promise<void> {
    this.count('DIFFERENT');
    if (++this.findings > this.options.findings) return;
    const small = await shrink(this.comparison, one);
    const again = await this.comparison.alone(small);
    console.log(`\nDifferent:\n${caseText(small)}`);
    if (again.is === 'different') console.log(differenceText(again.ours, again.qemu));
  }
}
