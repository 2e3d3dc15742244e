/** Redis in the Debian guest on real processes: what protection costs its clients, and whether its clock is right. */
import { execFile } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { setTimeout } from 'node:timers/promises';
import { promisify } from 'node:util';
import { freePort } from '../testing/free-port.ts';
import { RedisClient } from '../testing/redis-client.ts';
import { Cluster, cpuMs } from './cluster.ts';
import { file, has, ratios, type Spread, spreadOf } from './measure.ts';

const GUEST = 'programs/debian/out';
const CLIENTS = 10;
const REQUESTS = 3000;
const MINUTE_MS = 60_000;
const KILLS = 10;
/** The pause of the client that is alone, between two questions. */
const THINKING_MS = 2;

/** See the head of this file. */
export interface RedisFigures {
  /** Requests a second of ten clients, with a backup and alone, and the first by the second. */
  set: { protectedRate: Spread; aloneRate: Spread; ratio: Spread };
  get: { protectedRate: Spread; aloneRate: Spread; ratio: Spread };
  /** The median wait of one client that pauses between its requests, in ms. */
  waitMs: { protected: Spread; alone: Spread };
  /** Processor time of primary and backup while Redis has nothing to do, as a share of a core. */
  idlePrimary: number;
  idleBackup: number;
  /** How much faster the guest's clock went than this machine's, in a minute of that client, in parts of a million. */
  clockPpm: number;
  /** Changes of the generation in that minute: false suspicions. */
  suspicions: number;
  /** The longest wait of that client from a `kill -9` of the primary until another one has answered ten times, in ms. */
  gapMs: Spread;
}

/** Whether the Debian guest was made with Redis, and what reaches it is installed. */
export const hasRedis = (): boolean => {
  const packages = file(`${GUEST}/packages.txt`);
  return (
    existsSync(packages) &&
    readFileSync(packages, 'utf8').includes('redis-server') &&
    has('passt') &&
    has('redis-benchmark')
  );
};

/** A cluster whose Redis is ready. */
async function withRedis<T>(
  path: string,
  options: readonly string[],
  use: (cluster: Cluster, port: number) => Promise<T>,
): Promise<T> {
  const port = await freePort();
  const vm = [file(GUEST), '--memory', '160M', '--append', 'SERVICE=redis', '--group', 'redis'];
  const cluster = new Cluster(path, [...vm, '--forward', `${port}:6379`, ...options]);
  let shown = '';
  const terminal = cluster.terminal('redis', (text) => {
    shown += text;
  });
  try {
    while (!shown.includes('redis is ready')) await setTimeout(THINKING_MS);
    return await use(cluster, port);
  } finally {
    terminal.close();
    cluster.end();
  }
}

interface Rates {
  set: number;
  get: number;
  waitMs: number;
}

/** Requests a second of ten clients, and the median wait of one. The first requests are not counted. */
async function ratesOf(path: string, options: readonly string[]): Promise<Rates> {
  return withRedis(path, options, async (_, port) => {
    const load = async () => {
      const args = ['-p', port, '-c', CLIENTS, '-n', REQUESTS, '-t', 'set,get', '--csv'].map(String);
      const { stdout } = await promisify(execFile)('redis-benchmark', args);
      const of = (name: string) => Number(new RegExp(`"${name}","([\\d.]+)"`).exec(stdout)![1]);
      return { set: of('SET'), get: of('GET') };
    };
    await load();
    const rates = await load();
    const waits = await closedLoop(port, MINUTE_MS / 10);
    return { ...rates, waitMs: spreadOf(waits).median };
  });
}

/** The waits of one client that pauses between its requests. */
async function closedLoop(port: number, forMs: number): Promise<number[]> {
  const redis = await RedisClient.connect(port);
  const waits: number[] = [];
  for (const endMs = performance.now() + forMs; performance.now() < endMs; ) {
    const startMs = performance.now();
    await redis.ask('SET', 'key', 'value');
    waits.push(performance.now() - startMs);
    await setTimeout(THINKING_MS);
  }
  redis.close();
  return waits;
}

