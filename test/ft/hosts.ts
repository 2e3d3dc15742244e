import { Fence } from '../../src/cluster/edge/fence.ts';
import { SeenNumbers } from '../../src/cluster/edge/seen-numbers.ts';
import { perform } from '../../src/cluster/perform.ts';
import type { Ports } from '../../src/cluster/ports.ts';
import type {
  Command,
  Effect,
  GenerationRecord,
  ReplicaEvent,
  ReplicaInput,
  TimerId,
} from '../../src/ft/effects.ts';
import { decodeMessage, encodeMessage, type Message, type MessageOf } from '../../src/ft/messages.ts';
import { Replica, type ReplicaOptions } from '../../src/ft/replica.ts';
import { defaultTuning } from '../../src/ft/rules.ts';
import type { Entry } from '../../src/vmm/entries.ts';
import { machineOf } from './guest.ts';

export const MS = 1_000_000;

/** Prints A, computes for a while, prints B, computes, and powers off with exit code 5. */
export const twoLetters = `
    li      s0, 0x10000000
    li      a0, 'A'
    sb      a0, 0(s0)
    call    work
    li      a0, 'B'
    sb      a0, 0(s0)
    call    work
    li      t0, 0x100000
    li      t1, (5 << 16) | 0x3333
    sw      t1, 0(t0)
end: j      end
work:
    li      t0, 100
1:  addi    t0, t0, -1
    bnez    t0, 1b
    ret
`;
/** Prints X once, then sleeps with the UART's FIFO on. */
export const sleeper = `
    li      s0, 0x10000000
    li      a0, 1
    sb      a0, 2(s0)
    li      a0, 'X'
    sb      a0, 0(s0)
1:  wfi
    j       1b
`;
/** Prints a letter every 106 steps, endlessly, the first in step 3. */
export const alphabet = `
    li      s0, 0x10000000
1:  li      a0, 'a'
2:  sb      a0, 0(s0)
    li      t0, 50
3:  addi    t0, t0, -1
    bnez    t0, 3b
    addi    a0, a0, 1
    li      t1, 'z'
    bgtu    a0, t1, 1b
    j       2b
`;

export interface Setting extends Partial<Omit<ReplicaOptions, 'name' | 'role' | 'description' | 'tuning'>> {
  source?: string;
  diskSectors?: number;
  tuning?: Partial<ReplicaOptions['tuning']>;
}

/** A replica and the time on its host. */
export class TestHost {
  readonly replica: Replica;
  nowNs = 0;
  readonly started: Effects;

  constructor(
    readonly name: string,
    role: ReplicaOptions['role'],
    { source = twoLetters, diskSectors = 0, tuning = {}, ...changed }: Setting = {},
  ) {
    this.replica = new Replica({
      domain: name,
      load: 0,
      hosts: ['primary', 'backup'],
      record: { primary: 'primary', backups: ['backup'] },
      backups: 1,
      replication: 'lockstep',
      disk: 'shared',
      entropy: (sizeBytes) => new Uint8Array(sizeBytes),
      unsafe: new Set(),
      witness: () => {},
      ...changed,
      name,
      role,
      description: machineOf(source, diskSectors),
      tuning: { ...defaultTuning, ...tuning },
    });
    this.started = this.do({ kind: 'start' });
  }

  do(input: ReplicaInput): Effects {
    return new Effects(this.replica.handle(input, this.nowNs));
  }
  cpu(steps: number): Effects {
    return this.do({ kind: 'cpu', steps, nsPerStep: 10 });
  }
  hear(from: string, message: Message): Effects {
    return this.do({ kind: 'message', from, bytes: encodeMessage(message) });
  }
  after(ns: number, input: ReplicaInput): Effects {
    this.nowNs += ns;
    return this.do(input);
  }
  timer(id: TimerId, afterNs = 0): Effects {
    return this.after(afterNs, { kind: 'timer', id });
  }
  ack(received: number, { from = 'backup', generation = 1, consumed = received } = {}): Effects {
    return this.hear(from, { kind: 'ack', generation, received, consumed, icount: 0 });
  }
  storage(generation: number, primary?: string, ...backups: string[]): Effects {
    return this.do({ kind: 'record', generation, record: primary ? { primary, backups } : undefined });
  }
  /** The console has received everything up to a number. */
  delivered(number: number): Effects {
    return this.do({ kind: 'delivered', edge: 'console', number });
  }
  command(command: Command): Effects {
    return this.do({ kind: 'command', command });
  }
  get hash(): bigint {
    return this.replica.vmm!.machine.hash();
  }
}

