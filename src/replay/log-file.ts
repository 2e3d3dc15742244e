/**
 * The file format of recordings: magic, version, the machine's description with its checksum, then the entries, each
 * with its length and a checksum chained to the one before. A truncated log is good up to its last whole entry; a
 * changed, missing or moved byte is detected at its entry. Large boot images may be in files of their own; the entries
 * are the same to the byte.
 *
 * A recording may also say how its run was made, for those who know how to make it again: after the description, its
 * origin; among the entries, notes. Both are bytes that have no meaning here.
 */
import { assert } from '../base/assert.ts';
import { joined } from '../base/bytes.ts';
import { type Codec, decode, Writer } from '../base/codec.ts';
import { FormatError, OperatingError } from '../base/errors.ts';
import { Xxh32, xxh32 } from '../base/xxh32.ts';
import { descriptionSchema, type MachineDescription } from '../vmm/description.ts';
import {
  contextAfter,
  type EncodingContext,
  type Entry,
  entryCodec,
  INITIAL_CONTEXT,
  writeEntry,
} from '../vmm/entries.ts';
import { ChainedFrames, writeFrame } from './chained-frames.ts';
import { descriptionOf, type Images, imageOutline, largeSegments, outlineOf } from './images.ts';

const MAGIC = new TextEncoder().encode('VMFT-LOG');
/** With the whole description, and nothing else in the head. */
const VERSION = 6;
/** With an {@link ImageOutline} in its place, and an origin, which may be empty. */
const EXTENDED_VERSION = 7;
/** The limit of an entry's length; a larger one is damage. */
const MAX_ENTRY_BYTES = 1 << 21;
/** The limit of a note's length. */
export const MAX_NOTE_BYTES = 1 << 20;
/** A note begins like an entry that is no step further and of a kind that there is none of. */
const NOTE_HEAD = Uint8Array.of(0, 0xff);
const isNote = (body: Uint8Array): boolean => NOTE_HEAD.every((byte, index) => body[index] === byte);

/** A position in a log file between two entries, with the state that the encoding of the next one depends on. */
export interface LogPosition {
  /** The offset of the next entry in the file, in bytes. */
  offset: number;
  checksum: number;
  context: EncodingContext;
  /** The number of entries before, and the last of them. */
  count: number;
  last: Entry | undefined;
}

/** Whether a file that begins with these bytes is a recording, of any version. */
export const isRecording = (head: Uint8Array): boolean =>
  head.length >= MAGIC.length && MAGIC.every((byte, index) => head[index] === byte);

/** What a log may have besides description and entries. */
export interface LogExtras {
  /** Where large boot images go. */
  images?: Pick<Images, 'put'> | undefined;
  /** How the run is made; not empty. */
  origin?: Uint8Array | undefined;
}

/** A head that can be written once its images are kept: waits for them. */
interface WaitingHead {
  readonly isReady: boolean;
  bytes(): Uint8Array;
}

/** Writes a log, piece by piece. */
export class LogWriter {
  private checksum: number;
  private context: EncodingContext;
  private readonly out = new Writer();
  /** What comes before everything in `out`, if it was not taken yet. */
  private head: WaitingHead | undefined;

  /**
   * Begins a log with this description, or continues one at a position. `images`: where its large boot images go; by
   * default the log has everything. `origin`: how the run is made.
   */
  constructor(from: MachineDescription | LogPosition, { images, origin }: LogExtras = {}) {
    if ('checksum' in from) {
      this.checksum = from.checksum;
      this.context = from.context;
      return;
    }
    this.context = INITIAL_CONTEXT;
    assert(origin?.length !== 0, 'an origin is not empty');
    const apart = images ? largeSegments(from) : [];
    const isPlain = apart.length === 0 && !origin;
    if (isPlain) {
      this.checksum = writeHead(this.out, VERSION, descriptionSchema, from);
      return;
    }
    const kept = images?.put(apart.map((segment) => from.segments[segment]!.bytes));
    const checksum = checksumOf(descriptionSchema, from);
    this.checksum = checksum;
    const write = (out: Writer) => {
      const outline = outlineOf(from, apart, kept?.names ?? []);
      const ofOutline = writeHead(out, EXTENDED_VERSION, imageOutline, { ...outline, checksum });
      const how = origin ?? new Uint8Array(0);
      out.u32(how.length);
      out.raw(how);
      out.u32(xxh32(how, ofOutline));
    };
    if (!kept) write(this.out);
    else
      this.head = {
        get isReady() {
          return kept.isReady;
        },
        bytes: () => {
          const out = new Writer();
          write(out);
          return out.written;
        },
      };
  }

