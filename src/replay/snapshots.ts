/** Snapshots along a replay, each with only the pages that have changed since the one before: what going back starts from. */
import { decode, encode } from '../base/codec.ts';
import { PAGE_BYTES, RAM_BASE } from '../cpu/layout.ts';
import type { Machine } from '../vmm/machine.ts';

/** A position of a replay. */
export interface Place {
  /** Steps since boot. */
  icount: number;
  /** How many entries have come through the doors. */
  consumed: number;
}

/** A page's bytes, or what reads them. */
export type PageContent = Uint8Array | (() => Uint8Array);

/** The bytes of a page. */
export const pageBytes = (content: PageContent): Uint8Array =>
  typeof content === 'function' ? content() : content;

/** The state of a machine at a place. */
export interface PlacedSnapshot extends Place {
  /** The state without RAM, encoded. */
  readonly state: Uint8Array;
  readonly ramSizeBytes: number;
  /** At least the pages of RAM that are not as in the snapshot before this one; for the first, as zeros. */
  readonly pages: Map<number, PageContent>;
}

/** Whether one place comes before another. */
const isBefore = (a: Place, b: Place): boolean =>
  a.icount < b.icount || (a.icount === b.icount && a.consumed < b.consumed);

/** The size of a snapshot besides its pages and its state, about. */
const OVERHEAD_BYTES = 1 << 10;

function sizeOf({ state, pages }: PlacedSnapshot): number {
  let inMemory = 0;
  for (const content of pages.values()) if (typeof content !== 'function') inMemory++;
  return OVERHEAD_BYTES + state.length + inMemory * PAGE_BYTES;
}

/**
 * The snapshots of one replay, in memory and in order. A machine's RAM is that of its anchor, the snapshot that was
 * last taken of it or restored in it, but for the pages that were written since.
 */
export class Snapshots {
  private readonly list: PlacedSnapshot[];
  private sizeBytes: number;
  private machine: Machine | undefined;
  private anchor: PlacedSnapshot | undefined;
  /** Pages of the machine that may differ from its anchor's, besides those that it reports as changed. */
  private readonly changed = new Set<number>();

  /**
   * @param limitBytes memory for snapshots; the first and the latest one are kept even if they need more
   * @param known snapshots from elsewhere, in order
   */
  constructor(
    private readonly limitBytes: number,
    known: readonly PlacedSnapshot[] = [],
  ) {
    this.list = [...known];
    this.sizeBytes = known.reduce((sum, one) => sum + sizeOf(one), 0);
  }

  /** All of them, in order. */
  [Symbol.iterator](): Iterator<PlacedSnapshot> {
    return this.list[Symbol.iterator]();
  }

  /** The number of snapshots. */
  get count(): number {
    return this.list.length;
  }

  /** The last snapshot at a position, or before it; with `strictly` not at it. */
  lastUntil(icount: number, strictly = false): PlacedSnapshot | undefined {
    return this.list.findLast((one) => one.icount < icount || (!strictly && one.icount === icount));
  }

  /** Forgets the snapshots after a place. */
  forgetAfter({ icount, consumed }: Place): void {
    for (let last = this.list.at(-1); last; last = this.list.at(-1)) {
      if (last.icount <= icount && last.consumed <= consumed) return;
      this.list.pop();
      this.sizeBytes -= sizeOf(last);
      if (this.anchor === last) this.anchor = undefined;
    }
  }

  /** Takes a snapshot of the machine, which is at this place. */
  take(machine: Machine, place: Place): void {
    this.noteChanges(machine);
    const at = this.list.findLastIndex((one) => !isBefore(place, one)) + 1;
    const before = this.list[at - 1];
    // At one place there is one state.
    if (before && !isBefore(before, place)) return this.setAnchor(before);
    // The pages that changed since the anchor include those that changed since a later snapshot that it ran past.
    const pages = this.anchor ? [...this.changed] : this.allPages(machine, at);
    const taken: PlacedSnapshot = {
      ...place,
      state: encode(machine.schema, machine.state),
      ramSizeBytes: machine.hart.ramSizeBytes,
      pages: new Map(
        pages.map((page) => [page, machine.hart.ram.slice(page * PAGE_BYTES, (page + 1) * PAGE_BYTES)]),
      ),
    };
    this.list.splice(at, 0, taken);
    this.sizeBytes += sizeOf(taken);
    this.setAnchor(taken);
    this.thin(taken);
  }

