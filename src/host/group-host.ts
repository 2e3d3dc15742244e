/** One group's replica on a real host: the driver over sockets, disks and the clock. */
import { randomBytes } from 'node:crypto';
import { Driver, type DriverListener, type Slices } from '../cluster/driver.ts';
import type { Ports } from '../cluster/ports.ts';
import type { HostName, ReplicaEvent, ReplicaInput, StopReason } from '../ft/effects.ts';
import { MeasuredTime } from '../ft/guest-clock.ts';
import { kindOfMessage } from '../ft/messages.ts';
import { Replica, type ReplicaOptions } from '../ft/replica.ts';
import { defaultTuning, type Tuning } from '../ft/rules.ts';
import { descriptionHash } from '../vmm/description.ts';
import type { Entry } from '../vmm/entries.ts';
import type { Stuck } from '../vmm/stuck.ts';
import { ReplicaEvidence } from './evidence/replica-evidence.ts';
import type { EvidenceWriter } from './evidence/writer.ts';
import { RealClock } from './real-clock.ts';
import { Suspicion } from './suspicion.ts';
import { zlib } from './zlib.ts';

const MS = 1_000_000;

/**
 * The protocol's times on a real host. Its process may lose its core for tens of milliseconds, and its speed is not known
 * in advance: what is paced by steps in the simulator is paced by time.
 */
export const realTuning: Tuning = {
  ...defaultTuning,
  // Three in the time after which a silent host is suspected. Each costs an idle host a wake-up; a host that is busy gives
  // its heartbeats sooner, see `RealClock.coalesce`.
  heartbeatNs: 30 * MS,
  suspectNs: 100 * MS,
  // It may lose its core while it makes its machine, and again and again during a copy of seconds.
  joinPatience: 10,
  // A backup that takes over has to consume what it lags behind, and clients wait.
  lagBoundNs: 20 * MS,
  retryNs: 50 * MS,
  progressNs: 5 * MS,
  checkNs: 1000 * MS,
  // Packing so many pages, and pausing the guest for the last ones, blocks the process for a millisecond or two.
  copyPages: 32,
  stopPages: 128,
};

/**
 * Between two slices, messages to and from the backup and the switch take 100 µs and more when the guest makes outputs,
 * so shorter slices would leave less to the guest than they save. A guest that has answered waits, which ends a slice.
 */
const slices: Slices = {
  // A quiet guest gets slices of a quarter of the time for which it has been quiet: what comes then waits no longer.
  ...{ primary: [200_000, 5 * MS], growth: 1.25, long: 200_000 },
  backup: [200_000, MS],
};

/** What a {@link GroupHost} is made with: the replica's options but for those that only a real host knows. */
export interface GroupHostOptions
  extends Omit<ReplicaOptions, 'entropy' | 'sliceTime' | 'compressor' | 'witness'> {
  ports: Omit<Ports, 'clock'>;
  onEvent(event: ReplicaEvent): void;
  /** The guest has run for so long, in ns. */
  ran?(ns: number): void;
  /** The live guest is stuck. */
  stuck(stuck: Stuck): void;
  /** A host was suspected and lives. The silence after which one is suspected is `silenceNs` from now on. */
  suspectedFalsely?(host: HostName, silenceNs: number): void;
  /** The replica has stopped, in order or because its machine diverged. */
  stopped(reason: StopReason): void;
  /** The replica has thrown, which is a bug in vmft, and does nothing any more. */
  failed(error: unknown): void;
  /** Where its evidence goes. */
  evidence?: EvidenceWriter | undefined;
}

/** The guest's time within slices, and how long these take, the work for the log included. */
class SliceMeter extends MeasuredTime {
  private beginNs = 0;
  /** The length of the last slice that has ended. */
  sliceNs = 0;

  override begin(nowNs: number, icount: number, nsPerStep: number): void {
    this.beginNs = nowNs;
    super.begin(nowNs, icount, nsPerStep);
  }

  ended(nowNs: number): void {
    this.sliceNs = nowNs - this.beginNs;
  }
}

/** A replica, its driver and its clock. */
export class GroupHost {
  readonly clock = new RealClock();
  private readonly driver: Driver;
  private readonly evidence: ReplicaEvidence | undefined;
  private readonly role: GroupHostOptions['role'];
  private readonly suspicion: Suspicion;
  private isStarted = false;

  constructor(private readonly options: GroupHostOptions) {
    this.role = options.role;
    const { ports, evidence: file, ...rest } = options;
    const { clock } = this;
    const suspicion = new Suspicion(rest.tuning.suspectNs, () => clock.monotonicNs);
    this.suspicion = suspicion;
    const tuning: Tuning = {
      ...rest.tuning,
      get suspectNs() {
        return suspicion.silenceNs;
      },
    };
    const evidence = file && new ReplicaEvidence(file);
    this.evidence = evidence;
    const meter = new SliceMeter(() => clock.monotonicNs);
    const entropy = (sizeBytes: number) => new Uint8Array(randomBytes(sizeBytes));
    const witness = (entry: Entry) => evidence?.witness(entry);
    // Now, and not when a copy begins and the guest runs.
    descriptionHash(rest.description);
    const replica = new Replica({ ...rest, tuning, witness, entropy, sliceTime: meter, compressor: zlib });
    evidence?.begin(replica, rest.role);
    this.driver = new Driver(replica, {
      ports: { ...(evidence?.ports(ports) ?? ports), clock },
      maxSteps: Number.MAX_SAFE_INTEGER,
      slices,
      listener: this.listener(options, meter),
    });
  }

  private listener(
    { onEvent, ran, stuck, stopped, failed }: GroupHostOptions,
    meter: SliceMeter,
  ): DriverListener {
    const { clock, evidence, suspicion } = this;
    return {
      handled: (input, effects) => {
        if (input.kind === 'cpu') meter.ended(clock.monotonicNs);
        evidence?.handled(input, effects);
      },
      noted: (event) => {
        if (event.kind === 'suspected' && !event.closed) suspicion.suspected(event.host);
        evidence?.noted(event);
        onEvent(event);
      },
      ran: (steps) => {
        clock.stepTime.measured(steps, meter.sliceNs);
        ran?.(meter.sliceNs);
      },
      copied: () => {},
      stopped: (reason) => {
        evidence?.stopped(reason);
        stopped(reason);
      },
      stuck,
      failed,
      entered: () => {},
    };
  }

  get replica(): Replica {
    return this.driver.replica;
  }

  /** Starts the replica; without effect when it is started. */
  start(): void {
    if (this.isStarted) return;
    this.isStarted = true;
    this.driver.deliver({ kind: 'start' });
    // A guest that only answers sends no frame from which the switch could learn where it is: it is announced, as after
    // the link to the switch has broken.
    if (this.role === 'primary') this.driver.deliver({ kind: 'reset', peer: 'switch' });
  }

  /** Gives the replica an input. A message of a peer that was started earlier starts it too. */
  deliver(input: ReplicaInput): void {
    if (input.kind === 'message') {
      this.start();
      const { suspicion } = this;
      if (suspicion.heard(input.from, input.bytes))
        this.options.suspectedFalsely?.(input.from, suspicion.silenceNs);
    }
    this.driver.deliver(input);
    // The peer's heartbeat wakes this process up: then it gives its own, too.
    if (input.kind === 'message' && kindOfMessage(input.bytes) === 'heartbeat') this.clock.coalesce();
  }

  /** Ends the replica, as a failure of the host would. */
  close(): void {
    this.driver.powerOff();
    this.evidence?.end();
    this.clock.close();
  }
}
