/** The streams and datagrams between the hosts of a cluster, for several groups. */
import { bytes, decode, encode, record } from '../base/codec.ts';
import { FormatError } from '../base/errors.ts';
import type { Transport } from '../cluster/ports.ts';
import type { HostName } from '../ft/effects.ts';
import { kindOfMessage } from '../ft/messages.ts';
import { groupName } from './groups.ts';
import type { Log } from './limited-log.ts';
import { Offers } from './offers.ts';
import { bindDatagrams, type Datagrams } from './wire/datagrams.ts';
import { Dialer } from './wire/dialer.ts';
import type { ClusterKey } from './wire/key.ts';
import { type Identity, type Link, MAX_MESSAGE_BYTES } from './wire/link.ts';
import { RefusalProbe } from './wire/refusal-probe.ts';

/** A message of the protocol between two hosts, for the replica of a group. */
export const addressed = record({ group: groupName, bytes: bytes(MAX_MESSAGE_BYTES) });

/** Where another host listens, for links (TCP) and for datagrams (UDP). */
export interface PeerAddress {
  name: HostName;
  address: string;
  port: number;
}

/** What {@link Peers} are made with. */
export interface PeersOptions {
  /** This host; its name is unique in the cluster. */
  self: Identity;
  key: ClusterKey;
  /** Where datagrams are received; the same port as for links. */
  address: string;
  port: number;
  random: { below(end: number): number };
  /** A message for a group's replica here. */
  received(group: string, from: HostName, bytes: Uint8Array): void;
  /** A new link to a host stands: what was sent before may be lost. */
  restored(peer: HostName): void;
  /** The link to a host has broken, and its operating system refuses another: its process has ended. */
  ended(peer: HostName): void;
  log: Log;
}

/** One other host. */
interface Peer {
  link: Link | undefined;
  dialer: Dialer | undefined;
  address: PeerAddress | undefined;
  /** Under way since its link has broken. */
  probe: RefusalProbe | undefined;
}

/**
 * One link to each other host: of two hosts, the one with the lower name dials. A broken link loses what was on its way,
 * so nothing is sent for a group on the next one until the group's replica has been told ({@link Transport.restored}).
 */
export class Peers {
  private readonly peers = new Map<HostName, Peer>();
  private readonly transports = new Map<string, GroupTransport>();
  private readonly offers = new Offers(() => performance.now());
  private closed = false;

  private constructor(
    private readonly options: PeersOptions,
    private readonly datagrams: Datagrams,
  ) {}

  /** @throws {OperatingError} if datagrams can't be received there */
  static async open(options: PeersOptions): Promise<Peers> {
    let peers: Peers | undefined;
    const { self, key, address, port, log } = options;
    const datagrams = await bindDatagrams({
      ...{ address, port, key, self, log },
      expects: ({ role, name }) => role === 'host' && peers?.isKnown(name) === true,
      onMessage: (from, payload) => void peers?.receive(from.name, payload),
    });
    peers = new Peers(options, datagrams);
    return peers;
  }

  /** The port of the datagrams. */
  get port(): number {
    return this.datagrams.port;
  }

  /** The hosts to which a link stands. */
  get connected(): HostName[] {
    return [...this.peers].filter(([, { link, address }]) => link && address).map(([name]) => name);
  }

  /** Whether this is a host of a group that is, or was, here. Others may have dialled. */
  private isKnown(name: HostName): boolean {
    return this.peers.get(name)?.address !== undefined;
  }

  /** Adds another host, or says where it listens now. */
  add(address: PeerAddress): void {
    const { self, key, random } = this.options;
    const peer = this.peer(address.name);
    const known = peer.address;
    if (known && known.address === address.address && known.port === address.port) return;
    peer.address = address;
    if (peer.link) this.datagrams.vouch(peer.link.peer);
    peer.dialer?.close();
    peer.dialer = undefined;
    if (self.name >= address.name) return;
    peer.dialer = new Dialer({
      ...address,
      ...{ key, self, random, expects: { role: 'host', name: address.name } },
      onUp: (link) => this.use(link),
    });
  }

  /** Takes a link that another host has dialled. */
  accept(link: Link): void {
    const { name } = link.peer;
    if (name < this.options.self.name) this.use(link);
    else link.close(`of two hosts the one with the lower name dials: ${name} does not`);
  }

