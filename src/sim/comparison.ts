/** What each way to replicate costs and buys: one guest without fault tolerance, in lockstep, and with checkpoints of its state. */

import { assert } from '../base/assert.ts';
import { Random } from '../base/random.ts';
import type { Violation } from '../check/checkers.ts';
import type { Outcome } from '../check/evidence.ts';
import { judge } from '../check/verdict.ts';
import { COPY_NS_PER_BYTE } from '../cluster/driver.ts';
import type { Replication } from '../ft/rules.ts';
import type { Entry } from '../vmm/entries.ts';
import { type Guest, type SimEvent, Simulation } from './cluster.ts';
import { evidenceOf } from './evidence.ts';
import type { Fault } from './faults/faults.ts';
import { defaults, type RunSpec } from './spec/spec.ts';
import { parse } from './world/packets.ts';

/** What is run, each time with the same chance. */
export type Workload = Guest & Pick<RunSpec, 'seed' | 'clients' | 'maxSteps'>;

/** How the guest is protected, and how fast every link of a host is. */
export interface Setup {
  replication: 'none' | Replication;
  /** How long an epoch lasts, for checkpoints. */
  epochNs?: number;
  bitsPerSecond: number;
}

export interface Plan {
  epochsNs: readonly number[];
  linksBitsPerSecond: readonly number[];
  /** How often the primary crashes in each setup, each time in a run of its own. */
  crashes: number;
}

/** Nearest ranks: each of them is one of the values. */
export interface Spread {
  median: number;
  p99: number;
  worst: number;
}

/** A crash of the primary, and what came of it. */
export interface Crash {
  atNs: number;
  /** From the crash until the VM was live again. */
  liveNs: number;
  /** From the crash to the first new output in the world; undefined when none came any more. */
  firstOutputNs?: number;
  /** Steps that the primary had taken and the machine that went on had not. */
  stepsLost: number;
}

/** What the runs of one setup came to, in virtual time. */
export interface Cost {
  setup: Setup;
  /** From boot until the guest switched off, and until everything was over. */
  workNs: number;
  totalNs: number;
  steps: number;
  /** Between the hosts, in both directions. */
  bytes: number;
  /** From the end of the slice in which an output was made to its arrival in the world; undefined for a guest that makes none. */
  latencyNs?: Spread;
  /** What kept the guest from running: copies of its state, full buffers, rests so that the backup keeps up. */
  stillNs: { copies: number; buffers: number; rests: number };
  crashes: Crash[];
}

/** A run that can't be counted: a checker objects, or it did not come to the guest's end. */
export interface Failure {
  setup: Setup;
  crashNs?: number;
  outcome: Outcome;
  violations: Violation[];
}

export interface Comparison {
  costs: Cost[];
  /** What a replicated state machine at the level of the application would send: see {@link applicationBytes}. */
  applicationBytes: number;
  /** The first run that can't be counted ends the comparison. */
  failure?: Failure;
}

/** How far a comparison is. */
export interface Progress {
  run: number;
  runs: number;
  setup: Setup;
}

/** Events of the simulator between two moments at which the caller may do something else. */
const EVENT_BATCH = 2000;

/** Every setup of a plan: for each speed of the links, first without fault tolerance. */
export function setupsOf({ epochsNs, linksBitsPerSecond }: Plan): Setup[] {
  return linksBitsPerSecond.flatMap((bitsPerSecond) => [
    { replication: 'none', bitsPerSecond },
    { replication: 'lockstep', bitsPerSecond },
    ...epochsNs.map((epochNs): Setup => ({ replication: 'checkpoint', epochNs, bitsPerSecond })),
  ]);
}

