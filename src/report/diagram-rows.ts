/** Converts the events of a run into the rows of a sequence diagram. */
import type { GenerationRecord } from '../ft/effects.ts';
import type { SimEvent, WorldEvent } from '../sim/cluster/cluster.ts';
import { durationText, faultText } from '../sim/faults/fault-text.ts';
import {
  type HostId,
  isEndOfHost,
  type LinkFault,
  type NodeId,
  STORAGE,
  SWITCH,
} from '../sim/faults/faults.ts';
import {
  type ArrowEnd,
  DEAD_LANE,
  EDGE,
  LANE,
  LIVE_LANE,
  type Mark,
  PAUSED_LANE,
  type Row,
} from './diagram-canvas.ts';

/** The arrow of a message in flight for longer than this ends in `…`. */
const PROMPT_NS = 2_000_000;

const stuckNote = {
  trap: 'traps again and again',
  loop: 'loops forever',
  wait: 'waits for no interrupt that can come',
} as const;

type EventOf<K extends SimEvent['event']['kind']> = Extract<SimEvent['event'], { kind: K }>;
type FaultEvent = WorldEvent & { kind: 'fault' };

/** A row without time and lanes. */
type Drawn = Pick<Row, 'mark'> & Partial<Pick<Row, 'routine' | 'entry' | 'output'>>;

/** Reads the events of a run; `hosts` in the order of their lanes. */
export class DiagramRows {
  private readonly rows: Row[] = [];
  private readonly lanes = new Map<NodeId, string>();
  /** The lanes of paused hosts before the pause. */
  private readonly paused = new Map<NodeId, string>();
  /** The last entry in flight that arrives late, by receiver. */
  private readonly late = new Map<HostId, number>();

