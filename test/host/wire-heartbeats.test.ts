/** Heartbeats that are repeated while their thread is busy. */
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { Destination } from '../../src/host/wire/datagram-sender.ts';
import { HeartbeatRepeater, LOOK_MS, REPEATS } from '../../src/host/wire/heartbeat-repeater.ts';
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
          expect(other.read()).toEqual(payload);
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
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  const begin = () => {
    const sent: (number | undefined)[] = [];
    const repeater = new HeartbeatRepeater((_, [payload]) => sent.push(payload));
    const slot = new HeartbeatSlot();
    repeater.perform({ kind: 'begin', series: 's', to, memory: slot.memory });
    return { sent, repeater, slot };
  };
  const looks = (count: number) => vi.advanceTimersByTime(count * LOOK_MS);

  test('is silent while there is a new heartbeat at each look', () => {
    const { sent, slot } = begin();
    for (let beat = 0; beat < 10; beat++) {
      slot.write(Uint8Array.of(beat));
      looks(1);
    }
    expect(sent).toEqual([]);
  });

  test('repeats one that is not renewed, and falls silent until the next', () => {
    const { sent, slot } = begin();
    looks(5);
    expect(sent).toEqual([]);
    slot.write(Uint8Array.of(7));
    looks(20);
    expect(sent).toEqual(new Array(REPEATS).fill(7));
    slot.write(Uint8Array.of(8));
    looks(2);
    expect(sent.slice(REPEATS)).toEqual([8]);
  });

  test('repeats nothing of a series that has ended, and has no timer without a series', () => {
    const { sent, repeater, slot } = begin();
    slot.write(Uint8Array.of(7));
    looks(1);
    repeater.perform({ kind: 'end', series: 's' });
    expect(vi.getTimerCount()).toBe(0);
    looks(5);
    expect(sent).toEqual([]);
  });
});
