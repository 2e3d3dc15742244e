/** Control links: an operator's program asks, and a process answers. */
import { type Codec, decode, encode } from '../base/codec.ts';
import { FormatError, OperatingError } from '../base/errors.ts';
import type { Link } from './wire/link.ts';

/** A question or an answer. `id`: chosen by who asks, and named in the answer. */
export interface Numbered<B> {
  id: number;
  body: B;
}

/** What any process may answer. */
export type Refused = { kind: 'refused'; why: string };

interface Waiting<A> {
  resolve: (answer: A) => void;
  reject: (error: OperatingError) => void;
}

/** Asks over one link. */
export class ControlClient<Q, A extends { kind: string }> {
  private nextId = 1;
  private readonly waiting = new Map<number, Waiting<A>>();
  /** Why the link has broken; undefined while it stands. */
  private broken: string | undefined;

  constructor(
    private readonly link: Link,
    private readonly codecs: { request: Codec<Numbered<Q>>; answer: Codec<Numbered<A>> },
  ) {
    link.onMessage = (message) => this.receive(message);
    link.onClose = (why) => {
      this.broken = `the link to ${link.peer.role} ${link.peer.name} broke: ${why}`;
      for (const { reject } of this.waiting.values()) reject(new OperatingError(this.broken));
      this.waiting.clear();
    };
  }

  /**
   * Asks.
   * @throws {OperatingError} when it is refused, or when the link breaks: then nothing is known of the request's effect
   */
  async ask(body: Q): Promise<A> {
    if (this.broken !== undefined) throw new OperatingError(this.broken);
    const id = this.nextId++;
    const answered = new Promise<A>((resolve, reject) => this.waiting.set(id, { resolve, reject }));
    this.link.send(encode(this.codecs.request, { id, body }));
    const answer = await answered;
    if (isRefused(answer)) throw new OperatingError(answer.why);
    return answer;
  }

  /** Asks for one kind of answer. @throws {OperatingError} as {@link ask} */
  async askFor<K extends A['kind']>(kind: K, body: Q): Promise<Extract<A, { kind: K }>> {
    const answer = await this.ask(body);
    if (answer.kind === kind) return answer as Extract<A, { kind: K }>;
    const { role, name } = this.link.peer;
    throw new OperatingError(`${role} ${name} answers "${answer.kind}" where "${kind}" is expected`);
  }

  private receive(message: Uint8Array): void {
    try {
      const { id, body } = decode(this.codecs.answer, message);
      this.waiting.get(id)?.resolve(body);
      this.waiting.delete(id);
    } catch (error) {
      if (!(error instanceof FormatError)) throw error;
      this.link.close(`an answer that is none: ${error.message}`);
    }
  }
}

const isRefused = (answer: { kind: string }): answer is Refused => answer.kind === 'refused';

/** Questions of one link that may be unanswered. */
const MAX_UNANSWERED = 64;
/** A reason may repeat what was asked. */
const MAX_REASON_CHARACTERS = 1000;
/** A link whose peer does not read its answers breaks beyond this. */
const MAX_QUEUED_BYTES = 4 << 20;

/** Answers what comes over a link; `perform` may throw an {@link OperatingError} to refuse. */
export function serveControl<Q, A>(
  link: Link,
  codecs: { request: Codec<Numbered<Q>>; answer: Codec<Numbered<A | Refused>> },
  perform: (body: Q) => A | Promise<A>,
): void {
  let unanswered = 0;
  const answerTo = async (body: Q): Promise<A | Refused> => {
    try {
      return await perform(body);
    } catch (error) {
      if (!(error instanceof OperatingError)) throw error;
      return { kind: 'refused', why: error.message.slice(0, MAX_REASON_CHARACTERS) };
    }
  };
  link.onMessage = (message) => {
    try {
      const { id, body } = decode(codecs.request, message);
      if (unanswered >= MAX_UNANSWERED || link.queuedBytes > MAX_QUEUED_BYTES)
        return link.close('too many questions whose answers are not awaited');
      unanswered++;
      void answerTo(body).then((answer) => {
        unanswered--;
        link.send(encode(codecs.answer, { id, body: answer }));
      });
    } catch (error) {
      if (!(error instanceof FormatError)) throw error;
      link.close(`a message that is none: ${error.message}`);
    }
  };
}
