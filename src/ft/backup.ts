import { DISK_OK } from '../devices/device.ts';
import { descriptionHash } from '../vmm/description.ts';
import type { Entry, EntryOf } from '../vmm/entries.ts';
import { applyDelta } from '../vmm/snapshot.ts';
import { Vmm, verifyMarker } from '../vmm/vmm.ts';
import { CopyReceiver } from './copy.ts';
import type { CpuInput, HostName, TimerId } from './effects.ts';
import { encodeMessage, type Message, type MessageOf } from './messages.ts';
import { awaitedSince, heardAt, type Silence } from './silence.ts';
import { type GenerationStarts, isDiskOutput, isEdgeOutput, type ReplicaState } from './state.ts';

/** Sectors of the primary's private disk, received as part of a copy. */
interface CopiedSectors {
  of: CopyReceiver;
  sector: number;
  data: Uint8Array;
}

/**
 * A backup: it replays the primary's log, acknowledges the entries it holds, and keeps the log, the outputs and the
 * disk operations that it needs to go live.
 */
export class Backup {
  /** The log here continues with the entries that the primary sends: the stream between them is unbroken. */
  following = false;
  /** The log here is a prefix of the primary's, whether or not the stream is unbroken at the moment. */
  inSync = false;
  /** The log here has every entry that covers a released output: this replica may go live. */
  eligible = false;
  /** A consumed `switch-over` entry names this replica: it claims the next generation. */
  handover = false;
  /** Of the primary. */
  silence: Silence;
  private copy: CopyReceiver | undefined;
  /** The number of the last `resume` message; the answer carries it. 0: none was sent. */
  private token = 0;
  /** The generations of the primary's log, which this log adopts when it continues it. */
  private primaryStarts: GenerationStarts | undefined;
  private acknowledgedConsumed = 0;
  private ended = false;
  private endReached = false;
  /**
   * Private disks: operations whose completion the log holds. A write here is issued only once its number is among
   * them.
   */
  private readonly granted = new Set<number>();
  /** Sectors of copies that are being written to this replica's private disk, by the number of the write. */
  private readonly writing = new Map<number, CopiedSectors>();
  /** Sectors that wait for a write of the same sectors, which an earlier copy has left behind. */
  private postponed: CopiedSectors[] = [];

  constructor(private readonly replica: ReplicaState) {
    this.silence = awaitedSince(replica.nowNs);
  }

  get consumed(): number {
    return this.replica.log.last - this.replica.replay.waiting;
  }

  /** The machine that is being copied here, incomplete. */
  get partial(): CopyReceiver | undefined {
    return this.copy;
  }

  get wantsCpu(): boolean {
    const { replica } = this;
    return replica.hasVm && !replica.hasPaused && (this.following || replica.claim !== undefined);
  }

  /**
   * Whether anybody waits for the end of a slice, other than for the machine's progress; or for progress that is overdue:
   * the primary learns of it at the end of a slice.
   */
  get isAwaited(): boolean {
    const { log, vmm, options } = this.replica;
    return !this.following || log.lastIcount - vmm.icount > 2 * options.tuning.progressSteps;
  }

  // ── Getting in sync ───────────────────────────────────────────────────────────────────────────────────────────────

  /** Reports the end of this log to the primary. The machine does not run until the primary answers. */
  resume(): void {
    const { replica } = this;
    this.following = false;
    this.token++;
    replica.send(replica.record.primary, {
      kind: 'resume',
      generation: replica.generation,
      log: replica.hasVm ? (replica.starts.at(-1)?.generation ?? 0) : 0,
      received: replica.hasVm ? replica.log.last : 0,
      consumed: replica.hasVm ? this.consumed : 0,
      token: this.token,
    });
  }

