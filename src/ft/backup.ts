/** The side that follows: it replays the primary's log, acknowledges what it holds, and keeps what it would need to go live. */
import { DISK_OK } from '../devices/device.ts';
import type { Entry, EntryOf } from '../vmm/entries.ts';
import { applyDelta } from '../vmm/snapshot.ts';
import { Vmm, verifyMarker } from '../vmm/vmm.ts';
import { CopyReceiver } from './copy.ts';
import type { CpuInput, HostName, TimerId } from './effects.ts';
import type { Message, MessageOf } from './messages.ts';
import { type GenerationStarts, isDisk, isWorld, type Side } from './side.ts';

export class Backup {
  /** The log here goes on with what the primary sends: the stream between them is unbroken. */
  following = false;
  /** The log here is a beginning of the primary's, whether or not the stream is unbroken at the moment. */
  inStep = false;
  /** The log here has whatever explains an output that has left: this side may go live if the others can't. */
  complete = false;
  /** The log says that this side is to go live here. */
  handover = false;
  lastHeardNs: number;
  private copy: CopyReceiver | undefined;
  /** Marks the resume that waits for an answer. */
  private token = 0;
  /** What the primary's log looks like, for when this one goes on with it. */
  private offered: GenerationStarts | undefined;
  private acknowledgedConsumed = 0;
  private ended = false;
  private endReached = false;
  /** Private disks: completions that the log holds; a write here waits for its own. */
  private readonly granted = new Set<number>();
  /** Sectors that are being copied to this side's own disk. Their numbers are below zero: they are none of the guest's. */
  private readonly writing = new Map<number, { sector: number; data: Uint8Array }>();
  private sectorWrites = 0;

  constructor(private readonly side: Side) {
    this.lastHeardNs = side.nowNs;
  }

  get consumed(): number {
    return this.side.log.last - this.side.replay.waiting;
  }

  /** A machine that is being copied here, as far as it has come. */
  get partial(): CopyReceiver | undefined {
    return this.copy;
  }

  get wantsCpu(): boolean {
    const { side } = this;
    return side.hasVm && !side.hasPaused && (this.following || side.claim !== undefined);
  }

  // ── Getting in step ───────────────────────────────────────────────────────────────────────────────────────────────

  /** Says to the primary where this side stands. Until the answer the machine stands still. */
  resume(): void {
    const { side } = this;
    this.following = false;
    this.token++;
    side.send(side.record.primary, {
      kind: 'resume',
      generation: side.generation,
      log: side.hasVm ? (side.starts.at(-1)?.generation ?? 0) : 0,
      received: side.hasVm ? side.log.last : 0,
      consumed: side.hasVm ? this.consumed : 0,
      token: this.token,
    });
  }

  hear(from: HostName, message: Message): void {
    const { side } = this;
    if (from !== side.record.primary) return;
    this.lastHeardNs = side.nowNs;
    if ('ticks' in message) side.clock.heard(message.ticks, side.nowNs);
    switch (message.kind) {
      case 'entries':
        return this.receive(message);
      case 'prepare':
        side.dropVm();
        this.following = false;
        this.inStep = false;
        this.complete = false;
        this.copy = new CopyReceiver(from, message.copy, message.description, side.options.execution);
        return;
      case 'pages':
        if (this.copy?.number !== message.copy) return;
        this.copy.pages(message.packed);
        side.send(from, { kind: 'pages-ack', generation: side.generation, copy: message.copy });
        return;
      case 'sectors':
        if (this.copy?.number === message.copy) this.writeSectors(message.sector, message.data);
        return;
      case 'state':
        if (this.copy?.number === message.copy) this.install(message);
    }
  }

  /** Sectors of the other side's disk are to be on this one. */
  private writeSectors(sector: number, data: Uint8Array): void {
    const { side } = this;
    const id = -++this.sectorWrites;
    this.writing.set(id, { sector, data });
    side.effects.push({
      do: 'disk',
      id,
      request: { operation: 'write', sector, data },
      generation: side.generation,
      floor: 0,
    });
  }

  private sectorsWritten(id: number, ok: boolean): void {
    const { side } = this;
    const write = this.writing.get(id);
    this.writing.delete(id);
    if (!write || !this.copy) return;
    if (!ok) return this.writeSectors(write.sector, write.data);
    const { generation } = side;
    side.send(this.copy.from, {
      kind: 'sectors-ack',
      generation,
      copy: this.copy.number,
      sector: write.sector,
    });
  }