  /** Encodes a note, of up to {@link MAX_NOTE_BYTES}; only in a log with an origin. */
  note(content: Uint8Array): void {
    assert(content.length <= MAX_NOTE_BYTES, 'a note fits');
    this.checksum = writeFrame(this.out, this.checksum, (out) => {
      out.raw(NOTE_HEAD);
      out.raw(content);
    });
  }

  /** Encodes an entry with its length and checksum. */
  append(entry: Entry): void {
    this.checksum = writeFrame(this.out, this.checksum, (out) => writeEntry(out, entry, this.context));
    this.context = contextAfter(this.context, entry);
  }

  /** Whether {@link take} and {@link drain} do not wait for images. */
  get isReady(): boolean {
    return this.head?.isReady ?? true;
  }

  /** The number of bytes to {@link take}, without a head that waits for images. */
  get waitingBytes(): number {
    return this.out.length;
  }

  /** Everything written since the last call. @throws {OperatingError} when an image can't be kept */
  take(): Uint8Array {
    const head = this.takeHead();
    const written = this.out.take();
    return head ? joined([head, written]) : written;
  }

  /** As {@link take}, without a copy: the bytes that `to` receives are valid until the next {@link append}. */
  drain(to: (written: Uint8Array) => void): void {
    const head = this.takeHead();
    if (head) to(head);
    to(this.out.written);
    this.out.length = 0;
  }

  private takeHead(): Uint8Array | undefined {
    const bytes = this.head?.bytes();
    this.head = undefined;
    return bytes;
  }
}

/** Writes a head, up to its checksum; returns that. */
function writeHead<T>(out: Writer, version: number, codec: Codec<T>, value: T): number {
  out.raw(MAGIC);
  out.u16(version);
  // Without a copy: the description may contain a kernel.
  const checksum = xxh32(out.counted(() => codec.write(out, value)));
  out.u32(checksum);
  return checksum;
}

/** The checksum of a value's encoding, which is never in memory as a whole: it may contain a kernel. */
function checksumOf<T>(codec: Codec<T>, value: T): number {
  const sum = new Xxh32();
  const out = new Writer((bytes) => sum.update(bytes));
  codec.write(out, value);
  sum.update(out.written);
  return sum.checksum;
}

/** The content of a log file. */
export interface Recording {
  description: MachineDescription;
  entries: Entry[];
  /** Why reading stopped before the end of the recording, if it did. */
  damage?: OperatingError;
}

/** Reads all of a log. @throws {OperatingError} as {@link LogStream}. */
export function readLog(content: Uint8Array, name: string, images?: Pick<Images, 'get'>): Recording {
  const reader = new LogReader(content, name, images);
  const entries = [...reader];
  const { description, damage } = reader;
  return { description, entries, ...(damage && { damage }) };
}

/** A file that is read in any order. */
export interface ReadableFile {
  /** Up to `sizeBytes` bytes from an offset on; none at the end. */
  read(offset: number, sizeBytes: number): Uint8Array;
}

/** The size of the pieces in which a file is read. */
const PIECE_BYTES = 1 << 16;

/** Reads a log: an iterable of its entries, which can be iterated repeatedly. A file may grow meanwhile. */
export class LogReader {
  readonly description: MachineDescription;
  /** How the run was made, if the recording says so. */
  readonly origin: Uint8Array | undefined;
  /** The number of entries read. */
  count = 0;
  /** Why reading stopped before the end of the recording, if it did. Known when all entries are read. */
  damage: OperatingError | undefined;
  /** After the head, and after every {@link MARK_ENTRIES} entries. */
  private readonly start: LogPosition;
  private readonly marks: LogPosition[] = [];
  /** After the last entry read. */
  private end: LogPosition;
  /** Whether a reading has stopped because the file had other entries than before. */
  private isStale = false;

  /**
   * `name`: the file's name, for messages. `images`: where its boot images are, if it does not have them.
   * @throws {OperatingError} as {@link LogStream}
   */
  constructor(
    private readonly content: Uint8Array | ReadableFile,
    private readonly name: string,
    images?: Pick<Images, 'get'>,
  ) {
    const { description, origin, position } = new LogStream(this.pieces(0), name, { images });
    this.description = description;
    this.origin = origin;
    this.start = position;
    this.end = position;
  }

  /** Reads on from the last known position before entry `count`. The head, which may have a kernel, is read once. */
  private stream(count: number, isSame?: () => boolean): LogStream {
    const mark = Math.min(Math.floor(count / MARK_ENTRIES), this.marks.length);
    const position = this.marks[mark - 1] ?? this.start;
    const resumed = { description: this.description, position };
    return new LogStream(this.pieces(position.offset, isSame), this.name, { resumed });
  }

