/** The parts of the world around the hosts: the protocol relies on these properties. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Random } from '../../src/base/random.ts';
import { DISK_IOERR, DISK_OK, type DiskRequest } from '../../src/devices/device.ts';
import type { GenerationRecord } from '../../src/ft/effects.ts';
import { inMemory, MemorySpool } from '../../src/replay/spool.ts';
import { HostClock } from '../../src/sim/cluster/host.ts';
import { Console } from '../../src/sim/world/console.ts';
import { Disk } from '../../src/sim/world/disk.ts';
import { Link } from '../../src/sim/world/link.ts';
import { ClientNetwork } from '../../src/sim/world/network.ts';
import { parse, udp } from '../../src/sim/world/packets.ts';
import { Scheduler } from '../../src/sim/world/scheduler.ts';
import { Storage } from '../../src/sim/world/storage.ts';
import { World } from '../../src/sim/world/world.ts';

const run = (scheduler: Scheduler) => {
  while (scheduler.step());
};
const alone = (primary: string): GenerationRecord => ({ primary, backups: [] });
const SECTOR = 512;
const write = (sector: number, byte: number, sectors = 1): DiskRequest => ({
  operation: 'write',
  sector,
  data: new Uint8Array(sectors * SECTOR).fill(byte),
});

function makeDisk() {
  const scheduler = new Scheduler();
  const disk = new Disk(8, scheduler, new Random('disk'), true, new Uint8Array(0), new MemorySpool(1 << 20));
  const answers: string[] = [];
  const perform = (id: number, request: DiskRequest, lowWater = 0) =>
    disk.perform(id, request, lowWater, (status, data) => answers.push(`${id} ${status} ${data.length}`));
  return { scheduler, disk, answers, perform };
}

describe('the disk', () => {
  test('carries out each number once, and answers every request', () => {
    const { scheduler, disk, answers, perform } = makeDisk();
    perform(1, write(2, 0xaa, 3));
    perform(1, write(2, 0xaa, 3));
    run(scheduler);
    perform(1, write(2, 0xbb, 3));
    run(scheduler);
    expect(answers).toEqual(['1 0 0', '1 0 0', '1 0 0']);
    expect([...disk.writes].map(({ id }) => id)).toEqual([1]);
    expect(disk.content.subarray(2 * SECTOR, 5 * SECTOR)).toEqual(new Uint8Array(3 * SECTOR).fill(0xaa));
    expect([disk.content[2 * SECTOR - 1], disk.content[5 * SECTOR]]).toEqual([0, 0]);
    expect(disk.ledger.duplicatesDropped).toBe(2);
  });

  test('repeats nothing below the low-water mark, and remembers the numbers from there on', () => {
    const { scheduler, disk, answers, perform } = makeDisk();
    for (const id of [1, 2, 3, 4]) perform(id, write(id, id));
    run(scheduler);
    for (const id of [1, 2, 3, 4]) perform(id, write(id, 0xff), 3);
    run(scheduler);
    expect(answers).toHaveLength(8);
    expect([...disk.writes]).toHaveLength(4);
    expect([1, 2, 3, 4].map((sector) => disk.content[sector * SECTOR])).toEqual([1, 2, 3, 4]);
  });

  test('applies nothing when it fails or is full, and reports that', () => {
    const { scheduler, disk, answers, perform } = makeDisk();
    disk.fullFaults = 1;
    perform(1, write(0, 1));
    perform(2, { operation: 'read', sector: 0, sizeBytes: SECTOR });
    run(scheduler);
    disk.fullFaults = 0;
    disk.errorFaults = 1;
    perform(3, { operation: 'read', sector: 0, sizeBytes: SECTOR });
    run(scheduler);
    expect(answers.sort()).toEqual([`1 ${DISK_IOERR} 0`, `2 ${DISK_OK} ${SECTOR}`, `3 ${DISK_IOERR} 0`]);
    expect([...disk.writes]).toEqual([]);
    disk.errorFaults = 0;
    perform(1, write(0, 1));
    run(scheduler);
    expect(disk.content[0]).toBe(1);
  });
});

describe('shared storage', () => {
  const makeStorage = () => {
    const scheduler = new Scheduler();
    const random = new Random('storage');
    const disk = new Disk(8, scheduler, random, true, new Uint8Array(0), new MemorySpool(1 << 20));
    return { scheduler, disk, storage: new Storage(alone('a'), disk, true, scheduler, random) };
  };

  test('creates the record of a generation once, and returns the existing one later', () => {
    const { storage } = makeStorage();
    expect(storage.generations.testAndSet(2, alone('b'))).toEqual(alone('b'));
    expect(storage.generations.testAndSet(2, alone('c'))).toEqual(alone('b'));
    expect(storage.generations.testAndSet(3, alone('c'))).toEqual(alone('c'));
    expect([1, 2, 3, 4].map((generation) => storage.generations.read(generation)?.primary)).toEqual([
      'a',
      'b',
      'c',
      undefined,
    ]);
    expect([storage.generations.newest, storage.generations.latest]).toEqual([3, alone('c')]);
    expect(() => storage.generations.testAndSet(5, alone('d'))).toThrow(
      /only after the one before was recorded/,
    );
  });

  test('refuses operations of any generation but the newest', () => {
    const { scheduler, disk, storage } = makeStorage();
    storage.generations.testAndSet(2, alone('b'));
    const statuses: (number | 'refused')[] = [];
    for (const generation of [1, 2])
      storage.perform({ id: generation, request: write(0, generation), generation, lowWater: 0 }, (status) =>
        statuses.push(status),
      );
    run(scheduler);
    expect(statuses).toEqual(['refused', DISK_OK]);
    expect([...disk.writes].map(({ id }) => id)).toEqual([2]);
  });
});

describe('the console', () => {
  const bytes = (text: string) => new TextEncoder().encode(text);
  const makeConsole = (input = '') => {
    const scheduler = new Scheduler();
    let shown = '';
    const print = (data: Uint8Array) => {
      shown += new TextDecoder().decode(data);
    };
    const console = new Console(scheduler, bytes(input), true, print, false);
    return { scheduler, console, shown: () => shown };
  };

  test('prints each output number once', () => {
    const text = 'abcdefghij';
    const pieces = fc.array(fc.record({ first: fc.nat(9), count: fc.integer({ min: 1, max: 4 }) }));
    fc.assert(
      fc.property(pieces, (released) => {
        const { console, shown } = makeConsole();
        let end = 0;
        let fresh = 0;
        for (const { first, count } of released) {
          // Numbers come in order, but may be repeated.
          const from = Math.min(first, end);
          const data = bytes(text.slice(from, from + count));
          if (data.length === 0) continue;
          expect(console.release({ kind: 'console', first: from + 1, data })).toBe(from + data.length > end);
          fresh += data.length;
          end = Math.max(end, from + data.length);
          expect(shown()).toBe(text.slice(0, end));
        }
        expect(console.duplicatesDropped).toBe(fresh - end);
      }),
    );
  });

  test('reports a request for input that every backup was said to hold', () => {
    const { scheduler, console } = makeConsole('typed');
    run(scheduler);
    const got: string[] = [];
    const typed = (offset: number, data: Uint8Array) =>
      got.push(`${offset} ${new TextDecoder().decode(data)}`);
    console.held(3);
    console.listen(3, typed);
    expect(console.violations).toEqual([]);
    console.listen(2, typed);
    expect(console.violations).toEqual([
      {
        invariant: 'input-once',
        message: 'input is asked for from byte 3 on, but every backup was said to hold 3 bytes',
      },
    ]);
    expect(got).toEqual(['3 ed', '2 ped']);
  });

  test('types after a prompt with any characters, whose bytes may be separate outputs', () => {
    const scheduler = new Scheduler();
    const console = new Console(scheduler, bytes('x'), true, () => {}, false, 'Größe?');
    const heard: string[] = [];
    console.listen(0, (_, data) => heard.push(new TextDecoder().decode(data)));
    for (const [index, byte] of bytes('Die Größe? ').entries()) {
      expect(heard).toEqual([]);
      console.release({ kind: 'console', first: index + 1, data: Uint8Array.of(byte) });
    }
    run(scheduler);
    expect(heard).toEqual(['x']);
  });

  test('resends to a new listener all bytes from its position', () => {
    const { scheduler, console } = makeConsole('0123456789abcdefXYZ');
    const heard: string[] = [];
    const listener = (offset: number, data: Uint8Array) =>
      heard.push(`${offset} ${new TextDecoder().decode(data)}`);
    scheduler.step();
    console.listen(10, listener);
    run(scheduler);
    console.listen(19, listener);
    expect(heard).toEqual(['10 abcdef', '16 XYZ']);
  });
});

describe('the switch', () => {
  const frame = new Uint8Array(60);

  test('sends to the port of the last frame, and drops repeated numbers', () => {
    const scheduler = new Scheduler();
    const network = new ClientNetwork(scheduler, new Random('net'), 0, true, true, new MemorySpool(1 << 20));
    const [one, other] = [() => {}, () => {}];
    expect(network.release({ kind: 'frame', first: 1, frame }, one)).toBe(true);
    expect(network.release({ kind: 'frame', first: 1, frame }, one)).toBe(false);
    expect(network.release({ kind: 'frame', first: 2, frame }, other)).toBe(true);
    expect([network.duplicatesDropped, [...network.framesOut].map(({ number }) => number)]).toEqual([
      1,
      [1, 2],
    ]);
  });

  test('learns the port even from a frame that it drops', () => {
    const scheduler = new Scheduler();
    const network = new ClientNetwork(scheduler, new Random('net'), 1, true, true);
    const got: string[] = [];
    network.release({ kind: 'frame', first: 1, frame }, () => got.push('one'));
    network.release({ kind: 'frame', first: 1, frame }, () => got.push('other'));
    while (got.length === 0 && scheduler.step());
    expect(got).toEqual(['other']);
  });
});

describe('a datagram', () => {
  const source = { mac: [2, 0, 0, 0, 0, 1], ip: [10, 0, 2, 100], port: 4000 };
  const target = { mac: [2, 0, 0, 0, 0, 2], ip: [10, 0, 2, 15], port: 9000 };
  const frame = () => udp(source, target, Uint8Array.of(1, 2, 3));
  const UDP_CHECKSUM = 14 + 20 + 6;

  test('is read as it was written', () => {
    expect(parse(frame())).toEqual({ kind: 'udp', source, target, payload: Uint8Array.of(1, 2, 3) });
  });

  test('needs no UDP checksum (RFC 768), but always a correct IP header', () => {
    const without = frame().fill(0, UDP_CHECKSUM, UDP_CHECKSUM + 2);
    expect(parse(without).kind).toBe('udp');
    for (let at = 14; at < 14 + 20; at++) {
      const corrupted = without.slice();
      corrupted[at]! ^= 0x10;
      expect(parse(corrupted).kind, `byte ${at}`).toBe('other');
    }
  });
});

describe('a link', () => {
  /** Messages of any size under changing delays: a stream keeps their order. */
  test('delivers a stream in order, each message once, whatever the delay', () => {
    const act = fc.record({
      sizeBytes: fc.integer({ min: 1, max: 5000 }),
      extraDelayNs: fc.constantFrom(0, 0, 1_000_000),
      waitNs: fc.nat(50_000),
      change: fc.constantFrom('none', 'none', 'partition', 'heal'),
    });
    fc.assert(
      fc.property(fc.array(act, { minLength: 1, maxLength: 30 }), (acts) => {
        const scheduler = new Scheduler();
        const link = new Link(scheduler, 50_000, 1e9, new Random('link'));
        const got: number[] = [];
        let atNs = 0;
        let cut = false;
        for (const [index, { sizeBytes, extraDelayNs, waitNs, change }] of acts.entries()) {
          atNs += waitNs;
          scheduler.at(atNs, () => {
            if (change === 'partition' && !cut) link.partition();
            if (change === 'heal' && cut) link.heal();
            if (change !== 'none') cut = change === 'partition';
            link.extraDelayNs = extraDelayNs;
            link.stream(sizeBytes, () => got.push(index));
          });
        }
        scheduler.at(atNs + 1, () => cut && link.heal());
        run(scheduler);
        expect(got).toEqual(acts.map((_, index) => index));
      }),
    );
  });
});

