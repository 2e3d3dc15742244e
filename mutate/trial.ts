/**
 * A trial of one mutation: the program of a quick campaign and of the stories, bundled with the mutation in it. It writes what
 * noticed the mutation as one line of JSON, `null` if nothing did, and a line with a dot for each run, as a sign of life.
 */
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { Chalk } from 'chalk';
import { readStory, storyNames, tellStory } from '../src/cli/play.ts';
import { ownInput, readGuest } from '../src/cli/program.ts';
import { execute, type MeasuredGuest, measure } from '../src/sim/campaign/campaign.ts';
import { type DrawOptions, drawRun } from '../src/sim/campaign/draw.ts';
import type { Notice, TrialStage } from './stages.ts';

/** The campaigns: what runs, and what is fixed. The rest is drawn. */
const configurations: { name: string; program: string; clients?: number; options: DrawOptions }[] = [
  { name: 'kv', program: 'kv/kv.elf', clients: 3, options: {} },
  { name: 'kv, checkpoints', program: 'kv/kv.elf', clients: 3, options: { replication: 'checkpoint' } },
  { name: 'bank', program: 'bank.s', options: {} },
  { name: 'journal', program: 'journal.s', options: { disk: 'shared' } },
  { name: 'journal, backups read', program: 'journal.s', options: { disk: 'shared-backup-reads' } },
  { name: 'journal, private disks', program: 'journal.s', options: { disk: 'private' } },
];

/** Guests as small as those of `vmft chaos`: every run makes several machines. */
const MACHINE = { memory: 1 << 20, diskSize: 64 << 10 };

const programs = fileURLToPath(new URL('../programs/', import.meta.url));

const alive = () => process.stdout.write('.\n');

function guestOf(program: string, clients: number): MeasuredGuest {
  const path = `${programs}${program}`;
  return measure({ ...readGuest(path, MACHINE), input: ownInput(path), clients }, '1');
}

/** Runs under faults, a round of all configurations after the other. */
function campaign(runs: number): Notice | null {
  const guests = new Map<string, MeasuredGuest>();
  for (const { program, clients = 0 } of configurations)
    if (!guests.has(program)) guests.set(program, guestOf(program, clients));
  for (let index = 0; index < runs; index++)
    for (const [place, { name, program, options }] of configurations.entries()) {
      const { ending, findings } = execute(
        guests.get(program)!,
        drawRun(guests.get(program)!, `1/${index}`, options),
      );
      alive();
      // A run without a flipped bit in it has no other reason to come out so.
      if (ending === 'violated')
        return {
          by: 'campaign',
          runs: index * configurations.length + place + 1,
          what: `${name}: ${findings.map(({ invariant }) => invariant).join(', ')}`,
        };
    }
  return null;
}

function stories(): Notice | null {
  const plain = new Chalk({ level: 0 });
  for (const [index, name] of storyNames().entries()) {
    const { lines, asExpected } = tellStory(readStory(name), {}, plain);
    alive();
    const golden = fileURLToPath(new URL(`../test/stories/${name}.txt`, import.meta.url));
    const same = existsSync(golden) && readFileSync(golden, 'utf8') === `${lines.join('\n')}\n`;
    if (!asExpected || !same)
      return { by: 'stories', runs: index + 1, what: `${name}${asExpected ? ' is told differently' : ''}` };
  }
  return null;
}

function noticed(stage: TrialStage, runs: number): Notice | null {
  try {
    return stage === 'campaign' ? campaign(runs) : stories();
  } catch (error) {
    const { name, message } = error as Error;
    return { by: stage, runs: 0, what: `${name}: ${message.split('\n')[0]}` };
  }
}

const [stage, runs] = process.argv.slice(2);
process.stdout.write(`${JSON.stringify(noticed(stage as TrialStage, Number(runs)))}\n`);
