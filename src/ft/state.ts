import { assert } from '../base/assert.ts';
import type { Execution } from '../cpu/engine.ts';
import type { MachineDescription } from '../vmm/description.ts';
import { LiveDoors, RecordingDoors, ReplayDoors } from '../vmm/doors.ts';
import type { Entry, EntryKind } from '../vmm/entries.ts';
import { Machine } from '../vmm/machine.ts';
import type { DiskOutput, EdgeOutput, Output } from '../vmm/outputs.ts';
import type { Compressor } from '../vmm/snapshot.ts';
import { type Pause, Vmm } from '../vmm/vmm.ts';
import { DiskQueue } from './disk-queue.ts';
import type {
  Effect,
  GenerationRecord,
  HostName,
  ReplicaEvent,
  SliceEnd,
  StopReason,
  TimerId,
} from './effects.ts';
import { GuestClock, type SliceTime } from './guest-clock.ts';
import { LogBuffer } from './log-buffer.ts';
import { encodeMessage, type Message } from './messages.ts';
import { OutputGate } from './output-gate.ts';
import type { DiskVariant, Replication, Tuning, UnsafeRule } from './rules.ts';
import type { Silence } from './silence.ts';

/** The first part of a slice after which the time is looked at is a 64th of it, and takes at least some 10 µs. */
const FIRST_PART = 64;
const LEAST_PART_STEPS = 50_000;

/** What a replica is made with; constant during its life. */
export interface ReplicaOptions {
  /** The host that this replica runs on, and its failure domain. */
  name: HostName;
  domain: string;
  /** The host's other load: of several spares the least loaded is chosen. */
  load: number;
  /** Every host of the cluster. */
  hosts: readonly HostName[];
  description: MachineDescription;
  /** How this host executes instructions (the engine); hosts may differ. */
  execution?: Execution | undefined;
  role: 'primary' | 'backup' | 'spare';
  /** Storage's record of generation 1. */
  record: GenerationRecord;
  /** The wanted number of backups; 0: no fault tolerance. */
  backups: number;
  replication: Replication;
  disk: DiskVariant;
  /** The host's random numbers. */
  entropy: (sizeBytes: number) => Uint8Array;
  /** How the host's clock advances within a slice; by default it is computed from the steps. */
  sliceTime?: SliceTime;
  /** Compresses pages; by default an implementation in JavaScript. */
  compressor?: Compressor;
  tuning: Tuning;
  unsafe: ReadonlySet<UnsafeRule>;
  /** Receives every entry that comes through this machine's doors, logged or not: evidence for checkers. */
  witness: (entry: Entry) => void;
}

/** A claim of the next generation: not answered by storage yet, or won but not in force yet. */
export interface Claim {
  generation: number;
  record: GenerationRecord;
  won: boolean;
}

/** The number of the first log entry of each generation in a log. */
export type GenerationStarts = { generation: number; first: number }[];

/**
 * A replica's state in every role: machine, log, undelivered outputs, disk operations and generation; and the effects
 * of the input that is being handled.
 */
export class ReplicaState {
  readonly clock: GuestClock;
  readonly live: LiveDoors;
  readonly log = new LogBuffer();
  readonly gate = new OutputGate();
  readonly disk = new DiskQueue();
  replay!: ReplayDoors;
  generation: number;
  record: GenerationRecord;
  starts: GenerationStarts = [{ generation: 1, first: 1 }];
  claim: Claim | undefined;
  /** The number of entries that have come through the machine's doors since boot. */
  history = 0;
  /** The number of those that were frames. The switch numbers the frames for the VM in the same way. */
  frames = 0;
  /** The guest waits for an interrupt, or the log here is consumed. */
  hasPaused = false;
  /** The share of a processor that an operator has set for the VM, per mille. */
  speed = 1000;
  nowNs = 0;
  stopped = false;
  effects: Effect[] = [];
  private machine: Vmm | undefined;
  private copyOperations = 0;

  constructor(
    readonly options: ReplicaOptions,
    private readonly passed: (entry: Entry) => void,
  ) {
    this.clock = new GuestClock(options.entropy, options.sliceTime);
    this.live = new LiveDoors(this.clock);
    this.record = options.record;
    this.generation = options.role === 'spare' ? 0 : 1;
    this.freshReplay();
  }

  get name(): HostName {
    return this.options.name;
  }

  get hasVm(): boolean {
    return this.machine !== undefined;
  }

  get vmm(): Vmm {
    assert(this.machine, () => `${this.name} has no VM`);
    return this.machine;
  }

  get vmmIfAny(): Vmm | undefined {
    return this.machine;
  }

  /** Whether this rule is switched off (`--unsafe`). */
  isOff(rule: UnsafeRule): boolean {
    return this.options.unsafe.has(rule);
  }

  /** Starts the replay of an empty log. */
  freshReplay(): void {
    const { unsafe } = this.options;
    const kinds = unloggedKinds(unsafe);
    this.replay = new ReplayDoors(
      (entry) => this.passed(entry),
      kinds.size > 0 ? { world: this.clock, kinds } : undefined,
      (id) => this.disk.find(id)?.answer?.data,
    );
  }

  boot(): void {
    const { description, execution } = this.options;
    const doors = this.replayDoors();
    this.machine = new Vmm(description, doors, new Machine(description, doors, execution));
  }

