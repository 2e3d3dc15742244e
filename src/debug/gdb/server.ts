/**
 * The server side of GDB's remote serial protocol, without a socket: bytes in, bytes out. Source: GDB manual, "Remote
 * Protocol"; where it leaves a choice, what QEMU's gdbstub does.
 */
import { hexOf } from '../../base/text.ts';
import { Divergence } from '../../vmm/doors.ts';
import { type Addressing, readMemory } from '../address-space.ts';
import type { Between, DebugSession, Operation, Stop } from '../session.ts';
import type { Watchpoint } from '../stop-points.ts';
import { Monitor } from './monitor.ts';
import {
  bytesOfHex,
  escaped,
  hex,
  hexOfRegister,
  hexOfText,
  MAX_PACKET_BYTES,
  PacketParser,
  packetOf,
} from './packets.ts';
import { GENERAL_REGISTERS, REGISTER, registerValue, targetDescription } from './registers.ts';

/** Packets that wait while the guest runs. gdb sends none then. */
const MAX_WAITING = 64;
/** The signals of stop replies (GDB manual, "Stop Reply Packets"; gdb's own numbers). */
const SIGNAL = { interrupt: 2, trap: 5 } as const;
/** The most bytes of memory that one packet reads. */
const MAX_READ_BYTES = MAX_PACKET_BYTES / 2;

/** What is under way. */
interface Running {
  /** Does a part; returns `ended` when it has been answered. */
  part(): Between | 'ended';
  /** Where the guest was before, when it is there again after an interruption. */
  from: number | undefined;
}

/** What a server needs. */
export interface GdbServerOptions {
  session: DebugSession;
  send(bytes: Uint8Array): void;
  /** gdb has asked to change registers or memory, at this position: what to do instead. */
  refused?(icount: number): string;
  /** gdb has detached, or has killed the guest: the connection ends. */
  ended(how: 'detached' | 'killed'): void;
}

const features = [
  `PacketSize=${hex(MAX_PACKET_BYTES)}`,
  'qXfer:features:read+',
  'QStartNoAckMode+',
  'ReverseStep+',
  'ReverseContinue+',
  'swbreak+',
  'hwbreak+',
  'vContSupported+',
];

const watchKinds = { 2: 'write', 3: 'read', 4: 'access' } as const;
const watchNames = { write: 'watch', read: 'rwatch', access: 'awatch' } as const;

/** Serves one gdb. */
export class GdbServer {
  private readonly parser = new PacketParser();
  private readonly waiting: string[] = [];
  private running: Running | undefined;
  private interrupted = false;
  private acknowledges = true;
  private lastSent: Uint8Array | undefined;
  private stopReply = `T${hex(SIGNAL.trap, 2)}thread:1;`;
  private addressing: Addressing = 'virtual';
  /** The types of the breakpoints at an address. */
  private readonly breakpoints = new Map<bigint, Set<string>>();
  private readonly monitor: Monitor;

  constructor(private readonly options: GdbServerOptions) {
    this.monitor = new Monitor(options.session);
  }

  /** What gdb has sent. */
  receive(bytes: Uint8Array): void {
    for (const received of this.parser.feed(bytes))
      switch (received.is) {
        case 'packet':
          if (this.acknowledges) this.options.send(packetByte('+'));
          if (this.waiting.length < MAX_WAITING) this.waiting.push(received.content);
          break;
        case 'bad packet':
          if (this.acknowledges) this.options.send(packetByte('-'));
          break;
        case 'retransmission request':
          // gdb 13 asks again also without acknowledgments, when an answer takes long: the last packet was another's.
          if (this.acknowledges && this.lastSent && !this.running) this.options.send(this.lastSent);
          break;
        case 'interrupt':
          // While the guest stands there is nothing to interrupt.
          this.interrupted = this.running !== undefined || this.waiting.length > 0;
          break;
        case 'acknowledgment':
          break;
      }
  }

  /** Does a part of what is to be done; returns whether there is more to do at once, or later, or nothing. */
  work(): Between | 'idle' {
    if (this.running) {
      if (this.continueRunning(this.running) === 'waiting') return 'waiting';
    } else {
      const packet = this.waiting.shift();
      if (packet !== undefined) this.handle(packet);
    }
    return this.running !== undefined || this.waiting.length > 0 ? 'busy' : 'idle';
  }

  private reply(content: string): void {
    this.lastSent = packetOf(escaped(content));
    this.options.send(this.lastSent);
  }

  /** Text for gdb's user, while the guest runs. */
  private say(line: string): void {
    this.reply(`O${hexOfText(`${line}\n`)}`);
  }

  /** Begins what is answered when it has ended: by `ended`, or by `diverged`, with the guest where it contradicts its log. */
  private begin<T>(
    operation: Generator<Between, T>,
    { ended, diverged }: { ended(result: T): void; diverged(why: string): void },
    from?: number,
  ): undefined {
    const part = () => {
      try {
        const { done, value } = operation.next();
        if (!done) return value;
        ended(value);
      } catch (error) {
        if (!(error instanceof Divergence)) throw error;
        diverged(`the replay diverges ${error.message}`);
      }
      return 'ended';
    };
    this.running = { part, from };
    return undefined;
  }

