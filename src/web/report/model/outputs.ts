/** The life of an output: made, held, released, shown; and why it was held. */
import type { PageMessage, PageNote, PageSlice } from '../../../report/page/page-data.ts';
import type { Run } from './run.ts';
import { durationText, grouped, timeText } from './time.ts';

/** Outputs `first` to `last`, which left together. */
export interface Life {
  first: number;
  last: number;
  text: string;
  /** The host that shows it, or that held it last. */
  host: string;
  /** When the steps of its slice had been taken. */
  madeNs: number;
  /** When it reached the console or the switch; undefined if it never did. */
  shownNs: number | undefined;
  made: PageSlice | undefined;
  held: PageNote | undefined;
  /** The acknowledgement that let it go. */
  ack: PageMessage | undefined;
  release: PageMessage | undefined;
}

/** The lives of all outputs whose events were kept, in the order of their making. */
export function livesOf(run: Run): Life[] {
  const held = run.notes.filter(({ what }) => what === 'held');
  const heldByLast = new Map(held.map((note) => [Number(note.fields.last), note]));
  const seen = new Set<number>();
  const lives = run.notes.flatMap((note): Life[] => {
    if (note.what !== 'delivered') return [];
    seen.add(Number(note.fields.last));
    return [shownLife(run, note, heldByLast.get(Number(note.fields.last)))];
  });
  const never = held.filter(({ fields }) => !seen.has(Number(fields.last)));
  const all = [...lives, ...never.map((note) => heldLife(run, note))];
  return joined(all.sort((a, b) => a.madeNs - b.madeNs || a.first - b.first));
}

function shownLife(run: Run, note: PageNote, held: PageNote | undefined): Life {
  const release = messageOf(run, note.cause);
  const reason = run.event(release?.cause);
  const ack = reason?.kind === 'message' && reason.what === 'ack' ? reason : undefined;
  const own = held && held.host === release?.from ? held : undefined;
  const made = sliceOf(run, held?.cause) ?? (reason?.kind === 'slice' ? reason : undefined);
  return {
    first: Number(note.fields.first),
    last: Number(note.fields.last),
    text: note.shown ?? release?.text ?? '',
    host: release?.from ?? '',
    madeNs: held?.atNs ?? made?.endNs ?? release?.atNs ?? note.atNs,
    shownNs: note.atNs,
    ...{ made, held: own ?? held, ack, release },
  };
}

function heldLife(run: Run, held: PageNote): Life {
  return {
    first: Number(held.fields.first),
    last: Number(held.fields.last),
    text: /"(.*)"/s.exec(held.text)?.[1] ?? '',
    host: held.host,
    madeNs: held.atNs,
    shownNs: undefined,
    made: sliceOf(run, held.cause),
    ...{ held, ack: undefined, release: undefined },
  };
}

/** The messages that carried the entry on which the output waited. */
export function entriesOf(run: Run, { held }: Life): PageMessage[] {
  if (!held) return [];
  const entry = Number(held.fields.entry);
  return run.messages.filter(
    ({ what, from, first, last, atNs }) =>
      what === 'entries' &&
      from === held.host &&
      atNs >= held.atNs - 1e9 &&
      (first ?? 1) <= entry &&
      entry <= (last ?? 0),
  );
}

const messageOf = (run: Run, id: number | undefined): PageMessage | undefined => {
  const event = run.event(id);
  return event?.kind === 'message' ? event : undefined;
};

const sliceOf = (run: Run, id: number | undefined): PageSlice | undefined => {
  const event = run.event(id);
  return event?.kind === 'slice' ? event : undefined;
};

/** Lives that were made and left together are one. */
function joined(lives: readonly Life[]): Life[] {
  const all: Life[] = [];
  for (const life of lives) {
    const before = all.at(-1);
    if (before && before.madeNs === life.madeNs && before.release?.id === life.release?.id)
      all[all.length - 1] = { ...life, first: before.first, text: before.text + life.text };
    else all.push(life);
  }
  return all;
}

/** How long an output waited for its release; undefined if it did not wait, or was never released. */
export const waitOf = ({ held, release, madeNs }: Life): number | undefined =>
  held && release ? release.atNs - madeNs : undefined;

/** What the Output Rule costs: how long outputs waited for their release. */
export interface HeldTimes {
  medianNs: number;
  longestNs: number;
  /** From the shortest wait to the longest; the end of each bin is the same multiple of its beginning. */
  bins: { fromNs: number; toNs: number; count: number }[];
}

/** Bins for each factor of ten. */
const BINS_PER_DECADE = 5;

