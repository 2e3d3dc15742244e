import { assert } from '../base/assert.ts';
import type { Execution } from '../cpu/engine.ts';
import type { MachineDescription } from '../vmm/description.ts';
import { LiveDoors, RecordingDoors, ReplayDoors } from '../vmm/doors.ts';
import type { Entry, EntryKind } from '../vmm/entries.ts';
import { Machine } from '../vmm/machine.ts';
import type { DiskOutput, Output, WorldOutput } from '../vmm/outputs.ts';
import { Vmm } from '../vmm/vmm.ts';
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

export interface ReplicaOptions {
  /** The host that this replica runs on, and the failure domain that it is in. */
  name: HostName;
  domain: string;
  /** How much else this host has to do. */
  load: number;
  /** Every host of the cluster. */
  hosts: readonly HostName[];
  description: MachineDescription;
  /** How this host executes the guest's instructions; another may do it otherwise. */
  execution?: Execution | undefined;
  role: 'primary' | 'backup' | 'spare';
  /** The first generation, as storage holds it. */
  record: GenerationRecord;
  /** How many backups the VM is to have; 0: no fault tolerance. */
  backups: number;
  replication: Replication;
  disk: DiskVariant;
  /** The host's random numbers. */
  entropy: (sizeBytes: number) => Uint8Array;
  /** How the host's clock goes on within a slice; where nothing is said, it is computed from the steps. */
  sliceTime?: SliceTime;
  tuning: Tuning;
  unsafe: ReadonlySet<UnsafeRule>;
  /** Told everything that came through this machine's doors, whatever the channel carries: evidence for checkers. */
  witness: (entry: Entry) => void;
}

/** A claim of the next generation that storage has not answered yet, or one that is won and not in force yet. */
export interface Claim {
  generation: number;
  record: GenerationRecord;
  won: boolean;
}

/** The number of the first log entry of each generation that a log has gone through. */
export type GenerationStarts = { generation: number; first: number }[];

/**
 * What a replica has in every role: the machine, the log, what was made and not delivered, the generation that it knows; and the
 * effects that it asks for.
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
  /** Entries that have come through the machine's doors since boot. */
  history = 0;
  /** The guest has come to where it waits, or the log here ends. */
  hasPaused = false;
  /** The share of a processor that an operator has given to the VM, on every replica, per mille. */
  speed = 1000;
  nowNs = 0;
  stopped = false;
  effects: Effect[] = [];
  private machine: Vmm | undefined;

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

  is(rule: UnsafeRule): boolean {
    return this.options.unsafe.has(rule);
  }

  /** A log with nothing in it to replay. */
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

  /** Takes over a machine that was copied here. */
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

  /** Whatever comes through these doors is counted, and shown to the witness. */
  witnessed(doors: RecordingDoors | ReplayDoors): RecordingDoors {
    return new RecordingDoors(doors, (entry) => {
      this.history++;
      this.options.witness(entry);
    });
  }

  /** Whether the guest has come to where its slice is to end. */
  isAt({ output, entry }: SliceEnd): (() => boolean) | undefined {
    if (output === undefined && entry === undefined) return undefined;
    const [lastOutput, lastEntry] = [output ?? Number.POSITIVE_INFINITY, entry ?? Number.POSITIVE_INFINITY];
    return () => this.vmm.machine.outputsMade >= lastOutput || this.log.last >= lastEntry;
  }

  note(event: ReplicaEvent): void {
    this.effects.push({ do: 'note', event });
  }

  timer(id: TimerId, atNs: number): void {
    this.effects.push({ do: 'timer', id, atNs });
  }

  send(to: HostName, message: Message): Uint8Array {
    const bytes = encodeMessage(message);
    this.effects.push({ do: 'send', to, bytes });
    return bytes;
  }

  datagram(to: HostName, message: Message): void {
    this.effects.push({ do: 'datagram', to, bytes: encodeMessage(message) });
  }

  /** Says to a host that this replica is alive, and what it knows of the guest's clock. */
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

export const unloggedKinds = (unsafe: ReadonlySet<UnsafeRule>): ReadonlySet<EntryKind> =>
  new Set([
    ...(unsafe.has('log-clock') ? (['clock'] as const) : []),
    ...(unsafe.has('log-entropy') ? (['entropy'] as const) : []),
  ]);

export const isDisk = (output: Output): output is DiskOutput => output.kind === 'disk';
export const isWorld = (output: Output): output is WorldOutput => output.kind !== 'disk';