  hear(from: HostName, message: Message): void {
    const { replica } = this;
    if (from !== replica.record.primary) return;
    this.silence = heardAt(replica.nowNs);
    if ('ticks' in message) replica.clock.heard(message.ticks, replica.nowNs);
    switch (message.kind) {
      case 'entries':
        return this.receive(message);
      case 'prepare':
        return this.prepare(from, message);
      case 'pages':
        if (this.copy?.number !== message.copy) return;
        this.copy.pages(message.packed);
        replica.send(from, { kind: 'pages-ack', generation: replica.generation, copy: message.copy });
        return;
      case 'sectors':
        if (this.copy?.number === message.copy)
          this.writeSectors({ of: this.copy, sector: message.sector, data: message.data });
        return;
      case 'state':
        if (this.copy?.number === message.copy) this.install(message);
    }
  }

  /** A copy of the primary's machine begins. */
  private prepare(from: HostName, { copy, description: hash }: MessageOf<'prepare'>): void {
    const { replica } = this;
    const { description } = replica.options;
    replica.dropVm();
    this.granted.clear();
    this.following = false;
    this.inSync = false;
    this.eligible = false;
    this.copy = undefined;
    if (hash === descriptionHash(description))
      this.copy = new CopyReceiver(from, copy, description, replica.options);
    else replica.note({ kind: 'void', why: `the machine of ${from} has another description or boot image` });
  }

  /** Writes sectors of the primary's disk to this one. Two writes of the same sectors could be reordered: one waits. */
  private writeSectors(sectors: CopiedSectors): void {
    const { replica } = this;
    if ([...this.writing.values()].some(({ sector }) => sector === sectors.sector)) {
      this.postponed.push(sectors);
      return;
    }
    const id = replica.nextCopyOperation();
    const { sector, data } = sectors;
    this.writing.set(id, sectors);
    replica.effects.push({
      do: 'disk',
      id,
      request: { operation: 'write', sector, data },
      generation: replica.generation,
      lowWater: 0,
    });
  }

  private sectorsWritten(id: number, ok: boolean): void {
    const { replica } = this;
    const write = this.writing.get(id);
    if (!write) return;
    this.writing.delete(id);
    const { copy } = this;
    if (write.of === copy && !ok) this.writeSectors(write);
    else if (write.of === copy) {
      const { generation } = replica;
      replica.send(copy.from, { kind: 'sectors-ack', generation, copy: copy.number, sector: write.sector });
    }
    const postponed = this.postponed.filter((sectors) => sectors.of === copy);
    this.postponed = [];
    for (const sectors of postponed) this.writeSectors(sectors);
  }

  /** Completes the copy. A machine whose hash differs from the primary's is discarded. */
  private install(message: MessageOf<'state'>): void {
    const { replica } = this;
    const { machine, from } = this.copy!;
    const whole = this.copy!.finish(message.delta, message.hash);
    this.copy = undefined;
    if (!whole) return;
    replica.install(new Vmm(machine.description, replica.replay, machine));
    replica.history = message.history;
    replica.frames = message.frames;
    replica.speed = message.speed;
    replica.starts = message.starts;
    replica.log.startAfter(message.entry, machine.icount);
    replica.gate.hold(message.outputs.filter(isEdgeOutput), message.entry);
    replica.disk.start(message.outputs.filter(isDiskOutput), message.entry);
    replica.note({ kind: 'installed', from, history: message.history, icount: machine.icount });
    this.follow();
    this.acknowledge();
  }

  private follow(): void {
    const { replica } = this;
    this.following = true;
    this.inSync = true;
    this.acknowledgedConsumed = this.consumed;
    replica.hasPaused = false;
    if (replica.record.backups.includes(replica.name)) this.eligible = true;
    replica.note({ kind: 'following', primary: replica.record.primary, entry: replica.log.last });
  }

  /** The primary has described its log. A replica that follows it already has that log. */
  learnStarts(starts: GenerationStarts): void {
    this.primaryStarts = starts;
    if (this.following) this.replica.starts = starts;
  }

  // ── The channel ───────────────────────────────────────────────────────────────────────────────────────────────────

