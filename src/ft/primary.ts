/**
 * The replica that is live: it runs the guest on the world, logs what comes through the doors, keeps outputs back until the backups
 * hold the entries that explain them, and looks after its protection (the paper, sections 2 and 3).
 */
import { DISK_OK } from '../devices/device.ts';
import { virtioOf } from '../vmm/description.ts';
import { type DiskCompletion, RecordingDoors } from '../vmm/doors.ts';
import type { Entry, EntryOf } from '../vmm/entries.ts';
import type { Output } from '../vmm/outputs.ts';
import { announcement } from './announce.ts';
import { ChangedPages } from './changed-pages.ts';
import type { Channel } from './channel.ts';
import { LoggingChannels } from './channels.ts';
import type { CpuInput, GenerationRecord, HostName, TimerId } from './effects.ts';
import { Epoch } from './epoch.ts';
import type { Message, MessageOf } from './messages.ts';
import { Operator } from './operator.ts';
import { spanOf } from './output-gate.ts';
import { CheckPacing, ProgressPacing } from './pacing.ts';
import { Protection } from './protection.ts';
import { isDisk, isWorld, type ReplicaState, unloggedKinds } from './state.ts';

/** So many different warnings of devices are told in one generation: a guest could go on for ever. */
const MAX_WARNINGS = 32;

