/**
 * One side of the pair: the VM and the protocol around it, as a state machine without I/O. `handle` takes an input and the host's
 * time and gives back effects to be performed in order. Rules: the paper, sections 2 and 3; which claim wins is decided
 * by shared storage alone.
 */
import { assert } from '../base/assert.ts';
import { Divergence, LiveDoors, RecordingDoors, ReplayDoors } from '../vmm/doors.ts';
import type { Entry, EntryKind } from '../vmm/entries.ts';
import type { MachineDescription } from '../vmm/machine.ts';
import { countOf, lastOf, type Output } from '../vmm/outputs.ts';
import { Vmm, verifyMarker } from '../vmm/vmm.ts';
import { announcement } from './announce.ts';
import { LogReceiver, LogSender } from './channel.ts';
import type { Effect, HostName, ReplicaEvent, ReplicaInput, StopReason, TimerId } from './effects.ts';
import { GuestClock } from './guest-clock.ts';
import { decodeMessage, encodeMessage, type Message, type MessageOf } from './messages.ts';
import { OutputGate } from './output-gate.ts';
import type { Tuning, UnsafeRule } from './rules.ts';

export interface ReplicaOptions {
  /** The host that this replica runs on. */
  name: HostName;
  description: MachineDescription;
  /** `alone` is a primary that never had a backup. */
  role: 'primary' | 'backup' | 'alone';
  /** The host's random numbers. */
  entropy: (sizeBytes: number) => Uint8Array;
  tuning: Tuning;
  unsafe: ReadonlySet<UnsafeRule>;
  /** Told everything that came through this machine's doors, whatever the channel carries: evidence for checkers. */
  witness: (entry: Entry) => void;
}

/**
 * `primary`: live, with a backup. `alone`: live, without. `backup`: replays. `stopped`: done, and never live again.
 */
export type Role = 'primary' | 'backup' | 'alone' | 'stopped';

export class Replica {
  readonly vmm: Vmm;
  private current: Role;
  private generation = 1;
  private readonly clock: GuestClock;
  private readonly live: LiveDoors;
  private readonly replay: ReplayDoors;
  private readonly sender: LogSender;
  private readonly receiver = new LogReceiver();
  private readonly gate = new OutputGate();
  private effects: Effect[] = [];
  /** The guest has nothing to do, or may not, until an input comes. */
  private resting = false;
  private lastHeardNs = 0;
  /** The generation that is being claimed, and whether that claim has been won. */
  private claim: { generation: number; won: boolean } | undefined;
  private nextCheck: number;
  /** The last output that has left, or that is known to have. */
  private releasedUpTo = 0;
  private poweringOff = false;
  /** How much of the console input the guest has been given, or has waiting. */
  private consoleOffset = 0;
  /** The number of the entry that tells of the orderly end. */
  private endEntry: number | undefined;

  constructor(private readonly options: ReplicaOptions) {
    const { description, tuning, role, unsafe } = options;
    this.current = role;
    this.clock = new GuestClock(options.entropy);
    this.live = new LiveDoors(this.clock);
    const kinds = unloggedKinds(unsafe);
    this.replay = new ReplayDoors(
      (entry) => this.passed(entry),
      kinds.size > 0 ? { world: this.clock, kinds } : undefined,
    );
    this.sender = new LogSender(tuning.sendBufferBytes, tuning.receiveBufferBytes);
    this.vmm = new Vmm(description, role === 'backup' ? this.witnessed(this.replay) : this.liveDoors());
    this.nextCheck = tuning.checkSteps;
  }

  get role(): Role {
    return this.current;
  }

  /** Whether a `cpu` input would be of use now. */
  get wantsCpu(): boolean {
    return this.current !== 'stopped' && !this.resting && !this.poweringOff;
  }

  /** How many entries were received and not consumed: what a backup has to drain. */
  get backlog(): number {
    return this.replay.waiting;
  }

  /** The number of the last log entry that this side holds. */
  get holdsEntries(): number {
    return this.receiver.received;
  }

  /** Takes one input at the host's time `nowNs` and says what is to be done about it, in order. */
  handle(input: ReplicaInput, nowNs: number): Effect[] {
    if (this.current === 'stopped') return [];
    this.effects = [];
    try {
      this.dispatch(input, nowNs);
    } catch (error) {
      if (!(error instanceof Divergence)) throw error;
      this.note({ kind: 'diverged', divergence: error });
      this.stop('diverged');
    }
    return this.effects;
  }