/** The guest's clock, in ms, and this machine's in the middle of the request. */
async function clocks(redis: RedisClient): Promise<{ guestMs: number; hostMs: number }> {
  const startMs = performance.now();
  const [seconds, microseconds] = (
    await redis.ask('EVAL', "return table.concat(redis.call('TIME'), '.')", '0')
  ).split('.');
  return {
    guestMs: Number(seconds) * 1000 + Number(microseconds) / 1000,
    hostMs: (startMs + performance.now()) / 2,
  };
}

/** A minute of moderate load. */
async function minute(cluster: Cluster, port: number): Promise<{ clockPpm: number; suspicions: number }> {
  const redis = await RedisClient.connect(port);
  await clocks(redis);
  const before = { ...(await clocks(redis)), ...(await cluster.protected(1)) };
  await closedLoop(port, MINUTE_MS);
  const after = { ...(await clocks(redis)), ...(await cluster.protected(1)) };
  redis.close();
  const rate = (after.guestMs - before.guestMs) / (after.hostMs - before.hostMs);
  return { clockPpm: (rate - 1) * 1e6, suspicions: after.generation - before.generation };
}

async function idle(cluster: Cluster): Promise<{ idlePrimary: number; idleBackup: number }> {
  const { primary, backup } = await cluster.protected(1);
  const pids = [primary.pid, backup!.pid];
  const before = pids.map(cpuMs);
  await setTimeout(MINUTE_MS / 4);
  const [idlePrimary, idleBackup] = pids.map((pid, index) => (cpuMs(pid) - before[index]!) / (MINUTE_MS / 4));
  return { idlePrimary: idlePrimary!, idleBackup: idleBackup! };
}

/** The longest waits of a client for each kill of the primary. */
async function gaps(cluster: Cluster, port: number): Promise<number[]> {
  const redis = await RedisClient.connect(port);
  let answers = 0;
  let ended = false;
  const client = (async () => {
    while (!ended) {
      await redis.ask('SET', 'key', 'value');
      answers++;
      await setTimeout(THINKING_MS);
    }
  })();
  const found: number[] = [];
  for (let kill = 0; kill < KILLS; kill++) {
    const { primary } = await cluster.protected(1);
    redis.takeLongestMs();
    const before = answers;
    process.kill(primary.pid, 'SIGKILL');
    while (answers <= before + 10) await setTimeout(THINKING_MS);
    found.push(redis.takeLongestMs());
  }
  ended = true;
  await client;
  redis.close();
  return found;
}

/** Measures; protected and alone by turns. */
export async function redisFigures(times: number, path: string): Promise<RedisFigures> {
  const withBackup: Rates[] = [];
  const alone: Rates[] = [];
  for (let round = 0; round < times; round++) {
    const runs = [
      async () => withBackup.push(await ratesOf(path, ['--hosts', '2'])),
      async () => alone.push(await ratesOf(path, ['--hosts', '1', '--backups', '0'])),
    ];
    for (const run of round % 2 === 0 ? runs : runs.toReversed()) await run();
  }
  const of = (rates: readonly Rates[], name: keyof Rates) => rates.map((one) => one[name]);
  const compared = (name: 'set' | 'get') => ({
    protectedRate: spreadOf(of(withBackup, name)),
    aloneRate: spreadOf(of(alone, name)),
    ratio: ratios(of(withBackup, name), of(alone, name)),
  });
  const rest = await withRedis(path, [], async (cluster, port) => ({
    ...(await idle(cluster)),
    ...(await minute(cluster, port)),
    gapMs: spreadOf(await gaps(cluster, port)),
  }));
  return {
    ...{ set: compared('set'), get: compared('get'), ...rest },
    waitMs: { protected: spreadOf(of(withBackup, 'waitMs')), alone: spreadOf(of(alone, 'waitMs')) },
  };
}
