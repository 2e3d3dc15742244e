/** Consoles: no byte is lost or doubled, whoever dies. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { decode, encode } from '../../src/base/codec.ts';
import { ConsoleClient } from '../../src/host/switch/console-client.ts';
import {
  type ConsolePush,
  type ConsoleRequest,
  consolePush,
  consoleRequest,
  OUTPUT_WINDOW_BYTES,
} from '../../src/host/switch/console-messages.ts';
import { MAX_ATTACHERS } from '../../src/host/switch/console-server.ts';
import { edgeRecord } from '../../src/host/switch/edge-records.ts';
import { MAX_OUTPUT_KEPT_BYTES, TAIL_BYTES } from '../../src/host/switch/group-console.ts';
import { MAX_TYPED_KEPT_BYTES } from '../../src/host/switch/typed-input.ts';
import type { Link } from '../../src/host/wire/link.ts';
import { examples } from '../thorough.ts';
import { GROUP, settle, TestSwitch } from './switch-rig.ts';

/** The guest's output by number: every fifth one is a frame. */
const letter = (number: number): number => 97 + (number % 26);
const isFrame = (number: number): boolean => number % 5 === 0;
const consoleText = (upTo: number): string =>
  Array.from({ length: upTo }, (_, index) => index + 1)
    .filter((number) => !isFrame(number))
    .map((number) => String.fromCharCode(letter(number)))
    .join('');

/** A terminal that attaches again whenever its link breaks. */
class Terminal {
  shown = '';
  gaps = 0;
  taken = 0;
  readonly client: ConsoleClient;
  link: Link | undefined;

  constructor(
    private readonly at: TestSwitch,
    readonly session: bigint,
    output: (data: Uint8Array) => void | Promise<void> = () => {},
  ) {
    this.client = new ConsoleClient({
      group: GROUP,
      session,
      output: (data) => {
        this.shown += Buffer.from(data).toString('latin1');
        return output(data);
      },
      gap: (bytes) => {
        this.gaps += bytes;
      },
      broken: () => this.attach(),
    });
    this.attach();
  }

  attach(): void {
    this.link = this.at.terminal(`t${this.session}`);
    this.client.attach(this.link);
  }

  async type(content: string): Promise<void> {
    await this.client.type(Buffer.from(content, 'latin1'));
    this.taken += content.length;
  }
}

/** A guest that outputs and reads, replicated on hosts that fail; the model of what a correct replica does. */
class Guest {
  generation = 0;
  made = 0;
  /** Outputs before are known to be delivered, on this host and on all. */
  delivered = 0;
  deliveredEverywhere = 0;
  read = '';
  readEverywhere = 0;
  private host!: ReturnType<TestSwitch['edge']>;
  private alive = true;

  constructor(private readonly at: TestSwitch) {
    this.failOver(0);
  }

  /** A new primary, whose log is longer than what all have by a part of the rest. */
  failOver(part: number): void {
    const between = (low: number, high: number) => low + Math.floor((high - low) * part);
    this.delivered = between(this.deliveredEverywhere, this.delivered);
    this.read = this.read.slice(0, between(this.readEverywhere, this.read.length));
    this.generation++;
    this.host = this.at.edge(`h${this.generation}`);
    this.connected();
  }

  /** The link broke, or the switch was restarted: the same primary attaches again. */
  reconnect(): void {
    if (!this.alive) return;
    this.host.client.attach(this.at.host(`h${this.generation}`));
    this.host.port.restored();
    this.connected();
  }

  private connected(): void {
    const { generation } = this;
    this.host.port.listen(this.read.length, generation, (offset, data) => {
      if (generation !== this.generation || offset > this.read.length) return;
      this.read += Buffer.from(data.subarray(this.read.length - offset)).toString('latin1');
    });
    this.release();
  }

  output(count: number): void {
    this.made += count;
    this.release();
  }

  private release(): void {
    const outputs = [];
    for (let number = this.delivered + 1; number <= this.made; number++)
      outputs.push(
        isFrame(number)
          ? { kind: 'frame' as const, first: number, frame: new Uint8Array(60) }
          : { kind: 'console' as const, first: number, data: Uint8Array.of(letter(number)) },
      );
    const { generation } = this;
    const confirmed = { console: 0, frame: 0, disk: 0 };
    this.host.port.release(
      { do: 'release', outputs, generation },
      (output) => {
        if (generation !== this.generation) return;
        confirmed[output.kind] = Math.max(
          confirmed[output.kind],
          output.first + ('data' in output ? output.data.length : 1) - 1,
        );
        while (
          this.delivered < this.made &&
          this.delivered + 1 <= confirmed[isFrame(this.delivered + 1) ? 'frame' : 'console']
        )
          this.delivered++;
      },
      () => {},
    );
  }

