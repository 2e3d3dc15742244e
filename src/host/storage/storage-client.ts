/** Clients of the storage service, over a link that may break and be replaced. */
import { decode, encode, type ValueOf } from '../../base/codec.ts';
import { OperatingError } from '../../base/errors.ts';
import type { DiskPort, GenerationStore } from '../../cluster/ports.ts';
import type { Effect, GenerationRecord } from '../../ft/effects.ts';
import { type Log, limitedLog } from '../limited-log.ts';
import type { Link } from '../wire/link.ts';
import {
  type AnswerBody,
  type GroupSummary,
  MAX_OUTSTANDING,
  MAX_PIECE_BYTES,
  type RequestBody,
  storageAnswer,
  storageRequest,
} from './storage-messages.ts';

/** Requests that only control may send, beyond those of replicas. */
const RESERVED = 16;
/** The pieces of an upload that are under way at a time. */
const UPLOAD_WINDOW = 4;

interface Waiting {
  /** Names a request of a replica; undefined for others. */
  key: string | undefined;
  /** Takes the answer; false if that kind of answer is out of place. */
  answer: (body: AnswerBody) => boolean;
  /** There will be no answer. */
  lost: (why: string) => void;
}

type Body<K> = Extract<AnswerBody, { kind: K }>;

/** A client: the replicas of several groups, and control. */
export class StorageClient {
  private link: Link | undefined;
  private nextId = 1;
  private readonly waiting = new Map<number, Waiting>();
  /** The unanswered requests of replicas. */
  private readonly ids = new Map<string, number>();
  private readonly log: Log;

  /** `log` receives a line when the service refuses or fails a replica's request; rate-limited. */
  constructor(log: Log = () => {}) {
    this.log = limitedLog(log);
  }

  /** Uses a new link instead of the one before, which is closed. `closed` is called when this one has broken. */
  attach(link: Link, closed: (why: string) => void = () => {}): void {
    const old = this.link;
    this.link = link;
    if (old) {
      old.close('replaced by a new link');
      this.lose('the link to storage was replaced');
    }
    link.onMessage = (message) => {
      if (this.link === link) this.receive(link, message);
    };
    link.onClose = (why) => {
      if (this.link === link) {
        this.link = undefined;
        this.lose(`the link to storage broke: ${why}`);
      }
      closed(why);
    };
  }

  /** Generations and disk of one group, for its replica. */
  group(group: string): GenerationStore & DiskPort {
    return {
      claim: (generation, record, answer) =>
        this.request({ kind: 'claim', group, generation, record }, `claim ${group} ${generation}`, (body) => {
          if (body.kind !== 'record' || !body.record) return false;
          answer(body.record);
          return true;
        }),
      read: (generation, answer) =>
        this.request({ kind: 'read', group, generation }, `read ${group} ${generation}`, (body) => {
          if (body.kind !== 'record') return false;
          answer(body.record);
          return true;
        }),
      perform: (effect, answer) =>
        this.request(
          diskRequest(group, effect),
          `disk ${group} ${effect.generation} ${effect.id}`,
          (body) => {
            if (body.kind === 'fenced') answer('refused', new Uint8Array(0));
            else if (body.kind === 'disk') answer(body.status, body.data);
            else return false;
            return true;
          },
        ),
    };
  }

  /**
   * Creates a group with its first record. Returns whether the group is as asked for: new, or created so before, for
   * instance by a request whose answer was lost. `description`: up to 1 MiB for those who run the group.
   * @throws {OperatingError} when the service refuses, or the link breaks: then repeat it
   */
  async createGroup(group: string, record: GenerationRecord, description: Uint8Array): Promise<boolean> {
    return (await this.ask({ kind: 'create', group, record, description }, 'created')).isSame;
  }

  /** Forgets a group, with its disk. Its hosts must have ended, and must not come back. */
  async removeGroup(group: string): Promise<void> {
    await this.ask({ kind: 'remove', group }, 'done');
  }

  /** All groups. */
  async groups(): Promise<GroupSummary[]> {
    return (await this.ask({ kind: 'groups' }, 'groups')).groups;
  }

  /** The description with which a group was created. */
  async describe(group: string): Promise<Uint8Array> {
    return (await this.ask({ kind: 'describe', group }, 'description')).description;
  }

