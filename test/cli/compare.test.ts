import { afterEach, expect, test, vi } from 'vitest';
import { type CompareOptions, commandFor, compare } from '../../src/cli/compare.ts';
import { options } from '../../src/cli/options.ts';
import { comparisonLines, failureLines } from '../../src/report/comparison-report.ts';
import { plainText } from '../../src/report/styled-text.ts';
import type { Comparison, Cost, Failure, Setup } from '../../src/sim/campaign/comparison.ts';
import { path } from '../sim/support.ts';

const hello = path('programs/hello.s');
const given = (changes: Partial<CompareOptions> = {}): CompareOptions => ({
  epochs: [5, 100],
  links: [1e9],
  crashes: 2,
  seed: '1',
  memory: 1 << 20,
  diskSize: 0,
  clients: 0,
  input: '/dev/null',
  quiet: true,
  ...changes,
});

afterEach(() => vi.restoreAllMocks());

/** Runs the command; returns its output and exit code. */
async function run(program: string, changes: Partial<CompareOptions> = {}) {
  const written = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'] as const)
    vi.spyOn(process[name], 'write').mockImplementation((text) => {
      written[name] += text;
      return true;
    });
  const code = await compare(program, given(changes));
  vi.restoreAllMocks();
  return { code, ...written, stdout: written.stdout.replaceAll(path(''), '') };
}

/** A comparison with round figures, on links of 1 Gbit/s. */
const cost = (setup: Pick<Setup, 'replication' | 'epochNs'>, figures: Partial<Cost>): Cost => ({
  setup: { ...setup, bitsPerSecond: 1e9 },
  workNs: 100e6,
  totalNs: 200e6,
  steps: 1_000_000,
  bytes: 0,
  stillNs: { copies: 0, buffers: 0, rests: 0 },
  crashes: [],
  ...figures,
});
const round: Comparison = {
  costs: [
    cost({ replication: 'none' }, { latencyNs: { median: 50_000, p99: 50_000, worst: 60_000 } }),
    cost(
      { replication: 'lockstep' },
      {
        bytes: 25_000,
        latencyNs: { median: 150_000, p99: 250_000, worst: 1_060_000 },
        crashes: [{ atNs: 10e6, liveNs: 9e6, firstOutputNs: 12e6, stepsLost: 500 }],
      },
    ),
    cost(
      { replication: 'checkpoint', epochNs: 25e6 },
      {
        bytes: 2_500_000,
        workNs: 110e6,
        latencyNs: { median: 12e6, p99: 24e6, worst: 30e6 },
        stillNs: { copies: 7e6, buffers: 2e6, rests: 1e6 },
        crashes: [
          { atNs: 10e6, liveNs: 8e6, firstOutputNs: 12e6, stepsLost: 2_500_000 },
          { atNs: 90e6, liveNs: 10e6, stepsLost: 100_000 },
        ],
      },
    ),
  ],
  applicationBytes: 2500,
};

test('the table, and the conclusions from it', () => {
  const lines = comparisonLines('bank.s', { ...given(), clients: 3 }, round);
  expect(lines.map(plainText).join('\n')).toMatchInlineSnapshot(`
    "bank.s, 3 clients, seed 1, 2 crashes of the primary in each setup

                       between hosts   added latency, ms   guest                          failover, ms       ksteps lost
                       Mbit/s B/kstep  median   p99 worst  run ms factor ksteps pause ms  live output worst  median worst
    links of 1 Gbit/s
     no replication         –       –       –     –     –     100  1.000  1 000        –     –      –     –       –     –
     lockstep            1.00    25.0   0.100 0.200  1.00     100  1.000  1 000        0  9.00   12.0  12.0   0.500 0.500
     checkpoint 25 ms     100   2 500    11.9  23.9  29.9     110  1.100  1 000     10.0  8.00   12.0  12.0     100 2 500
    for comparison
     application log    0.100    2.50

    between hosts: both directions, by virtual time and by 1000 steps of the guest. added latency: from making an output
    to its delivery, less the same figure without replication. guest: from boot to power-off, and as a multiple of the
    time without replication; steps taken; time paused for copies, full buffers and a lagging backup. failover: from the
    crash until the VM is live, and until the next output leaves. lost: steps that only the crashed machine had taken.
    1 kstep takes 0.01 ms.

    On links of 1 Gbit/s, by medians: a log of the application needs 2.50 bytes for 1000 steps; but the application must
    be written for that, and be deterministic.
    Lockstep takes any uniprocessor program, since every input is logged, and a second processor for the replay; it costs
    25.0 bytes for 1000 steps, outputs 0.100 ms later, a run 1.000 times as long.
    State transfer takes any machine, including a multiprocessor: epochs of 25 ms cost 2 500 bytes for 1000 steps, outputs
    11.9 ms later, a run 1.100 times as long.
    After a crash the VM is live in lockstep after 9.00 ms, the next output leaves after 12.0 ms, and 0.500 ksteps are
    lost; with epochs of 25 ms after 8.00 ms, the next output leaves after 12.0 ms, and 100 ksteps are lost. Lost steps
    are executed again, perhaps with other results; none of their outputs had left."
  `);
});

