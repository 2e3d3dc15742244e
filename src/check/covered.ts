/**
 * Compares the outside of a run with one fault-free machine that replays the history of the last live machine. The
 * checkers receive that machine's outputs and inputs during the replay, and read the evidence along with it: neither is
 * in memory as a whole.
 */
import { sameBytes } from '../base/bytes.ts';
import { DISK_OK, type DiskRequest, SECTOR_BYTES } from '../devices/device.ts';
import type { EntryOf } from '../vmm/entries.ts';
import type { Output } from '../vmm/outputs.ts';
import { ByteStreams } from './byte-streams.ts';
import type { Violation } from './checkers.ts';
import type { AppliedWrite, SeenFrame } from './evidence.ts';

interface Finding {
  message: string;
  /** As of a {@link Violation}. */
  output?: number | undefined;
}

const violations = (invariant: Violation['invariant'], found: Finding | undefined): Violation[] =>
  found
    ? [{ invariant, message: found.message, ...(found.output !== undefined && { output: found.output }) }]
    : [];

/** The outputs that were seen are those the machine makes: all of them when the guest ended, else a prefix. */
export class OutputsChecker {
  private readonly console: ByteStreams;
  private readonly frames: Iterator<SeenFrame>;
  private framesMade = 0;
  private framesSeen = 0;
  private wrongFrame: Finding | undefined;
  /** The first console byte that was not seen as made. */
  private wrongByte: number | undefined;

  constructor(seen: { console: Iterable<Uint8Array>; frames: Iterable<SeenFrame> }) {
    this.console = new ByteStreams(seen.console);
    this.frames = seen.frames[Symbol.iterator]();
  }

  made(output: Output): void {
    if (output.kind === 'console') this.print(output);
    if (output.kind === 'frame') this.frame(output);
  }

  private print({ first, data }: Output & { kind: 'console' }): void {
    const before = this.console.same;
    this.console.append(data);
    const same = this.console.same - before;
    if (same < data.length) this.wrongByte ??= first + same;
  }

  private frame({ first, frame }: Output & { kind: 'frame' }): void {
    this.framesMade++;
    if (this.wrongFrame !== undefined) return;
    const { value: seen, done } = this.frames.next();
    if (done) return;
    this.framesSeen++;
    if (seen.number !== first)
      this.wrongFrame = {
        message: `frame ${seen.number} left where a machine with the same history makes frame ${first}`,
        output: seen.number,
      };
    else if (!sameBytes(seen.frame, frame))
      this.wrongFrame = {
        message: `frame ${first} holds other bytes than the machine with the same history makes`,
        output: first,
      };
  }

  /** The replay is over; `complete`: the guest ended, so all outputs must have been seen. */
  end(complete: boolean): Violation[] {
    return violations('outputs-covered', this.consoleWrong(complete) ?? this.framesWrong(complete));
  }

  private consoleWrong(complete: boolean): Finding | undefined {
    const { console, wrongByte: output } = this;
    const { same, more, thereIsMore, quoted } = console;
    if (thereIsMore)
      return {
        message: `console byte ${same + 1} is ${quoted.there}; a machine with the same history prints ${quoted.came}`,
        output,
      };
    if (complete && more > 0)
      return { message: `${more} console bytes were lost, from byte ${same + 1} on: ${quoted.came}`, output };
    return undefined;
  }

  private framesWrong(complete: boolean): Finding | undefined {
    if (this.wrongFrame !== undefined) return this.wrongFrame;
    const { value: seen, done } = this.frames.next();
    if (!done)
      return {
        message: `frame ${seen.number} left where a machine with the same history makes no more frames`,
        output: seen.number,
      };
    if (complete && this.framesSeen < this.framesMade)
      return { message: `${this.framesSeen} frames left where the machine makes ${this.framesMade}` };
    return undefined;
  }
}

/**
 * The guest's console input is a prefix of what was typed, and its frames are a prefix of those that the switch
 * accepted for it: nothing lost and nothing repeated, across failovers.
 */
export class InputChecker {
  private readonly streams: ByteStreams;
  private readonly inbound: Iterator<Uint8Array>;
  private frames = 0;
  private wrongFrame: string | undefined;

  constructor(typed: Uint8Array, inbound: Iterable<Uint8Array>) {
    this.streams = new ByteStreams([typed]);
    this.inbound = inbound[Symbol.iterator]();
  }

  given({ data }: EntryOf<'console'>): void {
    this.streams.append(data);
  }

  frame({ frame }: EntryOf<'net'>): void {
    this.frames++;
    if (this.wrongFrame !== undefined) return;
    const { value, done } = this.inbound.next();
    if (done) this.wrongFrame = `the guest took ${this.frames} frames or more; the switch had fewer for it`;
    else if (!sameBytes(value, frame))
      this.wrongFrame = `frame ${this.frames} that the guest took is not frame ${this.frames} that the switch had for it`;
  }

