/** Events whose times are not in the order in which they are found: each waits a while before it is numbered. */
import type { TraceEvent } from '../../sim/trace/events.ts';
import { KeptEvents } from '../../sim/trace/kept-events.ts';
import { LONGEST_NS } from './messages.ts';

/** A new event, before it is numbered. */
export type New<E extends TraceEvent> = E extends TraceEvent ? Omit<E, 'id' | 'cause'> : never;

/** An event on its way into the trace. It may be changed as long as it is kept. */
export interface Draft<E extends TraceEvent = TraceEvent> {
  event: E;
  cause: Draft | undefined;
}

/** With more events, the oldest do not wait. */
const MAX_WAITING = 50_000;

/** See the head of this file. */
export class EventQueue {
  readonly kept: KeptEvents;
  /** In the order of time. */
  private waiting: Draft[] = [];
  private doneNs = Number.NEGATIVE_INFINITY;

  /** `limit`: the number of events to keep. */
  constructor(limit: number) {
    this.kept = new KeptEvents(limit);
  }

  /** Adds an event; one that is found too late is left out. */
  add<E extends TraceEvent>(event: New<E>, cause?: Draft): Draft<E> {
    const draft: Draft<E> = { event: { id: 0, ...event } as unknown as E, cause };
    const { waiting } = this;
    if (draft.event.atNs < this.doneNs) return draft;
    let index = waiting.length;
    while (index > 0 && waiting[index - 1]!.event.atNs > draft.event.atNs) index--;
    waiting.splice(index, 0, draft as Draft);
    return draft;
  }

  /** The time has come. */
  upTo(nowNs: number): void {
    const { waiting } = this;
    const before = nowNs - LONGEST_NS;
    // Not one by one.
    const isTime =
      waiting.length > MAX_WAITING || (waiting[0]?.event.atNs ?? nowNs) < before - LONGEST_NS / 4;
    if (!isTime) return;
    const found = waiting.findIndex(({ event }) => event.atNs >= before);
    this.number(Math.max(found < 0 ? waiting.length : found, waiting.length - MAX_WAITING / 2));
  }

  /** All events are found. */
  end(): KeptEvents {
    this.number(this.waiting.length);
    return this.kept;
  }

  private number(count: number): void {
    for (const draft of this.waiting.splice(0, count)) {
      const { event, cause } = draft;
      event.id = this.kept.total + 1;
      if (cause && cause.event.id > 0) event.cause = cause.event.id;
      draft.cause = undefined;
      this.doneNs = event.atNs;
      this.kept.add(event);
    }
  }
}
