/** The story of a run, one line an event. */
import type { ChalkInstance } from 'chalk';
import type { SimEvent } from '../sim/cluster.ts';
import { describeEvent, ms } from './event-text.ts';
import { colourFor } from './terminal/abilities.ts';

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
const untoldText = {
  output: 'more outputs held and released in the same way',
  print: 'more lines on the console',
  slowed: 'more such steps',
};
type Routine = keyof typeof untoldText;

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
  private readonly told = new Map<Routine, number>();

  constructor(
    private readonly detail: Detail,
    private readonly write: (line: string) => void,
    /** What to say before an event, if anything. An event that is explained is told in any case. */
    private readonly explain: (event: SimEvent['event'], host: string) => string | undefined = () =>
      undefined,
    private readonly colour: ChalkInstance = colourFor(process.stderr),
    /** Whether an event is told that otherwise only `verbose` tells. */
    private readonly shows: (event: SimEvent) => boolean = () => false,
  ) {}

  tell(told: SimEvent): void {
    const { atNs, host, event } = told;
    if (this.detail === 'quiet') return;
    const explanation = this.explain(event, host);
    if (this.detail !== 'verbose' && !explanation && !this.isWorthTelling(told)) return;
    if (explanation) {
      this.summarize(atNs);
      this.write(this.colour.italic(`\n${' '.repeat(MARGIN)}${explanation}`));
    }
    this.line(atNs, host, describeEvent(event, this.colour));
  }

  /** What the console printed, as a part of the story. */
  print(atNs: number, text: string): void {
    for (const line of text.split(/(?<=\n)/))
      if (this.hasRoomFor('print')) this.line(atNs, 'console', this.colour.bold(line.trimEnd()));
  }

  private isWorthTelling(told: SimEvent): boolean {
    const { atNs, event } = told;
    if (this.shows(told)) return true;
    if (detailed.has(event.kind)) return false;
    const routine = routineOf(event);
    if (routine) return this.detail === 'normal' && this.hasRoomFor(routine);
    this.summarize(atNs);
    return true;
  }

  private hasRoomFor(routine: Routine): boolean {
    const told = (this.told.get(routine) ?? 0) + 1;
    this.told.set(routine, told);
    return told <= MAX_LINES[routine];
  }

  /** A turn in the story: what was left out is counted, and there is room to tell again. */
  private summarize(atNs: number): void {
    for (const [routine, count] of this.told) {
      const untold = count - MAX_LINES[routine];
      if (untold > 0) this.line(atNs, '', this.colour.dim(`… ${untold} ${untoldText[routine]}`));
    }
    this.told.clear();
  }

  end(atNs: number): void {
    if (this.detail === 'normal') this.summarize(atNs);
  }

  private line(atNs: number, host: string, text: string): void {
    const { colour } = this;
    const name = host.padEnd(8);
    const painted = host === 'primary' ? colour.cyan(name) : host === 'backup' ? colour.magenta(name) : name;
    this.write(`${colour.dim(ms(atNs).padStart(12))}  ${painted} ${text}`);
  }
}
