/**
 * Authenticated datagrams, for heartbeats: they may be lost, late or out of order, and are never delivered twice, to
 * another process, or after a later start of their sender has been heard of.
 */
import type { Socket } from 'node:dgram';
import { Worker } from 'node:worker_threads';
import { assert } from '../../base/assert.ts';
import { FormatError, OperatingError } from '../../base/errors.ts';
import { LimitedLog } from '../limited-log.ts';
import { workerFile } from '../worker-file.ts';
import { type Datagram, decodeDatagram, MAX_PAYLOAD_BYTES } from './datagram-format.ts';
import { DatagramSender, type Destination } from './datagram-sender.ts';
import { datagramSocket } from './datagram-socket.ts';
import type { DatagramWorkerData } from './datagram-worker.ts';
import type { SeriesOrder } from './heartbeat-repeater.ts';
import { HeartbeatSlot } from './heartbeat-slot.ts';
import { describeProcess, sameProcess } from './identity.ts';
import { type ClusterKey, derivedKey } from './key.ts';
import type { Identity } from './link.ts';
import { ReplayWindow } from './replay-window.ts';

/** Only members of the cluster take a place, and one each. */
const MAX_SENDERS = 256;

/** What {@link bindDatagrams} is called with. */
export interface DatagramOptions {
  /** The IP address to receive on. */
  address: string;
  /** 0: any free port. */
  port: number;
  key: ClusterKey;
  /** Its boot id must be of `newBootId`: a later start has a larger one. */
  self: Identity;
  /** Whether a sender is one that this process knows: what others send is dropped. Without it, everybody is. */
  expects?(from: Identity): boolean;
  /** Receives a payload, of at most 1 KiB. */
  onMessage(from: Identity, payload: Uint8Array): void;
  /** Receives lines about dropped datagrams, at a bounded rate. */
  log(line: string): void;
}

/** The current start of a sender, and its datagrams. */
interface Sender {
  bootId: bigint;
  /** The largest boot id ever: all others up to it are of earlier starts. */
  largestBootId: bigint;
  window: ReplayWindow;
}

/** Sends and receives datagrams until it is closed. Made by {@link bindDatagrams}. */
export class Datagrams {
  /** The number of received datagrams that were dropped: not of this cluster, replayed, or too late. */
  dropped = 0;
  /** The number of datagrams that could not be sent. */
  unsent = 0;
  private readonly senders = new Map<string, Sender>();
  private readonly key: Uint8Array;
  private readonly log: LimitedLog;
  private open = true;
  private readonly sender: DatagramSender;
  private readonly worker: Worker;
  /** The heartbeats that the worker repeats while this thread is busy. */
  private readonly series = new Map<string, { to: Destination; slot: HeartbeatSlot }>();

  constructor(
    private readonly socket: Socket,
    private readonly options: DatagramOptions,
  ) {
    this.key = derivedKey(options.key, 'datagrams');
    this.log = new LimitedLog(options.log);
    const { address, self } = options;
    const counter = new BigInt64Array(new SharedArrayBuffer(8));
    const data: DatagramWorkerData = { address, self, key: this.key, counter };
    this.sender = new DatagramSender(socket, data, (why) => this.failed(why));
    this.worker = new Worker(workerFile('datagram-worker'), { workerData: data });
    this.worker.on('message', (why: string) => this.failed(why));
    socket.on('message', (bytes, { address, port }) => this.receive(bytes, `${address}:${port}`));
    socket.on('error', (error) => this.log.line(`datagrams: ${error.message}`));
  }

  get port(): number {
    return this.socket.address().port;
  }

  /**
   * Sends a payload of at most 1 KiB; it may be lost. Without effect when closed. With `series` it is sent again a few
   * times while this thread does not send that series' next payload.
   */
  send(to: Destination, payload: Uint8Array, series?: string): void {
    assert(payload.length <= MAX_PAYLOAD_BYTES, () => `a datagram of ${payload.length} bytes`);
    if (!this.open) return;
    this.sender.send(to, payload);
    if (series !== undefined) this.slotOf(series, to).write(payload);
  }

