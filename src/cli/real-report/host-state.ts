/** What is known of a host while its evidence is read. */
import type { MessageEvent, NoteEvent, SliceEvent } from '../../sim/trace/events.ts';
import type { Draft } from './event-queue.ts';
import type { Life } from './records.ts';

/** A note of one kind. */
export type NoteOf<K extends NoteEvent['event']['kind']> = NoteEvent & {
  event: Extract<NoteEvent['event'], { kind: K }>;
};

/** Outputs that a host has released together. */
export interface Released {
  note: Draft<NoteOf<'released'>>;
  /** The acknowledgement on which they waited. */
  ack: Draft | undefined;
  /** When the switch has shown the first of them. */
  message: Draft<MessageEvent> | undefined;
}

/** Outputs whose text the switch has not said yet. */
const MAX_UNSHOWN = 1 << 12;

/** One host. */
export class HostState {
  role: 'live' | 'following' | 'spare' = 'spare';
  /** The last position that is known of its machine, if it has one. */
  icount: number | undefined;
  slice: Draft<SliceEvent> | undefined;
  /** The last acknowledgement that has arrived. */
  ack: Draft<MessageEvent> | undefined;
  /** Held and released outputs that are not shown yet, in the order of their numbers. */
  private held: Draft<NoteOf<'held'>>[] = [];
  private released: Released[] = [];

  constructor(
    readonly life: Life,
    readonly beginNs: number,
  ) {}

  /** It has another machine, or none. */
  machine(role: HostState['role'], icount?: number): void {
    this.role = role;
    this.icount = icount;
    this.slice = undefined;
  }

  holds(note: Draft<NoteOf<'held'>>): void {
    this.held.push(note);
    if (this.held.length > MAX_UNSHOWN) this.held.shift();
  }

  /** Outputs leave: on which acknowledgement they waited is known of the last one. */
  releases(note: Draft<NoteOf<'released'>>): void {
    const { ack } = this;
    const { last } = note.event.event;
    const held = this.held.find(({ event: { event } }) => event.first <= last && last <= event.last);
    // Without an acknowledgement they leave when the backup is evicted.
    const isAcked = held !== undefined && held.event.event.entry <= (ack?.event.last ?? 0);
    this.released.push({ note, ack: isAcked ? ack : undefined, message: undefined });
    if (this.released.length > MAX_UNSHOWN) this.released.shift();
  }

  /** The release of an output at a time. */
  releaseOf(output: number, atNs: number): Released | undefined {
    return this.released.findLast(({ note: { event } }) => {
      const { first, last } = event.event;
      return event.atNs === atNs && first <= output && output <= last;
    });
  }

  /** Outputs were shown: now it is known what they are. */
  shown(first: number, last: number, text: string): void {
    const notes = [...this.held, ...this.released.map(({ note }) => note)];
    for (const { event } of notes)
      if (event.event.first <= last && first <= event.event.last) event.event.text += text;
    this.held = this.held.filter(({ event: { event } }) => event.last > last);
    this.released = this.released.filter(({ note }) => note.event.event.last > last);
  }
}
