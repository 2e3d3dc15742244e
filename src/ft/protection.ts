/**
 * Protection again (the paper, section 3.1): a live VM that has fewer backups than it should picks a host, brings it in sync, and only
 * then records the generation that counts on it.
 */

import type { DiskRequest } from '../devices/device.ts';
import { sectorsOf } from '../vmm/description.ts';
import type { ChangedPages } from './changed-pages.ts';
import type { Channel } from './channel.ts';
import type { LoggingChannels } from './channels.ts';
import { CopySender } from './copy.ts';
import { DiskCopySender } from './disk-copy.ts';
import type { GenerationRecord, HostName } from './effects.ts';
import type { MessageOf } from './messages.ts';
import type { ReplicaState } from './state.ts';

/** What protection needs of the live replica. */
interface Owner {
  readonly replica: ReplicaState;
  readonly channels: LoggingChannels;
  readonly pages: ChangedPages;
  claim(record: GenerationRecord): void;
  evict(hosts: readonly HostName[]): void;
  sendGeneration(host: HostName): void;
  /** State transfer: the log must say where the machine stands. */
  endEpoch(): void;
}

interface Spare {
  load: number;
  domain: string;
  heardNs: number;
}

/** A host that has not been heard of for this many heartbeats is not offered. */
const STALE_HEARTBEATS = 20;
/** A replica that joins and gets no further is given up after this many times the time of suspicion. */
const PATIENCE = 10;
/** The least that a link carries, in time for each byte: 80 Mbit/s. What RAM holds at boot comes in one message. */
const SLOWEST_NS_PER_BYTE = 100;
/** What the guest is slowed to, per mille, when it writes faster than it can be copied. */
const MIN_SHARE = 50;

export class Protection {
  /** How many backups there should be. */
  wanted: number;
  /** A backup that is to go when another has taken its place. */
  leaving: HostName | undefined;
  /** The share of processor time that a copy leaves to the guest, per mille. */
  share = 1000;
  private readonly spares = new Map<HostName, Spare>();
  private readonly domains = new Map<HostName, string>();
  private joining: HostName | undefined;
  /** Outputs wait for the joining replica already: else one that is far away would never hold all that has left. */
  private closing = false;
  private copy: CopySender | undefined;
  private diskCopy: DiskCopySender | undefined;
  private copies = 0;
  /** When the joining replica last got further. */
  private progressNs = 0;

  constructor(private readonly primary: Owner) {
    this.wanted = primary.replica.options.backups;
  }

  private get replica() {
    return this.primary.replica;
  }

  get phase(): { joining: boolean; copying: boolean } {
    return { joining: this.joining !== undefined, copying: this.copy !== undefined };
  }

  isJoining(host: HostName): boolean {
    return this.joining === host;
  }

  /** The replica that joins, when outputs wait for it. */
  get awaited(): HostName | undefined {
    return this.closing ? this.joining : undefined;
  }

  /** A host says that it has room. */
  available(host: HostName, { load, domain, generation }: MessageOf<'available'>): void {
    const { replica, primary } = this;
    this.spares.set(host, { load, domain, heardNs: replica.nowNs });
    this.domains.set(host, domain);
    const channel = primary.channels.get(host);
    if (channel && this.isJoining(host)) channel.lastHeardNs = replica.nowNs;
    if (generation === 0 && this.copy?.host === host) this.giveUp('it has lost its power');
    // A member that knows of no generation has lost its VM.
    if (generation === 0 && replica.record.backups.includes(host)) primary.evict([host]);
  }

  heard(host: HostName, domain: string): void {
    this.domains.set(host, domain);
  }

  private get missing(): boolean {
    const { backups } = this.replica.record;
    return backups.filter((host) => host !== this.leaving).length < this.wanted;
  }

