/**
 * Generation records in etcd (v3), through its JSON gateway: a key for each generation, created by a transaction that
 * compares its `create_revision` with 0. Keys and values are base64; what is false or empty is absent from an answer.
 *
 * A claim that ran into its time limit may take effect later. The protocol allows that: a claim without an answer is
 * repeated unchanged, at the next member, and reads back whichever record came first.
 */
import { decode, encode } from '../../base/codec.ts';
import { OperatingError } from '../../base/errors.ts';
import type { GenerationStore } from '../../cluster/ports.ts';
import type { GenerationRecord } from '../../ft/effects.ts';
import { GROUP_NAME } from '../groups.ts';
import type { Log } from '../limited-log.ts';
import { generationRecord, groupDescription, MAX_DESCRIPTION_BYTES } from './storage-messages.ts';

/** How long one member may take. A cluster that has lost its majority answers after seconds. */
const MEMBER_MS = 200;
/** The requests of one store that may be under way. */
const MAX_UNDER_WAY = 16;
/** The largest answer: a description in base64, and more. */
const MAX_ANSWER_BYTES = 2 * MAX_DESCRIPTION_BYTES;

/** What a store is made with. */
export interface EtcdOptions {
  /** Client URLs of the members, such as `http://10.0.0.1:2379`. */
  endpoints: readonly string[];
  group: string;
  /** Receives a line when no member answers any more, and when one does again. */
  log?: Log;
  memberMs?: number;
}

interface KeyValue {
  value?: string;
}
interface Txn {
  succeeded?: boolean;
  responses?: { response_range?: { kvs?: KeyValue[] } }[];
}
interface Range {
  kvs?: KeyValue[];
}

const base64 = (data: Uint8Array | string): string => Buffer.from(data as string).toString('base64');

/** One group's generations in etcd. */
export class EtcdGenerations implements GenerationStore {
  private readonly endpoints: readonly URL[];
  /** The member that is asked first: the last one that answered. */
  private first = 0;
  /** Requests under way, by name: a repetition waits for the answer to the first. */
  private readonly underWay = new Set<string>();
  private isReachable = true;
  private readonly stopping = new AbortController();

  /** @throws {OperatingError} when an endpoint is no URL, or the name is none of a group */
  constructor(private readonly options: EtcdOptions) {
    if (!GROUP_NAME.test(options.group))
      throw new OperatingError(`"${options.group}" is not the name of a group`);
    if (options.endpoints.length === 0) throw new OperatingError('etcd: name at least one member');
    this.endpoints = options.endpoints.map(endpoint);
  }

  claim(generation: number, record: GenerationRecord, answer: (record: GenerationRecord) => void): void {
    this.request(`claim ${generation}`, async () => {
      const standing = await this.testAndSet(this.key(generation), encode(generationRecord, record));
      const decoded = decode(generationRecord, standing);
      return () => answer(decoded);
    });
  }

  read(generation: number, answer: (record: GenerationRecord | undefined) => void): void {
    this.request(`read ${generation}`, async () => {
      const found = await this.get(this.key(generation));
      const record = found && decode(generationRecord, found);
      return () => answer(record);
    });
  }

  /**
   * Creates generation 1, and stores the group's description. Returns whether the group is as asked for: new, or
   * created so before. @throws {OperatingError} when no member answers: then repeat it
   */
  async createGroup(record: GenerationRecord, description: Uint8Array): Promise<boolean> {
    // The description first: a group that has its first record can be started.
    const described = await this.testAndSet(this.descriptionKey, encode(groupDescription, description));
    if (Buffer.compare(decode(groupDescription, described), description) !== 0) return false;
    const wanted = encode(generationRecord, record);
    return Buffer.compare(await this.testAndSet(this.key(1), wanted), wanted) === 0;
  }

  /** The description of the group; undefined if it does not exist. */
  async describe(): Promise<Uint8Array | undefined> {
    const found = await this.get(this.descriptionKey);
    return found && decode(groupDescription, found);
  }

  /** Forgets the group. Its hosts must have ended. @throws {OperatingError} when no member answers: then repeat it */
  async remove(): Promise<void> {
    const all = `vmft/${this.options.group}`;
    // All keys that begin with `all/`: the byte after the slash ends the range.
    await this.post('/v3/kv/deleterange', { key: base64(`${all}/`), range_end: base64(`${all}0`) });
  }

  /** Ends the requests under way: none is answered any more. */
  close(): void {
    this.stopping.abort();
  }

