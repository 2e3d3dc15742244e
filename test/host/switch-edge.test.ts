/** The switch's service for hosts: fencing, numbers, frames that are kept. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { MAX_GROUPS } from '../../src/host/switch/edge-server.ts';
import type { NetworkPort } from '../../src/host/switch/network-port.ts';
import type { EdgeOutput } from '../../src/vmm/outputs.ts';
import { lastOf } from '../../src/vmm/outputs.ts';
import { examples } from '../thorough.ts';
import { frameOf, GROUP, requestBytes, settle, TestPort, TestSwitch, tagOf } from './switch-rig.ts';

const GUEST = 7;
const CLIENT = 9;
const hello = frameOf(255, GUEST, 0);

/** A host with its guest's edge port, which notes what it gets. */
function hostAt(at: TestSwitch, name: string) {
  const { port, link, why } = at.edge(name);
  const delivered: string[] = [];
  const frames: [number, number][] = [];
  const typed: string[] = [];
  const received = (number: number, frame: Uint8Array) => frames.push([number, tagOf(frame)]);
  return {
    port,
    link,
    why,
    delivered,
    frames,
    typed,
    release: (generation: number, ...outputs: EdgeOutput[]) =>
      port.release(
        { do: 'release', outputs, generation },
        (output) => delivered.push(`${output.kind} ${lastOf(output)}`),
        received,
      ),
    announce: (generation: number, nextFrame: number) =>
      port.announce(hello, nextFrame, generation, received),
    listen: (generation: number, offset: number) =>
      port.listen(offset, generation, (from, data) => typed.push(`${from} ${Buffer.from(data)}`)),
  };
}

const text = (first: number, content: string): EdgeOutput => ({
  kind: 'console',
  first,
  data: Buffer.from(content),
});
const frame = (first: number): EdgeOutput => ({
  kind: 'frame',
  first,
  frame: frameOf(CLIENT, GUEST, first),
});

/** A switch with a client on the network of the group. */
function withClient() {
  const at = new TestSwitch();
  const client = new TestPort('client');
  at.server.connect(GROUP, client);
  return {
    at,
    client,
    seen: () => client.sent.map(tagOf),
    send: (tag: number) => client.onFrame(frameOf(GUEST, CLIENT, tag)),
  };
}

describe('outputs at the switch', () => {
  test('pass once and are confirmed each time, for console and network apart', async () => {
    const { at, seen } = withClient();
    const a = hostAt(at, 'a');
    a.release(1, text(1, 'abc'), frame(4), frame(5));
    await settle();
    a.release(1, text(1, 'abc'), frame(4), frame(5), text(6, 'd'));
    await settle();
    expect(seen()).toEqual([4, 5]);
    expect(a.delivered.slice(0, 2).sort()).toEqual(['console 3', 'frame 5']);
    expect(a.delivered.slice(2).sort()).toEqual(['console 3', 'console 6', 'frame 5']);
    expect(at.server.status[0]).toMatchObject({ outputBytes: 4, duplicatesDropped: 5 });
  });

  test('of an older generation are refused, whatever host they come from', async () => {
    const { at, seen, send } = withClient();
    const [a, b] = [hostAt(at, 'a'), hostAt(at, 'b')];
    a.announce(1, 1);
    b.announce(2, 1);
    await settle();
    a.release(1, frame(1));
    a.announce(1, 1);
    a.listen(1, 0);
    await settle();
    send(50);
    await settle();
    // Both announcements reached the network.
    expect([seen(), a.delivered, a.frames, b.frames]).toEqual([[0, 0], [], [], [[1, 50]]]);
    b.release(2, frame(1));
    await settle();
    expect(seen()).toEqual([0, 0, 1]);
  });

  test('are fenced after a restart as before it', async () => {
    const { at } = withClient();
    hostAt(at, 'b').announce(5, 1);
    await settle();
    await at.restart();
    expect(at.server.status[0]!.generation).toBe(5);
    const a = hostAt(at, 'a');
    a.release(4, text(1, 'x'));
    await settle();
    expect(a.delivered).toEqual([]);
  });

  test('are confirmed only when they are durable, and a broken journal confirms nothing', async () => {
    const { at } = withClient();
    const a = hostAt(at, 'a');
    at.journal.prompt = false;
    a.release(1, text(1, 'abc'));
    a.release(1, text(1, 'abc'));
    await settle();
    expect([a.delivered, at.server.status[0]!.outputBytes]).toEqual([[], 0]);
    at.journal.flush();
    await settle();
    expect([a.delivered, at.server.status[0]!.outputBytes]).toEqual([['console 3'], 3]);
    at.journal.append = () => Promise.reject(new Error('disk full'));
    a.release(1, text(4, 'd'));
    await settle();
    a.release(1, text(4, 'd'), text(5, 'e'));
    await settle();
    expect([a.delivered.length, at.failures.map(({ message }) => message)]).toEqual([1, ['disk full']]);
  });

  test('frames that had passed long before a restart do not pass again', async () => {
    const { at, client } = withClient();
    const a = hostAt(at, 'a');
    for (let number = 1; number <= 3000; number++) a.release(1, frame(number));
    await settle();
    expect(client.sent.length).toBe(3000);
    await at.restart();
    const again = new TestPort('client');
    at.server.connect(GROUP, again);
    const b = hostAt(at, 'b');
    for (let number = 1; number <= 3000; number++) b.release(2, frame(number));
    await settle();
    expect(again.sent.length).toBeLessThan(1024);
    expect(b.delivered.at(-1)).toBe('frame 3000');
  });
});

