/** The syntax of faults, for help texts and error messages. */
import type { FaultKind } from './faults.ts';

/** The form of each fault, an example, and what it does. */
export const faultForms: Record<FaultKind, [form: string, example: string, meaning: string]> = {
  crash: [
    'crash:HOST@WHEN[+LENGTH]',
    'crash:primary@20ms',
    'loses its power; after LENGTH it restarts empty',
  ],
  kill: [
    'kill:HOST@WHEN[+LENGTH]',
    'kill:primary@20ms',
    'its process is killed, and its connections close; after LENGTH it restarts empty',
  ],
  pause: ['pause:HOST@WHEN+LENGTH', 'pause:live@output=10+30ms', 'is paused, then resumes'],
  flip: ['flip:HOST@WHEN=OFFSET.BIT', 'flip:backup@5ms=4096.3', 'a bit of the memory flips'],
  slow: ['slow:HOST@TIME+LENGTH=FACTOR', 'slow:backup@5ms+20ms=0.05', 'has less processor time'],
  clock: ['clock:HOST@TIME=JUMP', 'clock:primary@5ms=-3ms', 'its wall clock is set, forward or back'],
  domain: [
    'domain:HOST@TIME[+LENGTH]',
    'domain:backup@5ms',
    'its failure domain loses power, with all in it',
  ],
  partition: [
    'partition:A-B@TIME+LENGTH',
    'partition:primary>storage@5ms+20ms',
    'carries nothing; A>B: one way',
  ],
  delay: ['delay:A-B@TIME+LENGTH=EXTRA', 'delay:primary-backup@5ms+20ms=2ms', 'takes longer'],
  lose: ['lose:A-B@TIME+LENGTH=CHANCE', 'lose:primary-backup@5ms+20ms=0.5', 'heartbeats are lost'],
  duplicate: [
    'duplicate:A-B@TIME+LENGTH=CHANCE',
    'duplicate:primary-backup@5ms+20ms=0.5',
    'heartbeats are duplicated',
  ],
  reset: ['reset:A-B@TIME', 'reset:primary-switch@5ms', 'the stream breaks and loses data in flight'],
  outage: ['outage:storage@TIME+LENGTH', 'outage:storage@5ms+20ms', 'storage does not answer'],
  full: ['full:storage@TIME+LENGTH', 'full:storage@5ms+2ms', 'its disk is full: writes fail'],
  'io-error': ['io-error:storage@TIME+LENGTH', 'io-error:storage@5ms+2ms', 'every disk operation fails'],
  restart: [
    'restart:storage@TIME+LENGTH',
    'restart:storage@5ms+2ms',
    'storage restarts: answered requests persist, others may be lost',
  ],
  answers: [
    'answers:storage@TIME+LENGTH=HOW',
    'answers:storage@5ms+20ms=twice',
    'storage answers twice, late or never',
  ],
  command: ['command:NAME@TIME', 'command:switch-over@20ms', "an operator's command to the primary"],
};