  /** The bytes from an offset on. `isSame`: whether the file, of which a piece was just read, is still the same. */
  private pieces(from: number, isSame = () => true): () => Uint8Array | undefined {
    const { content } = this;
    if (content instanceof Uint8Array) {
      const pieces = [content.subarray(from)];
      return () => pieces.pop();
    }
    let offset = from;
    return () => {
      const piece = content.read(offset, PIECE_BYTES);
      offset += piece.length;
      return piece.length > 0 && isSame() ? piece : undefined;
    };
  }

  /** The checksum that is chained up to the first `count` entries; undefined when there are not as many. */
  checksumAfter(count: number): number | undefined {
    const stream = this.stream(count);
    const entries = stream.entries();
    while (stream.position.count < count && !entries.next().done) this.mark(stream.position);
    return stream.position.count === count ? stream.position.checksum : undefined;
  }

  /** Keeps a position from which later readings can begin, if it is the next of these. */
  private mark(position: LogPosition): void {
    if (position.count === (this.marks.length + 1) * MARK_ENTRIES) this.marks.push(position);
  }

  /** The notes, each with the number of entries before it, as far as the recording is good. */
  *notes(): Generator<{ count: number; content: Uint8Array }, void, undefined> {
    const stream = this.stream(0);
    for (const content of stream.frames()) {
      const { count } = stream.position;
      if (content instanceof Uint8Array) yield { count, content };
    }
  }

  /** The file was truncated after this many entries, and may have others now. */
  truncated(count: number): void {
    this.marks.length = Math.min(this.marks.length, Math.floor(count / MARK_ENTRIES));
    this.count = Math.min(this.count, count);
    if (this.end.count > count) this.end = this.marks.at(-1) ?? this.start;
  }

  /** Whether the last entry read is the end of the recording. */
  get isComplete(): boolean {
    return isEnd(this.end.last);
  }

  /**
   * Reads on, in a file that may have grown, or may have been truncated and have other entries now. Returns whether
   * there are more, and the place up to which it certainly has the entries that it had, when not all of them.
   */
  readOn(): { isMore: boolean; changedAfter: { count: number; icount: number } | undefined } {
    const known = this.end;
    if (!this.has(known)) {
      const kept = this.marks.findLast((mark) => this.has(mark)) ?? this.start;
      this.truncated(kept.count);
    }
    const { count, last } = this.end;
    for (const _ of this.from(count));
    // The reading that has stopped early finds more now.
    const isMore = this.end.count > count || this.isStale;
    this.isStale = false;
    return {
      isMore,
      changedAfter: count < known.count ? { count, icount: last?.icount ?? 0 } : undefined,
    };
  }

  /** Whether the file still has the entries up to a position; read from the mark before it. */
  private has({ count, checksum }: LogPosition): boolean {
    const stream = this.stream(Math.max(0, count - 1));
    const entries = stream.entries();
    while (stream.position.count < count && !entries.next().done);
    return stream.position.count === count && stream.position.checksum === checksum;
  }

  /** The good entries in order. */
  *[Symbol.iterator](): Generator<Entry, void, undefined> {
    yield* this.from(0);
  }

  /** The good entries from number `start` on, counted from 0. Those before are not read again. */
  *from(start: number): Generator<Entry, void, undefined> {
    // A file that becomes another one, and later again what it was, would not be noticed by readOn. What is read after
    // the last known entry is chained to what was read here before.
    const isSame = () => {
      if (this.end.count > stream.position.count && !this.has(this.end)) this.isStale = true;
      return !this.isStale;
    };
    const stream: LogStream = this.stream(start, isSame);
    for (const entry of stream.entries()) {
      const { count } = stream.position;
      this.count = Math.max(this.count, count);
      if (count > this.end.count) this.end = stream.position;
      this.mark(stream.position);
      if (count > start) yield entry;
    }
    this.damage = stream.damage;
  }
}

/** What a {@link LogStream} begins with. */
interface LogStreamFrom {
  resumed?: { description: MachineDescription; position: LogPosition };
  images?: Pick<Images, 'get'> | undefined;
}

/** The position after every so many entries is kept. */
const MARK_ENTRIES = 256;

/** Reads a log piece by piece, with only its head, an entry and a piece in memory. */
export class LogStream {
  readonly description: MachineDescription;
  /** How the run was made, if the recording says so, and the bytes begin with its head. */
  origin: Uint8Array | undefined;
  /** Why reading stopped before the end of the recording, if it did. Known when all entries are read. */
  damage: OperatingError | undefined;
  private readonly input: ChainedFrames;
  /** The position after the last whole entry. */
  position: LogPosition;