describe('frames for the guest', () => {
  test('have no number before the guest is announced', async () => {
    const { at, send } = withClient();
    send(1);
    const a = hostAt(at, 'a');
    a.announce(1, 1);
    await settle();
    send(2);
    await settle();
    expect(a.frames).toEqual([[1, 2]]);
    expect(at.server.status[0]!.framesDropped).toBe(1);
  });

  test('find it: every port is told its address when it is announced, and when a port is there later, or again', async () => {
    const { at, client, seen } = withClient();
    hostAt(at, 'a').announce(1, 1);
    await settle();
    expect(seen()).toEqual([0]);
    expect(client.sent[0]).toEqual(hello);
    const late: NetworkPort & TestPort = new TestPort('late');
    at.server.connect(GROUP, late);
    expect(late.sent).toEqual([hello]);
    late.onUp!();
    expect(late.sent).toEqual([hello, hello]);
    hostAt(at, 'b').announce(2, 1);
    await settle();
    expect([client.sent, late.sent].map(({ length }) => length)).toEqual([2, 3]);
  });

  test('come again from the announced number on, exactly, after a failover', async () => {
    const op = fc.oneof(
      { weight: 4, arbitrary: fc.constant({ kind: 'send' as const, part: 0 }) },
      fc.record({
        kind: fc.constantFrom('held' as const, 'failover' as const, 'die' as const),
        part: fc.double({ min: 0, max: 1, noNaN: true }),
      }),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(op, { maxLength: 30 }), async (ops) => {
        const { at, send } = withClient();
        let generation = 1;
        let host = hostAt(at, 'h1');
        host.announce(1, 1);
        await settle(4);
        let [sent, held, alive] = [0, 0, true];
        /** The frames that the live guest's log has, by number. */
        let log: number[] = [];
        for (const { kind, part } of ops) {
          if (kind === 'send') send(++sent);
          if (kind === 'die') {
            host.link.close('died');
            alive = false;
          }
          await settle(4);
          log = log.concat(
            alive
              ? host.frames.splice(0).map(([number, tag]) => {
                  expect(tag).toBe(number);
                  return tag;
                })
              : [],
          );
          if (kind === 'held' && alive) {
            held += Math.floor((log.length - held) * part);
            host.port.inputsHeld(held, 0, generation);
          }
          if (kind === 'failover') {
            // The new primary's log has what every member holds, and perhaps more.
            log = log.slice(0, held + Math.floor((log.length - held) * part));
            generation++;
            host = hostAt(at, `h${generation}`);
            host.announce(generation, log.length + 1);
            alive = true;
          }
          await settle(4);
        }
        host = hostAt(at, 'last');
        host.announce(generation + 1, log.length + 1);
        await settle(4);
        expect([...log, ...host.frames.map(([, tag]) => tag)]).toEqual(
          Array.from({ length: sent }, (_, n) => n + 1),
        );
      }),
      { numRuns: examples(120) },
    );
  });

  test('are kept up to a bound; what is over gets no number', async () => {
    const { at, send } = withClient();
    const a = hostAt(at, 'a');
    a.announce(1, 1);
    await settle();
    for (let tag = 1; tag <= 20_000; tag++) send(tag);
    await settle();
    const fit = a.frames.length;
    expect(fit).toBeLessThan(20_000);
    expect(at.server.status[0]!.framesDropped).toBe(20_000 - fit);
    a.port.inputsHeld(fit, 0, 1);
    await settle();
    send(30_000);
    await settle();
    expect(a.frames.at(-1)).toEqual([fit + 1, 30_000]);
  });

  test('continue with the numbers of the guest after a restart of the switch', async () => {
    const { at } = withClient();
    hostAt(at, 'a').announce(1, 1);
    await settle();
    await at.restart();
    const client = new TestPort('client');
    at.server.connect(GROUP, client);
    const a = hostAt(at, 'a');
    a.announce(1, 500);
    await settle();
    client.onFrame(frameOf(GUEST, CLIENT, 1));
    await settle();
    expect(a.frames).toEqual([[500, 1]]);
  });
});

