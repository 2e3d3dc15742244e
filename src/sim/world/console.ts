import { joined } from '../../base/bytes.ts';
import { bytes } from '../../base/codec.ts';
import type { Violation } from '../../check/checkers.ts';
import { SeenNumbers } from '../../cluster/edge/seen-numbers.ts';
import type { Spool } from '../../replay/spool.ts';
import { Tape } from '../../replay/tape.ts';
import type { Output } from '../../vmm/outputs.ts';
import type { Scheduler } from './scheduler.ts';

const texts = bytes();

/** When typing starts: the guest needs time to boot. */
const FIRST_KEY_NS = 1_000_000;
/** 16 bytes at 115200 baud. */
const CHUNK_BYTES = 16;
const CHUNK_NS = 1_388_889;

/**
 * The terminal at the edge: types the prepared input at the speed of a serial line, then interactive input, and prints
 * released outputs, each number once. It outlives the hosts: a replica that goes live requests the input from the
 * offset that its guest has reached.
 */
export class Console {
  private typed = 0;
  /** The next bytes are about to be typed. */
  private typing = false;
  /** Every backup holds so many bytes of the input. */
  private heldBytes = 0;
  /** A primary has asked for input that a console with a bounded buffer would not have any more. */
  readonly violations: Violation[] = [];
  private listener: ((offset: number, data: Uint8Array) => void) | undefined;
  private readonly seen: SeenNumbers;
  private prompted = false;
  /** The end of the output so far, in which the prompt may begin. */
  private tail = '';
  /** The prompt's UTF-8 bytes, a character each. */
  private readonly prompt: string;
  readonly transcript: Tape<Uint8Array>;

  constructor(
    private readonly scheduler: Scheduler,
    /** All input so far, typed or to be typed. */
    public input: Uint8Array,
    dedup: boolean,
    private readonly print: (data: Uint8Array) => void,
    /** Interactive: input may be added at any time. */
    public open: boolean,
    /** The prepared input is typed once the console has shown this text; at once if it is empty. */
    prompt = '',
    /** Where the output is kept. */
    spool?: Spool,
  ) {
    this.seen = new SeenNumbers(dedup);
    this.prompt = byteText(new TextEncoder().encode(prompt));
    this.transcript = new Tape(() => texts, spool);
    if (prompt === '') this.typeIn(FIRST_KEY_NS);
  }

  /** The number of repeated output numbers. */
  get duplicatesDropped(): number {
    return this.seen.duplicatesDropped;
  }

  /** Whether all input is typed, and none can come. */
  get exhausted(): boolean {
    return !this.open && this.typed === this.input.length;
  }

  /** Adds input, which is typed after what is not typed yet. */
  typeNow(data: Uint8Array): void {
    this.input = joined([this.input, data]);
    // Prepared input may wait for the prompt.
    if (this.prompt === '' || this.prompted) this.typeIn(0);
  }

  /** Withdraws what is not typed yet. */
  withdraw(): void {
    this.input = this.input.slice(0, this.typed);
  }

  /** Ends interactive input. */
  close(): void {
    this.open = false;
  }

  /** Searches the output for the prompt, which may span two outputs. */
  private awaitPrompt(shown: Uint8Array): void {
    if (this.prompt === '' || this.prompted) return;
    const text = this.tail + byteText(shown);
    this.prompted = text.includes(this.prompt);
    this.tail = text.slice(-this.prompt.length);
    if (this.prompted) this.typeIn(FIRST_KEY_NS);
  }

  /** Types what is not typed yet, from `delayNs` on; unless it is about to be typed. */
  private typeIn(delayNs: number): void {
    if (this.typing || this.typed === this.input.length) return;
    this.typing = true;
    this.scheduler.in(delayNs, () => this.type());
  }

  private type(): void {
    this.typing = false;
    // It may have been withdrawn.
    if (this.typed === this.input.length) return;
    const from = this.typed;
    this.typed = Math.min(this.input.length, from + CHUNK_BYTES);
    this.listener?.(from, this.input.subarray(from, this.typed));
    this.typeIn(CHUNK_NS);
  }

  /** Directs input to `listener` from now on, beginning with what was typed since `offset`. */
  listen(offset: number, listener: (offset: number, data: Uint8Array) => void): void {
    this.listener = listener;
    if (offset < this.heldBytes && this.violations.length === 0)
      this.violations.push({
        invariant: 'input-once',
        message: `input is asked for from byte ${offset + 1} on, but every backup was said to hold ${this.heldBytes} bytes`,
      });
    if (offset < this.typed) listener(offset, this.input.subarray(offset, this.typed));
  }

  /** Every backup holds so many typed bytes: a console need not keep them. */
  held(typed: number): void {
    this.heldBytes = typed;
  }

  /** Prints the new part of an output; whether there was one. */
  release(output: Output & { kind: 'console' }): boolean {
    const fresh = this.seen.fresh(output);
    if (!fresh) return false;
    this.transcript.append(fresh.data);
    this.print(fresh.data);
    this.awaitPrompt(fresh.data);
    return true;
  }
}

/** Bytes as a text with a character for each. */
const byteText = (data: Uint8Array): string => Array.from(data, (byte) => String.fromCharCode(byte)).join('');
