import { after, type EdgeOutput, lastOf } from '../vmm/outputs.ts';
import type { Edge } from './effects.ts';

interface Held {
  output: EdgeOutput;
  /** The log entry that covers it. */
  entry: number;
  /** When it was last released, in the host's time. */
  releasedNs: number | undefined;
}

const ENVELOPE_BYTES = 20;

const sizeOf = (output: EdgeOutput): number =>
  ENVELOPE_BYTES + (output.kind === 'console' ? output.data.length : output.frame.length);

/** The receiver of an output. */
export const edgeOf = (output: EdgeOutput): Edge => (output.kind === 'console' ? 'console' : 'switch');

/**
 * The output rule (the paper, section 2.2): an output waits here until the backups hold the entry that covers it, and
 * is kept until it is delivered. A backup's gate keeps the outputs that are not known to be delivered.
 */
export class OutputGate {
  private held: Held[] = [];
  private heldBytes = 0;

  get size(): number {
    return this.held.length;
  }

  /** The size of the held outputs, their envelopes included. */
  get sizeBytes(): number {
    return this.heldBytes;
  }

  hold(outputs: readonly EdgeOutput[], entry: number): void {
    for (const output of outputs) {
      this.held.push({ output, entry, releasedNs: undefined });
      this.heldBytes += sizeOf(output);
    }
  }

  /**
   * Releases the outputs covered by entries up to `entry`; those released at least `retryNs` ago are released again.
   */
  open(entry: number, nowNs: number, retryNs = Number.POSITIVE_INFINITY): EdgeOutput[] {
    if (this.held.length === 0) return [];
    const due = this.held.filter(
      (held) => held.entry <= entry && (held.releasedNs === undefined || nowNs - held.releasedNs >= retryNs),
    );
    for (const held of due) held.releasedNs = nowNs;
    return due.map(({ output }) => output);
  }

  /** Outputs for an edge up to a number are delivered. */
  delivered(edge: Edge, number: number): void {
    this.forgetWhere((output) => edgeOf(output) === edge, number);
  }

  /** Outputs for both edges up to a number are delivered. */
  forget(number: number): void {
    this.forgetWhere(() => true, number);
  }

  private forgetWhere(matches: (output: EdgeOutput) => boolean, number: number): void {
    this.held = this.held.flatMap((held) => {
      if (!matches(held.output)) return [held];
      const rest = lastOf(held.output) <= number ? undefined : (after(number, held.output) as EdgeOutput);
      this.heldBytes += (rest ? sizeOf(rest) : 0) - sizeOf(held.output);
      return rest ? [{ ...held, output: rest }] : [];
    });
  }

  /** Every output up to this number is delivered, of `made` that were made. */
  deliveredUpTo(made: number): number {
    return Math.min(made, ...this.held.map(({ output }) => output.first - 1));
  }

  /** The held outputs, in order. */
  contents(): EdgeOutput[] {
    return this.held.map(({ output }) => output);
  }

  /** Continuing another primary's log: no output counts as released, and none waits for an entry after `entry`. */
  restart(entry: number): void {
    for (const held of this.held) {
      held.entry = Math.min(held.entry, entry);
      held.releasedNs = undefined;
    }
  }

  /** Released outputs that are not delivered may be lost: all of them are due again. */
  resend(): void {
    for (const held of this.held) held.releasedNs = undefined;
  }

  clear(): void {
    this.held = [];
    this.heldBytes = 0;
  }
}

/** The numbers of an output and its text, for reports. */
export function spanOf(output: EdgeOutput): { first: number; last: number; text: string } {
  const text =
    output.kind === 'console'
      ? new TextDecoder().decode(output.data)
      : `frame of ${output.frame.length} bytes`;
  return { first: output.first, last: lastOf(output), text };
}
