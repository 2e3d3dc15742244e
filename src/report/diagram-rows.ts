/** Turns the events of a run into the rows of a sequence diagram. */
import type { GenerationRecord } from '../ft/effects.ts';
import type { SimEvent, WorldEvent } from '../sim/cluster.ts';
import { durationText, faultText } from '../sim/faults/fault-text.ts';
import { type HostId, type LinkFault, type NodeId, STORAGE, SWITCH } from '../sim/faults/faults.ts';
import {
  type ArrowEnd,
  DEAD_LANE,
  LANE,
  LIVE_LANE,
  type Mark,
  PAUSED_LANE,
  type Row,
  WORLD,
} from './diagram-canvas.ts';

/** What is under way for longer than this is drawn without its arrival. */
const PROMPT_NS = 2_000_000;

type EventOf<K extends SimEvent['event']['kind']> = Extract<SimEvent['event'], { kind: K }>;
type FaultEvent = WorldEvent & { kind: 'fault' };

/** A row without what is the same for all of them. */
type Drawn = Pick<Row, 'mark'> & Partial<Pick<Row, 'routine' | 'entry' | 'output'>>;

export class DiagramRows {
  private readonly rows: Row[] = [];
  private readonly lanes = new Map<NodeId, string>();
  /** How the lane of a host that stands still looked before. */
  private readonly paused = new Map<NodeId, string>();
  /** Entries that were sent and will arrive late, by their receiver. */
  private readonly late = new Map<HostId, number>();

  constructor(
    private readonly events: readonly SimEvent[],
    hosts: readonly HostId[],
  ) {
    for (const host of hosts) this.lanes.set(host, LANE);
    this.lanes.set(STORAGE, LANE);
    this.lanes.set(WORLD, LANE);
  }

  read(): Row[] {
    for (const [index, { atNs, host, event }] of this.events.entries()) {
      this.changeLane(host, event);
      const drawn = this.drawn(host, event, index);
      if (drawn) this.rows.push({ atNs, routine: false, lanes: [...this.lanes.values()].join(''), ...drawn });
    }
    return this.rows;
  }

  private changeLane(host: HostId, event: SimEvent['event']): void {
    switch (event.kind) {
      case 'booted':
        this.lanes.set(host, event.role === 'primary' ? LIVE_LANE : LANE);
        return;
      case 'live':
        this.lanes.set(host, LIVE_LANE);
        return;
      case 'evicted':
      case 'following':
      case 'ended':
      case 'off':
        this.lanes.set(host, LANE);
        return;
      case 'fault':
        if (event.fault.kind === 'pause') this.pause(host, event.phase === 'begins');
        if (event.fault.kind === 'crash' || event.fault.kind === 'domain')
          if (host) this.lanes.set(host, event.phase === 'begins' ? DEAD_LANE : LANE);
    }
  }

  private pause(host: HostId, begins: boolean): void {
    if (begins) this.paused.set(host, this.lanes.get(host)!);
    this.lanes.set(host, begins ? PAUSED_LANE : this.paused.get(host)!);
  }