  /**
   * Creates the disk of a group, of `sizeBytes`: `content`, followed by zeros. All of it is durable on return.
   * @throws {OperatingError} when the group has a disk, the content is too large, or the link breaks: then repeat it
   */
  async uploadDisk(
    group: string,
    sizeBytes: number,
    content: Iterable<Uint8Array> | AsyncIterable<Uint8Array> = [],
  ): Promise<void> {
    await this.ask({ kind: 'disk-create', group, sizeBytes }, 'done');
    let position = 0;
    let failure: unknown;
    const underWay: Promise<unknown>[] = [];
    for await (const part of content)
      for (let at = 0; at < part.length; at += MAX_PIECE_BYTES) {
        const data = part.subarray(at, at + MAX_PIECE_BYTES);
        const sent = this.ask({ kind: 'disk-piece', group, position, data }, 'done');
        underWay.push(
          sent.catch((error) => {
            failure ??= error;
          }),
        );
        position += data.length;
        if (underWay.length >= UPLOAD_WINDOW) await underWay.shift();
        if (failure) throw failure;
      }
    await Promise.all(underWay);
    if (failure) throw failure;
    await this.ask({ kind: 'disk-finish', group }, 'done');
  }

  private receive(link: Link, message: Uint8Array): void {
    let answer: ValueOf<typeof storageAnswer>;
    try {
      answer = decode(storageAnswer, message);
    } catch (error) {
      return link.close(`storage's answer: ${(error as Error).message}`);
    }
    const { id, body } = answer;
    const waiting = this.waiting.get(id);
    this.forget(id);
    if (!waiting?.answer(body))
      link.close(`storage's answer "${body.kind}" to request ${id} is out of place`);
  }

  private lose(why: string): void {
    const all = [...this.waiting.values()];
    this.waiting.clear();
    this.ids.clear();
    for (const { lost } of all) lost(why);
  }

  private forget(id: number): void {
    const key = this.waiting.get(id)?.key;
    if (key !== undefined) this.ids.delete(key);
    this.waiting.delete(id);
  }

  /**
   * A replica's request. It gets no answer when there is no link, or the link breaks: the replica repeats it. A
   * repetition over the same link is not sent, since that link never drops: the answer to the first is its answer.
   */
  private request(body: RequestBody, key: string, answer: (body: AnswerBody) => boolean): void {
    if (!this.link) return;
    const taken: Waiting = {
      key,
      lost: () => {},
      answer: (answered) => {
        if (answered.kind !== 'refused' && answered.kind !== 'failed') return answer(answered);
        this.log(`storage has ${answered.kind} ${key}: ${answered.why}`);
        return true;
      },
    };
    const sent = this.ids.get(key);
    if (sent !== undefined) this.waiting.set(sent, taken);
    else if (this.waiting.size < MAX_OUTSTANDING - RESERVED)
      this.ids.set(key, this.send(this.link, body, taken));
  }

  private ask<K extends AnswerBody['kind']>(request: RequestBody, kind: K): Promise<Body<K>> {
    return new Promise((resolve, reject) => {
      const { link } = this;
      if (!link) return reject(new OperatingError('there is no link to storage; is the service running?'));
      if (this.waiting.size >= MAX_OUTSTANDING)
        return reject(new OperatingError('storage is busy; try again'));
      const lost = (why: string) => reject(new OperatingError(why));
      this.send(link, request, {
        key: undefined,
        lost,
        answer: (body) => {
          if (body.kind === kind) resolve(body as Body<K>);
          else if (body.kind === 'refused' || body.kind === 'failed') lost(`storage: ${body.why}`);
          else {
            lost('storage has answered something else');
            return false;
          }
          return true;
        },
      });
    });
  }

  private send(link: Link, body: RequestBody, waiting: Waiting): number {
    const id = this.nextId++;
    this.waiting.set(id, waiting);
    link.send(encode(storageRequest, { id, body }));
    return id;
  }
}

function diskRequest(group: string, effect: Extract<Effect, { do: 'disk' }>): RequestBody {
  const { request, generation, id, lowWater } = effect;
  switch (request.operation) {
    case 'read':
      return { kind: 'disk-read', group, generation, sector: request.sector, sizeBytes: request.sizeBytes };
    case 'write': {
      const { sector, data } = request;
      return { kind: 'disk-write', group, generation, number: id, lowWater, sector, data };
    }
    default:
      return { kind: 'disk-flush', group, generation };
  }
}
