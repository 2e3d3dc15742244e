/** Real processes: what protection costs a guest, what idle guests cost, and how long a failover takes. */
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { freePort } from '../testing/free-port.ts';
import { Cluster, channelBytes, cpuMs } from './cluster.ts';
import { file, ratios, type Spread, spreadOf } from './measure.ts';
import { hasRedis, type RedisFigures, redisFigures } from './redis.ts';

const SAMPLE_MS = 4000;
/** After this time the translator and V8 have compiled what the guest and the host run. */
const WARM_UP_MS = 10_000;
const IDLE_MS = 10_000;
const KILLS = 5;
/** The client's pause between two requests. */
const THINKING_MS = 2;

/** See the head of this file. Processor time is that of the whole process, all its threads included. */
export interface HostFigures {
  /** Million steps a second of the primary's processor time, with a backup and alone. */
  protectedRate: Spread;
  aloneRate: Spread;
  /** The protected rate divided by the other, round by round. */
  compute: Spread;
  /** Traffic of the logging channel meanwhile, in Mbit/s. */
  computeLogMbit: Spread;
  /** Processor time of primary and backup while the guest sleeps, as a share of a core. */
  idlePrimary: number;
  idleBackup: number;
  /** From a `kill -9` of the primary to the next answer at the console, in ms. */
  gapMs: Spread;
  /** Absent without the Debian guest with Redis, passt and redis-benchmark. */
  redis?: RedisFigures | undefined;
}

interface Rate {
  /** Million steps in a second of the primary's processor time. */
  rate: number;
  /** Traffic of the logging channel, in Mbit/s. */
  logMbit: number;
}

async function rateOf(path: string, hosts: number): Promise<Rate> {
  const backups = hosts - 1;
  const metrics = await freePort();
  const options = ['--hosts', hosts, '--backups', backups, '--metrics', metrics].map(String);
  const cluster = new Cluster(path, [file('tools/bench/busy.s'), ...options]);
  try {
    await cluster.protected(backups);
    await setTimeout(WARM_UP_MS);
    const before = await cluster.protected(backups);
    const startMs = cpuMs(before.primary.pid);
    const startBytes = await channelBytes(metrics, hosts);
    await setTimeout(SAMPLE_MS);
    const after = await cluster.protected(backups);
    if (after.primary.pid !== before.primary.pid) throw new Error('a failover disturbed the measurement');
    return {
      rate: (after.primary.icount - before.primary.icount) / 1000 / (cpuMs(after.primary.pid) - startMs),
      logMbit: ((await channelBytes(metrics, hosts)) - startBytes) / 125 / SAMPLE_MS,
    };
  } finally {
    cluster.end();
  }
}

async function idleShares(path: string): Promise<{ primary: number; backup: number }> {
  const cluster = new Cluster(path, [file('tools/bench/idle.s'), '--hosts', '2', '--defsym', 'SECONDS=600']);
  try {
    await cluster.protected(1);
    await setTimeout(WARM_UP_MS);
    const { primary, backup } = await cluster.protected(1);
    const startMs = [primary, backup!].map(({ pid }) => cpuMs(pid));
    await setTimeout(IDLE_MS);
    const [one, other] = [primary, backup!].map(({ pid }, index) => (cpuMs(pid) - startMs[index]!) / IDLE_MS);
    return { primary: one!, backup: other! };
  } finally {
    cluster.end();
  }
}

/** The longest waits of a closed loop at the console, one for each kill. */
async function gaps(path: string): Promise<number[]> {
  const cluster = new Cluster(path, ['bank']);
  let shown = '';
  let answered = () => {};
  const terminal = cluster.terminal('bank', (text) => {
    shown += text;
    if (!shown.endsWith('\n')) return;
    shown = '';
    answered();
  });
  const ask = async (text: string): Promise<number> => {
    const startMs = performance.now();
    const answer = new Promise<void>((resolve) => {
      answered = resolve;
    });
    terminal.type(`${text}\n`);
    await answer;
    return performance.now() - startMs;
  };
  try {
    await ask('open me');
    const found: number[] = [];
    for (let kill = 0; kill < KILLS; kill++) {
      const { primary, generation } = await cluster.protected(1);
      process.kill(primary.pid, 'SIGKILL');
      let longest = 0;
      while ((await cluster.protected(1)).generation === generation || longest === 0) {
        longest = Math.max(longest, await ask('balance me'));
        await setTimeout(THINKING_MS);
      }
      found.push(longest);
    }
    return found;
  } finally {
    terminal.close();
    cluster.end();
  }
}

/** Measures; protected and alone by turns. */
export async function hostFigures(times: number, folder: string): Promise<HostFigures> {
  const path = (name: string) => join(folder, `vmft-${name}`);
  const withBackup: Rate[] = [];
  const alone: Rate[] = [];
  for (let round = 0; round < times; round++) {
    const runs = [
      async () => withBackup.push(await rateOf(path('two'), 2)),
      async () => alone.push(await rateOf(path('one'), 1)),
    ];
    for (const run of round % 2 === 0 ? runs : runs.toReversed()) await run();
  }
  const [protectedRates, aloneRates] = [withBackup, alone].map((all) => all.map(({ rate }) => rate));
  const idle = await idleShares(path('idle'));
  return {
    ...{
      protectedRate: spreadOf(protectedRates!),
      aloneRate: spreadOf(aloneRates!),
      compute: ratios(protectedRates!, aloneRates!),
      computeLogMbit: spreadOf(withBackup.map(({ logMbit }) => logMbit)),
    },
    ...{ idlePrimary: idle.primary, idleBackup: idle.backup, gapMs: spreadOf(await gaps(path('gaps'))) },
    redis: hasRedis() ? await redisFigures(times, path('redis')) : undefined,
  };
}
