/** Heartbeats that are repeated while their thread is busy. */
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { Destination } from '../../src/host/wire/datagram-sender.ts';
import { HeartbeatRepeater, REPEAT_MS, REPEATS } from '../../src/host/wire/heartbeat-repeater.ts';
import { HeartbeatSlot } from '../../src/host/wire/heartbeat-slot.ts';

const to: Destination = { role: 'host', name: 'b', address: '127.0.0.1', port: 1 };

describe('a slot', () => {
  test('gives what was written last, through another view of the same memory', () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 1024 }), { minLength: 1 }), (payloads) => {
        const slot = new HeartbeatSlot();
        const other = new HeartbeatSlot(slot.memory);
        let { version } = other;
        for (const payload of payloads) {
          slot.write(payload);
          expect(other.read()?.payload).toEqual(payload);
          expect(other.version).toBeGreaterThan(version);
          version = other.version;
        }
      }),
    );
    expect(() => new HeartbeatSlot().write(new Uint8Array(1025))).toThrow('a heartbeat of 1025 bytes');
  });

  test('gives nothing while it is written', () => {
    const slot = new HeartbeatSlot();
    slot.write(Uint8Array.of(1));
    Atomics.add(new Int32Array(slot.memory), 0, 1);
    expect(slot.read()).toBeUndefined();
  });
});

describe('a repeater', () => {
  beforeEach(() => void vi.useFakeTimers({ toFake: ['hrtime'] }));
  afterEach(() => void vi.useRealTimers());

  const begin = () => {
    const sent: (number | undefined)[] = [];
    const repeater = new HeartbeatRepeater((_, [payload]) => sent.push(payload));
    const slot = new HeartbeatSlot();
    repeater.perform({ kind: 'begin', series: 's', to, memory: slot.memory });
    return { sent, repeater, slot };
  };
  /** Looks as the worker does until `ms` have passed. */
  const run = (repeater: HeartbeatRepeater, ms: number) => {
    for (let leftMs = ms; leftMs > 0; ) {
      const waitMs = Math.min(leftMs, repeater.look() ?? leftMs);
      vi.advanceTimersByTime(waitMs);
      leftMs -= waitMs;
    }
    repeater.look();
  };

  test('is silent while heartbeats follow each other soon enough, and leaves no longer gap when they do not', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 200 }), { minLength: 1 }), (pausesMs) => {
        const { sent, repeater, slot } = begin();
        for (const pauseMs of pausesMs) {
          sent.length = 0;
          slot.write(Uint8Array.of(pauseMs));
          run(repeater, pauseMs);
          expect(sent).toEqual(new Array(Math.min(REPEATS, Math.floor(pauseMs / REPEAT_MS))).fill(pauseMs));
        }
      }),
    );
  });

  test('waits no longer than the next heartbeat needs, of several series', () => {
    const { repeater, slot } = begin();
    const other = new HeartbeatSlot();
    repeater.perform({ kind: 'begin', series: 't', to, memory: other.memory });
    slot.write(Uint8Array.of(1));
    vi.advanceTimersByTime(10);
    other.write(Uint8Array.of(2));
    expect(repeater.look()).toBeCloseTo(REPEAT_MS - 10);
  });

  test('repeats nothing of a series that has ended, and does not look without a series', () => {
    const { sent, repeater, slot } = begin();
    slot.write(Uint8Array.of(7));
    repeater.perform({ kind: 'end', series: 's' });
    vi.advanceTimersByTime(5 * REPEAT_MS);
    expect(repeater.look()).toBeUndefined();
    expect(sent).toEqual([]);
  });
});