  private drawn(host: HostId, event: SimEvent['event'], index: number): Drawn | undefined {
    switch (event.kind) {
      // ── What goes on all the time ─────────────────────────────────────────────────────────────────────────────────
      case 'held':
        return {
          ...note(host, `holds ${span(event)} ${quoted(event.text)}`),
          routine: true,
          output: event.last,
        };
      case 'sent':
        return this.sent(host, event, index);
      case 'received':
        return this.receivedLate(host, event);
      case 'acknowledged':
        return { ...arrow(event.by, host, `ack ${event.received}`), routine: true, entry: event.received };
      case 'released':
        return this.released(host, event, index);
      case 'disk-issued':
        return {
          ...arrow(host, STORAGE, `disk operation ${event.id}${event.again ? ', again' : ''}`),
          routine: !event.again,
          output: event.id,
        };
      case 'warned':
        return note(host, `${event.device}: ${event.message}`);
      case 'slowed':
        return {
          ...note(host, `the guest gets ${(event.perMille / 10).toFixed(1)} % of the processor`),
          routine: true,
        };
      case 'lag':
        return { ...note(host, `execution lag ${(event.ns / 1e6).toFixed(1)} ms`), routine: true };
      case 'full':
        return {
          ...note(host, `the ${event.what === 'log' ? 'log' : 'output'} buffer is full: the guest waits`),
          routine: true,
        };
      // ── Failure and arbitration ───────────────────────────────────────────────────────────────────────────────────
      case 'suspected':
        return note(host, `suspects ${event.host}`);
      case 'claimed':
        return this.claimed(host, event, index);
      case 'won':
        return arrow(STORAGE, host, `${event.generation} is yours`);
      case 'lost':
        return note(host, `the claim is lost: ${event.generation} is ${event.to}'s`);
      case 'draining':
        return note(host, `drains its log: ${event.entries} entries`);
      case 'live':
        return note(host, `LIVE, ${event.pending} outputs perhaps not released`);
      case 'members':
        return note(host, `generation ${event.generation}: ${membersText(event.record)}`);
      case 'evicted':
        return note(host, `left out of generation ${event.generation}`);
      case 'following':
        return note(host, `follows ${event.primary} from entry ${event.entry}`);
      // ── Protection again ──────────────────────────────────────────────────────────────────────────────────────────
      case 'joining':
        return event.how === 'copy'
          ? arrow(host, event.host, 'prepare')
          : note(host, `${event.host} lacks only entries that are still here`);
      case 'copying':
        return arrow(host, event.host, `copy ${event.round}: ${event.pages} pages`);
      case 'copied':
        return arrow(host, event.host, `last ${event.pages} pages`);
      case 'installed':
        return note(host, `has the machine of ${event.from}`);
      case 'join-ended':
        return note(host, `the copy to ${event.host} is given up: ${event.why}`);
      // ── Beginning, end, and what is done to it ────────────────────────────────────────────────────────────────────
      case 'switching':
        return note(host, `stands still, to hand over to ${event.to}`);
      case 'command':
        return arrow(WORLD, host, `told: ${event.command.kind}`);
      case 'off':
        return note(host, `the guest ends with exit code ${event.code}`);
      case 'ended':
        return note(host, 'told of the orderly end');
      case 'stuck':
        return note(host, `the guest ${event.cause === undefined ? 'spins' : 'traps'} for ever`);
      case 'diverged':
        return note(host, `DIVERGED ${event.divergence.message}`, '✖');
      case 'void':
        return note(host, 'lets its machine go');
      case 'fault':
        return faultDrawn(host, event);
      case 'booted':
      case 'checked':
      case 'delivered':
        return undefined;
    }
  }

  /** The next event that fits, unless one comes first that rules it out. */
  private next(index: number, fits: (event: SimEvent) => boolean, rulesOut?: (event: SimEvent) => boolean) {
    for (let at = index + 1; at < this.events.length; at++) {
      const event = this.events[at]!;
      if (fits(event)) return event;
      if (rulesOut?.(event)) return undefined;
    }
    return undefined;
  }

  /** How an arrow ends, by what came of it. */
  private endOf(index: number, answer: SimEvent | undefined): ArrowEnd {
    if (!answer) return '✗';
    return answer.atNs - this.events[index]!.atNs <= PROMPT_NS ? '▶' : '…';
  }

  private sent(host: HostId, { to, first, last }: EventOf<'sent'>, index: number): Drawn | undefined {
    if (last < first) return undefined;
    const answer = this.next(
      index,
      (one) => one.host === to && one.event.kind === 'received' && one.event.last >= last,
      (one) => one.host === to && isPowerLoss(one.event),
    );
    const end = this.endOf(index, answer);
    if (end === '…') this.late.set(to, last);
    const text = first === last ? `log ${first}` : `log ${first}–${last}`;
    return { ...arrow(host, to, text, end), routine: true, entry: last };
  }

  private receivedLate(host: HostId, { last }: EventOf<'received'>): Drawn | undefined {
    if (last < (this.late.get(host) ?? Number.POSITIVE_INFINITY)) return undefined;
    this.late.delete(host);
    return note(host, `entries up to ${last} arrive`);
  }

