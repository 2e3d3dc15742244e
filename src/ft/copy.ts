/**
 * Live copy of a machine to another host: all non-zero pages, then in rounds those written meanwhile, then the rest
 * while the guest is paused (the paper, section 3.1: a modified VMotion).
 */
import type { Execution } from '../cpu/engine.ts';
import { PAGE_BYTES } from '../cpu/layout.ts';
import type { MachineDescription } from '../vmm/description.ts';
import { ReplayDoors } from '../vmm/doors.ts';
import { Machine } from '../vmm/machine.ts';
import { applyDelta, type Compressor, packPages, takeDelta, unpackPages } from '../vmm/snapshot.ts';
import type { ChangedPages } from './changed-pages.ts';
import type { HostName } from './effects.ts';
import type { Tuning } from './rules.ts';

/** A guest that writes faster than pages are copied is paused after this many rounds. */
const MAX_ROUNDS = 30;

/** The sender of a copy. */
export class CopySender {
  round = 1;
  private queue: number[];
  private unacknowledged = 0;
  private readonly changed: Set<number>;
  /** The number of pages of the previous round. */
  private before = Number.POSITIVE_INFINITY;

  constructor(
    readonly host: HostName,
    /** Identifies this copy in messages. */
    readonly number: number,
    private readonly machine: Machine,
    private readonly pages: ChangedPages,
    private readonly tuning: Pick<Tuning, 'copyPages' | 'copyWindow' | 'stopPages'>,
    private readonly compressor?: Compressor,
  ) {
    this.changed = pages.listen();
    this.queue = machine.hart.usedPages();
  }

  /** The number of pages of this round that have not been sent. */
  get left(): number {
    return this.queue.length;
  }

  /** Whether the window of unacknowledged messages has room. */
  get open(): boolean {
    return this.unacknowledged < this.tuning.copyWindow;
  }

  /** The next pages of this round with their current content. */
  take(): { packed: Uint8Array; sizeBytes: number } {
    const indexes = this.queue.splice(0, this.tuning.copyPages);
    this.pages.collect(indexes);
    for (const index of indexes) this.changed.delete(index);
    this.unacknowledged++;
    return {
      packed: packPages(this.machine, indexes, this.compressor),
      sizeBytes: indexes.length * PAGE_BYTES,
    };
  }

  acknowledged(): void {
    this.unacknowledged--;
  }

  /**
   * Begins the next round once this one is sent and acknowledged; `slower` if the guest should be slowed. `stop`: few
   * enough pages are left, or the number of rounds is exhausted. Undefined: this round is incomplete.
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

  /**
   * Ends the copy after {@link nextRound} has returned `stop`, while the guest is paused: device state and last pages.
   */
  finish(): { delta: Uint8Array; pages: number; sizeBytes: number } {
    const indexes = [...this.changed].sort((a, b) => a - b);
    this.stop();
    const delta = takeDelta(this.machine, indexes, this.compressor);
    return { delta, pages: indexes.length, sizeBytes: indexes.length * PAGE_BYTES };
  }

  /** Ends the tracking of changed pages. */
  stop(): void {
    this.pages.stop(this.changed);
  }
}

/** The receiver of a copy. */
export class CopyReceiver {
  readonly machine: Machine;
  private readonly compressor: Compressor | undefined;

  constructor(
    readonly from: HostName,
    readonly number: number,
    description: MachineDescription,
    { execution, compressor }: { execution?: Execution | undefined; compressor?: Compressor } = {},
  ) {
    this.compressor = compressor;
    // The boot image's content is outdated, and zero pages are not sent.
    this.machine = new Machine(description, new ReplayDoors(), execution, 'blank');
  }

  /** @throws {FormatError} for anything that `packPages` did not make. */
  pages(packed: Uint8Array): void {
    unpackPages(this.machine, packed, this.compressor);
  }

  /** Completes the copy; returns whether the machine's hash is the sender's. */
  finish(delta: Uint8Array, hash: bigint): boolean {
    applyDelta(this.machine, delta, this.compressor);
    return this.machine.hash() === hash;
  }
}
