/** The bundled stories in the order in which they are best read: each answers a question that the one before raises. */

/** Stories about one subject. */
export interface Tour {
  title: string;
  stops: Stop[];
}

/** A story of a tour, and the question that it answers. */
export interface Stop {
  story: string;
  question: string;
}

const tour = (title: string, stops: Record<string, string>): Tour => ({
  title,
  stops: Object.entries(stops).map(([story, question]) => ({ story, question })),
});

/** All bundled stories. */
export const tours: readonly Tour[] = [
  tour('outputs, and what a failover does with them', {
    'primary-dies-before-output': 'What if the primary dies before an output leaves?',
    'primary-dies-after-output': 'What if it dies just after the output?',
    'output-rule': 'Why must an output wait, when the guest need not?',
    'output-rule-off': 'And if it does not wait?',
    'drain-off': 'Must a backup execute all that it holds before it goes live?',
    'frames-kept': 'Are requests lost that only the failed primary had?',
    'frames-kept-off': 'And if nobody keeps them?',
  }),
  tour('who is live', {
    'both-suspect': 'What if each replica thinks that the other has failed?',
    'both-suspect-no-test-and-set': 'And without the test-and-set?',
    'storage-away': 'What if the storage of the test-and-set is unreachable?',
    'deposed-primary': 'What does a primary do that was only paused?',
    'link-primary-backup': 'What if only the link between the replicas fails?',
    'link-primary-storage': 'Or the link between the primary and storage?',
    'link-backup-storage': 'Or that between the backup and storage?',
    'switch-over': 'Can one switch over without a failure?',
  }),
  tour('protected again', {
    'backup-dies': 'What if the backup dies?',
    reprotection: 'How does a machine that runs get a new backup?',
    'copy-in-rounds': 'And if it writes all the time?',
    'copy-target-dies': 'What if the new backup dies during the copy?',
    'copy-source-dies': 'What if the primary does?',
    'host-returns': 'How often can this be done?',
    'anti-affinity': 'Which host becomes the new backup?',
    'two-backups': 'What do two backups change?',
    'slow-backup': 'What if the backup is slower than the primary?',
  }),
  tour('what is logged', {
    'timer-interrupts': 'How can an interrupt come at the same instruction on both machines?',
    'random-numbers-off': 'Has all non-determinism been captured?',
    'bounce-buffers-off': 'Why may a disk not write into guest memory at any time?',
    'disk-write-again': 'What about disk operations under way at the failure?',
    'memory-corruption': 'What about a host that does not stop, but errs?',
    checkpoints: 'Could changed memory be sent instead of the log?',
  }),
];

/** The stop after a story, perhaps of the next tour; undefined after the last one, or for a story that is in none. */
export function stopAfter(story: string): Stop | undefined {
  const stops = tours.flatMap((one) => one.stops);
  const at = stops.findIndex((stop) => stop.story === story);
  return at < 0 ? undefined : stops[at + 1];
}
