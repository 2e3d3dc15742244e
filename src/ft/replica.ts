/**
 * One side of a fault-tolerant VM: the machine and the protocol around it, as a state machine without I/O. `handle` takes an
 * input and the host's time and gives back effects to be performed in order. Here stand the roles, the generations and who goes
 * live; what a live side does is in primary.ts, what one that follows does in backup.ts.
 *
 * The one rule of arbitration: before a side releases an output without someone's acknowledgement, it claims by test-and-set on shared
 * storage the next generation, whose record leaves that one out. docs/protocol.md says why that is safe.
 */
import { FormatError } from '../base/errors.ts';
import { Divergence, ReplayDoors } from '../vmm/doors.ts';
import type { Entry } from '../vmm/entries.ts';
import { countOf } from '../vmm/outputs.ts';
import { Vmm } from '../vmm/vmm.ts';
import { Backup } from './backup.ts';
import type { CpuInput, Effect, GenerationRecord, HostName, ReplicaInput, TimerId } from './effects.ts';
import { decodeMessage, type Message } from './messages.ts';
import { Primary } from './primary.ts';
import { type ReplicaOptions, Side } from './side.ts';

export type { ReplicaOptions } from './side.ts';

/** What a side of the protocol can be doing. */
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
export type Phase = (typeof phases)[number];

/**
 * `primary`: live. `backup`: has the machine, and replays. `spare`: a host with room, or whose machine is void. `stopped`: done.
 */
export type Role = 'primary' | 'backup' | 'spare' | 'stopped';

export class Replica {
  private readonly side: Side;
  private primary: Primary | undefined;
  private backup: Backup;
  /** A look at storage that has not been answered. */
  private looking: number | undefined;

  constructor(options: ReplicaOptions) {
    this.side = new Side(options, (entry: Entry) => this.backup.passed(entry));
    this.backup = new Backup(this.side);
    if (options.role === 'spare') return;
    this.side.boot();
    this.backup.following = true;
    this.backup.inStep = true;
    this.backup.complete = true;
    if (options.role === 'primary') this.primary = new Primary(this.side, (record) => this.claim(record));
  }

  get role(): Role {
    if (this.side.stopped) return 'stopped';
    if (this.primary) return 'primary';
    return this.side.hasVm && (this.backup.inStep || this.backup.complete) ? 'backup' : 'spare';
  }

  /** What this side is doing: for people, and to place faults by. */
  get phase(): Phase {
    const { side, primary, backup } = this;
    if (side.stopped) return 'stopped';
    if (primary) {
      const { joining, copying } = primary.protection.phase;
      if (primary.operator.isSwitching) return 'switching';
      if (side.claim) return 'primary-claiming';
      if (copying) return 'copying';
      if (joining) return 'joining';
      return side.record.backups.length > 0 ? 'primary' : 'alone';
    }
    if (side.claim) return side.claim.won ? 'draining' : 'claiming';
    if (backup.partial) return 'being-copied';
    if (backup.inStep) return backup.complete ? 'backup' : 'catching-up';
    return backup.complete ? 'between' : 'spare';
  }

  get generation(): number {
    return this.side.generation;
  }

  get record(): GenerationRecord {
    return this.side.record;
  }

  /** The VM here; a spare has none. */
  get vmm(): Vmm | undefined {
    return this.side.vmmIfAny;
  }

  /** Whether this side is live, or would be able to go live. */
  get canGoOn(): boolean {
    return !this.side.stopped && (this.primary !== undefined || this.mayClaim);
  }

  /** Whether a `cpu` input would be of use now. */
  get wantsCpu(): boolean {
    if (this.side.stopped) return false;
    return this.primary ? this.primary.wantsCpu : this.backup.wantsCpu;
  }

  /** How many entries were received and not consumed: what a backup has to drain. */
  get backlog(): number {
    return this.side.replay.waiting;
  }

