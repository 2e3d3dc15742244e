import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Edge } from '../../src/ft/effects.ts';
import { edgeOf, OutputGate } from '../../src/ft/output-gate.ts';
import { countOf, type EdgeOutput } from '../../src/vmm/outputs.ts';
import { examples } from '../thorough.ts';

/** Each number of an output with its content. */
const numbers = (outputs: readonly EdgeOutput[]) =>
  outputs.flatMap((output) =>
    output.kind === 'console'
      ? [...output.data].map((byte, index) => `${output.first + index}: ${byte}`)
      : [`${output.first}: frame ${output.frame}`],
  );

const output: fc.Arbitrary<EdgeOutput> = fc.oneof(
  fc.uint8Array({ minLength: 1, maxLength: 5 }).map((data) => ({ kind: 'console' as const, first: 0, data })),
  fc.uint8Array({ maxLength: 3 }).map((frame) => ({ kind: 'frame' as const, first: 0, frame })),
);
const retryNs = fc.constantFrom(Number.POSITIVE_INFINITY, 3);
const operation = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant('hold' as const),
      outputs: fc.array(output, { maxLength: 3 }),
      later: fc.nat(2),
      /** Skipped numbers: those of disk operations. */
      gap: fc.nat(2),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant('open' as const),
      back: fc.integer({ min: -1, max: 4 }),
      retryNs,
      laterNs: fc.nat(2),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant('delivered' as const),
      edge: fc.constantFrom<Edge>('console', 'switch'),
      back: fc.integer({ min: -2, max: 12 }),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ do: fc.constant('forget' as const), back: fc.integer({ min: -2, max: 12 }) }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('resend' as const) }) },
  {
    weight: 1,
    arbitrary: fc.record({ do: fc.constant('restart' as const), back: fc.integer({ min: 0, max: 3 }) }),
  },
);

interface Held {
  text: string;
  number: number;
  edge: Edge;
  entry: number;
  releasedNs: number | undefined;
}

describe('the output gate', () => {
  test('releases covered outputs in order, once, or again when overdue, and keeps them until delivered', () => {
    fc.assert(
      fc.property(fc.array(operation, { maxLength: 50 }), (operations) => {
        const gate = new OutputGate();
        let held: Held[] = [];
        let made = 0;
        let entry = 0;
        let nowNs = 0;
        for (const step of operations) {
          switch (step.do) {
            case 'hold': {
              entry += step.later;
              const outputs = step.outputs.map((content) => {
                const placed = { ...content, first: made + 1 };
                made += countOf(placed) + step.gap;
                return placed;
              });
              gate.hold(outputs, entry);
              for (const one of outputs)
                for (const text of numbers([one]))
                  held.push({
                    text,
                    number: Number.parseInt(text, 10),
                    edge: edgeOf(one),
                    entry,
                    releasedNs: undefined,
                  });
              break;
            }
            case 'open': {
              nowNs += step.laterNs;
              const upTo = entry - step.back;
              const due = held.filter(
                (one) =>
                  one.entry <= upTo &&
                  (one.releasedNs === undefined || nowNs - one.releasedNs >= step.retryNs),
              );
              expect(numbers(gate.open(upTo, nowNs, step.retryNs))).toEqual(due.map(({ text }) => text));
              for (const one of due) one.releasedNs = nowNs;
              break;
            }
            case 'delivered':
              gate.delivered(step.edge, made - step.back);
              held = held.filter(({ number, edge }) => edge !== step.edge || number > made - step.back);
              break;
            case 'forget':
              gate.forget(made - step.back);
              held = held.filter(({ number }) => number > made - step.back);
              break;
            case 'resend':
              gate.resend();
              for (const one of held) one.releasedNs = undefined;
              break;
            case 'restart':
              gate.restart(entry - step.back);
              for (const one of held) {
                one.entry = Math.min(one.entry, entry - step.back);
                one.releasedNs = undefined;
              }
          }
          expect(numbers(gate.contents())).toEqual(held.map(({ text }) => text));
          expect(gate.size === 0).toBe(held.length === 0);
          expect(gate.deliveredUpTo(made)).toBe(Math.min(made, ...held.map(({ number }) => number - 1)));
        }
        gate.clear();
        expect([gate.size, gate.contents(), gate.deliveredUpTo(made)]).toEqual([0, [], made]);
      }),
      { numRuns: examples(400) },
    );
  });

  test('an output that was delivered in part keeps the rest, which is released again when overdue', () => {
    const gate = new OutputGate();
    gate.hold([{ kind: 'console', first: 5, data: Uint8Array.of(50, 60, 70) }], 1);
    expect(gate.open(0, 0)).toEqual([]);
    expect(gate.open(1, 10)).toHaveLength(1);
    gate.delivered('console', 6);
    expect(gate.deliveredUpTo(7)).toBe(6);
    expect(gate.open(1, 12, 3)).toEqual([]);
    expect(gate.open(1, 13, 3)).toEqual([{ kind: 'console', first: 7, data: Uint8Array.of(70) }]);
    expect(gate.open(1, 15, 3)).toEqual([]);
  });
});
