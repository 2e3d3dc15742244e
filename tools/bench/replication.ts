/** The cost of fault tolerance in the simulator, and growth with size. */
import * as fs from 'node:fs';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { describeMachine, ownInput } from '../../src/cli/program.ts';
import { COPY_NS_PER_BYTE } from '../../src/cluster/driver.ts';
import { execute, measure, type ServedGuest } from '../../src/sim/campaign/campaign.ts';
import { drawRun } from '../../src/sim/campaign/draw.ts';
import { Simulation, type SimulationOptions } from '../../src/sim/cluster/cluster.ts';
import { defaults, type RunSpec } from '../../src/sim/spec/spec.ts';
import type { MachineDescription } from '../../src/vmm/description.ts';
import { file, inTurn, peakMB, ratios, type Spread, seconds } from './measure.ts';
import { debian } from './speed.ts';

const MEMORY_BYTES = 64 << 20;
const CAMPAIGN_RUNS = 200;
const IDLE_SECONDS = 600n;
/** A host with a fast link, and a guest that fills most of a large memory and keeps writing to 32 MB of it. */
const LARGE = {
  memoryBytes: 256 << 20,
  bitsPerSecond: 1e10,
  fill: { MB: 240n, HOT: 8192n, PACE: 200n, ROUNDS: 100n },
};
const NOTHING = new Uint8Array(0);

const describe = (name: string, memory: number, defines: Record<string, bigint> = {}): MachineDescription =>
  describeMachine(file(name), { memory, diskSize: 0, defsym: Object.entries(defines) });

interface Setup extends Partial<Omit<SimulationOptions, 'spec'>> {
  /** Options that differ from the default, besides that there are no spares. */
  spec?: Partial<RunSpec>;
}

/** Runs a guest to its end. */
function simulate(description: MachineDescription, { spec, ...options }: Setup = {}): Simulation {
  const simulation = new Simulation({
    description,
    spec: { ...defaults, spares: 0, ...spec },
    input: NOTHING,
    print: () => {},
    onEvent: () => {},
    ...options,
  }).run();
  if (simulation.outcome !== 'completed')
    throw new Error(`${description.program}: the run was ${simulation.outcome}`);
  return simulation;
}

const primes = (limit: bigint, memory = MEMORY_BYTES): MachineDescription =>
  describe('programs/primes.s', memory, { LIMIT: limit });

export interface ReplicationCost {
  steps: number;
  /** Wall time with a backup divided by wall time without one, pair by pair. */
  ratio: Spread;
  /** Of log entries, without the messages that carry them. */
  logBytesPerKilostep: number;
  logMbitPerVirtualSecond: number;
}

function costOf(
  description: MachineDescription,
  setup: Setup,
  { times, repeat = 1 }: { times: number; repeat?: number },
): ReplicationCost {
  let last: Simulation | undefined;
  const run = (backups: number) => () =>
    seconds(() => {
      for (let i = 0; i < repeat; i++) {
        const simulation = simulate(description, { ...setup, spec: { ...setup.spec, backups } });
        if (backups > 0) last = simulation;
      }
    });
  run(1)();
  const { ft, plain } = inTurn(times, { ft: run(1), plain: run(0) });
  const { observer, machine, nowNs } = last!;
  return {
    steps: machine.icount,
    ratio: ratios(ft, plain),
    logBytesPerKilostep: (observer.log.bytes / machine.icount) * 1000,
    logMbitPerVirtualSecond: (observer.log.channelBytes * 8e3) / nowNs,
  };
}

/** The boot, up to the shell's power-off. */
const BOOT = { input: new TextEncoder().encode('poweroff -f\n'), typeAfter: '# ' };

export function replicationCosts(times: number): Record<string, ReplicationCost> {
  const boot = debian();
  return {
    'compute (primes)': costOf(primes(20_000_000n), {}, { times }),
    'console (bank)': costOf(
      describe('programs/bank.s', MEMORY_BYTES),
      { input: ownInput(file('programs/bank.s')) },
      { times, repeat: 5 },
    ),
    'network (kv, 3 clients)': costOf(
      describe('programs/kv/kv.elf', 1 << 20),
      { spec: { clients: 3 } },
      { times, repeat: 5 },
    ),
    ...(boot && {
      'Debian boot, derived clock': costOf({ ...boot, clock: 'derived' }, BOOT, {
        times: Math.min(times, 3),
      }),
      'Debian boot, logged clock': costOf(boot, BOOT, { times: 1 }),
    }),
  };
}

export interface Growth {
  of: string;
  value: string;
  seconds: number;
  steps: number;
  logBytesPerKilostep: number;
  peakMB?: number;
  /** The part still in use after a garbage collection at the end. */
  keptMB?: number;
}