  private run(operation: Operation, from?: number): undefined {
    return this.move(operation, (stop) => this.stopped(SIGNAL.trap, stop), from);
  }

  /** Begins an operation that gdb sees as a move of the guest. */
  private move(operation: Operation, ended: (stop: Stop) => void, from?: number): undefined {
    const diverged = (why: string) => {
      this.say(why);
      ended({ why: 'end' });
    };
    return this.begin(operation, { ended, diverged }, from);
  }

  /**
   * gdb takes it that a RISC-V machine stops before the access that a watchpoint reports, as QEMU does, and takes one
   * step to see what it changes: forwards, or backwards.
   */
  private runOn(): undefined {
    const { session } = this.options;
    return this.run(before(session.continue(), () => session.stepBack()));
  }

  private runBack(): undefined {
    const { session } = this.options;
    return this.run(
      before(session.reverseContinue(), () => session.step()),
      session.icount,
    );
  }

  private continueRunning({ part, from }: Running): Between | 'ended' {
    if (!this.interrupted) {
      const how = part();
      if (how === 'ended' && this.running?.part === part) this.running = undefined;
      return how;
    }
    this.running = undefined;
    this.interrupted = false;
    const stopped = () => this.stopped(SIGNAL.interrupt);
    // Looking through the past may be anywhere: the guest is where it was.
    if (from === undefined) stopped();
    else this.move(this.options.session.goTo(from), stopped);
    return 'busy';
  }

  private stopped(signal: number, stop?: Stop): void {
    this.interrupted = false;
    const { machine } = this.options.session;
    if (stop?.why === 'end' && machine.power.off)
      this.say(`the guest has switched off with exit code ${machine.power.code}`);
    const registers = [REGISTER.pc, REGISTER.sp, REGISTER.fp].map(
      (number) => `${hex(number, 2)}:${hexOfRegister(registerValue(machine, number)!)};`,
    );
    this.stopReply = `T${hex(signal, 2)}${registers.join('')}thread:1;${this.reasonOf(stop)}`;
    this.reply(this.stopReply);
  }

  /** The reason in a stop reply. */
  private reasonOf(stop: Stop | undefined): string {
    if (stop?.why === 'start') return 'replaylog:begin;';
    if (stop?.why === 'end') return 'replaylog:end;';
    if (stop?.why !== 'hit') return '';
    if (stop.reached === 'breakpoint')
      return this.breakpoints.get(stop.address)?.has('0') ? 'swbreak:;' : 'hwbreak:;';
    const { kind, address } = stop.watchpoint;
    return `${watchNames[kind]}:${hex(address)};`;
  }

  private handle(packet: string): void {
    const answer = this.answer(packet);
    if (answer !== undefined) this.reply(answer);
    // The acknowledgment of the packet that ends acknowledgments was still sent.
    if (packet === 'QStartNoAckMode') this.acknowledges = false;
  }

  /** The reply to a packet: empty when the packet is not known; undefined when it comes later. Long: the commands. */
  private answer(packet: string): string | undefined {
    const { session, ended } = this.options;
    const rest = packet.slice(1);
    switch (packet[0]) {
      case '?':
        return this.stopReply;
      case 'g':
        return Array.from({ length: GENERAL_REGISTERS }, (_, number) =>
          hexOfRegister(registerValue(session.machine, number)!),
        ).join('');
      case 'p': {
        const value = registerValue(session.machine, Number.parseInt(rest, 16));
        return value === undefined ? 'E.there is no such register' : hexOfRegister(value);
      }
      case 'm':
        return this.readMemory(rest);
      case 'G':
      case 'P':
      case 'M':
      case 'X':
        return this.refusal;
      case 's':
        return this.run(session.step());
      case 'c':
        return this.runOn();
      case 'b':
        if (rest === 's') return this.run(session.stepBack(), session.icount);
        return rest === 'c' ? this.runBack() : '';
      case 'v':
        return this.answerVerbose(packet);
      case 'Z':
      case 'z':
        return this.changePoint(packet[0] === 'Z', rest);
      case 'H':
      case 'T':
        return 'OK';
      case 'D':
        this.reply('OK');
        ended('detached');
        return undefined;
      case 'k':
        ended('killed');
        return undefined;
      case 'q':
      case 'Q':
        return this.answerQuery(packet);
      default:
        return '';
    }
  }

  /** Why nothing is changed, and what to do instead. */
  private get refusal(): string {
    const { session, refused } = this.options;
    const instead = refused?.(session.icount);
    const why = 'E.the past cannot be changed: this run follows its log';
    return instead === undefined ? why : `${why}; ${instead}`;
  }

