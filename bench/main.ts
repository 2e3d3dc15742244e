/** What the interpreter does in a second, and what fault tolerance costs in the simulator. `--json` prints one document. */
import { cpus } from 'node:os';
import { fileURLToPath } from 'node:url';
import { describeMachine, ownInput } from '../src/cli/program.ts';
import { execute, type Guest, measure } from '../src/sim/campaign/campaign.ts';
import { drawRun } from '../src/sim/campaign/draw.ts';
import { Simulation, type SimulationOptions } from '../src/sim/cluster.ts';
import { COPY_NS_PER_BYTE } from '../src/sim/host.ts';
import { LiveDoors, type World } from '../src/vmm/doors.ts';
import type { MachineDescription } from '../src/vmm/machine.ts';
import { Vmm } from '../src/vmm/vmm.ts';

const RUNS = 5;
const PAIRS = 7;
const MEMORY_BYTES = 64 << 20;
const CAMPAIGN_RUNS = 200;
const IDLE_SECONDS = 600n;
/** A host with a fast link, and a guest that fills most of a large memory and keeps writing to 32 MB of it. */
const LARGE = {
  memoryBytes: 256 << 20,
  bitsPerSecond: 1e10,
  fill: { MB: 240n, HOT: 8192n, PACE: 200n, ROUNDS: 100n },
};

interface Spread {
  median: number;
  min: number;
  max: number;
}

const file = (name: string): string => fileURLToPath(new URL(`../${name}`, import.meta.url));

const describe = (name: string, memory: number, defines: Record<string, bigint> = {}): MachineDescription =>
  describeMachine(file(name), { memory, diskSize: 0, defsym: Object.entries(defines) });

function spreadOf(values: readonly number[]): Spread {
  const sorted = values.toSorted((a, b) => a - b);
  return { median: sorted[sorted.length >> 1]!, min: sorted[0]!, max: sorted.at(-1)! };
}

function seconds(action: () => void): number {
  const start = performance.now();
  action();
  return (performance.now() - start) / 1000;
}

/** Runs a guest that needs nothing from outside to its end. */
function simulate(description: MachineDescription, options: Partial<SimulationOptions> = {}): Simulation {
  const simulation = new Simulation({
    description,
    input: new Uint8Array(0),
    backups: 1,
    seed: '1',
    clients: 0,
    faults: [],
    unsafe: new Set(),
    maxSteps: Number.MAX_SAFE_INTEGER,
    print: () => {},
    tell: () => {},
    ...options,
  }).run();
  if (simulation.outcome !== 'completed')
    throw new Error(`${description.program}: the run was ${simulation.outcome}`);
  return simulation;
}

const primes = (limit: bigint): MachineDescription =>
  describe('programs/primes.s', MEMORY_BYTES, { LIMIT: limit });

/** The bare machine, on its own: steps per second. */
function interpreterSpeed(): Spread & { steps: number } {
  const description = primes(5_000_000n);
  const world: World = {
    clock: (icount) => icount,
    icountAt: (ticks) => ticks,
    entropy: (sizeBytes) => new Uint8Array(sizeBytes),
  };
  let steps = 0;
  const once = () => {
    const vmm = new Vmm(description, new LiveDoors(world));
    const elapsed = seconds(() => {
      while (vmm.run(20_000_000) === 'budget');
    });
    steps = vmm.icount;
    return steps / elapsed;
  };
  once();
  return { ...spreadOf(Array.from({ length: RUNS }, once)), steps };
}

interface Cost {
  /** Wall time with fault tolerance, by wall time without, pair by pair. */
  ratio: Spread;
  ftSeconds: number;
  plainSeconds: number;
}

/** Two machines in lockstep in one process, against one machine alone. */
function costOf(description: MachineDescription, input: Uint8Array, repeat: number): Cost {
  const run = (faultTolerance: boolean) =>
    seconds(() => {
      for (let i = 0; i < repeat; i++) simulate(description, { input, backups: faultTolerance ? 1 : 0 });
    });
  run(true);
  run(false);
  // In turn, and each first as often as the other, so that a machine that slows down or speeds up favours neither.
  const pairs = Array.from({ length: PAIRS }, (_, index) => {
    const first = run(index % 2 === 0);
    const second = run(index % 2 === 1);
    return index % 2 === 0 ? { ft: first, plain: second } : { ft: second, plain: first };
  });
  return {
    ratio: spreadOf(pairs.map(({ ft, plain }) => ft / plain)),
    ftSeconds: spreadOf(pairs.map(({ ft }) => ft)).median / repeat,
    plainSeconds: spreadOf(pairs.map(({ plain }) => plain)).median / repeat,
  };
}

