/** The events of a trace, in bounded memory. */
import type { TraceEvent } from './events.ts';

/** Notes that come with every output or slice; the others are turns of the run. */
const routine = new Set<string>([
  ...['held', 'released', 'delivered', 'disk-issued', 'checked', 'lag', 'slowed', 'full', 'typed', 'inbound'],
]);

/** Events this close to a turn are kept the longest. */
const NEAR_NS = 20_000_000;
/** A run that has more turns than this is all routine. */
const MAX_TURNS = 10_000;

/** Whether an event is a turn of the run: a failure, a claim, another role. */
export const isTurn = (event: TraceEvent): boolean => event.kind === 'note' && !routine.has(event.event.kind);

/**
 * Keeps the turns of a run, what happened around them, and the latest events. When there are more events than `limit`,
 * routine far from any turn is dropped first.
 */
export class KeptEvents {
  events: TraceEvent[] = [];
  /** The number of all events so far. */
  total = 0;

  constructor(private readonly limit: number) {}

  add(event: TraceEvent): void {
    this.total++;
    this.events.push(event);
    if (this.events.length > this.limit) this.thin();
  }

  /** Drops at least half of the events. */
  private thin(): void {
    const { events, limit } = this;
    const turns = events.filter(isTurn).slice(-Math.min(MAX_TURNS, limit / 4));
    const latest = events[events.length - Math.floor(limit / 4)]!.id;
    const isTurnKept = new Set(turns.map(({ id }) => id));
    const times = turns.map(({ atNs }) => atNs);
    for (let nearNs = NEAR_NS; ; nearNs = Math.floor(nearNs / 2)) {
      const isNear = nearTo(times, nearNs);
      this.events = events.filter(
        (event) => event.id >= latest || isTurnKept.has(event.id) || isNear(event.atNs),
      );
      if (this.events.length <= limit / 2 || nearNs === 0) break;
    }
    if (this.events.length > limit / 2)
      this.events = events.filter(({ id }) => id >= latest || isTurnKept.has(id));
  }
}

/** Whether a time, asked for in ascending order, is within `nearNs` of one of these ascending times. */
function nearTo(times: readonly number[], nearNs: number): (atNs: number) => boolean {
  let next = 0;
  return (atNs) => {
    while (next < times.length && times[next]! < atNs - nearNs) next++;
    return next < times.length && times[next]! <= atNs + nearNs;
  };
}
