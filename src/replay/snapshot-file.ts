/**
 * The file of the snapshots of a recording: magic and version, blocks of compressed pages, then the index, which says what
 * each snapshot has and where its blocks are, and at last where the index is. Pages are read when they are needed.
 */
import {
  bytes,
  decode,
  encode,
  list,
  Reader,
  record,
  u32,
  uint,
  type ValueOf,
  Writer,
} from '../base/codec.ts';
import { FormatError, OperatingError } from '../base/errors.ts';
import { xxh32 } from '../base/xxh32.ts';
import { PAGE_BYTES } from '../cpu/layout.ts';
import type { Compressor } from '../vmm/snapshot.ts';
import type { LogReader, ReadableFile } from './log-file.ts';
import { type PageContent, type PlacedSnapshot, pageBytes } from './snapshots.ts';

const MAGIC = new TextEncoder().encode('VMFT-SNS');
const VERSION = 1;
const HEAD_BYTES = MAGIC.length + 2;
/** The offset, size and checksum of the index, and the magic again. */
const FOOT_BYTES = 8 + 4 + 4 + MAGIC.length;
/** Pages that are compressed together: few enough to read one alone, many enough to compress well. */
const BLOCK_PAGES = 16;
const MAX_INDEX_BYTES = 1 << 30;

const block = record({ pages: list(uint, BLOCK_PAGES), offset: uint, sizeBytes: uint, checksum: u32 });
const entry = record({
  icount: uint,
  consumed: uint,
  /** That of the log after the entries that are consumed: the recording that this is a snapshot of. */
  logChecksum: u32,
  state: bytes(1 << 24),
  ramSizeBytes: uint,
  blocks: list(block),
});
const index = list(entry);

/** The file, piece by piece. `recording` is that of the snapshots. */
export function* snapshotFile(
  snapshots: Iterable<PlacedSnapshot>,
  recording: LogReader,
  compressor: Compressor,
): Generator<Uint8Array, void> {
  const head = new Writer();
  head.raw(MAGIC);
  head.u16(VERSION);
  yield head.bytes();
  let offset = HEAD_BYTES;
  const entries: ValueOf<typeof index> = [];
  for (const { icount, consumed, state, ramSizeBytes, pages } of snapshots) {
    const numbers = [...pages.keys()].sort((a, b) => a - b);
    const blocks: ValueOf<typeof block>[] = [];
    for (let at = 0; at < numbers.length; at += BLOCK_PAGES) {
      const some = numbers.slice(at, at + BLOCK_PAGES);
      const plain = new Uint8Array(some.length * PAGE_BYTES);
      for (const [place, number] of some.entries())
        plain.set(pageBytes(pages.get(number)!), place * PAGE_BYTES);
      const deflated = compressor.deflate(plain);
      blocks.push({ pages: some, offset, sizeBytes: deflated.length, checksum: xxh32(deflated) });
      offset += deflated.length;
      yield deflated;
    }
    entries.push({
      icount,
      consumed,
      logChecksum: recording.checksumAfter(consumed)!,
      state,
      ramSizeBytes,
      blocks,
    });
  }
  const encoded = encode(index, entries);
  yield encoded;
  const foot = new Writer();
  foot.u64(BigInt(offset));
  foot.u32(encoded.length);
  foot.u32(xxh32(encoded));
  foot.raw(MAGIC);
  yield foot.bytes();
}

/**
 * The snapshots in a file of this size. They must be of this recording. Pages that are read later, and are damaged, are
 * an {@link OperatingError} then.
 * @throws {OperatingError} when it is no such file, is damaged or cut short, or belongs to another recording
 */
export function readSnapshots(
  file: ReadableFile,
  sizeBytes: number,
  { name, recording, compressor }: { name: string; recording: LogReader; compressor: Compressor },
): PlacedSnapshot[] {
  const refuse = (reason: string): never => {
    throw new OperatingError(`${name}: ${reason}; make it again with \`vmft index\``);
  };
  const head = new Reader(file.read(0, HEAD_BYTES));
  const foot = new Reader(file.read(Math.max(0, sizeBytes - FOOT_BYTES), FOOT_BYTES));
  const isMagic = (reader: Reader) => MAGIC.every((byte) => reader.u8() === byte);
  try {
    if (!isMagic(head)) refuse('not a file of snapshots');
    const version = head.u16();
    if (version !== VERSION) refuse(`format ${version}, and this vmft reads ${VERSION}`);
    const [offset, length, checksum] = [Number(foot.u64()), foot.u32(), foot.u32()];
    if (!isMagic(foot) || length > MAX_INDEX_BYTES) refuse('it is cut short');
    const encoded = file.read(offset, length);
    if (encoded.length !== length || xxh32(encoded) !== checksum) refuse('its index is damaged');
    return decode(index, encoded).map(({ blocks, logChecksum, ...place }) => {
      if (recording.checksumAfter(place.consumed) !== logChecksum) refuse('it belongs to another recording');
      return { ...place, pages: pagesOf(blocks, file, compressor, refuse) };
    });
  } catch (error) {
    if (error instanceof FormatError) return refuse('it is damaged or cut short');
    throw error;
  }
}

function pagesOf(
  blocks: readonly ValueOf<typeof block>[],
  file: ReadableFile,
  compressor: Compressor,
  refuse: (reason: string) => never,
): Map<number, PageContent> {
  const pages = new Map<number, PageContent>();
  // The pages of a block are usually needed one after the other.
  let last: { offset: number; plain: Uint8Array } | undefined;
  for (const { pages: numbers, offset, sizeBytes, checksum } of blocks) {
    const plain = (): Uint8Array => {
      if (last?.offset === offset) return last.plain;
      const deflated = file.read(offset, sizeBytes);
      if (xxh32(deflated) !== checksum) refuse('its pages are damaged');
      last = { offset, plain: compressor.inflate(deflated, numbers.length * PAGE_BYTES) };
      return last.plain;
    };
    for (const [place, number] of numbers.entries())
      pages.set(number, () => plain().subarray(place * PAGE_BYTES, (place + 1) * PAGE_BYTES));
  }
  return pages;
}
