/** The story of a run, one line an event. */
import type { SimEvent } from '../sim/cluster.ts';
import { describeEvent, ms } from './event-text.ts';
import { type Line, line, type Span, styled } from './styled-text.ts';

/** `turns`: what changes who runs the guest, and not what goes on all the time. */
export type Detail = 'quiet' | 'turns' | 'normal' | 'verbose';

/** Only `--verbose` tells these, or a story that asks for them: they are too many. */
const detailed = new Set<SimEvent['event']['kind']>([
  'sent',
  'received',
  'acknowledged',
  'checked',
  'delivered',
  'disk-issued',
  'lag',
]);

/** What stays to be said about events that are told at length only at first. */
const omittedText = {
  output: 'more outputs held and released in the same way',
  print: 'more lines on the console',
  slowed: 'more such steps',
};
type Routine = keyof typeof omittedText;

const routineOf = ({ kind }: SimEvent['event']): Routine | undefined => {
  if (kind === 'held' || kind === 'released') return 'output';
  return kind === 'slowed' ? kind : undefined;
};

/** So many lines of one routine between two turns of the story. */
const MAX_LINES: Record<Routine, number> = { output: 6, print: 6, slowed: 2 };

/** Where the text of a line begins: behind the time. */
export const MARGIN = 14;

/** Tells a run as it happens. What comes again and again is told at length at first, then counted. */
export class Story {
  private readonly counts = new Map<Routine, number>();

  constructor(
    private readonly detail: Detail,
    /** What to say before an event, if anything. An event that is explained is told in any case. */
    private readonly explain: (event: SimEvent['event'], host: string) => string | undefined = () =>
      undefined,
    /** Whether an event is told that otherwise only `verbose` tells. */
    private readonly shows: (event: SimEvent) => boolean = () => false,
  ) {}

  /** The lines that an event adds to the story. */
  linesFor(occurred: SimEvent): Line[] {
    const { atNs, host, event } = occurred;
    if (this.detail === 'quiet') return [];
    const explanation = this.explain(event, host);
    const before = explanation
      ? [...this.summary(atNs), line('explanation', `\n${' '.repeat(MARGIN)}${explanation}`)]
      : this.before(occurred);
    return before ? [...before, lineOf(atNs, host, describeEvent(event))] : [];
  }

  /** What comes before an event that nobody explains; undefined when it is not told. */
  private before(occurred: SimEvent): Line[] | undefined {
    const { atNs, event } = occurred;
    if (this.detail === 'verbose' || this.shows(occurred)) return [];
    if (detailed.has(event.kind)) return undefined;
    const routine = routineOf(event);
    if (!routine) return this.summary(atNs);
    return this.detail === 'normal' && this.hasRoomFor(routine) ? [] : undefined;
  }

  /** What the console printed, as a part of the story. */
  print(atNs: number, text: string): Line[] {
    return text
      .split(/(?<=\n)/)
      .filter(() => this.hasRoomFor('print'))
      .map((printed) => lineOf(atNs, 'console', line('console', printed.trimEnd())));
  }

  private hasRoomFor(routine: Routine): boolean {
    const count = (this.counts.get(routine) ?? 0) + 1;
    this.counts.set(routine, count);
    return count <= MAX_LINES[routine];
  }

  /** A turn in the story: what was left out is counted, and there is room to tell again. */
  private summary(atNs: number): Line[] {
    const lines = [...this.counts].flatMap(([routine, count]) => {
      const omitted = count - MAX_LINES[routine];
      return omitted > 0 ? [lineOf(atNs, '', line('aside', `… ${omitted} ${omittedText[routine]}`))] : [];
    });
    this.counts.clear();
    return lines;
  }

  end(atNs: number): Line[] {
    return this.detail === 'normal' ? this.summary(atNs) : [];
  }
}

function lineOf(atNs: number, host: string, text: Line): Line {
  const name = host.padEnd(8);
  const who: Span = host === 'primary' || host === 'backup' ? styled(host, name) : name;
  return [styled('aside', ms(atNs).padStart(12)), '  ', who, ' ', ...text];
}
