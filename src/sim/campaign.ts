/** A campaign: runs of one guest under faults drawn by chance, what became of them, and the shortest schedule that breaks something. */
import { Random } from '../base/random.ts';
import type { Command } from '../ft/effects.ts';
import type { DiskVariant, Replication, Tuning, UnsafeRule } from '../ft/rules.ts';
import type { MachineDescription } from '../vmm/machine.ts';
import type { Violation } from './checkers.ts';
import { hostNames, type Outcome, type SimEvent, Simulation } from './cluster.ts';
import {
  type Fault,
  type FaultKind,
  type HostId,
  LIVE,
  type NodeId,
  STORAGE,
  SWITCH,
  type When,
} from './faults.ts';

/** What a campaign runs. */
export interface CampaignGuest {
  description: MachineDescription;
  input: Uint8Array;
  clients: number;
  /** How long a run without faults takes, in virtual time, and how much it makes: faults are drawn to fall into it. */
  lengthNs: number;
  steps: number;
  outputs: number;
  entries: number;
}

/** One run, in full: the same run again gives the same events to the byte. */
export interface Run {
  seed: string;
  backups: number;
  spares: number;
  replication: Replication;
  disk: DiskVariant;
  faults: Fault[];
  speeds: Partial<Record<HostId, number>>;
}

export interface RunResult {
  run: Run;
  outcome: Outcome;
  violations: Violation[];
  failovers: number;
  joins: number;
  /** Virtual time from each failure to the first new output in the world. */
  downNs: number[];
  worstLagNs: number;
  worstStopBytes: number;
  virtualNs: number;
  steps: number;
  /** `STATE FAULT`: what was struck in the middle of what. */
  coverage: string[];
}

export const faultKinds: readonly FaultKind[] = [
  'crash',
  'pause',
  'flip',
  'slow',
  'clock',
  'domain',
  'partition',
  'delay',
  'lose',
  'duplicate',
  'reset',
  'outage',
  'full',
  'io-error',
  'command',
];

/** How often each kind is drawn, beside the others. */
const weights: Partial<Record<FaultKind, number>> = {
  crash: 6,
  pause: 3,
  partition: 4,
  flip: 0.3,
  domain: 0.5,
};

const MAX_FAULTS = 5;
const MS = 1_000_000;

export interface DrawOptions {
  kinds?: readonly FaultKind[];
  backups?: number;
  spares?: number;
  replication?: Replication;
  disk?: DiskVariant;
}

/** The run of a campaign that has this seed. */
export function drawRun(guest: CampaignGuest, seed: string, options: DrawOptions = {}): Run {
  const random = new Random(`${seed}/campaign`);
  const backups = options.backups ?? pick(random, [1, 1, 1, 1, 2, 2, 3]);
  const spares = options.spares ?? pick(random, [0, 1, 1, 2]);
  const drawing = new Drawing(random, guest, hostNames(backups, spares), options.kinds ?? faultKinds);
  const faults = drawing.schedule();
  const slow = random.chance(0.1)
    ? { [pick(random, drawing.hosts.slice(1))]: pick(random, [0.25, 0.5, 2]) }
    : {};
  return {
    seed,
    backups,
    spares,
    replication: options.replication ?? 'lockstep',
    disk: options.disk ?? 'shared',
    faults,
    speeds: slow,
  };
}

const pick = <T>(random: Random, from: readonly T[]): T => from[random.below(from.length)]!;

/** Draws the faults of one run. */
class Drawing {
  private lastNs = 0;

  constructor(
    private readonly random: Random,
    private readonly guest: CampaignGuest,
    readonly hosts: readonly HostId[],
    private readonly kinds: readonly FaultKind[],
  ) {}

  schedule(): Fault[] {
    const count = 1 + this.random.below(MAX_FAULTS);
    return Array.from({ length: count }, () => this.fault(this.kind()));
  }

  private kind(): FaultKind {
    const total = this.kinds.reduce((sum, kind) => sum + (weights[kind] ?? 1), 0);
    let at = (this.random.below(1 << 20) / (1 << 20)) * total;
    return this.kinds.find((kind) => (at -= weights[kind] ?? 1) < 0) ?? this.kinds.at(-1)!;
  }

