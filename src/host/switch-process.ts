/** The switch as a process: consoles and networks of all groups, on an address, for everybody who has the key. */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { unreachable } from '../base/assert.ts';
import { OperatingError } from '../base/errors.ts';
import { serveControl } from './control.ts';
import { EvidenceDirectory } from './evidence/directory.ts';
import { type DirectoryLock, lockDirectory } from './storage/directory-lock.ts';
import type { ServiceOptions } from './storage-process.ts';
import { ConsoleServer } from './switch/console-server.ts';
import { type DurableEdge, openEdge } from './switch/edge-journal.ts';
import type { Forward } from './switch/forwards.ts';
import type { EdgeStatus } from './switch/group-edge.ts';
import type { NetworkPort } from './switch/network-port.ts';
import { PasstPort } from './switch/passt.ts';
import { QemuStreams, type StreamAddress } from './switch/qemu-stream.ts';
import {
  type SwitchAnswer,
  type SwitchRequest,
  switchAnswer,
  switchRequest,
} from './switch/switch-messages.ts';
import { TapPort } from './switch/tap.ts';
import { type Identity, type Link, MAX_MESSAGE_BYTES } from './wire/link.ts';
import { type Listener, listen } from './wire/listener.ts';

/** Terminals and control send little. */
const MAX_SMALL_MESSAGE_BYTES = 64 << 10;

/** What leads out of one group's network. */
export interface GroupNetwork {
  group: string;
  /** Through passt; with none of them, passt is started only if `outside` is set. */
  forwards: readonly Forward[];
  /** Whether the guest may reach the outside through passt without a forward. */
  outside: boolean;
  taps: readonly { name: string; address?: string }[];
  /** Addresses at which machines of QEMU's `-netdev stream` connect. */
  streams: readonly StreamAddress[];
}

/** What a {@link SwitchProcess} is made with. */
export interface SwitchOptions extends ServiceOptions {
  networks: readonly GroupNetwork[];
  /** Where the sockets of passt are: a directory that user `nobody` can reach. It is made, and removed at the end. */
  passtDirectory: string;
  /** The process is of no use any more: its journal can't be written, or a part of its network can't be had. */
  failed(error: Error): void;
}

/** See the head of this file. */
export class SwitchProcess {
  private readonly ports: NetworkPort[] = [];
  private readonly streams: QemuStreams[] = [];
  private readonly consoles: ConsoleServer;
  private listener!: Listener;

  private constructor(
    private readonly options: SwitchOptions,
    private readonly durable: DurableEdge,
    private readonly lock: DirectoryLock,
    private readonly evidence: EvidenceDirectory | undefined,
  ) {
    this.consoles = new ConsoleServer(durable.edge);
  }

  /** @throws {OperatingError} when a directory, an address or a part of a network can't be used */
  static async open(options: SwitchOptions): Promise<SwitchProcess> {
    const { directory, failed, evidence: kept, self, log } = options;
    const evidence = kept === undefined ? undefined : new EvidenceDirectory(kept, 'switch', self.name, log);
    await mkdir(directory, { recursive: true, mode: 0o700 });
    const lock = await lockDirectory(directory, 'switch');
    let opened: SwitchProcess | undefined;
    try {
      const durable = await openEdge(join(directory, 'edge'), {
        nowMs: () => performance.now(),
        ...{ failed, evidence },
      });
      opened = new SwitchProcess(options, durable, lock, evidence);
      await opened.begin();
      return opened;
    } catch (error) {
      if (opened) await opened.close();
      else lock.release();
      throw error;
    }
  }

  private async begin(): Promise<void> {
    const { networks, self, key, address, port, log } = this.options;
    for (const network of networks) await this.connect(network);
    const accept = (link: Link) => this.accept(link);
    const maxMessageBytes = ({ role }: Identity) =>
      role === 'host' ? MAX_MESSAGE_BYTES : MAX_SMALL_MESSAGE_BYTES;
    this.listener = await listen({ self, key, address, port, log, accept, maxMessageBytes });
  }

  private async connect({ group, forwards, outside, taps, streams }: GroupNetwork): Promise<void> {
    const { log, failed, passtDirectory } = this.options;
    const { edge } = this.durable;
    const add = (port: NetworkPort) => {
      this.ports.push(port);
      edge.connect(group, port);
    };
    if (outside || forwards.length > 0) {
      await mkdir(passtDirectory, { recursive: true, mode: 0o711 });
      add(new PasstPort({ group, forwards, log, failed, directory: join(passtDirectory, group) }));
    }
    for (const tap of taps) add(new TapPort({ ...tap, log, failed }));
    for (const address of streams) {
      const connected = (port: NetworkPort) => edge.connect(group, port);
      this.streams.push(await QemuStreams.listen({ address, log, connected }));
    }
  }

  private accept(link: Link): void {
    const { role, name } = link.peer;
    const codecs = { request: switchRequest, answer: switchAnswer };
    if (role === 'host') this.durable.edge.serve(link);
    else if (role === 'terminal') this.consoles.serve(link);
    else if (role === 'control') serveControl(link, codecs, (body) => this.perform(body));
    else link.close(`${role} ${name} has no business with a switch`);
  }

  private async perform(request: SwitchRequest['body']): Promise<SwitchAnswer['body']> {
    const { edge } = this.durable;
    switch (request.kind) {
      case 'status':
        return { kind: 'status', groups: edge.status };
      case 'end':
        if (!edge.names.includes(request.group))
          throw new OperatingError(`this switch has no group ${request.group}`);
        await edge.end(request.group);
        return { kind: 'done' };
      default:
        return unreachable(request);
    }
  }

  /** The groups and what passes through them. */
  get status(): EdgeStatus[] {
    return this.durable.edge.status;
  }

  get port(): number {
    return this.listener.port;
  }

  async close(): Promise<void> {
    await this.listener?.close();
    for (const streams of this.streams) streams.close('the switch ends');
    for (const port of this.ports) port.close('the switch ends');
    await this.durable.journal.close();
    await this.evidence?.close();
    this.lock.release();
  }
}
