/** What a machine is built from. It heads every log and every snapshot, and is the same on all replicas. */
import {
  bool,
  bytes,
  type Codec,
  encode,
  list,
  oneOf,
  optional,
  record,
  text,
  u32,
  u64,
  uint,
  union,
  type ValueOf,
} from '../base/codec.ts';
import { xxh32 } from '../base/xxh32.ts';
import { type HartWord, hartWords } from '../cpu/layout.ts';
import { VIRTIO_SLOTS } from './memory-map.ts';

/** A word of hart state, by its name. */
const hartWord: Codec<HartWord> = {
  write: text.write,
  read: (input) => {
    const name = text.read(input);
    return hartWords.find((word) => word === name) ?? input.fail(`${name} is no word of the hart`);
  },
};

/** A device in a virtio slot. */
const virtioDescription = union({
  /** A network card, with its address. */
  net: record({ mac: bytes(6) }),
  /** A source of random numbers. */
  entropy: record({}),
  /** A disk: its size in sectors of 512 bytes, and whether the guest may only read it. */
  blk: record({ sectors: uint, readOnly: bool }),
  /** A console, which receives what is typed in place of the UART. Both print. */
  console: record({}),
});
/** The device in a virtio slot. */
export type VirtioDescription = ValueOf<typeof virtioDescription>;

/** The encoding of a machine's description. */
export const descriptionSchema = record({
  /** The program's name, for display. */
  program: text,
  memorySizeBytes: uint,
  /** What the real-time clock showed at boot, in nanoseconds since 1970. */
  bootEpochNs: u64,
  /** The hart's words at boot that differ from a reset: entry point, mode, arguments. */
  start: list(record({ word: hartWord, value: u64 })),
  /** Whether the VMM is the SBI implementation: there is no firmware. */
  sbi: bool,
  /**
   * Loaded into RAM at boot and again at a reset: these bytes, then zeros up to `memorySizeBytes`. The rest of RAM
   * survives a reset.
   */
  segments: list(record({ address: uint, bytes: bytes(), memorySizeBytes: uint })),
  /** The devices in the virtio slots, from slot 0 on. Further slots are empty. */
  virtio: list(optional(virtioDescription), VIRTIO_SLOTS),
  /**
   * The guest's clock. `logged`: the host's time, at the price of a log entry for every read. `derived`: the time at
   * the last timer entry, plus one tick for every {@link STEPS_PER_TICK} steps since.
   */
  clock: oneOf('logged', 'derived'),
  /** The addresses of HTIF's `tohost` and `fromhost`, if the program has them. */
  tohost: list(uint, 1),
  fromhost: list(uint, 1),
});
/** A machine's description. */
export type MachineDescription = ValueOf<typeof descriptionSchema>;

/** The encoding of a {@link DescriptionOutline}. */
export const outlineSchema = record({
  /** The description, its segments without bytes. */
  description: descriptionSchema,
  /** The bytes of each segment: how many, and their checksum (XXH32). */
  contents: list(record({ sizeBytes: uint, checksum: u32 })),
});
/** A description without the content of its boot image, which is most of it. */
export type DescriptionOutline = ValueOf<typeof outlineSchema>;

const outlines = new WeakMap<MachineDescription, DescriptionOutline>();

/** The outline of a description. Remembered, since the checksum of an image of 45 MB takes some 50 ms. */
export function outlineOf(description: MachineDescription): DescriptionOutline {
  const known = outlines.get(description);
  if (known) return known;
  const outline = {
    description: {
      ...description,
      segments: description.segments.map((segment) => ({ ...segment, bytes: new Uint8Array(0) })),
    },
    contents: description.segments.map(({ bytes: content }) => ({
      sizeBytes: content.length,
      checksum: xxh32(content),
    })),
  };
  outlines.set(description, outline);
  return outline;
}

/**
 * A description with the bytes of segments read from elsewhere. `contents` says for a segment what reads its bytes,
 * whenever they are used; undefined when the segment has them.
 */
export function withContents(
  description: MachineDescription,
  contents: (segment: number) => (() => Uint8Array) | undefined,
): MachineDescription {
  const segments = description.segments.map((segment, index) => {
    const get = contents(index);
    return get ? Object.defineProperty({ ...segment }, 'bytes', { enumerable: true, get }) : segment;
  });
  return { ...description, segments };
}

/** The description of an outline. `read` gets the bytes of a segment, checked by the caller, whenever they are used. */
export function fromOutline(
  outline: DescriptionOutline,
  read: (segment: number) => Uint8Array,
): MachineDescription {
  const description = withContents(outline.description, (segment) => () => read(segment));
  outlines.set(description, outline);
  return description;
}

/** A hash of a description, boot image included: to see that two hosts have the same one. */
export const descriptionHash = (description: MachineDescription): number =>
  xxh32(encode(outlineSchema, outlineOf(description)));

/** The part of the machine's description that the devices are built from. */
export type DevicesDescription = Pick<MachineDescription, 'bootEpochNs' | 'virtio' | 'tohost' | 'fromhost'>;

/** The rate of a derived clock: 100 million steps a second. */
export const STEPS_PER_TICK = 10;

/** The devices of one kind, in the order of their slots. */
export const virtioOf = <K extends VirtioDescription['kind']>(
  { virtio }: Pick<MachineDescription, 'virtio'>,
  kind: K,
): Extract<VirtioDescription, { kind: K }>[] =>
  virtio.filter((one): one is Extract<VirtioDescription, { kind: K }> => one?.kind === kind);

/** How many sectors the storage of all disks of a machine has; 0 when it has none. */
export const sectorsOf = (description: Pick<MachineDescription, 'virtio'>): number =>
  virtioOf(description, 'blk').reduce((sum, { sectors }) => sum + sectors, 0);