  /** Installs a machine that was copied here. */
  install(vmm: Vmm): void {
    this.machine = vmm;
    vmm.doors = this.replayDoors();
  }

  dropVm(): void {
    this.machine = undefined;
    this.gate.clear();
    this.disk.clear();
    this.live.clear();
    this.freshReplay();
  }

  replayDoors(): RecordingDoors {
    return this.witnessed(this.replay);
  }

  /** Wraps doors so that every entry is counted and goes to the witness. */
  witnessed(doors: RecordingDoors | ReplayDoors): RecordingDoors {
    return new RecordingDoors(doors, (entry) => {
      this.history++;
      if (entry.kind === 'net') this.frames++;
      this.options.witness(entry);
    });
  }

  /**
   * A number for a disk operation of a copy: negative, so that no guest operation has it, and never used before on this
   * host, so that a late answer is not taken for that of another copy.
   */
  nextCopyOperation(): number {
    return -++this.copyOperations;
  }

  /** A predicate for whether the guest has reached a slice's end; undefined without one. */
  isAt({ output, entry }: SliceEnd): (() => boolean) | undefined {
    if (output === undefined && entry === undefined) return undefined;
    const [lastOutput, lastEntry] = [output ?? Number.POSITIVE_INFINITY, entry ?? Number.POSITIVE_INFINITY];
    return () => this.vmm.machine.outputsMade >= lastOutput || this.log.last >= lastEntry;
  }

  /**
   * Runs the guest up to the slice's end, expected after `steps` of `nsPerStep` each, and no more than `afterOutput` steps
   * after its first output.
   */
  run(steps: number, nsPerStep: number, end: SliceEnd, afterOutput = Number.POSITIVE_INFINITY): Pause {
    const { vmm } = this;
    if (afterOutput >= steps) return this.take(steps, nsPerStep, this.isAt(end));
    const { icount } = vmm;
    const output = vmm.machine.outputsMade + 1;
    const isFirst = output < (end.output ?? Number.POSITIVE_INFINITY);
    const pause = this.take(steps, nsPerStep, this.isAt(isFirst ? { ...end, output } : end));
    if (!isFirst || vmm.machine.outputsMade < output) return pause;
    return this.take(Math.min(steps - (vmm.icount - icount), afterOutput), nsPerStep, this.isAt(end));
  }

  /**
   * Takes steps until `until` returns true, or the time is over in which they are expected. Some code takes fifty times as
   * long for a step as other code, and what comes for this host waits. So it looks at the time after parts that double: as
   * long as the speed does not change again, no slice takes more than twice its time.
   */
  private take(steps: number, nsPerStep: number, until?: () => boolean): Pause {
    const { vmm, clock } = this;
    const { icount } = vmm;
    const beginNs = clock.readNs();
    if (beginNs === undefined) return vmm.run(steps, until);
    let part = Math.max(LEAST_PART_STEPS, steps / FIRST_PART);
    for (let taken = 0; ; ) {
      const partEnd = Math.min(steps, Math.ceil(taken + part));
      const pause = vmm.run(partEnd - taken, until);
      taken = vmm.icount - icount;
      if (pause !== 'budget' || taken < partEnd || taken >= steps) return pause;
      if (clock.readNs()! - beginNs >= steps * nsPerStep) return pause;
      part = taken;
    }
  }

  /** Notes that a host is suspected after a silence, or (`closed`) because its process is said to have ended. */
  suspects(host: HostName, { sinceNs, heard }: Silence, closed: boolean): void {
    this.note({ kind: 'suspected', host, silentNs: this.nowNs - sinceNs, heard, closed });
  }

  note(event: ReplicaEvent): void {
    this.effects.push({ do: 'note', event });
  }

  timer(id: TimerId, atNs: number): void {
    this.effects.push({ do: 'timer', id, atNs });
  }

  /**
   * Sends a message. `event`, which is given the message's size, is noted first: if the host failed between the two, a
   * message would have left without an event.
   */
  send(to: HostName, message: Message, event?: (sizeBytes: number) => ReplicaEvent): void {
    const bytes = encodeMessage(message);
    if (event) this.note(event(bytes.length));
    this.effects.push({ do: 'send', to, bytes });
  }

  datagram(to: HostName, message: Message): void {
    this.effects.push({ do: 'datagram', to, bytes: encodeMessage(message) });
  }

  /** Sends a heartbeat with the guest's clock as estimated here. */
  beat(to: HostName): void {
    const { generation, clock, options } = this;
    const ticks = clock.reading(this.nowNs);
    this.datagram(to, { kind: 'heartbeat', generation, domain: options.domain, ticks });
  }

  stop(reason: StopReason): void {
    this.stopped = true;
    this.effects.push({ do: 'stop', reason });
  }
}

/** The entry kinds that are not logged when these rules are switched off. */
export const unloggedKinds = (unsafe: ReadonlySet<UnsafeRule>): ReadonlySet<EntryKind> =>
  new Set([
    ...(unsafe.has('log-clock') ? (['clock'] as const) : []),
    ...(unsafe.has('log-entropy') ? (['entropy'] as const) : []),
  ]);

/** Whether an output goes to the disk. */
export const isDiskOutput = (output: Output): output is DiskOutput => output.kind === 'disk';
/** Whether an output goes to the edge: console or switch. */
export const isEdgeOutput = (output: Output): output is EdgeOutput => output.kind !== 'disk';
