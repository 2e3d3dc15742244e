/** The options of `vmft run` for everything but its guest. */
import type { Command } from 'commander';
import { OperatingError } from '../base/errors.ts';
import { type RunSpec, SpecError, validated } from '../sim/spec/spec.ts';
import { options, type SpecOptions } from './options.ts';

/** Adds them to a command. */
export const takesSpec = (command: Command): Command =>
  command
    .addOption(options.crash())
    .addOption(options.pause())
    .addOption(options.partition())
    .addOption(options.delay())
    .addOption(options.fault())
    .addOption(options.speed())
    .addOption(options.domain())
    .addOption(options.load())
    .addOption(options.link())
    .addOption(options.tuning())
    .addOption(options.backups())
    .addOption(options.spares())
    .addOption(options.replication())
    .addOption(options.disk())
    .option('--no-ft', 'one machine, without fault tolerance')
    .addOption(options.seed())
    .addOption(options.maxSteps())
    .addOption(options.checkEvery())
    .addOption(options.clients())
    .addOption(options.unsafe());

/** The specification of the run. @throws {OperatingError} for an invalid one */
export function specOf(given: SpecOptions): RunSpec {
  const { seed, replication, disk, clients, maxSteps, checkEvery, link, unsafe = [] } = given;
  const { crash = [], pause = [], partition = [], delay = [], fault = [] } = given;
  const { speed = [], domain = [], load = [], tuning = [] } = given;
  const backups = given.ft ? given.backups : 0;
  return asOptions(() =>
    validated({
      seed,
      backups,
      ...(backups > 0 && { spares: given.spares }),
      replication,
      disk,
      clients,
      ...(maxSteps !== undefined && { maxSteps }),
      bitsPerSecond: link,
      speeds: Object.fromEntries(speed),
      domains: Object.fromEntries(domain),
      loads: Object.fromEntries(load),
      tuning: {
        ...(checkEvery !== undefined && { checkSteps: checkEvery, checkStepsPerPage: 0 }),
        ...Object.assign({}, ...tuning.map(([, one]) => one)),
      },
      faults: [...crash, ...pause, ...partition, ...delay, ...fault],
      unsafe,
    }),
  );
}

/** Turns a {@link SpecError} into an {@link OperatingError} that names the option. */
export function asOptions<T>(action: () => T): T {
  try {
    return action();
  } catch (error) {
    if (error instanceof SpecError) throw new OperatingError(`--${error.message}`);
    throw error;
  }
}
