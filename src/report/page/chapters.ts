/** The chapters of a run: its turns, with what they mean. */
import type { NoteEvent, TraceEvent } from '../../sim/trace/events.ts';
import { describeEvent } from '../event-text.ts';
import { plainText } from '../styled-text.ts';
import type { Chapter } from './page-data.ts';
import { toneOf } from './page-events.ts';

/** The most chapters; of a longer run the first ones, and the last. */
const MAX_CHAPTERS = 16;

type Event = NoteEvent['event'];

/** Titles and explanations of the events that begin a chapter; an explanation of its own replaces that of a fault. */
const titles: {
  [K in Event['kind']]?: (event: Extract<Event, { kind: K }>) => [title: string, text?: string];
} = {
  suspected: () => [
    'suspicion',
    'Dead, or only cut off? Nobody can know: arbitration makes a wrong guess safe.',
  ],
  won: ({ generation }) => [
    `generation ${generation}`,
    'Test-and-set on shared storage lets exactly one replica go on.',
  ],
  lost: () => ['a claim is lost', 'Another replica was first: this one must not go live.'],
  live: ({ icount }) => [
    'live',
    `The same machine, at instruction ${icount}: from here its input comes from the world again.`,
  ],
  joining: ({ host }) => ['re-protection', `${host} becomes the new backup while the guest runs.`],
  installed: ({ from }) => ['copied', `It equals the machine of ${from} now, and follows the log from here.`],
  diverged: () => ['divergence'],
  void: () => ['discarded'],
  evicted: () => ['evicted'],
  switching: () => ['switch-over'],
  command: ({ command }) => [command.kind],
  stuck: () => ['stuck'],
  'join-ended': () => ['copy aborted'],
  differs: () => ['divergence'],
  ends: ({ how }) => [how === 'killed' ? 'kill' : 'no evidence'],
  restarted: () => ['restart'],
  off: ({ code }) => ['off', `The guest ends with exit code ${code}.`],
  fault: ({ fault, phase }) =>
    phase === 'begins'
      ? [fault.kind]
      : [fault.kind === 'crash' || fault.kind === 'kill' ? 'restart' : `${fault.kind} over`],
};

/** The chapters of a run. `primary`: the host that was live first. */
export function chaptersOf(events: readonly TraceEvent[], primary: string, isProtected: boolean): Chapter[] {
  const notes = events.filter((event) => event.kind === 'note');
  const held = notes.find(({ event }) => event.kind === 'held');
  const opening: Chapter[] = [
    {
      ...{ title: 'boot', atNs: 0, host: primary, tone: 'plain' },
      text: isProtected
        ? 'All machines start from one image. From here only the log passes between them.'
        : 'One machine, without a backup.',
    },
  ];
  if (held)
    opening.push({
      ...{ title: 'lockstep', atNs: held.atNs, host: held.host, tone: 'plain' },
      text: 'Every output waits until the backup holds the log entry that explains it.',
    });
  const chapters = [...opening, ...notes.flatMap(chapterOf)];
  return bounded(chapters.sort((a, b) => a.atNs - b.atNs));
}

function chapterOf({ atNs, host, event }: NoteEvent): Chapter[] {
  if (event.kind === 'ends' && event.how === 'closed') return [];
  const title = titles[event.kind] as ((event: Event) => [string, string?]) | undefined;
  if (!title) return [];
  const [name, text] = title(event);
  const line = describeEvent(event);
  const said = plainText(line);
  const own = text ?? `${said.charAt(0).toUpperCase()}${said.slice(1)}.`;
  return [{ title: name, atNs, host, text: own, tone: toneOf(event.kind, line) === 'bad' ? 'bad' : 'plain' }];
}

function bounded(chapters: Chapter[]): Chapter[] {
  if (chapters.length <= MAX_CHAPTERS) return chapters;
  const left = chapters.length - MAX_CHAPTERS + 1;
  const first = chapters.slice(0, MAX_CHAPTERS - 2);
  const next = chapters[first.length]!;
  const more: Chapter = {
    ...next,
    title: `${left} more`,
    text: 'The other turns of the run are in the table of events.',
    tone: 'plain',
  };
  return [...first, more, chapters.at(-1)!];
}
