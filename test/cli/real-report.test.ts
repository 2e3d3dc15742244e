/** The trace of a real run: what is found in evidence is what happened, here in the simulator. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Life } from '../../src/cli/real-report/records.ts';
import { surveyOf } from '../../src/cli/real-report/survey.ts';
import { RealTracer } from '../../src/cli/real-report/tracer.ts';
import { type Fault, isEndOfHost } from '../../src/sim/faults/faults.ts';
import type { MessageEvent, NoteEvent, Trace, TraceEvent } from '../../src/sim/trace/events.ts';
import type { GuestName } from '../sim/support.ts';
import { drawnRuns, specOfDrawn } from '../sim/traced.ts';
import { examples, thorough } from '../thorough.ts';
import { RecordedRun } from './simulated-evidence.ts';

const traceOf = (lives: Life[], limit?: number): Trace =>
  new RealTracer(lives, surveyOf(lives), limit).trace().trace;

/** The runs of these tests, each recorded in both ways; times are compared in whole microseconds, as evidence has them. */
const runs = fc.constantFrom(...fc.sample(drawnRuns, thorough(3, 16)));
const recorded = new Map<object, RecordedRun>();
function runOf(drawn: { name: GuestName; seed: number }): RecordedRun {
  const { name, seed } = drawn;
  const known = recorded.get(drawn) ?? new RecordedRun(name, specOfDrawn(name, seed));
  recorded.set(drawn, known);
  return known;
}
const us = (ns: number) => Math.floor(ns / 1000);
const isNote = (event: TraceEvent): event is NoteEvent => event.kind === 'note';
const messagesOf = ({ events }: Trace, ...kinds: string[]) =>
  events.filter((one): one is MessageEvent => one.kind === 'message' && kinds.includes(one.what));
type Event<K> = Extract<NoteEvent['event'], { kind: K }>;
const notesOf = <K extends NoteEvent['event']['kind']>({ events }: Trace, kind: K) =>
  events
    .filter(isNote)
    .filter((note): note is NoteEvent & { event: Event<K> } => note.event.kind === kind)
    .map(
      ({ event, ...note }) => ({ ...note, ...event, kind }) as Omit<NoteEvent, 'event' | 'kind'> & Event<K>,
    );

const messagesOfHost = ({ events }: Trace, host: string) =>
  events.filter((one): one is MessageEvent => one.kind === 'message' && one.from === host);

/** Whether a message covers all numbers of another one, and left when that did. */
const covers = (sent: MessageEvent, { from, what, last, atNs }: MessageEvent) =>
  sent.from === from &&
  sent.what === what &&
  sent.first! <= last! &&
  sent.last! >= last! &&
  us(sent.atNs) === us(atNs);

test('every output is shown once, in order and at its time, by a host that had released it', () => {
  fc.assert(
    fc.property(runs, (drawn) => {
      const run = runOf(drawn);
      const shown = (trace: Trace) =>
        notesOf(trace, 'delivered').map(({ atNs, what, first, last, text }) => {
          return { at: us(atNs), what, first, last, text };
        });
      const found = traceOf(run.lives());
      expect(shown(found)).toEqual(shown(run.trace));
      const releases = messagesOf(found, 'release');
      const sent = messagesOf(run.trace, 'release');
      for (const { cause, last } of notesOf(found, 'delivered')) {
        const release = releases.find(({ id }) => id === cause)!;
        expect(release.first).toBeLessThanOrEqual(last);
        expect(sent.some((one) => covers(one, release))).toBe(true);
      }
    }),
    { numRuns: examples(24) },
  );
});

test('every acknowledgement is found, and messages only where there were some', () => {
  fc.assert(
    fc.property(runs, (drawn) => {
      const run = runOf(drawn);
      const found = traceOf(run.lives());
      /** It is taken up between two slices of the guest: in evidence, then it has arrived. */
      const isTakenUp = (one: MessageEvent, { to, arrivedNs }: MessageEvent) =>
        to === one.to && arrivedNs.some((atNs) => us(atNs) <= us(one.arrivedNs[0]!));
      for (const one of messagesOf(found, 'ack', 'entries', 'claim', 'record', 'disk')) {
        // To a second backup, entries may leave later than to the first, which is not written.
        const overlaps = ({ first, last }: MessageEvent) =>
          (first ?? last!) <= one.last! && last! >= one.first!;
        const sent = messagesOf(run.trace, one.what)
          .filter(({ from }) => from === one.from)
          .filter(overlaps);
        expect(
          sent.some(({ atNs }) => us(atNs) === us(one.atNs)),
          JSON.stringify(one),
        ).toBe(true);
        expect(
          sent.some((message) => isTakenUp(one, message)),
          JSON.stringify(one),
        ).toBe(true);
      }
      const records = run.lives().flatMap(({ file }) => [...file.timed()]);
      const acks = records.filter(({ record }) => record.kind === 'ack').length;
      expect(messagesOf(found, 'ack').length).toBe(acks);
    }),
    { numRuns: examples(24) },
  );
});

