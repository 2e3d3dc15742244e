/**
 * A running machine is copied to another host: all pages that are not zero, then in rounds those that were written meanwhile, and
 * a short stop for what is left (the paper, section 3.1: a modified VMotion).
 */
import type { Execution } from '../cpu/engine.ts';
import { PAGE_BYTES } from '../cpu/layout.ts';
import type { MachineDescription } from '../vmm/description.ts';
import { ReplayDoors } from '../vmm/doors.ts';
import { Machine } from '../vmm/machine.ts';
import { applyDelta, packPages, takeDelta, unpackPages } from '../vmm/snapshot.ts';
import type { ChangedPages } from './changed-pages.ts';
import type { HostName } from './effects.ts';
import type { Tuning } from './rules.ts';

/** A guest that writes faster than the rounds can follow is stopped after this many. */
const MAX_ROUNDS = 30;

/** The replica that is copied. */
export class CopySender {
  round = 1;
  private queue: number[];
  private unacknowledged = 0;
  private readonly changed: Set<number>;
  /** How many pages the round before had. */
  private before = Number.POSITIVE_INFINITY;

  constructor(
    readonly host: HostName,
    /** Tells this copy from others. */
    readonly number: number,
    private readonly machine: Machine,
    private readonly pages: ChangedPages,
    private readonly tuning: Pick<Tuning, 'copyPages' | 'copyWindow' | 'stopPages'>,
  ) {
    this.changed = pages.listen();
    this.queue = machine.hart.usedPages();
  }

  /** How many pages of this round have not been sent. */
  get left(): number {
    return this.queue.length;
  }

  /** Whether more may be sent before the other replica has taken in what it was sent. */
  get open(): boolean {
    return this.unacknowledged < this.tuning.copyWindow;
  }

  /** The next pages of this round, as they are now. */
  take(): { packed: Uint8Array; sizeBytes: number } {
    this.pages.collect();
    const indexes = this.queue.splice(0, this.tuning.copyPages);
    for (const index of indexes) this.changed.delete(index);
    this.unacknowledged++;
    return { packed: packPages(this.machine, indexes), sizeBytes: indexes.length * PAGE_BYTES };
  }

  acknowledged(): void {
    this.unacknowledged--;
  }

  /**
   * When a round is over and everything was taken in: `stop` when what is left is little, or doesn't get less; else the next round
   * begins, with `slower` if the guest should write less.
   */
  nextRound(): 'stop' | 'slower' | 'again' | undefined {
    if (this.queue.length > 0 || this.unacknowledged > 0) return undefined;
    this.pages.collect();
    const { size } = this.changed;
    if (size <= this.tuning.stopPages || this.round >= MAX_ROUNDS) return 'stop';
    const shrinks = size < this.before * 0.7;
    this.before = size;
    this.queue = [...this.changed].sort((a, b) => a - b);
    this.changed.clear();
    this.round++;
    return shrinks ? 'again' : 'slower';
  }

  /** The end, once {@link nextRound} says `stop`, while the guest stands still: its state, and the pages that are left. */
  finish(): { delta: Uint8Array; pages: number; sizeBytes: number } {
    const indexes = [...this.changed].sort((a, b) => a - b);
    this.stop();
    const delta = takeDelta(this.machine, indexes);
    return { delta, pages: indexes.length, sizeBytes: indexes.length * PAGE_BYTES };
  }

  stop(): void {
    this.pages.stop(this.changed);
  }
}

/** The replica that becomes a copy. */
export class CopyReceiver {
  readonly machine: Machine;

  constructor(
    readonly from: HostName,
    readonly number: number,
    description: MachineDescription,
    execution?: Execution,
  ) {
    this.machine = new Machine(description, new ReplayDoors(), execution);
    // What the image holds at boot is long past; pages of zeros are not sent.
    this.machine.hart.clearRam();
  }

  pages(packed: Uint8Array): void {
    unpackPages(this.machine, packed);
  }

  /** The copy is whole: says whether it is the machine that was copied. */
  finish(delta: Uint8Array, hash: bigint): boolean {
    applyDelta(this.machine, delta);
    return this.machine.hash() === hash;
  }
}