/** A campaign of crashes against the network server: how many failovers it goes through in a minute. */
function failoverRate(): { failoversPerMinute: number; runsPerMinute: number } {
  const guest: Guest = {
    description: describe('programs/kv/kv.elf', 1 << 20),
    input: new Uint8Array(0),
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
function idleSpeed(): { virtualByReal: number } {
  const description = describe('bench/idle.s', MEMORY_BYTES, { SECONDS: IDLE_SECONDS });
  let virtualNs = 0;
  const elapsed = seconds(() => {
    virtualNs = simulate(description, { spares: 1 }).nowNs;
  });
  return { virtualByReal: virtualNs / 1e9 / elapsed };
}

interface LargeCopy {
  /** Virtual time for which the guest stood still at the end. */
  stopMs: number;
  /** Virtual time from the failure to protection again. */
  protectedAgainMs: number;
  rounds: number;
}

/** A guest of 256 MB loses its backup and is copied to another host while it runs. */
function largeCopy(): LargeCopy {
  const crashNs = 10_000_000;
  let rounds = 0;
  let protectedNs = 0;
  const { observer } = simulate(describe('bench/fill.s', LARGE.memoryBytes, LARGE.fill), {
    spares: 1,
    bitsPerSecond: LARGE.bitsPerSecond,
    faults: [{ kind: 'crash', who: 'backup', when: { at: 'time', ns: crashNs } }],
    tell: ({ atNs, event }) => {
      if (event.kind === 'copying') rounds = event.round;
      if (event.kind === 'members') protectedNs = atNs;
    },
  });
  if (observer.joins !== 1) throw new Error('the guest ended before it was protected again');
  const stopMs = (observer.worstStopBytes * COPY_NS_PER_BYTE) / 1e6;
  return { stopMs, protectedAgainMs: (protectedNs - crashNs) / 1e6, rounds };
}

const processors = cpus();
const bank = 'programs/bank.s';
const results = {
  machine: {
    cpu: processors[0]?.model.trim() || 'unknown',
    cores: processors.length,
    node: process.versions.node,
    system: `${process.platform} ${process.arch}`,
  },
  interpreter: interpreterSpeed(),
  faultTolerance: {
    primes: costOf(primes(2_000_000n), new Uint8Array(0), 1),
    bank: costOf(describe(bank, MEMORY_BYTES), ownInput(file(bank)), 3),
  },
  simulator: { ...failoverRate(), ...idleSpeed() },
  largeCopy: largeCopy(),
};

if (process.argv.includes('--json')) console.log(JSON.stringify(results, null, 2));
else {
  const { machine, interpreter, faultTolerance, simulator, largeCopy } = results;
  const million = (value: number) => (value / 1e6).toFixed(1).padStart(8);
  const ms = (value: number) => `${(value * 1000).toFixed(1)} ms`;
  const factor = (value: number) => value.toFixed(2).padStart(8);
  const row = (name: string, value: string) => console.log(`${name.padEnd(48)}${value}`);
  console.log(`${machine.cpu}, ${machine.cores} cores, ${machine.system}, Node.js ${machine.node}\n`);
  row('', '  median       min       max');
  row(
    `interpreter, million steps a second (${RUNS} runs)`,
    [interpreter.median, interpreter.min, interpreter.max].map(million).join('  '),
  );
  for (const [name, { ratio, ftSeconds, plainSeconds }] of Object.entries(faultTolerance))
    row(
      `${name}: FT by no FT, wall time (${PAIRS} pairs)`,
      `${[ratio.median, ratio.min, ratio.max].map(factor).join('  ')}   ${ms(ftSeconds)} by ${ms(plainSeconds)}`,
    );
  const whole = (value: number) => value.toFixed(0).padStart(8);
  row(
    'kv: failovers a minute, drawn crashes',
    `${whole(simulator.failoversPerMinute)}   ${simulator.runsPerMinute.toFixed(0)} runs a minute, one core`,
  );
  row('idle guest: virtual by real time', whole(simulator.virtualByReal));
  row(
    '256 MB copied while it runs: stop, ms',
    `${factor(largeCopy.stopMs)}   ${largeCopy.rounds} rounds, protected again ${largeCopy.protectedAgainMs.toFixed(0)} ms after the failure (virtual time)`,
  );
}
