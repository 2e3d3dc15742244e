/** The rules of the protocol that can be switched off for study, and what happens without each. */
export const unsafeRules = {
  'output-rule': 'an output leaves at once, before the backups have acknowledged the entry that covers it',
  'output-entry': 'no log entry records the position at which the guest made an output',
  'test-and-set':
    'a replica goes live, or continues without a backup, before storage has recorded the generation',
  fencing: 'console, switch and storage accept requests of older generations',
  drain: 'a backup goes live as soon as its claim is won, and drops the log entries that it has not consumed',
  dedup: 'console, switch and storage accept an output number that they have seen before',
  'bounce-buffers':
    'data read from disk is written to guest memory when it arrives, not at the logged position of the completion',
  'disk-order': 'disk operations on the same sectors are in flight concurrently',
  'keep-frames':
    'the switch forgets a frame from outside once it has sent it to the primary; what only a failed primary had is lost',
  'reissue-io': 'a backup that goes live does not reissue disk operations without a completion',
  'log-clock': 'clock reads are not logged; each replica reads its own clock',
  'carry-clock':
    "the guest's clock continues from the latest time that the guest has read, not from the old primary's",
  'log-entropy': 'random numbers are not logged; each replica draws its own',
  'lag-control': 'the primary is not slowed when the execution lag exceeds its bound',
  'resync-atomicity': 'a new backup is recorded as in sync when its copy begins, not when it is complete',
} as const;
/** A rule of the protocol that `--unsafe` switches off. */
export type UnsafeRule = keyof typeof unsafeRules;

/**
 * How a backup follows: `lockstep` replays the log of the doors; `checkpoint` applies changed state, epoch by epoch.
 */
export const replications = ['lockstep', 'checkpoint'] as const;
/** See {@link replications}. */
export type Replication = (typeof replications)[number];

/**
 * Where disk data comes from. `shared`: one disk; the primary reads, and the log carries the data.
 * `shared-backup-reads`: one disk, which each replica reads (the paper, section 4.2). `private`: each host has a
 * private disk (section 4.1).
 */
export const diskVariants = ['shared', 'shared-backup-reads', 'private'] as const;
/** See {@link diskVariants}. */
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
  /** A joining replica for which no output waits is given up after this many times `suspectNs` of silence. */
  joinPatience: number;
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
  /** Time after which the next progress marker is due, instead of `progressSteps`. 0: by steps alone. */
  progressNs: number;
  /** Minimum steps between two checks of the whole state; a check hashes every page in use. */
  checkSteps: number;
  /** The minimum is at least this many steps for each page in use, so that checks take a bounded share of the time. */
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

/** The tuning of a run that sets none. */
export const defaultTuning: Tuning = {
  heartbeatNs: 2_000_000,
  suspectNs: 10_000_000,
  joinPatience: 1,
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