  /**
   * @param next the next bytes of the file, of any length; undefined at its end.
   * @param name the file's name, for messages.
   * @param from `resumed`: where the bytes begin, if that is not at the file's beginning. `images`: where its boot
   *   images are, if it does not have them.
   * @throws {OperatingError} for another format or version, or a damaged head.
   */
  constructor(
    next: () => Uint8Array | undefined,
    private readonly name: string,
    { resumed, images }: LogStreamFrom = {},
  ) {
    this.input = new ChainedFrames(next, resumed?.position);
    this.description = resumed?.description ?? this.readHead(images);
    const { offset, checksum } = this.input;
    this.position = resumed?.position ?? {
      offset,
      checksum,
      context: INITIAL_CONTEXT,
      count: 0,
      last: undefined,
    };
  }

  private readHead(images: Pick<Images, 'get'> | undefined): MachineDescription {
    const refuse = (reason: string): never => {
      throw new OperatingError(`${this.name}: ${reason}`);
    };
    const { input: frames } = this;
    frames.have(HEAD_BYTES);
    const { source } = frames.input;
    if (!isRecording(source))
      refuse('not a vmft log; make one with `vmft run PROGRAM --no-ft --record FILE`');
    frames.input.raw(MAGIC.length);
    try {
      const version = frames.input.u16();
      if (version !== VERSION && version !== EXTENDED_VERSION)
        refuse(
          `log format ${version}, and this vmft reads ${VERSION} and ${EXTENDED_VERSION}; record it again`,
        );
      const length = frames.input.u32();
      frames.have(length + 4);
      const head = frames.input.raw(length);
      frames.checksum = xxh32(head);
      if (frames.input.u32() !== frames.checksum) refuse('the head of the log is damaged; record it again');
      if (version === VERSION) return decode(descriptionSchema, head);
      const outline = decode(imageOutline, head);
      frames.have(4);
      const originBytes = frames.input.u32();
      frames.have(originBytes + 4);
      const origin = frames.input.raw(originBytes);
      if (originBytes > 0) this.origin = origin;
      if (frames.input.u32() !== xxh32(origin, frames.checksum))
        refuse('the head of the log is damaged; record it again');
      frames.checksum = outline.checksum;
      return descriptionOf(outline, images, this.name);
    } catch (error) {
      if (!(error instanceof FormatError)) throw error;
      throw new OperatingError(`${this.name}: the head of the log is cut short or damaged; record it again`);
    }
  }

  /** The good entries in order; sets `damage` at the first that is not. */
  *entries(): Generator<Entry, void> {
    for (const frame of this.frames()) if (!(frame instanceof Uint8Array)) yield frame;
  }

  /** The good entries and the contents of the notes among them; as {@link entries}. */
  *frames(): Generator<Entry | Uint8Array, void> {
    const { input: frames } = this;
    const stop = (problem: string) => {
      const { count, last } = this.position;
      this.damage = new OperatingError(
        `${this.name}: ${problem}; the last good entry is number ${count}, at icount ${last?.icount ?? 0}`,
      );
    };
    for (;;) {
      if (frames.isAtEnd) break;
      const start = frames.offset;
      let entry: Entry;
      try {
        const body = frames.body(MAX_ENTRY_BYTES);
        if (!body) return stop('the log is cut short');
        if (isNote(body)) {
          const { offset, checksum } = frames;
          this.position = { ...this.position, offset, checksum };
          yield body.subarray(NOTE_HEAD.length);
          continue;
        }
        entry = decode(entryCodec(this.position.context), body);
      } catch (error) {
        if (!(error instanceof FormatError)) throw error;
        // Fewer bytes than the shortest entry: truncated, not damaged.
        const cut = frames.isAtEnd && frames.offset - start < 6;
        return stop(cut ? 'the log is cut short' : `the log is damaged at byte ${start}`);
      }
      const { context, count } = this.position;
      const { offset, checksum } = frames;
      this.position = {
        offset,
        checksum,
        context: contextAfter(context, entry),
        count: count + 1,
        last: entry,
      };
      yield entry;
    }
    if (!isEnd(this.position.last)) stop('the log is cut short');
  }
}

/** The last entry of a complete recording. */
const isEnd = (entry: Entry | undefined): boolean => entry?.kind === 'control' && entry.action === 'end';

/** Magic, version, and the length of the description. */
const HEAD_BYTES = MAGIC.length + 6;