  private dispatch(input: ReplicaInput, nowNs: number): void {
    switch (input.kind) {
      case 'start':
        return this.start(nowNs);
      case 'cpu':
        return this.isLive ? this.runLive(input, nowNs) : this.runBackup(input, nowNs);
      case 'message':
        return this.hear(decodeMessage(input.bytes), nowNs);
      case 'timer':
        return this.wake(input.id, nowNs);
      case 'claim-answer':
        return this.answered(input.generation, input.record.primary, nowNs);
      case 'typed':
        return this.typed(input.offset, input.data);
      case 'frame':
        if (!this.isLive) return;
        this.live.frame(input.frame);
        this.resting = this.blocked;
    }
  }

  private get isLive(): boolean {
    return this.current === 'primary' || this.current === 'alone';
  }

  /** Flow control: the guest may not run until the backup has acknowledged more. */
  private get blocked(): boolean {
    return this.current === 'primary' && this.sender.full;
  }

  private note(event: ReplicaEvent): void {
    this.effects.push({ do: 'note', event });
  }

  private timer(id: TimerId, atNs: number): void {
    this.effects.push({ do: 'timer', id, atNs });
  }

  private send(message: Message): void {
    this.effects.push({ do: 'send', bytes: encodeMessage(message) });
  }

  private stop(reason: StopReason): void {
    this.current = 'stopped';
    this.effects.push({ do: 'stop', reason });
  }

  private halt(why: string): void {
    this.note({ kind: 'halted', why });
    this.stop('halted');
  }

  private start(nowNs: number): void {
    const { tuning } = this.options;
    this.lastHeardNs = nowNs;
    this.clock.startAt(nowNs, 0);
    this.note({ kind: 'booted', role: this.isLive ? 'primary' : 'backup' });
    if (this.isLive) this.effects.push({ do: 'listen', offset: 0 });
    if (this.current === 'alone') return;
    this.timer('heartbeat', nowNs);
    this.timer('suspect', nowNs + tuning.suspectNs);
  }

  // ── Live ──────────────────────────────────────────────────────────────────────────────────────────────────────────

  /** The world, noted for the channel while there is a backup. */
  private liveDoors(): RecordingDoors {
    const unlogged = unloggedKinds(this.options.unsafe);
    return this.witnessed(
      new RecordingDoors(this.live, (entry) => {
        if (!unlogged.has(entry.kind)) this.log(entry);
      }),
    );
  }

  private witnessed(doors: RecordingDoors | ReplayDoors): RecordingDoors {
    return new RecordingDoors(doors, this.options.witness);
  }

  private log(entry: Entry): void {
    if (this.current === 'primary') this.sender.append(entry);
  }

  private runLive({ steps, nsPerStep }: { steps: number; nsPerStep: number }, nowNs: number): void {
    const { vmm } = this;
    const before = vmm.icount;
    this.clock.beginSlice(nowNs, before, nsPerStep);
    const pause = vmm.run(this.current === 'primary' ? Math.min(steps, this.nextCheck - before) : steps);
    const ran = vmm.icount - before;
    this.effects.push({ do: 'ran', steps: ran });
    this.resting = pause === 'waiting' || pause === 'off';
    this.flush(vmm.machine.takeOutputs());
    if (vmm.icount >= this.nextCheck || pause === 'off') this.check();
    if (pause === 'off') {
      this.note({ kind: 'off', icount: vmm.icount, code: vmm.machine.power.code });
      this.poweringOff = true;
      this.finishPowerOff();
    }
    const deadline = vmm.machine.timerDeadline;
    if (pause === 'waiting' && deadline !== undefined && deadline <= Number.MAX_SAFE_INTEGER)
      this.timer('guest', this.clock.hostNs(Number(deadline)));
  }

  /** Ends a slice: an `output` entry of its own for what was made, or a horizon; then everything goes to the backup. */
  private flush(outputs: Output[]): void {
    const { icount, outputsMade } = this.vmm.machine;
    const made = outputs.length > 0;
    if (made) this.log({ kind: 'output', icount, made: outputsMade });
    else if (this.sender.lastEntryIcount < icount) this.log({ kind: 'horizon', icount });
    this.transmit();
    if (made) this.gate.hold(outputs, this.sender.last);
    for (const output of this.current === 'primary' ? outputs : [])
      this.note({ kind: 'held', ...spanOf(output), entry: this.sender.last });
    if (this.current === 'alone' || this.options.unsafe.has('output-rule')) this.release(this.gate.open());
    if (this.blocked) {
      if (!this.resting) this.note({ kind: 'full' });
      this.resting = true;
    }
  }

