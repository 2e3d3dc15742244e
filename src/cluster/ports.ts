/**
 * What a replica needs of its host, as small interfaces. The simulator implements them on virtual time, a real host
 * with sockets, disks and clocks. A callback is never called before the call that requested it returns.
 */
import type { Effect, GenerationRecord, HostName, TimerId } from '../ft/effects.ts';
import type { EdgeOutput } from '../vmm/outputs.ts';

/** The host's time, and the time that work takes. */
export interface Clock {
  /** The host's monotonic clock, in whole ns. Its origin is arbitrary: clocks of hosts are not comparable. */
  readonly monotonicNs: number;
  /** The time that {@link after} and {@link spend} measure, in ns. */
  readonly nowNs: number;
  /** The estimated time of one step of the guest, in ns, by which slices are planned. */
  readonly nsPerStep: number;
  /**
   * Calls back when the monotonic clock shows `atNs`, or soon after. A later call with the same id replaces this
   * one; the caller ignores a callback of a replaced call.
   */
  wakeAt(id: TimerId, atNs: number, action: () => void): void;
  /** The shortest wait that makes sense: a shorter one would take about this long. */
  readonly minRestNs: number;
  /** Calls back after `ns`. */
  after(ns: number, action: () => void): void;
  /**
   * The host has done work that takes `ns`: calls back at its end. On virtual time that is later; in real time it has
   * passed already.
   */
  spend(ns: number, action: () => void): void;
}

/** The network between hosts: the stream of the logging channel, and datagrams for heartbeats. */
export interface Transport {
  /** Sends to another host, reliably and in order until the stream breaks: then a `reset` is delivered. */
  stream(to: HostName, bytes: Uint8Array): void;
  /** Sends to another host; may be lost, duplicated or late. */
  datagram(to: HostName, bytes: Uint8Array): void;
  /** The replica has received the `reset` of the stream to `peer`: the stream may be used again. */
  restored(peer: HostName): void;
}

/** Shared storage: a record for each generation, created once by test-and-set (the paper, section 2.3). */
export interface GenerationStore {
  /** Creates the record unless one exists; answers with the one that exists afterwards. The answer may be lost. */
  claim(generation: number, record: GenerationRecord, answer: (record: GenerationRecord) => void): void;
  /** Reads a record. The answer may be lost. */
  read(generation: number, answer: (record: GenerationRecord | undefined) => void): void;
}

/** Receives frames for the guest, with the numbers that the switch has given them. */
export type FrameReceiver = (number: number, frame: Uint8Array) => void;

/** Console and switch: they drop output numbers that they have seen, and refuse an older generation. */
export interface EdgePort {
  /** Sends outputs. `delivered` is called for each one that has arrived, duplicates included. */
  release(
    effect: Extract<Effect, { do: 'release' }>,
    delivered: (output: EdgeOutput) => void,
    received: FrameReceiver,
  ): void;
  /** Directs typed bytes from `offset` on to this host. */
  listen(offset: number, generation: number, typed: (offset: number, data: Uint8Array) => void): void;
  /** Directs the guest's address to this host, and frames for it to `received`, from number `nextFrame` on. */
  announce(frame: Uint8Array, nextFrame: number, generation: number, received: FrameReceiver): void;
  /** The edge need no longer keep the frames up to number `frames`, and the first `typed` bytes. */
  inputsHeld(frames: number, typed: number, generation: number): void;
}

/** The virtual disk: shared, or the host's private one. It refuses an older generation, unless it is private. */
export interface DiskPort {
  /** Performs each write's number once; answers `refused` once a newer generation is known. */
  perform(
    effect: Extract<Effect, { do: 'disk' }>,
    answer: (status: number | 'refused', data: Uint8Array) => void,
  ): void;
}

/** All ports of a host. */
export interface Ports {
  readonly clock: Clock;
  readonly transport: Transport;
  readonly generations: GenerationStore;
  readonly edge: EdgePort;
  readonly disk: DiskPort;
}
