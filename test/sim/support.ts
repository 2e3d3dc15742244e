import { fileURLToPath } from 'node:url';
import { describeMachine, ownInput } from '../../src/cli/program.ts';
import { type SimEvent, Simulation, type SimulationOptions } from '../../src/sim/cluster.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));

/** Guest programs by name, with the memory that suffices for them and the clients that they serve. */
export const guests = {
  hello: { file: 'programs/hello.s', clients: 0 },
  primes: { file: 'programs/primes.s', clients: 0 },
  clock: { file: 'programs/clock.s', clients: 0 },
  dice: { file: 'programs/dice.s', clients: 0 },
  uuid: { file: 'programs/uuid.s', clients: 0 },
  bank: { file: 'programs/bank.s', clients: 0 },
  kv: { file: 'programs/kv/kv.elf', clients: 3 },
  journal: { file: 'programs/journal.s', clients: 0 },
  sectors: { file: 'programs/sectors.s', clients: 0 },
} as const;
export type GuestName = keyof typeof guests;

export const path = (file: string): string => root + file;
const memory = 1 << 20;
const diskSize = 64 << 10;
const built = new Map<GuestName, Pick<SimulationOptions, 'description' | 'input'>>();

function guest(name: GuestName): Pick<SimulationOptions, 'description' | 'input'> {
  const file = path(guests[name].file);
  if (!built.has(name))
    built.set(name, { description: describeMachine(file, { memory, diskSize }), input: ownInput(file) });
  return built.get(name)!;
}

/** Runs a guest in the simulator to its end. */
export function simulate(
  name: GuestName,
  options: Partial<SimulationOptions> = {},
): { simulation: Simulation; events: SimEvent[]; output: string } {
  const events: SimEvent[] = [];
  const parts: Uint8Array[] = [];
  const simulation = new Simulation({
    ...guest(name),
    seed: '1',
    clients: guests[name].clients,
    faults: [],
    backups: 1,
    unsafe: new Set(),
    maxSteps: 50_000_000,
    print: (data) => parts.push(data),
    tell: (event) => events.push(event),
    ...options,
  }).run();
  return { simulation, events, output: Buffer.concat(parts).toString() };
}

/** `count` positions spread evenly over a run, its first and last steps among them. */
export const spread = (count: number, steps: number): number[] =>
  Array.from({ length: count }, (_, index) => 1 + Math.floor((index * (steps - 1)) / (count - 1)));