test('what was held leaves after the acknowledgement of its log entry', () => {
  let checked = 0;
  fc.assert(
    fc.property(runs, (drawn) => {
      const found = traceOf(runOf(drawn).lives());
      const acks = messagesOf(found, 'ack');
      const held = notesOf(found, 'held');
      for (const { host, first, last, atNs, id } of notesOf(found, 'released')) {
        const release = messagesOf(found, 'release').find(
          (one) => one.from === host && one.atNs === atNs && one.first === first,
        );
        const ack = acks.find((one) => one.id === release?.cause);
        if (!ack) continue;
        const waited = held.filter(
          (one) => one.host === host && one.id < id && one.first >= first && one.last <= last,
        );
        checked += waited.length;
        for (const { entry } of waited) expect(ack.last).toBeGreaterThanOrEqual(entry);
        expect(ack.to).toBe(host);
        expect(ack.arrivedNs[0]).toBeLessThanOrEqual(atNs);
      }
    }),
    { numRuns: examples(24) },
  );
  expect(checked).toBeGreaterThan(0);
});

const pauseNs = (fault: Fault) => (fault.kind === 'pause' ? fault.forNs : 0);

test('the life of a host that is killed ends where it was heard of for the last time', () => {
  fc.assert(
    fc.property(runs, (drawn) => {
      const run = runOf(drawn);
      const found = traceOf(run.lives());
      const crashes = notesOf(run.trace, 'fault').filter(
        ({ fault, phase }) => phase === 'begins' && isEndOfHost(fault),
      );
      const resumes = notesOf(run.trace, 'fault').filter(
        ({ fault, phase }) => phase === 'ends' && fault.kind === 'pause',
      );
      const resumedNs = (name: string, ns: number) =>
        resumes.find(({ host, atNs, fault }) => host === name && atNs >= ns && atNs - pauseNs(fault) <= ns)
          ?.atNs ?? ns;
      const ends = notesOf(found, 'ends').filter(({ how }) => how === 'killed');
      for (const { host, atNs: endNs } of ends) {
        // Others may have heard of it after its crash: of what was on its way, after their slice of time, or their pause.
        const heardNs = (crashNs: number) =>
          messagesOfHost(run.trace, host)
            .filter(({ atNs }) => atNs <= crashNs)
            .flatMap(({ to, arrivedNs }) => arrivedNs.map((atNs) => resumedNs(to, atNs)));
        const crash = crashes.find(
          ({ atNs, ...one }) => one.host === host && endNs <= Math.max(atNs, ...heardNs(atNs)) + 1e6,
        )!;
        const later = found.events.filter(
          (event) =>
            us(event.atNs) > us(endNs) &&
            event.atNs <= crash.atNs &&
            (event.kind === 'message' ? event.from : event.host) === host,
        );
        expect(later).toEqual([]);
      }
      // Whoever was replaced, or has begun anew, has ended before.
      for (const { from, atNs } of notesOf(found, 'live').filter(({ from, host }) => from !== host)) {
        const crash = crashes.findLast((one) => one.host === from && one.atNs < atNs);
        if (crash) expect(ends.some((one) => one.host === from && one.atNs <= atNs)).toBe(true);
      }
    }),
    { numRuns: examples(24) },
  );
});

test('clocks that differ are brought in line: nothing arrives before it has left, and no message is lost', () => {
  const ahead = fc.integer({ min: -400_000, max: 400_000 });
  const clocks = fc.record({ backup: ahead, backup2: ahead, spare: ahead, storage: ahead, switch: ahead });
  fc.assert(
    fc.property(runs, clocks, (drawn, shifts) => {
      const run = runOf(drawn);
      const found = traceOf(run.lives(shifts));
      for (const { atNs, arrivedNs } of messagesOf(found, 'ack', 'entries', 'claim', 'record', 'release'))
        expect(arrivedNs[0]).toBeGreaterThanOrEqual(atNs);
      const right = traceOf(run.lives());
      const count = (trace: Trace, what: string) => messagesOf(trace, what).length;
      expect(count(found, 'ack')).toBe(count(right, 'ack'));
      expect(notesOf(found, 'delivered').map(({ first }) => first)).toEqual(
        notesOf(right, 'delivered').map(({ first }) => first),
      );
    }),
    { numRuns: examples(24) },
  );
});

test('of a long run the turns and the latest events are kept, and sums of everything', () => {
  fc.assert(
    fc.property(runs, fc.integer({ min: 40, max: 400 }), (drawn, limit) => {
      const run = runOf(drawn);
      const [whole, short] = [traceOf(run.lives()), traceOf(run.lives(), limit)];
      expect(short.events.length).toBeLessThanOrEqual(limit);
      const { hosts, endNs, total, bins } = whole;
      expect(short).toMatchObject({ hosts, endNs, total, bins });
      const byId = new Map(whole.events.map((event) => [event.id, event]));
      for (const event of short.events) expect(event).toEqual(byId.get(event.id));
      expect(short.events.at(-1)).toEqual(whole.events.at(-1));
    }),
    { numRuns: examples(24) },
  );
});
