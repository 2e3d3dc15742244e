/** Redis in the Debian guest on real processes: what protection costs its clients, and whether its clock is right. */
import { execFile } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { setTimeout } from 'node:timers/promises';
import { promisify } from 'node:util';
import { freePort } from '../testing/free-port.ts';
import { RedisClient } from '../testing/redis-client.ts';
import { Cluster, channelBytes, cpuMs } from './cluster.ts';
import { file, has, ratios, type Spread, spreadOf } from './measure.ts';

const GUEST = 'programs/debian/out';
const CLIENTS = 10;
const REQUESTS = 3000;
/** Large values, for the bandwidth of the network. */
const LARGE_BYTES = 1 << 16;
const LARGE_REQUESTS = 300;
const LARGE_CLIENTS = 4;
/** Rounds of both kinds of load before the measurement, during which the translator compiles the guest's code. */
const WARM_UP = 3;
/** The wait before idleness is measured: a guest that was just used is not idle yet, and V8 still compiles. */
const SETTLE_MS = 60_000;
const MINUTE_MS = 60_000;
const KILLS = 10;
/** The pause of the single client between two requests. */
const THINKING_MS = 2;

/** One kind of request, with a backup and alone. */
export interface Compared {
  /** Requests a second, and the protected rate divided by the other. */
  protectedRate: Spread;
  aloneRate: Spread;
  ratio: Spread;
  /** The primary's processor time for one request, in µs; and the time alone divided by the protected one. */
  protectedUs: Spread;
  aloneUs: Spread;
  timeRatio: Spread;
  /** What the primary sends to its backup with log entries, in Mbit/s. */
  logMbit: Spread;
}

/** See the head of this file. */
export interface RedisFigures {
  /** Small requests of ten clients. */
  set: Compared;
  get: Compared;
  /** Requests with values of 64 KiB, which the guest receives or transmits. */
  receive: Compared;
  transmit: Compared;
  /** The median wait of one client that pauses between its requests, in ms. */
  waitMs: { protected: Spread; alone: Spread };
  /** Processor time of primary and backup while Redis has nothing to do, as a share of a core. */
  idlePrimary: number;
  idleBackup: number;
  /** The same of the guest's only host, without a backup: the guest itself is not idle. */
  idleAlone: number;
  /** How much faster the guest's clock ran than this machine's, in a minute of that client, in parts per million. */
  clockPpm: number;
  /** Changes of the generation in that minute: false suspicions. */
  suspicions: number;
  /** The longest wait of that client between a `kill -9` of the primary and the new primary's tenth answer, in ms. */
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

/** One load: requests a second, the primary's processor time for one in µs, and the logging channel's Mbit/s. */
interface Load {
  rate: number;
  us: number;
  logMbit: number;
}

type LoadName = 'set' | 'get' | 'receive' | 'transmit';
type Rates = Record<LoadName, Load> & { waitMs: number };

/** The rates of small and large requests, and the median wait of one client. The first requests are not counted. */
async function ratesOf(path: string, hosts: number): Promise<Rates> {
  const backups = hosts - 1;
  const metrics = await freePort();
  const options = ['--hosts', hosts, '--backups', backups, '--metrics', metrics].map(String);
  return withRedis(path, options, async (cluster, port) => {
    const sample = async () => {
      const { primary } = await cluster.protected(backups);
      return {
        cpuMs: cpuMs(primary.pid),
        bytes: await channelBytes(metrics, hosts),
        atMs: performance.now(),
      };
    };
    const load = async (
      kind: 'set' | 'get',
      requests: number,
      more: readonly (string | number)[],
    ): Promise<Load> => {
      const args = ['-p', port, '-n', requests, '-t', kind, '--csv', ...more].map(String);
      const before = await sample();
      const { stdout } = await promisify(execFile)('redis-benchmark', args);
      const after = await sample();
      return {
        rate: Number(/^"[SG]ET","([\d.]+)"/m.exec(stdout)![1]),
        us: ((after.cpuMs - before.cpuMs) * 1000) / requests,
        logMbit: ((after.bytes - before.bytes) * 8) / 1000 / (after.atMs - before.atMs),
      };
    };
    const small = (kind: 'set' | 'get') => load(kind, REQUESTS, ['-c', CLIENTS]);
    const large = (kind: 'set' | 'get') =>
      load(kind, LARGE_REQUESTS, ['-c', LARGE_CLIENTS, '-d', LARGE_BYTES]);
    for (let round = 0; round < WARM_UP; round++)
      for (const kind of ['set', 'get'] as const) await small(kind);
    await large('set');
    const receive = await large('set');
    const transmit = await large('get');
    const [set, get] = [await small('set'), await small('get')];
    const waits = await closedLoop(port, MINUTE_MS / 10);
    return { set, get, receive, transmit, waitMs: spreadOf(waits).median };
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

/** The processor time of the primary, and of its backup if it has one, as shares of a core. */
async function idle(cluster: Cluster, backups: number): Promise<number[]> {
  await setTimeout(SETTLE_MS);
  const { primary, backup } = await cluster.protected(backups);
  const pids = [primary, ...(backup ? [backup] : [])].map(({ pid }) => pid);
  const before = pids.map(cpuMs);
  await setTimeout(MINUTE_MS / 4);
  return pids.map((pid, index) => (cpuMs(pid) - before[index]!) / (MINUTE_MS / 4));
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
      async () => withBackup.push(await ratesOf(path, 2)),
      async () => alone.push(await ratesOf(path, 1)),
    ];
    for (const run of round % 2 === 0 ? runs : runs.toReversed()) await run();
  }
  const compared = (name: LoadName): Compared => {
    const of = (rates: readonly Rates[], figure: keyof Load) => rates.map((one) => one[name][figure]);
    return {
      ...{ protectedRate: spreadOf(of(withBackup, 'rate')), aloneRate: spreadOf(of(alone, 'rate')) },
      ratio: ratios(of(withBackup, 'rate'), of(alone, 'rate')),
      ...{ protectedUs: spreadOf(of(withBackup, 'us')), aloneUs: spreadOf(of(alone, 'us')) },
      timeRatio: ratios(of(alone, 'us'), of(withBackup, 'us')),
      logMbit: spreadOf(of(withBackup, 'logMbit')),
    };
  };
  const waits = (rates: readonly Rates[]) => spreadOf(rates.map(({ waitMs }) => waitMs));
  const single = ['--hosts', '1', '--backups', '0'];
  const [idleAlone] = await withRedis(path, single, (cluster) => idle(cluster, 0));
  const rest = await withRedis(path, [], async (cluster, port) => {
    const [idlePrimary, idleBackup] = await idle(cluster, 1);
    return {
      ...{ idlePrimary: idlePrimary!, idleBackup: idleBackup! },
      ...(await minute(cluster, port)),
      gapMs: spreadOf(await gaps(cluster, port)),
    };
  });
  return {
    ...{ set: compared('set'), get: compared('get') },
    ...{ receive: compared('receive'), transmit: compared('transmit'), ...rest },
    ...{ idleAlone: idleAlone!, waitMs: { protected: waits(withBackup), alone: waits(alone) } },
  };
}
