/** What a machine is built with. It heads every log and every snapshot, and both sides share it. */
import {
  bool,
  bytes,
  type Codec,
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
import { type HartWord, hartWords } from '../cpu/layout.ts';
import { VIRTIO_SLOTS } from './memory-map.ts';

/** A word of the hart, by its name. */
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
  /** A console, which then gets what is typed; without one the UART does. Both print. */
  console: record({}),
});
export type VirtioDescription = ValueOf<typeof virtioDescription>;

export const descriptionSchema = record({
  /** The program's name, for people. */
  program: text,
  memorySizeBytes: uint,
  /** What the real-time clock showed at boot, in nanoseconds since 1970. */
  bootEpochNs: u64,
  /** Words of the hart at boot, those that are not as after a reset: where it starts, in which mode, with which arguments. */
  start: list(record({ word: hartWord, value: u64 })),
  /** Whether the VMM answers the calls of supervisor mode: there is no firmware. */
  sbi: bool,
  /**
   * What RAM holds at boot, and again after a reset: these bytes, and zeros behind them up to so many bytes of memory. What else RAM
   * holds survives a reset.
   */
  segments: list(record({ address: uint, bytes: bytes(), memorySizeBytes: uint })),
  /** What stands in the virtio slots, from slot 0 on. Slots that are not named are empty. */
  virtio: list(optional(virtioDescription), VIRTIO_SLOTS),
  /**
   * What the guest's clock shows. `logged`: the world's time, at the price of a log entry for every look at it. `derived`: the time at
   * the last timer entry, and one tick more for every {@link STEPS_PER_TICK} steps since.
   */
  clock: oneOf('logged', 'derived'),
  /** The addresses of HTIF's `tohost` and `fromhost`, when the program has them. */
  tohost: list(uint, 1),
  fromhost: list(uint, 1),
});
export type MachineDescription = ValueOf<typeof descriptionSchema>;

/** What the devices are built with: that part of the machine's description. */
export type DevicesDescription = Pick<MachineDescription, 'bootEpochNs' | 'virtio' | 'tohost' | 'fromhost'>;

/** How fast a derived clock goes: 100 million steps a second. */
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
