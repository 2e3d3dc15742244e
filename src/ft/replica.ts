/**
 * One replica of a fault-tolerant VM: the machine and the protocol around it, as a state machine without I/O. `handle`
 * takes an input and the host's time, and returns effects to be performed in order. This file has roles, generations
 * and going live; primary.ts and backup.ts have what each role does.
 *
 * The rule of arbitration: before a replica releases an output without another's acknowledgement, it claims, by
 * test-and-set on shared storage, the next generation, whose record omits that other. docs/protocol.md says why that is
 * safe.
 */
import { unreachable } from '../base/assert.ts';
import { FormatError } from '../base/errors.ts';
import { Divergence, ReplayDoors } from '../vmm/doors.ts';
import type { Entry } from '../vmm/entries.ts';
import { countOf } from '../vmm/outputs.ts';
import { Vmm } from '../vmm/vmm.ts';
import { Backup } from './backup.ts';
import type { CpuInput, Effect, GenerationRecord, HostName, ReplicaInput, TimerId } from './effects.ts';
import { decodeMessage, type Message } from './messages.ts';
import { Primary } from './primary.ts';
import { awaitedSince, heardAt } from './silence.ts';
import { type ReplicaOptions, ReplicaState } from './state.ts';

export type { ReplicaOptions } from './state.ts';

/** What a replica is doing, in finer detail than its {@link Role}. */
export const phases = [
  'primary',
  'primary-claiming',
  'alone',
  'joining',
  'copying',
  'switching',
  'backup',
  'claiming',
  'draining',
  'being-copied',
  'catching-up',
  'between',
  'spare',
  'stopped',
] as const;
/** See {@link phases}. */
export type Phase = (typeof phases)[number];

/**
 * `primary`: live. `backup`: replays. `spare`: has no machine, or a void one. `stopped`: has completed or diverged.
 */
export type Role = 'primary' | 'backup' | 'spare' | 'stopped';

/** One replica; whoever runs it calls {@link handle} and performs the effects. */
export class Replica {
  private readonly state: ReplicaState;
  private primary: Primary | undefined;
  private backup: Backup;
  /** The generation whose record is being read from storage. */
  private reading: number | undefined;

  constructor(options: ReplicaOptions) {
    this.state = new ReplicaState(options, (entry: Entry) => this.backup.passed(entry));
    this.backup = new Backup(this.state);
    if (options.role === 'spare') return;
    this.state.boot();
    this.backup.following = true;
    this.backup.inSync = true;
    this.backup.eligible = true;
    if (options.role === 'primary') this.primary = new Primary(this.state, (record) => this.claim(record));
  }

  get role(): Role {
    if (this.state.stopped) return 'stopped';
    if (this.primary) return 'primary';
    return this.state.hasVm && (this.backup.inSync || this.backup.eligible) ? 'backup' : 'spare';
  }

  /** For reports, and to place faults by. */
  get phase(): Phase {
    const { state, primary, backup } = this;
    if (state.stopped) return 'stopped';
    if (primary) {
      const { joining, copying } = primary.protection.phase;
      if (primary.operator.isSwitching) return 'switching';
      if (state.claim) return 'primary-claiming';
      if (copying) return 'copying';
      if (joining) return 'joining';
      return state.record.backups.length > 0 ? 'primary' : 'alone';
    }
    if (state.claim) return state.claim.won ? 'draining' : 'claiming';
    if (backup.partial) return 'being-copied';
    if (backup.inSync) return backup.eligible ? 'backup' : 'catching-up';
    return backup.eligible ? 'between' : 'spare';
  }

  get generation(): number {
    return this.state.generation;
  }

  get record(): GenerationRecord {
    return this.state.record;
  }

  /** The VM here; a spare has none. */
  get vmm(): Vmm | undefined {
    return this.state.vmmIfAny;
  }

  /** Whether this replica is live, or may go live. */
  get isEligible(): boolean {
    return !this.state.stopped && (this.primary !== undefined || this.mayClaim);
  }

  /** Whether a `cpu` input would be of use now. */
  get wantsCpu(): boolean {
    if (this.state.stopped) return false;
    return this.primary ? this.primary.wantsCpu : this.backup.wantsCpu;
  }

  /**
   * The steps for which the guest has only computed: it has made no output and taken no input, other than of its timer.
   * None while anybody waits for this replica, except for its progress.
   */
  get computedSteps(): number {
    const { state, primary, backup } = this;
    const isAwaited = state.claim !== undefined || (primary ?? backup).isAwaited;
    return isAwaited ? 0 : Math.max(0, state.vmm.icount - state.log.lastExchange);
  }

