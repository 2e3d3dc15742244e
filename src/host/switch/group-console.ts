/** The console of a group: output exactly once, in order, and input that waits for the guest. */
import { OperatingError } from '../../base/errors.ts';
import { SeenNumbers } from '../../cluster/edge/seen-numbers.ts';
import { type EdgeOutput, lastOf } from '../../vmm/outputs.ts';
import { ByteLog } from './byte-log.ts';
import type { EdgeRecord } from './edge-records.ts';
import { TypedInput } from './typed-input.ts';

/** The end of the output that is kept for those who attach later. */
export const TAIL_BYTES = 64 << 10;
/** More is kept for an attached terminal that is slow; what it has not shown before that is lost to it. */
export const MAX_OUTPUT_KEPT_BYTES = 4 << 20;
/** The bound of output that waits for the journal. */
export const MAX_PENDING_BYTES = 4 << 20;
/** Bytes in one message to a host. */
const TYPED_PUSH_BYTES = 32 << 10;

type StateFields = Omit<EdgeRecord & { kind: 'state' }, 'kind' | 'group' | 'generation' | 'frameNumber'>;
/** A record of the journal, without its group. */
export type GroupNote = EdgeRecord extends infer R
  ? R extends EdgeRecord
    ? Omit<R, 'group'>
    : never
  : never;

/** An attached terminal. */
export interface Attacher {
  /** Its session of typing. */
  readonly session: bigint;
  /** There is more output to read. */
  outputGrew(): void;
  /** Bytes of this session may be taken now: others were held. */
  roomGrew(): void;
  /** The offset before which the terminal has shown all output. */
  readonly shown: number;
  /** Detaches it. */
  close(why: string): void;
}

/** The primary that listens. */
export interface Listener {
  typed(offset: number, data: Uint8Array): void;
  /** Console outputs up to this number are durable. */
  delivered(number: number): void;
}

/** The console of one group. `note` writes a record; the promise says when it is durable. */
export class GroupConsole {
  readonly input = new TypedInput();
  readonly attachers = new Set<Attacher>();
  private readonly seen = new SeenNumbers(true);
  private readonly output = new ByteLog();
  /** Output before this offset, and up to this number, is durable: it may be shown and confirmed. */
  private durableOutput = 0;
  private durableNumber = 0;
  private durableTyped = 0;
  private readonly waiting = new Map<Listener, number>();
  /** Resolves when what was typed so far is durable. */
  inputDurable: Promise<void> = Promise.resolve();
  private listener: Listener | undefined;
  private listenedTo = 0;

  constructor(private readonly note: (record: GroupNote) => Promise<void>) {}

  get duplicatesDropped(): number {
    return this.seen.duplicatesDropped;
  }

  // ── Output ────────────────────────────────────────────────────────────────────────────────────────────────────────

  /** The offset of the oldest output that is kept. */
  get outputStart(): number {
    return this.output.start;
  }

  /** The end of the output that may be shown. */
  get outputEnd(): number {
    return this.durableOutput;
  }

  /** Up to `limitBytes` of the output from `offset` on. */
  readOutput(offset: number, limitBytes: number): Uint8Array {
    return this.output.read(offset, Math.min(limitBytes, this.durableOutput - offset));
  }

  /**
   * An output of the guest; `from` is told when it is durable, also when it came before.
   * @throws {OperatingError} when the journal is too slow: with its link closed, the host sends everything again in order
   */
  release(output: EdgeOutput & { kind: 'console' }, from: Listener): void {
    const pending = this.output.end - this.durableOutput;
    if (pending > MAX_PENDING_BYTES)
      throw new OperatingError(`the journal is too slow: ${pending} bytes of console output wait for it`);
    const fresh = this.seen.fresh(output);
    if (fresh) this.write(fresh);
    this.waiting.set(from, Math.max(lastOf(output), this.waiting.get(from) ?? 0));
    this.confirm();
  }

