/** The trace of a real run, from the evidence of all its processes: the document that the page of a run opens. */
import type { EvidenceOf } from '../../host/evidence/format.ts';
import { Bins } from '../../sim/trace/bins.ts';
import type { MessageEvent, NoteEvent, SliceEvent, Trace } from '../../sim/trace/events.ts';
import { MAX_EVENTS } from '../../sim/trace/tracer.ts';
import { EdgeTrace } from './edge-trace.ts';
import { endOf } from './ends.ts';
import { type Draft, EventQueue } from './event-queue.ts';
import { HostState, type NoteOf } from './host-state.ts';
import { Messages, type Passage } from './messages.ts';
import { beginOf, type Life, recordsOf, type Sighting } from './records.ts';
import type { Survey } from './survey.ts';

/** A replica went live in place of another. */
export interface RealFailover {
  from: string;
  to: string;
  /** From the last record of the other one, if that has ended. */
  downNs: number | undefined;
}

/** What is found in the evidence. */
export interface RealTrace {
  trace: Trace;
  /** The hosts that follow the first primary. */
  backups: string[];
  failovers: RealFailover[];
  /** In µs since 1970. */
  beginUs: number;
}

/** See the head of this file. */
export class RealTracer {
  private readonly hosts = new Map<string, HostState>();
  private readonly queue: EventQueue;
  private readonly bins = new Bins();
  private readonly edge: EdgeTrace;
  private readonly messages = new Messages((passage) => this.passed(passage));
  private readonly failovers: RealFailover[] = [];
  /** When lives with a machine ended, by host. */
  private readonly ended = new Map<string, number>();
  private first: { primary: string; backups: readonly string[] } = { primary: '', backups: [] };
  private endNs = 0;
  /** The release that the record which is read has shown. */
  private shownBy: Draft<MessageEvent> | undefined;
  /** The message that has brought the record which is read. */
  private brought: Draft<MessageEvent> | undefined;

  constructor(
    private readonly lives: readonly Life[],
    private readonly survey: Survey,
    limit = MAX_EVENTS,
  ) {
    this.queue = new EventQueue(limit);
    this.edge = new EdgeTrace(this.queue, this.bins, this.hosts);
  }

  /** Reads the evidence. */
  trace(): RealTrace {
    const { lives, survey, queue, bins, failovers } = this;
    for (const { atNs, ...rest } of recordsOf(lives, survey.clocks)) {
      // What was before the first host is there when that begins.
      const sighting = { ...rest, atNs: Math.max(0, atNs) };
      this.endNs = Math.max(this.endNs, sighting.atNs);
      queue.upTo(sighting.atNs);
      this.take(sighting);
    }
    const { events, total } = queue.end();
    const { primary, backups } = this.first;
    const others = [...this.hosts.keys()]
      .filter((name) => name !== primary && !backups.includes(name))
      .sort();
    const hosts = [...new Set([primary, ...backups, ...others])].filter((name) => name !== '');
    const trace: Trace = { hosts, endNs: this.endNs, events, total, bins: bins.data() };
    return { trace, backups: [...backups], failovers, beginUs: beginOf(lives) };
  }

  private note<K extends NoteEvent['event']['kind']>(
    atNs: number,
    host: string,
    event: NoteOf<K>['event'],
    cause?: Draft,
  ): Draft<NoteOf<K>> {
    return this.queue.add<NoteEvent>({ kind: 'note', atNs, host, event }, cause) as Draft<NoteOf<K>>;
  }

  private take(sighting: Sighting): void {
    const { life, record, atNs } = sighting;
    this.shownBy = undefined;
    this.brought = undefined;
    this.messages.take(sighting);
    if (life.file.head.role === 'host') return this.hostSays(sighting);
    if (record.kind === 'head') this.serviceBegins(life, atNs);
    this.edge.take(record, atNs, this.shownBy);
  }

  // ── Hosts ─────────────────────────────────────────────────────────────────────────────────────────────────────────

  /** Long: a case for each kind of record that the page shows. */
  private hostSays({ life, record, atNs, sizeBytes }: Sighting): void {
    if (record.kind === 'head') return this.hostBegins(life, atNs);
    const { node } = life;
    const host = this.hosts.get(node)!;
    switch (record.kind) {
      case 'booted':
        if (record.role === 'primary') this.first = record.first;
        host.machine(this.roleOf(record.role), record.role === 'spare' ? undefined : 0);
        this.note(atNs, node, { kind: 'booted', role: record.role });
        return;
      case 'entries':
        return this.entries(host, record, atNs, sizeBytes);
      case 'held': {
        host.holds(this.note<'held'>(atNs, node, { ...record, text: '' }, host.slice));
        this.bins.add('held', atNs, record.last - record.first + 1);
        return;
      }
      case 'released': {
        const { kind, first, last } = record;
        host.releases(this.note<'released'>(atNs, node, { kind, first, last, text: '' }));
        return;
      }
      case 'ack':
        host.ack = this.brought;
        return;
      case 'live':
        this.reached(host, record.icount, atNs);
        host.role = 'live';
        this.wentLive(node, record, atNs);
        return;
      case 'installed':
        host.machine('following', record.icount);
        this.note(atNs, node, { ...record, kind: 'installed' });
        return;
      case 'following':
        host.role = 'following';
        this.note(atNs, node, { kind: 'following', primary: record.primary, entry: record.entry });
        return;
      case 'evicted':
      case 'void':
        host.machine('spare');
        this.note(atNs, node, record);
        return;
      case 'won':
        this.note(atNs, node, record, this.brought);
        return;
      case 'members':
      case 'checked':
        this.reached(host, record.icount, atNs);
        this.note(atNs, node, record);
        return;
      case 'claimed':
      case 'lost':
      case 'suspected':
      case 'joining':
      case 'join-ended':
      case 'switching':
      case 'off':
        this.note(atNs, node, record);
        return;
      case 'stopped':
        if (record.reason === 'diverged') this.note(atNs, node, { kind: 'differs' });
        else if (host.role === 'following') this.note(atNs, node, { kind: 'ended' });
        return;
      case 'end':
        this.hostEnds(host, atNs);
    }
  }

