/** The events of a run as text, one line each. */
import type { SimEvent } from '../sim/cluster/cluster.ts';
import { type Naming, UNNAMED } from '../symbols/naming.ts';
import { describeEvent, ms } from './event-text.ts';
import { type Line, line, type Span, styled } from './styled-text.ts';

/** How much is printed. `turns`: role changes and faults, without routine. */
export type Detail = 'quiet' | 'turns' | 'normal' | 'verbose';

/** Printed only with `--verbose`, or where a story shows them: they are too many. */
const detailed = new Set<SimEvent['event']['kind']>([
  'sent',
  'received',
  'acknowledged',
  'checked',
  'delivered',
  'disk-issued',
  'lag',
]);

/** Summaries of omitted routine events. */
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

/** Maximum number of lines of one routine between two other events. */
const MAX_LINES: Record<Routine, number> = { output: 6, print: 6, slowed: 2 };

/** Column at which the text of a line begins, after the time. */
export const MARGIN = 14;

/** Prints a run as it happens. Routine events are printed up to a limit, then counted. */
export class Story {
  private readonly counts = new Map<Routine, number>();

  constructor(
    private readonly detail: Detail,
    /** The explanation of an event, if any. An explained event is always printed. */
    private readonly explain: (event: SimEvent['event'], host: string) => string | undefined = () =>
      undefined,
    /** Whether to print an event that otherwise only `verbose` prints. */
    private readonly shows: (event: SimEvent) => boolean = () => false,
    private readonly naming: Naming = UNNAMED,
  ) {}

  /** The lines that an event adds. */
  linesFor(occurred: SimEvent): Line[] {
    const { atNs, host, event } = occurred;
    if (this.detail === 'quiet') return [];
    const explanation = this.explain(event, host);
    const before = explanation
      ? [...this.summary(atNs), line('explanation', `\n${' '.repeat(MARGIN)}${explanation}`)]
      : this.before(occurred);
    return before ? [...before, lineOf(atNs, host, describeEvent(event, this.naming))] : [];
  }

  /** The lines before an event without explanation; undefined when the event is not printed. */
  private before(occurred: SimEvent): Line[] | undefined {
    const { atNs, event } = occurred;
    if (this.detail === 'verbose' || this.shows(occurred)) return [];
    if (detailed.has(event.kind)) return undefined;
    const routine = routineOf(event);
    if (!routine) return this.summary(atNs);
    return this.detail === 'normal' && this.hasRoomFor(routine) ? [] : undefined;
  }

  /** Console output, as lines of the story. */
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

  /** Counts the omitted routine events, and resets their limits. */
  private summary(atNs: number): Line[] {
    const lines = [...this.counts].flatMap(([routine, count]) => {
      const omitted = count - MAX_LINES[routine];
      return omitted > 0 ? [lineOf(atNs, '', line('aside', `… ${omitted} ${omittedText[routine]}`))] : [];
    });
    this.counts.clear();
    return lines;
  }

  /** The last lines. */
  end(atNs: number): Line[] {
    return this.detail === 'normal' ? this.summary(atNs) : [];
  }
}

function lineOf(atNs: number, host: string, text: Line): Line {
  const name = host.padEnd(8);
  const who: Span = host === 'primary' || host === 'backup' ? styled(host, name) : name;
  return [styled('aside', ms(atNs).padStart(12)), '  ', who, ' ', ...text];
}
