/**
 * The generations of several groups, kept in one journal. A record is visible once it is durable: neither an answer nor
 * a fence depends on one that a crash could take back.
 */

import { decode, encode, record, uint, union, type ValueOf } from '../../base/codec.ts';
import { Generations } from '../../cluster/edge/generations.ts';
import type { GenerationRecord } from '../../ft/effects.ts';
import { groupName } from '../groups.ts';
import { type Files, nodeFiles } from './files.ts';
import { Journal, type JournalOwner } from './journal.ts';
import { Refusal, Violation } from './refusal.ts';
import { generationRecord, groupDescription, MAX_GENERATIONS, MAX_GROUPS } from './storage-messages.ts';

/** A failed journal is given a new file at most this often. */
const RENEW_MS = 1000;
/** About the size of a journal record without a description, in bytes. */
const RECORD_BYTES = 100;

const journalRecord = union({
  created: record({ group: groupName, record: generationRecord, description: groupDescription }),
  claimed: record({ group: groupName, generation: uint, record: generationRecord }),
  removed: record({ group: groupName }),
});
type JournalRecord = ValueOf<typeof journalRecord>;

interface Group {
  generations: Generations;
  description: Uint8Array;
}

const sameBytes = (a: Uint8Array, b: Uint8Array): boolean => Buffer.compare(a, b) === 0;
const sameRecord = (a: GenerationRecord, b: GenerationRecord): boolean =>
  sameBytes(encode(generationRecord, a), encode(generationRecord, b));

/** The generation records of all groups of a storage service. */
export class GenerationServer implements JournalOwner {
  private readonly groups = new Map<string, Group>();
  private journal!: Journal;
  /** The change of a group that is being made durable: the next one waits for it. */
  private readonly pending = new Map<string, Promise<void>>();
  private renewAgainMs = Number.NEGATIVE_INFINITY;

  private constructor() {}

  /** Opens the journal at `path`, or creates it. @throws {OperatingError} when it is damaged */
  static async open(path: string, files: Files = nodeFiles): Promise<GenerationServer> {
    const server = new GenerationServer();
    server.journal = await Journal.open(path, server, files);
    return server;
  }

  /** The names of the groups. */
  get names(): string[] {
    return [...this.groups.keys()];
  }

  /** The generations of a group. @throws {Refusal} if there is no such group */
  generations(group: string): Generations {
    return this.find(group).generations;
  }

  /** The description with which a group was created. @throws {Refusal} if there is no such group */
  description(group: string): Uint8Array {
    return this.find(group).description;
  }

  private find(group: string): Group {
    const found = this.groups.get(group);
    if (!found) throw new Refusal(`there is no group ${group}`);
    return found;
  }

  /**
   * Creates generation 1 of a group, unless the group exists. Returns whether the group is as described: newly created,
   * or created so before, for instance by the same request whose answer was lost.
   * @throws {Refusal} when there are too many groups
   */
  async create(group: string, first: GenerationRecord, description: Uint8Array): Promise<boolean> {
    const change = () => {
      if (this.groups.has(group)) return;
      if (this.groups.size + this.pending.size >= MAX_GROUPS)
        throw new Refusal(`there are ${MAX_GROUPS} groups already; remove one`);
      return { kind: 'created' as const, group, record: first, description };
    };
    await this.change(group, change);
    const standing = this.find(group);
    return sameRecord(standing.generations.read(1)!, first) && sameBytes(standing.description, description);
  }

  /** Forgets a group. */
  async remove(group: string): Promise<void> {
    await this.change(group, () => (this.groups.has(group) ? { kind: 'removed', group } : undefined));
  }

  /**
   * Creates the record of a generation unless one exists; returns the one that exists afterwards, which is durable.
   * @throws {Refusal} when there is no such group
   * @throws {Violation} when `generation` does not follow the newest one
   */
  async claim(group: string, generation: number, claimed: GenerationRecord): Promise<GenerationRecord> {
    const change = () => {
      const { generations } = this.find(group);
      if (generations.read(generation)) return;
      if (generation !== generations.newest + 1)
        throw new Violation(
          `generation ${generation} of ${group} does not follow ${generations.newest}, the newest`,
        );
      if (generation > MAX_GENERATIONS) throw new Refusal(`${group} has had ${MAX_GENERATIONS} generations`);
      return { kind: 'claimed' as const, group, generation, record: claimed };
    };
    await this.change(group, change);
    return this.generations(group).read(generation)!;
  }

  /** Waits for what is being written, and closes the journal. */
  close(): Promise<void> {
    return this.journal.close();
  }

  /** Makes a change of a group durable, after those before it. `next`: the change, in the state that is then. */
  private async change(group: string, next: () => JournalRecord | undefined): Promise<void> {
    for (;;) {
      const pending = this.pending.get(group);
      if (!pending) break;
      await pending.catch(() => {});
    }
    const change = next();
    if (!change) return;
    const done = this.append(change).finally(() => this.pending.delete(group));
    this.pending.set(group, done);
    await done;
  }

  private async append(change: JournalRecord): Promise<void> {
    const { journal } = this;
    if (journal.failure && performance.now() >= this.renewAgainMs) {
      this.renewAgainMs = performance.now() + RENEW_MS;
      await journal.renew();
    }
    await journal.append(encode(journalRecord, change), () => this.apply(change));
  }

  private apply(change: JournalRecord): void {
    if (change.kind === 'removed') this.groups.delete(change.group);
    else if (change.kind === 'claimed')
      this.find(change.group).generations.testAndSet(change.generation, change.record);
    else {
      const { group, description } = change;
      this.groups.set(group, { generations: new Generations(change.record, true), description });
    }
  }

  replay(source: Uint8Array): void {
    const change = decode(journalRecord, source);
    const { group } = change;
    const newest = this.groups.get(group)?.generations.newest;
    const follows =
      change.kind === 'created'
        ? newest === undefined
        : change.kind === 'claimed'
          ? newest === change.generation - 1
          : newest;
    if (!follows)
      throw new Refusal(`the journal's record "${change.kind}" of group ${group} is out of order`);
    this.apply(change);
  }

  *snapshot(): Iterable<Uint8Array> {
    for (const [group, { generations, description }] of this.groups)
      for (let generation = 1; generation <= generations.newest; generation++) {
        const record = generations.read(generation)!;
        yield encode(
          journalRecord,
          generation === 1
            ? { kind: 'created', group, record, description }
            : { kind: 'claimed', group, generation, record },
        );
      }
  }

  get liveBytes(): number {
    let sum = 0;
    for (const { generations, description } of this.groups.values())
      sum += description.length + generations.newest * RECORD_BYTES;
    return sum;
  }
}