  /** Anywhere in the run; or soon after the fault before, to meet what that one has set going. */
  private time(): number {
    const { random, guest } = this;
    const soon = this.lastNs > 0 && random.chance(0.5);
    const ns = soon ? this.lastNs + random.below(25 * MS) : random.below(Math.floor(guest.lengthNs * 1.2));
    this.lastNs = ns;
    return ns;
  }

  private length(): number {
    // Short ones that nobody notices, some around the time of suspicion, and long ones.
    return Math.round(
      pick(this.random, [0.2, 2, 8, 12, 20, 40, 80]) * (0.5 + this.random.below(1000) / 1000) * MS,
    );
  }

  private when(): When {
    const { random, guest } = this;
    switch (random.below(5)) {
      case 0:
        return { at: 'icount', icount: 1 + random.below(guest.steps) };
      case 1:
        return { at: 'output', number: 1 + random.below(guest.outputs) };
      case 2:
        return { at: 'entry', number: 1 + random.below(guest.entries) };
      default:
        return { at: 'time', ns: this.time() };
    }
  }

  private who(): HostId {
    return this.random.chance(0.5) ? LIVE : pick(this.random, this.hosts);
  }

  private ends(): { from: NodeId; to: NodeId } {
    const from = pick(this.random, this.hosts);
    const others = [...this.hosts, STORAGE, SWITCH].filter((node) => node !== from);
    return { from, to: pick(this.random, others) };
  }

  private fault(kind: FaultKind): Fault {
    const { random } = this;
    const back = random.chance(0.7) ? { forNs: this.length() } : {};
    switch (kind) {
      case 'crash':
        return { kind, who: this.who(), when: this.when(), ...back };
      case 'pause':
        return { kind, who: this.who(), when: this.when(), forNs: this.length() };
      case 'flip': {
        const offset = random.below(Math.min(this.guest.description.memorySizeBytes, 1 << 16));
        return { kind, who: this.who(), when: this.when(), offset, bit: random.below(8) };
      }
      case 'slow':
        return { kind, who: pick(random, this.hosts), atNs: this.time(), forNs: this.length(), factor: 0.05 };
      case 'clock':
        return {
          kind,
          who: pick(random, this.hosts),
          atNs: this.time(),
          jumpNs: pick(random, [-1, 1]) * random.below(500 * MS),
        };
      case 'domain':
        return { kind, domain: pick(random, this.hosts), atNs: this.time(), ...back };
      case 'partition':
        return { kind, ...this.ends(), both: random.chance(0.5), atNs: this.time(), forNs: this.length() };
      case 'delay':
        return {
          kind,
          ...this.ends(),
          atNs: this.time(),
          forNs: this.length(),
          extraNs: random.below(15 * MS),
        };
      case 'lose':
      case 'duplicate':
        return {
          kind,
          ...this.ends(),
          atNs: this.time(),
          forNs: this.length(),
          probability: pick(random, [0.2, 0.5, 0.9]),
        };
      case 'reset':
        return { kind, ...this.ends(), atNs: this.time() };
      case 'outage':
      case 'full':
      case 'io-error':
        return { kind, atNs: this.time(), forNs: Math.min(this.length(), 30 * MS) };
      case 'command':
        return { kind, command: this.command(), atNs: this.time() };
    }
  }

  private command(): Command {
    const { random } = this;
    return pick<Command>(random, [
      { kind: 'switch-over' },
      { kind: 'switch-over' },
      { kind: 'move-backup', from: pick(random, this.hosts) },
      { kind: 'speed', perMille: 500 },
      { kind: 'unprotect' },
      { kind: 'protect' },
    ]);
  }
}

const TUNING: Partial<Tuning> = { checkSteps: 50_000 };

/** Sets up the simulation of a run. */
export function simulationOf(
  guest: Pick<CampaignGuest, 'description' | 'input' | 'clients'>,
  run: Run,
  unsafe: ReadonlySet<UnsafeRule> = new Set(),
  tell: (event: SimEvent) => void = () => {},
): Simulation {
  const { description, input, clients } = guest;
  return new Simulation({
    ...run,
    description,
    input,
    clients,
    unsafe,
    tuning: TUNING,
    maxSteps: 100_000_000,
    print: () => {},
    tell,
  });
}