  /** The pages that are in use, in the machine or in the snapshots before number `at`. */
  private allPages({ hart }: Machine, at: number): number[] {
    const earlier = this.list.slice(0, at).flatMap(({ pages }) => [...pages.keys()]);
    return [...new Set([...earlier, ...hart.usedPages()])];
  }

  /** Makes a machine, which has not more RAM, what it was at a snapshot. */
  restore(machine: Machine, snapshot: PlacedSnapshot): void {
    this.noteChanges(machine);
    const { hart } = machine;
    const target = this.list.indexOf(snapshot);
    const from = this.anchor ? this.list.indexOf(this.anchor) : -1;
    const differing = new Set(this.changed);
    for (let at = Math.min(from, target) + 1; at <= Math.max(from, target); at++)
      for (const page of this.list[at]!.pages.keys()) differing.add(page);
    if (!this.anchor) hart.clearRam();
    if (snapshot.ramSizeBytes > hart.ramSizeBytes) hart.growRam(snapshot.ramSizeBytes);
    this.restorePages(machine, target, differing);
    machine.state = decode(machine.schema, snapshot.state);
    hart.takeChanged();
    this.setAnchor(snapshot);
  }

  /** Gives pages the content of the last snapshot up to number `target` that has them; `rest` is empty afterwards. */
  private restorePages({ hart }: Machine, target: number, rest: Set<number>): void {
    const addressOf = (page: number) => RAM_BASE + page * PAGE_BYTES;
    for (let at = target; at >= 0 && rest.size > 0; at--) {
      const { pages } = this.list[at]!;
      // Of a far way back there are many pages and many snapshots, near the present place few pages.
      for (const page of rest.size < pages.size ? [...rest] : pages.keys()) {
        const content = pages.get(page);
        if (content && rest.delete(page)) hart.write(addressOf(page), pageBytes(content));
      }
    }
    for (const page of rest) hart.clearRam(addressOf(page), PAGE_BYTES);
    rest.clear();
  }

  /** Collects what the machine has changed since its anchor; another machine than before has none. */
  private noteChanges(machine: Machine): void {
    const changed = machine.hart.takeChanged();
    if (machine === this.machine) for (const page of changed) this.changed.add(page);
    else {
      this.machine = machine;
      this.anchor = undefined;
      this.changed.clear();
    }
  }

  private setAnchor(snapshot: PlacedSnapshot): void {
    this.anchor = snapshot;
    this.changed.clear();
  }

  /**
   * Removes snapshots until the rest fits: first where they are close together, compared with how far from the present
   * place they are. The present one, which is the anchor, stays.
   */
  private thin(present: PlacedSnapshot): void {
    const { list } = this;
    while (this.sizeBytes > this.limitBytes && list.length > 2) {
      let least = Number.POSITIVE_INFINITY;
      let victim = 0;
      for (let at = 1; at < list.length; at++) {
        const one = list[at]!;
        if (one === present) continue;
        const next = list[at + 1] ?? present;
        const gap =
          Math.abs(next.icount - list[at - 1]!.icount) / (Math.abs(present.icount - one.icount) + 1);
        if (gap < least) [least, victim] = [gap, at];
      }
      if (victim === 0) return;
      this.remove(victim);
    }
  }

  private remove(at: number): void {
    const { list } = this;
    const [removed] = list.splice(at, 1);
    const next = list[at];
    this.sizeBytes -= sizeOf(removed!);
    // What changed up to the removed one and not after it is a change of the next one now.
    if (next) {
      this.sizeBytes -= sizeOf(next);
      for (const [page, content] of removed!.pages) if (!next.pages.has(page)) next.pages.set(page, content);
      this.sizeBytes += sizeOf(next);
    }
  }
}