  private check(): void {
    if (this.current !== 'primary') return;
    const { icount } = this.vmm;
    const hash = this.vmm.machine.hash();
    this.log({ kind: 'check', icount, hash });
    this.note({ kind: 'checked', icount, hash });
    this.nextCheck = icount + this.options.tuning.checkSteps;
    this.transmit();
  }

  private transmit(): void {
    if (this.current !== 'primary') return;
    const message = this.sender.flush(this.generation, this.releasedUpTo);
    if (!message) return;
    const encoded = encodeMessage(message);
    this.note({
      kind: 'sent',
      first: message.first,
      last: message.first + message.entries.length - 1,
      sizeBytes: encoded.length,
      entries: message.entries,
    });
    this.effects.push({ do: 'send', bytes: encoded });
  }

  private release(outputs: Output[]): void {
    if (outputs.length === 0) return;
    for (const output of outputs) {
      this.note({ kind: 'released', ...spanOf(output) });
      this.releasedUpTo = Math.max(this.releasedUpTo, lastOf(output));
    }
    this.effects.push({ do: 'release', outputs, generation: this.generation });
  }

  /** The backup is told of an orderly end only when every output has left: else it would not know that it must release them. */
  private finishPowerOff(): void {
    if (this.gate.size > 0) return;
    if (this.current === 'alone') return this.stop('completed');
    if (this.endEntry === undefined) {
      const { code } = this.vmm.machine.power;
      this.log({ kind: 'control', icount: this.vmm.icount, action: 'power-off', code });
      this.endEntry = this.sender.last;
      this.transmit();
    }
    if (this.sender.acknowledged >= this.endEntry) this.stop('completed');
  }

  private typed(offset: number, data: Uint8Array): void {
    if (!this.isLive) return;
    assert(offset <= this.consoleOffset, 'the world types without gaps');
    const fresh = data.subarray(this.consoleOffset - offset);
    this.consoleOffset += fresh.length;
    this.live.type(fresh);
    this.resting = this.blocked;
  }

  // ── The channel ───────────────────────────────────────────────────────────────────────────────────────────────────

  private hear(message: Message, nowNs: number): void {
    // What belongs to another generation comes from a side that has been left out.
    if (message.generation !== this.generation) return;
    this.lastHeardNs = nowNs;
    if (message.kind === 'entries' && this.current === 'backup') this.receive(message);
    if (message.kind === 'ack' && this.current === 'primary') this.acknowledged(message);
  }

  /** Entries are acknowledged when they are held, not when they are executed. */
  private receive(message: MessageOf<'entries'>): void {
    for (const entry of this.receiver.accept(message)) this.replay.append(entry);
    this.releasedUpTo = Math.max(this.releasedUpTo, message.released);
    this.gate.forget(this.releasedUpTo);
    this.resting = false;
    this.note({ kind: 'received', last: this.receiver.received, consumed: this.receiver.consumed });
    this.send(this.receiver.ack(this.generation, this.vmm.icount));
  }

  private acknowledged(message: MessageOf<'ack'>): void {
    const wasFull = this.sender.full;
    this.sender.acknowledge(message);
    this.note({ kind: 'acknowledged', received: message.received, consumed: message.consumed });
    this.release(this.gate.open(message.received));
    this.transmit();
    if (wasFull && !this.sender.full) this.resting = false;
    if (this.poweringOff) this.finishPowerOff();
  }

  // ── Backup ────────────────────────────────────────────────────────────────────────────────────────────────────────

  private runBackup({ steps, nsPerStep }: { steps: number; nsPerStep: number }, nowNs: number): void {
    const { vmm, receiver, replay } = this;
    const before = vmm.icount;
    this.clock.beginSlice(nowNs, before, nsPerStep);
    const pause = vmm.run(steps);
    this.effects.push({ do: 'ran', steps: vmm.icount - before });
    receiver.consumed = receiver.received - replay.waiting;
    this.gate.hold(vmm.machine.takeOutputs(), 0);
    this.gate.forget(this.releasedUpTo);
    this.resting = pause !== 'budget';
    if (this.endEntry !== undefined) {
      this.note({ kind: 'ended' });
      return this.stop('completed');
    }
    if (!this.claim && receiver.consumptionIsNews) this.send(receiver.ack(this.generation, vmm.icount));
    this.goLiveWhenReady(nowNs);
  }