  private use(link: Link): void {
    const { name } = link.peer;
    const peer = this.peer(name);
    const old = peer.link;
    peer.link = link;
    peer.probe?.close();
    // What the peer has sent on the old link came before what it sends on this one.
    if (old) {
      old.onMessage = () => {};
      old.close('another link stands');
    }
    if (peer.address) {
      this.datagrams.vouch(link.peer);
      for (const transport of this.transports.values()) transport.interrupt(name);
    }
    link.onMessage = (message) => {
      if (!this.receive(name, message)) link.close('a message that is none');
    };
    link.onClose = () => {
      if (peer.link !== link) return;
      peer.link = undefined;
      if (!peer.address) {
        // A host of no group here: nothing is remembered of it.
        this.peers.delete(name);
        return;
      }
      for (const transport of this.transports.values()) transport.interrupt(name);
      this.probe(name, peer);
    };
    this.options.restored(name);
  }

  /** A link can break between hosts that live: `ended` is said of none of these. */
  private probe(name: HostName, peer: Peer): void {
    const { address } = peer;
    if (!address || this.closed) return;
    peer.probe?.close();
    peer.probe = new RefusalProbe(address.address, address.port, () => this.options.ended(name));
  }

  private receive(from: HostName, message: Uint8Array): boolean {
    try {
      const { group, bytes } = decode(addressed, message);
      this.options.received(group, from, bytes);
      return true;
    } catch (error) {
      if (!(error instanceof FormatError)) throw error;
      return false;
    }
  }

  private peer(name: HostName): Peer {
    const known = this.peers.get(name);
    if (known) return known;
    const peer: Peer = { link: undefined, dialer: undefined, address: undefined, probe: undefined };
    this.peers.set(name, peer);
    return peer;
  }

  /** The transport of a group's replica here. */
  transport(group: string): Transport {
    const known = this.transports.get(group);
    if (known) return known;
    const transport = new GroupTransport(
      (to, message) => this.peers.get(to)?.link?.send(encode(addressed, { group, bytes: message })),
      (to, message) => this.datagram(group, to, message),
    );
    this.transports.set(group, transport);
    return transport;
  }

  /** The group's replica is not here any more. */
  forget(group: string): void {
    this.transports.delete(group);
    this.silence(group);
  }

  /** The group's replica has stopped: its heartbeats end. */
  silence(group: string): void {
    for (const name of this.peers.keys()) {
      const series = `${group}/${name}`;
      this.datagrams.end(series);
      this.offers.end(series);
    }
  }

  private datagram(group: string, name: HostName, message: Uint8Array): void {
    const address = this.peers.get(name)?.address;
    if (!address) return;
    const payload = encode(addressed, { group, bytes: message });
    const series = `${group}/${name}`;
    // A spare's offer is not repeated: after it has joined, it would say that the spare has restarted empty.
    const isHeartbeat = kindOfMessage(message) === 'heartbeat';
    if (isHeartbeat) this.offers.end(series);
    else {
      this.datagrams.end(series);
      if (!this.offers.isDue(series, message)) return;
    }
    this.datagrams.send({ role: 'host', ...address }, payload, isHeartbeat ? series : undefined);
  }

  /** Breaks all links, and dials no more. */
  async close(): Promise<void> {
    this.closed = true;
    for (const { dialer, link, probe } of this.peers.values()) {
      probe?.close();
      dialer?.close();
      link?.close('the host ends');
    }
    await this.datagrams.close();
  }
}

/** The transport of one group: it sends nothing to a host between a broken link and `restored`. */
class GroupTransport implements Transport {
  private readonly interrupted = new Set<HostName>();

  constructor(
    private readonly send: (to: HostName, message: Uint8Array) => void,
    readonly datagram: (to: HostName, message: Uint8Array) => void,
  ) {}

  stream(to: HostName, message: Uint8Array): void {
    if (!this.interrupted.has(to)) this.send(to, message);
  }

  restored(peer: HostName): void {
    this.interrupted.delete(peer);
  }

  interrupt(peer: HostName): void {
    this.interrupted.add(peer);
  }
}
