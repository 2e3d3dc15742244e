/** The data of pages: of real runs, and arbitrary. */
import fc from 'fast-check';
import { pageOf } from '../../src/report/page/page.ts';
import type { PageData, PageEvent } from '../../src/report/page/page-data.ts';
import { parseFault } from '../../src/sim/faults/fault-text.ts';
import { campaignDefaults, type RunSpec } from '../../src/sim/spec/spec.ts';
import { UNNAMED } from '../../src/symbols/naming.ts';
import type { GuestName } from '../sim/support.ts';
import { traceRun } from '../sim/traced.ts';

/** The page of a run of a guest. */
export function pageOfGuest(name: GuestName, given: Partial<RunSpec> = {}, faults: string[] = []): PageData {
  const spec = { ...campaignDefaults, ...given, faults: faults.map(parseFault) };
  const { simulation, trace } = traceRun(name, spec, true);
  const facts = { simulation, violations: [], comparison: undefined, naming: UNNAMED, asked: { ft: true } };
  return pageOf(facts, trace!, { version: '0', title: name, command: 'vmft run' });
}

const hosts = ['primary', 'backup', 'spare'];
const host = fc.constantFrom(...hosts);
const node = fc.constantFrom(...hosts, 'storage', 'switch');
const text = fc.string({ unit: 'binary', maxLength: 12 });

/** Events in any order of kinds, with times and numbers that need not fit together. */
const event: fc.Arbitrary<(id: number, atNs: number) => PageEvent> = fc.oneof(
  fc
    .record({
      host,
      role: fc.constantFrom('live', 'following'),
      lengthNs: fc.nat(9e5),
      from: fc.nat(1e6),
      steps: fc.nat(1e5),
    })
    .map(
      ({ lengthNs, steps, ...rest }) =>
        (id: number, atNs: number): PageEvent =>
          ({ kind: 'slice', id, atNs, endNs: atNs + lengthNs, to: rest.from + steps, ...rest }) as PageEvent,
    ),
  fc
    .record({
      ...{
        from: node,
        to: node,
        what: fc.constantFrom('entries', 'ack', 'release', 'claim', 'heartbeat', 'other'),
      },
      ...{
        sizeBytes: fc.nat(1e4),
        delayNs: fc.nat(1e6),
        isLost: fc.boolean(),
        first: fc.nat(99),
        cause: fc.nat(50),
      },
    })
    .map(
      ({ delayNs, isLost, ...rest }) =>
        (id: number, atNs: number): PageEvent => ({
          ...{ kind: 'message', way: 'stream', id, atNs, last: rest.first + 3 },
          ...rest,
          ...(isLost
            ? { arrivedNs: [], lost: { atNs: atNs + delayNs, why: 'loss' } }
            : { arrivedNs: [atNs + delayNs] }),
        }),
    ),
  fc
    .record({
      host,
      what: fc.constantFrom(
        'held',
        'released',
        'delivered',
        'live',
        'won',
        'suspected',
        'fault',
        'following',
        'installed',
      ),
      fault: fc.constantFrom('crash', 'pause', 'partition'),
      phase: fc.constantFrom('begins', 'ends'),
      ...{
        first: fc.nat(99),
        silentNs: fc.nat(1e7),
        text,
        cause: fc.nat(50),
        shown: fc.option(text, { nil: undefined }),
      },
    })
    .map(
      ({ host: on, what, text: said, cause, shown, fault, phase, first, silentNs }) =>
        (id: number, atNs: number): PageEvent => ({
          ...{ kind: 'note', id, atNs, host: on, what, text: said, tone: 'plain', cause },
          fields: {
            fault,
            phase,
            first,
            last: first + 2,
            entry: first,
            silentNs,
            generation: 2,
            members: 'backup spare',
          },
          ...(shown !== undefined && what === 'delivered' && { shown }),
        }),
    ),
);

/** Pages of runs that never were. */
export const anyPage: fc.Arbitrary<PageData> = fc
  .array(fc.tuple(event, fc.nat(3e6), fc.integer({ min: 1, max: 3 })), { maxLength: 60 })
  .map((steps) => {
    let [id, atNs] = [0, 0];
    const events = steps.map(([make, afterNs, step]) => {
      id += step;
      atNs += afterNs;
      return make(id, atNs);
    });
    const series = {
      lag: [0, 3, 7],
      channel: [100, 0, 5],
      copy: [0, 4096],
      shown: [1, 2],
      'steps primary': [1, 0, 2],
    };
    return {
      ...{
        version: '0',
        title: 't',
        subtitle: '',
        source: 'simulation' as const,
        before: [],
        after: [],
        command: 'vmft',
        figures: [],
        chapters: [],
      },
      verdict: { tone: 'good', text: '', notes: [] },
      ...{ hosts, backups: ['backup'], endNs: atNs + 1e6, events, total: id, findings: [], expectations: [] },
      bins: { widthNs: Math.max(1, (atNs + 1e6) / 3), series },
    };
  });
