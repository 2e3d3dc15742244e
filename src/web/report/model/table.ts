/** The events as rows of a table. */
import type { PageEvent, Tone } from '../../../report/page/page-data.ts';
import type { Run } from './run.ts';
import { durationText, grouped } from './time.ts';

/** Notes that come with every output or slice. */
const routine = new Set([
  ...['held', 'released', 'delivered', 'disk-issued', 'checked', 'lag', 'slowed', 'full', 'typed', 'inbound'],
]);

/** An event in words. */
export function describe(event: PageEvent): { where: string; what: string; text: string; tone: Tone } {
  switch (event.kind) {
    case 'note':
      return { where: event.host || 'world', what: event.what, text: event.text, tone: event.tone };
    case 'slice': {
      const { host, role, from, to, atNs, endNs } = event;
      const took = endNs > atNs ? ` in ${durationText(endNs - atNs)}` : '';
      const steps = `${grouped(from)} – ${grouped(to)}, ${grouped(to - from)} steps${took}`;
      return { where: host, what: 'slice', text: `${role}: ${steps}`, tone: 'plain' };
    }
    case 'message': {
      const { from, to, what, sizeBytes, arrivedNs, lost, atNs, text, first, last } = event;
      const numbers =
        last === undefined ? '' : first === undefined || first === last ? ` ${last}` : ` ${first}–${last}`;
      const end = lost
        ? `lost: ${lost.why}`
        : arrivedNs.length === 0
          ? 'on its way at the end'
          : `arrived after ${arrivedNs.map((ns) => durationText(ns - atNs)).join(' and ')}`;
      const size = sizeBytes === undefined ? [] : [`${sizeBytes} bytes`];
      const content = [...size, end, ...(text === undefined ? [] : [text])].join('; ');
      return {
        where: `${from} → ${to}`,
        what: `${what}${numbers}`,
        text: content,
        tone: lost ? 'bad' : 'plain',
      };
    }
  }
}

/** The choices of the table: everything, the turns of the run, and each kind. */
export function kindsOf(run: Run): string[] {
  const kinds = new Set(run.data.events.map(kindOf));
  return ['turns', 'all', 'lost messages', ...[...kinds].sort()];
}

const kindOf = (event: PageEvent): string => (event.kind === 'slice' ? 'slice' : event.what);

/** The events of a kind that contain all words. */
export function matching(run: Run, kind: string, words: string): PageEvent[] {
  const wanted = words
    .toLowerCase()
    .split(/\s+/)
    .filter((word) => word !== '');
  return run.data.events.filter((event) => {
    if (!isOfKind(event, kind)) return false;
    if (wanted.length === 0) return true;
    const { where, what, text } = describe(event);
    const all = `${where} ${what} ${text}`.toLowerCase();
    return wanted.every((word) => all.includes(word));
  });
}

function isOfKind(event: PageEvent, kind: string): boolean {
  if (kind === 'all') return true;
  if (kind === 'turns') return event.kind === 'note' && !routine.has(event.what);
  if (kind === 'lost messages') return event.kind === 'message' && event.lost !== undefined;
  return kindOf(event) === kind;
}
