/** The switch's service for hosts: the edge of several groups. It outlives the hosts and the VMs. */
import { decode, encode } from '../../base/codec.ts';
import { FormatError, OperatingError } from '../../base/errors.ts';
import type { EvidenceDirectory } from '../evidence/directory.ts';
import type { Link } from '../wire/link.ts';
import { type EdgePush, edgePush, edgeRequest } from './edge-messages.ts';
import { type EdgeRecord, edgeRecord, type Persist } from './edge-records.ts';
import { type EdgeHost, type EdgeStatus, GroupEdge } from './group-edge.ts';
import type { NetworkPort } from './network-port.ts';

/** The bound of groups at one switch. */
export const MAX_GROUPS = 64;
/** The journal is rewritten when this much was appended since. */
const REWRITE_BYTES = 16 << 20;

/** What an {@link EdgeServer} is made with. */
export interface EdgeServerOptions {
  persist: Persist;
  /** A monotonic clock, in ms. */
  nowMs: () => number;
  /** The journal can't be written: nothing is confirmed any more, and the process should end with this error. */
  failed: (error: Error) => void;
  /** Where the groups' evidence goes; the caller closes it. */
  evidence?: EvidenceDirectory | undefined;
}

/** What may wait for the journal, in records and bytes, before a host that sends more is cut off. */
const MAX_WAITING = { records: 1 << 16, bytes: 32 << 20 };

/** Consoles and networks of all groups. */
export class EdgeServer {
  private readonly groups = new Map<string, GroupEdge>();
  /** By host. */
  private readonly links = new Map<string, Link>();
  private appendedBytes = 0;
  /** Records that are not durable yet. */
  private readonly waiting = { records: 0, bytes: 0 };
  private broken = false;

  constructor(private readonly options: EdgeServerOptions) {}

  /** Takes a record of the journal; before anything else. @throws {FormatError} when it is none */
  replay(bytes: Uint8Array): void {
    const record = decode(edgeRecord, bytes);
    if (record.kind === 'ended') this.groups.delete(record.group);
    else this.open(record.group).replay(record);
  }

  /** The groups' names. */
  get names(): string[] {
    return [...this.groups.keys()];
  }

  get status(): EdgeStatus[] {
    return [...this.groups.values()].map(({ status }) => status);
  }

  /** A group that exists. */
  group(name: string): GroupEdge | undefined {
    return this.groups.get(name);
  }

  /** A group, new or not. @throws {OperatingError} when there would be too many */
  open(name: string): GroupEdge {
    const known = this.groups.get(name);
    if (known) return known;
    if (this.groups.size >= MAX_GROUPS)
      throw new OperatingError(
        `no room for group ${name}: this switch has ${MAX_GROUPS} groups; end one that is not needed`,
      );
    const evidence = this.options.evidence && (() => this.options.evidence!.group(name));
    const group = new GroupEdge(
      name,
      (note) => this.append({ group: name, ...note } as EdgeRecord),
      this.options.nowMs,
      evidence,
    );
    this.groups.set(name, group);
    return group;
  }

  /** Connects a port to a group's network. @throws {OperatingError} when there would be too many groups or ports */
  connect(name: string, port: NetworkPort): void {
    if (this.open(name).connect(port)) return;
    port.close('too many ports');
    throw new OperatingError(
      `group ${name} has no room for ${port.description}: too many ports are connected`,
    );
  }

  /** Ends a group: its name is free for another VM. Resolves when that is durable. */
  async end(name: string): Promise<void> {
    const group = this.groups.get(name);
    if (!group) return;
    this.groups.delete(name);
    group.close(`group ${name} has ended`);
    void this.options.evidence?.end(name);
    await this.append({ kind: 'ended', group: name });
  }

  /**
   * Serves a host. What it sends wrongly closes this link, and harms no other. An older link of the same host is closed:
   * what still arrives on it must not undo what the host says on the new one.
   */
  serve(link: Link): void {
    const { name: peer } = link.peer;
    this.links.get(peer)?.close(`host ${peer} has connected again`);
    this.links.set(peer, link);
    const hosts = new Map<string, EdgeHost>();
    link.onMessage = (message) => {
      try {
        const request = decode(edgeRequest, message);
        this.mustNotFlood();
        const group = this.open(request.group);
        const host = hosts.get(request.group) ?? hostOver(link, request.group);
        hosts.set(request.group, host);
        group.perform(request, host);
      } catch (error) {
        link.close(reason(error));
      }
    };
    link.onClose = () => {
      if (this.links.get(peer) === link) this.links.delete(peer);
      for (const [name, host] of hosts) this.groups.get(name)?.forget(host);
    };
  }

  /** @throws {OperatingError} when too much waits for the journal: more would break it, for all hosts */
  private mustNotFlood(): void {
    const { records, bytes } = this.waiting;
    if (records > MAX_WAITING.records || bytes > MAX_WAITING.bytes)
      throw new OperatingError(`the journal is too slow: ${records} records of ${bytes} bytes wait for it`);
  }

  /** Records from which {@link replay} makes the present state. */
  snapshot(): Uint8Array[] {
    return [...this.groups.values()].map((group) => encode(edgeRecord, group.save()));
  }

  /** Writes a record. The promise resolves when it is durable; not at all once the journal is broken. */
  private append(record: EdgeRecord): Promise<void> {
    if (this.broken) return new Promise(() => {});
    const bytes = encode(edgeRecord, record);
    this.appendedBytes += bytes.length;
    const { persist } = this.options;
    if (!persist.rewrite || this.appendedBytes < REWRITE_BYTES)
      return this.durable(persist.append(bytes), bytes.length);
    this.appendedBytes = 0;
    // The state holds what this record says: it is noted after it is done.
    return this.durable(persist.rewrite(this.snapshot()), bytes.length);
  }

  private durable(written: Promise<void>, sizeBytes: number): Promise<void> {
    const { waiting } = this;
    waiting.records++;
    waiting.bytes += sizeBytes;
    return new Promise((resolve) =>
      written.then(
        () => {
          waiting.records--;
          waiting.bytes -= sizeBytes;
          if (!this.broken) resolve();
        },
        (error: Error) => {
          if (!this.broken) this.options.failed(error);
          this.broken = true;
        },
      ),
    );
  }
}

/** What a link is closed with. */
export function reason(error: unknown): string {
  if (error instanceof FormatError) return `a message that is none: ${error.message}`;
  return error instanceof Error ? error.message : String(error);
}

function hostOver(link: Link, group: string): EdgeHost {
  const push = (message: EdgePush) => link.send(encode(edgePush, message));
  return {
    typed: (offset, data) => push({ kind: 'typed', group, offset, data }),
    delivered: (number) => push({ kind: 'delivered', group, edge: 'console', number }),
    forwarded: (number) => push({ kind: 'delivered', group, edge: 'switch', number }),
    frame: (number, frame) => push({ kind: 'frame', group, number, frame }),
  };
}
