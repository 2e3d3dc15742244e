/** Records a run as a trace, if that is asked for. A run is the same with and without. */
import type { Effect, ReplicaInput } from '../../ft/effects.ts';
import type { RunTrace, SimEvent, Step } from '../cluster/cluster.ts';
import type { HostId } from '../faults/faults.ts';
import { isEndOfHost, STORAGE, SWITCH } from '../faults/faults.ts';
import type { Cargo, Departure, Flight } from '../world/link-trace.ts';
import { Bins } from './bins.ts';
import { contentOf } from './cargo.ts';
import type { MessageEvent, SliceEvent, Trace, TraceEvent } from './events.ts';
import { KeptEvents } from './kept-events.ts';

/** The number of events that a trace keeps at most. */
export const MAX_EVENTS = 100_000;

/** Messages that copy a machine; other messages between hosts are the logging channel. */
const copying = new Set(['prepare', 'pages', 'pages-ack', 'sectors', 'sectors-ack', 'state']);

/** A new event, before it is numbered. */
type New<E extends TraceEvent> = E extends TraceEvent ? Omit<E, 'id'> : never;

/**
 * A cause is found by identity. The object that a replica's effect consists of was caused by the input that was handled;
 * an input that was queued while a message arrived, by that message.
 */
export class Tracer implements RunTrace {
  arriving: number | undefined;
  private readonly kept: KeptEvents;
  private readonly bins = new Bins();
  private readonly causes = new WeakMap<object, number>();
  private readonly slices = new Map<HostId, SliceEvent>();
  private arrived: MessageEvent | undefined;
  private readonly decoder = new TextDecoder();
  private shown = '';

  constructor(
    private readonly nowNs: () => number,
    limit = MAX_EVENTS,
  ) {
    this.kept = new KeptEvents(limit);
  }

  private add<E extends TraceEvent>(event: New<E>): E {
    const numbered = { id: this.kept.total + 1, ...event } as unknown as E;
    this.kept.add(numbered);
    return numbered;
  }

  // ── Replicas ──────────────────────────────────────────────────────────────────────────────────────────────────────

  queued(input: ReplicaInput): void {
    if (this.arriving !== undefined) this.causes.set(input, this.arriving);
  }

  handled({ atNs, host, input, effects }: Step, role: string, icount: number): void {
    const cause =
      input.kind === 'cpu' ? this.slice(atNs, host, input, effects, role, icount) : this.causes.get(input);
    if (cause === undefined) return;
    for (const effect of effects) this.causes.set(identityOf(effect), cause);
  }

  private slice(
    atNs: number,
    host: HostId,
    { nsPerStep }: ReplicaInput & { kind: 'cpu' },
    effects: readonly Effect[],
    role: string,
    icount: number,
  ): number | undefined {
    const [first] = effects;
    const steps = first?.do === 'ran' ? first.steps : 0;
    const slice = this.add<SliceEvent>({
      kind: 'slice',
      atNs,
      host,
      role: role === 'primary' ? 'live' : 'following',
      endNs: atNs + steps * nsPerStep,
      from: icount - steps,
      to: icount,
      // What has just arrived let the guest run on.
      cause: this.arriving,
    });
    // A backup that applies checkpoints takes no steps, and so has no execution lag.
    if (steps > 0) this.slices.set(host, slice);
    this.bins.add(`steps ${host}`, atNs, steps);
    this.measureLag(atNs);
    return slice.id;
  }

  /** The execution lag: how far each follower is behind the live machine that is ahead of all. */
  private measureLag(atNs: number): void {
    const all = [...this.slices.values()];
    const live = Math.max(
      0,
      ...all.filter(({ role }) => role === 'live').map((one) => positionAt(one, atNs)),
    );
    const behind = all.filter(({ role }) => role === 'following').map((one) => live - positionAt(one, atNs));
    this.bins.peak('lag', atNs, Math.round(Math.max(0, ...behind)));
  }

  happened({ atNs, host, event }: SimEvent): void {
    if (event.kind === 'fault' && event.phase === 'begins' && isEndOfHost(event.fault)) this.ends(host, atNs);
    if (event.kind === 'sent' || event.kind === 'received' || event.kind === 'acknowledged') return;
    const cause = event.kind === 'delivered' ? this.arriving : this.causes.get(event);
    const text = event.kind === 'delivered' && event.what === 'console' ? this.shown : undefined;
    this.add({ kind: 'note', atNs, host, event, cause, ...(text !== undefined && { text }) });
    if (event.kind === 'held' || event.kind === 'delivered')
      this.bins.add(event.kind === 'held' ? 'held' : 'shown', atNs, event.last - event.first + 1);
  }

  /** A host loses its power: a slice under way ends. */
  private ends(host: HostId, atNs: number): void {
    const slice = this.slices.get(host);
    if (slice) slice.endNs = Math.min(slice.endNs, atNs);
    this.slices.delete(host);
  }

  printed(data: Uint8Array): void {
    this.shown = this.decoder.decode(data, { stream: true });
  }

  // ── Links ─────────────────────────────────────────────────────────────────────────────────────────────────────────

  departs({ from, to, way, sizeBytes, cargo, cause }: Departure): Flight {
    const atNs = this.nowNs();
    const isInside = ![from, to].some((node) => node === STORAGE || node === SWITCH);
    const isAnswer = from === STORAGE || from === SWITCH;
    const message = this.add<MessageEvent>({
      ...{ kind: 'message', atNs, from, to, way, sizeBytes, arrivedNs: [], ...contentOf(cargo) },
      cause: cause ?? (isAnswer ? this.arriving : this.causes.get(objectOf(cargo))),
    });
    if (isInside) this.bins.add(copying.has(message.what) ? 'copy' : 'channel', atNs, sizeBytes);
    return {
      arrives: (deliver) => this.arrives(message, deliver),
      lost: (why) => {
        message.lost = { atNs: this.nowNs(), why };
      },
    };
  }

  private arrives(message: MessageEvent, deliver: () => void): void {
    message.arrivedNs.push(this.nowNs());
    this.arriving = message.id;
    this.arrived = message;
    try {
      deliver();
    } finally {
      this.arriving = undefined;
    }
  }

  refused(why: 'no-power' | 'outage'): void {
    if (this.arrived) this.arrived.lost = { atNs: this.nowNs(), why };
  }

  /** The trace so far. */
  trace(hosts: readonly HostId[]): Trace {
    const { events, total } = this.kept;
    return { hosts, endNs: this.nowNs(), events, total, bins: this.bins.data() };
  }
}

/** The object by which an effect is recognized when it is performed. */
function identityOf(effect: Effect): object {
  switch (effect.do) {
    case 'send':
    case 'datagram':
      return effect.bytes;
    case 'release':
      return effect.outputs;
    case 'claim':
      return effect.record;
    case 'disk':
      return effect.request;
    case 'note':
      return effect.event;
    default:
      return effect;
  }
}

/** The same object, as it is sent. */
function objectOf(cargo: Cargo): object {
  switch (cargo.kind) {
    case 'bytes':
      return cargo.bytes;
    case 'release':
      return cargo.outputs;
    case 'claim':
      return cargo.record;
    case 'disk':
      return cargo.request;
    default:
      return cargo;
  }
}

/** The steps that a slice has taken by a time. */
function positionAt({ atNs, endNs, from, to }: SliceEvent, timeNs: number): number {
  if (timeNs >= endNs) return to;
  return from + ((to - from) * (timeNs - atNs)) / (endNs - atNs);
}
