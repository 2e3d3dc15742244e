/** Control's side of a host: asks, and gets answers. */
import { decode, encode } from '../base/codec.ts';
import { FormatError, OperatingError } from '../base/errors.ts';
import { type HostAnswer, type HostRequest, hostAnswer, hostRequest } from './host-messages.ts';
import type { Link } from './wire/link.ts';

interface Waiting {
  resolve: (answer: HostAnswer['body']) => void;
  reject: (error: OperatingError) => void;
}

/** A client of a host, over one link. */
export class HostClient {
  private nextId = 1;
  private readonly waiting = new Map<number, Waiting>();
  /** Why the link has broken; undefined while it stands. */
  private broken: string | undefined;

  constructor(private readonly link: Link) {
    link.onMessage = (message) => this.receive(message);
    link.onClose = (why) => {
      this.broken = `the link to ${link.peer.name} broke: ${why}`;
      for (const { reject } of this.waiting.values()) reject(new OperatingError(this.broken));
      this.waiting.clear();
    };
  }

  /**
   * Asks the host.
   * @throws {OperatingError} when it refuses, or when the link breaks: then nothing is known of the request's effect
   */
  async ask(body: HostRequest['body']): Promise<HostAnswer['body']> {
    if (this.broken !== undefined) throw new OperatingError(this.broken);
    const id = this.nextId++;
    const answered = new Promise<HostAnswer['body']>((resolve, reject) =>
      this.waiting.set(id, { resolve, reject }),
    );
    this.link.send(encode(hostRequest, { id, body }));
    const answer = await answered;
    if (answer.kind === 'refused') throw new OperatingError(`${this.link.peer.name}: ${answer.why}`);
    return answer;
  }

  /** What the host does. @throws {OperatingError} as {@link ask} */
  async status(): Promise<HostAnswer['body'] & { kind: 'status' }> {
    const answer = await this.ask({ kind: 'status' });
    if (answer.kind !== 'status') throw new OperatingError(`${this.link.peer.name} answers ${answer.kind}`);
    return answer;
  }

  private receive(message: Uint8Array): void {
    try {
      const { id, body } = decode(hostAnswer, message);
      this.waiting.get(id)?.resolve(body);
      this.waiting.delete(id);
    } catch (error) {
      if (!(error instanceof FormatError)) throw error;
      this.link.close(`an answer that is none: ${error.message}`);
    }
  }
}
