import type { Random } from '../../base/random.ts';
import { type Call, type KvOperation, requestText } from '../../check/linearizability.ts';
import { type Address, arp, BROADCAST, type Endpoint, type Packet, udp } from './packets.ts';

/** The address and port of the guest's key-value server. */
const SERVER = { ip: [10, 0, 2, 15], port: 9000 } as const;
/** The number of requests of each client. */
const REQUESTS = 20;
/** When clients first look for the server. */
const FIRST_NS = 2_000_000;
/** The time after which an unanswered request is repeated. */
const RETRANSMIT_NS = 20_000_000;
/** The maximum pause between an answer and the next request. */
const THINK_NS = 2_000_000;
/** The counter that all clients add to. */
const SHARED_KEY = 'shared';
/** The number of keys that only one client writes, for each client. */
const OWN_KEYS = 5;
/** The number of keys that all clients write, besides the counter. */
const COMMON_KEYS = 3;

interface Request {
  text: string;
  /** None for STOP, which concerns no key. */
  operation?: KvOperation;
  /** Checks the answer after `CLIENT SEQ `; returns the error, if there is one. */
  accept: (answer: string) => string | undefined;
}

/** What a client needs of its network. */
export interface Network {
  send(frame: Uint8Array): void;
  in(delayNs: number, action: () => void): void;
  nowNs(): number;
  random: Random;
}

/**
 * A client of the key-value server: finds it by ARP, sends requests over UDP one at a time, and repeats each until it
 * is answered. It checks the values of its own keys, so an acknowledged write that is lost is detected. The values of
 * shared keys can be checked only from all clients' calls together (`linearizable`).
 */
export class Client {
  private readonly endpoint: Endpoint;
  private server: Endpoint | undefined;
  private sequence = 0;
  private pending: Request | undefined;
  private readonly store = new Map<string, string>();
  private readonly queue: Request[] = [];
  /** The sum of this client's acknowledged additions to the shared counter. */
  added = 0;
  requests = 0;
  answered = 0;
  retransmissions = 0;
  /** Answers that contradict what was acknowledged before. */
  readonly errors: string[] = [];
  /** Requests and answers in order. A request that was repeated is one call. */
  readonly calls: Call[] = [];

  constructor(
    private readonly number: number,
    private readonly network: Network,
    private readonly finished: (client: Client) => void,
  ) {
    this.endpoint = {
      mac: [0x52, 0x54, 0, 0, 1, number],
      ip: [10, 0, 2, 100 + number],
      port: 40_000 + number,
    };
    for (let i = 0; i < REQUESTS; i++) this.queue.push(this.draw());
    network.in(FIRST_NS, () => this.resolve());
  }

  get mac(): Address {
    return this.endpoint.mac;
  }

  /** Makes so many more requests, after those that were made before are answered. */
  ask(count: number): void {
    for (let i = 0; i < count; i++) this.queue.push(this.draw());
    this.next();
  }

  /** Checks that the counter is `total`, then stops the server. */
  conclude(total: number): void {
    this.queue.push(
      request({ op: 'ADD', key: SHARED_KEY, amount: 0 }, (answer) =>
        answer === `VALUE ${total}`
          ? undefined
          : `the shared counter is "${answer}", acknowledged were ${total}`,
      ),
      { text: 'STOP', accept: (answer) => (answer === 'BYE' ? undefined : `STOP was answered "${answer}"`) },
    );
    this.next();
  }

  receive(packet: Packet): void {
    if (packet.kind === 'arp-request' && equal(packet.targetIp, this.endpoint.ip))
      this.network.send(arp(2, this.endpoint, { mac: packet.senderMac, ip: packet.senderIp }));
    if (packet.kind === 'arp-reply' && equal(packet.targetIp, this.endpoint.ip) && !this.server) {
      this.server = { mac: packet.senderMac, ip: SERVER.ip, port: SERVER.port };
      this.next();
    }
    if (
      packet.kind === 'udp' &&
      equal(packet.target.mac, this.endpoint.mac) &&
      packet.target.port === this.endpoint.port
    )
      this.handleReply(new TextDecoder().decode(packet.payload));
  }

