import { DISK_OK } from '../devices/device.ts';
import { type DiskCompletion, RecordingDoors } from '../vmm/doors.ts';
import type { Entry, EntryOf } from '../vmm/entries.ts';
import type { Output } from '../vmm/outputs.ts';
import { ChangedPages } from './changed-pages.ts';
import type { Channel } from './channel.ts';
import { LoggingChannels } from './channels.ts';
import { EdgeInputs } from './edge-inputs.ts';
import type { CpuInput, GenerationRecord, HostName, TimerId } from './effects.ts';
import { Epoch } from './epoch.ts';
import type { Message, MessageOf } from './messages.ts';
import { Operator } from './operator.ts';
import { spanOf } from './output-gate.ts';
import { CheckPacing, ProgressPacing } from './pacing.ts';
import { Protection } from './protection.ts';
import { heardAt } from './silence.ts';
import { isDiskOutput, isEdgeOutput, type ReplicaState, unloggedKinds } from './state.ts';

/** The limit of distinct device warnings in one generation: a guest could cause any number. */
const MAX_WARNINGS = 32;

/**
 * The primary: it runs the guest on live inputs, logs them, holds outputs until the backups hold the entries that cover
 * them, and restores redundancy (the paper, sections 2 and 3).
 */
export class Primary {
  readonly channels: LoggingChannels;
  readonly pages: ChangedPages;
  readonly protection: Protection;
  readonly operator: Operator;
  readonly edge: EdgeInputs;
  private readonly progress: ProgressPacing;
  private readonly checks: CheckPacing;
  /** Every released output, and every input that the edge need not keep, is covered by an entry up to this one. */
  private releasedEntry = 0;
  /** State transfer: the current epoch. */
  private readonly epoch: Epoch | undefined;
  /** Without bounce buffers: completions whose data is in guest memory already, but not signalled to the guest. */
  private unsignalled: DiskCompletion[] = [];
  /** Device warnings that have been reported. */
  private readonly warned = new Set<string>();

  constructor(
    readonly replica: ReplicaState,
    readonly claim: (record: GenerationRecord) => void,
  ) {
    const { replication } = replica.options;
    const { machine } = replica.vmm;
    this.channels = new LoggingChannels(replica, () => this.protection.awaited);
    this.progress = new ProgressPacing(replica);
    this.checks = new CheckPacing(replica);
    this.edge = new EdgeInputs(replica);
    this.pages = new ChangedPages(machine.hart);
    this.epoch = replication === 'checkpoint' ? new Epoch(replica, this.pages.listen()) : undefined;
    this.protection = new Protection(this);
    this.operator = new Operator(this);
    replica.live.clear();
    // The previous primary has reported the warnings of what was replayed.
    machine.takeWarnings();
    replica.vmm.doors = this.liveDoors();
    replica.hasPaused = false;
    for (const host of replica.record.backups) this.channels.open(host);
  }

  // ── Beginning ─────────────────────────────────────────────────────────────────────────────────────────────────────

  /** Boots the VM here; its backups boot together with it, from the same image. */
  boot(): void {
    const { replica } = this;
    replica.clock.startAt(0, replica.nowNs);
    for (const channel of this.channels.values()) channel.startTogether(replica.log);
    replica.effects.push({ do: 'listen', offset: 0, generation: replica.generation });
    this.arm();
  }

  /**
   * Continues the VM here (the paper, section 2.3). Undelivered outputs and open disk operations are sent again; edge
   * and disk drop what they have seen.
   */
  goLive(): void {
    const { replica } = this;
    const { log, clock } = replica;
    const { lastKnownTicks } = replica.vmm.machine;
    if (replica.isOff('carry-clock')) clock.startAt(lastKnownTicks, replica.nowNs);
    else clock.continueFrom(lastKnownTicks, replica.nowNs);
    this.announceGeneration();
    this.edge.attach();
    if (replica.isOff('reissue-io')) replica.disk.clear();
    replica.disk.restart(log.last);
    this.arm();
  }

  private arm(): void {
    const { replica } = this;
    const { tuning } = replica.options;
    replica.timer('heartbeat', replica.nowNs);
    replica.timer('suspect', replica.nowNs + tuning.suspectNs);
    replica.timer('retry', replica.nowNs + tuning.retryNs);
    if (this.epoch) replica.timer('epoch', replica.nowNs + tuning.epochNs);
  }

