/** Measures the chosen sections. */
import { mkdtempSync, rmSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { deviceCosts } from './devices.ts';
import { hostFigures } from './host.ts';
import { inOwnProcess } from './measure.ts';
import { programFigures } from './programs.ts';
import { canRecord, recordingCost, recordingKinds } from './recording.ts';
import { growths, type growthTask, replicationCosts, simulatorFigures } from './replication.ts';
import { bootSpeed, type GuestName, guests, speedOf } from './speed.ts';
import { startup } from './startup.ts';

export const sections = [
  'speed',
  'programs',
  'devices',
  'recording',
  'replication',
  'startup',
  'growth',
  'simulator',
  'host',
] as const;
export type Section = (typeof sections)[number];

function machine() {
  const processors = cpus();
  return {
    cpu: processors[0]?.model.trim() || 'unknown',
    cores: processors.length,
    node: process.versions.node,
    system: `${process.platform} ${process.arch}`,
  };
}

/** `rounds`: how many times their usual length the programs run for. */
export async function measureAll(
  only: ReadonlySet<Section>,
  { times, rounds }: { times: number; rounds: number },
  say: (what: string) => void,
) {
  const folder = mkdtempSync(join(tmpdir(), 'vmft-bench-'));
  try {
    const when = async <T>(section: Section, action: () => T | Promise<T>): Promise<T | undefined> => {
      if (!only.has(section)) return undefined;
      say(section);
      return action();
    };
    return {
      machine: machine(),
      times,
      rounds,
      speed: await when('speed', async () => {
        const names = Object.keys(guests) as GuestName[];
        const speeds = Object.fromEntries(
          names.map((name) => {
            say(`speed: ${name}`);
            return [name, speedOf(name, times, folder)];
          }),
        );
        say('speed: boot');
        const boot = await bootSpeed(times, folder);
        return { ...speeds, ...(boot && { 'Debian boot': boot }) };
      }),
      programs: await when('programs', () => programFigures({ times, rounds }, folder, say)),
      devices: await when('devices', () => deviceCosts(times, folder, say)),
      recording: await when('recording', () =>
        Object.fromEntries(
          recordingKinds
            .filter((kind) => canRecord(kind, folder))
            .map((kind) => [kind, recordingCost(kind, times, folder)]),
        ),
      ),
      replication: await when('replication', () => replicationCosts(times)),
      startup: await when('startup', () => startup(4 * times)),
      growth: await when('growth', () =>
        Object.entries(growths).flatMap(([of, values]) =>
          values.map((value) => inOwnProcess<ReturnType<typeof growthTask>>('growth', of, value)),
        ),
      ),
      simulator: await when('simulator', () => simulatorFigures()),
      host: await when('host', () => hostFigures(times, folder)),
    };
  } finally {
    rmSync(folder, { recursive: true });
  }
}
export type Report = Awaited<ReturnType<typeof measureAll>>;
