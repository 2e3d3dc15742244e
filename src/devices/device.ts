import type { RecordCodec } from '../base/codec.ts';

/**
 * What a device may use while it handles an access or an input. Provided by the VMM; devices keep no reference to it.
 */
export interface DeviceContext {
  /** The guest's clock in ticks of 100 ns since boot: the clock door. */
  clock(): number;
  /** Random bytes: the entropy door. */
  entropy(sizeBytes: number): Uint8Array;
  /** Hands an output to the VMM and returns its number: counted from 1 since boot (0 for `power`). */
  output(output: DeviceOutput): number;
  /**
   * Reports to the user what a device has rejected, or that it stopped, which its driver may not report. Not part of
   * any state: nothing depends on it.
   */
  warn(device: string, message: string): void;
  /** Guest RAM, for devices that read and write it themselves (DMA). */
  readonly memory: GuestMemory;
}

/** Guest RAM by physical address. Accesses outside RAM fail. */
export interface GuestMemory {
  /** A copy of `sizeBytes` bytes; undefined when they are not all in RAM. */
  read(address: number, sizeBytes: number): Uint8Array | undefined;
  /** Writes the bytes. Returns false, with nothing written, when they are not all in RAM. */
  write(address: number, bytes: Uint8Array): boolean;
}

/** An output of a device. */
export type DeviceOutput =
  | { kind: 'console'; byte: number }
  | { kind: 'frame'; frame: Uint8Array }
  /** The guest starts a disk operation. Its number is how the completion names it. */
  | { kind: 'disk'; request: DiskRequest }
  /** The guest asks for the end: its exit code, or a reset. */
  | { kind: 'power'; action: 'off' | 'reset'; code: number };

/** The size of a disk's sector. */
export const SECTOR_BYTES = 512;

/**
 * The most data that one disk operation moves. A larger request of the guest becomes several operations, so that log
 * entries, messages and buffers have a bound that does not depend on the guest.
 */
export const MAX_OPERATION_BYTES = 2 ** 16;

/**
 * An operation on the disk. Sectors have {@link SECTOR_BYTES} bytes; the range lies on the disk and has at most
 * {@link MAX_OPERATION_BYTES} bytes.
 */
export type DiskRequest =
  | { operation: 'read'; sector: number; sizeBytes: number }
  | { operation: 'write'; sector: number; data: Uint8Array }
  /** Completes when every write that was completed before it is on stable storage. */
  | { operation: 'flush' };

/** The operation succeeded: VIRTIO_BLK_S_OK (virtio 1.2, section 5.2.6). */
export const DISK_OK = 0;
/** The operation failed: VIRTIO_BLK_S_IOERR. */
export const DISK_IOERR = 1;

/**
 * A memory-mapped device: a pure state machine, independent of where it is mapped. All its state is plain data in
 * `state`, described by `schema`.
 */
export interface Device<S extends object = object> {
  readonly name: string;
  readonly schema: RecordCodec<S>;
  state: S;
  /**
   * A guest's read of `sizeBytes` (1, 2, 4 or 8) bytes at `offset`, naturally aligned. Undefined is an access fault.
   */
  read(offset: number, sizeBytes: number, context: DeviceContext): bigint | undefined;
  /** A guest's write; false is an access fault. */
  write(offset: number, sizeBytes: number, value: bigint, context: DeviceContext): boolean;
}

/** A device with one interrupt line. */
export interface InterruptingDevice<S extends InterruptRequest = InterruptRequest> extends Device<S> {
  /** Whether the line is high, as a function of the rest of the state. */
  readonly interrupt: boolean;
}

/** Part of the state of a device with an interrupt line. */
export interface InterruptRequest {
  /**
   * The device has driven its line high, newly or again, and the interrupt controller has not been notified. The
   * machine notifies it after each access and input, so this is false in between.
   */
  interruptRequested: boolean;
}
