/** The story of a run, one line an event, for stderr. */
import { Chalk, type ChalkInstance } from 'chalk';
import type { GenerationRecord, ReplicaEvent } from '../ft/effects.ts';
import type { SimEvent, WorldEvent } from '../sim/cluster.ts';
import { faultText } from '../sim/fault-text.ts';
import { describeEntry } from '../vmm/entries.ts';

export const colourFor = (stream: { isTTY?: boolean }): ChalkInstance =>
  new Chalk({ level: stream.isTTY && !('NO_COLOR' in process.env) ? 1 : 0 });

export type Detail = 'quiet' | 'normal' | 'verbose';

const ms = (ns: number): string => `${(ns / 1e6).toFixed(3)} ms`;
const number = (value: number): string => value.toLocaleString('en-US').replaceAll(',', ' ');

const MAX_TEXT = 44;
function shown(text: string): string {
  const quoted = JSON.stringify(text);
  return quoted.length > MAX_TEXT ? `${quoted.slice(0, MAX_TEXT - 2)}…"` : quoted;
}

const members = ({ primary, backups }: GenerationRecord): string =>
  backups.length > 0 ? `${primary} with ${backups.join(', ')}` : `${primary} alone`;

const span = ({ first, last }: { first: number; last: number }): string =>
  first === last ? `output ${first}` : `outputs ${first}–${last}`;

/** Only `--verbose` tells these: they are too many. */
const detailed = new Set<SimEvent['event']['kind']>([
  'sent',
  'received',
  'acknowledged',
  'checked',
  'delivered',
  'disk-issued',
  'lag',
]);

/** Tells a run as it happens. Outputs held and released are told at length at first, then counted. */
export class Story {
  private readonly colour: ChalkInstance;
  private told = 0;
  private untold = 0;

  constructor(
    private readonly detail: Detail,
    private readonly write: (line: string) => void,
    /** What to say before an event, if anything. */
    private readonly explain: (event: SimEvent['event']) => string | undefined = () => undefined,
  ) {
    this.colour = colourFor(process.stderr);
  }

  tell({ atNs, host, event }: SimEvent): void {
    if (this.detail === 'quiet') return;
    if (this.detail === 'normal') {
      if (detailed.has(event.kind)) return;
      if (event.kind === 'held' || event.kind === 'released') {
        if (this.told >= MAX_OUTPUT_LINES) {
          this.untold++;
          return;
        }
        this.told++;
      } else this.summarize(atNs);
    }
    const explanation = this.explain(event);
    if (explanation) this.write(this.colour.italic(`\n${' '.repeat(MARGIN)}${explanation}`));
    this.line(atNs, host, this.describe(event));
  }