  /** A claim is won while live: the backups are those of the new record. */
  membersChanged(): void {
    const { replica } = this;
    const { record, log, generation } = replica;
    for (const host of this.channels.keys())
      if (!record.backups.includes(host) && !this.protection.isJoining(host)) this.channels.delete(host);
    this.operator.membersChanged();
    replica.starts = [...replica.starts, { generation, first: log.last + 1 }];
    replica.hasPaused = false;
    if (this.protection.wanted === 0 && record.backups.length === 0) this.operator.log('unprotect', 0);
    this.announceGeneration();
    this.protection.membersChanged();
  }

  private announceGeneration(): void {
    const { replica } = this;
    replica.note({
      kind: 'members',
      icount: replica.vmm.icount,
      generation: replica.generation,
      record: replica.record,
    });
    for (const host of replica.record.backups) this.sendGeneration(host);
  }

  /** Sends the current generation to a host. A replica that is not in sync answers with `resume`. */
  sendGeneration(host: HostName): void {
    const { generation, record, starts } = this.replica;
    this.replica.send(host, { kind: 'members', generation, record: copyOf(record), starts });
  }

  /** Takes every action that the state after an input allows: release, transmit, end, claim a backup. */
  settle(): void {
    const { machine } = this.replica.vmm;
    this.releaseReady();
    this.channels.transmit();
    // A backup that applies checkpoints executes nothing, and so has no execution lag.
    if (!this.epoch) this.channels.measureLag();
    this.endEpochIfAcknowledged();
    const hasSwitchedOff = machine.power.off && !this.operator.poweringOff;
    if (this.checks.isDue || hasSwitchedOff) this.check();
    if (hasSwitchedOff) this.operator.switchedOff();
    this.protection.settle(this.releasedEntry);
    this.operator.settle();
  }

  // ── Running ───────────────────────────────────────────────────────────────────────────────────────────────────────

  get wantsCpu(): boolean {
    const { operator } = this;
    // Once the log names the next primary, an input would put this machine ahead of the log.
    return !operator.poweringOff && !operator.hasHandedOver && !this.idle && !this.blocked;
  }

  /**
   * Whether anybody waits for the end of a slice, other than for the guest's progress; always without a log, which
   * would tell what the guest does.
   */
  get isAwaited(): boolean {
    const { replica, operator, protection } = this;
    const { gate, disk, options } = replica;
    if (this.epoch || options.backups === 0 || operator.isSwitching || protection.phase.joining) return true;
    return gate.size > 0 || disk.open.length > 0 || !this.channels.lag.isFree;
  }

  /** The guest waits for an interrupt, and no input is pending: it needs no processor time. */
  get idle(): boolean {
    const { replica, unsignalled } = this;
    return replica.hasPaused && !replica.live.inputArrived && unsignalled.length === 0;
  }

  /** The guest may not run: a switch-over is under way, or a buffer is full. */
  private get isPaused(): boolean {
    return this.operator.isSwitching || this.blocked;
  }

  /** The live doors, with every entry logged. */
  private liveDoors(): RecordingDoors {
    const { replica } = this;
    const unlogged = unloggedKinds(replica.options.unsafe);
    return replica.witnessed(
      new RecordingDoors(replica.live, (entry) => {
        if (!this.epoch && !unlogged.has(entry.kind)) this.log(this.asLogged(entry));
        if (entry.kind === 'disk') this.completed(entry);
        this.edge.logged(entry, this.coveringEntry);
      }),
    );
  }

  private completed({ id, status }: EntryOf<'disk'>): void {
    const { disk } = this.replica;
    const operation = disk.find(id);
    if (operation && status === DISK_OK) this.protection.written(operation.request);
    disk.complete(id, this.coveringEntry);
  }

  /** Where each replica reads the disk, the log carries a completion without the data. */
  private asLogged(entry: Entry): Entry {
    const { disk } = this.replica.options;
    if (entry.kind !== 'disk' || entry.status !== DISK_OK || disk === 'shared') return entry;
    const operation = this.replica.disk.find(entry.id)?.request.operation;
    return disk === 'private' || operation === 'read' ? { ...entry, data: undefined } : entry;
  }

