/** What the switch says: outputs that the world has seen, and what came for the guest. */
import type { EvidenceOf } from '../../host/evidence/format.ts';
import type { Bins } from '../../sim/trace/bins.ts';
import type { MessageEvent, NoteEvent } from '../../sim/trace/events.ts';
import type { Draft, EventQueue } from './event-queue.ts';
import type { HostState } from './host-state.ts';
import type { Sighting } from './records.ts';

/** The longest text of a message. */
const MAX_TEXT = 400;

/** See the head of this file. */
export class EdgeTrace {
  /** Outputs up to these are shown. */
  private readonly shownUpTo = { console: 0, frame: 0 };
  private readonly decoder = new TextDecoder();

  constructor(
    private readonly queue: EventQueue,
    private readonly bins: Bins,
    private readonly hosts: ReadonlyMap<string, HostState>,
  ) {}

  /** The next record. `release`: the message that brought the outputs. */
  take(record: Sighting['record'], atNs: number, release: Draft<MessageEvent> | undefined): void {
    switch (record.kind) {
      case 'console':
        return this.console(record, atNs, release);
      case 'frame':
        return this.frame(record, atNs, release);
      case 'typed': {
        const { offset, data } = record;
        const text = new TextDecoder().decode(data);
        return this.note(atNs, { kind: 'typed', first: offset, last: offset + data.length - 1, text });
      }
      case 'inbound':
        this.note(atNs, { kind: 'inbound', number: record.number, sizeBytes: record.frame.length });
    }
  }

  private note(atNs: number, event: NoteEvent['event'], cause?: Draft, text?: string): void {
    const shown = text === undefined ? {} : { text };
    this.queue.add<NoteEvent>({ kind: 'note', atNs, host: '', event, ...shown }, cause);
  }

  private console(
    { first, data }: EvidenceOf<'console'>,
    atNs: number,
    release: Draft<MessageEvent> | undefined,
  ): void {
    // A switch that was killed may have shown something twice, in its last life and in the next one.
    const begin = Math.max(first, this.shownUpTo.console + 1);
    const fresh = data.subarray(begin - first);
    if (fresh.length === 0) return;
    const last = begin + fresh.length - 1;
    this.shownUpTo.console = last;
    const text = this.decoder.decode(fresh, { stream: true });
    this.shown(begin, last, text, atNs, release);
    this.note(atNs, { kind: 'delivered', what: 'console', first: begin, last }, release, text);
  }

  private frame(
    { number, frame }: EvidenceOf<'frame'>,
    atNs: number,
    release: Draft<MessageEvent> | undefined,
  ): void {
    if (number <= this.shownUpTo.frame) return;
    this.shownUpTo.frame = number;
    this.shown(number, number, `[frame of ${frame.length} bytes]`, atNs, release);
    this.note(atNs, { kind: 'delivered', what: 'switch', first: number, last: number }, release);
  }

  private shown(
    first: number,
    last: number,
    text: string,
    atNs: number,
    release: Draft<MessageEvent> | undefined,
  ): void {
    if (release) release.event.text = `${release.event.text ?? ''}${text}`.slice(0, MAX_TEXT);
    for (const host of this.hosts.values()) host.shown(first, last, text);
    this.bins.add('shown', atNs, last - first + 1);
  }
}