  /** The copy is complete. A machine that is not the one that was copied is let go. */
  private install(message: MessageOf<'state'>): void {
    const { side } = this;
    const { machine, from } = this.copy!;
    const whole = this.copy!.finish(message.delta, message.hash);
    this.copy = undefined;
    if (!whole) return;
    side.install(new Vmm(machine.description, side.replay, machine));
    side.history = message.history;
    side.speed = message.speed;
    side.starts = message.starts;
    side.log.startAfter(message.entry, machine.icount);
    side.gate.hold(message.outputs.filter(isWorld), message.entry);
    side.disk.start(message.outputs.filter(isDisk), message.entry);
    side.note({ kind: 'installed', from, history: message.history, icount: machine.icount });
    this.follow();
    this.acknowledge();
  }

  private follow(): void {
    const { side } = this;
    this.following = true;
    this.inStep = true;
    this.acknowledgedConsumed = this.consumed;
    side.hasPaused = false;
    if (side.record.backups.includes(side.name)) this.complete = true;
    side.note({ kind: 'following', primary: side.record.primary, entry: side.log.last });
  }

  /** The primary's log as it described it. Whoever follows it already has that log. */
  describes(starts: GenerationStarts): void {
    this.offered = starts;
    if (this.following) this.side.starts = starts;
  }

  // ── The channel ───────────────────────────────────────────────────────────────────────────────────────────────────

  /** Entries are acknowledged when they are held, not when they are executed. */
  private receive(message: MessageOf<'entries'>): void {
    const { side } = this;
    // Once storage has said yes, what is to be drained is settled.
    if (!side.hasVm || this.ended || side.claim?.won) return;
    if (!this.following) {
      if (message.answers !== this.token || this.token === 0) return;
      this.goOnFrom(message.first);
    }
    if (message.first > side.log.last + 1) return this.resume();
    for (const entry of message.entries.slice(side.log.last + 1 - message.first)) {
      side.log.append(entry);
      side.replay.append(entry);
      if (entry.kind === 'disk' && entry.status === DISK_OK) this.granted.add(entry.id);
    }
    side.gate.forget(message.settled);
    side.disk.settle(message.floor);
    side.log.forget(Math.min(message.floor, this.consumed), side.options.tuning.retainBytes);
    side.hasPaused = false;
    side.note({ kind: 'received', last: side.log.last, consumed: this.consumed });
    this.acknowledge();
  }

  /** What this log holds from entry `first` on is not part of the primary's, and was not consumed. */
  private goOnFrom(first: number): void {
    const { side } = this;
    const surplus = side.log.last - (first - 1);
    if (surplus > 0) {
      side.replay.retract(side.replay.waiting - surplus);
      side.log.truncate(first - 1);
    }
    side.gate.restart(side.log.last);
    side.starts = this.offered ?? side.starts;
    this.follow();
  }

  acknowledge(): void {
    const { side } = this;
    if (!this.following) return;
    this.acknowledgedConsumed = this.consumed;
    side.send(side.record.primary, {
      kind: 'ack',
      generation: side.generation,
      received: side.log.last,
      consumed: this.consumed,
      icount: side.vmm.icount,
    });
  }

  /** Whether enough was consumed since the last acknowledgement that the primary should know. */
  private get consumptionIsNews(): boolean {
    return this.consumed - this.acknowledgedConsumed >= 64 || this.consumed === this.side.log.last;
  }

  // ── Running ───────────────────────────────────────────────────────────────────────────────────────────────────────

  run({ steps, nsPerStep, end = {} }: CpuInput): void {
    const { side } = this;
    const { vmm } = side;
    const before = vmm.icount;
    side.clock.beginSlice(side.nowNs, before, nsPerStep);
    const consumedBefore = this.consumed;
    const pause = vmm.run(steps, side.isAt({ output: end.output }));
    const ran = vmm.icount - before;
    side.effects.push({
      do: 'ran',
      steps: ran,
      restNs: Math.round(ran * nsPerStep * (1000 / side.speed - 1)),
    });
    this.collect();
    side.hasPaused = pause !== 'budget';
    if (this.endReached) {
      this.ended = true;
      side.note({ kind: 'ended' });
      return side.stop('completed');
    }
    this.readForItself();
    if (!side.claim && this.consumed > consumedBefore && this.consumptionIsNews) this.acknowledge();
  }

