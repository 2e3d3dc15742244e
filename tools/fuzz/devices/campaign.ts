/** Runs cases in batches, shrinks the differences, and counts. */
import type { Options } from '../options.ts';
import type { Case } from './access.ts';
import type { Comparison, Judged } from './compare.ts';
import { generate } from './generate.ts';
import { accessText, differenceText } from './report.ts';

/** Fits into the memory that QEMU has for cases. */
export const BATCH_MAX = 300;
const SHRINK_ROUNDS_MAX = 8;

export class DeviceCampaign {
  private readonly started = Date.now();
  private readonly counts = new Map<string, number>();
  /** The differences printed already: one occurs in many cases. */
  private readonly known = new Set<string>();
  private next: number;
  findings = 0;

  constructor(
    private readonly comparison: Comparison,
    private readonly options: Options,
  ) {
    this.next = options.from;
  }

  async run(): Promise<void> {
    const { from, cases, batch, seed } = this.options;
    const end = cases === undefined ? Number.POSITIVE_INFINITY : from + cases;
    while (this.next < end && !this.isOver()) {
      const until = Math.min(this.next + Math.min(batch, BATCH_MAX), end);
      const made = Array.from({ length: until - this.next }, (_, index) => generate(seed, this.next + index));
      for (const judged of await this.comparison.all(made)) await this.check(judged);
      this.next = until;
    }
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
    return this.findings >= findings || (Date.now() - this.started) / 60_000 >= minutes;
  }

  private count(what: string): void {
    this.counts.set(what, (this.counts.get(what) ?? 0) + 1);
  }

  private async check(judged: Judged): Promise<void> {
    for (const why of new Set(judged.explained)) this.count(`explained: ${why}`);
    if (judged.different === undefined) {
      this.count(judged.explained.length > 0 ? 'otherwise equal' : 'equal');
      return;
    }
    this.count('DIFFERENT');
    const kind = kindOf(judged);
    if (this.known.has(kind) || this.findings >= this.options.findings) return;
    this.known.add(kind);
    this.findings++;
    console.log(`\nDifferent: ${differenceText(await this.shrink(judged))}`);
  }

  /** Removes pieces while the same access still differs. */
  private async shrink(failing: Judged): Promise<Judged> {
    let smallest = failing;
    for (let round = 0; round < SHRINK_ROUNDS_MAX; round++) {
      const candidates = reductions(smallest.one);
      const judged = await this.comparison.all(candidates);
      const [best] = judged
        .filter((one) => one.different !== undefined && kindOf(one) === kindOf(failing))
        .sort((a, b) => a.one.pieces.length - b.one.pieces.length);
      if (best === undefined) break;
      smallest = best;
    }
    return smallest;
  }
}

/** The difference by what was accessed, without the values. */
function kindOf({ different }: Judged): string {
  if (different === undefined || different === 'ends') return 'ends';
  const { access, ours, qemu } = different.step;
  const values = ours.cause === qemu.cause ? '' : `${ours.cause}/${qemu.cause}`;
  return `${accessText(access).split(' = ')[0]} ${values}`;
}

/** The case without one half, quarter and so on of its pieces. */
function reductions(one: Case): Case[] {
  const { pieces } = one;
  const result: Case[] = [];
  for (let size = pieces.length >> 1; size >= 1; size >>= 1)
    for (let from = 0; from < pieces.length; from += size)
      result.push({ ...one, pieces: [...pieces.slice(0, from), ...pieces.slice(from + size)] });
  return result;
}
