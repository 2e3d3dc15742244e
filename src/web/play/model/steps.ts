/** Time in steps: from event to event, and from instruction to instruction. */
import { firstAt, icountAt, type Run } from '../../report/model/run.ts';

/** Events less far apart than this are at one time. In ns. */
const SAME_NS = 0.5;

/** The time of the next event, or of the one before; undefined at the ends. */
export function eventNs({ data: { events } }: Run, atNs: number, way: 1 | -1): number | undefined {
  const event =
    way > 0 ? events[firstAt(events, atNs + SAME_NS)] : events[firstAt(events, atNs - SAME_NS) - 1];
  return event?.atNs;
}

/** The time of the event that is the nearest. */
export function nearestEventNs({ data: { events } }: Run, atNs: number): number {
  const index = firstAt(events, atNs);
  const [before, after] = [events[index - 1], events[index]];
  if (!before || !after) return (before ?? after)?.atNs ?? atNs;
  return atNs - before.atNs < after.atNs - atNs ? before.atNs : after.atNs;
}

/** The time at which a host's machine has taken one instruction more, or less; undefined at the ends. */
export function instructionNs(run: Run, host: string, atNs: number, way: 1 | -1): number | undefined {
  const slices = run.slices.get(host) ?? [];
  const icount = icountAt(run, host, atNs);
  if (icount === undefined) return way > 0 ? slices.find((slice) => slice.atNs > atNs)?.atNs : undefined;
  const slice =
    way > 0
      ? slices.find(({ endNs, to }) => endNs > atNs && to > icount)
      : slices.findLast((one) => one.atNs <= atNs && one.from < icount);
  if (!slice) return undefined;
  const { from, to, endNs } = slice;
  const target = Math.max(from, Math.min(to, icount + way));
  return slice.atNs + ((target - from) / (to - from)) * (endNs - slice.atNs);
}