describe('a host that is not in order', () => {
  const ok = requestBytes({ kind: 'listen', group: GROUP, generation: 1, offset: 0 });
  const bad: [string, Uint8Array][] = [
    ['nothing', new Uint8Array(0)],
    ['an unknown kind', Uint8Array.of(99)],
    ['a truncated message', ok.subarray(0, ok.length - 1)],
    ['too many bytes', Uint8Array.of(...ok, 0)],
    ['a group of another form', requestBytes({ kind: 'listen', group: '../x', generation: 1, offset: 0 })],
    [
      'an output without bytes',
      requestBytes({ kind: 'release', group: GROUP, generation: 1, outputs: [text(1, '')] }),
    ],
    [
      'a number too large to count on',
      requestBytes({ kind: 'listen', group: GROUP, generation: 1, offset: 2 ** 53 - 1 }),
    ],
  ];

  test.each(bad)('%s closes its link only', async (_, message) => {
    const at = new TestSwitch();
    const [a, b] = [hostAt(at, 'a'), hostAt(at, 'b')];
    b.listen(1, 0);
    a.link.send(message);
    await settle();
    expect(a.why.length).toBe(1);
    b.release(1, text(1, 'x'));
    await settle();
    expect([b.why, b.delivered]).toEqual([[], ['console 1']]);
  });

  test('random bytes never throw', async () => {
    const at = new TestSwitch();
    await fc.assert(
      fc.asyncProperty(fc.array(fc.uint8Array({ maxLength: 40 }), { maxLength: 5 }), async (messages) => {
        const a = hostAt(at, 'a');
        for (const message of messages) a.link.send(message);
        await settle(3);
        a.link.close('end');
      }),
      { numRuns: examples(400) },
    );
  });

  test('can not make groups without end', async () => {
    const at = new TestSwitch();
    const { client, link, why } = at.edge('a');
    for (let index = 0; index <= MAX_GROUPS; index++) client.port(`g${index}`).listen(0, 1, () => {});
    await settle();
    expect(why).toEqual([expect.stringContaining(`no room for group g${MAX_GROUPS}`)]);
    expect(at.server.names.length).toBe(MAX_GROUPS);
    await at.server.end('g0');
    expect(at.server.names.length).toBe(MAX_GROUPS - 1);
    await at.restart();
    expect(at.server.names).not.toContain('g0');
    link.close('end');
  });

  test('on a link that it has replaced has no effect', async () => {
    const { at, send } = withClient();
    const old = hostAt(at, 'a');
    old.announce(1, 1);
    await settle();
    const a = hostAt(at, 'a');
    a.announce(1, 1);
    old.port.restored();
    old.link.send(
      requestBytes({ kind: 'announce', group: GROUP, generation: 1, frame: hello, nextFrame: 1 }),
    );
    await settle();
    send(3);
    await settle();
    expect([old.why, old.frames, a.frames]).toEqual([['host a has connected again'], [], [[1, 3]]]);
  });
});

test('a client port sends nothing after a lost request until the replica has seen the reset', async () => {
  const at = new TestSwitch();
  const { client, link, port } = at.edge('a');
  const delivered: number[] = [];
  const release = (first: number, content: string) =>
    port.release(
      { do: 'release', generation: 1, outputs: [text(first, content)] },
      (output) => delivered.push(lastOf(output)),
      () => {},
    );
  link.close('cut');
  await settle();
  release(1, 'lost');
  client.attach(at.host('a'));
  release(5, 'too early');
  await settle();
  expect(delivered).toEqual([]);
  port.restored();
  release(1, 'losttoo early');
  await settle();
  expect(delivered).toEqual([13]);
  expect(at.server.status[0]!.outputBytes).toBe(13);
});

test('the journal is rewritten when it has grown, with the same state', async () => {
  const at = new TestSwitch();
  const a = hostAt(at, 'a');
  a.listen(3, 0);
  for (let round = 0; round < 40; round++) {
    a.release(3, text(1 + round * 500_000, 'x'.repeat(500_000)));
    await settle(3);
  }
  expect(at.journal.rewrites).toBe(1);
  const { status } = at.server;
  await at.restart();
  expect(at.server.status).toEqual(status.map((one) => ({ ...one, duplicatesDropped: 0 })));
});

test('a journal that is too slow for the guest closes the link, and no byte is lost', async () => {
  const at = new TestSwitch();
  const piece = 'x'.repeat(1 << 20);
  const release = (host: ReturnType<typeof hostAt>, round: number) =>
    host.release(1, text(1 + round * piece.length, piece));
  at.journal.prompt = false;
  const a = hostAt(at, 'a');
  for (let round = 0; round < 8; round++) release(a, round);
  await settle();
  expect(a.why).toEqual([expect.stringContaining('the journal is too slow')]);
  at.journal.prompt = true;
  at.journal.flush();
  const again = hostAt(at, 'a');
  for (let round = 0; round < 8; round++) {
    release(again, round);
    await settle(3);
  }
  expect(at.server.status[0]!.outputBytes).toBe(8 * piece.length);
  expect(again.delivered.at(-1)).toBe(`console ${8 * piece.length}`);
});
