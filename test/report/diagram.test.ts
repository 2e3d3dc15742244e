import { describe, expect, it } from 'vitest';
import { drawDiagram } from '../../src/report/diagram.ts';
import type { SimEvent } from '../../src/sim/cluster/cluster.ts';
import type { Fault } from '../../src/sim/faults/faults.ts';
import { simulate } from '../sim/support.ts';

const at = (ms: number, host: string, event: SimEvent['event']): SimEvent => ({
  atNs: ms * 1e6,
  host,
  event,
});
const fault = (ms: number, host: string, one: Fault, phase: 'begins' | 'ends' = 'begins') =>
  at(ms, host, { kind: 'fault', fault: one, phase, icount: 100, made: 3, during: 'primary' });
const booted = [
  at(0, 'primary', { kind: 'booted', role: 'primary' }),
  at(0, 'backup', { kind: 'booted', role: 'backup' }),
];
const alone = { primary: 'backup', backups: [] };
const sent = (ms: number, first: number, last: number) =>
  at(ms, 'primary', { kind: 'sent', to: 'backup', first, last, logBytes: 5, sizeBytes: 10, entries: [] });
const received = (ms: number, last: number) => at(ms, 'backup', { kind: 'received', last, consumed: 0 });
const released = (ms: number, host: string, first: number, last: number) =>
  at(ms, host, { kind: 'released', first, last, text: 'x' });
const delivered = (ms: number, first: number, last: number) =>
  at(ms, '', { kind: 'delivered', what: 'console', first, last });

/** The rows between the headers. */
const rows = (...events: SimEvent[]) =>
  drawDiagram([...booted, ...events], ['primary', 'backup'], 80).slice(1, -1);
const draw = (...events: SimEvent[]) => `\n${rows(...events).join('\n')}`;

describe('a sequence diagram', () => {
  it('shows an output that waits, leaves, and arrives', () => {
    const drawn = draw(
      at(1, 'primary', { kind: 'held', first: 1, last: 3, text: 'hi\n', entry: 2 }),
      sent(1, 1, 2),
      received(1.05, 2),
      at(1.1, 'primary', { kind: 'acknowledged', by: 'backup', received: 2, consumed: 0 }),
      released(1.1, 'primary', 1, 3),
      delivered(1.15, 1, 3),
    );
    expect(drawn).toBe(`
    1.000   ● holds outputs 1–3 "hi\\n"                │                    │
            ┠─ log 1–2 ─────────▶│                    │                    │
    1.100   ┃◀─────────── ack 2 ─┤                    │                    │
            ┠─ outputs 1–3 ──────┼────────────────────┼───────────────────▶│`);
  });

  it('shows lost messages and a failover', () => {
    const drawn = draw(
      sent(2, 3, 4),
      fault(2.01, 'primary', { kind: 'crash', who: 'primary', when: { at: 'time', ns: 1 } }),
      at(12, 'backup', { kind: 'suspected', host: 'primary', silentNs: 1e7, heard: true, closed: false }),
      at(12, 'backup', { kind: 'claimed', generation: 2, record: alone }),
      at(12.2, 'backup', { kind: 'won', generation: 2, record: alone }),
      at(12.2, 'backup', {
        kind: 'live',
        icount: 90,
        generation: 2,
        pending: 3,
        from: 'primary',
        history: 4,
      }),
      released(12.2, 'backup', 1, 3),
    );
    expect(drawn).toBe(`
    2.000   ┠─ log 3–4 ─────────✗│                    │                    │
    2.010   ✖ CRASH at icount 100                     │                    │
   12.000                        ● suspects primary   │                    │
                                 ├─ claim 2, alone ──▶│                    │
   12.200                        │◀────── 2 is yours ─┤                    │
                                 ● LIVE, re-releases 3 outputs             │
                                 ┠─ outputs 1–3 ──────┼───────────────────✗│`);
  });

  it('shows a link that fails and is restored, with late arrivals, and a paused host', () => {
    const cut: Fault = { kind: 'partition', from: 'primary', to: 'backup', both: true, atNs: 1, forNs: 1 };
    const pause: Fault = { kind: 'pause', who: 'backup', when: { at: 'time', ns: 1 }, forNs: 2e6 };
    const drawn = draw(
      fault(3, '', cut),
      sent(4, 5, 6),
      fault(5, 'backup', pause),
      fault(6, '', cut, 'ends'),
      fault(7, 'backup', pause, 'ends'),
      received(7, 6),
    );
    expect(drawn).toBe(`
    3.000   ┃╳ link down ╌╌╌╌╌╌╌╳│                    │                    │
    4.000   ┠─ log 5–6 ─────────…│                    │                    │
    5.000   ┃                    ● paused for 2ms     │                    │
    6.000   ┃╌ restored ╌╌╌╌╌╌╌╌╌┊                    │                    │
    7.000   ┃                    ● resumes            │                    │
            ┃                    ● entries up to 6 arrive                  │`);
  });

  it('marks a duplicate output', () => {
    const drawn = rows(released(1, 'primary', 1, 3), delivered(1.1, 1, 3), released(20, 'backup', 1, 3));
    expect(drawn[0]).toContain('▶│');
    expect(drawn[1]).toContain('outputs 1–3, duplicate');
    expect(drawn[1]).toContain('✗│');
  });

  it('folds a long sequence of one kind, and keeps the rows right before a change', () => {
    const many = Array.from({ length: 40 }, (_, index) => [
      sent(index, index + 1, index + 1),
      received(index + 0.05, index + 1),
    ]).flat();
    const crash: Fault = { kind: 'crash', who: 'primary', when: { at: 'time', ns: 1 } };
    const drawn = rows(...many, fault(41, 'primary', crash));
    expect(drawn).toHaveLength(6 + 1 + 6 + 1);
    expect(drawn[6]).toContain('⋮   ┃ … 28 more like these: entries up to 34');
    expect(drawn[12]).toContain('log 40');
  });

  it('stays within 120 columns with four hosts, whatever happens', () => {
    const { events } = simulate('bank', {
      backups: 2,
      spares: 1,
      faults: [{ kind: 'crash', who: 'primary', when: { at: 'time', ns: 20_000_000 } }],
    });
    const drawn = drawDiagram(events, ['primary', 'backup', 'backup2', 'spare']);
    expect(Math.max(...drawn.map(({ length }) => length))).toBeLessThanOrEqual(120);
  });
});
