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

const hashes = new WeakMap<MachineDescription, number>();

/**
 * A hash of a description, boot image included: to see that two hosts have the same one. Remembered, since an image of
 * 45 MB takes some 50 ms.
 */
export function descriptionHash(description: MachineDescription): number {
  const known = hashes.get(description);
  if (known !== undefined) return known;
  const outline = description.segments.map((segment) => ({ ...segment, bytes: new Uint8Array(0) }));
  let hash = xxh32(encode(descriptionSchema, { ...description, segments: outline }));
  for (const { bytes: content } of description.segments) hash = xxh32(content, hash);
  hashes.set(description, hash);
  return hash;
}

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
