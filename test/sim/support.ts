import { fileURLToPath } from 'node:url';
import type { Violation } from '../../src/check/checkers.ts';
import type { Outcome } from '../../src/check/evidence.ts';
import { judge } from '../../src/check/verdict.ts';
import { describeMachine, ownInput } from '../../src/cli/program.ts';
import {
  type Guest,
  type SimEvent,
  Simulation,
  type SimulationOptions,
} from '../../src/sim/cluster/cluster.ts';
import { evidenceOf } from '../../src/sim/cluster/evidence.ts';
import { parseFault } from '../../src/sim/faults/fault-text.ts';
import type { Fault, HostId } from '../../src/sim/faults/faults.ts';
import { type RunSpec, storyDefaults } from '../../src/sim/spec/spec.ts';
import type { Trace } from '../../src/sim/trace/events.ts';
import { Tracer } from '../../src/sim/trace/tracer.ts';
import type { MachineDescription } from '../../src/vmm/description.ts';

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
  race: { file: 'programs/race.s', clients: 0 },
} as const;
export type GuestName = keyof typeof guests;

export const path = (file: string): string => root + file;
const memory = 1 << 20;
const diskSize = 64 << 10;
const built = new Map<GuestName, Guest>();

export function guest(name: GuestName): Guest {
  const file = path(guests[name].file);
  if (!built.has(name))
    built.set(name, { description: describeMachine(file, { memory, diskSize }), input: ownInput(file) });
  return built.get(name)!;
}

export interface Run {
  simulation: Simulation;
  events: SimEvent[];
  output: string;
  /** If it was asked for. */
  trace?: Trace | undefined;
}

/** A guest of the benchmark; the comment at the top of its source describes it. */
export const benchGuest = (
  name: 'fill' | 'idle' | 'log-heavy',
  memorySizeBytes: number,
  defines: Record<string, bigint>,
): MachineDescription =>
  describeMachine(path(`tools/bench/${name}.s`), {
    memory: memorySizeBytes,
    ...(name !== 'log-heavy' && { diskSize: 0 }),
    defsym: Object.entries(defines),
  });

/** What a test sets of a run, of its guest and of its observers. */
export type Setup = Partial<RunSpec & Omit<SimulationOptions, 'spec' | 'trace'>> & {
  /** The run has a trace. */
  traced?: boolean;
};

/** The specification of the run, with the defaults of stories. */
export function specOf(setup: Setup): RunSpec {
  const given = Object.entries(setup).filter(([name]) => name in storyDefaults);
  return { ...storyDefaults, ...Object.fromEntries(given) };
}

/** Runs a guest in the simulator to its end; `watch` is called after every event. */
export function simulate(
  name: GuestName,
  { traced = false, ...setup }: Setup = {},
  watch?: (simulation: Simulation) => void,
): Run {
  const events: SimEvent[] = [];
  const parts: Uint8Array[] = [];
  const tracer = traced ? new Tracer(() => simulation.nowNs) : undefined;
  const simulation: Simulation = new Simulation({
    ...guest(name),
    print: (data) => parts.push(data),
    onEvent: (event) => events.push(event),
    ...(tracer && { trace: tracer }),
    ...setup,
    spec: specOf({ clients: guests[name].clients, ...setup }),
  });
  if (watch) while (simulation.advance(1)) watch(simulation);
  simulation.run();
  const trace = tracer?.trace([...simulation.hosts.keys()]);
  return { simulation, events, output: Buffer.concat(parts).toString(), trace };
}

/** Faults, in the syntax of the command line. */
export const faults = (...texts: string[]): Fault[] => texts.map(parseFault);

export const ms = (count: number): number => count * 1_000_000;

export interface Result {
  outcome: Outcome | undefined;
  exitCode: number;
  violations: Violation[];
}

/** How a run ended, and what the checkers found in it. */
export const result = ({ simulation }: Run): Result => ({
  outcome: simulation.outcome,
  exitCode: simulation.machine.power.code,
  violations: judge(evidenceOf(simulation)),
});
export const sound: Result = { outcome: 'completed', exitCode: 0, violations: [] };
/** No eligible replica was left, and nothing was violated. */
export const lost: Result = { outcome: 'lost', exitCode: 0, violations: [] };

type Kind = SimEvent['event']['kind'];
type EventOf<K extends Kind> = Extract<SimEvent['event'], { kind: K }>;
export type Happening<K extends Kind> = EventOf<K> & { atNs: number; at: HostId };

/** The events of one kind, in order: on one host, or on any. */
export const happened = <K extends Kind>({ events }: Run, kind: K, host?: HostId): Happening<K>[] =>
  events
    .filter((event) => event.event.kind === kind && (host === undefined || event.host === host))
    .map(({ atNs, host: at, event }) => ({ ...(event as EventOf<K>), atNs, at }));

/** What happened on one host, by kind. */
export const kindsAt = ({ events }: Run, host: HostId): Kind[] =>
  events.filter((event) => event.host === host).map(({ event }) => event.kind);

/** The generations that were claimed successfully, in order: primary and backups. */
export const generations = (run: Run): string[] =>
  happened(run, 'members').map(({ generation, record: { primary, backups } }) =>
    [`${generation}: ${primary}`, ...backups].join(' + '),
  );

/** `count` positions spread evenly over a run, its first and last steps among them. */
export const spread = (count: number, steps: number): number[] =>
  Array.from({ length: count }, (_, index) => 1 + Math.floor((index * (steps - 1)) / (count - 1)));
