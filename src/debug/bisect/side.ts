/** One of two executions that are compared: what can be asked of it, and the one that a timeline answers. */
import { sameBytes } from '../../base/bytes.ts';
import { decode, encode } from '../../base/codec.ts';
import type { Execution } from '../../cpu/engine.ts';
import { PAGE_BYTES, RAM_BASE } from '../../cpu/layout.ts';
import { type EntrySource, type InputsThere, Timeline } from '../../replay/timeline.ts';
import type { MachineDescription } from '../../vmm/description.ts';
import { Divergence } from '../../vmm/doors.ts';
import type { Entry } from '../../vmm/entries.ts';
import type { Machine } from '../../vmm/machine.ts';
import { type Snapshot, takeSnapshot } from '../../vmm/snapshot.ts';

/**
 * A moment of an execution, as a number, so that the middle of two can be taken: 2 N at position N before the inputs
 * that are applied there, 2 N + 1 after them. Between 2 N + 1 and 2 N + 2 is step N.
 */
export type Moment = number;

/** The moment at a position, before or after its inputs. `icount`: steps since boot. */
export const momentAt = (icount: number, inputsThere: InputsThere): Moment =>
  2 * icount + (inputsThere === 'after' ? 1 : 0);

/** The position of a moment, in steps since boot. */
export const icountOf = (moment: Moment): number => Math.floor(moment / 2);

/** Whether a moment is before or after the inputs of its position. */
export const inputsAt = (moment: Moment): InputsThere => (moment % 2 === 0 ? 'before' : 'after');

/** What an execution is at a moment, in short. */
export interface Sample {
  /** Where it stands, in steps since boot: earlier than the moment when it has ended there. */
  icount: number;
  /** How many entries of its log have come through the doors. */
  consumed: number;
  /** The hash of the whole state; 0 with a `problem`. */
  hash: bigint;
  /** Why it can't be at this moment: it contradicts its log before. */
  problem?: string | undefined;
}

/** Whether two executions are equal, as far as their samples say: in every bit, or with one problem at one place. */
export const isSame = (a: Sample, b: Sample): boolean =>
  a.hash === b.hash && a.icount === b.icount && a.problem === b.problem;

/** A state, and how many entries of the log have come through the doors in it. */
export interface Start {
  state: Snapshot;
  consumed: number;
}

/** One of two executions. It can be asked for any moment, in any order. */
export interface Side {
  /** What it is, for people: a file, an engine, another build. */
  readonly name: string;
  at(moment: Moment): Promise<Sample>;
  /** Its state; undefined where {@link Sample.problem} is set. */
  snapshot(moment: Moment): Promise<Snapshot | undefined>;
  /**
   * What a copy of the machine at `from` is at `to`: as {@link at}, unless something outside the machine, or in what
   * executes it, has changed the state.
   */
  again(from: Moment, to: Moment): Promise<Sample>;
  /**
   * What the machine itself, with the translations that it has, is at `to`, which is later, when it is put into this
   * state and runs there without a stop. Missing where that can't be asked.
   */
  onward?(start: Start, to: Moment): Promise<Sample>;
  /** Its state there; undefined with a {@link Sample.problem}. */
  snapshotOnward?(start: Start, to: Moment): Promise<Snapshot | undefined>;
  /** Makes going back to where it was last asked for quick. */
  keep(): void;
}

/** How a {@link TimelineSide} replays; every member is optional. */
export interface SideOptions {
  execution?: Execution | undefined;
  /** Memory for snapshots. In bytes. */
  snapshotBytes?: number;
  /** A clock in milliseconds, by which the distances between snapshots are chosen. */
  nowMs?: () => number;
  /** Receives each entry when the machine reaches it, again after going back. Default: nothing is verified. */
  passed?: (entry: Entry, machine: Machine) => void;
  /** The position at which the recording ends, in steps; later ones are the same as that. */
  end?: number;
}

/** The default memory for the snapshots of a side. */
const SNAPSHOT_BYTES = 1 << 28;

/** An execution that is replayed here. */
export class TimelineSide implements Side {
  private readonly timeline: Timeline;
  private readonly ending: { end?: number };
  /** The moment at which it is, if that is known. */
  private here: Moment | undefined;
  /** Whether the timeline can only go on from a snapshot. */
  private mustGoBack = false;
  /** The latest moment that was asked for. */
  private furthest: Moment = 0;
  /** The earliest known moment at which it can't be. */
  private blocked: { moment: Moment; sample: Sample } | undefined;