  /** The backups have acknowledged a part of what this host has. */
  replicate(part: number): void {
    this.deliveredEverywhere += Math.floor((this.delivered - this.deliveredEverywhere) * part);
    this.readEverywhere += Math.floor((this.read.length - this.readEverywhere) * part);
    this.host.port.inputsHeld(0, this.readEverywhere, this.generation);
  }
}

const part = fc.double({ min: 0, max: 1, noNaN: true });
const often = <T>(weight: number, arbitrary: fc.Arbitrary<T>) => ({ weight, arbitrary });
const count = fc.integer({ min: 1, max: 9 });
const act = fc.oneof(
  often(2, fc.record({ kind: fc.constant('output' as const), count })),
  often(3, fc.record({ kind: fc.constant('type' as const), who: fc.nat(1), count })),
  often(1, fc.record({ kind: fc.constant('replicate' as const), part })),
  often(2, fc.record({ kind: fc.constant('failover' as const), part })),
  often(1, fc.record({ kind: fc.constant('restart' as const), written: fc.nat(6) })),
  often(4, fc.record({ kind: fc.constant('journal' as const), count })),
  often(1, fc.record({ kind: fc.constant('cut' as const), who: fc.nat(2) })),
  often(4, fc.record({ kind: fc.constant('turn' as const), turns: fc.nat(4) })),
);

test('no byte is lost or doubled across failovers, broken links and kills of the switch', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(act, { minLength: 5, maxLength: 60 }), async (acts) => {
      const at = new TestSwitch();
      at.server.open(GROUP);
      const guest = new Guest(at);
      await settle();
      at.journal.prompt = false;
      const terminals = [new Terminal(at, 1n), new Terminal(at, 2n)];
      const typed = ['', ''];
      let next = 0;
      for (const one of acts) {
        if (one.kind === 'output') guest.output(one.count);
        else if (one.kind === 'type') {
          // Capitals and digits tell the typists apart.
          const content = Array.from({ length: one.count }, () =>
            String.fromCharCode((one.who === 0 ? 65 : 97) + (next++ % 26)),
          ).join('');
          typed[one.who] += content;
          void terminals[one.who]!.type(content);
        } else if (one.kind === 'replicate') guest.replicate(one.part);
        else if (one.kind === 'failover') guest.failOver(one.part);
        else if (one.kind === 'restart') {
          await at.restart(one.written);
          for (const terminal of terminals) terminal.attach();
          guest.reconnect();
        } else if (one.kind === 'journal') at.journal.flush(one.count);
        else if (one.kind === 'turn') await settle(one.turns);
        else if (one.who === 2) guest.reconnect();
        else terminals[one.who]!.link!.close('cut');
      }
      at.journal.prompt = true;
      at.journal.flush();
      await settle(60);
      guest.reconnect();
      await settle(60);
      const all = consoleText(guest.made);
      expect(guest.delivered).toBe(guest.made);
      for (const { shown, gaps } of terminals) expect([shown, gaps]).toEqual([all, 0]);
      expect(guest.read.replace(/[a-z]/g, '')).toBe(typed[0]);
      expect(guest.read.replace(/[A-Z]/g, '')).toBe(typed[1]);
      expect(terminals.map(({ taken }) => taken)).toEqual(typed.map(({ length }) => length));
    }),
    { numRuns: examples(800) },
  );
});

/** A terminal attached by hand: requests go out as they are, and what comes back is noted. */
function rawTerminal(at: TestSwitch) {
  const link = at.terminal('raw');
  const why: string[] = [];
  const pushes: ConsolePush[] = [];
  link.onClose = (reason) => why.push(reason);
  link.onMessage = (message) => pushes.push(decode(consolePush, message));
  const send = (request: ConsoleRequest) => link.send(encode(consoleRequest, request));
  return { link, why, pushes, send };
}

const attach = (session: bigint): ConsoleRequest => ({ kind: 'attach', group: GROUP, session, shown: 0 });