  private readonly roleOf = (role: 'primary' | 'backup' | 'spare'): HostState['role'] =>
    role === 'primary' ? 'live' : role === 'backup' ? 'following' : 'spare';

  private hostBegins(life: Life, atNs: number): void {
    this.ended.delete(life.node);
    this.hosts.set(life.node, new HostState(life, atNs));
  }

  private hostEnds({ life, icount, beginNs }: HostState, atNs: number): void {
    const end = endOf(life, { beginNs, atNs }, this.lives, this.survey);
    if (!end) return;
    const { atNs: endNs, how, why } = end;
    this.ended.set(life.node, endNs);
    this.note(endNs, life.node, { kind: 'ends', how, icount, ...(why !== undefined && { why }) });
  }

  private wentLive(
    node: string,
    { icount, generation, from, history }: EvidenceOf<'live'>,
    atNs: number,
  ): void {
    // How many outputs it releases again is not recorded.
    this.note(atNs, node, { kind: 'live', icount, generation, from, history, pending: 0 });
    if (from === node) return;
    const endedNs = this.ended.get(from);
    this.failovers.push({ from, to: node, downNs: endedNs === undefined ? undefined : atNs - endedNs });
  }

  /** A machine is known to be at a position. */
  private reached(host: HostState, icount: number, atNs: number): void {
    const from = host.icount ?? icount;
    if (icount <= from || host.role === 'spare') return;
    host.icount = icount;
    const { role, life } = host;
    host.slice = this.queue.add<SliceEvent>({
      ...{ kind: 'slice', atNs, host: life.node, role, endNs: atNs, from, to: icount },
    });
    this.bins.add(`steps ${life.node}`, atNs, icount - from);
  }

  /** What came through the doors in one go says where the machine was at its beginning, and at its end. */
  private entries(
    host: HostState,
    { entries, tookUs }: EvidenceOf<'entries'>,
    atNs: number,
    sizeBytes: number,
  ): void {
    const { node } = host.life;
    const [from, to] = [entries[0]?.icount, entries.at(-1)?.icount];
    if (from === undefined || to === undefined || host.role === 'spare') return;
    const before = host.icount ?? from;
    host.icount = Math.max(before, to);
    const { role } = host;
    if (to > before || to > from)
      host.slice = this.queue.add<SliceEvent>({
        ...{ kind: 'slice', host: node, role, from, to },
        ...{ atNs: Math.max(0, atNs - tookUs * 1000), endNs: atNs },
      });
    this.bins.add(`steps ${node}`, atNs, Math.max(0, to - before));
    if (role !== 'following') return;
    this.bins.add('channel', atNs, sizeBytes);
    const live = Math.max(
      0,
      ...[...this.hosts.values()].filter((one) => one.role === 'live').map(({ icount }) => icount ?? 0),
    );
    this.bins.peak('lag', atNs, Math.max(0, live - to));
  }

  // ── Messages, and what the services say ───────────────────────────────────────────────────────────────────────────

  private passed(passage: Passage): void {
    const { from, to, what, departedNs, arrivedNs, first, last } = passage;
    if (what === 'release') return this.releasePassed(passage);
    this.brought = this.queue.add<MessageEvent>({
      ...{ kind: 'message', from, to, what, way: 'stream', first, last },
      ...{ atNs: departedNs, arrivedNs: [arrivedNs] },
    });
  }

  /** Outputs that left together are shown one by one. */
  private releasePassed({ from, departedNs, arrivedNs, ...shown }: Passage): void {
    const release = this.hosts.get(from)?.releaseOf(shown.last, departedNs);
    if (!release) return;
    const { first, last } = release.note.event.event;
    release.message ??= this.queue.add<MessageEvent>(
      {
        ...{ kind: 'message', from, to: 'switch', what: 'release', way: 'stream', atNs: departedNs },
        ...{ arrivedNs: [arrivedNs], first, last, text: '' },
      },
      release.ack,
    );
    this.shownBy = release.message;
  }

  private serviceBegins({ node, file }: Life, atNs: number): void {
    const before = this.lives.findLast(
      (life) =>
        life.node === node &&
        life.file.head.name === file.head.name &&
        life.file.head.number < file.head.number,
    );
    if (before && before.file.end !== 'closed') this.note(atNs, '', { kind: 'restarted', what: node });
  }
}
