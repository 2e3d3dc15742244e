/**
 * The storage service: generations and shared disks of several groups. Requests of a link are handled concurrently and
 * answered in any order; those that change a disk take effect in the order in which they arrived.
 */
import { join } from 'node:path';
import { unreachable } from '../../base/assert.ts';
import { decode, encode } from '../../base/codec.ts';
import type { DiskRequest } from '../../devices/device.ts';
import type { GenerationRecord } from '../../ft/effects.ts';
import type { EvidenceDirectory } from '../evidence/directory.ts';
import { type Log, limitedLog } from '../limited-log.ts';
import type { Link } from '../wire/link.ts';
import { lockDirectory } from './directory-lock.ts';
import { DiskServer } from './disk-server.ts';
import { type Files, nodeFiles } from './files.ts';
import { GenerationServer } from './generation-server.ts';
import { Refusal, Violation } from './refusal.ts';
import { ALL_RIGHTS, type Rights } from './rights.ts';
import { StorageEvidence } from './storage-evidence.ts';
import {
  type AnswerBody,
  type GroupSummary,
  MAX_OUTSTANDING,
  type RequestBody,
  storageAnswer,
  storageRequest,
} from './storage-messages.ts';
import { Uploads } from './uploads.ts';

const DONE: AnswerBody = { kind: 'done' };

/** What a service may be opened with. */
export interface StorageOptions {
  files?: Files;
  /** Receives a line when the medium fails, or a link is closed for what it sent. Rate-limited. */
  log?: Log;
  /** Where the groups' evidence goes; the caller closes it. */
  evidence?: EvidenceDirectory | undefined;
}

/** A storage service on one directory. */
export class StorageServer {
  private readonly links = new Set<Link>();

  private constructor(
    private readonly generations: GenerationServer,
    private readonly disks: DiskServer,
    private readonly log: Log,
    private readonly evidence: StorageEvidence | undefined,
    private readonly unlock: () => void,
  ) {}

  /**
   * Opens the service's files, or creates them.
   * @throws {OperatingError} when they are damaged, or in use by another process
   */
  static async open(directory: string, options: StorageOptions = {}): Promise<StorageServer> {
    const { files = nodeFiles, log = () => {} } = options;
    const diskDirectory = join(directory, 'disks');
    await files.makeDirectory(diskDirectory);
    // A file system of a test has no directory that another process could use.
    const lock = files === nodeFiles ? await lockDirectory(directory) : undefined;
    try {
      const generations = await GenerationServer.open(join(directory, 'generations'), files);
      const evidence = options.evidence && new StorageEvidence(options.evidence, generations);
      const disks = new DiskServer(
        diskDirectory,
        files,
        evidence &&
          ((group) => (id, sector, data) => evidence.add(group, { kind: 'write', id, sector, data })),
      );
      for (const group of generations.names) await disks.open(group);
      return new StorageServer(generations, disks, limitedLog(log), evidence, () => lock?.release());
    } catch (error) {
      lock?.release();
      throw error;
    }
  }

  /** Serves a client until the link breaks. What it has no right to ask breaks it. */
  serve(link: Link, rights = ALL_RIGHTS): void {
    const uploads = new Uploads(this.disks);
    const outstanding = new Set<number>();
    this.links.add(link);
    link.onClose = () => {
      this.links.delete(link);
      void uploads.abort();
    };
    const violated = (why: string) => {
      this.log(`link to ${link.peer.role} ${link.peer.name} closed: ${why}`);
      link.close(why);
    };
    link.onMessage = (message) => {
      try {
        const { id, body } = decode(storageRequest, message);
        if (outstanding.has(id)) return violated(`request ${id} is unanswered, and comes again`);
        if (outstanding.size >= MAX_OUTSTANDING) return violated(`more than ${MAX_OUTSTANDING} requests`);
        outstanding.add(id);
        this.answer(body, uploads, rights).then(({ answer, violation }) => {
          outstanding.delete(id);
          if (!this.links.has(link)) return;
          link.send(encode(storageAnswer, { id, body: answer }));
          if (violation !== undefined) violated(violation);
        });
      } catch (error) {
        violated((error as Error).message);
      }
    };
  }

  /** Closes the links, then the files, after what is under way. */
  async close(): Promise<void> {
    for (const link of this.links) link.close('the storage service ends');
    await this.generations.close();
    await this.disks.close();
    this.unlock();
  }

