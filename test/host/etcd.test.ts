/** Generations in etcd: against servers that misbehave, and against real ones. */
import { once } from 'node:events';
import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
import { EtcdGenerations } from '../../src/host/storage/etcd.ts';
import { EtcdMembers } from './etcd-members.ts';
import { real } from './real.ts';

const FIRST = { primary: 'a', backups: ['b'] };
const after: (() => unknown)[] = [];
afterEach(async () => {
  for (const action of after.splice(0).reverse()) await action();
});

type Behaviour = (reply: () => void, response: ServerResponse) => void;
const well: Behaviour = (reply) => reply();

/** The part of etcd's gateway that is used, on a common store; each member behaves as it is told. */
class FakeEtcd {
  readonly store = new Map<string, string>();
  readonly endpoints: string[] = [];
  readonly behaviours: Behaviour[] = [];

  async start(members: number): Promise<this> {
    for (let member = 0; member < members; member++) {
      this.behaviours.push(well);
      const server: Server = createServer(async (request, response) => {
        let text = '';
        for await (const part of request) text += part;
        this.behaviours[member]!(() => response.end(JSON.stringify(this.answer(JSON.parse(text)))), response);
      });
      server.listen(0, '127.0.0.1');
      await once(server, 'listening');
      this.endpoints.push(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
      after.push(() => {
        server.closeAllConnections();
        server.close();
      });
    }
    return this;
  }

  private answer(body: {
    key?: string;
    success?: { request_put: { key: string; value: string } }[];
  }): object {
    const range = (key: string) => {
      const value = this.store.get(key);
      return { header: {}, ...(value === undefined ? {} : { kvs: [{ key, value }], count: '1' }) };
    };
    if (body.key) return range(body.key);
    const { key, value } = body.success![0]!.request_put;
    if (this.store.has(key)) return { header: {}, responses: [{ response_range: range(key) }] };
    this.store.set(key, value);
    return { header: {}, succeeded: true, responses: [{ response_put: { header: {} } }] };
  }
}

function store(
  endpoints: string[],
  log: (line: string) => void = () => {},
  memberMs?: number,
): EtcdGenerations {
  const made = new EtcdGenerations({ endpoints, group: 'g', log, ...(memberMs ? { memberMs } : {}) });
  after.push(() => made.close());
  return made;
}
/** Repeats until there is an answer, as a replica does. */
async function claim(generations: EtcdGenerations, generation: number, primary: string): Promise<string> {
  return new Promise((resolve) => {
    const ask = () =>
      generations.claim(generation, { primary, backups: [] }, (record) => {
        clearInterval(timer);
        resolve(record.primary);
      });
    const timer = setInterval(ask, 20);
    after.push(() => clearInterval(timer));
    ask();
  });
}
const read = (generations: EtcdGenerations, generation: number) =>
  new Promise<string | undefined>((resolve) =>
    generations.read(generation, (record) => resolve(record?.primary)),
  );

/** What holds with every etcd. */
async function laws(endpoints: string[]): Promise<void> {
  const [one, other] = [store(endpoints), store([...endpoints].reverse())];
  expect(await one.describe()).toBeUndefined();
  expect(await one.createGroup(FIRST, Uint8Array.of(7))).toBe(true);
  expect(await other.createGroup(FIRST, Uint8Array.of(7))).toBe(true);
  expect(await other.createGroup({ ...FIRST, primary: 'x' }, Uint8Array.of(7))).toBe(false);
  expect(await other.createGroup(FIRST, Uint8Array.of(8))).toBe(false);
  expect(await other.describe()).toEqual(Uint8Array.of(7));
  expect(await read(one, 2)).toBeUndefined();
  const winners = await Promise.all([claim(one, 2, 'b'), claim(other, 2, 'c')]);
  expect(winners[0]).toBe(winners[1]);
  expect([await read(other, 1), await read(one, 2), await claim(one, 3, 'd')]).toEqual([
    'a',
    winners[0],
    'd',
  ]);
  const large = {
    primary: 'p'.repeat(255),
    backups: Array.from({ length: 16 }, (_, n) => `${n}`.repeat(100)),
  };
  expect(await new Promise((resolve) => one.claim(4, large, resolve))).toEqual(large);
  expect(await new Promise((resolve) => other.read(4, resolve))).toEqual(large);
}

describe('generations in etcd', () => {
  test('have one record each', async () => {
    await laws((await new FakeEtcd().start(3)).endpoints);
  });

  const garbage =
    (text: string): Behaviour =>
    (_, response) =>
      response.end(text);
  for (const [name, misbehaves] of Object.entries<Behaviour>({
    'never answers': () => {},
    'answers late': (reply) => setTimeout(reply, 150),
    'answers 500': (_, response) => response.writeHead(500).end('{"error":"etcdserver: request timed out"}'),
    'closes the connection': (_, response) => response.destroy(),
    'sends garbage': garbage('<html>'),
    'is something else': garbage('{"succeeded":true}'),
    'sends null': garbage('null'),
    'sends a wrong record': garbage(
      '{"header":{},"responses":[{"response_range":{"kvs":[{"value":"AAAA"}]}}]}',
    ),
    'sends a wrong shape': garbage('{"header":{},"responses":7,"kvs":{"0":1}}'),
    'sends without end': (_, response) => {
      const more = () => response.destroyed || response.write('x'.repeat(1 << 16), () => setImmediate(more));
      more();
    },
    redirects: (_, response) => response.writeHead(307, { location: 'http://127.0.0.1:1/' }).end(),
  }))
    test(`a member that ${name} is passed over, and alone gives no answer`, async () => {
      const etcd = await new FakeEtcd().start(2);
      etcd.behaviours[0] = misbehaves;
      const lines: string[] = [];
      const alone = store(etcd.endpoints.slice(0, 1), (line) => lines.push(line), 50);
      let answered = false;
      alone.claim(1, FIRST, () => {
        answered = true;
      });
      while (lines.length === 0) await new Promise((resolve) => setTimeout(resolve, 5));
      expect(answered).toBe(false);
      // A member that answers wrongly may not be told apart: the other one is asked only after a failure.
      if (name.startsWith('sends a wrong')) return expect(lines[0]).toMatch(/./);
      const [first] = etcd.endpoints;
      expect(lines[0]).toContain(`no member has answered for group g: ${new URL(first!).host}: `);
      expect(
        await claim(
          store(etcd.endpoints, () => {}, 50),
          2,
          'b',
        ),
      ).toBe('b');
      // The claim that seemed to have failed may have taken effect: it is read back.
      etcd.behaviours[0] = well;
      expect(await claim(alone, 1, 'a')).toBe('a');
    });

  test('say once that no member answers, and once that one does again', async () => {
    const etcd = await new FakeEtcd().start(1);
    const lines: string[] = [];
    const generations = store(etcd.endpoints, (line) => lines.push(line), 50);
    await claim(generations, 1, 'a');
    let asked = 0;
    etcd.behaviours[0] = (_, response) => {
      asked++;
      response.destroy();
    };
    const claimed = claim(generations, 2, 'b');
    while (asked < 5) await new Promise((resolve) => setTimeout(resolve, 5));
    etcd.behaviours[0] = well;
    await claimed;
    expect(lines).toEqual([
      expect.stringContaining('no member has answered for group g'),
      'etcd answers again for group g',
    ]);
  });

  test('are asked for once at a time, and not without bound', async () => {
    const etcd = await new FakeEtcd().start(1);
    let requests = 0;
    etcd.behaviours[0] = () => {
      requests++;
    };
    const generations = store(etcd.endpoints, () => {}, 100_000);
    for (let n = 0; n < 1000; n++) generations.claim(1 + (n % 100), FIRST, () => expect.unreachable());
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(requests).toBeLessThanOrEqual(16);
    generations.close();
  });

  test('need URLs and a name', () => {
    const make =
      (endpoints: string[], group = 'g') =>
      () =>
        new EtcdGenerations({ endpoints, group });
    expect(make(['localhost:2379'])).toThrow(/not the URL of a member/);
    expect(make([])).toThrow(/at least one member/);
    expect(make(['http://localhost'], '../x')).toThrow(/not the name of a group/);
  });
});

real('real etcd: the laws, and members that are killed', async () => {
  const members = await EtcdMembers.start();
  after.push(() => members.end());
  const { endpoints } = members;
  await laws(endpoints);
  const lines: string[] = [];
  const generations = store(endpoints, (line) => lines.push(line));
  await members.kill(0);
  expect(await claim(generations, 10, 'one-killed')).toBe('one-killed');
  await members.kill(1);
  let answered = false;
  generations.claim(11, { primary: 'none', backups: [] }, () => {
    answered = true;
  });
  // On a busy machine a member may have been late before, too.
  const both = /ECONNREFUSED; .*no answer in time|no answer in time; .*ECONNREFUSED/;
  while (!lines.some((line) => both.test(line))) await new Promise((resolve) => setTimeout(resolve, 20));
  expect(answered).toBe(false);
});