  /** Entries are acknowledged when they are held, not when they are executed. */
  private receive(message: MessageOf<'entries'>): void {
    const { replica } = this;
    // Once the claim is won, the entries to drain are fixed: the old primary may not add to them.
    if (!replica.hasVm || this.ended || replica.claim?.won) return;
    if (!this.following) {
      if (message.answers !== this.token || this.token === 0) return;
      this.continueFrom(message.first);
    }
    if (message.first > replica.log.last + 1) return this.resume();
    for (const entry of message.entries.slice(replica.log.last + 1 - message.first)) {
      replica.log.append(entry);
      replica.replay.append(entry);
      if (entry.kind === 'disk' && entry.status === DISK_OK) this.granted.add(entry.id);
    }
    replica.gate.forget(message.delivered);
    replica.disk.discard(message.lowWater);
    replica.log.forget(Math.min(message.lowWater, this.consumed), replica.options.tuning.retainBytes);
    replica.hasPaused = false;
    replica.note({ kind: 'received', last: replica.log.last, consumed: this.consumed });
    this.acknowledge();
  }

  /** Continues the log from entry `first`. The entries from there on are not in the primary's log, and not consumed. */
  private continueFrom(first: number): void {
    const { replica } = this;
    const surplus = replica.log.last - (first - 1);
    if (surplus > 0) {
      for (let number = first; number <= replica.log.last; number++) {
        const entry = replica.log.get(number);
        if (entry.kind === 'disk') this.granted.delete(entry.id);
      }
      replica.replay.retract(replica.replay.waiting - surplus);
      replica.log.truncate(first - 1);
    }
    replica.gate.restart(replica.log.last);
    replica.starts = this.primaryStarts ?? replica.starts;
    this.follow();
  }

  acknowledge(): void {
    const { replica } = this;
    if (!this.following) return;
    this.acknowledgedConsumed = this.consumed;
    replica.send(replica.record.primary, {
      kind: 'ack',
      generation: replica.generation,
      received: replica.log.last,
      consumed: this.consumed,
      icount: replica.vmm.icount,
    });
  }

  /** Whether enough was consumed since the last acknowledgement to send another. */
  private get consumptionIsNews(): boolean {
    return this.consumed - this.acknowledgedConsumed >= 64 || this.consumed === this.replica.log.last;
  }

  // ── Running ───────────────────────────────────────────────────────────────────────────────────────────────────────

  run({ steps, nsPerStep, end = {} }: CpuInput): void {
    const { replica } = this;
    const { vmm } = replica;
    const before = vmm.icount;
    replica.clock.beginSlice(replica.nowNs, before, nsPerStep);
    const consumedBefore = this.consumed;
    const pause = replica.run(steps, nsPerStep, { output: end.output });
    const ran = vmm.icount - before;
    replica.effects.push({
      do: 'ran',
      steps: ran,
      restNs: Math.round(ran * nsPerStep * (1000 / replica.speed - 1)),
    });
    this.collect();
    replica.hasPaused = pause !== 'budget';
    if (this.endReached) {
      this.ended = true;
      replica.note({ kind: 'ended' });
      return replica.stop('completed');
    }
    this.issueOwnOperations();
    if (!replica.claim && this.consumed > consumedBefore && this.consumptionIsNews) this.acknowledge();
  }

  /** Keeps the machine's outputs: the primary may fail before they are delivered. */
  private collect(): void {
    const { replica } = this;
    const outputs = replica.vmm.machine.takeOutputs();
    replica.gate.hold(outputs.filter(isEdgeOutput), replica.log.last);
    replica.disk.start(outputs.filter(isDiskOutput), replica.log.last);
  }

  /**
   * A log entry is about to be consumed.
   * @throws {Divergence} if the machine differs from what a marker entry says.
   */
  passed(entry: Entry): void {
    const { replica } = this;
    verifyMarker(entry, replica.vmm.machine);
    // The operation may have started in this very slice: the queue must have it before its completion.
    if (entry.kind === 'disk') this.collect();
    switch (entry.kind) {
      case 'check':
        return replica.note({ kind: 'checked', icount: entry.icount, hash: entry.hash });
      case 'disk':
        this.granted.delete(entry.id);
        return replica.disk.complete(entry.id, this.consumed);
      case 'checkpoint':
        return this.restore(entry);
      case 'control':
        return this.control(entry);
    }
  }

