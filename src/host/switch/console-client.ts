/** A terminal's side of a console: it attaches again after its link broke, and loses or doubles no byte. */
import { decode, encode } from '../../base/codec.ts';
import type { Link } from '../wire/link.ts';
import { ByteLog } from './byte-log.ts';
import {
  type ConsolePush,
  type ConsoleRequest,
  consolePush,
  consoleRequest,
  TYPE_WINDOW_BYTES,
} from './console-messages.ts';
import { reason } from './edge-server.ts';

/** What a {@link ConsoleClient} is made with. */
export interface ConsoleClientOptions {
  group: string;
  /** A random number of 64 bits. */
  session: bigint;
  /**
   * Shows output; `offset` is since the guest's boot. The next window of output is sent when it returns or, if it gives
   * a promise, when that is resolved.
   */
  output: (data: Uint8Array, offset: number) => void | Promise<void>;
  /** Output before `offset` is not kept any more: `bytes` of it were never shown here. */
  gap: (bytes: number, offset: number) => void;
  /** The link has broken; attach to a new one, unless `why` says that it is of no use. */
  broken: (why: string) => void;
}

interface Waiting {
  upTo: number;
  resolve: () => void;
}

/** One terminal. */
export class ConsoleClient {
  private link: Link | undefined;
  private attached = false;
  /** Output before this offset was given to `output`; undefined before the first output. */
  private shown: number | undefined;
  /** What was typed and is not taken by the switch. */
  private readonly typed = new ByteLog();
  private sent = 0;
  private waiting: Waiting[] = [];

  constructor(private readonly options: ConsoleClientOptions) {}

  /** Uses a link, in place of the one before. */
  attach(link: Link): void {
    this.detach('another link is used');
    this.link = link;
    link.onMessage = (message) => {
      try {
        const push = decode(consolePush, message);
        if (push.group === this.options.group) this.pushed(push, link);
      } catch (error) {
        link.close(reason(error));
      }
    };
    link.onClose = (why) => {
      this.link = undefined;
      this.attached = false;
      this.options.broken(why);
    };
    this.send({ kind: 'attach', session: this.options.session, shown: this.shown ?? 0 });
  }

  /** Closes the link. What was typed and not taken is sent when another one is attached. */
  detach(why: string): void {
    const { link } = this;
    if (!link) return;
    link.onMessage = () => {};
    link.onClose = () => {};
    link.close(why);
    this.link = undefined;
    this.attached = false;
  }

  /**
   * Types bytes. Resolves when the switch has taken them: they reach the guest then, whatever fails. Type more
   * afterwards, for what is not taken is kept in memory.
   */
  type(data: Uint8Array): Promise<void> {
    if (data.length === 0) return Promise.resolve();
    this.typed.append(data.slice());
    const upTo = this.typed.end;
    this.sendTyped();
    return new Promise((resolve) => this.waiting.push({ upTo, resolve }));
  }

  private pushed(push: ConsolePush, link: Link): void {
    if (push.kind === 'output') return this.show(push.offset, push.data, link);
    const taken = push.kind === 'attached' ? push.taken : push.upTo;
    if (push.kind === 'attached') this.begin(push.offset, push.taken);
    this.typed.forget(taken);
    while (this.waiting[0] && this.waiting[0].upTo <= taken) this.waiting.shift()!.resolve();
    this.sendTyped();
  }

  private begin(offset: number, taken: number): void {
    // A switch that has forgotten the session counts from its own number: what is not taken gets the numbers after it.
    if (taken < this.typed.start || taken > this.typed.end) this.renumber(taken);
    this.attached = true;
    this.sent = taken;
    this.skipTo(offset);
  }

  private renumber(taken: number): void {
    const by = taken - this.typed.start;
    this.typed.moveTo(taken);
    for (const one of this.waiting) one.upTo += by;
  }

  private skipTo(offset: number): void {
    const bytes = offset - (this.shown ?? offset);
    if (bytes > 0) this.options.gap(bytes, offset);
    this.shown = offset;
  }

  private show(offset: number, data: Uint8Array, link: Link): void {
    if (offset !== this.shown) this.skipTo(offset);
    const upTo = offset + data.length;
    this.shown = upTo;
    const done = () => {
      if (this.link === link) this.send({ kind: 'shown', upTo });
    };
    const showing = this.options.output(data, offset);
    if (showing) showing.then(done, () => link.close('the terminal does not take output'));
    else done();
  }

  private sendTyped(): void {
    while (this.attached && this.sent < this.typed.end) {
      const room = this.typed.start + TYPE_WINDOW_BYTES - this.sent;
      if (room <= 0) return;
      const data = this.typed.read(this.sent, room);
      this.send({ kind: 'type', from: this.sent, data });
      this.sent += data.length;
    }
  }

  private send(
    request: ConsoleRequest extends infer R ? (R extends ConsoleRequest ? Omit<R, 'group'> : never) : never,
  ): void {
    const { group } = this.options;
    this.link?.send(encode(consoleRequest, { group, ...request } as ConsoleRequest));
  }
}
