/** Options that would be without effect beside others: they are refused, with the reason. */
import type { Command } from 'commander';
import { OperatingError } from '../base/errors.ts';
import { clash, type DiskVariant, type Replication } from '../ft/rules.ts';

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
    reason: 'one machine without backups has no protocol between hosts',
    useless: ['spares', 'replication', 'disk', 'unsafe', 'tuning'],
  },
];

/** @throws {OperatingError} for options that can't go together, or when one that was given has no effect beside another */
export function mustCombine(command: Command): void {
  const given = command.opts<Record<string, unknown>>();
  const { replication = 'lockstep', disk = 'shared' } = given;
  const reason = clash(replication as Replication, disk as DiskVariant);
  if (reason !== undefined) throw new OperatingError(`--disk private: ${reason}`);
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
