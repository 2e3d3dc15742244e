import { assert } from '../../base/assert.ts';
import { bytes } from '../../base/codec.ts';
import { SeenNumbers } from '../../cluster/edge/seen-numbers.ts';
import type { Spool } from '../../replay/spool.ts';
import { Tape } from '../../replay/tape.ts';
import type { Output } from '../../vmm/outputs.ts';
import type { Scheduler } from '../scheduler.ts';

const texts = bytes();

/** The operator starts to type when the guest has had time to boot. */
const FIRST_KEY_NS = 1_000_000;
/** 16 bytes at 115200 baud. */
const CHUNK_BYTES = 16;
const CHUNK_NS = 1_388_889;

/**
 * The terminal outside: types the prepared input at the speed of a serial line, then what somebody types who sits there, and prints
 * what is released, each output number once. It outlives the VMs: a VM that goes live asks for the input from the offset that its
 * guest has reached.
 */
export class Console {
  private typed = 0;
  private listener: ((offset: number, data: Uint8Array) => void) | undefined;
  private readonly seen: SeenNumbers;
  private prompted = false;
  private tail = '';
  readonly transcript: Tape<Uint8Array>;

  constructor(
    private readonly scheduler: Scheduler,
    /** All that is to be typed, as far as that is known. */
    public input: Uint8Array,
    dedup: boolean,
    private readonly print: (data: Uint8Array) => void,
    /** Somebody sits at the terminal, and may type at any time. */
    public open: boolean,
    /** The prepared input is typed when the console has shown this text; at once, when it is empty. */
    private readonly prompt = '',
    /** Where what was printed is kept. */
    spool?: Spool,
  ) {
    this.seen = new SeenNumbers(dedup);
    this.transcript = new Tape(() => texts, spool);
    if (input.length > 0 && prompt === '') scheduler.at(FIRST_KEY_NS, () => this.type());
  }

  /** Output numbers that came a second time. */
  get duplicatesDropped(): number {
    return this.seen.duplicatesDropped;
  }

  /** Whether everything has been typed. */
  get exhausted(): boolean {
    return !this.open && this.typed === this.input.length;
  }

  /** Somebody types, now. */
  typeNow(data: Uint8Array): void {
    assert(this.open, 'somebody sits at the terminal');
    const begins = this.typed === this.input.length;
    const all = new Uint8Array(this.input.length + data.length);
    all.set(this.input);
    all.set(data, this.input.length);
    this.input = all;
    // What was not typed yet comes first.
    if (begins) this.scheduler.in(0, () => this.type());
  }

  /** Nobody types any more. */
  close(): void {
    this.open = false;
  }

  /** Looks for the text that the prepared input waits for, of which the end of what was shown before may be the beginning. */
  private look(shown: Uint8Array): void {
    if (this.prompt === '' || this.prompted) return;
    const text = this.tail + new TextDecoder('latin1').decode(shown);
    this.prompted = text.includes(this.prompt);
    this.tail = text.slice(-this.prompt.length);
    if (this.prompted && this.input.length > 0) this.scheduler.in(FIRST_KEY_NS, () => this.type());
  }

  private type(): void {
    const from = this.typed;
    this.typed = Math.min(this.input.length, from + CHUNK_BYTES);
    this.listener?.(from, this.input.subarray(from, this.typed));
    if (this.typed < this.input.length) this.scheduler.in(CHUNK_NS, () => this.type());
  }

  /** From now on what is typed goes to `listener`, and at once what was typed since `offset`. */
  listen(offset: number, listener: (offset: number, data: Uint8Array) => void): void {
    this.listener = listener;
    if (offset < this.typed) listener(offset, this.input.subarray(offset, this.typed));
  }

  /** Prints what is new; says whether anything was. */
  release(output: Output & { kind: 'console' }): boolean {
    const fresh = this.seen.fresh(output);
    if (!fresh) return false;
    this.transcript.append(fresh.data);
    this.print(fresh.data);
    this.look(fresh.data);
    return true;
  }
}
