import { expect, test } from 'vitest';
import { encodeMessage } from '../../src/ft/messages.ts';
import {
  addedLatency,
  applicationBytes,
  type Comparison,
  type Cost,
  compare,
  mbitPerSecond,
  type Plan,
  setupsOf,
  spread,
  type Workload,
} from '../../src/sim/campaign/comparison.ts';
import { udp } from '../../src/sim/world/packets.ts';
import { machineOf } from '../ft/guest.ts';

const MS = 1_000_000;

/** Prints one letter and powers off: seven steps. */
const ONE_LETTER = `
_start:
    li      t0, 0x10000000
    li      t1, 'x'
    sb      t1, 0(t0)
    li      t0, 0x100000
    li      t1, 0x5555
    sw      t1, 0(t0)
`;

/** Prints `letters` letters, each after a loop of two steps; writes to all its memory meanwhile. */
const ticker = (letters: number, turns: number): string => `
_start:
    li      s0, 0x10000000
    li      s1, ${letters}
letter:
    li      t0, ${turns}
turn:
    addi    t0, t0, -1
    bnez    t0, turn
    slli    t1, s1, 10
    li      t2, 0x7000
    and     t1, t1, t2
    la      t2, memory
    add     t1, t1, t2
    sd      s1, 0(t1)
    li      t1, 'x'
    sb      t1, 0(s0)
    addi    s1, s1, -1
    bnez    s1, letter
    li      t0, 0x100000
    li      t1, 0x5555
    sw      t1, 0(t0)
.bss
.balign 4096
memory: .space 32768
`;

function measured(source: string, plan: Partial<Plan> = {}, workload: Partial<Workload> = {}): Comparison {
  const steps = compare(
    {
      description: machineOf(source),
      input: new Uint8Array(0),
      clients: 0,
      seed: '1',
      maxSteps: 10_000_000,
      ...workload,
    },
    { epochsNs: [5 * MS], linksBitsPerSecond: [1e9], crashes: 0, ...plan },
  );
  for (;;) {
    const step = steps.next();
    if (step.done) return step.value;
  }
}

test('compares each kind of replication at each speed of the links', () => {
  const setups = setupsOf({ epochsNs: [1, 2], linksBitsPerSecond: [1e8, 1e9], crashes: 0 });
  expect(setups.slice(0, 4)).toEqual([
    { replication: 'none', bitsPerSecond: 1e8 },
    { replication: 'lockstep', bitsPerSecond: 1e8 },
    { replication: 'checkpoint', epochNs: 1, bitsPerSecond: 1e8 },
    { replication: 'checkpoint', epochNs: 2, bitsPerSecond: 1e8 },
  ]);
  expect(setups).toHaveLength(8);
});

test('percentiles are nearest ranks', () => {
  expect(spread([])).toBeUndefined();
  expect(spread([7])).toEqual({ median: 7, p99: 7, worst: 7 });
  expect(spread([4, 1, 3, 2])).toEqual({ median: 2, p99: 4, worst: 4 });
  const hundred = Array.from({ length: 100 }, (_, index) => 100 - index);
  expect(spread(hundred)).toEqual({ median: 50, p99: 99, worst: 100 });
});

test('a byte per microsecond is 8 Mbit/s', () => {
  expect(mbitPerSecond(1, 1000)).toBe(8);
});

test('the log of an application has the typed bytes and each request once', () => {
  const server = { mac: [2, 0, 0, 0, 0, 9], ip: [10, 0, 2, 15], port: 9000 };
  const request = (client: number, payload: string) => ({
    kind: 'net' as const,
    icount: 0,
    frame: udp(
      { mac: [2, 0, 0, 0, 0, client], ip: [10, 0, 2, client], port: 40_000 },
      server,
      new TextEncoder().encode(payload),
    ),
  });
  const bytes = applicationBytes([
    { kind: 'clock', icount: 0, ticks: 5 },
    { kind: 'console', icount: 0, data: Uint8Array.of(1, 2, 3) },
    request(1, 'GET a'),
    request(2, 'GET a'),
    request(1, 'GET a'),
    request(1, 'GET bc'),
    { kind: 'net', icount: 0, frame: new Uint8Array(60) },
  ]);
  expect(bytes).toBe(3 + 5 + 5 + 6);
});

test('an output waits for the end of its slice, for its entry to arrive, and for the acknowledgement', () => {
  const [none, lockstep] = measured(ONE_LETTER).costs as [Cost, Cost];
  expect(none).toMatchObject({ steps: 7, workNs: 70, bytes: 0 });
  // 21 bytes to the console at 8 ns each, queued behind a 20-byte input request sent at 0; and 50 µs of latency.
  const queued = 8 * 20 - 70;
  const alone = queued + 8 * 21 + 50_000;
  expect(none.latencyNs).toEqual({ median: alone, p99: alone, worst: alone });
  const entries = encodeMessage({
    kind: 'entries',
    generation: 1,
    first: 1,
    delivered: 0,
    lowWater: 0,
    answers: 0,
    ticks: 0,
    entries: [{ kind: 'output', icount: 7, made: 1 }],
  });
  const ack = encodeMessage({ kind: 'ack', generation: 1, received: 1, consumed: 0, icount: 0 });
  const added = 100_000 + 8 * (entries.length + ack.length) - queued;
  expect(addedLatency(lockstep, none)).toEqual({ median: added, p99: added, worst: added });
  expect(lockstep).toMatchObject({ workNs: 70, stillNs: { copies: 0, buffers: 0, rests: 0 } });
});

