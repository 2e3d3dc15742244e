/** A client of Redis that keeps one connection, and notes how long it has waited for answers. */
import { connect, type Socket } from 'node:net';

/** One connection. It never connects again: a broken one fails what is under way. */
export class RedisClient {
  private received = '';
  private waiting: { resolve: (reply: string) => void; reject: (error: Error) => void } | undefined;
  private failure: Error | undefined;
  /** The longest wait for an answer since it was last read, in ms. */
  private longestMs = 0;

  private constructor(private readonly socket: Socket) {
    socket.setNoDelay(true);
    socket.setEncoding('latin1');
    socket.on('data', (text: string) => this.receive(text));
    const failed = (why: string) => {
      this.failure ??= new Error(`the connection to Redis has ended: ${why}`);
      this.waiting?.reject(this.failure);
    };
    socket.on('error', (error) => failed(error.message));
    socket.on('close', () => failed('closed'));
  }

  static connect(port: number): Promise<RedisClient> {
    return new Promise((resolve, reject) => {
      const socket = connect({ host: '127.0.0.1', port });
      socket.once('error', reject);
      socket.once('connect', () => {
        socket.off('error', reject);
        resolve(new RedisClient(socket));
      });
    });
  }

  /** Sends a command, and returns its reply: a line, an integer as text, or a string. */
  async ask(...words: string[]): Promise<string> {
    if (this.failure) throw this.failure;
    const startMs = performance.now();
    const reply = new Promise<string>((resolve, reject) => {
      this.waiting = { resolve, reject };
    });
    const body = words.map((word) => `$${Buffer.byteLength(word)}\r\n${word}\r\n`).join('');
    this.socket.write(`*${words.length}\r\n${body}`);
    const text = await reply;
    this.longestMs = Math.max(this.longestMs, performance.now() - startMs);
    return text;
  }

  /** The longest wait since the last call, in ms. */
  takeLongestMs(): number {
    const { longestMs } = this;
    this.longestMs = 0;
    return longestMs;
  }

  close(): void {
    this.socket.destroy();
  }

  private receive(text: string): void {
    this.received += text;
    const reply = whole(this.received);
    if (!reply || !this.waiting) return;
    this.received = this.received.slice(reply.length);
    const { resolve, reject } = this.waiting;
    this.waiting = undefined;
    if (reply.text.startsWith('-')) reject(new Error(reply.text));
    else resolve(reply.text.slice(1));
  }
}

/** The first whole reply of the protocol RESP2, with its kind in front; undefined if more bytes are needed. */
function whole(received: string): { text: string; length: number } | undefined {
  const end = received.indexOf('\r\n');
  if (end < 0) return undefined;
  const head = received.slice(0, end);
  if (head[0] !== '$' || head === '$-1') return { text: head, length: end + 2 };
  const length = Number(head.slice(1));
  const start = end + 2;
  if (received.length < start + length + 2) return undefined;
  return { text: `$${received.slice(start, start + length)}`, length: start + length + 2 };
}