  /** The number of the last log entry here. */
  get logEnd(): number {
    return this.side.log.last;
  }

  /** Takes one input at the host's time `nowNs` and says what is to be done about it, in order. */
  handle(input: ReplicaInput, nowNs: number): Effect[] {
    const { side } = this;
    if (side.stopped) return [];
    side.effects = [];
    side.nowNs = nowNs;
    try {
      this.dispatch(input);
      this.settle();
    } catch (error) {
      if (!(error instanceof Divergence)) throw error;
      this.diverged(error);
    }
    return side.effects;
  }

  /** A machine that nobody counts on is let go; one that somebody does must not go on. */
  private diverged(divergence: Divergence): void {
    const { side } = this;
    if (!this.primary && !this.backup.complete) {
      side.note({ kind: 'void', why: divergence.message });
      side.dropVm();
      this.backup = new Backup(side);
      return;
    }
    side.note({ kind: 'diverged', divergence });
    side.stop('diverged');
  }

  private dispatch(input: ReplicaInput): void {
    const { side, primary, backup } = this;
    switch (input.kind) {
      case 'start':
        return this.start();
      case 'cpu':
        return this.run(input);
      case 'message':
        return this.hear(input.from, input.bytes);
      case 'reset':
        return this.channelReset(input.peer);
      case 'timer':
        return this.wake(input.id);
      case 'record':
        return this.answered(input.generation, input.record);
      case 'disk-done':
        return (primary ?? backup).diskDone(input.id, input.status, input.data);
      case 'typed':
        return primary?.typed(input.offset, input.data);
      case 'frame':
        return primary?.frame(input.frame);
      case 'delivered':
        return primary && side.gate.delivered(input.edge, input.number);
      case 'command':
        return primary?.operator.command(input.command);
    }
  }

  private start(): void {
    const { side, primary, backup } = this;
    side.note({ kind: 'booted', role: side.options.role });
    backup.lastHeardNs = side.nowNs;
    if (primary) return primary.boot();
    this.armBackup();
  }

  private armBackup(): void {
    const { side } = this;
    const { suspectNs, retryNs } = side.options.tuning;
    side.timer('heartbeat', side.nowNs);
    side.timer('suspect', side.nowNs + suspectNs);
    side.timer('retry', side.nowNs + retryNs);
  }

  private run(input: CpuInput): void {
    (this.primary ?? this.backup).run(input);
  }

