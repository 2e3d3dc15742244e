/** Debian with Redis as a protected VM, used through passt by Debian's own client on this machine. */
import { spawn } from 'node:child_process';
import { mkdtempSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { expect } from 'vitest';
import { parseForward } from '../../src/host/switch/forwards.ts';
import { PasstPort } from '../../src/host/switch/passt.ts';
import { cluster, GROUP, type TestHost } from './cluster-rig.ts';
import { debianGuest } from './debian.ts';
import { real } from './real.ts';
import { atEnd, until } from './wire-parts.ts';

/** A port of this machine that nobody uses. */
const freePort = () =>
  new Promise<number>((resolve) => {
    const server = createServer();
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as { port: number };
      server.close(() => resolve(port));
    });
  });

/** `redis-cli` with one connection. */
function client(port: number) {
  const cli = spawn('redis-cli', ['-h', '127.0.0.1', '-p', String(port)]);
  atEnd(() => cli.kill('SIGKILL'));
  const printed: string[] = [];
  cli.stderr.on('data', (data) => printed.push(String(data)));
  const lines = createInterface({ input: cli.stdout })[Symbol.asyncIterator]();
  /** A command whose answer is one line. */
  const ask = async (command: string): Promise<string> => {
    cli.stdin.write(`${command}\n`);
    const { value, done } = await lines.next();
    if (done) throw new Error(`redis-cli has ended: ${printed.join('')}`);
    return value;
  };
  return { ask, end: () => cli.stdin.end() };
}

real(
  'Redis keeps its connections and every acknowledged write when its primaries fail',
  async () => {
    const { description } = await debianGuest('SERVICE=redis');
    const { hosts, edge, terminal, shown } = await cluster(description);
    const [a, b, c] = hosts as [TestHost, TestHost, TestHost];
    const port = await freePort();
    const errors: string[] = [];
    const passt = new PasstPort({
      ...{ group: GROUP, directory: mkdtempSync(join(tmpdir(), 'vmft-')), log: () => {} },
      forwards: [parseForward(`${port}:6379`)],
      failed: ({ message }) => errors.push(message),
    });
    atEnd(() => passt.close('end of test'));
    edge.connect(GROUP, passt);
    await until(() => shown().includes('redis is ready') || errors.length > 0);
    expect(errors).toEqual([]);

    const redis = client(port);
    const connection = await redis.ask('CLIENT ID');
    let writes = 0;
    const write = async (count: number) => {
      for (let n = 0; n < count; n++) {
        writes++;
        // What was done twice would count twice.
        expect(await redis.ask('INCR counter')).toBe(String(writes));
        expect(await redis.ask(`SET key:${writes} value:${writes}`)).toBe('OK');
      }
    };
    await write(50);
    // A write is under way when the primary fails.
    const duringCrash = write(50);
    await a.crash();
    await duringCrash;
    await until(() => b.happened('live'));
    await write(50);
    while (!(await b.status()).record.backups.includes('c')) await write(1);
    const duringSecond = write(50);
    await b.crash();
    await duringSecond;
    await until(() => c.happened('live'));
    for (let n = 1; n <= writes; n++) expect(await redis.ask(`GET key:${n}`)).toBe(`value:${n}`);
    expect(await redis.ask('CLIENT ID')).toBe(connection);
    redis.end();
    void terminal.type(new TextEncoder().encode('stop\n'));
    await until(() => c.happened('off'));
    expect(shown()).toContain('redis has ended with code 0');
    expect(shown().match(/redis is ready/g)).toHaveLength(1);
  },
  900_000,
);
