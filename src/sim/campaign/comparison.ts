/** Compares the cost of replication for one guest: without fault tolerance, in lockstep, and with checkpoints. */

import { assert } from '../../base/assert.ts';
import { Random } from '../../base/random.ts';
import type { Violation } from '../../check/checkers.ts';
import type { Outcome } from '../../check/evidence.ts';
import { judge } from '../../check/verdict.ts';
import { COPY_NS_PER_BYTE } from '../../cluster/driver.ts';
import type { Replication } from '../../ft/rules.ts';
import type { Entry } from '../../vmm/entries.ts';
import { type Guest, type SimEvent, Simulation } from '../cluster/cluster.ts';
import { evidenceOf } from '../cluster/evidence.ts';
import type { Fault } from '../faults/faults.ts';
import { defaults, type RunSpec } from '../spec/spec.ts';
import { parse } from '../world/packets.ts';

/** What is run in every setup, with the same seed. */
export type Workload = Guest & Pick<RunSpec, 'seed' | 'clients' | 'maxSteps'>;

/** The protection of the guest, and the speed of every link. */
export interface Setup {
  replication: 'none' | Replication;
  /** The length of an epoch, for checkpoints. */
  epochNs?: number;
  bitsPerSecond: number;
}

/** What is compared: the setups are all combinations of epochs and links. */
export interface Plan {
  epochsNs: readonly number[];
  linksBitsPerSecond: readonly number[];
  /** The number of runs of each setup in which the primary crashes. */
  crashes: number;
}

/** Percentiles by nearest rank: each is one of the values. */
export interface Spread {
  median: number;
  p99: number;
  worst: number;
}

/** A crash of the primary, and the failover. */
export interface Crash {
  atNs: number;
  /** From the crash until the VM was live again. */
  liveNs: number;
  /** From the crash to the delivery of the first new output; undefined if there was none. */
  firstOutputNs?: number;
  /** Steps that the old primary had taken and the new one had not when it went live. */
  stepsLost: number;
}

/** The costs of one setup, in virtual time. */
export interface Cost {
  setup: Setup;
  /** From boot until the guest switched off, and until the run was over. */
  workNs: number;
  totalNs: number;
  steps: number;
  /** Bytes between the hosts, in both directions. */
  bytes: number;
  /** From the end of the slice in which an output was made to its delivery; undefined for a guest that makes none. */
  latencyNs?: Spread;
  /** How long the guest did not run because of copies of its state, full buffers, and lag control. */
  stillNs: { copies: number; buffers: number; rests: number };
  crashes: Crash[];
}

/** A run without a result: a checker found a violation, or the guest did not end. */
export interface Failure {
  setup: Setup;
  crashNs?: number;
  outcome: Outcome;
  violations: Violation[];
}

/** The result of a comparison: complete, or up to its failure. */
export interface Comparison {
  costs: Cost[];
  /** See the function of this name. */
  applicationBytes: number;
  /** The first failure, which ends the comparison. */
  failure?: Failure;
}

/** The progress of a comparison. */
export interface Progress {
  run: number;
  runs: number;
  setup: Setup;
}

/** The number of simulator events between two yields. */
const EVENT_BATCH = 2000;

/** The setups of a plan in order: for each speed of the links, first without fault tolerance. */
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

/**
 * When to crash, as shares of a run: one random moment in each of `count` equal parts, to avoid aliasing with periods.
 */
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
      // An output is made at the end of its slice; one that need not wait is released there without being held.
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
        return this.acknowledged(atNs);
      case 'fault':
        this.crashedAtStep = this.simulation.hosts.get('primary')!.stepsTaken;
    }
  }

  private arrives(number: number, atNs: number): void {
    if (this.arrived.has(number)) return;
    this.arrived.add(number);
    this.latenciesNs.push(atNs - this.madeNs[number]!);
  }

  /** The backup has acknowledged entries, perhaps enough to unblock the guest. */
  private acknowledged(atNs: number): void {
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

/** Median, 99th percentile and maximum; undefined without values. */
export function spread(values: readonly number[]): Spread | undefined {
  if (values.length === 0) return undefined;
  const sorted = [...values].sort((a, b) => a - b);
  const rank = (share: number) => sorted[Math.ceil(share * sorted.length) - 1]!;
  return { median: rank(0.5), p99: rank(0.99), worst: rank(1) };
}

/** The latency that fault tolerance adds: each figure is the difference of the two. */
export function addedLatency(cost: Cost, base: Cost): Spread | undefined {
  const [a, b] = [cost.latencyNs, base.latencyNs];
  return a && b && { median: a.median - b.median, p99: a.p99 - b.p99, worst: a.worst - b.worst };
}

/** A rate in Mbit/s of virtual time; 0 for no time. */
export const mbitPerSecond = (bytes: number, ns: number): number => (ns > 0 ? (bytes * 8e3) / ns : 0);
/** Bytes for each 1000 steps of the guest; 0 without steps. */
export const bytesPerKilostep = (bytes: number, steps: number): number =>
  steps > 0 ? (bytes * 1000) / steps : 0;

/** The run without fault tolerance on links of the same speed. */
export const baseOf = (costs: readonly Cost[], { setup }: Cost): Cost =>
  costs.find(
    (base) => base.setup.replication === 'none' && base.setup.bitsPerSecond === setup.bitsPerSecond,
  )!;

/**
 * The bytes that a state machine replicated at the level of the application would send: typed input, and the payloads
 * of datagrams without headers. A request that a client repeats counts once.
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