  /** Now and then: is there a backup missing, and a host for it? */
  tick(): void {
    const { replica, primary } = this;
    if (this.leaving && !replica.record.backups.includes(this.leaving)) this.leaving = undefined;
    const { suspectNs } = replica.options.tuning;
    if (replica.nowNs - this.progressNs > PATIENCE * suspectNs) this.giveUp('it gets no further');
    const { backups } = replica.record;
    if (!replica.claim && backups.length > this.wanted && !this.leaving)
      primary.evict(backups.slice(this.wanted));
    if (this.joining || replica.claim || !this.missing) return;
    const host = this.pick();
    if (!host) return;
    this.offered(host);
    primary.sendGeneration(host);
  }

  /** The best of the free hosts: in a failure domain where nobody of us is, then the least loaded (anti-affinity). */
  private pick(): HostName | undefined {
    const { replica } = this;
    const { heartbeatNs } = replica.options.tuning;
    const used = new Set([
      replica.options.domain,
      ...replica.record.backups.flatMap((host) => this.domains.get(host) ?? []),
    ]);
    const free = [...this.spares].filter(
      ([host, { heardNs }]) =>
        host !== this.leaving &&
        !replica.record.backups.includes(host) &&
        replica.nowNs - heardNs <= STALE_HEARTBEATS * heartbeatNs,
    );
    free.sort(
      ([a, x], [b, y]) =>
        Number(used.has(x.domain)) - Number(used.has(y.domain)) || x.load - y.load || (a < b ? -1 : 1),
    );
    return free[0]?.[0];
  }

  /** A host that could become a backup: a channel for it, if one is missing. */
  offered(host: HostName): Channel | undefined {
    const { replica, primary } = this;
    if (this.joining || replica.claim || !this.missing || replica.record.backups.includes(host))
      return undefined;
    const channel = primary.channels.open(host);
    this.joining = host;
    this.closing = false;
    this.progressNs = replica.nowNs;
    return channel;
  }

  /** Sends the machine as it runs. */
  copyTo(channel: Channel): void {
    const { replica, primary } = this;
    if (!this.isJoining(channel.host)) return;
    channel.state = 'copying';
    this.copy = new CopySender(
      channel.host,
      ++this.copies,
      replica.vmm.machine,
      primary.pages,
      replica.options.tuning,
    );
    const { disk, description, tuning } = replica.options;
    const bootBytes = description.segments.reduce((sum, { bytes }) => sum + bytes.length, 0);
    this.progressNs = replica.nowNs + bootBytes * SLOWEST_NS_PER_BYTE;
    if (disk === 'private') this.diskCopy = new DiskCopySender(sectorsOf(description), tuning.copyWindow);
    replica.note({ kind: 'joining', host: channel.host, how: 'copy' });
    const { generation } = replica;
    replica.send(channel.host, {
      kind: 'prepare',
      generation,
      copy: this.copies,
      description,
    });
    if (replica.is('resync-atomicity')) this.record(channel.host);
    this.noteRound();
    this.pump();
  }

  private noteRound(): void {
    const { host, round, left } = this.copy!;
    this.replica.note({ kind: 'copying', host, round, pages: left });
  }

  pagesTaken(host: HostName, number: number): void {
    if (this.copy?.host !== host || this.copy.number !== number) return;
    this.progressNs = this.replica.nowNs;
    this.copy.acknowledged();
    this.pump();
  }

  sectorsTaken(host: HostName, { copy, sector }: MessageOf<'sectors-ack'>): void {
    if (this.copy?.host !== host || this.copy.number !== copy) return;
    this.progressNs = this.replica.nowNs;
    this.diskCopy?.acknowledged(sector);
    this.pump();
  }

  /** Sectors that were asked for have been read. */
  sectorsRead(id: number, ok: boolean, data: Uint8Array): void {
    const { replica, copy } = this;
    const sector = this.diskCopy?.read(id, ok);
    if (copy && sector !== undefined)
      replica.send(copy.host, {
        kind: 'sectors',
        generation: replica.generation,
        copy: copy.number,
        sector,
        data,
      });
    this.pump();
  }

  /** The guest has been told that a write is done. */
  written(request: DiskRequest): void {
    this.diskCopy?.written(request);
    this.pump();
  }

  /** The stream to a host broke: what was sent of a copy may be lost. */
  channelReset(host: HostName): void {
    if (this.copy?.host === host) this.giveUp('the channel broke');
  }