  /** The last payload of a series is not sent again. */
  end(series: string): void {
    if (this.series.delete(series)) this.order({ kind: 'end', series });
  }

  private slotOf(series: string, to: Destination): HeartbeatSlot {
    const known = this.series.get(series);
    if (known && known.to.address === to.address && known.to.port === to.port) return known.slot;
    const slot = new HeartbeatSlot();
    this.series.set(series, { to, slot });
    this.order({ kind: 'begin', series, to, memory: slot.memory });
    return slot;
  }

  private order(order: SeriesOrder): void {
    if (this.open) this.worker.postMessage(order);
  }

  private failed(why: string): void {
    if (!this.open) return;
    this.unsent++;
    this.log.line(why);
  }

  /**
   * A link with this peer stands: its boot id is the current one, even if a larger one was heard of, as after its
   * machine's clock was set back. Datagrams of earlier starts are dropped from now on.
   */
  vouch(peer: Identity): void {
    if (this.senders.get(describeProcess(peer))?.bootId !== peer.bootId) this.remember(peer);
  }

  /** Nothing is sent or received any more. */
  async close(): Promise<void> {
    this.open = false;
    this.log.close();
    await Promise.all([
      this.worker.terminate(),
      new Promise<void>((resolve) => this.socket.close(() => resolve())),
    ]);
  }

  private receive(bytes: Uint8Array, source: string): void {
    if (!this.open) return;
    const datagram = this.admitted(bytes);
    if (typeof datagram !== 'string') return this.options.onMessage(datagram.from, datagram.payload);
    this.dropped++;
    this.log.line(`dropped a datagram from ${source}: ${datagram}`);
  }

  /** The datagram of these bytes, or why it is dropped. */
  private admitted(bytes: Uint8Array): Datagram | string {
    try {
      const datagram = decodeDatagram(bytes, this.key);
      return this.objection(datagram) ?? datagram;
    } catch (error) {
      if (!(error instanceof FormatError)) throw error;
      return error.message;
    }
  }

  private objection({ from, to, counter }: Datagram): string | undefined {
    const who = describeProcess(from);
    if (!sameProcess(to, this.options.self)) return `${who} sent it to ${describeProcess(to)}`;
    if (this.options.expects?.(from) === false) return `nothing is expected of ${who}`;
    const known = this.senders.get(who);
    const later = !known || from.bootId > known.largestBootId;
    if (!later && from.bootId !== known.bootId) return `${who} has restarted since`;
    const sender = later ? this.remember(from) : known;
    if (!sender) return `${who} is one sender too many: the limit is ${MAX_SENDERS}`;
    return sender.window.accepts(counter) ? undefined : `it is a repeated or late one of ${who}`;
  }

  private remember(peer: Identity): Sender | undefined {
    const { bootId } = peer;
    const who = describeProcess(peer);
    const known = this.senders.get(who);
    if (!known && this.senders.size >= MAX_SENDERS) return undefined;
    const largestBootId = known && known.largestBootId > bootId ? known.largestBootId : bootId;
    const sender = { bootId, largestBootId, window: new ReplayWindow() };
    this.senders.set(who, sender);
    return sender;
  }
}

/**
 * Receives datagrams on an address. A sender's first datagram is accepted whatever its boot id, then those of the same
 * or a later start, each counter once and at most 64 behind the newest. So a receiver that has just started, and only
 * that, may be shown an old datagram, unless a link {@link Datagrams.vouch | vouches} for the current start first.
 * @throws {OperatingError} if the address can't be used, such as when the port is in use
 */
export function bindDatagrams(options: DatagramOptions): Promise<Datagrams> {
  const { address, port } = options;
  const socket = datagramSocket(address);
  return new Promise((resolve, reject) => {
    const failed = (error: NodeJS.ErrnoException) => {
      const why = error.code === 'EADDRINUSE' ? 'the port is in use' : (error.code ?? error.message);
      reject(new OperatingError(`can't receive datagrams on ${address}:${port}: ${why}`));
    };
    socket.once('error', failed);
    socket.bind({ address, port }, () => {
      socket.off('error', failed);
      resolve(new Datagrams(socket, options));
    });
  });
}