  /** The world says what is new to it; of what it drops, and of what gets lost, nothing is heard. */
  private released(host: HostId, event: EventOf<'released'>, index: number): Drawn {
    const isAbout = (one: SimEvent): boolean =>
      one.event.kind === 'delivered' && one.event.first <= event.last && event.last <= one.event.last;
    const answer = this.next(
      index,
      isAbout,
      (one) => one.event.kind === 'released' && one.host !== host && one.event.last >= event.last,
    );
    const seen = !answer && this.events.slice(0, index).some(isAbout);
    const text = `${span(event)}${seen ? ', seen before' : ''}`;
    return {
      ...arrow(host, WORLD, text, this.endOf(index, answer)),
      routine: answer !== undefined,
      output: event.last,
    };
  }

  private claimed(host: HostId, { generation, record }: EventOf<'claimed'>, index: number): Drawn {
    const answer = this.next(
      index,
      (one) => one.host === host && (one.event.kind === 'won' || one.event.kind === 'lost'),
      (one) => one.host === host && isPowerLoss(one.event),
    );
    // Study only: without the test-and-set nobody is asked.
    if (answer?.atNs === this.events[index]!.atNs)
      return note(host, `takes generation ${generation} without asking`);
    const others = record.backups.length > 0 ? ` with ${record.backups.join(', ')}` : ', alone';
    const text = `claim ${generation}${others}`;
    return arrow(host, STORAGE, text, this.endOf(index, answer));
  }
}

const arrow = (from: NodeId, to: NodeId, text: string, end: ArrowEnd = '▶'): { mark: Mark } => ({
  mark: { kind: 'arrow', from, to, end, text },
});

const note = (on: NodeId, text: string, sign = '●'): { mark: Mark } => ({
  mark: { kind: 'note', on, sign, text },
});

const isPowerLoss = (event: SimEvent['event']): boolean =>
  event.kind === 'fault' &&
  event.phase === 'begins' &&
  (event.fault.kind === 'crash' || event.fault.kind === 'domain');

const span = ({ first, last }: { first: number; last: number }): string =>
  first === last ? `output ${first}` : `outputs ${first}–${last}`;

const MAX_TEXT = 24;
const quoted = (text: string): string =>
  JSON.stringify(text.length > MAX_TEXT ? `${text.slice(0, MAX_TEXT - 1)}…` : text);

const membersText = ({ primary, backups }: GenerationRecord): string =>
  backups.length > 0 ? `${primary} with ${backups.join(', ')}` : `${primary} alone`;

function faultDrawn(host: HostId, { fault, phase, icount }: FaultEvent): Drawn | undefined {
  if ('from' in fault) return { mark: wall(fault, phase) };
  const ends = phase === 'ends';
  switch (fault.kind) {
    case 'crash':
      return ends
        ? note(host, 'has power again, and knows nothing')
        : note(host, `CRASH at icount ${icount}`, '✖');
    case 'pause':
      return note(
        host,
        ends ? 'goes on as if nothing had been' : `stands still for ${durationText(fault.forNs)}`,
      );
    case 'domain':
      return host
        ? undefined
        : note(WORLD, `failure domain ${fault.domain} ${ends ? 'has' : 'loses its'} power`);
    case 'command':
      return undefined;
    case 'outage':
      return note(STORAGE, ends ? 'answers again' : `no answer for ${durationText(fault.forNs)}`);
    case 'restart':
      return note(STORAGE, ends ? 'is back' : `restarts, away for ${durationText(fault.forNs)}`);
    case 'answers':
      return note(
        STORAGE,
        ends ? 'answers as before' : `answers ${fault.how} for ${durationText(fault.forNs)}`,
      );
    default:
      return note(host || STORAGE, ends ? `${faultText(fault)} is over` : faultText(fault));
  }
}

const laneOf = (node: NodeId): NodeId => (node === SWITCH ? WORLD : node);

function wall(fault: LinkFault, phase: 'begins' | 'ends'): Mark {
  const [from, to] = [laneOf(fault.from), laneOf(fault.to)];
  const said = {
    partition: `nothing passes${'both' in fault && !fault.both ? ` to ${to}` : ''}`,
    delay: 'slow',
    lose: 'datagrams are lost',
    duplicate: 'datagrams come twice',
    reset: 'the stream breaks',
  }[fault.kind];
  return phase === 'begins'
    ? { kind: 'wall', from, to, end: '╳', text: said }
    : { kind: 'wall', from, to, end: '╌', text: 'as before' };
}
