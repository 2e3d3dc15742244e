/**
 * What a replica needs of the place where it runs, as small interfaces. The simulator has them on virtual time, a real host has sockets,
 * disks and clocks behind them. Whatever answers, answers later: never before the call that asked returns.
 */
import type { Effect, GenerationRecord, HostName } from '../ft/effects.ts';
import type { WorldOutput } from '../vmm/outputs.ts';

export interface Clock {
  /** What the host's monotonic clock shows, in whole ns. Where it began is its own affair: no host knows what another's shows. */
  readonly monotonicNs: number;
  /** The time that {@link after} and {@link spend} count, in ns. */
  readonly nowNs: number;
  /** What one step of the guest takes here, in ns: an estimate, which plans slices. */
  readonly nsPerStep: number;
  /** Calls back when the monotonic clock shows `atNs`, or soon after. */
  wakeAt(atNs: number, action: () => void): void;
  after(ns: number, action: () => void): void;
  /**
   * The host has computed what takes `ns`, and does nothing else in that time; then it is called back. On virtual time that is later;
   * where time is real it has passed already.
   */
  spend(ns: number, action: () => void): void;
}

export interface Transport {
  /** To another host, reliable and in order until the stream breaks: then a `reset` is delivered. */
  stream(to: HostName, bytes: Uint8Array): void;
  /** To another host; may be lost, doubled or late. */
  datagram(to: HostName, bytes: Uint8Array): void;
  /** The replica knows that the stream to `peer` broke: it may be used again. */
  restored(peer: HostName): void;
}

/** Shared storage: a record for each generation, created once by test-and-set (the paper, section 2.3). */
export interface GenerationStore {
  /** The record that stands afterwards is the answer, if one comes. */
  claim(generation: number, record: GenerationRecord, answer: (record: GenerationRecord) => void): void;
  read(generation: number, answer: (record: GenerationRecord | undefined) => void): void;
}

/** Console and switch: they drop what they have seen, and take nothing of an older generation. */
export interface EdgePort {
  /** `delivered` is called for each output that has arrived, also when it had been seen before. */
  release(
    effect: Extract<Effect, { do: 'release' }>,
    delivered: (output: WorldOutput) => void,
    received: (frame: Uint8Array) => void,
  ): void;
  /** Typed bytes from `offset` on go here from now on. */
  listen(offset: number, generation: number, typed: (offset: number, data: Uint8Array) => void): void;
  /** The guest's address is here from now on: so are the frames for it. */
  announce(frame: Uint8Array, generation: number, received: (frame: Uint8Array) => void): void;
}

export interface DiskPort {
  /** Does a number once, however often it is asked; `refused` where a newer generation is known. */
  perform(
    effect: Extract<Effect, { do: 'disk' }>,
    answer: (status: number | 'refused', data: Uint8Array) => void,
  ): void;
}

export interface Ports {
  readonly clock: Clock;
  readonly transport: Transport;
  readonly generations: GenerationStore;
  readonly edge: EdgePort;
  readonly disk: DiskPort;
}
