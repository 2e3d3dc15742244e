/** The rules of the protocol that can be switched off for study, and what happens without each. */
export const unsafeRules = {
  'output-rule': 'outputs leave at once, without waiting until the backups hold the entry that covers them',
  'output-entry': 'no entry records the position at which the guest made an output',
  'test-and-set': 'a replica continues without another, and does not claim the generation on shared storage',
  fencing: 'console, switch and storage accept requests of an older generation',
  drain: 'a backup goes live as soon as its claim is won, without consuming the rest of its log',
  dedup: 'console, switch and storage do not drop the output numbers that they have seen',
  'bounce-buffers':
    'data read from disk goes to guest memory at once, and not with the completion, at the position that the log names',
  'disk-order': 'disk operations on the same sectors are in flight at the same time',
  'reissue-io': 'a backup that goes live does not reissue the disk operations that have no completion',
  'log-clock': 'clock reads are not logged; each replica reads its own clock',
  'carry-clock':
    'a replica that goes live continues from the latest time that the guest has read, however long ago that was',
  'log-entropy': 'random numbers are not logged; each replica draws its own',
  'lag-control': 'the primary is not slowed when a backup falls behind',
  'resync-atomicity': 'a new backup is recorded as in sync when its copy begins, not when it is complete',
} as const;
export type UnsafeRule = keyof typeof unsafeRules;

/**
 * How a backup follows: `lockstep` replays the log of the doors; `checkpoint` applies changed state, epoch by epoch.
 */
export const replications = ['lockstep', 'checkpoint'] as const;
export type Replication = (typeof replications)[number];

/**
 * Where disk data comes from. `shared`: one disk; the primary reads, and the log carries the data.
 * `shared-backup-reads`: one disk, which each replica reads (the paper, section 4.2). `private`: each host has a
 * private disk (section 4.1).
 */
export const diskVariants = ['shared', 'shared-backup-reads', 'private'] as const;
export type DiskVariant = (typeof diskVariants)[number];

/** Why these two cannot be combined; undefined if they can. */
export const clash = (replication: Replication, disk: DiskVariant): string | undefined =>
  replication === 'checkpoint' && disk === 'private'
    ? 'a checkpoint carries memory and devices, and no disk: with replication checkpoint the disk must be shared'
    : undefined;

/** Times and sizes of the protocol. */
export interface Tuning {
  /** Period of heartbeats. */
  heartbeatNs: number;
  /** Silence after which another replica is suspected. */
  suspectNs: number;
  /** How long a request to storage, disk or the edge may stay unanswered before it is sent again. */
  retryNs: number;
  /** Limit of entries that a backup has not acknowledged; the guest is blocked above it. */
  sendBufferBytes: number;
  /** Limit of entries that a backup has received and not consumed. */
  receiveBufferBytes: number;
  /** Limit of undelivered outputs; the guest is blocked above it. */
  outputBufferBytes: number;
  /** Entries that are kept although all replicas have consumed them, for replicas that return. */
  retainBytes: number;
  /** Maximum distance of progress markers, in steps; while nothing else is logged the distance doubles up to this. */
  progressSteps: number;
  /** The same by time: a progress marker is due when the one before is this old. 0: by steps alone. */
  progressNs: number;
  /** Minimum steps between two checks of the whole state; a check hashes every page in use. */
  checkSteps: number;
  /** The same minimum for each page in use, so that checks take a bounded share of the time. */
  checkStepsPerPage: number;
  /** Minimum time between two checks, for hosts whose speed is not known in advance. 0: by steps alone. */
  checkNs: number;
  /** Execution lag above which the primary is slowed; below half of it, it is sped up again. */
  lagBoundNs: number;
  /** Minimum time between two changes of the primary's speed. */
  lagIntervalNs: number;
  /** State transfer: minimum length of an epoch. */
  epochNs: number;
  /** Pages in one message of a copy. */
  copyPages: number;
  /** Maximum number of unacknowledged messages of a copy. */
  copyWindow: number;
  /** The guest is paused for the last pages of a copy when at most this many are left. */
  stopPages: number;
}

export const defaultTuning: Tuning = {
  heartbeatNs: 2_000_000,
  suspectNs: 10_000_000,
  retryNs: 5_000_000,
  sendBufferBytes: 1 << 20,
  receiveBufferBytes: 1 << 20,
  outputBufferBytes: 1 << 17,
  retainBytes: 1 << 18,
  progressSteps: 800_000,
  progressNs: 0,
  checkSteps: 5_000_000,
  checkStepsPerPage: 5_000,
  checkNs: 0,
  lagBoundNs: 50_000_000,
  lagIntervalNs: 2_000_000,
  epochNs: 10_000_000,
  copyPages: 64,
  copyWindow: 4,
  stopPages: 512,
};
