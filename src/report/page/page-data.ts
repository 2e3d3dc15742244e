/** What the page of a run holds, as plain data. The page itself is in `src/web`: it shows this, and runs nothing. */

/** How a text is meant. */
export type Tone = 'good' | 'bad' | 'plain';

/** What all events have: a number that counts all of the run, a time, and the number of the event that caused it. */
interface PageEventBase {
  id: number;
  atNs: number;
  cause?: number | undefined;
}

/** A host gave its guest processor time, from position `from` to position `to`. */
export interface PageSlice extends PageEventBase {
  kind: 'slice';
  host: string;
  role: 'live' | 'following';
  endNs: number;
  from: number;
  to: number;
}

/** Something was sent; `first` and `last`: the numbers of its log entries, outputs, generation or operation. */
export interface PageMessage extends PageEventBase {
  kind: 'message';
  from: string;
  to: string;
  way: 'stream' | 'datagram';
  what: string;
  /** Undefined where it was not recorded. */
  sizeBytes?: number;
  arrivedNs: number[];
  lost?: { atNs: number; why: string };
  first?: number;
  last?: number;
  text?: string;
}

/** Another event; `fields` are its numbers and names. */
export interface PageNote extends PageEventBase {
  kind: 'note';
  /** Empty for links, storage and edge. */
  host: string;
  what: string;
  text: string;
  tone: Tone;
  fields: Record<string, string | number | boolean>;
  /** New output on the console. */
  shown?: string;
}

/** An event of the run. */
export type PageEvent = PageSlice | PageMessage | PageNote;

/** A part of the run, for the reader. */
export interface Chapter {
  title: string;
  atNs: number;
  host: string;
  text: string;
  tone: Tone;
}

/** A register of both machines, in hexadecimal. */
export interface PageRegister {
  name: string;
  a: string;
  b: string;
}

/** Two machines at one position. */
export interface PageMachines {
  icount: number;
  /** Where that is, in words. */
  place: string;
  names: [string, string];
  equal: boolean;
  registers: PageRegister[];
  /** Devices and pages that differ. */
  devices: string[];
  pages: string[];
  /** The first log entry that differs. */
  firstDifference?: { number: number; a: string; b: string };
}

/** What a checker has found. `output`: the number of the output that shows it, if one does. */
export interface Finding {
  title: string;
  text: string;
  output?: number;
}

/** Everything that the page shows. */
export interface PageData {
  /** Of vmft. */
  version: string;
  title: string;
  subtitle: string;
  /** Where the events come from: the simulator, or what real processes have written down. */
  source: 'simulation' | 'evidence';
  /** Explanations at the beginning, and at the end. */
  before: string[];
  after: string[];
  verdict: { tone: Tone; text: string; notes: string[] };
  figures: { name: string; value: string }[];
  /** Makes the page again; of a real run, checks and records it. */
  command: string;
  /** The address of the same run in the playground, where `vmft play` serves it; none if that can't make the run. */
  playground?: string | undefined;
  hosts: string[];
  /** The hosts of generation 1 that follow the first primary. */
  backups: string[];
  endNs: number;
  chapters: Chapter[];
  events: PageEvent[];
  /** The number of events of the run; fewer may be kept. */
  total: number;
  /** The whole run in bins of equal width. */
  bins: { widthNs: number; series: Record<string, number[]> };
  machines?: PageMachines | undefined;
  findings: Finding[];
  /** Expectations of a story. */
  expectations: { holds: boolean; text: string }[];
}