/** The waits of all outputs whose events were kept, those that left together as one; undefined if there are none. */
export function heldTimes(lives: readonly Life[]): HeldTimes | undefined {
  const waits = lives.flatMap((life) => waitOf(life) ?? []).sort((a, b) => a - b);
  if (waits.length === 0) return undefined;
  const binOf = (ns: number) => Math.floor(Math.log10(Math.max(ns, 1)) * BINS_PER_DECADE);
  const endOf = (bin: number) => 10 ** (bin / BINS_PER_DECADE);
  const [first, last] = [binOf(waits[0]!), binOf(waits.at(-1)!)];
  const bins = Array.from({ length: last - first + 1 }, (_, index) => ({
    fromNs: endOf(first + index),
    toNs: endOf(first + index + 1),
    count: 0,
  }));
  for (const ns of waits) bins[binOf(ns) - first]!.count++;
  return { medianNs: waits[Math.floor((waits.length - 1) / 2)]!, longestNs: waits.at(-1)!, bins };
}

/** Where an output was made, or a disk operation issued; undefined if its events were not kept. */
export function placeOf(
  run: Run,
  lives: readonly Life[],
  output: number,
): { atNs: number; host: string } | undefined {
  const life = lives.find(({ first, last }) => first <= output && output <= last);
  if (life) return { atNs: life.madeNs, host: life.held?.host ?? life.host };
  return run.notes.find(({ what, fields }) => what === 'disk-issued' && fields.id === output);
}

/** The life that a time belongs to: of those under way the one made nearest to it, or else the nearest. */
export function lifeAt(lives: readonly Life[], atNs: number): number {
  let [best, distance, offset] = [-1, Number.POSITIVE_INFINITY, 0];
  for (const [index, { made, madeNs, shownNs }] of lives.entries()) {
    const [from, to] = [made?.atNs ?? madeNs, shownNs ?? madeNs];
    const away = atNs < from ? from - atNs : atNs > to ? atNs - to : 0;
    const off = Math.abs(madeNs - atNs);
    if (away < distance || (away === distance && off < offset)) [best, distance, offset] = [index, away, off];
  }
  return best;
}

/** The part of the run in which a life is seen whole. */
export function spanOf(run: Run, life: Life): { fromNs: number; toNs: number } {
  const { made, madeNs, shownNs, ack } = life;
  const arrivals = [...entriesOf(run, life), ...(ack ? [ack] : [])].flatMap(({ arrivedNs }) =>
    arrivedNs.slice(0, 1),
  );
  const from = Math.min(made?.atNs ?? madeNs, madeNs);
  const to = Math.max(shownNs ?? madeNs, ...arrivals.filter((ns) => ns < madeNs + 5e7), madeNs + 20_000);
  const margin = (to - from) * 0.12;
  return { fromNs: Math.max(0, from - margin), toNs: to + 2 * margin };
}

/** Why the output waited, sentence by sentence. */
export function whyHeld(run: Run, life: Life): string[] {
  const { made, held, ack, release, shownNs, madeNs, host } = life;
  const maker = held?.host ?? made?.host ?? host;
  const at = (ns: number) => timeText(ns, 1e5);
  const where = made ? ` at instruction ${grouped(made.to)}` : '';
  const sentences = [`Made by ${maker} at ${at(madeNs)}${where}.`];
  if (!held)
    sentences.push('Nobody had to acknowledge anything: it had no backup, so it was released at once.');
  else sentences.push(...whyWaited(entriesOf(run, life), held, at));
  if (held && release && release.from !== held.host)
    sentences.push(
      `Not by ${held.host}: ${release.from} made the same output from the log, went live, and released it at ${at(release.atNs)}.`,
    );
  else if (ack && release)
    sentences.push(`The acknowledgement arrived, and ${release.from} released it at ${at(release.atNs)}.`);
  if (shownNs === undefined) sentences.push('It never left: the world has not seen it.');
  else {
    const waited = release && held ? `; ${durationText(release.atNs - madeNs)} of that it was held` : '';
    sentences.push(`The world saw it ${durationText(shownNs - madeNs)} after it was made${waited}.`);
  }
  return sentences;
}

function whyWaited(entries: readonly PageMessage[], held: PageNote, at: (ns: number) => string): string[] {
  const entry = Number(held.fields.entry);
  const sentences = [
    `It had to wait: without log entry ${grouped(entry)} a backup could take over and make another output.`,
  ];
  for (const { to, atNs, arrivedNs, lost } of entries.slice(0, 3))
    sentences.push(
      arrivedNs.length > 0 && !lost
        ? `The entry left for ${to} at ${at(atNs)} and arrived at ${at(arrivedNs[0]!)}.`
        : `The entry left for ${to} at ${at(atNs)} and was lost.`,
    );
  return sentences;
}