  private answerVerbose(packet: string): string | undefined {
    const { session } = this.options;
    if (packet === 'vCont?') return 'vCont;c;C;s;S';
    const [, action] = /^vCont;([cCsS])/.exec(packet) ?? [];
    if (action) return /s/i.test(action) ? this.run(session.step()) : this.runOn();
    if (packet.startsWith('vKill')) {
      this.reply('OK');
      this.options.ended('killed');
      return undefined;
    }
    return '';
  }

  private answerQuery(packet: string): string | undefined {
    const [name] = packet.split(/[:,;]/, 1);
    switch (name) {
      case 'qSupported':
        return features.join(';');
      case 'QStartNoAckMode':
        return 'OK';
      case 'qXfer':
        return transfer(packet);
      case 'qC':
        return 'QC1';
      case 'qfThreadInfo':
        return 'm1';
      case 'qsThreadInfo':
        return 'l';
      case 'qThreadExtraInfo':
        return hexOfText('hart 0');
      case 'qAttached':
        return '1';
      case 'qSymbol':
        return 'OK';
      case 'qRcmd':
        return this.command(packet.slice(name.length + 1));
      case 'qqemu.PhyMemMode':
        return this.addressing === 'physical' ? '1' : '0';
      case 'Qqemu.PhyMemMode':
        this.addressing = packet.endsWith(':0') ? 'virtual' : 'physical';
        return 'OK';
      default:
        return '';
    }
  }

  /** `monitor …`. Its answer may come after the guest has been moved. */
  private command(content: string): string | undefined {
    const bytes = bytesOfHex(content);
    if (!bytes) return 'E.the command is not in hexadecimal digits';
    const result = this.monitor.command(new TextDecoder().decode(bytes));
    if (typeof result === 'string') return hexOfText(result);
    const { session } = this.options;
    const ended = (answer: string) => this.reply(hexOfText(answer));
    const diverged = (why: string) => ended(`${why}\nicount ${session.icount}\n`);
    return this.begin(this.keptAlive(result), { ended, diverged }, session.icount);
  }

  /** gdb waits two seconds for the answer to a command, and then reports an error; an empty text lets it wait on. */
  private *keptAlive(operation: Generator<Between, string>): Generator<Between, string> {
    for (;;) {
      const { done, value } = operation.next();
      if (done) return value;
      this.reply('O');
      yield value;
    }
  }

  private readMemory(rest: string): string {
    const [, address, size] = /^([0-9a-f]{1,16}),([0-9a-f]{1,8})$/i.exec(rest) ?? [];
    if (address === undefined) return 'E.not an address and a length';
    const sizeBytes = Math.min(Number.parseInt(size!, 16), MAX_READ_BYTES);
    const { hart } = this.options.session.machine;
    const content = readMemory(hart, BigInt(`0x${address}`), sizeBytes, this.addressing);
    return content.length === 0 && sizeBytes > 0 ? 'E14' : hexOf(content);
  }

  /** Sets or removes a breakpoint (types 0 and 1) or a watchpoint (2 to 4). */
  private changePoint(isSet: boolean, rest: string): string {
    const [, type, place, size] = /^([0-4]),([0-9a-f]{1,16}),([0-9a-f]{1,8})(;.*)?$/i.exec(rest) ?? [];
    if (type === undefined) return '';
    const { points } = this.options.session;
    const address = BigInt(`0x${place}`);
    if (type === '0' || type === '1') {
      const types = this.breakpoints.get(address) ?? new Set();
      if (isSet) types.add(type);
      else types.delete(type);
      this.breakpoints.set(address, types);
      if (types.size > 0) points.addBreakpoint(address);
      else {
        points.removeBreakpoint(address);
        this.breakpoints.delete(address);
      }
      return 'OK';
    }
    const kind = watchKinds[Number(type) as 2 | 3 | 4];
    const watchpoint: Watchpoint = { address, sizeBytes: Number.parseInt(size!, 16), kind };
    if (isSet) points.addWatchpoint(watchpoint);
    else points.removeWatchpoint(watchpoint);
    return 'OK';
  }
}

/** An operation that, when a watchpoint is reached, is followed by a step to where gdb expects the guest. */
function* before(operation: Operation, step: () => Operation): Operation {
  const stop = yield* operation;
  if (stop.why === 'hit' && stop.reached === 'watchpoint') yield* step();
  return stop;
}

const packetByte = (char: string): Uint8Array => Uint8Array.of(char.charCodeAt(0));

/** A part of the target description: `qXfer:features:read:target.xml:OFFSET,LENGTH`. */
function transfer(packet: string): string {
  const [, annex, offset, length] =
    /^qXfer:features:read:([^:]*):([0-9a-f]{1,8}),([0-9a-f]{1,8})$/i.exec(packet) ?? [];
  if (annex === undefined) return '';
  if (annex !== 'target.xml') return 'E00';
  const from = Number.parseInt(offset!, 16);
  const part = targetDescription.slice(from, from + Number.parseInt(length!, 16));
  const isLast = from + part.length >= targetDescription.length;
  return `${isLast ? 'l' : 'm'}${part}`;
}
