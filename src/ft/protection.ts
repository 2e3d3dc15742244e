/**
 * Re-protection (the paper, section 3.1): a primary with fewer backups than wanted picks a spare, brings it in sync,
 * and only then claims the generation that names it as a backup.
 */
import type { DiskRequest } from '../devices/device.ts';
import { descriptionHash, sectorsOf } from '../vmm/description.ts';
import type { ChangedPages } from './changed-pages.ts';
import type { Channel } from './channel.ts';
import type { LoggingChannels } from './channels.ts';
import { CopySender } from './copy.ts';
import { DiskCopySender } from './disk-copy.ts';
import type { GenerationRecord, HostName } from './effects.ts';
import type { MessageOf } from './messages.ts';
import { heardAt } from './silence.ts';
import type { ReplicaState } from './state.ts';

/** What {@link Protection} needs of the primary. */
interface Owner {
  readonly replica: ReplicaState;
  readonly channels: LoggingChannels;
  readonly pages: ChangedPages;
  claim(record: GenerationRecord): void;
  evict(hosts: readonly HostName[]): void;
  sendGeneration(host: HostName): void;
  /** State transfer: logs a checkpoint, so that the log covers the machine's state. */
  endEpoch(): void;
}

interface Spare {
  load: number;
  domain: string;
  heardNs: number;
}

/** A spare that has been silent for this many heartbeats is not picked. */
const STALE_HEARTBEATS = 20;
/** A joining replica is given up after this many times `suspectNs` without progress. */
const PATIENCE = 10;
/** The minimum share of a guest that writes faster than it can be copied, per mille. */
const MIN_SHARE = 50;

/** The primary's part that keeps the wanted number of backups. */
export class Protection {
  /** The wanted number of backups. */
  wanted: number;
  /** A backup that is to be evicted once another has replaced it. */
  leaving: HostName | undefined;
  /** The share of processor time that a copy leaves to the guest, per mille. */
  share = 1000;
  private readonly spares = new Map<HostName, Spare>();
  private readonly domains = new Map<HostName, string>();
  private joining: HostName | undefined;
  /** Outputs wait for the joining replica already: otherwise a distant one would always lack the latest entries. */
  private closing = false;
  private copy: CopySender | undefined;
  private diskCopy: DiskCopySender | undefined;
  private copies = 0;
  /** When the joining replica last made progress. */
  private progressNs = 0;

  constructor(private readonly primary: Owner) {
    this.wanted = primary.replica.options.backups;
  }

  private get replica() {
    return this.primary.replica;
  }

  /** What is under way, for {@link Replica.phase}. */
  get phase(): { joining: boolean; copying: boolean } {
    return { joining: this.joining !== undefined, copying: this.copy !== undefined };
  }

  isJoining(host: HostName): boolean {
    return this.joining === host;
  }

  /** The joining replica, if outputs wait for its acknowledgements. */
  get awaited(): HostName | undefined {
    return this.closing ? this.joining : undefined;
  }

  /** A host offers itself as a spare. */
  available(host: HostName, { load, domain, generation }: MessageOf<'available'>): void {
    const { replica, primary } = this;
    this.spares.set(host, { load, domain, heardNs: replica.nowNs });
    this.domains.set(host, domain);
    const channel = primary.channels.get(host);
    if (channel && this.isJoining(host)) {
      channel.silence = heardAt(replica.nowNs);
      channel.closed = false;
    }
    if (generation === 0 && this.copy?.host === host) this.giveUp('it restarted empty');
    // A backup without a generation has restarted empty.
    if (generation === 0 && replica.record.backups.includes(host)) primary.evict([host]);
  }

  heard(host: HostName, domain: string): void {
    this.domains.set(host, domain);
  }

  private get missing(): boolean {
    const { backups } = this.replica.record;
    return backups.filter((host) => host !== this.leaving).length < this.wanted;
  }

  /** Called at each heartbeat: evicts surplus backups, and picks a spare if a backup is missing. */
  tick(): void {
    const { replica, primary } = this;
    if (this.leaving && !replica.record.backups.includes(this.leaving)) this.leaving = undefined;
    const { suspectNs } = replica.options.tuning;
    if (replica.nowNs - this.progressNs > PATIENCE * suspectNs) this.giveUp('it makes no progress');
    const { backups } = replica.record;
    if (!replica.claim && backups.length > this.wanted && !this.leaving)
      primary.evict(backups.slice(this.wanted));
    if (this.joining || replica.claim || !this.missing) return;
    const host = this.pick();
    if (!host) return;
    this.beginJoin(host);
    primary.sendGeneration(host);
  }

  /** The best spare: first in an unused failure domain (anti-affinity), then the least loaded. */
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

