/** The campaign for mutations and for coverage: every kind of guest, replication and disk. */

import { ownInput, readGuest } from '../../src/cli/program.ts';
import { packageRoot } from '../../src/lib/package.ts';
import { execute, type MeasuredGuest, measure, type RunResult } from '../../src/sim/campaign/campaign.ts';
import { type DrawOptions, drawRun } from '../../src/sim/campaign/draw.ts';

/** The programs and fixed options. The rest is random. */
export const configurations: readonly {
  name: string;
  program: string;
  clients?: number;
  options: DrawOptions;
}[] = [
  { name: 'kv', program: 'kv/kv.elf', clients: 3, options: {} },
  { name: 'kv, checkpoints', program: 'kv/kv.elf', clients: 3, options: { replication: 'checkpoint' } },
  { name: 'bank', program: 'bank.s', options: {} },
  { name: 'journal', program: 'journal.s', options: { disk: 'shared' } },
  { name: 'journal, backups read', program: 'journal.s', options: { disk: 'shared-backup-reads' } },
  { name: 'journal, private disks', program: 'journal.s', options: { disk: 'private' } },
];

/** Guests as small as those of `vmft chaos`: every run creates several machines. */
const MACHINE = { memory: 1 << 20, diskSize: 64 << 10 };

const programs = `${packageRoot()}/programs/`;

function guestOf(program: string, clients: number): MeasuredGuest {
  const path = `${programs}${program}`;
  return measure({ ...readGuest(path, MACHINE), input: ownInput(path), clients }, '1');
}

/** A run and how it ended. */
export interface CampaignRun {
  /** The number of the run, from 1. */
  number: number;
  configuration: string;
  outcome: RunResult;
}

/** Runs under faults, in rounds of all configurations. */
export function* campaignRuns(rounds: number): Generator<CampaignRun> {
  const guests = new Map<string, MeasuredGuest>();
  for (const { program, clients = 0 } of configurations)
    if (!guests.has(program)) guests.set(program, guestOf(program, clients));
  for (let round = 0, number = 1; round < rounds; round++)
    for (const { name, program, options } of configurations) {
      const guest = guests.get(program)!;
      yield {
        number: number++,
        configuration: name,
        outcome: execute(guest, drawRun(guest, `1/${round}`, options)),
      };
    }
}