describe('a terminal', () => {
  const outputOf = (at: TestSwitch, name: string) => {
    const { port } = at.edge(name);
    let number = 1;
    return (content: string) => {
      const data = Buffer.from(content);
      port.release(
        { do: 'release', generation: 1, outputs: [{ kind: 'console', first: number, data }] },
        () => {},
        () => {},
      );
      number += data.length;
    };
  };

  test('that attaches late sees the tail, and the rest as it comes', async () => {
    const at = new TestSwitch();
    at.server.open(GROUP);
    const print = outputOf(at, 'a');
    print('x'.repeat(TAIL_BYTES));
    print('y'.repeat(1000));
    await settle();
    const terminal = new Terminal(at, 1n);
    await settle();
    expect(terminal.shown).toBe('x'.repeat(TAIL_BYTES - 1000) + 'y'.repeat(1000));
    print('z');
    await settle();
    expect(terminal.shown.at(-1)).toBe('z');
  });

  test('that is slow gets all within a bound, and learns of the gap beyond it; others do not wait', async () => {
    const at = new TestSwitch();
    at.server.open(GROUP);
    const print = outputOf(at, 'a');
    let showing = () => {};
    const slow = new Terminal(at, 1n, () => new Promise((resolve) => (showing = resolve)));
    const fast = new Terminal(at, 2n);
    await settle();
    let printed = '';
    const printMore = async (megabytes: number) => {
      for (let round = 0; round < megabytes * 4; round++) {
        const piece = String.fromCharCode(97 + (round % 26)).repeat(1 << 18);
        printed += piece;
        print(piece);
        await settle(30);
      }
    };
    await printMore(2);
    expect([fast.shown === printed, slow.shown.length]).toEqual([true, OUTPUT_WINDOW_BYTES]);
    await printMore(5);
    while (slow.shown.length + slow.gaps < printed.length) {
      showing();
      await settle(4);
    }
    expect(fast.shown === printed).toBe(true);
    expect(slow.gaps).toBeGreaterThan(0);
    expect(slow.gaps).toBeLessThanOrEqual(printed.length - MAX_OUTPUT_KEPT_BYTES);
    const begin = printed.slice(0, OUTPUT_WINDOW_BYTES);
    expect(slow.shown === begin + printed.slice(begin.length + slow.gaps)).toBe(true);
  });

  test('waits while the guest does not read, and loses nothing', async () => {
    const at = new TestSwitch();
    at.server.open(GROUP);
    const terminals = [new Terminal(at, 1n), new Terminal(at, 2n)];
    await settle();
    const content = 'k'.repeat(MAX_TYPED_KEPT_BYTES);
    for (const terminal of terminals) void terminal.type(content);
    await settle(2000);
    expect(at.server.status[0]!.typedWaitingBytes).toBe(MAX_TYPED_KEPT_BYTES);
    expect(terminals.map(({ taken }) => taken)).toEqual([0, 0]);
    const { port } = at.edge('a');
    let read = 0;
    port.listen(0, 1, (offset, data) => {
      expect(offset).toBe(read);
      read += data.length;
      port.inputsHeld(0, read, 1);
    });
    while (read < 2 * MAX_TYPED_KEPT_BYTES) await settle();
    await settle();
    expect(read).toBe(2 * MAX_TYPED_KEPT_BYTES);
    expect(terminals.map(({ taken }) => taken)).toEqual([content.length, content.length]);
  });

  test('that does not keep to the rules is detached, and harms no other', async () => {
    const at = new TestSwitch();
    at.server.open(GROUP);
    const other = new Terminal(at, 9n);
    const type = (from: number, sizeBytes: number): ConsoleRequest => ({
      kind: 'type',
      group: GROUP,
      from,
      data: new Uint8Array(sizeBytes),
    });
    const cases: [ConsoleRequest[], string][] = [
      [[type(0, 1)], 'is not attached'],
      [[attach(1n), attach(1n)], 'is attached to g1 already'],
      [
        [{ kind: 'attach', group: 'other', session: 1n, shown: 0 }],
        'no group other at this switch; there are: g1',
      ],
      [[attach(1n), { kind: 'shown', group: GROUP, upTo: 5 }], "can't be shown"],
    ];
    for (const [requests, expected] of cases) {
      const { why, send } = rawTerminal(at);
      for (const request of requests) send(request);
      await settle();
      expect(why).toEqual([expect.stringContaining(expected)]);
    }
    const flood = rawTerminal(at);
    flood.send(attach(2n));
    await settle();
    at.journal.prompt = false;
    flood.send(type(0, 4096));
    flood.send(type(4096, 1));
    await settle();
    expect(flood.why).toEqual([expect.stringContaining('without an answer')]);
    const gap = rawTerminal(at);
    gap.send(attach(3n));
    at.journal.prompt = true;
    at.journal.flush();
    await settle();
    gap.send(type(7, 1));
    await settle();
    expect(gap.why).toEqual([expect.stringContaining('come next')]);
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 30 }), async (bytes) => {
        const { link } = rawTerminal(at);
        link.send(bytes);
        await settle(3);
        link.close('end');
      }),
      { numRuns: examples(200) },
    );
    await other.type('still here');
    expect(other.taken).toBe(10);
  });

  test('finds room among a bounded number of others', async () => {
    const at = new TestSwitch();
    at.server.open(GROUP);
    const all = Array.from({ length: MAX_ATTACHERS + 1 }, (_, index) => {
      const terminal = rawTerminal(at);
      terminal.send(attach(BigInt(index)));
      return terminal;
    });
    await settle();
    expect(all.filter(({ why }) => why.length > 0).length).toBe(1);
    all[0]!.link.close('bye');
    await settle();
    const next = rawTerminal(at);
    next.send(attach(99n));
    await settle();
    expect(next.pushes.map(({ kind }) => kind)).toEqual(['attached']);
    await at.server.end(GROUP);
    await settle();
    expect(next.why).toEqual([`group ${GROUP} has ended`]);
  });
});

