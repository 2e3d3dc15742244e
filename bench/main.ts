/** What the interpreter does in a second, and what fault tolerance costs in the simulator. `--json` prints one document. */
import { cpus } from 'node:os';
import { fileURLToPath } from 'node:url';
import { describeMachine, ownInput } from '../src/cli/program.ts';
import { Simulation } from '../src/sim/cluster.ts';
import { LiveDoors, type World } from '../src/vmm/doors.ts';
import type { MachineDescription } from '../src/vmm/machine.ts';
import { Vmm } from '../src/vmm/vmm.ts';

const RUNS = 5;
const PAIRS = 7;
const MEMORY_BYTES = 64 << 20;

interface Spread {
  median: number;
  min: number;
  max: number;
}

const program = (name: string): string => fileURLToPath(new URL(`../programs/${name}`, import.meta.url));

function spreadOf(values: readonly number[]): Spread {
  const sorted = values.toSorted((a, b) => a - b);
  return { median: sorted[sorted.length >> 1]!, min: sorted[0]!, max: sorted.at(-1)! };
}

function seconds(action: () => void): number {
  const start = performance.now();
  action();
  return (performance.now() - start) / 1000;
}

const primes = (limit: bigint): MachineDescription =>
  describeMachine(program('primes.s'), { memory: MEMORY_BYTES, defsym: [['LIMIT', limit]] });

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
      for (let i = 0; i < repeat; i++) {
        const { outcome } = new Simulation({
          description,
          input,
          faultTolerance,
          seed: '1',
          clients: 0,
          faults: [],
          unsafe: new Set(),
          maxSteps: Number.MAX_SAFE_INTEGER,
          print: () => {},
          tell: () => {},
        }).run();
        if (outcome !== 'completed') throw new Error(`${description.program}: the run was ${outcome}`);
      }
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

const processors = cpus();
const bank = program('bank.s');
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
    bank: costOf(describeMachine(bank, { memory: MEMORY_BYTES }), ownInput(bank), 3),
  },
};

if (process.argv.includes('--json')) console.log(JSON.stringify(results, null, 2));
else {
  const { machine, interpreter, faultTolerance } = results;
  const million = (value: number) => (value / 1e6).toFixed(1).padStart(8);
  const ms = (value: number) => `${(value * 1000).toFixed(1)} ms`;
  const factor = (value: number) => value.toFixed(2).padStart(8);
  console.log(`${machine.cpu}, ${machine.cores} cores, ${machine.system}, Node.js ${machine.node}\n`);
  console.log(`${''.padEnd(44)}  median       min       max`);
  console.log(
    `${`interpreter, million steps a second (${RUNS} runs)`.padEnd(42)}${million(interpreter.median)}  ${million(interpreter.min)}  ${million(interpreter.max)}`,
  );
  for (const [name, { ratio, ftSeconds, plainSeconds }] of Object.entries(faultTolerance))
    console.log(
      `${`${name}: FT by no FT, wall time (${PAIRS} pairs)`.padEnd(42)}${factor(ratio.median)}  ${factor(ratio.min)}  ${factor(ratio.max)}   ${ms(ftSeconds)} by ${ms(plainSeconds)}`,
    );
}