  /** Never rejects. */
  private async answer(
    body: RequestBody,
    uploads: Uploads,
    rights: Rights,
  ): Promise<{ answer: AnswerBody; violation?: string }> {
    try {
      const objection = rights.objection(body);
      if (objection !== undefined) throw new Violation(objection);
      return { answer: await this.handle(body, uploads, rights) };
    } catch (error) {
      const why = (error as Error).message.slice(0, 1000);
      if (error instanceof Violation) return { answer: { kind: 'refused', why }, violation: why };
      if (error instanceof Refusal) return { answer: { kind: 'refused', why } };
      this.log(`${body.kind} failed: ${why}`);
      return { answer: { kind: 'failed', why } };
    }
  }

  /** Long: a case for each request. Up to a disk operation's start it must not wait, or the order would be lost. */
  private async handle(body: RequestBody, uploads: Uploads, rights: Rights): Promise<AnswerBody> {
    const { generations } = this;
    switch (body.kind) {
      case 'create': {
        const isSame = await generations.create(body.group, body.record, body.description);
        this.evidence?.begin(body.group);
        return { kind: 'created', isSame };
      }
      case 'remove':
        await generations.remove(body.group);
        this.evidence?.end(body.group);
        await this.disks.remove(body.group);
        return DONE;
      case 'groups':
        return { kind: 'groups', groups: generations.names.map((group) => this.summary(group)) };
      case 'describe':
        return { kind: 'description', description: generations.description(body.group) };
      case 'claim':
        return { kind: 'record', record: await this.claim(body, rights) };
      case 'read':
        return { kind: 'record', record: generations.generations(body.group).read(body.generation) };
      case 'disk-read':
      case 'disk-write':
      case 'disk-flush':
        return this.perform(body, rights);
      case 'disk-create':
        generations.generations(body.group);
        await uploads.create(body.group, body.sizeBytes);
        await this.evidence?.add(body.group, { kind: 'disk', sizeBytes: body.sizeBytes });
        return DONE;
      case 'disk-piece':
        await uploads.write(body.group, body.position, body.data);
        await this.evidence?.add(body.group, { kind: 'piece', position: body.position, data: body.data });
        return DONE;
      case 'disk-finish':
        await uploads.finish(body.group);
        return DONE;
      default:
        return unreachable(body);
    }
  }

  private async claim(
    { group, generation, record }: RequestBody & { kind: 'claim' },
    rights: Rights,
  ): Promise<GenerationRecord> {
    const { newest, latest } = this.generations.generations(group);
    if (generation > newest && !rights.mayClaim(latest))
      throw new Violation(
        `a claim of generation ${generation} of ${group} by a host that ${newest} does not name`,
      );
    const standing = await this.generations.claim(group, generation, record);
    const copy = { ...standing, backups: [...standing.backups] };
    await this.evidence?.add(group, { kind: 'generation', generation, record: copy });
    return standing;
  }

  private summary(group: string): GroupSummary {
    const { newest, latest } = this.generations.generations(group);
    const diskBytes = this.disks.disk(group)?.sizeBytes ?? 0;
    return { group, generation: newest, record: latest, diskBytes };
  }

  private async perform(
    body: Extract<RequestBody, { kind: 'disk-read' | 'disk-write' | 'disk-flush' }>,
    rights: Rights,
  ): Promise<AnswerBody> {
    const { group, generation } = body;
    const generations = this.generations.generations(group);
    if (generation > generations.newest)
      throw new Violation(`a disk operation of generation ${generation} of ${group}, which does not exist`);
    if (!generations.admits(generation)) return { kind: 'fenced' };
    if (body.kind === 'disk-write' && !rights.mayWrite(generations.latest))
      throw new Violation(
        `a write of generation ${generation} of ${group}, whose primary is ${generations.latest.primary}`,
      );
    const disk = this.disks.disk(group);
    if (!disk) throw new Refusal(`group ${group} has no disk`);
    const isWrite = body.kind === 'disk-write';
    const answer = await disk.perform(
      isWrite ? body.number : 0,
      requestOf(body),
      isWrite ? body.lowWater : 0,
    );
    const { lastError } = disk;
    if (lastError) this.log(`the disk of group ${group} answers with an I/O error: ${lastError.message}`);
    disk.lastError = undefined;
    return { kind: 'disk', ...answer };
  }
}

function requestOf(
  body: Extract<RequestBody, { kind: 'disk-read' | 'disk-write' | 'disk-flush' }>,
): DiskRequest {
  switch (body.kind) {
    case 'disk-read':
      return { operation: 'read', sector: body.sector, sizeBytes: body.sizeBytes };
    case 'disk-write':
      return { operation: 'write', sector: body.sector, data: body.data };
    default:
      return { operation: 'flush' };
  }
}