/** The effects of one input. */
export class Effects {
  constructor(readonly all: readonly Effect[]) {}

  of<K extends Effect['do']>(kind: K): Extract<Effect, { do: K }>[] {
    return this.all.filter((effect): effect is Extract<Effect, { do: K }> => effect.do === kind);
  }
  get messages(): Message[] {
    return this.of('send').map(({ bytes }) => decodeMessage(bytes));
  }
  get datagrams(): Message[] {
    return this.of('datagram').map(({ bytes }) => decodeMessage(bytes));
  }
  get entries(): Entry[] {
    return this.messages.flatMap((message) => (message.kind === 'entries' ? message.entries : []));
  }
  /** The number of the last entry that was sent. */
  get last(): number {
    const message = this.messages.findLast((sent): sent is MessageOf<'entries'> => sent.kind === 'entries')!;
    return message.first + message.entries.length - 1;
  }
  /** The console outputs that were released, as text. */
  get released(): string {
    return this.of('release')
      .flatMap(({ outputs }) => outputs)
      .map((output) => (output.kind === 'console' ? new TextDecoder().decode(output.data) : '?'))
      .join('');
  }
  get notes(): ReplicaEvent['kind'][] {
    return this.of('note').map(({ event }) => event.kind);
  }
  event<K extends ReplicaEvent['kind']>(kind: K): Extract<ReplicaEvent, { kind: K }> | undefined {
    const found = this.of('note').find(({ event }) => event.kind === kind);
    return found?.event as Extract<ReplicaEvent, { kind: K }> | undefined;
  }
  get stopped(): string | undefined {
    return this.of('stop')[0]?.reason;
  }
}

/** One effect of a host; a list of them is in global order. */
interface Performed {
  by: string;
  effect: Effect;
}

/**
 * Several hosts, shared storage and a console: messages arrive at once and in order, unless a host is cut off. Guests
 * run and timers expire only when a test says so.
 */
export class Group {
  readonly hosts = new Map<string, TestHost>();
  readonly storage = new Map<number, GenerationRecord>();
  /** Hosts that are cut off: they neither send nor receive. */
  readonly cut = new Set<string>();
  readonly performed: Performed[] = [];
  storageAnswers = true;
  /** What is on its way to storage or back. Given, a test decides what of it arrives, when, and how often. */
  underWay: (() => void)[] | undefined;
  private readonly fence = new Fence(true);
  private readonly seen = new SeenNumbers(true);
  private readonly console: string[] = [];

  /** Hosts `primary`, `backup`, `backup2`, … and `spare`, …. `own`: settings of single hosts. */
  constructor(backups: number, spares: number, setting: Setting = {}, own: Record<string, Setting> = {}) {
    const numbered = (name: string, count: number) =>
      Array.from({ length: count }, (_, index) => (index === 0 ? name : `${name}${index + 1}`));
    const members = numbered('backup', backups);
    const hosts = ['primary', ...members, ...numbered('spare', spares)];
    const record = { primary: 'primary', backups: members };
    this.storage.set(1, record);
    for (const name of hosts) {
      const role = name === 'primary' ? 'primary' : members.includes(name) ? 'backup' : 'spare';
      this.hosts.set(name, new TestHost(name, role, { hosts, record, backups, ...setting, ...own[name] }));
    }
    for (const host of this.hosts.values()) this.perform(host, host.started);
  }

  host(name: string): TestHost {
    return this.hosts.get(name)!;
  }
  replica(name: string): Replica {
    return this.host(name).replica;
  }