/** Runs it to the end, and has the checkers look at it. */
export function execute(
  guest: Pick<CampaignGuest, 'description' | 'input' | 'clients'>,
  run: Run,
  unsafe: ReadonlySet<UnsafeRule> = new Set(),
): RunResult {
  const coverage: string[] = [];
  const simulation = simulationOf(guest, run, unsafe, ({ event }) => {
    if (event.kind === 'fault' && event.phase === 'begins')
      coverage.push(`${event.during} ${event.fault.kind}`);
  }).run();
  const { observer } = simulation;
  return {
    run,
    outcome: simulation.outcome!,
    violations: simulation.violations(),
    failovers: simulation.failovers.length,
    joins: observer.joins,
    downNs: simulation.failovers.flatMap(({ firstOutputMs }) =>
      firstOutputMs === undefined ? [] : [firstOutputMs * 1e6],
    ),
    worstLagNs: observer.worstLag.ns,
    worstStopBytes: observer.worstStopBytes,
    virtualNs: simulation.nowNs,
    steps: simulation.hosts.get(simulation.survivor)?.replica.vmm?.icount ?? 0,
    coverage,
  };
}

/** Measures a run without faults, for the drawing. */
export function measure(guest: Pick<CampaignGuest, 'description' | 'input' | 'clients'>): CampaignGuest {
  const run: Run = {
    seed: 'measure',
    backups: 1,
    spares: 0,
    replication: 'lockstep',
    disk: 'shared',
    faults: [],
    speeds: {},
  };
  const simulation = simulationOf(guest, run).run();
  const { machine, observer, nowNs } = simulation;
  return {
    ...guest,
    lengthNs: nowNs,
    steps: machine.icount,
    outputs: machine.outputsMade,
    entries: observer.log.entries,
  };
}

/**
 * The shortest schedule that still fails: faults are left out one at a time, then hosts, then what is special about the rest.
 * `fails` says whether a run fails in the same way.
 */
export function shrink(run: Run, fails: (run: Run) => boolean): Run {
  let best = run;
  const attempt = (candidate: Run): boolean => {
    if (!fails(candidate)) return false;
    best = candidate;
    return true;
  };
  for (let again = true; again; ) {
    again = false;
    for (let index = best.faults.length - 1; index >= 0; index--)
      again = attempt({ ...best, faults: best.faults.filter((_, i) => i !== index) }) || again;
    if (best.spares > 0) again = attempt({ ...best, spares: best.spares - 1 }) || again;
    if (best.backups > 1) again = attempt({ ...best, backups: best.backups - 1 }) || again;
    if (Object.keys(best.speeds).length > 0) again = attempt({ ...best, speeds: {} }) || again;
    for (const [index, fault] of best.faults.entries())
      for (const simpler of simplerThan(fault))
        again = attempt({ ...best, faults: best.faults.with(index, simpler) }) || again;
  }
  return best;
}

/** The same fault with rounder numbers; each step makes it simpler, so that there is an end. */
function* simplerThan(fault: Fault): Generator<Fault> {
  const rounder = (ns: number): number[] =>
    [MS, MS / 10, MS / 100]
      .map((unit) => Math.round(ns / unit) * unit)
      .filter((rounded) => rounded !== ns && rounded > 0);
  if ('atNs' in fault && !isRound(fault.atNs))
    for (const atNs of rounder(fault.atNs)) yield { ...fault, atNs };
  if ('when' in fault && fault.when.at === 'time' && !isRound(fault.when.ns))
    for (const ns of rounder(fault.when.ns)) yield { ...fault, when: { at: 'time', ns } };
  if ('forNs' in fault && fault.forNs !== undefined && !isRound(fault.forNs))
    for (const forNs of rounder(fault.forNs)) yield { ...fault, forNs } as Fault;
  if (fault.kind === 'crash' && fault.forNs !== undefined)
    yield { kind: 'crash', who: fault.who, when: fault.when };
  if (fault.kind === 'partition' && fault.both) yield { ...fault, both: false };
}

const isRound = (ns: number): boolean => ns % (MS / 100) === 0;
