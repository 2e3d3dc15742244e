import type { DiskRequest } from '../devices/device.ts';
import { SECTOR_BYTES } from '../devices/device.ts';
import type { DiskOutput } from '../vmm/outputs.ts';

export interface DiskOperation {
  /** The number of the output that started it. */
  id: number;
  request: DiskRequest;
  /** The log entry that explains the start. */
  entry: number;
  /** When the disk was asked, in the host's time. */
  issuedNs: number | undefined;
  /** The disk has answered; `data` is what was read. */
  answer: { data: Uint8Array } | undefined;
  /** The log entry of the completion, once the machine has been given it. */
  doneEntry: number | undefined;
  /** The disk has been asked before, perhaps by another replica. */
  again: boolean;
}

/** What holds an operation back. */
export interface DiskLimits {
  /** Every member holds the log up to this entry. */
  held: number;
  /** Whether operations on the same sectors wait for each other; with `others`, until everyone is past the earlier one's end. */
  ordered: boolean;
  others: boolean;
  /** Whether a write waits until everyone holds the entry that explains it: it is an output where others see the disk. */
  writesWait: boolean;
}

/**
 * The disk operations of a machine, in the order in which the guest started them: one list on every replica, since all start and
 * complete them at the same instructions.
 *
 * Operations on the same sectors would race, with one outcome here and another there (the paper, section 3.4). So one waits for the other: not only until the disk has answered, but until every member holds the completion.
 * Otherwise a replica that goes live, and starts the earlier one again, would do so after the later one.
 */
export class DiskQueue {
  private operations: DiskOperation[] = [];

  /** Operations without a completion. */
  get open(): readonly DiskOperation[] {
    return this.operations.filter(({ doneEntry }) => doneEntry === undefined);
  }

  /** Numbers below will not be asked of the disk again. */
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

  /** The machine has been given the completion. */
  complete(id: number, doneEntry: number): void {
    const operation = this.find(id);
    if (operation) operation.doneEntry = doneEntry;
  }

  /**
   * Lets go of operations that hold nobody back any more: everyone is past the entry that ends them. It is enough to hold that entry
   * where the log carries what was read; where each replica reads for itself, it must be consumed.
   */
  discard(past: number): void {
    this.operations = this.operations.filter(({ doneEntry }) => doneEntry === undefined || doneEntry > past);
  }

  /** The operations that may be asked of the disk now: again, when the last answer is overdue. */
  ready(
    limits: DiskLimits,
    nowNs: number,
    retryNs = Number.POSITIVE_INFINITY,
    may: (operation: DiskOperation) => boolean = () => true,
  ): DiskOperation[] {
    const due = this.operations.filter((operation, index) => {
      const { request, entry, issuedNs, answer, doneEntry } = operation;
      if (answer || doneEntry !== undefined) return false;
      if (issuedNs !== undefined) return nowNs - issuedNs >= retryNs;
      // Only a write is an output; a read that nobody knows of harms nobody.
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

  /** Going live: the disk is asked again for everything that has no completion. */
  restart(entry: number): void {
    for (const operation of this.open)
      Object.assign(operation, {
        entry: Math.min(operation.entry, entry),
        issuedNs: undefined,
        answer: undefined,
        again: true,
      });
  }

  /** Only these are under way: a checkpoint says so. */
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