test('the table for hello', async () => {
  const { code, stdout, stderr } = await run(hello);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  expect(stdout).toMatch(/^programs\/hello.s, seed 1, 2 crashes of the primary in each setup\n/);
  // 706 steps of 10 ns; outputs that wait for a checkpoint wait for its epoch.
  expect(stdout).toMatch(/^ no replication( +–){5} +0\.007 +1\.000 +0\.706( +–){6}$/m);
  expect(stdout).toMatch(/^ lockstep +\d\.\d\d +\d{3}( +0\.1\d\d){3} +0\.007 +1\.000 +0\.706 +0 /m);
  expect(stdout).toMatch(/^ checkpoint 5 ms +\d\.\d\d +\d \d{3}( +5\.\d\d){3} +0\.007 +1\.000 +0\.706 /m);
  expect(stdout).toMatch(/^ checkpoint 100 ms +0\.\d{3} +\d \d{3}( +10\d){3} /m);
});

test('a table of every speed fits into 120 columns, and the same seed gives the same', async () => {
  const changes = { links: [1e8, 1e9, 1e10], epochs: [5, 25, 100], crashes: 1 };
  const clock = path('programs/clock.s');
  const [one, other] = [await run(clock, changes), await run(clock, changes)];
  expect(one).toEqual(other);
  for (const line of one.stdout.split('\n')) expect(line.length).toBeLessThanOrEqual(120);
  expect(one.stdout.match(/^ lockstep/gm)).toHaveLength(3);
});

test('--json gives the same figures', async () => {
  const { code, stdout } = await run(hello, { json: true });
  expect(code).toBe(0);
  const { setups, failure, applicationBytes } = JSON.parse(stdout);
  expect(failure).toBeNull();
  expect(applicationBytes).toBe(0);
  expect(setups).toHaveLength(4);
  expect(setups[0]).toMatchObject({ replication: 'none', epochMs: null, bytes: 0, slowdown: 1, crashes: [] });
  expect(setups[3]).toMatchObject({ replication: 'checkpoint', epochMs: 100, linkMbitPerSecond: 1000 });
  expect(setups[3].crashes).toHaveLength(2);
});

test('a program that does not end: exit code 4, and advice', async () => {
  const { code, stdout, stderr } = await run(hello, { maxSteps: 100 });
  expect({ code, stdout }).toEqual({ code: 4, stdout: '' });
  expect(stderr).toMatch(/--max-steps 100/);
  expect(stderr).toMatch(/in this run: no replication, links of 1 Gbit\/s/);
});

test('a violation says how to reproduce it', () => {
  const failure: Failure = {
    setup: { replication: 'checkpoint', epochNs: 100e6, bitsPerSecond: 1e8 },
    crashNs: 12_500_000,
    outcome: 'completed',
    violations: [{ invariant: 'one-live', message: 'two are live' }],
  };
  const command = commandFor(
    undefined,
    given({ kernel: 'Image', append: 'a b', defsym: [['LIMIT', 5n]], links: [1e8, 1e9], clients: 3 }),
    failure.setup,
  );
  expect(failureLines(failure, undefined, command).map(plainText)).toEqual([
    'VIOLATION of one-live: two are live',
    'in this run: checkpoint 100 ms, links of 100 Mbit/s, the primary crashed at 12.5 ms',
    "reproduce it: vmft compare --kernel Image --append 'a b' --disk-size 0 --defsym LIMIT=5 --links 100M --epochs 100 --crashes 2 --seed 1 --clients 3 --memory 1M --input /dev/null",
  ]);
});

test('lists of epochs and speeds', () => {
  const parse = (option: 'epochs' | 'links', text: string) => options[option]().parseArg!(text, undefined);
  expect(parse('epochs', '100,5,5')).toEqual([5, 100]);
  expect(parse('links', '10G,100m,2.5G')).toEqual([1e8, 2.5e9, 1e10]);
  for (const text of ['', '0', '5,,6', 'five', '401'])
    expect(() => parse('epochs', text)).toThrow(/from 1 to 400/);
  for (const text of ['', '1000', '1K', '0M', '1G,', '2000G'])
    expect(() => parse('links', text)).toThrow(/like 100M/);
});
