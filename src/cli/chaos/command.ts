/** The `vmft run` command that reproduces a run of a campaign. */
import { clusterArguments } from '../../sim/spec/command-line.ts';
import { defaults, type RunSpec } from '../../sim/spec/spec.ts';
import { given, guestArguments, sizeText } from '../command-text.ts';
import type { ChaosOptions } from '../options.ts';

/** The arguments after `vmft`. `steps`: those of the run; only a run that hit its limit needs the limit again. */
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