/** Runs the guest in every setup, without a crash and with one at each of several moments. */
export function* compare(workload: Workload, plan: Plan): Generator<Progress, Comparison> {
  const setups = setupsOf(plan);
  const crashesIn = ({ replication }: Setup) => (replication === 'none' ? 0 : plan.crashes);
  const runs = setups.reduce((sum, setup) => sum + 1 + crashesIn(setup), 0);
  const comparison: Comparison = { costs: [], applicationBytes: 0 };
  let run = 0;
  for (const setup of setups) {
    const progress = () => ({ run, runs, setup });
    run++;
    const meter = new Meter(workload, setup);
    const failure = yield* meter.run(progress);
    if (failure) return { ...comparison, failure };
    if (setup.replication === 'none')
      comparison.applicationBytes = applicationBytes(meter.simulation.history('primary'));
    const cost = meter.cost();
    for (const share of moments(workload.seed, crashesIn(setup))) {
      run++;
      const crashed = new Meter(workload, setup, Math.floor(share * cost.workNs));
      const failure = yield* crashed.run(progress);
      if (failure) return { ...comparison, failure };
      cost.crashes.push(crashed.crash());
    }
    comparison.costs.push(cost);
  }
  return comparison;
}

/** When to crash, as shares of a run: one moment in each of `count` equal parts, drawn by chance so that no period is met. */
function moments(seed: string, count: number): number[] {
  const random = new Random(`${seed}/crashes`);
  const resolution = 1 << 20;
  return Array.from({ length: count }, (_, part) => (part + random.below(resolution) / resolution) / count);
}

/** The cluster of a setup, without spares; `crashNs`: when the primary crashes, if it does. */
function specOf({ replication, epochNs, bitsPerSecond }: Setup, crashNs: number | undefined): RunSpec {
  const crash: Fault[] =
    crashNs === undefined ? [] : [{ kind: 'crash', who: 'primary', when: { at: 'time', ns: crashNs } }];
  return {
    ...defaults,
    spares: 0,
    ...(replication === 'none' ? { backups: 0 } : { replication }),
    ...(epochNs !== undefined && { tuning: { epochNs } }),
    bitsPerSecond,
    faults: crash,
  };
}

/** One run, and what is measured in it. */
class Meter {
  readonly simulation: Simulation;
  /** By output number: when it was made. */
  private readonly madeNs: number[] = [];
  private readonly arrived = new Set<number>();
  private readonly latenciesNs: number[] = [];
  private offNs = 0;
  private buffersNs = 0;
  private fullSinceNs: number | undefined;
  /** Steps that the primary had taken when it crashed. */
  private crashedAtStep = 0;

  constructor(
    workload: Workload,
    private readonly setup: Setup,
    private readonly crashNs?: number,
  ) {
    const { seed, clients, maxSteps, ...guest } = workload;
    this.simulation = new Simulation({
      ...guest,
      spec: { ...specOf(setup, crashNs), seed, clients, maxSteps },
      print: () => {},
      onEvent: (event) => this.observe(event),
    });
  }

  *run(progress: () => Progress): Generator<Progress, Failure | undefined> {
    const { simulation, setup, crashNs } = this;
    while (simulation.advance(EVENT_BATCH)) yield progress();
    const outcome = simulation.outcome!;
    const violations = judge(evidenceOf(simulation), simulation.options.execution);
    if (outcome === 'completed' && violations.length === 0) return undefined;
    return { setup, outcome, violations, ...(crashNs !== undefined && { crashNs }) };
  }

  private observe({ atNs, event }: SimEvent): void {
    switch (event.kind) {
      // What need not wait is released at once: an output is made at the end of its slice, held or not.
      case 'held':
      case 'released':
        for (let n = event.first; n <= event.last; n++) this.madeNs[n] ??= atNs;
        return;
      case 'delivered':
        for (let n = event.first; n <= event.last; n++) this.arrives(n, atNs);
        return;
      case 'off':
        this.offNs = atNs;
        return;
      case 'full':
        if (event.what === 'log') this.fullSinceNs ??= atNs;
        return;
      case 'acknowledged':
        return this.goesOn(atNs);
      case 'fault':
        this.crashedAtStep = this.simulation.hosts.get('primary')!.stepsTaken;
    }
  }

