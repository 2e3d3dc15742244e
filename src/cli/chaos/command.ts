/** The `vmft run` command that shows a run of a campaign again. */
import { clusterArguments } from '../../sim/spec/command-line.ts';
import { defaults, type RunSpec } from '../../sim/spec/spec.ts';
import { given, guestArguments, sizeText } from '../command-text.ts';
import type { ChaosOptions } from '../options.ts';

/** The arguments after `vmft`. `steps`: how far the guest came; only a run that was stopped must be stopped again. */
export function runArguments(
  path: string | undefined,
  options: ChaosOptions,
  run: RunSpec,
  steps = 0,
): string[] {
  const maxSteps = steps >= run.maxSteps ? run.maxSteps : defaults.maxSteps;
  return [
    'run',
    ...guestArguments(path, options),
    ...given('--seed', run.seed),
    ...given('--memory', sizeText(options.memory)),
    ...given('--input', options.input),
    ...clusterArguments({ ...run, maxSteps }),
  ];
}
