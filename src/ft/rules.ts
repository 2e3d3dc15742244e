/** The rules of the protocol that can be switched off, to see what each is for. */
export const unsafeRules = {
  'output-rule': 'outputs leave at once, without waiting until the backups hold the entry that explains them',
  'output-entry': 'no entry says up to where the guest had come when it made an output',
  'test-and-set': 'a replica goes on without someone, and does not ask shared storage',
  fencing: 'console, switch and storage take what comes from an older generation',
  drain: 'a backup goes live as soon as its claim is won, whatever entries it has not consumed yet',
  dedup: 'console, switch and storage do not drop the output numbers that they have seen',
  'bounce-buffers':
    'what the disk has read lands in guest memory as soon as it comes, and not with the completion, at the step that the log names',
  'disk-order': 'disk operations that touch the same sectors are under way at the same time',
  'reissue-io': 'a backup that goes live does not start again the disk operations that have no completion',
  'log-clock': 'clock reads are not logged; each replica asks its own clock',
  'carry-clock':
    'a replica that goes live goes on with the latest time that the guest has been told, whatever has passed since',
  'log-entropy': 'random numbers are not logged; each replica draws its own',
  'lag-control': 'the primary is not slowed when a backup falls behind',
  'resync-atomicity': 'a new backup is recorded as in sync when its copy begins, not when it is complete',
} as const;
export type UnsafeRule = keyof typeof unsafeRules;

/** How the backup follows: `lockstep` replays the log of the doors; `checkpoint` takes over changed state, epoch by epoch. */
export const replications = ['lockstep', 'checkpoint'] as const;
export type Replication = (typeof replications)[number];

/**
 * Where disk data comes from. `shared`: one disk; the primary reads, and the log carries the data. `shared-backup-reads`: one
 * disk; each replica reads for itself (the paper, section 4.2). `private`: each host has a disk of its own (section 4.1).
 */
export const diskVariants = ['shared', 'shared-backup-reads', 'private'] as const;
export type DiskVariant = (typeof diskVariants)[number];

/** Why these two can't go together, if they can't. */
export const clash = (replication: Replication, disk: DiskVariant): string | undefined =>
  replication === 'checkpoint' && disk === 'private'
    ? 'a checkpoint carries memory and devices, and no disk: with replication checkpoint the disk must be shared'
    : undefined;

/** Times and sizes of the protocol. */
export interface Tuning {
  heartbeatNs: number;
  /** Silence after which another replica is suspected. */
  suspectNs: number;
  /** How long a request to storage or to the world may stay unanswered before it is sent again. */
  retryNs: number;
  /** Entries that a backup has not acknowledged; the guest stops when they exceed it. */
  sendBufferBytes: number;
  /** Entries that a backup has received and not consumed. */
  receiveBufferBytes: number;
  /** Outputs that have not arrived in the world; the guest stops when they exceed it. */
  outputBufferBytes: number;
  /** Entries that are kept although everyone holds them, for hosts that come back. */
  retainBytes: number;
  /** While nothing else happens a backup is told how far it may go at growing distances, up to so many steps. */
  progressSteps: number;
  /** The same by time: a progress marker is due when the one before is this old. 0: by steps alone. */
  progressNs: number;
  /** Steps between two comparisons of the whole state, which reads all pages in use: at least so many, and for each of the pages so many. */
  checkSteps: number;
  checkStepsPerPage: number;
  /** The least time between two comparisons, for hosts whose speed is not known beforehand. 0: by steps alone. */
  checkNs: number;
  /** Execution lag above which the primary is slowed; below half of it, it is released again. */
  lagBoundNs: number;
  /** How often the primary's speed may change. */
  lagIntervalNs: number;
  /** State transfer: how long an epoch lasts. */
  epochNs: number;
  /** Pages in one message of a copy. */
  copyPages: number;
  /** Messages of a copy that may be unacknowledged. */
  copyWindow: number;
  /** The guest stops for the last pages of a copy when they are no more than this many. */
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