  /** What the machine has made is kept here: the primary may die before the world has it. */
  private collect(): void {
    const { side } = this;
    const outputs = side.vmm.machine.takeOutputs();
    side.gate.hold(outputs.filter(isWorld), side.log.last);
    side.disk.start(outputs.filter(isDisk), side.log.last);
  }

  /** An entry of the log is about to be consumed. */
  passed(entry: Entry): void {
    const { side } = this;
    verifyMarker(entry, side.vmm.machine);
    // An operation must have started before it ends, in the list as in the machine.
    if (entry.kind === 'disk') this.collect();
    switch (entry.kind) {
      case 'check':
        return side.note({ kind: 'checked', icount: entry.icount, hash: entry.hash });
      case 'disk':
        this.granted.delete(entry.id);
        return side.disk.complete(entry.id, this.consumed);
      case 'checkpoint':
        return this.restore(entry);
      case 'control':
        return this.control(entry);
    }
  }

  private restore({ history, delta, outputs, open, icount }: EntryOf<'checkpoint'>): void {
    const { side } = this;
    applyDelta(side.vmm.machine, delta);
    side.history = history;
    side.gate.hold(outputs.filter(isWorld), this.consumed);
    side.disk.start(outputs.filter(isDisk), this.consumed);
    side.disk.keep(open, this.consumed);
    side.note({ kind: 'installed', from: side.record.primary, history, icount });
  }

  private control({ action, value }: EntryOf<'control'>): void {
    const { side } = this;
    if (action === 'power-off') this.endReached = true;
    if (action === 'speed') side.speed = value;
    // What an earlier generation said of its members is past.
    if (this.consumed < side.starts.at(-1)!.first) return;
    if (action === 'switch-over' && side.options.hosts[value] === side.name) this.handover = true;
  }

  // ── A disk that each side reads for itself (the paper, section 4.2), or has for itself (4.1) ──────────────────────────

  private readForItself(retryNs = Number.POSITIVE_INFINITY): void {
    const { side } = this;
    const { disk } = side.options;
    // A side that was left out would read what the others have written since.
    if (disk === 'shared' || !(this.inStep || this.complete)) return;
    const limits = {
      held: Number.POSITIVE_INFINITY,
      ordered: !side.is('disk-order'),
      others: false,
      writesWait: false,
    };
    const operations = side.disk.ready(limits, side.nowNs, retryNs, ({ id, request }) =>
      disk === 'private'
        ? request.operation === 'read' || this.granted.has(id)
        : request.operation === 'read',
    );
    const generation = side.claim?.won ? side.claim.generation : side.generation;
    for (const { id, request } of operations)
      side.effects.push({ do: 'disk', id, request, generation, floor: 0 });
  }

  diskDone(id: number, status: number | 'refused', data: Uint8Array): void {
    if (id < 0) return this.sectorsWritten(id, status === DISK_OK);
    const operation = this.side.disk.find(id);
    // What the primary could read this side can read as well, sooner or later: it is asked again.
    if (!operation || operation.answer) return;
    if (status !== DISK_OK) {
      if (this.side.options.disk === 'private') operation.issuedNs = undefined;
      return;
    }
    operation.answer = { data };
    this.side.hasPaused = false;
  }

  // ── The clock ─────────────────────────────────────────────────────────────────────────────────────────────────────

  wake(id: TimerId): void {
    const { side } = this;
    const { heartbeatNs, retryNs } = side.options.tuning;
    if (id === 'heartbeat') {
      const counts = this.inStep || side.record.backups.includes(side.name);
      if (counts && side.hasVm) side.beat(side.record.primary);
      else this.offer();
      side.timer('heartbeat', side.nowNs + heartbeatNs);
    }
    if (id === 'retry') {
      this.readForItself(side.options.disk === 'private' ? undefined : retryNs);
      // An answer to the last one may have been lost.
      if (side.hasVm && !this.following && side.generation > 0) this.resume();
      side.timer('retry', side.nowNs + retryNs);
    }
  }

  /** A host without a part in the VM says that it has room. */
  private offer(): void {
    const { side } = this;
    const { hosts, domain, name, load } = side.options;
    for (const host of hosts)
      if (host !== name)
        side.datagram(host, { kind: 'available', generation: side.generation, load, domain });
  }
}
