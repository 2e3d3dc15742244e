/** `vmft help faults`: everything that can happen to a cluster, and how it is written. */
import { phases } from '../ft/replica.ts';
import type { FaultKind } from '../sim/faults/faults.ts';

/** The form of each fault, an example, and what it does. */
const forms: Record<FaultKind, [form: string, example: string, meaning: string]> = {
  crash: ['crash:HOST@WHEN[+LENGTH]', 'crash:primary@20ms', 'loses its power; after LENGTH it has it again'],
  pause: ['pause:HOST@WHEN+LENGTH', 'pause:live@output=10+30ms', 'stands still, then goes on'],
  flip: ['flip:HOST@WHEN=OFFSET.BIT', 'flip:backup@5ms=4096.3', 'a bit of the memory changes by itself'],
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
  lose: ['lose:A-B@TIME+LENGTH=CHANCE', 'lose:primary-backup@5ms+20ms=0.5', 'heartbeats get lost'],
  duplicate: ['duplicate:A-B@TIME+LENGTH=CHANCE', 'duplicate:primary-backup@5ms+20ms=0.5', 'or come twice'],
  reset: ['reset:A-B@TIME', 'reset:primary-switch@5ms', 'the stream breaks, with what is on its way'],
  outage: ['outage:storage@TIME+LENGTH', 'outage:storage@5ms+20ms', 'storage does not answer'],
  full: ['full:storage@TIME+LENGTH', 'full:storage@5ms+2ms', 'its disk has no room: writes fail'],
  'io-error': ['io-error:storage@TIME+LENGTH', 'io-error:storage@5ms+2ms', 'every disk operation fails'],
  restart: [
    'restart:storage@TIME+LENGTH',
    'restart:storage@5ms+2ms',
    'storage restarts: what it had answered stays, the rest may go',
  ],
  answers: [
    'answers:storage@TIME+LENGTH=HOW',
    'answers:storage@5ms+20ms=twice',
    'storage answers twice, late or never',
  ],
  command: ['command:NAME@TIME', 'command:switch-over@20ms', "an operator's act, at the host that is live"],
};

export function faultHelp(): string {
  const rows = Object.values(forms);
  const [wide, wider] = [0, 1].map((column) => Math.max(...rows.map((row) => row[column]!.length)));
  const lines = rows.map(
    ([form, example, meaning]) => `  ${form.padEnd(wide!)}  ${example.padEnd(wider!)}  ${meaning}`,
  );
  return `Faults, and an operator's acts, for vmft run --fault (repeatable):

${lines.join('\n')}

HOST    primary, backup, backup2, …, spare, spare2, … by the role that it boots in; live: whoever is live then
A, B    a HOST, storage, or switch (the console and the network clients are behind it)
WHEN    TIME, or icount=N (steps of its VM), output=N (made, not released), entry=N (of its log), sent=N (messages)
TIME    since boot, like 5ms, 250us or 1.5s; LENGTH, JUMP and EXTRA likewise. HOST:PHASE:TIME is since HOST came to be in PHASE, and
        HOST:PHASE.2:TIME since it did for the second time
PHASE   what a side of the protocol is doing: ${phases.join(', ')}
NAME    reset, memory=SIZE, speed=SHARE, switch-over[=HOST], move-backup=HOST, unprotect, protect

Examples:
  vmft run programs/bank.s --fault crash:live@20ms+10ms --fault crash:live@60ms
  vmft run programs/bank.s --fault crash:live@20ms --fault crash:live@live:copying:0ms --backups 2
  vmft run programs/journal.s --fault io-error:storage@3ms+1.5ms
  vmft run programs/kv/kv.elf --clients 3 --fault command:switch-over@10ms
`;
}
