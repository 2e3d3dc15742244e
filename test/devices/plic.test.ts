import fc from 'fast-check';
import { expect, test } from 'vitest';
import { PLIC, Plic } from '../../src/devices/plic.ts';

const M = 0;
const S = 1;
const word = (plic: Plic, offset: number): number => Number(plic.read(offset, 4));
const set = (plic: Plic, offset: number, value: number): boolean =>
  plic.write(offset, 4, BigInt(value >>> 0));

const priority = (source: number) => PLIC.priority + 4 * source;
const enable = (context: number, source: number) =>
  PLIC.enable + PLIC.enableStride * context + 4 * (source >> 5);
const threshold = (context: number) => PLIC.context + PLIC.contextStride * context + PLIC.threshold;
const claim = (context: number) => PLIC.context + PLIC.contextStride * context + PLIC.claim;

/** Sources enabled for context 0 with these priorities. */
function plicWith(priorities: Record<number, number>): Plic {
  const plic = new Plic();
  for (const [source, value] of Object.entries(priorities)) {
    set(plic, priority(+source), value);
    const at = enable(M, +source);
    set(plic, at, word(plic, at) | (1 << (+source & 31)));
  }
  return plic;
}

test('a request interrupts, is claimed once and completed', () => {
  const plic = plicWith({ 10: 1 });
  plic.request(10);
  expect(word(plic, PLIC.pending)).toBe(1 << 10);
  expect([plic.interrupt(M), plic.interrupt(S)]).toEqual([true, false]);
  expect(word(plic, claim(M))).toBe(10);
  expect(word(plic, PLIC.pending)).toBe(0);
  expect(plic.interrupt(M)).toBe(false);
  expect(word(plic, claim(M))).toBe(0);
  set(plic, claim(M), 10);
  expect(plic.interrupt(M)).toBe(false);
});

test('a request while its source is being served is pending, and waits for the completion', () => {
  const plic = plicWith({ 10: 1 });
  plic.request(10);
  word(plic, claim(M));
  plic.request(10);
  plic.request(10);
  expect(word(plic, PLIC.pending)).toBe(1 << 10);
  expect([plic.interrupt(M), word(plic, claim(M))]).toEqual([false, 0]);
  set(plic, claim(M), 10);
  expect([plic.interrupt(M), word(plic, claim(M))]).toEqual([true, 10]);
  set(plic, claim(M), 10);
  expect(plic.interrupt(M)).toBe(false);
});

test('the highest priority is claimed first, then the lowest number; 0 never', () => {
  const plic = plicWith({ 1: 0, 3: 2, 40: 7, 64: 2, 95: 7 });
  for (const source of [95, 64, 40, 3, 1]) plic.request(source);
  expect(Array.from({ length: 5 }, () => word(plic, claim(M)))).toEqual([40, 95, 3, 64, 0]);
});

test('the threshold masks the interrupt but not the claim', () => {
  const plic = plicWith({ 10: 3 });
  plic.request(10);
  set(plic, threshold(M), 3);
  expect(plic.interrupt(M)).toBe(false);
  set(plic, threshold(M), 2);
  expect(plic.interrupt(M)).toBe(true);
  set(plic, threshold(M), 7);
  expect(word(plic, claim(M))).toBe(10);
});

test('a completion for a source that is not enabled is ignored', () => {
  const plic = plicWith({ 10: 1 });
  plic.request(10);
  word(plic, claim(M));
  plic.request(10);
  set(plic, claim(S), 10);
  set(plic, claim(M), 0);
  set(plic, claim(M), 0xffff_ffff);
  expect(plic.interrupt(M)).toBe(false);
  set(plic, claim(M), 10);
  expect(plic.interrupt(M)).toBe(true);
});

test('contexts are independent, and share the pending sources', () => {
  const plic = plicWith({ 10: 1 });
  set(plic, enable(S, 10), 1 << 10);
  plic.request(10);
  expect([plic.interrupt(M), plic.interrupt(S)]).toEqual([true, true]);
  expect(word(plic, claim(S))).toBe(10);
  expect([plic.interrupt(M), plic.interrupt(S)]).toEqual([false, false]);
});

test('fields keep only their defined bits', () => {
  const plic = new Plic();
  set(plic, priority(0), 5);
  set(plic, priority(95), 0xffff_ffff);
  set(plic, priority(96), 1);
  set(plic, threshold(M), 0x1e);
  for (let i = 0; i < 4; i++) set(plic, PLIC.enable + 4 * i, 0xffff_ffff);
  set(plic, PLIC.pending, 0xffff_ffff);
  expect([0, 95, 96].map((source) => word(plic, priority(source)))).toEqual([0, 7, 0]);
  expect(word(plic, threshold(M))).toBe(6);
  expect([0, 1, 2, 3].map((i) => word(plic, PLIC.enable + 4 * i))).toEqual([
    0xffff_fffe, 0xffff_ffff, 0xffff_ffff, 0,
  ]);
  expect(word(plic, PLIC.pending)).toBe(0);
});

test('accesses of other sizes are refused', () => {
  for (const sizeBytes of [1, 2, 8]) {
    expect(new Plic().read(claim(M), sizeBytes)).toBeUndefined();
    expect(new Plic().write(claim(M), sizeBytes, 0n)).toBe(false);
  }
});

test('each request is claimed once: sources wait exactly when requested and not being served', () => {
  const step = fc.oneof(
    fc.record({ kind: fc.constant('request' as const), source: fc.integer({ min: 1, max: 95 }) }),
    fc.record({ kind: fc.constant('claim' as const) }),
    fc.record({ kind: fc.constant('complete' as const), pick: fc.nat(95) }),
  );
  fc.assert(
    fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
      const plic = plicWith(Object.fromEntries(Array.from({ length: 95 }, (_, i) => [i + 1, 1 + (i % 7)])));
      const pending = new Set<number>();
      const served: number[] = [];
      const waiting = () => [...pending].filter((source) => !served.includes(source));
      for (const s of steps) {
        if (s.kind === 'request') {
          plic.request(s.source);
          pending.add(s.source);
        } else if (s.kind === 'claim') {
          const rank = (source: number) => ((source - 1) % 7) * 100 - source;
          const [expected = 0] = waiting().sort((a, b) => rank(b) - rank(a));
          expect(word(plic, claim(M))).toBe(expected);
          pending.delete(expected);
          if (expected !== 0) served.push(expected);
        } else if (served.length > 0) {
          const [source] = served.splice(s.pick % served.length, 1);
          set(plic, claim(M), source!);
        }
        expect(plic.interrupt(M)).toBe(waiting().length > 0);
      }
    }),
  );
});
