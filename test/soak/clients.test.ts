/** The clients of `npm run soak`: what is right they accept, and what is wrong they find. */
import { describe, expect, it } from 'vitest';
import { Random } from '../../src/base/random.ts';
import { loadGuest, run } from '../../src/lib/index.ts';
import type { Packet } from '../../src/sim/world/packets.ts';
import { arp, parse, udp } from '../../src/sim/world/packets.ts';
import { Books } from '../../tools/soak/bank-books.ts';
import { KeyValue } from '../../tools/soak/kv.ts';
import { longestWait } from '../../tools/soak/waits.ts';

describe('the books of a client of the bank', () => {
  /** What is typed in a day, and what is expected; the same each time. */
  const day = () => {
    const books = new Books();
    const random = new Random('books');
    const commands = Array.from({ length: 300 }, () =>
      random.chance(0.7) ? books.transaction(random) : books.question(random),
    );
    const all = [...commands, ...books.closing()];
    return {
      input: all.map(({ line }) => `${line}\n`).join(''),
      expected: all.flatMap(({ answers }) => answers),
    };
  };
  const { consoleText } = run(loadGuest('bank'), { input: day().input, backups: 0, spares: 0 });
  const lines = consoleText.split('\n').slice(1, -1);
  const problems = (shown: readonly string[]) => {
    const { expected } = day();
    return shown.slice(0, expected.length).flatMap((line, index) => expected[index]!(line) ?? []);
  };

  it('say what the bank answers, line by line', () => {
    expect(lines).toHaveLength(day().expected.length);
    expect(problems(lines)).toEqual([]);
  });

  it('find an answer that is missing, comes twice, or is another', () => {
    const first = lines.findIndex((line) => line.startsWith('#'));
    expect(problems(lines.toSpliced(first, 1))).not.toEqual([]);
    expect(problems(lines.toSpliced(first, 0, lines[first]!))).not.toEqual([]);
    expect(problems(lines.with(first, lines[first]!.replace(/ [0-9a-f]{8} /, ' 00000000 ')))).toEqual([
      expect.stringContaining('the statement has'),
    ]);
  });
});

/** A server of keys and values that is reached at once. `keeps`: whether it keeps the value of a SET. */
class FakeServer {
  readonly description = 'a server in this process';
  private readonly values = new Map<string, string>();

  constructor(private readonly keeps: (sets: number) => boolean) {}

  private sets = 0;

  join(_number: number, receive: (packet: Packet) => void): (frame: Uint8Array) => void {
    const at = { mac: [2, 0, 0, 0, 0, 9], ip: [10, 0, 2, 15], port: 9000 };
    const answer = (frame: Uint8Array) => setImmediate(() => receive(parse(frame)));
    return (frame) => {
      const packet = parse(frame);
      if (packet.kind === 'arp-request') answer(arp(2, at, { mac: packet.senderMac, ip: packet.senderIp }));
      if (packet.kind !== 'udp') return;
      const [client, sequence, ...words] = new TextDecoder().decode(packet.payload).split(' ');
      const text = `${client} ${sequence} ${this.reply(words)}\n`;
      answer(udp(at, packet.source, new TextEncoder().encode(text)));
    };
  }

  close(): void {}

  private reply([op, key = '', value = '']: string[]): string {
    const held = this.values.get(key);
    if (op === 'STOP') return 'BYE';
    if (op === 'GET') return held === undefined ? 'NONE' : `VALUE ${held}`;
    const isAddition = op === 'ADD';
    const next = isAddition ? `${Number(held ?? 0) + Number(value)}` : value;
    if (isAddition || this.keeps(++this.sets)) this.values.set(key, next);
    return isAddition ? `VALUE ${next}` : 'OK';
  }
}

describe('clients of the key-value server', () => {
  const converse = async (keeps: (sets: number) => boolean) => {
    const clients = new KeyValue(new FakeServer(keeps), new Random('kv'));
    clients.start();
    while (clients.answered < 200) await new Promise((resolve) => setTimeout(resolve, 1));
    await clients.conclude();
    const notes = clients.check();
    clients.close();
    return { problems: clients.problems, notes };
  };

  it('are content with a server that keeps what it has acknowledged', async () => {
    expect(await converse(() => true)).toEqual({ problems: [], notes: [] });
  });

  it('find writes that were acknowledged and are lost', async () => {
    const { problems } = await converse((sets) => sets % 3 !== 0);
    expect(problems).toEqual(expect.arrayContaining([expect.stringContaining('acknowledged was')]));
    expect(problems.at(-1)).toContain('not linearizable');
  });
});

it('the longest wait counts waits that overlap the time, and one that is not over', () => {
  const waits = [
    { fromMs: 0, toMs: 50 },
    { fromMs: 60, toMs: 62 },
    { fromMs: 70, toMs: 100 },
    { fromMs: 110, toMs: undefined },
  ];
  expect(longestWait(waits, 51, 69)).toBe(2);
  expect(longestWait(waits, 61, 80)).toBe(30);
  expect(longestWait(waits, 105, 130)).toBe(20);
  expect(longestWait(waits, 49, 61)).toBe(50);
});
