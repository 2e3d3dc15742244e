/** A printed command repeats the run for which it was printed. */
import { Command } from 'commander';
import { describe, expect, test } from 'vitest';
import { mustHaveEffect } from '../../src/cli/combinations.ts';
import type { SpecOptions } from '../../src/cli/options.ts';
import { specOf, takesSpec } from '../../src/cli/spec-options.ts';
import { clusterArguments, specArguments } from '../../src/sim/spec/command-line.ts';
import { campaignDefaults, defaults, type RunSpec } from '../../src/sim/spec/spec.ts';
import { everySpec } from '../sim/arbitraries.ts';

function read(args: readonly string[]): RunSpec {
  const command = takesSpec(new Command('run').exitOverride().configureOutput({ writeErr: () => {} }));
  command.parse([...args], { from: 'user' });
  mustHaveEffect(command);
  return specOf(command.opts<SpecOptions>());
}

describe('a specification', () => {
  test('is read from a command line as it was printed', () => {
    everySpec((spec) => expect(read(specArguments(spec))).toEqual(spec));
  });

  test('with defaults only is printed as the number of hosts', () => {
    expect(read([])).toEqual(defaults);
    expect(clusterArguments(defaults)).toEqual(['--backups', '1', '--spares', '1']);
    expect(clusterArguments(campaignDefaults).slice(4)).toEqual([
      ...['--check-every', '50000'],
      ...['--max-steps', '20000000'],
    ]);
  });

  test('without backups has two equivalent spellings', () => {
    expect(read(['--no-ft'])).toEqual(read(['--backups', '0']));
    expect(read(['--no-ft'])).toMatchObject({ backups: 0, spares: 0 });
  });

  test('has all faults in one schedule, whichever options gave them', () => {
    const short = read(['--crash', 'primary@20ms', '--pause', 'live@5ms+5ms', '--partition', '1ms+1ms']);
    const long = ['crash:primary@20ms', 'pause:live@5ms+5ms', 'partition:primary-backup@1ms+1ms'];
    expect(short).toEqual(read(long.flatMap((text) => ['--fault', text])));
  });
});

test.each<[string[], RegExp]>([
  [['--replication', 'checkpoint', '--disk', 'private'], /^--disk private: a checkpoint carries/],
  [['--speed', 'backup9=1'], /^"backup9" is no host here; they are primary, backup, spare$/],
  [['--domain', 'backup=rack a'], /HOST=NAME with a word for a name, like backup=rack-a/],
  [['--domain', 'rack-a'], /HOST=NAME/],
  [['--load', 'spare=much'], /HOST=NUMBER with a number from 0 to 1000, like spare=3/],
  [['--link', '9600'], /the speed of a link is 1M to 1000G bits a second, like 100M or 2.5G/],
  [['--check-every', '1'], /whole number from 100 to 1000000000000/],
  [['--no-ft', '--check-every', '500'], /^--check-every has no effect here: one machine/],
  [['--backups', '0', '--tuning', 'suspectNs=20ms'], /^--tuning has no effect here: one machine/],
])('%j is refused', (args, message) => {
  expect(() => read(args)).toThrow(message);
});
