/**
 * Sends datagrams, and repeats heartbeats while the thread that gives them is busy. It runs in a worker thread, whose
 * timers neither a long computation nor the garbage collection of the main thread delays.
 */
import { createSocket, type Socket } from 'node:dgram';
import { isIPv6 } from 'node:net';
import { encodeDatagram } from './datagram-format.ts';
import type { Identity, ProcessName } from './link.ts';

/** Datagrams that the operating system does not take are dropped beyond this. */
const MAX_QUEUED_BYTES = 256 << 10;

/**
 * A heartbeat that is not renewed is sent again after so long: a little more than the period at which replicas give
 * theirs (20 ms), so that one that is on time is sent once.
 */
export const REPEAT_MS = 22;
/**
 * How often one heartbeat is sent again. The heartbeats that the main thread gives are themselves the sign that it makes
 * progress: without a new one for 66 ms the process falls silent, so that an endless loop is detected that much later
 * than a killed or stopped process, with which the worker ends or stops as well. A turn of 60 ms leaves no gap.
 */
export const REPEATS = 3;

/** Where a datagram goes, and who must be there. */
export interface Destination extends ProcessName {
  /** An IP address. */
  address: string;
  port: number;
}

/** What the main thread asks of the worker. */
export type SenderOrder =
  /** Sends a payload. With a series it is repeated, see {@link REPEATS}, until the series' next payload or its end. */
  | { kind: 'send'; to: Destination; payload: Uint8Array; series: string | undefined }
  | { kind: 'end'; series: string };

/** What a {@link DatagramSender} is made with. */
export interface SenderOptions {
  /** The IP address to send from. */
  address: string;
  /** The key for datagrams, see `derivedKey`. */
  key: Uint8Array;
  self: Identity;
}

/** See the head of this file. All datagrams of a process have one counter, so one sender sends them all. */
export class DatagramSender {
  private counter = 0;
  private readonly socket: Socket;
  private readonly timers = new Map<string, NodeJS.Timeout>();

  /** `failed`: a datagram could not be sent. */
  constructor(
    private readonly options: SenderOptions,
    private readonly failed: (why: string) => void,
  ) {
    const { address } = options;
    this.socket = createSocket(isIPv6(address) ? 'udp6' : 'udp4');
    this.socket.on('error', (error) => failed(`datagrams can't be sent from ${address}: ${error.message}`));
    this.socket.bind({ address, port: 0 });
  }

  perform(order: SenderOrder): void {
    if (order.kind === 'end') return this.end(order.series);
    const { to, payload, series } = order;
    this.send(to, payload);
    if (series !== undefined) this.repeat(series, REPEATS, () => this.send(to, payload));
  }

  private end(series: string): void {
    clearTimeout(this.timers.get(series));
    this.timers.delete(series);
  }

  private repeat(series: string, times: number, send: () => void): void {
    this.end(series);
    if (times === 0) return;
    const timer = setTimeout(() => {
      send();
      this.repeat(series, times - 1, send);
    }, REPEAT_MS);
    this.timers.set(series, timer);
  }

  private send({ role, name, address, port }: Destination, payload: Uint8Array): void {
    const { self, key } = this.options;
    if (this.socket.getSendQueueSize() > MAX_QUEUED_BYTES)
      return this.failed('datagrams wait for the operating system');
    const datagram = { from: self, to: { role, name }, counter: this.counter++, payload };
    this.socket.send(encodeDatagram(datagram, key), port, address, (error) => {
      if (error) this.failed(`a datagram to ${address}:${port} can't be sent: ${error.message}`);
    });
  }
}