describe('the edge', () => {
  const text = (data: Uint8Array) => new TextDecoder().decode(data);

  /** Two hosts, of which `b` has claimed generation 2. */
  function makeEdge() {
    const scheduler = new Scheduler();
    const reached: string[] = [];
    const world = new World(
      {
        ...{ seed: 'edge', unsafe: new Set(), disk: 'shared', sectors: 0, diskContent: new Uint8Array(0) },
        ...{ bitsPerSecond: 1e9, clients: 1, input: new TextEncoder().encode('typed'), attended: false },
        first: { primary: 'a', backups: ['b'] },
        evidence: inMemory(),
        print: () => {},
      },
      scheduler,
      {
        arrived: () => {},
        leaves: () => {},
        reached: (output) => reached.push(output.kind === 'console' ? text(output.data) : 'frame'),
        recorded: () => {},
      },
    );
    const edge = (id: string) => world.ports(id, new HostClock(scheduler, 1, 0)).edge;
    const console = (first: number, data: string, generation: number) => ({
      do: 'release' as const,
      generation,
      outputs: [{ kind: 'console' as const, first, data: new TextEncoder().encode(data) }],
    });
    return { scheduler, world, reached, a: edge('a'), b: edge('b'), console };
  }
  const nothing = () => {};

  test('refuses an older generation: outputs, listeners and announcements', () => {
    const { scheduler, reached, a, b, console } = makeEdge();
    const got: string[] = [];
    const from = (host: string) => (_: number, data: Uint8Array) => got.push(`${host} frame ${data.length}`);
    b.announce(new Uint8Array(60), 1, 2, from('b'));
    b.listen(0, 2, (_, data) => got.push(`b ${text(data)}`));
    scheduler.at(1_000, () => {
      a.announce(new Uint8Array(60), 1, 1, from('a'));
      a.listen(0, 1, (_, data) => got.push(`a ${text(data)}`));
      a.release(console(1, 'A', 1), () => got.push('a delivered'), nothing);
      b.release(console(1, 'B', 2), () => got.push('b delivered'), nothing);
    });
    // The client behind the switch keeps asking for the guest's address.
    while (scheduler.nowNs < 50_000_000 && scheduler.step());
    expect(reached).toEqual(['B']);
    expect(got).toEqual(expect.arrayContaining(['b delivered', 'b typed']));
    expect(got.filter((what) => what.startsWith('b frame')).length).toBeGreaterThan(0);
    expect(got.filter((what) => what.startsWith('a'))).toEqual([]);
  });

  test('confirms every output, including duplicates', () => {
    const { scheduler, reached, a, b, console } = makeEdge();
    const delivered: string[] = [];
    const note = (host: string) => (output: { first: number }) => delivered.push(`${host} ${output.first}`);
    a.release(console(1, 'one', 1), note('a'), nothing);
    scheduler.at(1_000_000, () => b.release(console(1, 'one more', 2), note('b'), nothing));
    while (scheduler.nowNs < 2_000_000 && scheduler.step());
    expect([delivered, reached]).toEqual([
      ['a 1', 'b 1'],
      ['one', 'one more'],
    ]);
  });
});
