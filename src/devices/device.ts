import type { RecordCodec } from '../base/codec.ts';

/** What a device may reach while it handles an access or an input. The VMM provides it; nothing of it is kept. */
export interface DeviceContext {
  /** The guest's clock in ticks of 100 ns since boot: the clock door. */
  clock(): number;
  /** Random bytes: the entropy door. */
  entropy(sizeBytes: number): Uint8Array;
  /** Hands an output to the VMM, and returns the number that it gets: counted from 1 since boot (0 for `power`). */
  output(output: DeviceOutput): number;
  /**
   * Tells whoever runs the machine what a device has refused or given up, which its driver may not say. It is no part of any state:
   * nothing depends on it.
   */
  warn(device: string, message: string): void;
  /** Guest RAM, for devices that read and write it themselves (DMA). */
  readonly memory: GuestMemory;
}

/** Guest RAM by physical address. Nothing outside RAM can be reached: both calls say so instead. */
export interface GuestMemory {
  /** A copy of `sizeBytes` bytes, or undefined when they are not all RAM. */
  read(address: number, sizeBytes: number): Uint8Array | undefined;
  /** Writes the bytes; false, and nothing written, when they do not all fall in RAM. */
  write(address: number, bytes: Uint8Array): boolean;
}

/** What a device makes for the world outside. */
export type DeviceOutput =
  | { kind: 'console'; byte: number }
  | { kind: 'frame'; frame: Uint8Array }
  /** The guest starts a disk operation. Its number is how the completion names it. */
  | { kind: 'disk'; request: DiskRequest }
  /** The guest asks for the end: its exit code, or a reset. */
  | { kind: 'power'; action: 'off' | 'reset'; code: number };

export const SECTOR_BYTES = 512;

/**
 * The most data that one disk operation moves. A guest's request of more becomes several operations, so that everything an
 * operation travels through (log entries, messages, buffers) has a bound that does not depend on the guest.
 */
export const MAX_OPERATION_BYTES = 2 ** 16;

/**
 * An operation on the disk. Sectors are of {@link SECTOR_BYTES} bytes; the range lies on the disk and is of at most
 * {@link MAX_OPERATION_BYTES}.
 */
export type DiskRequest =
  | { operation: 'read'; sector: number; sizeBytes: number }
  | { operation: 'write'; sector: number; data: Uint8Array }
  /** Completes when every write that was completed before it is on stable storage. */
  | { operation: 'flush' };

/** How a disk operation ended. The numbers are VIRTIO_BLK_S_OK and VIRTIO_BLK_S_IOERR. */
export const DISK_OK = 0;
export const DISK_IOERR = 1;

/**
 * A memory-mapped device: a pure state machine that doesn't know where it is mapped or who listens. All its state is in
 * `state`, described by `schema`; there are no closures, timers or maps in it.
 */
export interface Device<S extends object = object> {
  readonly name: string;
  readonly schema: RecordCodec<S>;
  state: S;
  /**
   * A guest's read of `sizeBytes` (1, 2, 4 or 8) bytes at `offset`, naturally aligned. Undefined refuses the access
   * (an access fault in the guest).
   */
  read(offset: number, sizeBytes: number, around: DeviceContext): bigint | undefined;
  /** A guest's write; false refuses it. */
  write(offset: number, sizeBytes: number, value: bigint, around: DeviceContext): boolean;
}

/** A device with one interrupt line. */
export interface InterruptingDevice<S extends InterruptRequest = InterruptRequest> extends Device<S> {
  /** Whether the line is high, as a function of the rest of the state. */
  readonly interrupt: boolean;
}

/** Part of the state of a device with an interrupt line. */
export interface InterruptRequest {
  /**
   * The device has driven its line high, anew or again, and the interrupt controller has not been told. The machine tells it after
   * each access and input, so that this is false in between.
   */
  interruptRequested: boolean;
}
