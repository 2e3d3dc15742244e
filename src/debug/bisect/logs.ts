/** How two recordings differ: in the machines that they describe, and in their entries. */
import { sameBytes } from '../../base/bytes.ts';
import { type Codec, encode } from '../../base/codec.ts';
import { hexOf } from '../../base/text.ts';
import { sameEntry } from '../../replay/comparison.ts';
import { descriptionSchema, type MachineDescription } from '../../vmm/description.ts';
import { type Entry, isInput } from '../../vmm/entries.ts';

/** An entry, and its number in the log, counted from 1. */
export interface Numbered {
  number: number;
  entry: Entry;
}

/** Whether something came through a door: the others are markers, which leave the machine as it is. */
export const isDoor = (entry: Entry): boolean =>
  isInput(entry) || entry.kind === 'clock' || entry.kind === 'entropy';

/** The first entries in which two logs differ; undefined for a log that has ended before. */
export interface LogDifference {
  a: Numbered | undefined;
  b: Numbered | undefined;
}

/** A log in short. */
export interface LogSummary {
  /** The position of its last entry, in steps. */
  end: number;
  count: number;
}

/** The position and the number of a log's last entry. Reads all of it. */
export function summaryOf(log: Iterable<Entry>): LogSummary {
  const summary = { end: 0, count: 0 };
  for (const { icount } of log) {
    summary.end = icount;
    summary.count++;
  }
  return summary;
}

/** The entries of a log that are no markers. */
function* doorsOf(log: Iterable<Entry>): Generator<Numbered, undefined> {
  let number = 0;
  for (const entry of log) {
    number++;
    if (isDoor(entry)) yield { number, entry };
  }
}

/** The first difference in what came through the doors; undefined when there is none. */
export function firstLogDifference(a: Iterable<Entry>, b: Iterable<Entry>): LogDifference | undefined {
  const [left, right] = [doorsOf(a), doorsOf(b)];
  for (;;) {
    const [one, other] = [left.next().value, right.next().value];
    if (!one && !other) return undefined;
    if (!one || !other || !sameEntry(one.entry, other.entry)) return { a: one, b: other };
  }
}

/** The most bytes and characters of a field that are shown. */
const SHOWN_BYTES = 16;
const SHOWN_CHARACTERS = 60;

/** The fields in words. */
const fieldNames: Record<keyof MachineDescription, string> = {
  program: 'the name',
  memorySizeBytes: 'bytes of memory',
  bootEpochNs: 'the time at boot',
  start: 'the registers at boot',
  sbi: 'whether there is no firmware',
  segments: 'the image',
  virtio: 'the devices',
  clock: 'the clock',
  tohost: 'the address of tohost',
  fromhost: 'the address of fromhost',
};

/**
 * What differs in two descriptions, each in words: `bytes of memory: 65536 / 131072`. The program's name does not
 * count: it is for display.
 */
export function descriptionDifferences(a: MachineDescription, b: MachineDescription): string[] {
  const names = Object.keys(descriptionSchema.fields) as (keyof MachineDescription)[];
  return names
    .filter((name) => name !== 'program')
    .flatMap((name) => {
      const codec = descriptionSchema.fields[name] as Codec<unknown>;
      if (sameBytes(encode(codec, a[name]), encode(codec, b[name]))) return [];
      if (name === 'segments') return [segmentsDifference(a, b)];
      const values = `${shown(a[name])} / ${shown(b[name])}`;
      return [values.length > SHOWN_CHARACTERS ? fieldNames[name] : `${fieldNames[name]}: ${values}`];
    });
}

/** The first difference of the boot images. */
function segmentsDifference(
  { segments: a }: MachineDescription,
  { segments: b }: MachineDescription,
): string {
  if (a.length !== b.length) return `the image: ${a.length} / ${b.length} segments`;
  const index = a.findIndex(
    (one, at) => one.address !== b[at]!.address || !sameBytes(one.bytes, b[at]!.bytes),
  );
  const [one, other] = [a[index], b[index]];
  if (!one || !other) return 'the image: the memory that a segment takes';
  const at = one.bytes.findIndex((byte, offset) => byte !== other.bytes[offset]);
  if (one.address !== other.address || at < 0) return `the image: segment ${index}, by its place or its size`;
  return `the image: the byte at 0x${(one.address + at).toString(16)}`;
}

function shown(value: unknown): string {
  const text = JSON.stringify(value, (_, one) => {
    if (typeof one === 'bigint') return `0x${one.toString(16)}`;
    if (!(one instanceof Uint8Array)) return one;
    return hexOf(one.subarray(0, SHOWN_BYTES)) + (one.length > SHOWN_BYTES ? '…' : '');
  });
  return text.replaceAll('"', '');
}
