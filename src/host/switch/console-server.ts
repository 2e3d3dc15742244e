/** The switch's service for terminals: they attach to the consoles of groups. */
import { decode, encode } from '../../base/codec.ts';
import { OperatingError } from '../../base/errors.ts';
import type { Link } from '../wire/link.ts';
import {
  type ConsolePush,
  type ConsoleRequest,
  consolePush,
  consoleRequest,
  OUTPUT_PIECE_BYTES,
  OUTPUT_WINDOW_BYTES,
  TYPE_WINDOW_BYTES,
} from './console-messages.ts';
import { type EdgeServer, reason } from './edge-server.ts';
import type { Attacher, GroupConsole } from './group-console.ts';

/** Terminals at one console. */
export const MAX_ATTACHERS = 32;

/** Serves terminals, from the consoles of an {@link EdgeServer}. */
export class ConsoleServer {
  constructor(private readonly edge: EdgeServer) {}

  /** Serves a terminal, which may attach to several groups. What it sends wrongly closes this link. */
  serve(link: Link): void {
    const attachments = new Map<string, Attachment>();
    link.onMessage = (message) => {
      try {
        this.perform(decode(consoleRequest, message), attachments, link);
      } catch (error) {
        link.close(reason(error));
      }
    };
    link.onClose = () => {
      for (const attachment of attachments.values()) attachment.end();
    };
  }

  private perform(request: ConsoleRequest, attachments: Map<string, Attachment>, link: Link): void {
    const { group } = request;
    const attachment = attachments.get(group);
    if (request.kind === 'attach') {
      if (attachment) throw new OperatingError(`this terminal is attached to ${group} already`);
      attachments.set(group, new Attachment(this.console(group), request, link));
    } else {
      if (!attachment) throw new OperatingError(`this terminal is not attached to ${group}`);
      if (request.kind === 'type') attachment.type(request.from, request.data);
      else attachment.hasShown(request.upTo);
    }
  }

  private console(name: string): GroupConsole {
    const { edge } = this;
    const console = edge.group(name)?.console;
    if (!console) {
      const { names } = edge;
      throw new OperatingError(
        `there is no group ${name} at this switch; there are: ${names.join(', ') || 'none'}`,
      );
    }
    if (console.attachers.size >= MAX_ATTACHERS)
      throw new OperatingError(`${MAX_ATTACHERS} terminals are attached to ${name}; detach one of them`);
    return console;
  }
}

/** One terminal at one console. What it holds is bounded by the two windows. */
class Attachment implements Attacher {
  shown: number;
  /** Output before this offset is sent. */
  private sent: number;
  /** The session's bytes that were received, and those that are durable. */
  private received = 0;
  private durable = 0;
  private waiting: Uint8Array[] = [];
  private begun = false;
  private ended = false;

  constructor(
    private readonly console: GroupConsole,
    private readonly request: ConsoleRequest & { kind: 'attach' },
    private readonly link: Link,
  ) {
    const { outputStart, outputEnd } = console;
    // A terminal that has shown more than there is was attached to an earlier VM of this name.
    this.shown = request.shown > outputEnd ? outputStart : Math.max(request.shown, outputStart);
    this.sent = this.shown;
    // What still arrives on an older link of this session must not be taken besides what is sent again on this one.
    for (const other of console.attachers)
      if (other.session === request.session) other.close('this session has attached again');
    console.attachers.add(this);
    // Bytes that were taken on an older link count once they are durable.
    void console.inputDurable.then(() => this.begin());
  }

  get session(): bigint {
    return this.request.session;
  }

  private begin(): void {
    this.received = this.console.input.takenFrom(this.session);
    this.durable = this.received;
    this.begun = true;
    this.push({ kind: 'attached', offset: this.sent, taken: this.received });
    this.outputGrew();
  }

  close(why: string): void {
    this.end();
    this.link.close(why);
  }

  end(): void {
    this.ended = true;
    this.waiting = [];
    this.console.attachers.delete(this);
    this.console.trimOutput();
  }

  outputGrew(): void {
    const { console } = this;
    while (this.begun && !this.ended && this.sent < console.outputEnd) {
      if (this.sent < console.outputStart) {
        if (this.shown < this.sent) return;
        this.sent = console.outputStart;
        this.shown = this.sent;
      }
      const room = Math.min(OUTPUT_PIECE_BYTES, this.shown + OUTPUT_WINDOW_BYTES - this.sent);
      if (room <= 0) return;
      const data = console.readOutput(this.sent, room);
      this.push({ kind: 'output', offset: this.sent, data });
      this.sent += data.length;
    }
  }

  hasShown(upTo: number): void {
    if (upTo > this.sent) throw new OperatingError(`output up to ${upTo} can't be shown: it was not sent`);
    this.shown = Math.max(this.shown, upTo);
    this.console.trimOutput();
    this.outputGrew();
  }

  type(from: number, data: Uint8Array): void {
    if (!this.begun) throw new OperatingError('typed bytes before the answer to attach');
    if (from !== this.received)
      throw new OperatingError(`typed bytes from ${from} on; those from ${this.received} on come next`);
    if (data.length === 0) throw new OperatingError('typed bytes that are none');
    this.received += data.length;
    if (this.received - this.durable > TYPE_WINDOW_BYTES)
      throw new OperatingError(`more than ${TYPE_WINDOW_BYTES} typed bytes without an answer`);
    this.waiting.push(data);
    this.roomGrew();
  }

  roomGrew(): void {
    const { console, request } = this;
    for (let data = this.waiting[0]; data && !this.ended; data = this.waiting[0]) {
      const count: number = console.type(request.session, data, () => {
        this.durable += count;
        this.push({ kind: 'taken', upTo: this.durable });
      });
      if (count === data.length) this.waiting.shift();
      else this.waiting[0] = data.subarray(count);
      if (count === 0) return;
    }
  }

  private push(
    message: ConsolePush extends infer P ? (P extends ConsolePush ? Omit<P, 'group'> : never) : never,
  ) {
    if (this.ended) return;
    this.link.send(encode(consolePush, { group: this.request.group, ...message } as ConsolePush));
  }
}
