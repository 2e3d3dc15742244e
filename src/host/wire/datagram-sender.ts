/** Sends datagrams. */
import type { Socket } from 'node:dgram';
import { encodeDatagram } from './datagram-format.ts';
import type { Identity, ProcessName } from './link.ts';

/** Datagrams that the operating system does not take are dropped beyond this. */
const MAX_QUEUED_BYTES = 256 << 10;

/** Where a datagram goes, and who must be there. */
export interface Destination extends ProcessName {
  /** An IP address. */
  address: string;
  port: number;
}

/** What all senders of a process have in common, in its main thread and in its worker. */
export interface SenderOptions {
  /** The key for datagrams, see `derivedKey`. */
  key: Uint8Array;
  self: Identity;
  /** One word in shared memory: the counter of the next datagram, whichever thread sends it. */
  counter: BigInt64Array;
}

/** The end of a socket that sends. */
export class DatagramSender {
  /** `failed`: a datagram could not be sent. */
  constructor(
    private readonly socket: Socket,
    private readonly options: SenderOptions,
    private readonly failed: (why: string) => void,
  ) {}

  send({ role, name, address, port }: Destination, payload: Uint8Array): void {
    const { key, self, counter: shared } = this.options;
    if (this.socket.getSendQueueSize() > MAX_QUEUED_BYTES)
      return this.failed('datagrams wait for the operating system');
    const counter = Number(Atomics.add(shared, 0, 1n));
    const datagram = { from: self, to: { role, name }, counter, payload };
    this.socket.send(encodeDatagram(datagram, key), port, address, (error) => {
      if (error) this.failed(`a datagram to ${address}:${port} can't be sent: ${error.message}`);
    });
  }
}
