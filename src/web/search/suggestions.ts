/** Where it shows what a rule is for: docs/rules.md has the runs. */
import type { UnsafeRule } from '../../ft/rules.ts';

/** A program that breaks without a rule. */
export interface Suggestion {
  program: string;
  /** The campaign that shows it soon, if one with random speeds hardly does. */
  command?: string;
}

/** See {@link Suggestion}. */
export const suggestions: Readonly<Record<UnsafeRule, Suggestion>> = {
  'output-rule': { program: 'dice' },
  'output-entry': { program: 'clock' },
  'test-and-set': { program: 'bank' },
  fencing: { program: 'kv' },
  drain: { program: 'bank', command: 'vmft chaos bank --speed backup=0.02 --faults crash --unsafe drain' },
  dedup: { program: 'kv' },
  'bounce-buffers': { program: 'race' },
  'disk-order': { program: 'sectors' },
  'keep-frames': { program: 'kv' },
  'reissue-io': { program: 'sectors' },
  'log-clock': { program: 'bank' },
  'carry-clock': { program: 'clock' },
  'log-entropy': { program: 'dice' },
  'lag-control': {
    program: 'primes',
    command:
      'vmft chaos primes --defsym LIMIT=400000 --speed primary=0.1 --speed backup=0.01 --faults clock --backups 1 --unsafe lag-control',
  },
  'resync-atomicity': { program: 'bank' },
};