test('with checkpoints an output waits for the end of its epoch, and for the copy', () => {
  const { costs } = measured(ONE_LETTER, { epochsNs: [5 * MS, 25 * MS] });
  const [none, , ...checkpoints] = costs as [Cost, Cost, ...Cost[]];
  for (const cost of checkpoints) {
    const { epochNs } = cost.setup;
    const rest = addedLatency(cost, none)!.median - (epochNs! - 70) - cost.stillNs.copies - 100_000;
    // The checkpoint and its acknowledgement take 8 ns a byte on the link.
    expect(rest).toBeGreaterThan(0);
    expect(rest).toBeLessThanOrEqual(8 * cost.bytes);
  }
});

test('a crash before the first checkpoint loses every step', () => {
  const [, , checkpoint] = measured(ticker(10, 20_000), { epochsNs: [100 * MS], crashes: 5 }).costs;
  expect(checkpoint!.crashes).toHaveLength(5);
  for (const { atNs, stepsLost } of checkpoint!.crashes) expect(stepsLost).toBe(Math.floor(atNs / 10));
});

test('a crash loses no more than a slice in lockstep, and an epoch with checkpoints', () => {
  const { costs } = measured(ticker(50, 20_000), { crashes: 8 });
  const [, lockstep, checkpoint] = costs as [Cost, Cost, Cost];
  const worst = ({ crashes }: Cost) => Math.max(...crashes.map(({ stepsLost }) => stepsLost)) * 10;
  expect(worst(lockstep)).toBeLessThan(1 * MS);
  expect(worst(checkpoint)).toBeGreaterThan(1 * MS);
  expect(worst(checkpoint)).toBeLessThan(7 * MS);
  for (const { liveNs, firstOutputNs } of [...lockstep.crashes, ...checkpoint.crashes]) {
    // Suspicion after 10 ms of silence; heartbeats come every 2 ms.
    expect(liveNs).toBeGreaterThan(8 * MS);
    expect(liveNs).toBeLessThan(13 * MS);
    expect(firstOutputNs).toBeGreaterThan(liveNs);
  }
});

test('longer epochs delay outputs and save bytes; slower links never make outputs earlier', () => {
  const links = [1e7, 1e8, 1e9];
  const { costs } = measured(ticker(100, 20_000), {
    epochsNs: [2 * MS, 5 * MS, 10 * MS],
    linksBitsPerSecond: links,
  });
  const of = (bitsPerSecond: number) => costs.filter(({ setup }) => setup.bitsPerSecond === bitsPerSecond);
  const median = ({ latencyNs }: Cost) => latencyNs!.median;
  for (const bitsPerSecond of links) {
    const [none, lockstep, ...checkpoints] = of(bitsPerSecond) as [Cost, Cost, ...Cost[]];
    expect(median(none)).toBeLessThan(median(lockstep));
    const all = [lockstep, ...checkpoints];
    for (const [index, cost] of checkpoints.entries())
      expect(median(cost)).toBeGreaterThan(median(all[index]!));
    for (const [index, cost] of checkpoints.slice(1).entries())
      expect(cost.bytes).toBeLessThan(checkpoints[index]!.bytes);
  }
  for (const [index, slower] of links.slice(0, -1).entries())
    for (const [way, cost] of of(slower).entries())
      expect(median(cost)).toBeGreaterThanOrEqual(median(of(links[index + 1]!)[way]!));
});

test('the guest is paused while its pages are copied', () => {
  const [none, , checkpoint] = measured(ticker(100, 20_000)).costs as [Cost, Cost, Cost];
  expect(checkpoint.stillNs.copies).toBeGreaterThan(0);
  expect(checkpoint.stillNs.copies % 4096).toBe(0);
  const longer = checkpoint.workNs - none.workNs;
  expect(longer).toBeGreaterThan(0);
  expect(longer).toBeLessThanOrEqual(checkpoint.stillNs.copies);
});

test('the same seed gives the same figures', () => {
  const once = () => JSON.stringify(measured(ticker(20, 5000), { crashes: 3 }));
  expect(once()).toBe(once());
});

test('a guest that does not end cannot be compared', () => {
  const { costs, failure } = measured('_start: j _start', {}, { maxSteps: 1000 });
  expect(costs).toEqual([]);
  expect(failure).toEqual({
    setup: { replication: 'none', bitsPerSecond: 1e9 },
    outcome: 'limit',
    violations: [],
  });
});