export class Primary {
  readonly channels: LoggingChannels;
  readonly pages: ChangedPages;
  readonly protection: Protection;
  readonly operator: Operator;
  private readonly progress: ProgressPacing;
  private readonly checks: CheckPacing;
  /** How much of the console input the guest has been given, or has waiting. */
  private consoleOffset: number;
  /** Outputs that have left are explained by entries up to this one. */
  private releasedEntry = 0;
  /** State transfer: what has happened since the last checkpoint. */
  private readonly epoch: Epoch | undefined;
  /** Without bounce buffers: completions whose data the guest has in its memory, and has not been told of. */
  private landed: DiskCompletion[] = [];
  /** What devices had to say and was told. */
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
    this.consoleOffset = machine.consoleReceived;
    this.pages = new ChangedPages(machine.hart);
    this.epoch = replication === 'checkpoint' ? new Epoch(replica, this.pages.listen()) : undefined;
    this.protection = new Protection(this);
    this.operator = new Operator(this);
    replica.live.clear();
    // What came up in replay the replica that was live has told.
    machine.takeWarnings();
    replica.vmm.doors = this.liveDoors();
    replica.hasPaused = false;
    for (const host of replica.record.backups) this.channels.open(host);
  }

  // ── Beginning ─────────────────────────────────────────────────────────────────────────────────────────────────────

  /** The VM starts here, and its backups start with it, from the same image. */
  boot(): void {
    const { replica } = this;
    replica.clock.startAt(0, replica.nowNs);
    for (const channel of this.channels.values()) channel.startTogether(replica.log);
    replica.effects.push({ do: 'listen', offset: 0, generation: replica.generation });
    this.arm();
  }

  /** The VM goes on here (the paper, section 2.3): what was under way in the world is done again, and the world drops what it knows. */
  goLive(): void {
    const { replica } = this;
    const { log, clock } = replica;
    const { lastKnownTicks } = replica.vmm.machine;
    if (replica.is('carry-clock')) clock.startAt(lastKnownTicks, replica.nowNs);
    else clock.continueFrom(lastKnownTicks, replica.nowNs);
    this.announceGeneration();
    this.attach();
    if (replica.is('reissue-io')) replica.disk.clear();
    replica.disk.restart(log.last);
    this.arm();
  }

  /** Tells the world where the VM is: the switch by a gratuitous ARP for each network card, the console by what has been read of it. */
  private attach(): void {
    const { replica } = this;
    const { generation } = replica;
    for (const { mac } of virtioOf(replica.options.description, 'net'))
      replica.effects.push({ do: 'announce', frame: announcement(mac), generation });
    replica.effects.push({ do: 'listen', offset: this.consoleOffset, generation });
  }

  private arm(): void {
    const { replica } = this;
    const { tuning } = replica.options;
    replica.timer('heartbeat', replica.nowNs);
    replica.timer('suspect', replica.nowNs + tuning.suspectNs);
    replica.timer('retry', replica.nowNs + tuning.retryNs);
    if (this.epoch) replica.timer('epoch', replica.nowNs + tuning.epochNs);
  }

  /** A claim is won: the members are those of the record now. */
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

  /** Says to a host which generation stands. One that has a VM, and is not in step, answers where it stands. */
  sendGeneration(host: HostName): void {
    const { generation, record, starts } = this.replica;
    this.replica.send(host, { kind: 'members', generation, record: copyOf(record), starts });
  }

  /** What follows from the state, whatever input has led to it: what leaves, what ends, who is claimed as a backup. */
  settle(): void {
    const { machine } = this.replica.vmm;
    this.releaseReady();
    this.channels.transmit();
    // A backup that takes over checkpoints executes nothing, and so is never behind.
    if (!this.epoch) this.channels.measureLag();
    this.endEpochIfTaken();
    const hasSwitchedOff = machine.power.off && !this.operator.poweringOff;
    if (this.checks.isDue || hasSwitchedOff) this.check();
    if (hasSwitchedOff) this.operator.switchedOff();
    this.protection.settle(this.releasedEntry);
    this.operator.settle();
  }

  // ── Running ───────────────────────────────────────────────────────────────────────────────────────────────────────

  get wantsCpu(): boolean {
    const { operator } = this;
    return !operator.poweringOff && !this.idle && !this.blocked;
  }

  /** The guest has had what there is for it: it needs no processor time until something comes. */
  get idle(): boolean {
    const { replica, landed } = this;
    return replica.hasPaused && !replica.live.hasNews && landed.length === 0;
  }

  /** The guest may not run: another replica is to go on from here, or a buffer is full. */
  private get isPaused(): boolean {
    return this.operator.isSwitching || this.blocked;
  }

  /** The world, noted for the channel. */
  private liveDoors(): RecordingDoors {
    const { replica } = this;
    const unlogged = unloggedKinds(replica.options.unsafe);
    return replica.witnessed(
      new RecordingDoors(replica.live, (entry) => {
        if (!this.epoch && !unlogged.has(entry.kind)) this.log(this.asLogged(entry));
        if (entry.kind === 'disk') this.completed(entry);
      }),
    );
  }

  private completed({ id, status }: EntryOf<'disk'>): void {
    const { disk } = this.replica;
    const operation = disk.find(id);
    if (operation && status === DISK_OK) this.protection.written(operation.request);
    disk.complete(id, this.coveringEntry);
  }

  /** Where each replica reads for itself, the log says only that the read is over. */
  private asLogged(entry: Entry): Entry {
    const { disk } = this.replica.options;
    if (entry.kind !== 'disk' || entry.status !== DISK_OK || disk === 'shared') return entry;
    const operation = this.replica.disk.find(entry.id)?.request.operation;
    return disk === 'private' || operation === 'read' ? { ...entry, data: undefined } : entry;
  }

  /** The number of the entry that explains what the guest has done up to now. */
  private get coveringEntry(): number {
    return this.epoch ? this.replica.log.last + 1 : this.replica.log.last;
  }

  log(entry: Entry): void {
    if (this.replica.options.backups > 0) this.replica.log.append(entry);
  }

  run({ steps, nsPerStep, end = {} }: CpuInput): void {
    const { replica } = this;
    const { vmm, clock } = replica;
    const before = vmm.icount;
    replica.live.hasNews = false;
    clock.beginSlice(replica.nowNs, before, nsPerStep);
    const paused = this.isPaused;
    const pause = vmm.run(paused ? 0 : this.checks.limit(steps), replica.isAt(end));
    clock.endSlice(vmm.icount);
    const ran = vmm.icount - before;
    const share = (this.channels.lag.perMille * replica.speed * this.protection.share) / 1e9;
    replica.effects.push({ do: 'ran', steps: ran, restNs: Math.round(ran * nsPerStep * (1 / share - 1)) });
    replica.hasPaused = paused || pause !== 'budget';
    this.completeLanded();
    if (this.channels.followers.length > 0) this.channels.lag.mark(before, replica.nowNs);
    this.reportWarnings();
    this.flush(vmm.machine.takeOutputs());
    const deadline = vmm.machine.timerDeadline;
    if (pause === 'waiting' && deadline !== undefined && deadline <= Number.MAX_SAFE_INTEGER)
      replica.timer('guest', clock.nsAt(Number(deadline)));
  }

  /** Without bounce buffers the guest has had a slice with the data in its memory before it is told so. */
  private completeLanded(): void {
    const { replica } = this;
    if (this.landed.length === 0) return;
    for (const completion of this.landed.splice(0)) replica.live.completed(completion);
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

  /** Ends a slice: an entry says up to where the guest has come and what it has made; then everything goes to the backups. */
  private flush(outputs: Output[]): void {
    const { replica } = this;
    const { icount, outputsMade } = replica.vmm.machine;
    const made = outputs.length > 0;
    if (this.epoch) this.epoch.outputs.push(...outputs);
    else if (made && !replica.is('output-entry')) this.log({ kind: 'output', icount, made: outputsMade });
    else if (!made && this.channels.size > 0 && this.progress.isDue(this.idle || !this.channels.lag.isSmall))
      this.progress.mark((entry) => this.log(entry));
    this.hold(outputs);
    this.channels.transmit();
    if (!this.idle && this.full) replica.note({ kind: 'full', what: this.full });
  }

  private hold(outputs: Output[]): void {
    const { replica } = this;
    const entry = this.coveringEntry;
    const world = outputs.filter(isWorld);
    replica.gate.hold(world, entry);
    replica.disk.start(outputs.filter(isDisk), entry);
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

  /** State transfer: what has changed since the last checkpoint goes to the backups, with the outputs that wait for it. */
  endEpoch(): void {
    const { epoch } = this;
    if (!epoch) return;
    epoch.begin();
    if (this.channels.size === 0 || !epoch.hasMoved) return;
    this.pages.collect();
    this.log(epoch.checkpoint());
    this.channels.transmit();
  }

  /** An epoch goes on for as long as the checkpoint before has not been taken in: a slow link gets fewer and not more of them. */
  private endEpochIfTaken(): void {
    if (this.epoch?.isDue && this.channels.held >= this.replica.log.last) this.endEpoch();
  }

  // ── Outputs ───────────────────────────────────────────────────────────────────────────────────────────────────────

  /** Lets out what may leave; again, what left so long ago without an answer that it may be lost. */
  releaseReady(retryNs = Number.POSITIVE_INFINITY, diskRetryNs = Number.POSITIVE_INFINITY): void {
    const { replica } = this;
    const { generation } = replica;
    const { held, past } = this.channels;
    const outputs = replica.gate.open(held, replica.nowNs, retryNs);
    for (const output of outputs) replica.note({ kind: 'released', ...spanOf(output) });
    replica.disk.discard(past);
    const limits = {
      held,
      ordered: !replica.is('disk-order'),
      others: true,
      writesWait: replica.options.disk !== 'private',
    };
    const operations = replica.disk.ready(limits, replica.nowNs, diskRetryNs);
    if (outputs.length + operations.length > 0)
      this.releasedEntry = Math.max(this.releasedEntry, Math.min(held, this.coveringEntry));
    if (outputs.length > 0) replica.effects.push({ do: 'release', outputs, generation });
    const lowWater = replica.disk.lowWater(replica.vmm.machine.outputsMade);
    for (const { id, request, again } of operations) {
      replica.note({ kind: 'disk-issued', id, again });
      replica.effects.push({ do: 'disk', id, request, generation, lowWater });
    }
  }

  /** The way to the world broke: what was sent on it may be lost, so it is sent again, in order. */
  worldReset(): void {
    this.replica.gate.resend();
    this.attach();
  }

  diskDone(id: number, status: number | 'refused', data: Uint8Array): void {
    const { replica } = this;
    if (id < 0) return this.protection.sectorsRead(id, status === DISK_OK, data);
    const operation = replica.disk.find(id);
    // A disk that refuses knows a newer generation: somebody will tell us.
    if (!operation || operation.answer || operation.doneEntry !== undefined || status === 'refused') return;
    const completion: DiskCompletion = { id, status, data: status === DISK_OK ? data : new Uint8Array(0) };
    operation.answer = { data: completion.data };
    if (this.operator.poweringOff) {
      // There is no guest any more that could be given the completion; but others may wait for the end of this one.
      operation.doneEntry = 0;
      return;
    }
    if (replica.is('bounce-buffers') && completion.data.length > 0) {
      replica.vmm.machine.land(id, completion.data);
      this.landed.push(completion);
    } else replica.live.completed(completion);
  }

  // ── The channels ──────────────────────────────────────────────────────────────────────────────────────────────────

  /** Flow control: the guest may not run until the backups have acknowledged more, or more has arrived in the world. */
  get blocked(): boolean {
    return this.full !== undefined;
  }

  /** The buffer that holds the guest up. */
  private get full(): 'log' | 'outputs' | undefined {
    const { gate, options } = this.replica;
    const { sendBufferBytes, outputBufferBytes } = options.tuning;
    if (this.channels.unacknowledgedBytes > sendBufferBytes) return 'log';
    return gate.sizeBytes > outputBufferBytes ? 'outputs' : undefined;
  }

  hear(from: HostName, message: Message): void {
    const channel = this.channels.get(from);
    if (channel) channel.lastHeardNs = this.replica.nowNs;
    switch (message.kind) {
      case 'heartbeat':
        return this.protection.heard(from, message.domain);
      case 'ack':
        if (channel) this.acknowledged(channel, message);
        return;
      case 'resume':
        return this.resume(from, message);
      case 'pages-ack':
        return this.protection.pagesTaken(from, message.copy);
      case 'sectors-ack':
        return this.protection.sectorsTaken(from, message);
    }
  }

  private acknowledged(channel: Channel, message: MessageOf<'ack'>): void {
    const { replica } = this;
    channel.acknowledge(replica.log, message);
    const { received, consumed } = message;
    replica.note({ kind: 'acknowledged', by: channel.host, received, consumed });
    this.protection.heardOf(channel.host);
    this.channels.hasNews = true;
  }

  /** A replica says where it stands: it goes on from there, if this log has what it lacks; else it needs a copy. */
  private resume(from: HostName, message: MessageOf<'resume'>): void {
    const { replica } = this;
    const channel = this.channels.get(from) ?? this.protection.offered(from);
    if (!channel || channel.state === 'copying') return;
    // Where each replica reads for itself, what a replica that was left out has yet to read may be overwritten by now.
    const mayGoOn = replica.options.disk === 'shared' || replica.record.backups.includes(from);
    const common = mayGoOn ? this.channels.commonEntry(message) : undefined;
    if (common !== undefined) {
      channel.startAt(replica.log, common, message.consumed);
      if (this.protection.isJoining(from)) replica.note({ kind: 'joining', host: from, how: 'entries' });
      this.channels.transmitTo(channel, message.token);
      return;
    }
    if (replica.record.backups.includes(from)) this.evict([from]);
    else this.protection.copyTo(channel);
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

  private suspectSilent(): void {
    const { replica } = this;
    const { suspectNs, heartbeatNs } = replica.options.tuning;
    const silent = [...this.channels.values()].filter(
      ({ lastHeardNs }) => replica.nowNs - lastHeardNs >= suspectNs,
    );
    replica.timer('suspect', replica.nowNs + heartbeatNs);
    const members = silent.filter(({ host }) => replica.record.backups.includes(host));
    for (const { host } of silent)
      if (this.protection.isJoining(host)) this.protection.giveUp('nothing is heard from it');
    if (members.length === 0 || replica.claim) return;
    for (const { host, lastHeardNs } of members)
      replica.note({ kind: 'suspected', host, silentNs: replica.nowNs - lastHeardNs });
    this.evict(members.map(({ host }) => host));
  }

  /** Before an output leaves without someone's acknowledgement, a generation without that one must be ours. */
  evict(hosts: readonly HostName[]): void {
    const { record, claim, name } = this.replica;
    if (claim) return;
    this.claim({ primary: name, backups: record.backups.filter((host) => !hosts.includes(host)) });
  }

  // ── The world and the operator ────────────────────────────────────────────────────────────────────────────────────

  typed(offset: number, data: Uint8Array): void {
    const { replica } = this;
    const fresh = data.subarray(Math.max(0, this.consoleOffset - offset));
    // Bytes after a gap are of no use: they will be asked for again.
    if (offset > this.consoleOffset) return;
    this.consoleOffset += fresh.length;
    replica.live.type(fresh);
  }

  frame(frame: Uint8Array): void {
    this.replica.live.frame(frame);
  }
}

const copyOf = ({ primary, backups }: GenerationRecord) => ({ primary, backups: [...backups] });
