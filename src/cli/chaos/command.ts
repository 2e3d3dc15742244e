/** The `vmft run` command that shows a run of a campaign again. */
import { CHECK_STEPS, MAX_STEPS, type Run } from '../../sim/campaign/campaign.ts';
import { faultText } from '../../sim/faults/fault-text.ts';
import { tuningText } from '../../sim/tuning.ts';
import { given, guestArguments, sizeText } from '../command-text.ts';
import type { ChaosOptions } from '../options.ts';

/** The arguments after `vmft`. `steps`: how far the guest came; one that was stopped must be stopped again. */
export function runArguments(path: string | undefined, options: ChaosOptions, run: Run, steps = 0): string[] {
  return [
    'run',
    ...guestArguments(path, options),
    ...given('--seed', run.seed),
    ...given('--memory', sizeText(options.memory)),
    ...given('--input', options.input),
    ...(options.clients > 0 ? given('--clients', options.clients) : []),
    ...given('--backups', run.backups),
    ...given('--spares', run.spares),
    ...(run.replication === 'lockstep' ? [] : ['--replication', run.replication]),
    ...(run.disk === 'shared' ? [] : ['--disk', run.disk]),
    ...Object.entries(run.speeds).flatMap(([host, factor]) => ['--speed', `${host}=${factor}`]),
    ...tuningText(run.tuning ?? {}).flatMap((text) => ['--tuning', text]),
    ...given('--check-every', CHECK_STEPS),
    ...(steps >= MAX_STEPS ? given('--max-steps', MAX_STEPS) : []),
    ...(options.unsafe ?? []).flatMap((rule) => ['--unsafe', rule]),
    ...run.faults.flatMap((fault) => ['--fault', faultText(fault)]),
  ];
}
