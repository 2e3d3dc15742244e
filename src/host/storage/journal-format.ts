/** The bytes of a journal: see journal.ts for what they promise. */
import { bytes, decode, encode, list } from '../../base/codec.ts';
import { crc32 } from '../../base/crc32.ts';
import { FormatError, OperatingError } from '../../base/errors.ts';
import type { StoredFile } from './files.ts';

/** The largest record. */
export const MAX_RECORD_BYTES = 8 << 20;
/** A frame takes further records up to this size; one record alone may be larger. */
export const FRAME_BYTES = 1 << 20;

const MAGIC = new TextEncoder().encode('vmftjnl\n');
const VERSION = 1;
/** The size of the file's header. */
export const HEADER_BYTES = 20;
/** The size of a frame's header. */
export const FRAME_HEADER_BYTES = 16;
const MAX_BODY_BYTES = MAX_RECORD_BYTES + FRAME_BYTES + 16;
const frameBody = list(bytes(MAX_RECORD_BYTES), FRAME_BYTES);

/** What a record takes up in a frame, in bytes, at most. */
export const sizeInFrame = (record: Uint8Array): number => record.length + 4;

/**
 * Reads the records of a file up to its end, or up to a torn last frame.
 * @throws {OperatingError} when the file is no journal or damaged elsewhere, or `replay` throws
 */
export async function readFrames(
  path: string,
  file: StoredFile,
  replay: (record: Uint8Array) => void,
): Promise<void> {
  const sizeBytes = await file.size();
  const marker = await readHeader(path, file);
  let at = HEADER_BYTES;
  for (let number = 1; at < sizeBytes; number++) {
    const body = await readFrame(file, at, marker, number);
    if (!body) return refuseIfFollowed(path, file, at, sizeBytes, marker);
    try {
      for (const record of decode(frameBody, body)) replay(record);
    } catch (error) {
      if (!(error instanceof FormatError)) throw error;
      throw new OperatingError(`${path}: no record of this program at byte ${at}: ${error.message}`);
    }
    at += FRAME_HEADER_BYTES + body.length;
  }
}

async function readHeader(path: string, file: StoredFile): Promise<number> {
  const header = Buffer.alloc(HEADER_BYTES);
  const read = await file.read(header, 0);
  if (read < MAGIC.length || !header.subarray(0, MAGIC.length).equals(MAGIC))
    throw new OperatingError(`${path}: not a journal of vmft; is this the right directory?`);
  const version = header.readUInt32LE(8);
  if (read < HEADER_BYTES || header.readUInt32LE(16) !== crc32(header.subarray(0, 16)))
    throw new OperatingError(`${path}: the header is damaged: restore the file from a copy`);
  if (version !== VERSION)
    throw new OperatingError(`${path}: has format ${version}, but this program reads format ${VERSION}`);
  return header.readUInt32LE(12);
}

/** The body of the frame at `at`; undefined if there is no whole one. `number`: undefined for any. */
async function readFrame(
  file: StoredFile,
  at: number,
  marker: number,
  number?: number,
): Promise<Uint8Array | undefined> {
  const header = Buffer.alloc(FRAME_HEADER_BYTES);
  if ((await file.read(header, at)) < FRAME_HEADER_BYTES) return;
  const length = header.readUInt32LE(8);
  if (header.readUInt32LE(0) !== marker || length > MAX_BODY_BYTES) return;
  if (number !== undefined && header.readUInt32LE(12) !== number) return;
  const checked = Buffer.alloc(8 + length);
  if ((await file.read(checked, at + 8)) < checked.length) return;
  return crc32(checked) === header.readUInt32LE(4) ? checked.subarray(8) : undefined;
}

/** Throws if a whole frame stands after `damaged`: that one was durable, and is no torn tail. */
async function refuseIfFollowed(
  path: string,
  file: StoredFile,
  damaged: number,
  sizeBytes: number,
  marker: number,
): Promise<void> {
  const sought = Buffer.alloc(4);
  sought.writeUInt32LE(marker);
  const chunk = Buffer.alloc(1 << 20);
  // Chunks overlap by three bytes, so that a marker across a boundary is found.
  for (let start = damaged + 1; start < sizeBytes; start += chunk.length - 3) {
    const part = chunk.subarray(0, await file.read(chunk, start));
    for (let found = part.indexOf(sought); found >= 0; found = part.indexOf(sought, found + 1)) {
      if (!(await readFrame(file, start + found, marker))) continue;
      throw new OperatingError(
        `${path}: the record at byte ${damaged} is damaged, and whole ones follow from byte ${start + found} on. ` +
          'The disk has lost what it had confirmed: restore the file from a copy',
      );
    }
  }
}

/** Groups records, each group at most a frame. */
export function* inFrames(records: Iterable<Uint8Array>): Iterable<Uint8Array[]> {
  let group: Uint8Array[] = [];
  let sizeBytes = 0;
  for (const record of records) {
    if (group.length > 0 && sizeBytes + sizeInFrame(record) > FRAME_BYTES) {
      yield group;
      group = [];
      sizeBytes = 0;
    }
    group.push(record);
    sizeBytes += sizeInFrame(record);
  }
  if (group.length > 0) yield group;
}

/** The header of a file. `marker`: begins each of its frames. */
export function headerOf(marker: number): Uint8Array {
  const header = Buffer.alloc(HEADER_BYTES);
  header.set(MAGIC);
  header.writeUInt32LE(VERSION, 8);
  header.writeUInt32LE(marker, 12);
  header.writeUInt32LE(crc32(header.subarray(0, 16)), 16);
  return header;
}

/** A frame. `number`: counts the frames of a file from 1. */
export function frameOf(marker: number, number: number, records: Uint8Array[]): Uint8Array {
  const body = encode(frameBody, records);
  const frame = Buffer.alloc(FRAME_HEADER_BYTES + body.length);
  frame.writeUInt32LE(marker, 0);
  frame.writeUInt32LE(body.length, 8);
  frame.writeUInt32LE(number, 12);
  frame.set(body, FRAME_HEADER_BYTES);
  frame.writeUInt32LE(crc32(frame.subarray(8)), 4);
  return frame;
}
