/** A session is where a straight run is, whatever the way there. */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Simulation } from '../../../src/sim/cluster/cluster.ts';
import { type Moment, Session, type SessionRun } from '../../../src/sim/session/session.ts';
import { defaults, storyDefaults } from '../../../src/sim/spec/spec.ts';
import { machineOf } from '../../ft/guest.ts';
import { examples, thorough } from '../../thorough.ts';
import { faults, guest } from '../support.ts';
import { runs, shown, straight, timesOf } from './support.ts';

const present = (session: Session) => shown(session.simulation, session.trace());
const fractions = fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { minLength: 1, maxLength: 3 });

const spanned = (first: number, last: number) =>
  Array.from({ length: last - first + 1 }, (_, index) => first + index);

const crashed: SessionRun = {
  ...guest('bank'),
  spec: { ...storyDefaults, spares: 1, faults: faults('crash:primary@20ms') },
};
/** It never ends by itself. */
const endless: SessionRun = {
  description: machineOf('_start: j _start\n'),
  input: new Uint8Array(0),
  spec: { ...defaults, spares: 0 },
};

describe('a session', () => {
  it('is where a straight run is after so many events, forwards and backwards', () => {
    fc.assert(
      fc.property(runs, fractions, fc.integer({ min: 0, max: 3 }), (run, at, parkedAtMost) => {
        const session = new Session(run, { parkedAtMost });
        session.seek('end');
        const { length } = session;
        for (const fraction of at) {
          const event = Math.floor(fraction * length!);
          expect(session.seek({ event })).toBe(true);
          expect(session.event).toBe(event);
          const { simulation, trace } = straight(run, event);
          expect(present(session)).toEqual(shown(simulation, trace));
          expect(session.parkedCount).toBeLessThanOrEqual(parkedAtMost);
        }
      }),
      { numRuns: examples(8) },
    );
  });

  it('is where it was after any number of events forwards and as many back', () => {
    fc.assert(
      fc.property(runs, fc.nat(600), fc.integer({ min: 1, max: 400 }), (run, event, count) => {
        const session = new Session(run);
        session.seek({ event });
        const before = present(session);
        const taken = session.advance(count);
        expect(taken).toBeLessThanOrEqual(count);
        session.seek({ event: session.event - taken });
        expect(present(session)).toEqual(before);
      }),
      { numRuns: examples(8) },
    );
  });

  it('is after all events of a time, and before the next', () => {
    fc.assert(
      fc.property(runs, fractions, (run, at) => {
        const times = timesOf(run);
        const session = new Session(run);
        session.seek({ event: times.length });
        for (const fraction of at) {
          const exact = times[Math.floor(fraction * (times.length - 1))]!;
          for (const atNs of [exact, fraction * times.at(-1)!].filter((one) => one < times.at(-1)!)) {
            expect(session.seek({ atNs })).toBe(true);
            expect(session.event).toBe(times.filter((time) => time <= atNs).length);
            expect(session.atNs).toBe(atNs);
            for (const { icount, id } of session.state().hosts)
              expect(icount ?? 0).toBeLessThanOrEqual(
                session.simulation.hosts.get(id)!.replica.vmm?.icount ?? 0,
              );
          }
        }
      }),
      { numRuns: examples(8) },
    );
  });

  it('ends as the run ends that nobody looks at', () => {
    fc.assert(
      fc.property(runs, (run) => {
        const plain = new Simulation({ ...run, print: () => {}, onEvent: () => {} }).run();
        const session = new Session(run);
        expect(session.seek('end')).toBe(true);
        expect(session.isOver).toBe(true);
        const { simulation } = session;
        expect(simulation.machine.hash()).toBe(plain.machine.hash());
        expect(simulation.outcome).toBe(plain.outcome);
        expect(session.state()).toMatchObject({ outcome: plain.outcome, console: plain.transcript });
        expect(simulation.observer.log).toEqual(plain.observer.log);
        // The end is an event, and there is none after it.
        expect([session.event, session.advance(1)]).toEqual([timesOf(run).length + 1, 0]);
        expect(session.seek({ event: session.event + 1 })).toBe(false);
      }),
      { numRuns: examples(8) },
    );
  });

  it('has the verdict at the end only', () => {
    const session = new Session(crashed);
    session.seek({ event: 100 });
    expect(() => session.performance()).toThrow('not over');
    session.seek('end');
    const { violations, printed, events, simulation } = session.performance();
    expect(violations).toEqual([]);
    expect(simulation.failovers).toHaveLength(1);
    expect(events.filter(({ event }) => event.kind === 'live')).toHaveLength(1);
    expect(printed.map(({ text }) => text).join('')).toBe(new TextDecoder().decode(session.state().console));
    const short = new Session(crashed, { events: 10 });
    short.seek('end');
    expect(() => short.performance()).toThrow('too much happened');
  });

  it('shows hosts, links, storage and outputs that wait', () => {
    const spec = { ...storyDefaults, faults: faults('partition:primary-backup@1.1ms+30ms') };
    const session = new Session({ ...guest('bank'), spec });
    session.seek({ atNs: 5_000_000 });
    const { hosts, links, storage, live, outcome } = session.state();
    expect([live, outcome, storage.generation]).toEqual(['primary', undefined, 1]);
    const between = links.find(({ from, to }) => from === 'primary' && to === 'backup');
    expect(between).toMatchObject({ partitioned: true, inFlight: 0 });
    expect(between!.waiting).toBeGreaterThan(0);
    const [primary, backup] = hosts;
    expect(primary!.held[0]).toMatchObject({
      first: 18,
      last: 49,
      text: expect.stringContaining('open alice'),
    });
    expect(backup!.held).toEqual([]);
    expect(backup!.lagSteps).toBe(primary!.icount! - backup!.icount!);
    // The primary does not learn of its replacement before the link is up: nothing of its outputs has left.
    session.seek({ atNs: 29_000_000 });
    expect(session.state()).toMatchObject({ live: 'backup', storage: { generation: 2 } });
    session.seek({ atNs: 4_000_000 });
    session.seek({ atNs: 5_000_000 });
    expect(session.state().hosts).toEqual(hosts);
  });

  it('has the outputs that are held and not released', () => {
    const held = new Set<number>();
    const { run } = new Session({
      ...guest('bank'),
      spec: { ...storyDefaults, faults: faults('delay:primary-backup@2ms+30ms=3ms') },
    });
    const plain = new Simulation({
      ...run,
      print: () => {},
      onEvent: ({ event }) => {
        if (event.kind !== 'held' && event.kind !== 'released') return;
        for (let number = event.first; number <= event.last; number++)
          if (event.kind === 'held') held.add(number);
          else held.delete(number);
      },
    });
    const session = new Session(run);
    let most = 0;
    while (plain.advance(1)) {
      session.advance(1);
      const [primary] = session.state().hosts;
      expect(primary!.held.flatMap(({ first, last }) => spanned(first, last))).toEqual([...held]);
      most = Math.max(most, primary!.held.length);
      if (session.event === 400) break;
    }
    expect(most).toBeGreaterThan(1);
  });

  it('parks a simulation once, and takes it again', () => {
    const session = new Session(crashed);
    const counts = [100, 50, 100, 75, 100, 50].map((event) => {
      session.seek({ event });
      return session.parkedCount;
    });
    expect(counts).toEqual([0, 1, 1, 1, 1, 2]);
  });

  it('can be stopped in an endless run, and goes on from there', () => {
    const session = new Session(endless);
    const moving = session.seeking('end');
    for (let part = 0; part < 10; part++) expect(moving.next().done).toBe(false);
    const stopped = session.event;
    expect([session.isOver, session.length, stopped > 100]).toEqual([false, undefined, true]);
    const { simulation, trace } = straight(endless, stopped);
    expect(present(session)).toEqual(shown(simulation, trace));
    // Also on its way back.
    const back = session.seeking({ event: stopped - 1 });
    back.next();
    expect(session.event).toBeLessThan(stopped - 1);
    session.seek({ event: stopped });
    expect(present(session)).toEqual(shown(simulation, trace));
  });

  it('has what its user types, and is the same before that', () => {
    const { description } = guest('bank');
    const attended = { description, input: new Uint8Array(0), attended: true, spec: storyDefaults };
    const session = new Session(attended);
    session.seek({ atNs: 5_000_000 });
    const data = new TextEncoder().encode('open me\n');
    const typed = new Session({
      ...attended,
      actions: [
        { atNs: 5_000_000.5, action: { kind: 'type', data } },
        { atNs: 60_000_000, action: { kind: 'quit' } },
      ],
    });
    expect(typed.seek('end')).toBe(true);
    expect(new TextDecoder().decode(typed.state().console)).toContain('open me');
    typed.seek({ atNs: 5_000_000 });
    expect(present(typed)).toEqual(present(session));
  });

  it('refuses moments before the beginning', () => {
    const session = new Session(crashed);
    for (const moment of [{ event: -1 }, { atNs: Number.NaN }] satisfies Moment[])
      expect(() => session.seek(moment)).toThrow('count from 0');
  });

  it('gives up simulations, and their memories', async () => {
    setFlagsFromString('--expose-gc');
    const collect = runInNewContext('gc') as () => void;
    const session = new Session(crashed, { parkedAtMost: 2 });
    const refs: WeakRef<Simulation>[] = [];
    for (let event = thorough(20, 100); event > 0; event--) {
      session.seek({ event });
      session.machineAt('primary', 5);
      refs.push(new WeakRef(session.simulation));
    }
    // References that were read are kept to the end of the turn.
    await new Promise((resolve) => setImmediate(resolve));
    collect();
    expect(session.parkedCount).toBe(2);
    expect(refs.filter((ref) => ref.deref()).length).toBeLessThanOrEqual(3);
  });
});