  /** The number of entries that were received and not consumed, which a backup has to drain before it goes live. */
  get backlog(): number {
    return this.state.replay.waiting;
  }

  /** The number of the last log entry here. */
  get logEnd(): number {
    return this.state.log.last;
  }

  /**
   * Handles one input at the host's monotonic time `nowNs`; returns the effects in order. Never throws a divergence.
   */
  handle(input: ReplicaInput, nowNs: number): Effect[] {
    const { state } = this;
    if (state.stopped) return [];
    state.effects = [];
    state.nowNs = nowNs;
    try {
      this.dispatch(input);
      this.settle();
    } catch (error) {
      if (!(error instanceof Divergence)) throw error;
      this.diverged(error);
    }
    return state.effects;
  }

  /** Discards a diverged machine that is not eligible; an eligible or live one stops. */
  private diverged(divergence: Divergence): void {
    const { state } = this;
    if (!this.primary && !this.backup.eligible) {
      state.note({ kind: 'void', why: divergence.message });
      state.dropVm();
      this.backup = new Backup(state);
      return;
    }
    state.note({ kind: 'diverged', divergence });
    state.stop('diverged');
  }

  private dispatch(input: ReplicaInput): void {
    const { state, primary, backup } = this;
    switch (input.kind) {
      case 'start':
        return this.start();
      case 'cpu':
        return this.run(input);
      case 'message':
        return this.hear(input.from, input.bytes);
      case 'reset':
        return this.channelReset(input.peer);
      case 'closed':
        return this.closed(input.peer);
      case 'timer':
        return this.wake(input.id);
      case 'record':
        return this.answered(input.generation, input.record);
      case 'disk-done':
        return (primary ?? backup).diskDone(input.id, input.status, input.data);
      case 'typed':
        return primary?.edge.typed(input.offset, input.data);
      case 'frame':
        return primary?.edge.frame(input.number, input.frame);
      case 'delivered':
        return primary && state.gate.delivered(input.edge, input.number);
      case 'command':
        return primary?.operator.command(input.command);
      default:
        return unreachable(input);
    }
  }

  private start(): void {
    const { state, primary, backup } = this;
    state.note({ kind: 'booted', role: state.options.role });
    backup.silence = awaitedSince(state.nowNs);
    if (primary) return primary.boot();
    this.armBackup();
  }

  private armBackup(): void {
    const { state } = this;
    const { suspectNs, retryNs } = state.options.tuning;
    state.timer('heartbeat', state.nowNs);
    state.timer('suspect', state.nowNs + suspectNs);
    state.timer('retry', state.nowNs + retryNs);
  }

  private run(input: CpuInput): void {
    (this.primary ?? this.backup).run(input);
  }

  /** Takes every action that the state after an input allows. */
  private settle(): void {
    const { state, backup } = this;
    if (state.stopped) return;
    if (!this.primary) {
      if (backup.handover && !state.claim) this.claimWithout([]);
      this.goLiveWhenReady();
    }
    this.primary?.settle();
  }

  private wake(id: TimerId): void {
    const { primary, backup } = this;
    if (id === 'claim') return this.askStorage();
    if (primary) return primary.wake(id);
    if (id === 'suspect') return this.suspectPrimary();
    backup.wake(id);
  }

  private channelReset(peer: HostName): void {
    const { primary, state } = this;
    // A backup resumes on its own initiative, and requests to storage are repeated by timer.
    if (primary) {
      if (state.options.hosts.includes(peer)) primary.protection.channelReset(peer);
      else primary.edgeReset();
    }
    if (!this.primary && this.state.hasVm && peer === this.state.record.primary && this.backup.following)
      this.backup.resume();
  }

  // ── Messages and generations ──────────────────────────────────────────────────────────────────────────────────────

  private hear(from: HostName, bytes: Uint8Array): void {
    try {
      this.handleMessage(from, decodeMessage(bytes));
    } catch (error) {
      // A corrupted message counts as lost: the protocol recovers from lost messages.
      if (!(error instanceof FormatError)) throw error;
    }
  }