  private write({ first, data }: EdgeOutput & { kind: 'console' }): void {
    this.output.append(data);
    const { end } = this.output;
    const last = first + data.length - 1;
    void this.note({ kind: 'output', first, data }).then(() => {
      this.durableOutput = end;
      this.durableNumber = last;
      this.trimOutput();
      for (const attacher of this.attachers) attacher.outputGrew();
      this.confirm();
    });
  }

  private confirm(): void {
    for (const [from, number] of this.waiting) {
      if (number > this.durableNumber) continue;
      this.waiting.delete(from);
      from.delivered(number);
    }
  }

  /** Keeps the tail, and what attached terminals have not shown yet. */
  trimOutput(): void {
    let needed = this.durableOutput - TAIL_BYTES;
    for (const { shown } of this.attachers) needed = Math.min(needed, shown);
    this.output.forget(Math.max(needed, this.durableOutput - MAX_OUTPUT_KEPT_BYTES));
  }

  // ── Input ─────────────────────────────────────────────────────────────────────────────────────────────────────────

  /** Directs typed bytes to a primary, from `offset` on. @throws {OperatingError} when they are not kept */
  listen(offset: number, listener: Listener): void {
    const { end } = this.input;
    this.listenedTo = this.input.seek(offset);
    if (this.input.end > end) {
      this.durableTyped += this.input.end - end;
      void this.note({ kind: 'typed-moved', offset });
    }
    this.listener = listener;
    this.push();
  }

  /** The link to a primary has broken. */
  forget(listener: Listener): void {
    this.waiting.delete(listener);
    if (this.listener === listener) this.listener = undefined;
  }

  /** Takes as many of a typist's bytes as there is room for; returns how many. `taken` is called when they are durable. */
  type(session: bigint, data: Uint8Array, taken: () => void): number {
    const part = data.subarray(0, this.input.room);
    if (part.length === 0) return 0;
    this.input.take(session, part);
    this.inputDurable = this.note({ kind: 'typed', session, data: part }).then(() => {
      this.durableTyped += part.length;
      taken();
      this.push();
    });
    return part.length;
  }

  private push(): void {
    while (this.listener && this.listenedTo < this.durableTyped) {
      const limit = Math.min(TYPED_PUSH_BYTES, this.durableTyped - this.listenedTo);
      const data = this.input.read(this.listenedTo, limit);
      const offset = this.listenedTo;
      this.listenedTo += data.length;
      this.listener.typed(offset, data);
    }
  }

  /** Typed bytes before `upTo` are in the log of every member. */
  typedHeld(upTo: number): void {
    const durable = Math.min(upTo, this.durableTyped);
    if (!this.input.held(durable)) return;
    this.listenedTo = Math.max(this.listenedTo, this.input.start);
    void this.note({ kind: 'typed-held', upTo: durable });
    for (const attacher of this.attachers) attacher.roomGrew();
  }

  // ── Surviving a restart ───────────────────────────────────────────────────────────────────────────────────────────

  /** Its part of a group's state, with what is not durable yet. */
  save(): StateFields {
    // What only a slow terminal still needs is left out, so that the record's size is bounded.
    const tailOffset = Math.max(this.output.start, this.durableOutput - TAIL_BYTES);
    return {
      consoleNumber: this.seen.last,
      tailOffset,
      tail: this.output.read(tailOffset, this.output.end - tailOffset),
      ...this.input.save(),
    };
  }

  /** Takes a record of the journal. */
  replay(record: GroupNote): void {
    if (record.kind === 'output') {
      this.seen.last = record.first + record.data.length - 1;
      this.output.append(record.data);
    } else if (record.kind === 'typed') {
      this.input.take(record.session, record.data);
    } else if (record.kind === 'typed-held') {
      this.input.held(record.upTo);
    } else if (record.kind === 'typed-moved') {
      this.input.seek(record.offset);
    } else if (record.kind === 'state') {
      this.seen.last = record.consoleNumber;
      this.output.forget(this.output.end);
      this.output.moveTo(record.tailOffset);
      this.output.append(record.tail);
      this.input.restore(record);
    }
    this.durableOutput = this.output.end;
    this.durableNumber = this.seen.last;
    this.durableTyped = this.input.end;
    this.trimOutput();
  }
}