  /** The number of the entry that covers the guest's outputs up to now. */
  private get coveringEntry(): number {
    return this.epoch ? this.replica.log.last + 1 : this.replica.log.last;
  }

  /** Appends an entry to the log, unless the VM runs without fault tolerance. */
  log(entry: Entry): void {
    if (this.replica.options.backups > 0) this.replica.log.append(entry);
  }

  run({ steps, nsPerStep, end = {}, afterOutput }: CpuInput): void {
    const { replica } = this;
    const { vmm, clock } = replica;
    const before = vmm.icount;
    replica.live.inputArrived = false;
    clock.beginSlice(replica.nowNs, before, nsPerStep);
    const paused = this.isPaused;
    const pause = replica.run(paused ? 0 : this.checks.limit(steps), nsPerStep, end, afterOutput);
    clock.endSlice(vmm.icount);
    const ran = vmm.icount - before;
    const share = (this.channels.lag.perMille * replica.speed * this.protection.share) / 1e9;
    replica.effects.push({ do: 'ran', steps: ran, restNs: Math.round(ran * nsPerStep * (1 / share - 1)) });
    replica.hasPaused = paused || pause !== 'budget';
    this.completeUnsignalled();
    if (!this.epoch && this.channels.followers.length > 0) this.channels.lag.mark(before, replica.nowNs);
    this.reportWarnings();
    this.flush(vmm.machine.takeOutputs());
    const deadline = vmm.machine.timerDeadline;
    if (pause === 'waiting' && deadline !== undefined && deadline <= Number.MAX_SAFE_INTEGER)
      replica.timer('guest', clock.nsAt(Number(deadline)));
  }

  /** Without bounce buffers a completion is signalled one slice after its data has reached guest memory. */
  private completeUnsignalled(): void {
    const { replica } = this;
    if (this.unsignalled.length === 0) return;
    for (const completion of this.unsignalled.splice(0)) replica.live.completed(completion);
  }

  private reportWarnings(): void {
    const { replica, warned } = this;
    for (const warning of replica.vmm.machine.takeWarnings()) {
      const what = `${warning.device}: ${warning.message}`;
      if (warned.has(what) || warned.size === MAX_WARNINGS) continue;
      warned.add(what);
      replica.note({ kind: 'warned', ...warning });
    }
  }

  /** Ends a slice: logs an `output` entry or a progress marker, holds the outputs, and sends the log. */
  private flush(outputs: Output[]): void {
    const { replica } = this;
    const { icount, outputsMade } = replica.vmm.machine;
    const made = outputs.length > 0;
    if (this.epoch) this.epoch.outputs.push(...outputs);
    else if (made && !replica.isOff('output-entry')) this.log({ kind: 'output', icount, made: outputsMade });
    else if (
      !made &&
      this.channels.size > 0 &&
      this.progress.isDue({ idle: this.idle, lags: !this.channels.lag.isSmall })
    )
      this.progress.mark((entry) => this.log(entry));
    this.hold(outputs);
    this.channels.transmit();
    if (!this.idle && this.full) replica.note({ kind: 'full', what: this.full });
  }

  private hold(outputs: Output[]): void {
    if (outputs.length === 0) return;
    const { replica } = this;
    const entry = this.coveringEntry;
    const world = outputs.filter(isEdgeOutput);
    replica.gate.hold(world, entry);
    replica.disk.start(outputs.filter(isDiskOutput), entry);
    if (this.channels.required().length === 0) return;
    for (const output of world) replica.note({ kind: 'held', ...spanOf(output), entry });
  }

  private check(): void {
    const { replica } = this;
    const { icount, machine } = replica.vmm;
    this.checks.made(0);
    if (this.channels.size === 0 || this.epoch) return;
    const hash = machine.hash(true);
    this.checks.made(machine.hart.usedPages().length);
    this.log({ kind: 'check', icount, hash });
    replica.note({ kind: 'checked', icount, hash });
    this.channels.transmit();
  }