  end(): Violation[] {
    const { same, more, quoted } = this.streams;
    const messages = [
      ...(more > 0
        ? [`input byte ${same + 1} of the guest is ${quoted.came}; typed was ${quoted.there}`]
        : []),
      ...(this.wrongFrame === undefined ? [] : [this.wrongFrame]),
    ];
    return messages.map((message) => ({ invariant: 'input-once', message }));
  }
}

/**
 * The disk's content is what the machine writes: operations take effect in the order in which the guest started them,
 * each write once, and each read returns the writes before it.
 */
export class DiskChecker {
  /** The disk's content by the operations checked so far. */
  private readonly expected: Uint8Array;
  /** Operations from the first without a known completion on. */
  private open: { id: number; request: DiskRequest }[] = [];
  private readonly ends = new Map<number, EntryOf<'disk'>>();
  /** Writes that the machine has made and the disk has not done yet. */
  private readonly unapplied = new Map<number, DiskRequest & { operation: 'write' }>();
  private readonly applied: Iterator<AppliedWrite>;
  private next: AppliedWrite | undefined;
  private wrongRead: Finding | undefined;
  private wrongWrite: Finding | undefined;

  constructor(
    private readonly disk: { initial: Uint8Array; content: Uint8Array; writes: Iterable<AppliedWrite> },
  ) {
    this.expected = new Uint8Array(disk.content.length);
    this.expected.set(disk.initial);
    this.applied = disk.writes[Symbol.iterator]();
    this.readApplied();
  }

  made(output: Output): void {
    if (output.kind !== 'disk') return;
    const { first: id, request } = output;
    this.open.push({ id, request });
    // With no applied write left there is nothing to compare: on private disks none is recorded.
    if (request.operation === 'write' && this.next) this.unapplied.set(id, request);
    this.matchApplied(id);
    this.settle();
  }

  ended(entry: EntryOf<'disk'>): void {
    this.ends.set(entry.id, entry);
    this.settle();
  }

  /** Checks the operations in the order of their starts, as far as their completions are known. */
  private settle(): void {
    let count = 0;
    for (const { id, request } of this.open) {
      const end = this.ends.get(id);
      if (!end) break;
      this.ends.delete(id);
      count++;
      if (end.status === DISK_OK) this.takesEffect(id, request, end);
    }
    this.open.splice(0, count);
  }

  private takesEffect(id: number, request: DiskRequest, { data }: EntryOf<'disk'>): void {
    if (request.operation === 'flush') return;
    const at = request.sector * SECTOR_BYTES;
    if (request.operation === 'write') this.expected.set(request.data, at);
    else if (!sameBytes(this.expected.subarray(at, at + request.sizeBytes), data!))
      this.wrongRead ??= {
        message: `read ${id} of sector ${request.sector} returns other data than the writes before it`,
        output: id,
      };
  }

  private readApplied(): void {
    this.next = this.applied.next().value ?? undefined;
  }

  /** Compares the writes that the disk has done with those of the machine up to output `made`. */
  private matchApplied(made: number): void {
    while (this.next && this.next.id <= made && this.wrongWrite === undefined) {
      const { id, sector, data } = this.next;
      const own = this.unapplied.get(id);
      if (!own || own.sector !== sector || !sameBytes(own.data, data))
        this.wrongWrite = { message: this.describe(id, sector), output: id };
      this.unapplied.delete(id);
      this.readApplied();
    }
  }

  /** Describes a write on the disk that the machine does not make, or that it makes once and the disk applied twice. */
  private describe(id: number, sector: number): string {
    let times = 0;
    for (const write of this.disk.writes) if (write.id === id) times++;
    return times > 1
      ? `write ${id} to sector ${sector} was applied twice`
      : `write ${id} to sector ${sector} is not made by a machine with the same history`;
  }

  /** The replay is over. */
  end(): Violation[] {
    this.matchApplied(Number.POSITIVE_INFINITY);
    return violations('disk-covered', this.wrongRead ?? this.wrongWrite ?? this.wrongContent());
  }

  private wrongContent(): Finding | undefined {
    // A write without a completion may have taken effect or not.
    const undecided = new Set<number>();
    for (const { id, request } of this.open) {
      const end = this.ends.get(id);
      if (end?.status === DISK_OK) this.takesEffect(id, request, end);
      if (!end && request.operation === 'write')
        for (let i = 0; i < request.data.length; i += SECTOR_BYTES)
          undecided.add(request.sector + i / SECTOR_BYTES);
    }
    if (this.wrongRead !== undefined) return this.wrongRead;
    const { content } = this.disk;
    for (let at = 0; at < content.length; at += SECTOR_BYTES)
      if (
        !undecided.has(at / SECTOR_BYTES) &&
        !sameBytes(this.expected.subarray(at, at + SECTOR_BYTES), content.subarray(at, at + SECTOR_BYTES))
      )
        return {
          message: `sector ${at / SECTOR_BYTES} differs from what a machine with the same history leaves there`,
        };
    return undefined;
  }
}