  constructor(
    private readonly events: readonly SimEvent[],
    hosts: readonly HostId[],
  ) {
    for (const host of hosts) this.lanes.set(host, LANE);
    this.lanes.set(STORAGE, LANE);
    this.lanes.set(EDGE, LANE);
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
        if (isEndOfHost(event.fault)) this.lanes.set(host, event.phase === 'begins' ? DEAD_LANE : LANE);
    }
  }

  private pause(host: HostId, begins: boolean): void {
    if (begins) this.paused.set(host, this.lanes.get(host)!);
    this.lanes.set(host, begins ? PAUSED_LANE : this.paused.get(host)!);
  }

  /** What an event adds to the diagram. Long: a case for each kind of event. */
  private drawn(host: HostId, event: SimEvent['event'], index: number): Drawn | undefined {
    switch (event.kind) {
      // ── Routine ───────────────────────────────────────────────────────────────────────────────────────────────────
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
          ...note(
            host,
            `the ${event.what === 'log' ? 'log' : 'output'} buffer is full: the guest is blocked`,
          ),
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
        return note(host, liveText(event));
      case 'members':
        return note(host, `generation ${event.generation}: ${membersText(event.record)}`);
      case 'evicted':
        return note(host, `evicted from generation ${event.generation}`);
      case 'following':
        return note(host, `follows ${event.primary} from entry ${event.entry}`);
      // ── Re-protection ─────────────────────────────────────────────────────────────────────────────────────────────
      case 'joining':
        return event.how === 'copy'
          ? arrow(host, event.host, 'prepare')
          : note(host, `${event.host} needs only entries of this log`);
      case 'copying':
        return arrow(host, event.host, `copy ${event.round}: ${event.pages} pages`);
      case 'copied':
        return arrow(host, event.host, `last ${event.pages} pages`);
      case 'installed':
        return note(host, `has the state of ${event.from}`);
      case 'join-ended':
        return note(host, `copy to ${event.host} aborted: ${event.why}`);
      // ── Operator, end of the run, faults ──────────────────────────────────────────────────────────────────────────
      case 'switching':
        return note(host, `paused, to switch over to ${event.to}`);
      case 'command':
        return arrow(EDGE, host, `command: ${event.command.kind}`);
      case 'off':
        return note(host, `the guest ends with exit code ${event.code}`);
      case 'ended':
        return note(host, 'notified of the shutdown');
      case 'stuck':
        return note(host, `the guest ${stuckNote[event.how]}`);
      case 'diverged':
        return note(host, `DIVERGED ${event.divergence.message}`, '✖');
      case 'void':
        return note(host, 'discards its machine');
      case 'fault':
        return faultDrawn(host, event);
      case 'booted':
      case 'checked':
      case 'delivered':
        return undefined;
    }
  }

  /** The first later event that `fits`, unless one that `rulesOut` precedes it. */
  private next(index: number, fits: (event: SimEvent) => boolean, rulesOut?: (event: SimEvent) => boolean) {
    for (let at = index + 1; at < this.events.length; at++) {
      const event = this.events[at]!;
      if (fits(event)) return event;
      if (rulesOut?.(event)) return undefined;
    }
    return undefined;
  }

  /** The arrowhead, by the event that answers the one at `index`. */
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

  /** The edge emits `delivered` only for new outputs: a duplicate or lost one has no event. */
  private released(host: HostId, event: EventOf<'released'>, index: number): Drawn {
    const isAbout = (one: SimEvent): boolean =>
      one.event.kind === 'delivered' && one.event.first <= event.last && event.last <= one.event.last;
    const answer = this.next(
      index,
      isAbout,
      (one) => one.event.kind === 'released' && one.host !== host && one.event.last >= event.last,
    );
    const isDuplicate = !answer && this.events.slice(0, index).some(isAbout);
    const text = `${span(event)}${isDuplicate ? ', duplicate' : ''}`;
    return {
      ...arrow(host, EDGE, text, this.endOf(index, answer)),
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
    // Without the test-and-set (`--unsafe`) the replica asks nobody.
    if (answer?.atNs === this.events[index]!.atNs)
      return note(host, `takes generation ${generation}, unarbitrated`);
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
  event.kind === 'fault' && event.phase === 'begins' && isEndOfHost(event.fault);

const span = ({ first, last }: { first: number; last: number }): string =>
  first === last ? `output ${first}` : `outputs ${first}–${last}`;

const liveText = ({ pending }: { pending: number }): string =>
  pending > 0 ? `LIVE, re-releases ${pending} output${pending === 1 ? '' : 's'}` : 'LIVE';

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
      return ends ? note(host, 'restarted empty') : note(host, `CRASH at icount ${icount}`, '✖');
    case 'kill':
      return ends ? note(host, 'restarted empty') : note(host, `KILLED at icount ${icount}`, '✖');
    case 'pause':
      return note(host, ends ? 'resumes' : `paused for ${durationText(fault.forNs)}`);
    case 'domain':
      return note(EDGE, `failure domain ${fault.domain} loses power`);
    case 'command':
      return undefined;
    case 'outage':
      return note(STORAGE, ends ? 'answers again' : `no answer for ${durationText(fault.forNs)}`);
    case 'restart':
      return note(STORAGE, ends ? 'is back' : `restarts, down for ${durationText(fault.forNs)}`);
    case 'answers':
      return note(
        STORAGE,
        ends ? 'answers normally' : `answers ${fault.how} for ${durationText(fault.forNs)}`,
      );
    default:
      return note(host || STORAGE, ends ? `${faultText(fault)} is over` : faultText(fault));
  }
}

const laneOf = (node: NodeId): NodeId => (node === SWITCH ? EDGE : node);

function wall(fault: LinkFault, phase: 'begins' | 'ends'): Mark {
  const [from, to] = [laneOf(fault.from), laneOf(fault.to)];
  const text = {
    partition: `link down${'both' in fault && !fault.both ? ` to ${to}` : ''}`,
    delay: 'slow',
    lose: 'loses datagrams',
    duplicate: 'duplicates datagrams',
    reset: 'connection reset',
  }[fault.kind];
  return phase === 'begins'
    ? { kind: 'wall', from, to, end: '╳', text }
    : { kind: 'wall', from, to, end: '╌', text: 'restored' };
}
