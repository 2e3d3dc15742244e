/** The limits of a run's specification, on the command line and in stories. */
import type { Tuning } from '../../ft/rules.ts';

/** A range that includes both ends. */
export interface Range {
  readonly least: number;
  readonly most: number;
}

const range = (least: number, most: number): Range => ({ least, most });

/** The range of each number in a specification. */
export const limits = {
  backups: range(0, 3),
  spares: range(0, 8),
  clients: range(0, 64),
  maxSteps: range(1, Number.MAX_SAFE_INTEGER),
  /** Factors of a host's normal speed, also for `slow` faults. */
  speed: range(0.001, 1000),
  load: range(0, 1000),
  /** Of every link. */
  bitsPerSecond: range(1e6, 1e12),
  /** Of the guest's RAM. */
  memoryBytes: range(4096, 2 ** 31),
  /** The same in a story, in MiB: lower, since a story makes several machines. */
  storyMemoryMib: range(1, 64),
} as const satisfies Record<string, Range>;

/** The default size of the guest's RAM in bytes. Stories and campaigns make several machines, and copy them. */
export const memoryDefaults = { run: 64 << 20, story: 1 << 20, campaign: 1 << 20 } as const;

/** Ranges of the protocol's tuning in which it makes progress. */
export const tuningLimits: Readonly<Record<keyof Tuning, Range>> = {
  heartbeatNs: range(1e4, 1e10),
  suspectNs: range(1e4, 1e11),
  joinPatience: range(1, 100),
  retryNs: range(1e4, 1e11),
  sendBufferBytes: range(64, 2 ** 30),
  receiveBufferBytes: range(64, 2 ** 30),
  outputBufferBytes: range(64, 2 ** 30),
  retainBytes: range(0, 2 ** 30),
  progressSteps: range(100, 1e9),
  progressNs: range(0, 1e11),
  checkSteps: range(100, 1e12),
  checkStepsPerPage: range(0, 1e9),
  checkNs: range(0, 1e11),
  lagBoundNs: range(1e4, 1e11),
  lagIntervalNs: range(1e4, 1e11),
  // Below the checkers' limit of the execution lag, half a second.
  epochNs: range(1e5, 4e8),
  copyPages: range(1, 4096),
  copyWindow: range(1, 1024),
  stopPages: range(0, 2 ** 20),
};
