/** A run as the views read it: what its events say, indexed. */
import type {
  PageData,
  PageEvent,
  PageMessage,
  PageNote,
  PageSlice,
} from '../../../report/page/page-data.ts';

/** What a host is during a part of the run. */
export type State =
  | 'live'
  | 'follows'
  | 'spare'
  | 'copied'
  | 'no power'
  | 'paused'
  | 'stopped'
  | 'no evidence';

/** A part of the run. */
export interface Span<T> {
  fromNs: number;
  toNs: number;
  value: T;
}

/** A line, or part of a line, on the console. */
export interface Shown {
  atNs: number;
  /** The host that released it; empty if that was not kept. */
  host: string;
  text: string;
}

/** Outputs up to `last` that wait until `entry` is acknowledged. */
export interface Held {
  last: number;
  entry: number;
}

/** A part of the run without kept events. */
export interface Gap {
  fromNs: number;
  toNs: number;
  events: number;
}

/** The indexes of a run. */
export interface Run {
  data: PageData;
  event(id: number | undefined): PageEvent | undefined;
  messages: PageMessage[];
  notes: PageNote[];
  slices: ReadonlyMap<string, PageSlice[]>;
  states: ReadonlyMap<string, Span<State>[]>;
  generations: Span<string>[];
  shown: Shown[];
  /** Where each host held outputs. */
  held: ReadonlyMap<string, Span<Held>[]>;
  gaps: Gap[];
}

/** Reads the events. */
export function runOf(data: PageData): Run {
  const byId = new Map(data.events.map((event) => [event.id, event]));
  const event = (id: number | undefined) => (id === undefined ? undefined : byId.get(id));
  const messages = data.events.filter((one) => one.kind === 'message');
  const notes = data.events.filter((one) => one.kind === 'note');
  const slices = new Map<string, PageSlice[]>(data.hosts.map((host) => [host, []]));
  for (const one of data.events) if (one.kind === 'slice') slices.get(one.host)?.push(one);
  return {
    ...{ data, event, messages, notes, slices },
    states: new Map(data.hosts.map((host) => [host, statesOf(host, notes, data)])),
    generations: generationsOf(notes, event, data),
    shown: shownOf(notes, event),
    held: new Map(data.hosts.map((host) => [host, heldOf(host, notes, data)])),
    gaps: gapsOf(data),
  };
}

/** The state that a note puts a host into; undefined for none. */
function stateAfter({ what, fields }: PageNote): State | 'as before' | undefined {
  switch (what) {
    case 'booted':
      return fields.role === 'primary' ? 'live' : fields.role === 'backup' ? 'follows' : 'spare';
    case 'live':
      return 'live';
    case 'following':
      return 'follows';
    case 'installed':
      return 'copied';
    case 'evicted':
    case 'void':
      return 'spare';
    case 'ended':
    case 'diverged':
      return 'stopped';
    case 'fault':
      if (fields.fault === 'crash' || fields.fault === 'kill')
        return fields.phase === 'begins' ? 'no power' : 'spare';
      if (fields.fault === 'pause') return fields.phase === 'begins' ? 'paused' : 'as before';
      return undefined;
    case 'differs':
      return 'stopped';
    case 'ends':
      return endings[String(fields.how)];
  }
  return undefined;
}

/** What a host is after a life of its process. */
const endings: Record<string, State> = {
  killed: 'no power',
  closed: 'stopped',
  unrecorded: 'no evidence',
};

/** Whether a fault begins. */
export const isFault = ({ what, fields }: PageNote): boolean =>
  (what === 'fault' && fields.phase === 'begins') || (what === 'ends' && fields.how === 'killed');

/** Whether a host has lost its power, or its process. */
export const losesHost = (note: PageNote): boolean =>
  isFault(note) && (note.what === 'ends' || note.fields.fault === 'crash' || note.fields.fault === 'kill');

function statesOf(host: string, notes: readonly PageNote[], { endNs, source }: PageData): Span<State>[] {
  let before: State = source === 'evidence' ? 'no evidence' : 'spare';
  const spans: Span<State>[] = [{ fromNs: 0, toNs: endNs, value: before }];
  for (const note of notes) {
    const next = note.host === host ? stateAfter(note) : undefined;
    const last: Span<State> = spans.at(-1)!;
    const value: State | undefined = next === 'as before' ? before : next;
    // With state transfer every checkpoint is installed.
    const isCheckpoint = value === 'copied' && last.value === 'follows';
    if (value === undefined || value === last.value || isCheckpoint) continue;
    before = last.value;
    last.toNs = note.atNs;
    spans.push({ fromNs: note.atNs, toNs: endNs, value });
  }
  return spans.filter(({ fromNs, toNs }) => toNs > fromNs);
}