  private handleMessage(from: HostName, message: Message): void {
    const { state, primary } = this;
    if (message.kind === 'available') return primary?.protection.available(from, message);
    if (message.generation < state.generation) return this.outdated(from, message);
    if (message.generation > state.generation) {
      if (!this.catchUp(from, message)) return;
    }
    if (message.kind === 'members') return this.membersReceived(from, message);
    if (primary) primary.hear(from, message);
    else this.backup.hear(from, message);
  }

  /** Answers a message of an older generation with the current one. */
  private outdated(from: HostName, { kind }: Message): void {
    const { state, backup, primary } = this;
    // Entries that the primary sent before a generation that this replica has read from storage: request them again.
    if (!primary && kind === 'entries' && from === state.record.primary && backup.following) backup.resume();
    if (kind === 'heartbeat' || kind === 'resume') this.primary?.sendGeneration(from);
  }

  /**
   * Adopts a newer generation. A primary or eligible replica reads each one between from storage, to learn whether it
   * was evicted; others take the sender's word. Returns whether this replica is now in the message's generation.
   */
  private catchUp(from: HostName, message: Message): boolean {
    const { state, backup, primary } = this;
    const canClaim = primary !== undefined || backup.eligible;
    if (message.kind === 'members' && (message.generation === state.generation + 1 || !canClaim)) {
      this.adopt(message.generation, message.record);
      return state.generation === message.generation;
    }
    if (!canClaim && message.kind === 'prepare') {
      this.adopt(message.generation, { primary: from, backups: [] });
      return true;
    }
    this.readGeneration(state.generation + 1);
    return false;
  }

  private membersReceived(from: HostName, { starts, generation }: Message & { kind: 'members' }): void {
    const { state, backup, primary } = this;
    if (primary || from !== state.record.primary || generation !== state.generation) return;
    backup.silence = heardAt(state.nowNs);
    backup.learnStarts(starts);
    if (backup.following) backup.acknowledge();
    else backup.resume();
  }

  /** Adopts a generation with another primary. */
  private adopt(generation: number, record: GenerationRecord): void {
    const { state, backup } = this;
    if (record.primary === state.name) return;
    const samePrimary = record.primary === state.record.primary && !this.primary;
    const named = record.backups.includes(state.name);
    const wasEligible = this.primary !== undefined || backup.eligible;
    if (state.claim) state.note({ kind: 'lost', generation, to: record.primary });
    state.claim = undefined;
    state.generation = generation;
    state.record = record;
    this.stepDown();
    const now = this.backup;
    now.handover = false;
    now.silence = awaitedSince(state.nowNs);
    now.eligible = named && (wasEligible || (now.inSync && samePrimary));
    // A joining replica keeps following; an evicted one has to resume.
    if (!samePrimary || (wasEligible && !named)) {
      now.following = false;
      now.inSync = false;
    }
    if (!named && wasEligible) state.note({ kind: 'evicted', generation, primary: record.primary });
  }

  /** A primary that was evicted or has handed over: it keeps its machine if the log can be continued from its state. */
  private stepDown(): void {
    const { state, primary } = this;
    if (!primary) return;
    primary.protection.stop();
    this.primary = undefined;
    state.freshReplay();
    // Between two checkpoints the machine's state is at no entry of the log.
    if (state.options.replication === 'checkpoint' && !primary.operator.hasHandedOver) state.dropVm();
    else state.vmm.doors = state.replayDoors();
    state.hasPaused = true;
    this.backup = new Backup(state);
    this.armBackup();
  }

  // ── Failure and arbitration ───────────────────────────────────────────────────────────────────────────────────────

  private get mayClaim(): boolean {
    const { state, backup } = this;
    const named = state.record.backups.includes(state.name);
    if (state.isOff('resync-atomicity') && named && backup.partial) return true;
    return backup.eligible && state.hasVm;
  }

  /** A false suspicion is safe: only one claim can win. */
  private suspectPrimary(): void {
    const { state, backup } = this;
    const { suspectNs } = state.options.tuning;
    const { sinceNs } = backup.silence;
    if (state.nowNs < sinceNs + suspectNs) return state.timer('suspect', sinceNs + suspectNs);
    state.timer('suspect', state.nowNs + suspectNs);
    this.takeOver(false);
  }

  /** The process of a host is said to have ended: a replica that would suspect it after a silence does so now. */
  private closed(peer: HostName): void {
    const { state, primary } = this;
    if (primary) primary.closed(peer);
    else if (peer === state.record.primary) this.takeOver(true);
  }