  /** State transfer: logs and sends a checkpoint, with the outputs that it covers, and begins the next epoch. */
  endEpoch(): void {
    const { epoch } = this;
    if (!epoch) return;
    epoch.begin();
    if (this.channels.size === 0 || !epoch.hasMoved) return;
    this.pages.collect();
    this.log(epoch.checkpoint());
    this.channels.transmit();
  }

  /** Extends an epoch until the last checkpoint is acknowledged, so that a slow link gets fewer checkpoints. */
  private endEpochIfAcknowledged(): void {
    if (this.epoch?.isDue && this.channels.held >= this.replica.log.last) this.endEpoch();
  }

  // ── Outputs ───────────────────────────────────────────────────────────────────────────────────────────────────────

  /** Releases outputs and issues disk operations that may leave; those unanswered for the retry time go out again. */
  releaseReady(retryNs = Number.POSITIVE_INFINITY, diskRetryNs = Number.POSITIVE_INFINITY): void {
    const { replica } = this;
    const { generation } = replica;
    const { held, past } = this.channels;
    const outputs = replica.gate.open(held, replica.nowNs, retryNs);
    for (const output of outputs) replica.note({ kind: 'released', ...spanOf(output) });
    replica.disk.discard(past);
    const limits = {
      held,
      ordered: !replica.isOff('disk-order'),
      others: true,
      writesWait: replica.options.disk !== 'private',
    };
    const operations = replica.disk.ready(limits, replica.nowNs, diskRetryNs);
    if (outputs.length + operations.length > 0)
      this.releasedEntry = Math.max(this.releasedEntry, Math.min(held, this.coveringEntry));
    if (outputs.length > 0) replica.effects.push({ do: 'release', outputs, generation });
    // Without a backup the edge forgets inputs at once: a replica that joins must hold their entries before it is
    // recorded, or they would be lost with this host.
    this.releasedEntry = Math.max(this.releasedEntry, this.edge.release(this.channels.acknowledged));
    const lowWater = replica.disk.lowWater(replica.vmm.machine.outputsMade);
    for (const { id, request, again } of operations) {
      replica.note({ kind: 'disk-issued', id, again });
      replica.effects.push({ do: 'disk', id, request, generation, lowWater });
    }
  }

  /** The stream to the edge broke: undelivered outputs are sent again, in order. */
  edgeReset(): void {
    this.replica.gate.resend();
    this.edge.attach();
  }

  diskDone(id: number, status: number | 'refused', data: Uint8Array): void {
    const { replica } = this;
    if (id < 0) return this.protection.sectorsRead(id, status === DISK_OK, data);
    const operation = replica.disk.find(id);
    // A disk that refuses has seen a newer generation; this replica will learn of it from a message or from storage.
    if (!operation || operation.answer || operation.doneEntry !== undefined || status === 'refused') return;
    const completion: DiskCompletion = { id, status, data: status === DISK_OK ? data : new Uint8Array(0) };
    operation.answer = { data: completion.data };
    if (this.operator.poweringOff) {
      // The guest is off and takes no completion; but operations on the same sectors may wait for this one.
      operation.doneEntry = 0;
      return;
    }
    if (replica.isOff('bounce-buffers') && completion.data.length > 0) {
      replica.vmm.machine.writeEarly(id, completion.data);
      this.unsignalled.push(completion);
    } else replica.live.completed(completion);
  }

  // ── The channels ──────────────────────────────────────────────────────────────────────────────────────────────────

  /** Flow control: the guest may not run until the backups have acknowledged more, or more outputs are delivered. */
  get blocked(): boolean {
    return this.full !== undefined;
  }

  /** The buffer whose limit is exceeded. */
  private get full(): 'log' | 'outputs' | undefined {
    const { gate, options } = this.replica;
    const { sendBufferBytes, outputBufferBytes } = options.tuning;
    if (this.channels.unacknowledgedBytes > sendBufferBytes) return 'log';
    return gate.sizeBytes > outputBufferBytes ? 'outputs' : undefined;
  }