  private arrives(number: number, atNs: number): void {
    if (this.arrived.has(number)) return;
    this.arrived.add(number);
    this.latenciesNs.push(atNs - this.madeNs[number]!);
  }

  /** The backup has acknowledged something: perhaps enough for the guest to run again. */
  private goesOn(atNs: number): void {
    if (this.fullSinceNs === undefined || !this.simulation.hosts.get('primary')!.replica.wantsCpu) return;
    this.buffersNs += atNs - this.fullSinceNs;
    this.fullSinceNs = undefined;
  }

  cost(): Cost {
    const { simulation, setup } = this;
    const { observer, mesh, machine, nowNs } = simulation;
    const latencyNs = spread(this.latenciesNs);
    return {
      setup,
      workNs: this.offNs,
      totalNs: nowNs,
      steps: machine.icount,
      bytes: mesh.carriedBytes,
      ...(latencyNs && { latencyNs }),
      stillNs: {
        copies: observer.copiedBytes * COPY_NS_PER_BYTE,
        buffers: this.buffersNs,
        rests: observer.restedNs,
      },
      crashes: [],
    };
  }

  crash(): Crash {
    const [failover] = this.simulation.failovers;
    assert(failover, 'a run that completes without its primary has a failover');
    const { downMs, firstOutputMs, liveIcount } = failover;
    return {
      atNs: this.crashNs!,
      liveNs: Math.round(downMs * 1e6),
      ...(firstOutputMs !== undefined && { firstOutputNs: Math.round(firstOutputMs * 1e6) }),
      stepsLost: this.crashedAtStep - liveIcount,
    };
  }
}

// ── Figures ─────────────────────────────────────────────────────────────────────────────────────────────────────────

/** Median, 99th percentile and maximum; undefined of nothing. */
export function spread(values: readonly number[]): Spread | undefined {
  if (values.length === 0) return undefined;
  const sorted = [...values].sort((a, b) => a - b);
  const rank = (share: number) => sorted[Math.ceil(share * sorted.length) - 1]!;
  return { median: rank(0.5), p99: rank(0.99), worst: rank(1) };
}

/** How much later outputs arrive than without fault tolerance: each figure is the difference of the two. */
export function addedLatency(cost: Cost, base: Cost): Spread | undefined {
  const [a, b] = [cost.latencyNs, base.latencyNs];
  return a && b && { median: a.median - b.median, p99: a.p99 - b.p99, worst: a.worst - b.worst };
}

export const mbitPerSecond = (bytes: number, ns: number): number => (ns > 0 ? (bytes * 8e3) / ns : 0);
export const bytesPerKilostep = (bytes: number, steps: number): number =>
  steps > 0 ? (bytes * 1000) / steps : 0;

/** The run without fault tolerance on links of the same speed. */
export const baseOf = (costs: readonly Cost[], { setup }: Cost): Cost =>
  costs.find(
    (base) => base.setup.replication === 'none' && base.setup.bitsPerSecond === setup.bitsPerSecond,
  )!;

/**
 * What replication at the level of the application would send: what is typed, and the payloads of datagrams, without headers. A
 * client repeats a request until it is answered; it is sent on once.
 */
export function applicationBytes(history: Iterable<Entry>): number {
  const last = new Map<string, string>();
  let bytes = 0;
  for (const entry of history) {
    if (entry.kind === 'console') bytes += entry.data.length;
    if (entry.kind !== 'net') continue;
    const packet = parse(entry.frame);
    if (packet.kind !== 'udp') continue;
    const client = `${packet.source.ip}:${packet.source.port}`;
    const request = `${packet.payload}`;
    if (last.get(client) === request) continue;
    last.set(client, request);
    bytes += packet.payload.length;
  }
  return bytes;
}