  private resolve(): void {
    if (this.server) return;
    this.network.send(arp(1, this.endpoint, { ip: SERVER.ip }));
    this.network.in(RETRANSMIT_NS, () => this.resolve());
  }

  private handleReply(reply: string): void {
    const prefix = `${this.number} ${this.sequence} `;
    if (!this.pending || !reply.startsWith(prefix)) return;
    const answer = reply.slice(prefix.length).trimEnd();
    if (this.pending.operation)
      Object.assign(this.calls.at(-1)!, { returnedNs: this.network.nowNs(), answer });
    const problem = this.pending.accept(answer);
    if (problem) this.errors.push(`client ${this.number}, request ${this.sequence}: ${problem}`);
    this.pending = undefined;
    this.answered++;
    this.network.in(this.network.random.below(THINK_NS), () => this.next());
  }

  private next(): void {
    if (this.pending) return;
    this.pending = this.queue.shift();
    if (!this.pending) return this.finished(this);
    this.sequence++;
    this.requests++;
    const { operation } = this.pending;
    if (operation)
      this.calls.push({
        client: this.number,
        sequence: this.sequence,
        operation,
        calledNs: this.network.nowNs(),
      });
    this.transmit(this.sequence);
  }

  private transmit(sequence: number): void {
    if (!this.pending || this.sequence !== sequence) return;
    const payload = new TextEncoder().encode(`${this.number} ${sequence} ${this.pending.text}`);
    this.network.send(udp(this.endpoint, this.server!, payload));
    this.network.in(RETRANSMIT_NS, () => {
      if (!this.pending || this.sequence !== sequence) return;
      this.retransmissions++;
      this.transmit(sequence);
    });
  }

  /** Draws a random request. The expected answer is computed when it is answered, after all earlier requests. */
  private draw(): Request {
    const { random } = this.network;
    const own = `c${this.number}-${random.below(OWN_KEYS)}`;
    const common = `s${random.below(COMMON_KEYS)}`;
    const value = `v${random.below(1_000_000)}`;
    switch (random.below(5)) {
      case 0:
        return request({ op: 'SET', key: own, value }, (answer) => {
          this.store.set(own, value);
          return isOk(answer) ? undefined : `SET was answered "${answer}"`;
        });
      case 1:
        return request({ op: 'GET', key: own }, (answer) => {
          const held = this.store.get(own);
          const expected = held === undefined ? 'NONE' : `VALUE ${held}`;
          return answer === expected
            ? undefined
            : `GET ${own} gave "${answer}", acknowledged was "${expected}"`;
        });
      case 2:
        return request({ op: 'SET', key: common, value }, (answer) =>
          isOk(answer) ? undefined : `SET was answered "${answer}"`,
        );
      case 3:
        return request({ op: 'GET', key: common }, (answer) =>
          answer === 'NONE' || isValue(answer) ? undefined : `GET was answered "${answer}"`,
        );
      default: {
        const amount = 1 + random.below(100);
        return request({ op: 'ADD', key: SHARED_KEY, amount }, (answer) => {
          this.added += amount;
          return isValue(answer) ? undefined : `ADD was answered "${answer}"`;
        });
      }
    }
  }
}

const request = (operation: KvOperation, accept: Request['accept']): Request => ({
  text: requestText(operation),
  operation,
  accept,
});

const isOk = (answer: string): boolean => answer === 'OK';
const isValue = (answer: string): boolean => answer.startsWith('VALUE ');
const equal = (a: Address, b: Address): boolean => a.every((byte, index) => byte === b[index]);

/** Whether a frame is addressed to this MAC address, or broadcast. */
export const isAddressedTo = (frame: Uint8Array, mac: Address): boolean => {
  const target = [...frame.subarray(0, 6)];
  return equal(target, mac) || equal(target, BROADCAST);
};
