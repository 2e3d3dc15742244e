import type { DiskRequest } from '../devices/device.ts';
import { SECTOR_BYTES } from '../devices/device.ts';
import type { DiskOutput } from '../vmm/outputs.ts';

/** A disk operation of the guest, from its start until no other operation waits for it. */
export interface DiskOperation {
  /** The number of the output that started it. */
  id: number;
  request: DiskRequest;
  /** The log entry that covers the start. */
  entry: number;
  /** When the request was last issued, in the host's time. */
  issuedNs: number | undefined;
  /** The disk's answer, with the data that was read. */
  answer: { data: Uint8Array } | undefined;
  /** The log entry of the completion, once the machine has consumed it. */
  doneEntry: number | undefined;
  /** The request has been issued before, perhaps by another replica. */
  again: boolean;
}

/** The conditions under which an operation waits. */
export interface DiskLimits {
  /** Every required replica holds the log up to this entry. */
  held: number;
  /**
   * Whether an operation waits for an earlier one on the same sectors: until that one is complete here, or with
   * `others` until all replicas are past it.
   */
  ordered: boolean;
  others: boolean;
  /** Whether a write waits until `held` reaches its entry: on a shared disk it is an output. */
  writesWait: boolean;
}

/**
 * The disk operations of a machine, in the order in which the guest started them: one list on every replica, since all
 * start and complete them at the same instructions.
 *
 * Operations on the same sectors would race, with different outcomes on different replicas (the paper, section 3.4). So
 * the later waits for the earlier: not only until the disk has answered, but until every required replica holds the
 * completion. Otherwise a replica that goes live would issue the earlier one again after the later one.
 */
export class DiskQueue {
  private operations: DiskOperation[] = [];

  /** Operations without a completion. */
  get open(): readonly DiskOperation[] {
    return this.operations.filter(({ doneEntry }) => doneEntry === undefined);
  }

  /** No operation with a number below this will be issued again. `made`: the number of outputs made so far. */
  lowWater(made: number): number {
    return this.operations[0]?.id ?? made + 1;
  }

  start(outputs: readonly DiskOutput[], entry: number): void {
    for (const { first: id, request } of outputs)
      this.operations.push({
        id,
        request,
        entry,
        issuedNs: undefined,
        answer: undefined,
        doneEntry: undefined,
        again: false,
      });
  }

  find(id: number): DiskOperation | undefined {
    return this.operations.find((operation) => operation.id === id);
  }

  /** The machine has consumed the completion. */
  complete(id: number, doneEntry: number): void {
    const operation = this.find(id);
    if (operation) operation.doneEntry = doneEntry;
  }

  /**
   * Discards operations that no other waits for any more: all replicas are past the entry that completes them. Where
   * the log carries the data read, holding that entry is enough; where each replica reads the disk, it must be
   * consumed.
   */
  discard(past: number): void {
    if (this.operations.length === 0) return;
    this.operations = this.operations.filter(({ doneEntry }) => doneEntry === undefined || doneEntry > past);
  }

  /** The operations to issue now; those unanswered for `retryNs` are issued again. */
  ready(
    limits: DiskLimits,
    nowNs: number,
    retryNs = Number.POSITIVE_INFINITY,
    may: (operation: DiskOperation) => boolean = () => true,
  ): DiskOperation[] {
    if (this.operations.length === 0) return [];
    const due = this.operations.filter((operation, index) => {
      const { request, entry, issuedNs, answer, doneEntry } = operation;
      if (answer || doneEntry !== undefined) return false;
      if (issuedNs !== undefined) return nowNs - issuedNs >= retryNs;
      // Only a write is an output; a read has no effect outside.
      if (request.operation === 'write' && limits.writesWait && entry > limits.held) return false;
      return (
        may(operation) &&
        (!limits.ordered ||
          !this.operations
            .slice(0, index)
            .some(
              (earlier) =>
                (limits.others || earlier.doneEntry === undefined) && conflicts(earlier.request, request),
            ))
      );
    });
    for (const operation of due) {
      operation.again ||= operation.issuedNs !== undefined;
      operation.issuedNs = nowNs;
    }
    return due;
  }

  /** Going live: every operation without a completion is to be issued again (the paper, section 3.4). */
  restart(entry: number): void {
    for (const operation of this.open)
      Object.assign(operation, {
        entry: Math.min(operation.entry, entry),
        issuedNs: undefined,
        answer: undefined,
        again: true,
      });
  }

  /** A checkpoint names the operations that are open: the others are complete. */
  keep(ids: readonly number[], entry: number): void {
    for (const operation of this.open) if (!ids.includes(operation.id)) operation.doneEntry = entry;
  }

  clear(): void {
    this.operations = [];
  }
}

/** Whether two requests touch the same sectors, and one of them writes. */
function conflicts(a: DiskRequest, b: DiskRequest): boolean {
  if (a.operation === 'flush' || b.operation === 'flush') return false;
  if (a.operation === 'read' && b.operation === 'read') return false;
  return a.sector < endOf(b) && b.sector < endOf(a);
}

const endOf = (request: DiskRequest & { operation: 'read' | 'write' }): number =>
  request.sector + (request.operation === 'read' ? request.sizeBytes : request.data.length) / SECTOR_BYTES;
