import type { Socket } from 'node:net';
import { OperatingError } from '../../base/errors.ts';

/** Reads pieces of known sizes from a socket. What is not asked for stays in the socket: its buffers are the bound. */
export class SocketReader {
  private parts: Buffer[] = [];
  private sizeBytes = 0;
  private failure: Error | undefined;
  private wanted:
    | { sizeBytes: number; resolve: (data: Buffer) => void; reject: (error: Error) => void }
    | undefined;

  constructor(private readonly socket: Socket) {
    socket.on('data', (part: Buffer) => {
      this.parts.push(part);
      this.sizeBytes += part.length;
      this.deliver();
    });
    socket.on('error', (error) => this.fail(error));
    socket.on('close', () => this.fail(new OperatingError('the connection has ended')));
  }

  /** The next `sizeBytes` bytes. One call at a time. @throws when the connection ends before */
  take(sizeBytes: number): Promise<Buffer> {
    return new Promise((resolve, reject) => {
      this.wanted = { sizeBytes, resolve, reject };
      this.deliver();
      if (!this.wanted) return;
      if (this.failure) reject(this.failure);
      else this.socket.resume();
    });
  }

  private deliver(): void {
    const { wanted } = this;
    if (wanted && this.sizeBytes >= wanted.sizeBytes) {
      const all = this.parts.length === 1 ? this.parts[0]! : Buffer.concat(this.parts);
      this.parts = all.length > wanted.sizeBytes ? [all.subarray(wanted.sizeBytes)] : [];
      this.sizeBytes = all.length - wanted.sizeBytes;
      this.wanted = undefined;
      wanted.resolve(all.subarray(0, wanted.sizeBytes));
    } else if (!wanted) this.socket.pause();
  }

  private fail(error: Error): void {
    this.failure ??= error;
    this.wanted?.reject(this.failure);
    this.wanted = undefined;
  }
}
