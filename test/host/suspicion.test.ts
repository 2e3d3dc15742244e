/** How long a host waits before it suspects another, after it was wrong. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { encodeMessage } from '../../src/ft/messages.ts';
import { Suspicion } from '../../src/host/suspicion.ts';

const SILENCE_NS = 100e6;
const MINUTE_NS = 60e9;
const alive = encodeMessage({ kind: 'heartbeat', generation: 3, domain: 'a', ticks: 1 });
const evicted = encodeMessage({ kind: 'available', generation: 3, load: 0, domain: 'a' });
const restarted = encodeMessage({ kind: 'available', generation: 0, load: 0, domain: 'a' });

function made() {
  const clock = { ns: 5 * MINUTE_NS };
  return { clock, suspicion: new Suspicion(SILENCE_NS, () => clock.ns) };
}

test('a host that was suspected and lives doubles the silence, up to eight times; each minute halves it', () => {
  const { clock, suspicion } = made();
  for (const factor of [2, 4, 8, 8]) {
    suspicion.suspected('b');
    expect(suspicion.heard('b', alive)).toBe(true);
    expect(suspicion.silenceNs).toBe(factor * SILENCE_NS);
  }
  for (const factor of [4, 2, 1, 1]) {
    clock.ns += MINUTE_NS;
    expect(suspicion.silenceNs).toBe(factor * SILENCE_NS);
  }
});

test('one that has ended does not: its process is silent, or a new one offers itself as a spare', () => {
  const { suspicion } = made();
  suspicion.suspected('b');
  expect(suspicion.heard('c', alive)).toBe(false);
  expect(suspicion.heard('b', restarted)).toBe(false);
  // The new process, which is not suspected.
  expect(suspicion.heard('b', alive)).toBe(false);
  expect(suspicion.silenceNs).toBe(SILENCE_NS);
  suspicion.suspected('b');
  expect(suspicion.heard('b', evicted)).toBe(true);
});

test('the silence is always the configured one times a power of two, of at most eight', () => {
  const step = fc.oneof(
    fc.record({ do: fc.constantFrom('suspect', 'hear', 'restart'), host: fc.constantFrom('b', 'c') }),
    fc.record({ do: fc.constant('wait'), ns: fc.nat(2 * MINUTE_NS) }),
  );
  fc.assert(
    fc.property(fc.array(step), (steps) => {
      const { clock, suspicion } = made();
      const suspects = new Set<string>();
      for (const one of steps) {
        const before = suspicion.silenceNs;
        if ('ns' in one) {
          clock.ns += one.ns;
          expect(suspicion.silenceNs).toBeLessThanOrEqual(before);
        } else if (one.do === 'suspect') {
          suspicion.suspected(one.host);
          suspects.add(one.host);
          expect(suspicion.silenceNs).toBe(before);
        } else {
          const wasFalse = suspects.delete(one.host) && one.do === 'hear';
          expect(suspicion.heard(one.host, one.do === 'hear' ? alive : restarted)).toBe(wasFalse);
          expect(suspicion.silenceNs).toBe(wasFalse ? Math.min(8 * SILENCE_NS, 2 * before) : before);
        }
        expect([1, 2, 4, 8].map((factor) => factor * SILENCE_NS)).toContain(suspicion.silenceNs);
      }
    }),
  );
});