  /** Opens a channel to a host that is to join, if a backup is missing. */
  beginJoin(host: HostName): Channel | undefined {
    const { replica, primary } = this;
    if (this.joining || replica.claim || !this.missing || replica.record.backups.includes(host))
      return undefined;
    const channel = primary.channels.open(host);
    this.joining = host;
    this.closing = false;
    this.progressNs = replica.nowNs;
    return channel;
  }

  /** Begins a copy of the running machine to the joining replica. */
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
      replica.options.compressor,
    );
    const { disk, description, tuning } = replica.options;
    this.progressNs = replica.nowNs;
    if (disk === 'private')
      this.diskCopy = new DiskCopySender(sectorsOf(description), tuning.copyWindow, () =>
        replica.nextCopyOperation(),
      );
    replica.note({ kind: 'joining', host: channel.host, how: 'copy' });
    const { generation } = replica;
    replica.send(channel.host, {
      kind: 'prepare',
      generation,
      copy: this.copies,
      description: descriptionHash(description),
    });
    if (replica.isOff('resync-atomicity')) this.record(channel.host);
    this.noteRound();
    this.pump();
  }

  private noteRound(): void {
    const { host, round, left } = this.copy!;
    this.replica.note({ kind: 'copying', host, round, pages: left });
  }

  pagesAcknowledged(host: HostName, number: number): void {
    if (this.copy?.host !== host || this.copy.number !== number) return;
    this.progressNs = this.replica.nowNs;
    this.copy.acknowledged();
    this.pump();
  }

  sectorsAcknowledged(host: HostName, { copy, sector }: MessageOf<'sectors-ack'>): void {
    if (this.copy?.host !== host || this.copy.number !== copy) return;
    this.progressNs = this.replica.nowNs;
    this.diskCopy?.acknowledged(sector);
    this.pump();
  }

  /** A read of sectors for the copy has ended. */
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

  /** The guest has seen a disk request completed. */
  written(request: DiskRequest): void {
    this.diskCopy?.written(request);
    this.pump();
  }

  /** The stream to a host broke: messages of a copy may be lost. */
  channelReset(host: HostName): void {
    if (this.copy?.host === host) this.giveUp('the channel broke');
    // The generation that was to make it join may have been lost; without it nothing comes until patience ends.
    else if (this.isJoining(host)) this.primary.sendGeneration(host);
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

  /** Ends a copy, between two slices of the guest: sends the rest of its state, and from here on the log. */
  private finishCopy(copy: CopySender): void {
    const { replica, primary } = this;
    const channel = primary.channels.get(copy.host)!;
    primary.endEpoch();
    const { delta, pages, sizeBytes } = copy.finish();
    const { machine } = replica.vmm;
    const entry = replica.log.last;
    const disks = replica.disk.open.map(({ id, request }) => ({ kind: 'disk' as const, first: id, request }));
    replica.effects.push({ do: 'copied', sizeBytes });
    replica.send(
      copy.host,
      {
        kind: 'state',
        generation: replica.generation,
        copy: copy.number,
        entry,
        history: replica.history,
        frames: replica.frames,
        speed: replica.speed,
        ticks: replica.clock.reading(replica.nowNs),
        delta,
        outputs: [...replica.gate.contents(), ...disks],
        starts: replica.starts,
        hash: machine.hash(),
      },
      () => ({ kind: 'copied', host: copy.host, pages, sizeBytes, icount: machine.icount, entry }),
    );
    channel.startAt(replica.log, entry, entry);
    this.endCopy();
  }

  /** A replica has acknowledged entries: if it is joining, it makes progress. */
  progressed(host: HostName): void {
    if (this.isJoining(host)) this.progressNs = this.replica.nowNs;
  }

  /**
   * Claims the joining replica as a backup once it holds every entry up to `releasedEntry`, which cover all released
   * outputs and all inputs that the edge need not keep.
   */
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

  /** A new generation is recorded. */
  membersChanged(): void {
    const { joining } = this;
    if (!joining) return;
    // Without this message the joining replica would keep silent; its answer says whether it is in sync.
    if (!this.replica.record.backups.includes(joining)) this.primary.sendGeneration(joining);
    else if (!this.copy) this.leaveJoining();
  }

  /** Ends the joining, if any, for the reason `why`. */
  giveUp(why: string): void {
    const { replica, primary, joining } = this;
    if (!joining) return;
    // A pending claim names the joining replica: storage decides whether it is a backup.
    if (replica.claim?.record.backups.includes(joining)) return;
    replica.note({ kind: 'join-ended', host: joining, why });
    if (!replica.record.backups.includes(joining)) primary.channels.delete(joining);
    this.spares.delete(joining);
    this.leaveJoining();
    this.endCopy();
  }

  /** This replica steps down: the joining replica has to ask the new primary. */
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