  private restore({ history, frames, delta, outputs, open, icount }: EntryOf<'checkpoint'>): void {
    const { replica } = this;
    applyDelta(replica.vmm.machine, delta, replica.options.compressor);
    replica.history = history;
    replica.frames = frames;
    replica.gate.hold(outputs.filter(isEdgeOutput), this.consumed);
    replica.disk.start(outputs.filter(isDiskOutput), this.consumed);
    replica.disk.keep(open, this.consumed);
    replica.note({ kind: 'installed', from: replica.record.primary, history, icount });
  }

  private control({ action, value }: EntryOf<'control'>): void {
    const { replica } = this;
    if (action === 'power-off') this.endReached = true;
    if (action === 'speed') replica.speed = value;
    // A switch-over of an earlier generation has taken effect already.
    if (this.consumed < replica.starts.at(-1)!.first) return;
    if (action === 'switch-over' && replica.options.hosts[value] === replica.name) this.handover = true;
  }

  // ── A disk that each replica reads for itself (the paper, section 4.2), or has for itself (4.1) ──────────

  private issueOwnOperations(retryNs = Number.POSITIVE_INFINITY): void {
    const { replica } = this;
    const { disk } = replica.options;
    // An evicted replica would read what the others have written since.
    if (disk === 'shared' || !(this.inSync || this.eligible)) return;
    const limits = {
      held: Number.POSITIVE_INFINITY,
      ordered: !replica.isOff('disk-order'),
      others: false,
      writesWait: false,
    };
    const operations = replica.disk.ready(limits, replica.nowNs, retryNs, ({ id, request }) =>
      disk === 'private'
        ? request.operation === 'read' || this.granted.has(id)
        : request.operation === 'read',
    );
    const generation = replica.claim?.won ? replica.claim.generation : replica.generation;
    for (const { id, request } of operations)
      replica.effects.push({ do: 'disk', id, request, generation, lowWater: 0 });
  }

  diskDone(id: number, status: number | 'refused', data: Uint8Array): void {
    if (id < 0) return this.sectorsWritten(id, status === DISK_OK);
    const operation = this.replica.disk.find(id);
    // The primary read these sectors successfully, so an error here is transient: the retry timer asks again.
    if (!operation || operation.answer) return;
    if (status !== DISK_OK) {
      if (this.replica.options.disk === 'private') operation.issuedNs = undefined;
      return;
    }
    operation.answer = { data };
    this.replica.hasPaused = false;
  }

  // ── The clock ─────────────────────────────────────────────────────────────────────────────────────────────────────

  wake(id: TimerId): void {
    const { replica } = this;
    const { heartbeatNs, retryNs } = replica.options.tuning;
    if (id === 'heartbeat') {
      const counts = this.inSync || replica.record.backups.includes(replica.name);
      if (counts && replica.hasVm) replica.beat(replica.record.primary);
      else this.offer();
      replica.timer('heartbeat', replica.nowNs + heartbeatNs);
    }
    if (id === 'retry') {
      this.issueOwnOperations(replica.options.disk === 'private' ? undefined : retryNs);
      // The last resume or its answer may have been lost.
      if (replica.hasVm && !this.following && replica.generation > 0) this.resume();
      replica.timer('retry', replica.nowNs + retryNs);
    }
  }

  /** Offers this host as a spare to all others. */
  private offer(): void {
    const { replica } = this;
    const { hosts, domain, name, load } = replica.options;
    const bytes = encodeMessage({ kind: 'available', generation: replica.generation, load, domain });
    for (const to of hosts) if (to !== name) replica.effects.push({ do: 'datagram', to, bytes });
  }
}
