/** Refuses options that have no effect in combination with others. */
import type { Command } from 'commander';
import { OperatingError } from '../base/errors.ts';
import { ALONE, betweenHosts } from '../sim/spec/spec.ts';

interface Rule {
  /** Whether the given options make the `useless` ones ineffective. */
  applies: (given: Record<string, unknown>) => boolean;
  /** Why, for the error message. */
  reason: string;
  /** Attribute names of the options without effect. */
  useless: readonly string[];
}

const isAlone = ({ ft, backups }: Record<string, unknown>): boolean => ft === false || backups === 0;

const rules: readonly Rule[] = [
  {
    applies: ({ ft }) => ft === false,
    reason: '--no-ft is one machine without backups',
    useless: ['backups'],
  },
  {
    applies: isAlone,
    reason: ALONE,
    // `checkEvery` is a shorthand for some of the tuning.
    useless: [...betweenHosts, 'checkEvery'],
  },
];

/**
 * Checks the options on the command line: a specification does not show which values were given explicitly.
 * @throws {OperatingError} when a given option has no effect beside another
 */
export function mustHaveEffect(command: Command): void {
  const given = command.opts<Record<string, unknown>>();
  for (const { applies, reason, useless } of rules) {
    if (!applies(given)) continue;
    for (const option of command.options) {
      const name = option.attributeName();
      // Zero of something that does not exist is no contradiction.
      if (!useless.includes(name) || command.getOptionValueSource(name) !== 'cli' || given[name] === 0)
        continue;
      throw new OperatingError(`${option.long} has no effect here: ${reason}; leave it out`);
    }
  }
}