  /** Gives one host an input, and performs all effects that follow on every host. */
  do(name: string, input: ReplicaInput): void {
    const host = this.host(name);
    this.perform(host, host.do(input));
  }
  cpu(name: string, steps: number): void {
    const host = this.host(name);
    this.perform(host, host.cpu(steps));
  }
  timer(name: string, id: TimerId): void {
    this.do(name, { kind: 'timer', id });
  }
  /** Time passes on every host; no timer expires. */
  wait(ns: number): void {
    for (const host of this.hosts.values()) host.nowNs += ns;
  }
  /** Passes `count` heartbeat intervals; each wakes every host for its periodic work. */
  beat(count: number): void {
    for (let beat = 0; beat < count; beat++) {
      this.wait(2 * MS);
      for (const name of this.hosts.keys())
        for (const id of ['heartbeat', 'suspect', 'claim', 'retry'] as const)
          if (!this.cut.has(name)) this.timer(name, id);
    }
  }
  /** In each slice the primary runs `steps` steps, and the others replay what they hold. */
  work(slices: number, steps = 106): void {
    for (let slice = 0; slice < slices; slice++) {
      for (const name of this.running) if (this.replica(name).role === 'primary') this.cpu(name, steps);
      this.drain();
    }
  }
  /** The backups replay what they hold. */
  drain(): void {
    for (const name of this.running) if (this.replica(name).role !== 'primary') this.cpu(name, 100_000);
  }
  private get running(): string[] {
    return [...this.hosts.keys()].filter((name) => !this.cut.has(name) && this.replica(name).wantsCpu);
  }

  private perform(host: TestHost, effects: Effects): void {
    for (const effect of effects.all) {
      this.performed.push({ by: host.name, effect });
      this.one(host, effect);
    }
  }

  private one(host: TestHost, effect: Effect): void {
    switch (effect.do) {
      case 'ran':
      case 'copied':
      case 'timer':
      case 'note':
      case 'stop':
        return;
      default:
        perform(effect, this.portsOf(host.name), (input) => this.do(host.name, input));
    }
  }

  /** Ports that answer at once. */
  private portsOf(name: string): Omit<Ports, 'clock'> {
    const send = (to: string, bytes: Uint8Array) => {
      if (!this.cut.has(name) && !this.cut.has(to)) this.do(to, { kind: 'message', from: name, bytes });
    };
    return {
      transport: { stream: send, datagram: send, restored: () => {} },
      generations: {
        claim: (generation, record, answer) =>
          this.pass(name, () => {
            if (!this.storage.has(generation)) this.storage.set(generation, record);
            const found = this.storage.get(generation)!;
            if (this.storageAnswers) this.pass(name, () => answer(found));
          }),
        read: (generation, answer) =>
          this.pass(name, () => {
            const found = this.storage.get(generation);
            if (this.storageAnswers) this.pass(name, () => answer(found));
          }),
      },
      edge: {
        release: ({ outputs, generation }, delivered) => {
          if (!this.fence.admits(generation)) return;
          for (const output of outputs) {
            const fresh = output.kind === 'console' ? this.seen.fresh(output) : undefined;
            if (fresh) this.console.push(new TextDecoder().decode(fresh.data));
            delivered(output);
          }
        },
        listen: () => {},
        announce: () => {},
        inputsHeld: () => {},
      },
      disk: { perform: () => {} },
    };
  }

  /** A request of a host reaches storage, or an answer the host: at once, or when a test says so. */
  private pass(name: string, arrive: () => void): void {
    if (this.cut.has(name)) return;
    if (this.underWay) this.underWay.push(arrive);
    else arrive();
  }

  get printed(): string {
    return this.console.join('');
  }
  /** The kinds of the events that a host noted since effect `from`. */
  notes(by: string, from = 0): ReplicaEvent['kind'][] {
    return this.performed
      .slice(from)
      .flatMap(({ by: who, effect }) => (who === by && effect.do === 'note' ? [effect.event.kind] : []));
  }
  event<K extends ReplicaEvent['kind']>(by: string, kind: K): Extract<ReplicaEvent, { kind: K }> | undefined {
    const found = this.performed.findLast(
      ({ by: who, effect }) => who === by && effect.do === 'note' && effect.event.kind === kind,
    );
    return found?.effect.do === 'note'
      ? (found.effect.event as Extract<ReplicaEvent, { kind: K }>)
      : undefined;
  }
}