  hear(from: HostName, message: Message): void {
    const channel = this.channels.get(from);
    if (channel) {
      channel.silence = heardAt(this.replica.nowNs);
      channel.closed = false;
    }
    switch (message.kind) {
      case 'heartbeat':
        return this.protection.heard(from, message.domain);
      case 'ack':
        if (channel) this.acknowledged(channel, message);
        return;
      case 'resume':
        return this.resume(from, message);
      case 'pages-ack':
        return this.protection.pagesAcknowledged(from, message.copy);
      case 'sectors-ack':
        return this.protection.sectorsAcknowledged(from, message);
    }
  }

  private acknowledged(channel: Channel, message: MessageOf<'ack'>): void {
    const { replica } = this;
    channel.acknowledge(replica.log, message);
    const { received, consumed } = message;
    replica.note({ kind: 'acknowledged', by: channel.host, received, consumed });
    this.protection.progressed(channel.host);
    this.channels.ackArrived = true;
  }

  /** Continues another replica's log if this log has the entries it lacks; else the replica needs a copy. */
  private resume(from: HostName, message: MessageOf<'resume'>): void {
    const { replica } = this;
    const channel = this.channels.get(from) ?? this.protection.beginJoin(from);
    if (!channel || channel.state === 'copying') return;
    // Where each replica reads the disk, the sectors that an evicted replica has yet to read may be overwritten by now.
    const { record, claim, options } = replica;
    const isNamed = record.backups.includes(from) || claim?.record.backups.includes(from);
    const mayGoOn = options.disk === 'shared' || isNamed;
    const common = mayGoOn ? this.channels.commonEntry(message) : undefined;
    if (common !== undefined) {
      channel.startAt(replica.log, common, message.consumed);
      if (this.protection.isJoining(from)) replica.note({ kind: 'joining', host: from, how: 'entries' });
      this.channels.transmitTo(channel, message.token);
      return;
    }
    if (record.backups.includes(from)) this.evict([from]);
    // A replica that may be recorded by now must not lose its machine to a copy. It asks again after the claim.
    else if (!isNamed) this.protection.copyTo(channel);
  }

  // ── Failures, and the clock ───────────────────────────────────────────────────────────────────────────────────────

  wake(id: TimerId): void {
    const { replica } = this;
    const { heartbeatNs, retryNs } = replica.options.tuning;
    switch (id) {
      case 'heartbeat':
        for (const host of this.channels.keys()) replica.beat(host);
        this.protection.tick();
        return replica.timer('heartbeat', replica.nowNs + heartbeatNs);
      case 'suspect':
        return this.suspectSilent();
      case 'retry':
        this.releaseReady(retryNs, replica.options.disk === 'private' ? undefined : retryNs);
        return replica.timer('retry', replica.nowNs + retryNs);
      case 'epoch':
        if (this.epoch) this.epoch.isDue = true;
        return;
      case 'guest':
        replica.hasPaused = false;
    }
  }

  /** The process of a host is said to have ended. */
  closed(host: HostName): void {
    const channel = this.channels.get(host);
    if (!channel) return;
    channel.closed = true;
    this.suspectSilent();
  }

  private suspectSilent(): void {
    const { replica } = this;
    const { suspectNs, joinPatience, heartbeatNs } = replica.options.tuning;
    const patience = (host: HostName) =>
      this.protection.isJoining(host) && this.protection.awaited !== host ? joinPatience : 1;
    const silent = [...this.channels.values()].filter(
      ({ host, silence, closed }) => closed || replica.nowNs - silence.sinceNs >= patience(host) * suspectNs,
    );
    replica.timer('suspect', replica.nowNs + heartbeatNs);
    const members = silent.filter(({ host }) => replica.record.backups.includes(host));
    for (const { host } of silent)
      if (this.protection.isJoining(host)) this.protection.giveUp('it is silent');
    if (members.length === 0 || replica.claim) return;
    for (const { host, silence, closed } of members) replica.suspects(host, silence, closed);
    this.evict(members.map(({ host }) => host));
  }

  /** Claims a generation without these hosts: only then may an output leave without their acknowledgement. */
  evict(hosts: readonly HostName[]): void {
    const { record, claim, name } = this.replica;
    if (claim) return;
    this.claim({ primary: name, backups: record.backups.filter((host) => !hosts.includes(host)) });
  }
}

const copyOf = ({ primary, backups }: GenerationRecord) => ({ primary, backups: [...backups] });
