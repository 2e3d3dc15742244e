/** Redis in a Debian guest on separate processes: a client's connection outlives the primaries that serve it. */
import { spawn } from 'node:child_process';
import { setTimeout } from 'node:timers/promises';
import { expect } from 'vitest';
import { heal, whyNoPartitions } from '../../tools/soak/partition.ts';
import { freePort } from '../../tools/testing/free-port.ts';
import { RedisClient } from '../../tools/testing/redis-client.ts';
import { thorough } from '../thorough.ts';
import { debianFolder } from './debian.ts';
import { Cluster, until } from './processes.ts';
import { real } from './real.ts';

const KILLS = 10;
/** Of the load generator. */
const CLIENTS = String(thorough(1, 4));
/** How long a primary is stopped: far longer than it takes the others to go on without it. */
const STOPPED_MS = 10_000;
const THINKING_MS = 2;

/** Writes and reads until it is ended: each write is acknowledged once, and what was acknowledged is there. */
class Writer {
  writes = 0;
  private ended = false;
  private readonly work: Promise<void>;

  constructor(
    private readonly redis: RedisClient,
    private readonly name: string,
  ) {
    this.work = this.run();
  }

  private async run(): Promise<void> {
    while (!this.ended) {
      const number = ++this.writes;
      // What was done twice would count twice.
      expect(await this.redis.ask('INCR', `count:${this.name}`)).toBe(String(number));
      expect(await this.redis.ask('SET', `${this.name}:${number}`, `value ${number}`)).toBe('OK');
      const earlier = Math.ceil(number / 2);
      expect(await this.redis.ask('GET', `${this.name}:${earlier}`)).toBe(`value ${earlier}`);
      await setTimeout(THINKING_MS);
    }
  }

  /** Ends it after its last answer, and reads all that was acknowledged. */
  async end(): Promise<void> {
    this.ended = true;
    await this.work;
    for (let number = 1; number <= this.writes; number++)
      expect(await this.redis.ask('GET', `${this.name}:${number}`)).toBe(`value ${number}`);
  }
}

/** Until one of the two goes on alone. */
async function cutChannel(cluster: Cluster): Promise<void> {
  await cluster.cut();
  try {
    await cluster.when(({ groups: [vm] }) => vm!.backups.length === 0);
  } finally {
    heal();
  }
}

/** What else may happen to a VM, each without an effect on its clients. */
const failures: Record<string, (cluster: Cluster) => Promise<unknown>> = {
  'the backup killed': (cluster) => cluster.kill('backup'),
  'switched over': async (cluster) => {
    // On a busy machine a false suspicion may come first.
    while ((await cluster.vmft('move')).code !== 0) await cluster.protected();
  },
  'the primary stopped': async (cluster) => {
    const { groups, hosts } = await cluster.protected();
    const { pid } = hosts.find(({ name }) => name === groups[0]!.primary)!;
    process.kill(pid, 'SIGSTOP');
    await setTimeout(STOPPED_MS);
    process.kill(pid, 'SIGCONT');
  },
  'the storage killed, then the primary': async (cluster) => {
    cluster.killService('storage');
    await cluster.kill('primary');
  },
  'the channel cut': cutChannel,
};

real(
  `a client of Redis notices nothing of ${KILLS} kills of the primary in a row, nor of other failures`,
  async () => {
    const port = await freePort();
    const vm = [debianFolder, '--memory', '160M', '--append', 'SERVICE=redis', '--group', 'redis'];
    const cluster = await Cluster.start([...vm, '--forward', `${port}:6379`]);
    const terminal = cluster.console();
    await until(() => terminal.stdout.includes('redis is ready'));
    const redis = await RedisClient.connect(port);
    const connection = await redis.ask('CLIENT', 'ID');
    const load = spawn('redis-benchmark', ['-p', String(port), '-c', CLIENTS, '-l', '-q', '-t', 'set,get']);
    const errors: string[] = [];
    load.stderr.on('data', (text) => errors.push(String(text)));
    const writer = new Writer(redis, 'w');
    const gaps: string[] = [];
    const outlives = async (name: string, failure: (cluster: Cluster) => Promise<unknown>) => {
      await cluster.protected();
      redis.takeLongestMs();
      const { writes } = writer;
      await failure(cluster);
      while (writer.writes <= writes + 10) await cluster.poll();
      gaps.push(`${name} ${Math.round(redis.takeLongestMs())}`);
    };
    try {
      for (let kill = 1; kill <= KILLS; kill++) await outlives('killed', () => cluster.kill('primary'));
      for (const [name, failure] of Object.entries(failures)) {
        const why = failure === cutChannel ? whyNoPartitions() : undefined;
        if (why === undefined) await outlives(name, failure);
        else console.warn(`${name}: left out, since ${why}`);
      }
    } finally {
      load.kill('SIGKILL');
    }
    await writer.end();
    expect(await redis.ask('CLIENT', 'ID')).toBe(connection);
    expect(errors.join('')).toBe('');
    redis.close();
    console.log(`the client's longest waits, in ms: ${gaps.join(', ')}; ${writer.writes} writes`);
    terminal.type('stop\n');
    expect(await terminal.code).toBe(0);
    expect(terminal.stdout.match(/redis is ready/g)).toHaveLength(1);
    expect(await cluster.code).toBe(0);
    expect(await cluster.judge()).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('no violations'),
    });
  },
  900_000,
);
