/** Where the parts of a cluster are in its sketch, and what passes between them at a time. */
import { STORAGE, SWITCH } from '../../../sim/faults/faults.ts';
import type { Run } from '../../report/model/run.ts';

/** A place, in parts of the width and the height. */
export interface Place {
  x: number;
  y: number;
}

/** A message under way. */
export interface InFlight extends Place {
  id: number;
  what: string;
  isLost: boolean;
}

/** The most messages that are shown. */
const MAX_SHOWN = 40;

/** The switch above, storage below, and the hosts between them, so that no link leads through a host. */
export function placesOf(hosts: readonly string[], isProtected: boolean): ReadonlyMap<string, Place> {
  const places = new Map<string, Place>([[SWITCH, { x: 0.5, y: 0.1 }]]);
  for (const [index, host] of hosts.entries()) {
    const share = hosts.length === 1 ? 0.5 : index / (hosts.length - 1);
    places.set(host, {
      x: hosts.length === 1 ? 0.5 : 0.16 + 0.68 * share,
      y: 0.4 + 0.2 * Math.sin(Math.PI * share) * (hosts.length > 2 ? 1 : 0),
    });
  }
  if (isProtected) places.set(STORAGE, { x: 0.5, y: 0.9 });
  return places;
}

/** The pairs of nodes that a link is between. */
export function linksOf(places: ReadonlyMap<string, Place>): [string, string][] {
  const nodes = [...places.keys()];
  const isHost = (node: string) => node !== STORAGE && node !== SWITCH;
  return nodes.flatMap((a, index) =>
    nodes.slice(index + 1).flatMap((b): [string, string][] => {
      if (!isHost(a) && !isHost(b)) return [];
      return isHost(a) ? [[a, b]] : [[b, a]];
    }),
  );
}

/** The place at a share of the way. */
export const between = (a: Place, b: Place, share: number): Place => ({
  x: a.x + (b.x - a.x) * share,
  y: a.y + (b.y - a.y) * share,
});

/** The messages that are under way at a time. */
export function inFlightAt(run: Run, atNs: number, places: ReadonlyMap<string, Place>): InFlight[] {
  const shown: InFlight[] = [];
  for (const { id, atNs: sentNs, from, to, what, arrivedNs, lost } of run.messages) {
    if (sentNs > atNs) break;
    const endNs = lost?.atNs ?? arrivedNs.at(-1);
    const [a, b] = [places.get(from), places.get(to)];
    if (endNs === undefined || endNs < atNs || !a || !b) continue;
    const share = (atNs - sentNs) / Math.max(1, endNs - sentNs);
    shown.push({ id, what, isLost: lost !== undefined, ...between(a, b, 0.12 + 0.76 * share) });
  }
  return shown.slice(-MAX_SHOWN);
}
