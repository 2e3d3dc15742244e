/** A {@link Link} over a socket. */
import type { Socket } from 'node:net';
import { FRAME_HEAD_BYTES, type FrameReader, frameHead } from './frames.ts';
import { type Identity, type Link, MAX_MESSAGE_BYTES } from './link.ts';
import { SendQueue } from './send-queue.ts';
import { socketErrorInWords } from './tls.ts';

/** After so long without traffic the operating system asks whether the peer is still there, then every second. */
const KEEP_ALIVE_MS = 5000;

/** What a link may use. */
export interface LinkLimits {
  /** A peer that has not completed the hello by then is closed: connecting and TLS are included. */
  helloMs: number;
  /** A link with more bytes than this in its queue breaks. */
  maxQueuedBytes: number;
  /** A link whose peer takes none of the queued bytes for so long breaks: a host without power says nothing. */
  stallMs: number;
}

/** What a link may use by default. */
export const DEFAULT_LIMITS: LinkLimits = { helloMs: 5000, maxQueuedBytes: 128 << 20, stallMs: 30_000 };

/** What a {@link TcpLink} is made with. */
export interface TcpLinkOptions {
  /** Authenticated, its hello exchanged, and paused. */
  socket: Socket;
  /** Has read the hello, and possibly more. */
  frames: FrameReader;
  peer: Identity;
  limits: LinkLimits;
}

/**
 * One end of a link. Messages are received from the next turn of the event loop on. A received message may be a view of
 * a larger buffer: who keeps a small part for long copies it.
 */
export class TcpLink implements Link {
  onMessage: (message: Uint8Array) => void = () => {};
  onClose: (why: string) => void = () => {};
  /** As {@link onClose}, and before it: for the one who made the link. */
  onBroken: (why: string) => void = () => {};
  readonly peer: Identity;
  queuedBytes = 0;
  private open = true;
  private writing = false;
  private chunksWritten = 0;
  /** Looks after `stallMs` whether anything was written. Not the socket's own: it stays off after it fired once. */
  private stallTimer: NodeJS.Timeout | undefined;
  private readonly queue = new SendQueue();
  private readonly socket: Socket;
  private readonly frames: FrameReader;
  private readonly limits: LinkLimits;

  constructor({ socket, frames, peer, limits }: TcpLinkOptions) {
    this.socket = socket;
    this.frames = frames;
    this.peer = peer;
    this.limits = limits;
    frames.limitBytes = MAX_MESSAGE_BYTES;
    socket.setNoDelay(true);
    socket.setKeepAlive(true, KEEP_ALIVE_MS);
    socket.on('error', (error) => this.close(socketErrorInWords(error)));
    socket.on('end', () => this.close('the peer closed the connection'));
    socket.on('close', () => this.close('the connection closed'));
    setImmediate(() => this.startReading());
  }

  /** A larger message of the peer breaks the link. To be called in the turn in which the link was made. */
  limitMessages(limitBytes: number): void {
    this.frames.limitBytes = limitBytes;
  }

  send(message: Uint8Array): void {
    if (!this.open) return;
    if (message.length > MAX_MESSAGE_BYTES) {
      this.close(`a message of ${message.length} bytes can't be sent: the limit is ${MAX_MESSAGE_BYTES}`);
      return;
    }
    this.queuedBytes += FRAME_HEAD_BYTES + message.length;
    if (this.queuedBytes > this.limits.maxQueuedBytes) {
      this.close(`the peer reads too slowly: ${this.queuedBytes} bytes wait for it`);
      return;
    }
    this.queue.add(frameHead(message.length), message.length);
    this.queue.add(message);
    if (!this.writing) this.write();
  }

  close(why: string): void {
    if (!this.open) return;
    this.open = false;
    clearTimeout(this.stallTimer);
    this.queue.clear();
    this.queuedBytes = 0;
    this.socket.destroy();
    setImmediate(() => {
      this.onBroken(why);
      this.onClose(why);
    });
  }

  /** One chunk at a time is handed to the socket: what is sent meanwhile goes out together. */
  private write(): void {
    const chunk = this.queue.take();
    this.writing = chunk !== undefined;
    if (!chunk) return;
    if (!this.stallTimer) this.watchProgress();
    this.socket.write(chunk, (error) => {
      // After an error the link is about to break.
      if (error || !this.open) return;
      this.chunksWritten++;
      this.queuedBytes -= chunk.length;
      this.write();
    });
  }

  /** While something is being written, a chunk must be done in each `stallMs`. */
  private watchProgress(): void {
    const { chunksWritten } = this;
    const { stallMs } = this.limits;
    const check = () => {
      this.stallTimer = undefined;
      if (!this.writing || !this.open) return;
      if (this.chunksWritten > chunksWritten) this.watchProgress();
      else this.close(`the peer has taken no data for ${stallMs / 1000} s`);
    };
    // After a pause of this process, timers come before sockets: those first.
    this.stallTimer = setTimeout(() => setImmediate(check), stallMs);
  }

  private startReading(): void {
    if (!this.open) return;
    this.receive();
    this.socket.on('data', (chunk: Buffer<ArrayBuffer>) => {
      if (!this.open) return;
      this.frames.push(chunk);
      this.receive();
    });
    this.socket.resume();
  }

  private receive(): void {
    while (this.open) {
      const message = this.nextMessage();
      if (!message) return;
      this.onMessage(message);
    }
  }

  private nextMessage(): Uint8Array | undefined {
    try {
      return this.frames.next();
    } catch (error) {
      this.close(`the peer sends ${(error as Error).message}`);
      return undefined;
    }
  }
}
