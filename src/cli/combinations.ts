/** Options that would be without effect beside others: they are refused, with the reason. */
import type { Command } from 'commander';
import { OperatingError } from '../base/errors.ts';
import { ALONE, betweenHosts } from '../sim/spec/spec.ts';

interface Rule {
  /** Whether options are given with which the others have no effect. */
  applies: (given: Record<string, unknown>) => boolean;
  /** What they have no effect beside, and why. */
  reason: string;
  /** Their names as attributes. */
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
    // What stands for some of the tuning, too.
    useless: [...betweenHosts, 'checkEvery'],
  },
];

/**
 * What is asked for in vain even where it says nothing new: a specification can't tell who said what it has.
 * @throws {OperatingError} when an option that was given has no effect beside another
 */
export function mustHaveEffect(command: Command): void {
  const given = command.opts<Record<string, unknown>>();
  for (const { applies, reason, useless } of rules) {
    if (!applies(given)) continue;
    for (const option of command.options) {
      const name = option.attributeName();
      // To ask for none where there is none is no contradiction.
      if (!useless.includes(name) || command.getOptionValueSource(name) !== 'cli' || given[name] === 0)
        continue;
      throw new OperatingError(`${option.long} has no effect here: ${reason}; leave it out`);
    }
  }
}