  /** A turn in the story: what was left out is counted, and there is room to tell again. */
  private summarize(atNs: number): void {
    if (this.untold > 0)
      this.line(atNs, '', this.colour.dim(`… ${this.untold} more outputs held and released in the same way`));
    this.untold = 0;
    this.told = 0;
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

  private describe(event: ReplicaEvent | WorldEvent): string {
    const { colour } = this;
    switch (event.kind) {
      case 'booted':
        return `booted as the ${event.role}`;
      case 'held':
        return `${span(event)} ${shown(event.text)} ${colour.yellow('held')} until entry ${event.entry} is acknowledged`;
      case 'sent':
        return `entries ${event.first}–${event.last} sent, ${event.sizeBytes} bytes: ${event.entries.map(describeEntry).join('; ')}`;
      case 'received':
        return `entries up to ${event.last} received, acknowledged; ${event.consumed} consumed`;
      case 'acknowledged':
        return `entries up to ${event.received} acknowledged, ${event.consumed} consumed`;
      case 'released':
        return `${span(event)} ${shown(event.text)} ${colour.green('released')}`;
      case 'full':
        return colour.yellow('the log buffer is full: the guest stops until the backup catches up');
      case 'suspected':
        return colour.yellow(`${event.host} is suspected: nothing heard for ${ms(event.silentNs)}`);
      case 'claimed':
        return `test-and-set on shared storage: generation ${event.generation}, ${members(event.record)}`;
      case 'won':
        return colour.green(`the claim is won: generation ${event.generation}`);
      case 'lost':
        return colour.red(`the claim is lost: generation ${event.generation} belongs to ${event.to}`);
      case 'draining':
        return `drains its log: ${event.entries} entries to consume, at icount ${number(event.icount)}`;
      case 'live':
        return colour.green.bold(
          `goes live at icount ${number(event.icount)}; ${event.pending} outputs released whose release is not known`,
        );
      case 'members':
        return colour.green(
          `generation ${event.generation} from icount ${number(event.icount)}: ${members(event.record)}`,
        );
      case 'checked':
        return `state hash ${event.hash.toString(16).padStart(16, '0')} at icount ${number(event.icount)}`;
      case 'diverged':
        return colour.red.bold(`DIVERGED ${event.divergence.message}`);
      case 'off':
        return `the guest switched off at icount ${number(event.icount)} with exit code ${event.code}`;
      case 'ended':
        return 'told of the orderly end: it does not go live';
      case 'left-out':
        return colour.red(
          `left out of generation ${event.generation}, which ${event.primary} leads: it stops`,
        );
      case 'following':
        return `follows ${event.primary} from entry ${event.entry}`;
      case 'joining':
        return event.how === 'copy'
          ? `protection again: copies the machine to ${event.host} while the guest runs`
          : `protection again: ${event.host} lacks only entries that are still here`;
      case 'copying':
        return `round ${event.round} of the copy to ${event.host}: ${event.pages} pages`;
      case 'copied':
        return `the guest stands still at icount ${number(event.icount)} for the last ${event.pages} pages and the state`;
      case 'join-ended':
        return colour.yellow(`the copy to ${event.host} is given up: ${event.why}`);
      case 'installed':
        return `has the whole machine of ${event.from}, at icount ${number(event.icount)}`;
      case 'lag':
        return `execution lag ${ms(event.ns)}, ${number(event.steps)} steps`;
      case 'slowed':
        return `the guest gets ${(event.perMille / 10).toFixed(1)} % of the processor, so that the backup keeps up`;
      case 'disk-issued':
        return `disk operation ${event.id} ${event.again ? 'asked for again' : 'asked for'}`;
      case 'switching':
        return `planned switch-over to ${event.to}: the guest stands still until nothing is under way`;
      case 'command':
        return colour.cyan(`told: ${event.command.kind}`);
      case 'delivered':
        return `${span(event)} arrived at the ${event.what}`;
      case 'fault':
        return this.describeFault(event);
    }
  }

  private describeFault({ fault, phase, icount, made }: WorldEvent & { kind: 'fault' }): string {
    const { colour } = this;
    if (phase === 'ends') {
      if (fault.kind === 'pause') return 'goes on as if nothing had been';
      if (fault.kind === 'crash' || fault.kind === 'domain') return 'has power again, and knows nothing';
      return `${faultText(fault)} is over`;
    }
    switch (fault.kind) {
      case 'crash':
      case 'domain':
        return colour.red.bold(`CRASH at icount ${number(icount)}, ${made} outputs made`);
      case 'pause':
        return colour.red(`stands still at icount ${number(icount)} for ${ms(fault.forNs)}`);
      case 'partition':
        return colour.red(
          `the link ${fault.from}${fault.both ? '–' : '→'}${fault.to} carries nothing for ${ms(fault.forNs)}`,
        );
      case 'delay':
        return colour.red(
          `the link ${fault.from}–${fault.to} takes ${ms(fault.extraNs)} longer for ${ms(fault.forNs)}`,
        );
      default:
        return colour.red(faultText(fault));
    }
  }
}

/** Where the text of a line begins: behind the time. */
const MARGIN = 14;

/** So many lines about outputs between two turns of the story. */
const MAX_OUTPUT_LINES = 6;