  private key(generation: number): string {
    return base64(`vmft/${this.options.group}/generations/${generation}`);
  }

  private get descriptionKey(): string {
    return base64(`vmft/${this.options.group}/description`);
  }

  private async testAndSet(key: string, value: Uint8Array): Promise<Uint8Array> {
    const txn: Txn = await this.post('/v3/kv/txn', {
      compare: [{ key, target: 'CREATE', result: 'EQUAL', create_revision: '0' }],
      success: [{ request_put: { key, value: base64(value) } }],
      failure: [{ request_range: { key } }],
    });
    if (txn.succeeded) return value;
    const standing = firstValue(txn.responses?.[0]?.response_range?.kvs);
    if (!standing) throw new OperatingError('etcd: a transaction failed on a key that does not exist');
    return standing;
  }

  private async get(key: string): Promise<Uint8Array | undefined> {
    return firstValue((await this.post<Range>('/v3/kv/range', { key })).kvs);
  }

  /** A replica's request: without an answer it is repeated by the replica. */
  private request(name: string, action: () => Promise<() => void>): void {
    if (this.underWay.has(name) || this.underWay.size >= MAX_UNDER_WAY || this.stopping.signal.aborted)
      return;
    this.underWay.add(name);
    action()
      .then(
        (answered) => () => {
          this.say(true, `etcd answers again for group ${this.options.group}`);
          answered();
        },
        (error: Error) => () => this.say(false, error.message),
      )
      .then((end) => {
        this.underWay.delete(name);
        if (!this.stopping.signal.aborted) end();
      });
  }

  /** Requests are repeated all the time: only a change is news. */
  private say(isReachable: boolean, line: string): void {
    if (isReachable !== this.isReachable) this.options.log?.(line);
    this.isReachable = isReachable;
  }

  /** Asks the members in turn. @throws {OperatingError} saying of each member why it has not answered */
  private async post<T>(path: string, body: object): Promise<T> {
    const reasons: string[] = [];
    const { first, endpoints } = this;
    for (let turn = 0; turn < endpoints.length; turn++) {
      const member = (first + turn) % endpoints.length;
      const url = endpoints[member]!;
      try {
        const answer = (await this.ask(new URL(path, url), body)) as T;
        this.first = member;
        return answer;
      } catch (error) {
        reasons.push(`${url.host}: ${reasonOf(error as Error)}`);
      }
    }
    throw new OperatingError(
      `etcd: no member has answered for group ${this.options.group}: ${reasons.join('; ')}`,
    );
  }

  private async ask(url: URL, body: object): Promise<object> {
    const signal = AbortSignal.any([
      this.stopping.signal,
      AbortSignal.timeout(this.options.memberMs ?? MEMBER_MS),
    ]);
    const response = await fetch(url, {
      method: 'POST',
      body: JSON.stringify(body),
      signal,
      redirect: 'error',
    });
    const text = await limitedText(response);
    if (!response.ok) throw new OperatingError(`HTTP ${response.status}: ${text.slice(0, 200)}`);
    const parsed: unknown = JSON.parse(text);
    // Every answer of etcd has a header; something else at that address has not.
    if (typeof parsed !== 'object' || parsed === null || !('header' in parsed))
      throw new OperatingError('the answer is not one of etcd');
    return parsed;
  }
}

function endpoint(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url?.protocol === 'http:' || url?.protocol === 'https:') return url;
  throw new OperatingError(`etcd: "${text}" is not the URL of a member, such as http://127.0.0.1:2379`);
}

async function limitedText(response: Response): Promise<string> {
  const parts: Uint8Array[] = [];
  let sizeBytes = 0;
  for await (const part of response.body ?? []) {
    sizeBytes += part.length;
    if (sizeBytes > MAX_ANSWER_BYTES) throw new OperatingError('the answer is too large');
    parts.push(part);
  }
  return Buffer.concat(parts).toString();
}

function firstValue(kvs: KeyValue[] | undefined): Uint8Array | undefined {
  if (!Array.isArray(kvs) || !kvs[0]) return;
  return new Uint8Array(Buffer.from(String(kvs[0].value ?? ''), 'base64'));
}

/** `fetch` names the reason in the error's cause. */
function reasonOf(error: Error): string {
  if (error.name === 'TimeoutError') return 'no answer in time';
  const cause = error.cause as { code?: string; message?: string } | undefined;
  return cause?.code ?? cause?.message ?? error.message;
}