  private takeOver(closed: boolean): void {
    const { state, backup } = this;
    if (state.claim || state.generation === 0) return;
    if (!this.mayClaim) {
      if (!backup.inSync) return;
      // This replica may be recorded by a primary that failed before it announced the generation; or the primary has
      // given it up, and has to hear from it that it still wants to join.
      this.readGeneration(state.generation + 1);
      return backup.resume();
    }
    state.suspects(state.record.primary, backup.silence, closed);
    if (state.hasVm)
      state.note({ kind: 'draining', entries: state.replay.waiting, icount: state.vmm.icount });
    this.claimWithout([state.record.primary]);
  }

  /** Claims the next generation for this replica, with all other members except these as its backups. */
  private claimWithout(hosts: readonly HostName[]): void {
    const { primary, backups } = this.state.record;
    const { name } = this.state;
    const others = [...backups, primary].filter((host) => host !== name && !hosts.includes(host));
    this.claim({ primary: name, backups: others });
  }

  private claim(record: GenerationRecord): void {
    const { state } = this;
    state.claim = { generation: state.generation + 1, record, won: false };
    state.hasPaused = false;
    state.note({ kind: 'claimed', generation: state.claim.generation, record });
    if (state.isOff('test-and-set')) return this.won();
    this.askStorage();
  }

  private readGeneration(generation: number): void {
    if (this.reading === generation || this.state.claim) return;
    this.reading = generation;
    this.askStorage();
  }

  /**
   * Sends the pending request to storage; it is repeated until it is answered. A timeout does not tell whether storage
   * has executed the request.
   */
  private askStorage(): void {
    const { state } = this;
    const { claim } = state;
    if (claim?.won) return;
    if (claim) state.effects.push({ do: 'claim', generation: claim.generation, record: claim.record });
    else if (this.reading !== undefined)
      state.effects.push({ do: 'read-generation', generation: this.reading });
    else return;
    state.timer('claim', state.nowNs + state.options.tuning.retryNs);
  }

  private answered(generation: number, record: GenerationRecord | undefined): void {
    const { state } = this;
    if (this.reading === generation) this.reading = undefined;
    const { claim } = state;
    if (claim && !claim.won && claim.generation === generation && record) {
      if (sameRecord(record, claim.record)) return this.won();
    }
    if (!record || generation !== state.generation + 1) return;
    const wasPrimary = this.primary !== undefined;
    this.adopt(generation, record);
    if (state.generation !== generation) return;
    // A still newer generation may exist.
    this.readGeneration(generation + 1);
    if (state.hasVm && (wasPrimary || !this.backup.following)) this.backup.resume();
  }

  private won(): void {
    const { state, primary } = this;
    const claim = state.claim!;
    claim.won = true;
    state.note({ kind: 'won', generation: claim.generation, record: claim.record });
    if (!primary) return;
    state.generation = claim.generation;
    state.record = claim.record;
    state.claim = undefined;
    primary.membersChanged();
  }

  /** Goes live (the paper, section 2.3) once the claim is won and every received entry is consumed. */
  private goLiveWhenReady(): void {
    const { state, backup } = this;
    const { claim } = state;
    if (!claim?.won || this.primary || state.stopped) return;
    if (state.isOff('resync-atomicity') && backup.partial && !state.hasVm) this.installPartial();
    if (state.replay.waiting > 0 && !state.isOff('drain')) return;
    const from = state.record.primary;
    if (state.replay.waiting > 0) state.log.truncate(backup.consumed);
    state.freshReplay();
    state.generation = claim.generation;
    state.record = claim.record;
    state.claim = undefined;
    state.starts = [...state.starts, { generation: state.generation, first: state.log.last + 1 }];
    this.primary = new Primary(state, (record) => this.claim(record));
    const pending = state.gate.contents().reduce((sum, output) => sum + countOf(output), 0);
    const { icount } = state.vmm;
    state.note({
      kind: 'live',
      icount,
      generation: state.generation,
      pending,
      from,
      history: state.history,
    });
    this.primary.goLive();
  }

  /** Study only: installs a machine of which a part has been copied. */
  private installPartial(): void {
    const { state } = this;
    const { machine } = this.backup.partial!;
    state.install(new Vmm(machine.description, new ReplayDoors(), machine));
  }
}

const sameRecord = (a: GenerationRecord, b: GenerationRecord): boolean =>
  a.primary === b.primary &&
  a.backups.length === b.backups.length &&
  a.backups.every((host, index) => host === b.backups[index]);
