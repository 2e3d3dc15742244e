/** Redis in a Debian guest on separate processes: a client's connection outlives the primaries that serve it. */
import { spawn } from 'node:child_process';
import { createServer } from 'node:net';
import { setTimeout } from 'node:timers/promises';
import { expect } from 'vitest';
import { debianFolder } from './debian.ts';
import { Cluster, until } from './processes.ts';
import { real } from './real.ts';
import { RedisClient } from './redis-client.ts';

const KILLS = 10;
const THINKING_MS = 2;

/** A port of this machine that nobody uses. */
const freePort = () =>
  new Promise<number>((resolve) => {
    const server = createServer();
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as { port: number };
      server.close(() => resolve(port));
    });
  });

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

real(
  `a client of Redis notices nothing of ${KILLS} kills of the primary in a row, under the load of others`,
  async () => {
    const port = await freePort();
    const vm = [await debianFolder(), '--memory', '160M', '--append', 'SERVICE=redis', '--group', 'redis'];
    const cluster = await Cluster.start([...vm, '--forward', `${port}:6379`]);
    const terminal = cluster.console();
    await until(() => terminal.stdout.includes('redis is ready'));
    const redis = await RedisClient.connect(port);
    const connection = await redis.ask('CLIENT', 'ID');
    const load = spawn('redis-benchmark', ['-p', String(port), '-c', '4', '-l', '-q', '-t', 'set,get']);
    const errors: string[] = [];
    load.stderr.on('data', (text) => errors.push(String(text)));
    const writer = new Writer(redis, 'w');
    const gaps: number[] = [];
    try {
      for (let kill = 1; kill <= KILLS; kill++) {
        await cluster.protected();
        redis.takeLongestMs();
        const { writes } = writer;
        await cluster.kill('primary');
        await until(() => writer.writes > writes + 10);
        gaps.push(Math.round(redis.takeLongestMs()));
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