  /** A marker in the log, or an input, is about to be consumed. */
  private passed(entry: Entry): void {
    verifyMarker(entry, this.vmm.machine);
    if (entry.kind === 'check') this.note({ kind: 'checked', icount: entry.icount, hash: entry.hash });
    if (entry.kind === 'control' && entry.action === 'power-off') this.endEntry = this.receiver.received;
  }

  // ── Failure and arbitration ───────────────────────────────────────────────────────────────────────────────────────

  private wake(id: TimerId, nowNs: number): void {
    const { heartbeatNs, suspectNs, claimRetryNs } = this.options.tuning;
    switch (id) {
      case 'heartbeat':
        if (this.current === 'alone') return;
        this.effects.push({
          do: 'datagram',
          bytes: encodeMessage({ kind: 'heartbeat', generation: this.generation }),
        });
        return this.timer('heartbeat', nowNs + heartbeatNs);
      case 'suspect': {
        if (this.current === 'alone' || this.claim) return;
        const silentNs = nowNs - this.lastHeardNs;
        if (silentNs < suspectNs) return this.timer('suspect', this.lastHeardNs + suspectNs);
        return this.suspect(silentNs, nowNs);
      }
      case 'claim':
        if (!this.claimPending) return;
        this.requestClaim();
        return this.timer('claim', nowNs + claimRetryNs);
      case 'guest':
        this.resting = this.blocked;
    }
  }

  private get claimPending(): boolean {
    return this.claim !== undefined && !this.claim.won;
  }

  /** Suspicion is cheap: whether it was right doesn't matter, because only one claim can win. */
  private suspect(silentNs: number, nowNs: number): void {
    this.note({ kind: 'suspected', silentNs });
    if (this.current === 'backup')
      this.note({ kind: 'draining', entries: this.replay.waiting, icount: this.vmm.icount });
    this.claim = { generation: this.generation + 1, won: false };
    if (this.options.unsafe.has('test-and-set')) return this.won(nowNs);
    this.requestClaim();
    this.timer('claim', nowNs + this.options.tuning.claimRetryNs);
  }

  private requestClaim(): void {
    const { generation } = this.claim!;
    this.note({ kind: 'claimed', generation });
    this.effects.push({ do: 'claim', generation, record: { primary: this.options.name, backups: [] } });
  }

  private answered(generation: number, winner: HostName, nowNs: number): void {
    if (!this.claimPending || this.claim!.generation !== generation) return;
    if (winner === this.options.name) return this.won(nowNs);
    this.note({ kind: 'lost', generation, to: winner });
    this.halt(`generation ${generation} belongs to ${winner}`);
  }

  private won(nowNs: number): void {
    const { generation } = this.claim!;
    this.claim!.won = true;
    this.note({ kind: 'won', generation });
    if (this.current === 'backup') return this.goLiveWhenReady(nowNs);
    this.generation = generation;
    this.current = 'alone';
    this.resting = false;
    this.note({ kind: 'alone', icount: this.vmm.icount, generation });
    this.release(this.gate.open());
    if (this.poweringOff) this.finishPowerOff();
  }

  /** Going live (the paper, section 2.3): every entry that was received has been consumed, and storage has said yes. */
  private goLiveWhenReady(nowNs: number): void {
    if (!this.claim?.won || this.current !== 'backup') return;
    if (this.replay.waiting > 0 && !this.options.unsafe.has('drain')) return;
    const { machine } = this.vmm;
    this.current = 'alone';
    this.generation = this.claim.generation;
    this.clock.startAt(nowNs, machine.lastKnownTicks);
    this.vmm.doors = this.liveDoors();
    this.consoleOffset = machine.consoleReceived;
    this.resting = false;
    const outputs = this.gate.open();
    const pending = outputs.reduce((sum, output) => sum + countOf(output), 0);
    this.note({ kind: 'live', icount: machine.icount, generation: this.generation, pending });
    this.effects.push({ do: 'announce', frame: announcement(this.options.description.mac) });
    this.effects.push({ do: 'listen', offset: this.consoleOffset });
    this.release(outputs);
  }
}

const unloggedKinds = (unsafe: ReadonlySet<UnsafeRule>): ReadonlySet<EntryKind> =>
  new Set([
    ...(unsafe.has('log-clock') ? (['clock'] as const) : []),
    ...(unsafe.has('log-entropy') ? (['entropy'] as const) : []),
  ]);

function spanOf(output: Output): { first: number; last: number; text: string } {
  const text =
    output.kind === 'console'
      ? new TextDecoder().decode(output.data)
      : `frame of ${output.frame.length} bytes`;
  return { first: output.first, last: lastOf(output), text };
}