  /**
   * @param recording what is replayed
   * @param options how; a state that contradicts a `check` entry is no problem, unless `passed` throws one
   */
  constructor(
    readonly name: string,
    private readonly recording: { description: MachineDescription; entries: EntrySource },
    options: SideOptions = {},
  ) {
    const { passed = () => {}, snapshotBytes = SNAPSHOT_BYTES, ...others } = options;
    this.ending = others.end === undefined ? {} : { end: others.end };
    this.timeline = new Timeline(recording.description, recording.entries, {
      ...others,
      passed,
      snapshotBytes,
    });
  }

  async at(moment: Moment): Promise<Sample> {
    return this.go(moment);
  }

  async snapshot(moment: Moment): Promise<Snapshot | undefined> {
    return this.go(moment).problem === undefined ? takeSnapshot(this.timeline.machine) : undefined;
  }

  async again(from: Moment, to: Moment): Promise<Sample> {
    const start = this.go(from);
    return start.problem === undefined ? sampleOf(this.timeline.clone(), to) : start;
  }

  async onward(start: Start, to: Moment): Promise<Sample> {
    return this.runOnward(start, to);
  }

  async snapshotOnward(start: Start, to: Moment): Promise<Snapshot | undefined> {
    return this.runOnward(start, to).problem === undefined ? takeSnapshot(this.timeline.machine) : undefined;
  }

  private runOnward({ state, consumed }: Start, to: Moment): Sample {
    const { entries, description } = this.recording;
    const rest = { [Symbol.iterator]: () => entriesFrom(entries, consumed) };
    const { machine } = this.timeline;
    putInto(machine, state);
    this.prepare(to);
    const sample = sampleOf(
      new Timeline(description, rest, { ...this.ending, machine, passed: () => {} }),
      to,
    );
    // The machine is elsewhere than its timeline believes: the timeline goes back next, even to where the machine is.
    this.here = undefined;
    this.mustGoBack = true;
    return sample;
  }

  keep(): void {
    if (this.here !== undefined) this.timeline.keep();
  }

  /**
   * To be called before the machine runs to a moment. Up to the furthest so far no code is translated that was not by
   * then: else what a wrong translation does would depend on the questions asked before.
   */
  private prepare(moment: Moment): void {
    this.timeline.machine.hart.translatesMore = moment > this.furthest;
    this.furthest = Math.max(this.furthest, moment);
  }

  private go(moment: Moment): Sample {
    if (this.blocked && moment >= this.blocked.moment) return this.blocked.sample;
    const { timeline } = this;
    if (this.mustGoBack) this.goBack();
    this.prepare(moment);
    // A timeline would go back to before its position first.
    const sample = moment === this.here ? sampleHere(timeline) : sampleOf(timeline, moment);
    this.here = sample.problem === undefined ? moment : undefined;
    if (sample.problem === undefined) return sample;
    this.blocked = { moment, sample };
    // The machine stands in the middle of a step.
    this.mustGoBack = true;
    return sample;
  }

  private goBack(): void {
    this.timeline.restart();
    this.mustGoBack = false;
    this.here = undefined;
  }
}

/** The entries of a log from number `start` on, counted from 0. */
export function* entriesFrom(entries: EntrySource, start: number): Generator<Entry, void> {
  if (entries.from) {
    yield* entries.from(start);
    return;
  }
  let index = 0;
  for (const entry of entries) if (index++ >= start) yield entry;
}

/** Goes to a moment. */
function sampleOf(timeline: Timeline, moment: Moment): Sample {
  try {
    timeline.seek(icountOf(moment), inputsAt(moment));
    return sampleHere(timeline);
  } catch (error) {
    if (!(error instanceof Divergence)) throw error;
    return { icount: error.icount, consumed: timeline.consumed, hash: 0n, problem: error.message };
  }
}

/** The sample of where a timeline is. Afresh: what changed outside execution is in no page that is marked as written. */
export const sampleHere = ({ icount, consumed, machine }: Timeline): Sample => ({
  icount,
  consumed,
  hash: machine.hash(true),
});

/** Puts a machine into a state; only pages that differ are written, so that translations of the others are kept. */
function putInto(machine: Machine, { state, pages }: Snapshot): void {
  const { hart } = machine;
  if (state.ramSizeBytes > hart.ramSizeBytes) hart.growRam(state.ramSizeBytes);
  const contents = new Map(pages.map(({ index, bytes }) => [index, bytes]));
  const zeros = new Uint8Array(PAGE_BYTES);
  for (const index of new Set([...contents.keys(), ...hart.usedPages()])) {
    const content = contents.get(index) ?? zeros;
    const at = index * PAGE_BYTES;
    if (!sameBytes(content, hart.ram.subarray(at, at + PAGE_BYTES))) hart.write(RAM_BASE + at, content);
  }
  machine.state = decode(machine.schema, encode(machine.schema, state));
}
