/**
 * Ethernet frames over a stream socket, each after its length in 4 bytes, big-endian: what passt and QEMU's
 * `-netdev stream` and `-netdev socket` speak.
 */
import type { Duplex } from 'node:stream';
import { isFrameSize, MAX_FRAME_BYTES, MIN_FRAME_BYTES, type NetworkPort } from './network-port.ts';

const LENGTH_BYTES = 4;
/** Frames that would make the queue longer are dropped. */
const MAX_QUEUED_BYTES = 256 << 10;

/** A frame after its length. */
export function withLength(frame: Uint8Array): Uint8Array {
  const message = new Uint8Array(LENGTH_BYTES + frame.length);
  new DataView(message.buffer).setUint32(0, frame.length);
  message.set(frame, LENGTH_BYTES);
  return message;
}

/** Cuts a stream of bytes into frames, however it is chunked. It holds at most one incomplete frame. */
export class FrameParser {
  private readonly buffer = new Uint8Array(LENGTH_BYTES + MAX_FRAME_BYTES);
  private filled = 0;

  /**
   * Takes the next bytes of the stream; `onFrame` receives the frames that they complete, each in an array of its own.
   * Returns undefined, or what is wrong with the stream: then no more may be pushed.
   */
  push(chunk: Uint8Array, onFrame: (frame: Uint8Array) => void): string | undefined {
    let at = 0;
    while (at < chunk.length) {
      at += this.fill(chunk.subarray(at));
      if (this.filled < LENGTH_BYTES) return undefined;
      const { frameBytes } = this;
      if (!isFrameSize(frameBytes))
        return `a frame of ${frameBytes} bytes was announced; a frame has ${MIN_FRAME_BYTES} to ${MAX_FRAME_BYTES}`;
      if (this.filled < LENGTH_BYTES + frameBytes) continue;
      this.filled = 0;
      onFrame(this.buffer.slice(LENGTH_BYTES, LENGTH_BYTES + frameBytes));
    }
    return undefined;
  }

  /** Takes bytes up to the end of the length, or of the frame; returns how many. */
  private fill(chunk: Uint8Array): number {
    const end = this.filled < LENGTH_BYTES ? LENGTH_BYTES : LENGTH_BYTES + this.frameBytes;
    const taken = chunk.subarray(0, end - this.filled);
    this.buffer.set(taken, this.filled);
    this.filled += taken.length;
    return taken.length;
  }

  private get frameBytes(): number {
    return new DataView(this.buffer.buffer).getUint32(0);
  }
}

/** A stream socket as a network port. Its send queue is bounded: a frame that does not fit is dropped as a whole. */
export class FrameSocket implements NetworkPort {
  onFrame: (frame: Uint8Array) => void = () => {};
  onClose: (why: string) => void = () => {};
  /** Frames that were not sent because the queue was full, or because their size is not one of a frame. */
  dropped = 0;
  private readonly parser = new FrameParser();
  private open = true;

  /** `maxQueuedBytes`: the bound of the send queue. */
  constructor(
    private readonly socket: Duplex,
    readonly description: string,
    private readonly maxQueuedBytes = MAX_QUEUED_BYTES,
  ) {
    socket.on('data', (chunk: Buffer) => this.received(chunk));
    socket.on('error', (error) => this.close(error.message));
    // A peer that ends its side ends the port: an Ethernet cable has no half-open state.
    socket.on('end', () => this.close('the peer has closed the connection'));
    socket.on('close', () => this.close('the connection is closed'));
  }

  send(frame: Uint8Array): void {
    if (!this.open) return;
    const fits = this.socket.writableLength + LENGTH_BYTES + frame.length <= this.maxQueuedBytes;
    if (fits && isFrameSize(frame.length)) this.socket.write(withLength(frame));
    else this.dropped++;
  }

  close(why: string): void {
    if (!this.open) return;
    this.open = false;
    this.socket.destroy();
    this.onClose(why);
  }

  private received(chunk: Uint8Array): void {
    if (!this.open) return;
    const wrong = this.parser.push(chunk, (frame) => this.open && this.onFrame(frame));
    if (wrong !== undefined) this.close(wrong);
  }
}
