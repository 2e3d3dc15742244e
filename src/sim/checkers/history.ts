import type { Entry } from '../../vmm/entries.ts';

/**
 * What came through a machine's doors since boot. A machine that was copied, or that takes over checkpoints, has the history of
 * the one that it was copied from, up to the place where that was.
 */
export class History {
  private own: Entry[] = [];
  private taken: { from: readonly Entry[]; count: number } | undefined;

  get entries(): readonly Entry[] {
    if (this.taken) this.own = this.taken.from.slice(0, this.taken.count);
    this.taken = undefined;
    return this.own;
  }

  append(entry: Entry): void {
    (this.entries as Entry[]).push(entry);
  }

  /** From now on this is the beginning of another machine's history. */
  take(other: History, count: number): void {
    this.taken = { from: other.entries, count };
  }
}