function grown(of: string, value: string, description: MachineDescription, setup: Setup = {}): Growth {
  let simulation: Simulation | undefined;
  const elapsed = seconds(() => {
    simulation = simulate(description, setup);
  });
  const { observer, machine } = simulation!;
  return {
    of,
    value,
    seconds: elapsed,
    steps: machine.icount,
    logBytesPerKilostep: (observer.log.bytes / machine.icount) * 1000,
  };
}

/** The loops of each function of `changing.s`, 160,000 steps. */
const CALLS = 40_000n;

/** The parameters that grow, their values, and the run for a value. */
const growing: Record<string, { values: readonly string[]; run: (of: string, value: string) => Growth }> = {
  'memory, MiB': {
    values: ['16', '64', '256', '1024'],
    run: (of, value) => grown(of, value, primes(2_000_000n, Number(value) << 20)),
  },
  'run length': {
    values: ['1', '10', '100'],
    run: (of, value) => grown(of, value, primes(200_000n * BigInt(value))),
  },
  'new code all the time, 10^9 steps': {
    values: ['1', '3', '10'],
    run: (of, value) =>
      grown(of, value, describe('tools/bench/changing.s', 1 << 20, { RUNS: 6250n * BigInt(value), CALLS }), {
        spec: { backups: 0 },
      }),
  },
  clients: {
    values: ['1', '4', '16', '64'],
    run: (of, value) =>
      grown(of, value, describe('programs/kv/kv.elf', 1 << 20), {
        spec: { clients: Number(value) },
      }),
  },
};

/** A task for {@link inOwnProcess}. */
export function growthTask(of: string, value: string): Growth {
  const growth = growing[of]!.run(of, value);
  const peak = peakMB(fs);
  setFlagsFromString('--expose-gc');
  const collect: () => void = runInNewContext('gc');
  // What one collection finalizes, the next one frees.
  for (let times = 0; times < 3; times++) collect();
  const { rss, heapTotal, heapUsed } = process.memoryUsage();
  return { ...growth, peakMB: peak, keptMB: (rss - heapTotal + heapUsed) / 2 ** 20 };
}

export const growths: Record<string, readonly string[]> = Object.fromEntries(
  Object.entries(growing).map(([of, { values }]) => [of, values]),
);

/** A campaign of crashes against the network server: failovers and runs a minute. */
function failoverRate(): { failoversPerMinute: number; runsPerMinute: number } {
  const guest: ServedGuest = {
    description: describe('programs/kv/kv.elf', 1 << 20),
    input: NOTHING,
    clients: 3,
  };
  const measured = measure(guest, 'bench');
  let failovers = 0;
  const elapsed = seconds(() => {
    for (let index = 0; index < CAMPAIGN_RUNS; index++)
      failovers += execute(guest, drawRun(measured, `bench/${index}`, { kinds: ['crash'] })).failovers;
  });
  return { failoversPerMinute: (failovers / elapsed) * 60, runsPerMinute: (CAMPAIGN_RUNS / elapsed) * 60 };
}

/** A guest that sleeps for minutes, on a primary, a backup and a spare. */
function idle(): { virtualByReal: number; idleLogMbit: number } {
  const description = describe('tools/bench/idle.s', MEMORY_BYTES, { SECONDS: IDLE_SECONDS });
  let simulation: Simulation | undefined;
  const elapsed = seconds(() => {
    simulation = simulate(description, { spec: { spares: 1 } });
  });
  const { nowNs, observer } = simulation!;
  return { virtualByReal: nowNs / 1e9 / elapsed, idleLogMbit: (observer.log.channelBytes * 8e3) / nowNs };
}

export interface LargeCopy {
  /** Virtual time for which the guest was paused at the end. */
  stopMs: number;
  /** Virtual time from the failure to re-protection. */
  reprotectionMs: number;
  rounds: number;
}

/** A guest of 256 MB loses its backup and is copied to another host while it runs. */
function largeCopy(): LargeCopy {
  const crashNs = 10_000_000;
  let rounds = 0;
  let protectedNs = 0;
  const { observer } = simulate(describe('tools/bench/fill.s', LARGE.memoryBytes, LARGE.fill), {
    spec: {
      spares: 1,
      bitsPerSecond: LARGE.bitsPerSecond,
      faults: [{ kind: 'crash', who: 'backup', when: { at: 'time', ns: crashNs } }],
    },
    onEvent: ({ atNs, event }) => {
      if (event.kind === 'copying') rounds = event.round;
      if (event.kind === 'members') protectedNs = atNs;
    },
  });
  if (observer.joins !== 1) throw new Error('the guest ended before re-protection');
  const stopMs = (observer.worstStopBytes * COPY_NS_PER_BYTE) / 1e6;
  return { stopMs, reprotectionMs: (protectedNs - crashNs) / 1e6, rounds };
}

export const simulatorFigures = () => ({ ...failoverRate(), ...idle(), largeCopy: largeCopy() });
