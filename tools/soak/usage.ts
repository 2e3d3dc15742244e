/** The memory and descriptors of a cluster's processes over time. */
import type { ProcessOf } from './cluster.ts';
import { usageOf } from './proc.ts';

/** Shorter lives say nothing of growth. */
const MIN_LIFE_MS = 60_000;

interface Sample {
  ms: number;
  residentMb: number;
  descriptors: number;
}

interface Life {
  role: string;
  samples: Sample[];
}

/** From the second quarter of a process's life to its last. */
export interface Growth {
  from: number;
  to: number;
}

/** What the processes of one role use. */
export interface RoleUsage {
  role: string;
  lives: number;
  /** The number of processes that lived for a minute or more. The growth below is that of the one that grew most. */
  longLives: number;
  peakMb: number;
  peakDescriptors: number;
  mb: Growth | undefined;
  descriptors: Growth | undefined;
}

/** Garbage that is not collected yet, in MB, and the noise above that. */
const SLACK_MB = 32;
const SLACK = 1.25;
/** A link that is being made again takes some descriptors for a moment. */
const SLACK_DESCRIPTORS = 8;

/** Whether a process has grown by more than noise. */
export const grows = ({ mb, descriptors }: RoleUsage): boolean =>
  (mb !== undefined && mb.to > mb.from * SLACK + SLACK_MB) ||
  (descriptors !== undefined && descriptors.to > descriptors.from + SLACK_DESCRIPTORS);

const roleOf = (id: string): string => (id.startsWith('host-') ? 'host' : id);

/** Collects samples, over many clusters. */
export class Usage {
  private readonly lives = new Map<string, Life>();

  /** Samples processes that run now. `cluster`: its number, as the ids of processes come again. */
  sample(cluster: number, processes: readonly ProcessOf[]): void {
    const ms = performance.now();
    for (const { id, pid } of processes) {
      const usage = usageOf(pid);
      if (!usage) continue;
      const key = `${cluster} ${id} ${pid}`;
      const life = this.lives.get(key) ?? { role: roleOf(id), samples: [] };
      life.samples.push({ ms, ...usage });
      this.lives.set(key, life);
    }
  }

  get roles(): RoleUsage[] {
    const all = [...this.lives.values()];
    return [...new Set(all.map(({ role }) => role))].sort().map((role): RoleUsage => {
      const lives = all.filter((life) => life.role === role);
      const long = lives.filter(({ samples }) => samples.at(-1)!.ms - samples[0]!.ms >= MIN_LIFE_MS);
      const most = (value: (sample: Sample) => number) =>
        Math.max(...lives.map(({ samples }) => samples.reduce((max, one) => Math.max(max, value(one)), 0)));
      return {
        ...{ role, lives: lives.length, longLives: long.length },
        ...{ peakMb: most((one) => one.residentMb), peakDescriptors: most((one) => one.descriptors) },
        mb: worst(long, (one) => one.residentMb),
        descriptors: worst(long, (one) => one.descriptors),
      };
    });
  }
}

function worst(lives: readonly Life[], value: (sample: Sample) => number): Growth | undefined {
  const growths = lives.map(({ samples }): Growth => {
    const quarter = samples.length / 4;
    const of = (part: Sample[]) => median(part.map(value));
    return { from: of(samples.slice(quarter, 2 * quarter)), to: of(samples.slice(-quarter)) };
  });
  return growths.sort((a, b) => b.to - b.from - (a.to - a.from))[0];
}

/** The middle one of some numbers; of none, 0. */
export function median(numbers: readonly number[]): number {
  const sorted = numbers.toSorted((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? 0;
}