/** The generations as storage records them: from the arrival of the claim. */
function generationsOf(
  notes: readonly PageNote[],
  event: Run['event'],
  { endNs, hosts, backups }: PageData,
): Span<string>[] {
  if (backups.length === 0) return [];
  const spans: Span<string>[] = [
    { fromNs: 0, toNs: endNs, value: `1: ${hosts[0]} with ${backups.join(', ')}` },
  ];
  for (const { what, fields, atNs, cause } of notes) {
    if (what !== 'won') continue;
    const answer = event(cause);
    const fromNs = answer?.kind === 'message' ? answer.atNs : atNs;
    const [primary, ...others] = String(fields.members).split(' ');
    spans.at(-1)!.toNs = fromNs;
    const value = `${fields.generation}: ${primary} ${others.length > 0 ? `with ${others.join(', ')}` : 'alone'}`;
    spans.push({ fromNs, toNs: endNs, value });
  }
  return spans;
}

function shownOf(notes: readonly PageNote[], event: Run['event']): Shown[] {
  const lines: Shown[] = [];
  for (const { atNs, cause, shown } of notes) {
    if (shown === undefined) continue;
    const release = event(cause);
    const host = release?.kind === 'message' ? release.from : '';
    for (const part of shown.split(/(?<=\n)/)) {
      const last = lines.at(-1);
      if (last && !last.text.endsWith('\n') && last.host === host) last.text += part;
      else lines.push({ atNs, host, text: part });
    }
  }
  return lines;
}

/** One that is never released is held until its host loses its power. */
function heldOf(host: string, notes: readonly PageNote[], { endNs }: PageData): Span<Held>[] {
  const spans: Span<Held>[] = [];
  let open: Span<Held>[] = [];
  const close = (atNs: number, last: number) => {
    for (const span of open) if (span.value.last <= last) span.toNs = atNs;
    open = open.filter(({ value }) => value.last > last);
  };
  for (const note of notes) {
    const { what, atNs, fields } = note;
    if (note.host !== host) continue;
    if (what === 'held') {
      const span = {
        fromNs: atNs,
        toNs: endNs,
        value: { last: Number(fields.last), entry: Number(fields.entry) },
      };
      spans.push(span);
      open.push(span);
    } else if (what === 'released') close(atNs, Number(fields.last));
    else if ((isFault(note) && fields.fault !== 'pause') || what === 'ends')
      close(atNs, Number.POSITIVE_INFINITY);
  }
  return spans;
}

function gapsOf({ events, total, endNs }: PageData): Gap[] {
  const gaps: Gap[] = [];
  let [id, fromNs] = [0, 0];
  const upTo = (next: number, toNs: number) => {
    if (next > id + 1) gaps.push({ fromNs, toNs, events: next - id - 1 });
  };
  for (const event of events) {
    upTo(event.id, event.atNs);
    [id, fromNs] = [event.id, event.atNs];
  }
  upTo(total + 1, endNs);
  return gaps;
}

/** The index of the first item at or after a time. */
export function firstAt(items: readonly { atNs: number }[], atNs: number): number {
  let [low, high] = [0, items.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (items[middle]!.atNs < atNs) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** The position of a host's machine at a time; undefined before its first slice, and where it has no machine. */
export function icountAt(run: Run, host: string, atNs: number): number | undefined {
  const slices = run.slices.get(host) ?? [];
  const slice = slices[firstAt(slices, atNs + 0.5) - 1];
  if (!slice || stateAt(run, host, atNs) === 'spare') return undefined;
  if (atNs >= slice.endNs) return slice.to;
  return Math.round(
    slice.from + ((slice.to - slice.from) * (atNs - slice.atNs)) / (slice.endNs - slice.atNs),
  );
}

/** What a host is at a time. */
export const stateAt = (run: Run, host: string, atNs: number): State | undefined =>
  run.states.get(host)?.findLast(({ fromNs }) => fromNs <= atNs)?.value;