  private pumpDisk(): void {
    const { replica, diskCopy } = this;
    for (let next = diskCopy?.next(); next; next = diskCopy?.next())
      replica.effects.push({ do: 'disk', ...next, generation: replica.generation, lowWater: 0 });
  }

  private pump(): void {
    const { replica, copy } = this;
    this.pumpDisk();
    while (copy) {
      while (copy.left > 0 && copy.open) {
        const { packed, sizeBytes } = copy.take();
        replica.effects.push({ do: 'copied', sizeBytes });
        replica.send(copy.host, { kind: 'pages', generation: replica.generation, copy: copy.number, packed });
      }
      if (this.diskCopy && !this.diskCopy.isDone) return;
      const next = copy.nextRound();
      if (next === undefined) return;
      if (next === 'stop') return this.finishCopy(copy);
      if (next === 'slower') this.share = Math.max(MIN_SHARE, this.share / 2);
      this.noteRound();
    }
  }

  /** The guest stands between two slices: what is left of its state goes, and from here on the log. */
  private finishCopy(copy: CopySender): void {
    const { replica, primary } = this;
    const channel = primary.channels.get(copy.host)!;
    primary.endEpoch();
    const { delta, pages, sizeBytes } = copy.finish();
    const { machine } = replica.vmm;
    const entry = replica.log.last;
    const disks = replica.disk.open.map(({ id, request }) => ({ kind: 'disk' as const, first: id, request }));
    replica.effects.push({ do: 'copied', sizeBytes });
    replica.send(copy.host, {
      kind: 'state',
      generation: replica.generation,
      copy: copy.number,
      entry,
      history: replica.history,
      speed: replica.speed,
      ticks: replica.clock.reading(replica.nowNs),
      delta,
      outputs: [...replica.gate.contents(), ...disks],
      starts: replica.starts,
      hash: machine.hash(),
    });
    replica.note({ kind: 'copied', host: copy.host, pages, sizeBytes, icount: machine.icount, entry });
    channel.startAt(replica.log, entry, entry);
    this.endCopy();
  }

  /** The joining replica has acknowledged something: it gets further. */
  heardOf(host: HostName): void {
    if (this.isJoining(host)) this.progressNs = this.replica.nowNs;
  }

  /** When the joining replica holds whatever explains what has left, it counts from now on. */
  settle(releasedEntry: number): void {
    const { replica, joining, primary } = this;
    if (joining === undefined || replica.claim) return;
    const { held } = primary.channels.get(joining)!;
    if (held === undefined) return;
    if (held >= releasedEntry) return this.record(joining);
    this.closing = true;
  }

  private record(host: HostName): void {
    const { record, name, claim } = this.replica;
    if (claim || record.backups.includes(host)) return;
    const stay = record.backups.filter((backup) => backup !== this.leaving);
    this.primary.claim({ primary: name, backups: [...stay, host] });
  }

  /** The generation is recorded. */
  membersChanged(): void {
    const { joining } = this;
    if (!joining) return;
    // It may have nothing to say by itself; what it answers tells whether it is in sync.
    if (!this.replica.record.backups.includes(joining)) this.primary.sendGeneration(joining);
    else if (!this.copy) this.leaveJoining();
  }

  giveUp(why: string): void {
    const { replica, primary, joining } = this;
    if (!joining) return;
    // What was claimed with it stands or falls with the claim.
    if (replica.claim?.record.backups.includes(joining)) return;
    replica.note({ kind: 'join-ended', host: joining, why });
    if (!replica.record.backups.includes(joining)) primary.channels.delete(joining);
    this.spares.delete(joining);
    this.leaveJoining();
    this.endCopy();
  }

  /** This replica is not live any more: whoever was joining has to ask the one that is. */
  stop(): void {
    this.copy?.stop();
    this.copy = undefined;
    this.leaveJoining();
  }

  private leaveJoining(): void {
    this.joining = undefined;
    this.closing = false;
  }

  private endCopy(): void {
    this.copy?.stop();
    this.copy = undefined;
    this.diskCopy = undefined;
    this.share = 1000;
    this.membersChanged();
  }
}
