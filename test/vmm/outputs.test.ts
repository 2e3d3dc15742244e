import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { decode, encode } from '../../src/base/codec.ts';
import {
  countOf,
  diskRequest,
  lastOf,
  type Output,
  OutputCollector,
  outputCodec,
  after as partAfter,
} from '../../src/vmm/outputs.ts';
import { mustBeCanonical, mustRefuseChanges } from '../base/laws.ts';
import { diskRequests, outputs } from '../ft/arbitraries.ts';
import { examples } from '../thorough.ts';

describe('encoded outputs', () => {
  const back = (source: Uint8Array) => decode(outputCodec, source);
  const forth = (output: Output) => encode(outputCodec, output);

  test('decode to what was encoded', () => {
    fc.assert(
      fc.property(outputs, diskRequests, (output, request) => {
        expect(back(forth(output))).toEqual(output);
        expect(decode(diskRequest, encode(diskRequest, request))).toEqual(request);
      }),
    );
  });

  test('truncated or with one bit flipped are refused, or are another output', () => {
    fc.assert(fc.property(outputs, (output) => mustRefuseChanges(forth(output), back, forth)));
  });

  test('of arbitrary bytes are refused, or are an output', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 12 }), (source) => {
        mustBeCanonical(source, back, forth);
      }),
      { numRuns: examples(1000) },
    );
  });
});

type Made = { kind: 'byte'; byte: number } | { kind: 'frame' } | { kind: 'disk' } | { kind: 'take' };
const making: fc.Arbitrary<Made> = fc.oneof(
  { weight: 5, arbitrary: fc.record({ kind: fc.constant('byte' as const), byte: fc.nat(255) }) },
  {
    weight: 2,
    arbitrary: fc.record({ kind: fc.constantFrom('frame' as const, 'disk' as const, 'take' as const) }),
  },
);

describe('outputs that are collected', () => {
  test('never exceed a message, however much a guest prints at once', () => {
    const collector = new OutputCollector();
    const count = 3 * 2 ** 20;
    for (let made = 1; made <= count; made++) collector.console(made, made & 0xff);
    let next = 1;
    for (const output of collector.take()) {
      expect(output.first).toBe(next);
      encode(outputCodec, output);
      next += countOf(output);
    }
    expect(next).toBe(count + 1);
  });

  test('keep their numbers and their order; neighbouring console bytes are merged', () => {
    fc.assert(
      fc.property(fc.array(making, { maxLength: 30 }), (steps) => {
        const collector = new OutputCollector();
        const taken: Output[][] = [];
        let made = 0;
        for (const step of steps) {
          if (step.kind === 'byte') collector.console(++made, step.byte);
          if (step.kind === 'frame') collector.frame(++made, Uint8Array.of(made));
          if (step.kind === 'disk') collector.disk(++made, { operation: 'flush' });
          if (step.kind === 'take') taken.push(collector.take());
        }
        taken.push(collector.take());
        expect(collector.take()).toEqual([]);
        const all = taken.flat();
        expect(all.map(({ first }) => first)).toEqual(firstsOf(all));
        expect(all.reduce((sum, output) => sum + countOf(output), 0)).toBe(made);
        const bytes = steps.flatMap((step) => (step.kind === 'byte' ? [step.byte] : []));
        expect(all.flatMap((output) => (output.kind === 'console' ? [...output.data] : []))).toEqual(bytes);
        for (const part of taken)
          for (const [index, { kind }] of part.entries())
            if (kind === 'console') expect(part[index + 1]?.kind).not.toBe('console');
      }),
    );
  });

  test('are cut after a number that was delivered', () => {
    const typed: Output = { kind: 'console', first: 5, data: Uint8Array.of(50, 60, 70) };
    expect([4, 5, 6, 7].map((seen) => partAfter(seen, typed))).toEqual([
      typed,
      { kind: 'console', first: 6, data: Uint8Array.of(60, 70) },
      { kind: 'console', first: 7, data: Uint8Array.of(70) },
      undefined,
    ]);
    const frame: Output = { kind: 'frame', first: 5, frame: new Uint8Array(60) };
    expect([partAfter(4, frame), partAfter(5, frame)]).toEqual([frame, undefined]);
    expect(lastOf(typed)).toBe(7);
    expect(lastOf(frame)).toBe(5);
  });
});

/** The first number of each output, when they are numbered from 1. */
function firstsOf(all: readonly Output[]): number[] {
  let next = 1;
  return all.map((output) => {
    const first = next;
    next += countOf(output);
    return first;
  });
}