  /** What follows from the state, whatever input has led to it. */
  private settle(): void {
    const { side, backup } = this;
    if (side.stopped) return;
    if (!this.primary) {
      if (backup.handover && !side.claim) this.claimWithout([]);
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
    const { primary, side } = this;
    // A host asks for what it lacks by itself. What was asked of storage is asked again in time.
    if (primary) {
      if (side.options.hosts.includes(peer)) primary.protection.channelReset(peer);
      else primary.worldReset();
    }
    if (!this.primary && this.side.hasVm && peer === this.side.record.primary && this.backup.following)
      this.backup.resume();
  }

  // ── Messages and generations ──────────────────────────────────────────────────────────────────────────────────────

  private hear(from: HostName, bytes: Uint8Array): void {
    try {
      this.understand(from, decodeMessage(bytes));
    } catch (error) {
      // A damaged message is a lost one: what is missing is asked for.
      if (!(error instanceof FormatError)) throw error;
    }
  }

  private understand(from: HostName, message: Message): void {
    const { side, primary } = this;
    if (message.kind === 'available') return primary?.protection.available(from, message);
    if (message.generation < side.generation) return this.outdated(from, message);
    if (message.generation > side.generation) {
      if (!this.catchUp(from, message)) return;
    }
    if (message.kind === 'members') return this.describedBy(from, message);
    if (primary) primary.hear(from, message);
    else this.backup.hear(from, message);
  }

  /** Who speaks of an older generation is told of this one. */
  private outdated(from: HostName, { kind }: Message): void {
    const { side, backup, primary } = this;
    // The primary's own, from before a generation of which this side has learnt from storage: they are missing now.
    if (!primary && kind === 'entries' && from === side.record.primary && backup.following) backup.resume();
    if (kind === 'heartbeat' || kind === 'resume') this.primary?.tellGeneration(from);
  }

  /**
   * A newer generation stands. A side that counts for something reads what lies between from storage, to learn whether it was left out; others
   * take the word of who leads it. True when this side is there now.
   */
  private catchUp(from: HostName, message: Message): boolean {
    const { side, backup, primary } = this;
    const counts = primary !== undefined || backup.complete;
    if (message.kind === 'members' && (message.generation === side.generation + 1 || !counts)) {
      this.adopt(message.generation, message.record);
      return side.generation === message.generation;
    }
    if (!counts && message.kind === 'prepare') {
      this.adopt(message.generation, { primary: from, backups: [] });
      return true;
    }
    this.look(side.generation + 1);
    return false;
  }

  private describedBy(from: HostName, { starts, generation }: Message & { kind: 'members' }): void {
    const { side, backup, primary } = this;
    if (primary || from !== side.record.primary || generation !== side.generation) return;
    backup.lastHeardNs = side.nowNs;
    backup.describes(starts);
    if (backup.following) backup.acknowledge();
    else backup.resume();
  }

  /** A generation stands that somebody else leads. */
  private adopt(generation: number, record: GenerationRecord): void {
    const { side, backup } = this;
    if (record.primary === side.name) return;
    const sameLeader = record.primary === side.record.primary && !this.primary;
    const named = record.backups.includes(side.name);
    const counted = this.primary !== undefined || backup.complete;
    if (side.claim) side.note({ kind: 'lost', generation, to: record.primary });
    side.claim = undefined;
    side.generation = generation;
    side.record = record;
    this.stepDown();
    const now = this.backup;
    now.handover = false;
    now.lastHeardNs = side.nowNs;
    now.complete = named && (counted || (now.inStep && sameLeader));
    // One that is joining goes on; one that was left out has to ask.
    if (!sameLeader || (counted && !named)) {
      now.following = false;
      now.inStep = false;
    }
    if (!named && counted) side.note({ kind: 'left-out', generation, primary: record.primary });
  }

  /** A live side that was left out, or that has handed over, follows from now on, if its log allows. */
  private stepDown(): void {
    const { side, primary } = this;
    if (!primary) return;
    primary.protection.stop();
    this.primary = undefined;
    side.freshReplay();
    // Between two checkpoints the machine is nowhere in the log.
    if (side.options.replication === 'checkpoint' && !primary.operator.hasHandedOver) side.dropVm();
    else side.vmm.doors = side.replayDoors();
    side.hasPaused = true;
    this.backup = new Backup(side);
    this.armBackup();
  }

  // ── Failure and arbitration ───────────────────────────────────────────────────────────────────────────────────────

  private get mayClaim(): boolean {
    const { side, backup } = this;
    const named = side.record.backups.includes(side.name);
    if (side.is('resync-atomicity') && named && backup.partial) return true;
    return backup.complete && side.hasVm;
  }

  /** Suspicion is cheap: whether it was right doesn't matter, because only one claim can win. */
  private suspectPrimary(): void {
    const { side, backup } = this;
    const { suspectNs } = side.options.tuning;
    const silentNs = side.nowNs - backup.lastHeardNs;
    if (silentNs < suspectNs) return side.timer('suspect', backup.lastHeardNs + suspectNs);
    side.timer('suspect', side.nowNs + suspectNs);
    if (side.claim || side.generation === 0) return;
    if (!this.mayClaim) {
      // Perhaps this side was recorded, and nobody lived to tell it.
      if (backup.inStep) this.look(side.generation + 1);
      return;
    }
    side.note({ kind: 'suspected', host: side.record.primary, silentNs });
    if (side.hasVm) side.note({ kind: 'draining', entries: side.replay.waiting, icount: side.vmm.icount });
    this.claimWithout([side.record.primary]);
  }

  /** Claims the next generation for this side, with the others but these as its backups. */
  private claimWithout(hosts: readonly HostName[]): void {
    const { primary, backups } = this.side.record;
    const { name } = this.side;
    const others = [...backups, primary].filter((host) => host !== name && !hosts.includes(host));
    this.claim({ primary: name, backups: others });
  }

  private claim(record: GenerationRecord): void {
    const { side } = this;
    side.claim = { generation: side.generation + 1, record, won: false };
    side.hasPaused = false;
    side.note({ kind: 'claimed', generation: side.claim.generation, record });
    if (side.is('test-and-set')) return this.won();
    this.askStorage();
  }

  private look(generation: number): void {
    if (this.looking === generation || this.side.claim) return;
    this.looking = generation;
    this.askStorage();
  }

  /** A request to storage; until it is answered it is made again and again, and its outcome is never assumed. */
  private askStorage(): void {
    const { side } = this;
    const { claim } = side;
    if (claim?.won) return;
    if (claim) side.effects.push({ do: 'claim', generation: claim.generation, record: claim.record });
    else if (this.looking !== undefined) side.effects.push({ do: 'look', generation: this.looking });
    else return;
    side.timer('claim', side.nowNs + side.options.tuning.retryNs);
  }

  private answered(generation: number, record: GenerationRecord | undefined): void {
    const { side } = this;
    if (this.looking === generation) this.looking = undefined;
    const { claim } = side;
    if (claim && !claim.won && claim.generation === generation && record) {
      if (sameRecord(record, claim.record)) return this.won();
    }
    if (!record || generation !== side.generation + 1) return;
    const wasPrimary = this.primary !== undefined;
    this.adopt(generation, record);
    if (side.generation !== generation) return;
    // There may be more of them.
    this.look(generation + 1);
    if (side.hasVm && (wasPrimary || !this.backup.following)) this.backup.resume();
  }

  private won(): void {
    const { side, primary } = this;
    const claim = side.claim!;
    claim.won = true;
    side.note({ kind: 'won', generation: claim.generation, record: claim.record });
    if (!primary) return;
    side.generation = claim.generation;
    side.record = claim.record;
    side.claim = undefined;
    primary.membersChanged();
  }

  /** Going live (the paper, section 2.3): every entry that was received has been consumed, and storage has said yes. */
  private goLiveWhenReady(): void {
    const { side, backup } = this;
    const { claim } = side;
    if (!claim?.won || this.primary || side.stopped) return;
    if (side.is('resync-atomicity') && backup.partial && !side.hasVm) this.installPartial();
    if (side.replay.waiting > 0 && !side.is('drain')) return;
    const from = side.record.primary;
    if (side.replay.waiting > 0) side.log.truncate(backup.consumed);
    side.freshReplay();
    side.generation = claim.generation;
    side.record = claim.record;
    side.claim = undefined;
    side.starts = [...side.starts, { generation: side.generation, first: side.log.last + 1 }];
    this.primary = new Primary(side, (record) => this.claim(record));
    const pending = side.gate.contents().reduce((sum, output) => sum + countOf(output), 0);
    const { icount } = side.vmm;
    side.note({
      kind: 'live',
      icount,
      generation: side.generation,
      pending,
      from,
      history: side.history,
    });
    this.primary.goLive();
  }

  /** Study only: a machine of which a part has been copied. */
  private installPartial(): void {
    const { side } = this;
    const { machine } = this.backup.partial!;
    side.install(new Vmm(machine.description, new ReplayDoors(), machine));
  }
}

const sameRecord = (a: GenerationRecord, b: GenerationRecord): boolean =>
  a.primary === b.primary &&
  a.backups.length === b.backups.length &&
  a.backups.every((host, index) => host === b.backups[index]);
