/** `vmft help faults`: all faults and operator commands, with their syntax. */
import { phases } from '../ft/replica.ts';
import { faultForms } from '../sim/faults/fault-forms.ts';

/** The help text. */
export function faultHelp(): string {
  const rows = Object.values(faultForms);
  const [wide, wider] = [0, 1].map((column) => Math.max(...rows.map((row) => row[column]!.length)));
  const lines = rows.map(
    ([form, example, meaning]) => `  ${form.padEnd(wide!)}  ${example.padEnd(wider!)}  ${meaning}`,
  );
  const half = Math.ceil(phases.length / 2);
  return `Faults and operator commands for vmft run --fault (repeatable):

${lines.join('\n')}

HOST    primary, backup, backup2, …, spare, spare2, … by the role that it boots in; live: the primary at that time
A, B    a HOST, storage, or switch (the console and the network clients are behind it)
WHEN    TIME, or icount=N (steps of its VM), output=N (made, not released), entry=N (of its log), sent=N (messages)
TIME    since boot, like 5ms, 250us or 1.5s; LENGTH, JUMP and EXTRA likewise. HOST:PHASE:TIME counts from when HOST
        enters PHASE, and HOST:PHASE.2:TIME from when it does so for the second time
PHASE   the phase of a replica in the protocol:
        ${phases.slice(0, half).join(', ')},
        ${phases.slice(half).join(', ')}
NAME    reset, memory=SIZE, speed=SHARE, switch-over[=HOST], move-backup=HOST, unprotect, protect

Examples:
  vmft run bank --fault crash:live@20ms+10ms --fault crash:live@60ms
  vmft run bank --fault crash:live@20ms --fault crash:live@live:copying:0ms --backups 2
  vmft run journal --fault io-error:storage@3ms+1.5ms
  vmft run kv --clients 3 --fault command:switch-over@10ms
`;
}