test('a primary that knows of more typed bytes than a new journal goes on where it is, also after a restart', async () => {
  const at = new TestSwitch();
  at.server.open(GROUP);
  const terminal = new Terminal(at, 1n);
  const read: string[] = [];
  const listen = (offset: number) =>
    at.edge('a').port.listen(offset, 1, (from, data) => read.push(`${from} ${Buffer.from(data)}`));
  await settle();
  await terminal.type('ab');
  listen(100);
  await settle();
  await terminal.type('c');
  await settle();
  await at.restart();
  listen(103);
  terminal.attach();
  await settle();
  await terminal.type('d');
  await settle();
  expect(read).toEqual(['100 ab', '102 c', '103 d']);
});

describe('a session', () => {
  const bytesOf = (content: string) => Buffer.from(content);
  const type = (from: number, content: string): ConsoleRequest => ({
    kind: 'type',
    group: GROUP,
    from,
    data: bytesOf(content),
  });
  const taken = (pushes: readonly ConsolePush[]) =>
    pushes.flatMap((push) =>
      push.kind === 'attached' ? [push.taken] : push.kind === 'taken' ? [push.upTo] : [],
    );

  test('that attaches again closes its older link, so that no byte is taken twice', async () => {
    const at = new TestSwitch();
    at.server.open(GROUP);
    const old = rawTerminal(at);
    old.send(attach(1n));
    await settle();
    const now = rawTerminal(at);
    now.send(attach(1n));
    await settle();
    // Late bytes of the old link, which the client sends again on the new one.
    old.send(type(0, 'ab'));
    now.send(type(0, 'ab'));
    await settle();
    expect(old.why).toEqual(['this session has attached again']);
    expect(at.server.status[0]!.typedBytes).toBe(2);
    expect(taken(now.pushes)).toEqual([0, 2]);
  });

  test('hears only of durable bytes when it attaches again', async () => {
    const at = new TestSwitch();
    at.server.open(GROUP);
    const old = rawTerminal(at);
    old.send(attach(1n));
    await settle();
    at.journal.prompt = false;
    old.send(type(0, 'ab'));
    await settle();
    const now = rawTerminal(at);
    now.send(attach(1n));
    await settle();
    expect(taken(now.pushes)).toEqual([]);
    at.journal.flush();
    await settle();
    expect(taken(now.pushes)).toEqual([2]);
  });

  test('is remembered by a journal that was rewritten', async () => {
    const at = new TestSwitch();
    at.server.open(GROUP);
    const old = rawTerminal(at);
    old.send(attach(1n));
    await settle();
    old.send(type(0, 'ab'));
    await settle();
    await at.journal.rewrite([encode(edgeRecord, at.server.group(GROUP)!.save())]);
    await at.restart();
    const now = rawTerminal(at);
    now.send(attach(1n));
    await settle();
    expect(taken(now.pushes)).toEqual([2]);
  });

  test('a primary may ask for all that is not said to be held, however far another one was', async () => {
    const at = new TestSwitch();
    at.server.open(GROUP);
    const terminal = new Terminal(at, 1n);
    await settle();
    await terminal.type('abcdef');
    const read: string[] = [];
    const listen = (generation: number, offset: number) => {
      const edge = at.edge(`h${generation}`);
      edge.port.listen(offset, generation, (from, data) => read.push(`${from} ${Buffer.from(data)}`));
      return edge;
    };
    listen(1, 4);
    await settle();
    const second = listen(2, 1);
    await settle();
    second.port.inputsHeld(0, 3, 2);
    await settle();
    const third = listen(3, 2);
    await settle();
    expect(read).toEqual(['4 ef', '1 bcdef']);
    expect(third.why).toEqual([expect.stringContaining('those before 3 are held')]);
    await at.restart();
    expect(at.server.status[0]!.typedWaitingBytes).toBe(3);
  });
});
