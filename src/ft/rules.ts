/** The rules of the protocol that can be switched off, to see what each is for. */
export const unsafeRules = {
  'output-rule': 'outputs leave at once, without waiting until the backup holds the entry that explains them',
  'log-clock': 'clock reads are not logged; each side asks its own clock',
  'log-entropy': 'random numbers are not logged; each side draws its own',
  drain: 'a backup goes live as soon as its claim is won, whatever entries it has not consumed yet',
  'test-and-set': 'a side goes on alone without asking shared storage',
} as const;
export type UnsafeRule = keyof typeof unsafeRules;

/** Times and sizes of the protocol. */
export interface Tuning {
  heartbeatNs: number;
  /** Silence after which the other side is suspected. */
  suspectNs: number;
  /** How long a claim may stay unanswered before it is sent again. */
  claimRetryNs: number;
  /** Entries that the backup has not acknowledged; the guest stops when they exceed it. */
  sendBufferBytes: number;
  /** Entries that the backup has received and not consumed. */
  receiveBufferBytes: number;
  /** Steps between two comparisons of the whole state. */
  checkSteps: number;
}

export const defaultTuning: Tuning = {
  heartbeatNs: 2_000_000,
  suspectNs: 10_000_000,
  claimRetryNs: 5_000_000,
  sendBufferBytes: 1 << 20,
  receiveBufferBytes: 1 << 20,
  checkSteps: 1_000_000,
};
