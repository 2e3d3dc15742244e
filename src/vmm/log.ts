/**
 * A recording on disk: magic, version, the machine's description with its checksum, then the entries, each with its length
 * and a checksum that depends on the one before. A log that was cut short is good up to its last whole entry; a changed,
 * missing or moved byte is found at the entry where it stands.
 */
import { decode, Reader, Writer } from '../base/codec.ts';
import { FormatError, OperatingError } from '../base/errors.ts';
import { xxh32 } from '../base/xxh32.ts';
import { descriptionSchema, type MachineDescription } from './description.ts';
import { type Entry, entryAfter, following, NOTHING_BEFORE, writeEntry } from './entries.ts';

const MAGIC = new TextEncoder().encode('VMFT-LOG');
const VERSION = 6;
/** No entry is larger; a larger length is damage. */
const MAX_ENTRY_BYTES = 1 << 21;

/** Writes a log, piece by piece. */
export class LogWriter {
  private checksum: number;
  private before = NOTHING_BEFORE;
  private readonly out = new Writer();
  /** The entry that is being written. */
  private readonly body = new Writer();

  constructor(description: MachineDescription) {
    const { out } = this;
    out.raw(MAGIC);
    out.u16(VERSION);
    // Where it stands: it may hold a kernel.
    this.checksum = xxh32(out.counted(() => descriptionSchema.write(out, description)));
    out.u32(this.checksum);
  }

  append(entry: Entry): void {
    this.body.length = 0;
    writeEntry(this.body, entry, this.before);
    const { written } = this.body;
    this.before = following(this.before, entry);
    this.checksum = xxh32(written, this.checksum);
    this.out.varint(written.length);
    this.out.raw(written);
    this.out.u32(this.checksum);
  }

  /** How many bytes there are to {@link take}. */
  get waitingBytes(): number {
    return this.out.length;
  }

  /** Everything written since the last call. */
  take(): Uint8Array {
    return this.out.take();
  }

  /** As {@link take}, without a copy: `to` is given the bytes where they stand until more is appended. */
  drain(to: (written: Uint8Array) => void): void {
    to(this.out.written);
    this.out.length = 0;
  }
}

/** What a log file holds. */
export interface Recording {
  description: MachineDescription;
  entries: Entry[];
  /** Why reading stopped before the end of the recording, if it did. */
  damage?: OperatingError;
}

/** Reads a log: its description at once, and its entries one at a time, so that those of a long log are not in memory together. */
export class LogReader {
  readonly description: MachineDescription;
  /** Entries that were read. */
  count = 0;
  /** Why there are no more, when the recording has not come to its end. Known when all were read. */
  damage: OperatingError | undefined;
  private readonly firstEntry: number;
  private readonly seed: number;

  /**
   * `name` is for messages.
   * @throws {OperatingError} when nothing of it can be used: another format or version, or a damaged head.
   */
  constructor(
    private readonly content: Uint8Array,
    private readonly name: string,
  ) {
    const input = new Reader(content);
    const refuse = (reason: string): never => {
      throw new OperatingError(`${name}: ${reason}`);
    };
    if (content.length < MAGIC.length || MAGIC.some((byte, index) => content[index] !== byte))
      refuse('not a vmft log; make one with `vmft run PROGRAM --no-ft --record FILE`');
    input.raw(MAGIC.length);
    try {
      const version = input.u16();
      if (version !== VERSION)
        refuse(`log format ${version}, and this vmft reads ${VERSION}; record it again`);
      const head = input.raw(input.u32());
      this.seed = xxh32(head);
      if (input.u32() !== this.seed) refuse('the head of the log is damaged; record it again');
      this.description = decode(descriptionSchema, head);
    } catch (error) {
      if (!(error instanceof FormatError)) throw error;
      throw new OperatingError(`${name}: the head of the log is cut short or damaged; record it again`);
    }
    this.firstEntry = input.offset;
  }

  /** The entries that are good, from the first on. */
  *[Symbol.iterator](): Generator<Entry, void, undefined> {
    const input = new Reader(this.content);
    input.offset = this.firstEntry;
    let checksum = this.seed;
    let before = NOTHING_BEFORE;
    let last: Entry | undefined;
    this.count = 0;
    while (input.remaining > 0) {
      const start = input.offset;
      try {
        const length = input.varint();
        if (length > MAX_ENTRY_BYTES) input.fail('too long');
        if (length + 4 > input.remaining) return this.ends('the log is cut short', last);
        const body = input.raw(length);
        checksum = xxh32(body, checksum);
        if (input.u32() !== checksum) input.fail('checksum');
        last = decode(entryAfter(before), body);
      } catch (error) {
        if (!(error instanceof FormatError)) throw error;
        const cut = input.remaining === 0 && tooShort(start, input);
        return this.ends(cut ? 'the log is cut short' : `the log is damaged at byte ${start}`, last);
      }
      before = following(before, last);
      this.count++;
      yield last;
    }
    if (last?.kind !== 'control' || last.action !== 'end') this.ends('the log is cut short', last);
  }

  private ends(problem: string, last: Entry | undefined): void {
    this.damage = new OperatingError(
      `${this.name}: ${problem}; the last good entry is number ${this.count}, at icount ${last?.icount ?? 0}`,
    );
  }
}

/** Reads all of a log. @throws {OperatingError} as {@link LogReader}. */
export function readLog(content: Uint8Array, name: string): Recording {
  const reader = new LogReader(content, name);
  const entries = [...reader];
  const { description, damage } = reader;
  return { description, entries, ...(damage && { damage }) };
}

/** Whether the bytes from `start` on are too few to be an entry at all. */
const tooShort = (start: number, input: Reader): boolean => input.source.length - start < 6;
