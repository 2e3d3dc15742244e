/** From a socket to a link: both ends say who they are, and check what they hear. */
import type { TLSSocket } from 'node:tls';
import { joined } from '../../base/bytes.ts';
import { FormatError } from '../../base/errors.ts';
import { FrameReader, frameHead } from './frames.ts';
import { decodeHello, encodeHello, type Hello, MAX_HELLO_BYTES } from './hello.ts';
import { describeProcess, sameProcess } from './identity.ts';
import type { Identity, ProcessName } from './link.ts';
import { type LinkLimits, TcpLink } from './tcp-link.ts';
import { socketErrorInWords } from './tls.ts';

/** What a {@link Handshake} is made with. */
export interface HandshakeOptions {
  /** The client speaks first, and the server only to a client that it accepts. */
  side: 'client' | 'server';
  self: Identity;
  /** Who the peer must be; undefined: anybody with the key. */
  expects?: ProcessName | undefined;
  limits: LinkLimits;
  /** Called once, with the link. */
  onLink(link: TcpLink): void;
  /** Called once, instead: the socket is closed. */
  onFailure(why: string): void;
}

/** Makes a link of a socket, or closes it. */
export class Handshake {
  private over = false;
  private readonly frames = new FrameReader(MAX_HELLO_BYTES);
  private readonly timer: NodeJS.Timeout;

  constructor(
    private readonly socket: TLSSocket,
    private readonly options: HandshakeOptions,
  ) {
    const { side, limits } = options;
    this.timer = setTimeout(() => this.fail(`no hello within ${limits.helloMs} ms`), limits.helloMs);
    if (side === 'client') socket.once('secureConnect', () => this.sayHello());
    socket.on('data', this.onData);
    socket.on('error', this.onError);
    socket.on('end', this.onEnd);
    socket.on('close', this.onEnd);
  }

  /** Gives up. */
  fail(why: string): void {
    if (!this.end()) return;
    this.socket.destroy();
    this.options.onFailure(why);
  }

  private readonly onData = (chunk: Buffer<ArrayBuffer>): void => {
    try {
      this.frames.push(chunk);
      const message = this.frames.next();
      if (message) this.hear(decodeHello(message));
    } catch (error) {
      if (!(error instanceof FormatError)) throw error;
      this.refuse(error.message);
    }
  };
  private readonly onError = (error: Error): void => this.fail(socketErrorInWords(error));
  private readonly onEnd = (): void => this.fail('the peer closed the connection before its hello');

  private hear(hello: Hello): void {
    if (hello.kind === 'refused') return this.fail(`the peer refuses: ${printable(hello.why)}`);
    const objection = this.objection(hello.identity);
    if (objection !== undefined) return this.refuse(objection);
    if (this.options.side === 'server') this.sayHello();
    if (!this.end()) return;
    const { socket, frames, options } = this;
    socket.pause();
    options.onLink(new TcpLink({ socket, frames, peer: hello.identity, limits: options.limits }));
  }

  /** What speaks against this peer. */
  private objection(peer: Identity): string | undefined {
    const { self, expects } = this.options;
    if (expects && !sameProcess(peer, expects)) {
      return `${describeProcess(peer)} is there, and ${describeProcess(expects)} is expected`;
    }
    // The own address, by mistake or by somebody who sends back what this process says; or a name given twice.
    if (sameProcess(peer, self)) return `both ends are ${describeProcess(self)}`;
    return undefined;
  }

  private sayHello(): void {
    this.say({ kind: 'hello', identity: this.options.self });
  }

  /** Gives up, and tells the peer why: it has the key, or nothing of this would have been read. */
  private refuse(why: string): void {
    if (!this.end()) return;
    this.say({ kind: 'refused', why });
    this.socket.destroySoon();
    this.options.onFailure(why);
  }

  private say(hello: Hello): void {
    const bytes = encodeHello(hello);
    this.socket.write(joined([frameHead(bytes.length), bytes]));
  }

  /** Whether this ends the handshake now. */
  private end(): boolean {
    if (this.over) return false;
    this.over = true;
    clearTimeout(this.timer);
    this.socket.off('data', this.onData).off('end', this.onEnd).off('close', this.onEnd);
    // Errors that come now are of no interest, but must have a listener.
    this.socket.off('error', this.onError).on('error', () => {});
    return true;
  }
}

/** What a peer says may be printed in a log: no line breaks, no control characters. */
const printable = (said: string): string => said.replace(/[^\x20-\x7e]/g, '?');
