import type { Random } from '../base/random.ts';
import { type Address, arp, BROADCAST, type Endpoint, type Packet, udp } from './packets.ts';

/** Where the guest listens: the address and port that the key-value server has. */
const SERVER = { ip: [10, 0, 2, 15], port: 9000 } as const;
const REQUESTS = 20;
const FIRST_NS = 2_000_000;
const RETRANSMIT_NS = 20_000_000;
/** Longest pause between an answer and the next request. */
const THINK_NS = 2_000_000;
const SHARED_KEY = 'shared';

type Operation =
  | { op: 'SET'; key: string; value: string }
  | { op: 'GET'; key: string }
  | { op: 'ADD'; amount: number };

interface Request {
  text: string;
  /** Told the answer after `CLIENT SEQ `; says what is wrong with it, if anything is. */
  accept: (answer: string) => string | undefined;
}

/** What a client needs of the world around it. */
export interface Network {
  send(frame: Uint8Array): void;
  in(delayNs: number, action: () => void): void;
  random: Random;
}

/**
 * A client of the key-value server: finds it by ARP, sends requests over UDP one at a time, and sends each again until it is answered.
 * It knows what its own keys must hold, so a write that was acknowledged and then lost does not go unnoticed.
 */
export class Client {
  private readonly me: Endpoint;
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
  readonly complaints: string[] = [];

  constructor(
    private readonly number: number,
    private readonly network: Network,
    private readonly finished: (client: Client) => void,
  ) {
    this.me = { mac: [0x52, 0x54, 0, 0, 1, number], ip: [10, 0, 2, 100 + number], port: 40_000 + number };
    for (let i = 0; i < REQUESTS; i++) this.queue.push(this.draw());
    network.in(FIRST_NS, () => this.resolve());
  }

  get mac(): Address {
    return this.me.mac;
  }

  /** The counter must now hold `total`; then the server is told to stop. */
  conclude(total: number): void {
    this.queue.push(
      this.request('ADD shared 0', (answer) =>
        answer === `VALUE ${total}`
          ? undefined
          : `the shared counter is "${answer}", acknowledged were ${total}`,
      ),
      this.request('STOP', (answer) => (answer === 'BYE' ? undefined : `STOP was answered "${answer}"`)),
    );
    this.next();
  }

  receive(packet: Packet): void {
    if (packet.kind === 'arp-request' && same(packet.targetIp, this.me.ip))
      this.network.send(arp(2, this.me, { mac: packet.senderMac, ip: packet.senderIp }));
    if (packet.kind === 'arp-reply' && same(packet.targetIp, this.me.ip) && !this.server) {
      this.server = { mac: packet.senderMac, ip: SERVER.ip, port: SERVER.port };
      this.next();
    }
    if (packet.kind === 'udp' && same(packet.target.mac, this.me.mac) && packet.target.port === this.me.port)
      this.hear(new TextDecoder().decode(packet.payload));
  }

  private resolve(): void {
    if (this.server) return;
    this.network.send(arp(1, this.me, { ip: SERVER.ip }));
    this.network.in(RETRANSMIT_NS, () => this.resolve());
  }

  private hear(reply: string): void {
    const prefix = `${this.number} ${this.sequence} `;
    if (!this.pending || !reply.startsWith(prefix)) return;
    const problem = this.pending.accept(reply.slice(prefix.length).trimEnd());
    if (problem) this.complaints.push(`client ${this.number}, request ${this.sequence}: ${problem}`);
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
    this.transmit(this.sequence);
  }

  private transmit(sequence: number): void {
    if (!this.pending || this.sequence !== sequence) return;
    const payload = new TextEncoder().encode(`${this.number} ${sequence} ${this.pending.text}`);
    this.network.send(udp(this.me, this.server!, payload));
    this.network.in(RETRANSMIT_NS, () => {
      if (!this.pending || this.sequence !== sequence) return;
      this.retransmissions++;
      this.transmit(sequence);
    });
  }

  private request(text: string, accept: Request['accept']): Request {
    return { text, accept };
  }

  /** A request by chance. What it expects is worked out when it is answered: by then all earlier ones have been. */
  private draw(): Request {
    const { random } = this.network;
    const key = `c${this.number}-${random.below(5)}`;
    const kind = random.below(3);
    const operation: Operation =
      kind === 0
        ? { op: 'SET', key, value: `v${random.below(1_000_000)}` }
        : kind === 1
          ? { op: 'GET', key }
          : { op: 'ADD', amount: 1 + random.below(100) };
    switch (operation.op) {
      case 'SET':
        return this.request(`SET ${key} ${operation.value}`, (answer) => {
          this.store.set(key, operation.value);
          return answer === 'OK' ? undefined : `SET was answered "${answer}"`;
        });
      case 'GET':
        return this.request(`GET ${key}`, (answer) => {
          const value = this.store.get(key);
          const expected = value === undefined ? 'NONE' : `VALUE ${value}`;
          return answer === expected
            ? undefined
            : `GET ${key} gave "${answer}", acknowledged was "${expected}"`;
        });
      case 'ADD':
        return this.request(`ADD ${SHARED_KEY} ${operation.amount}`, (answer) => {
          this.added += operation.amount;
          return answer.startsWith('VALUE ') ? undefined : `ADD was answered "${answer}"`;
        });
    }
  }
}

const same = (a: Address, b: Address): boolean => a.every((byte, index) => byte === b[index]);

/** Whether a frame is meant for this address. */
export const isFor = (frame: Uint8Array, mac: Address): boolean => {
  const target = [...frame.subarray(0, 6)];
  return same(target, mac) || same(target, BROADCAST);
};
