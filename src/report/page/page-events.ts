/** The events of a trace as the page shows them. */
import type { NoteEvent, TraceEvent } from '../../sim/trace/events.ts';
import { describeEvent } from '../event-text.ts';
import { type Line, plainText, type Style } from '../styled-text.ts';
import type { PageEvent, PageNote, Tone } from './page-data.ts';

const tones: Partial<Record<Style, Tone>> = {
  good: 'good',
  live: 'good',
  warning: 'bad',
  bad: 'bad',
  alarm: 'bad',
};

/** Outputs that are held are routine, whatever the colour of the word. */
const routine = new Set(['held', 'released']);

/** The tone of a described event. */
export function toneOf(kind: string, line: Line): Tone {
  const styles = line.flatMap((span) => (typeof span === 'string' ? [] : [tones[span.style] ?? 'plain']));
  return routine.has(kind) ? 'plain' : (styles[0] ?? 'plain');
}

/** An event of the page. */
export function pageEvent(event: TraceEvent): PageEvent {
  return event.kind === 'note' ? pageNote(event) : event;
}

function pageNote({ id, atNs, cause, host, event, text }: NoteEvent): PageNote {
  const line = describeEvent(event);
  return {
    ...{ kind: 'note', id, atNs, cause, host, what: event.kind },
    text: plainText(line),
    tone: toneOf(event.kind, line),
    fields: fieldsOf(event),
    ...(text !== undefined && { shown: text }),
  };
}

/** The numbers and names of an event; of a fault, also its kind. */
function fieldsOf(event: NoteEvent['event']): PageNote['fields'] {
  const scalars = Object.entries(event).filter(
    ([name, value]) =>
      name !== 'kind' && name !== 'text' && ['string', 'number', 'boolean'].includes(typeof value),
  );
  const fields: PageNote['fields'] = Object.fromEntries(scalars);
  if (event.kind === 'fault') fields.fault = event.fault.kind;
  if ('record' in event) fields.members = [event.record.primary, ...event.record.backups].join(' ');
  return fields;
}
