import { describe, expect, it } from 'vitest';
import type { Spool } from '../../src/replay/spool.ts';
import { Simulation } from '../../src/sim/cluster/cluster.ts';
import { storyDefaults } from '../../src/sim/spec/spec.ts';
import { type Census, census } from './census.ts';
import { benchGuest } from './support.ts';

const KINDS = { clock: 1, entropy: 2, timer: 3, console: 4, disk: 5, frames: 6, device: 7 } as const;
const SHORT_STEPS = 10_000;
const LONG_STEPS = 10 * SHORT_STEPS;
/** Buffers that are full long before the short run ends. */
const SMALL = {
  retainBytes: 64,
  sendBufferBytes: 1 << 12,
  receiveBufferBytes: 1 << 12,
  outputBufferBytes: 1 << 12,
  checkSteps: 5000,
};

/** The memory of a run after `steps` steps. */
function held(kind: keyof typeof KINDS, steps: number, backups: number): Census {
  const file = discardingSpool();
  const description = benchGuest('log-heavy', 1 << 20, { KIND: BigInt(KINDS[kind]) });
  const simulation = new Simulation({
    description,
    input: new Uint8Array(0),
    spec: {
      ...storyDefaults,
      clients: kind === 'frames' ? 2 : 0,
      backups,
      maxSteps: steps,
      tuning: SMALL,
    },
    evidence: { histories: file, console: file, world: file },
    print: () => {},
    onEvent: () => {},
  }).run();
  expect(simulation.machine.icount).toBe(steps);
  return census(simulation);
}

/** A spool that keeps nothing in memory, like one on a file. */
function discardingSpool(): Spool & { sizeBytes: number } {
  return {
    sizeBytes: 0,
    append(bytes) {
      this.sizeBytes += bytes.length;
      return this.sizeBytes - bytes.length;
    },
    read: () => new Uint8Array(0),
  };
}

describe.each([0, 1])('with %i backups', (backups) => {
  it.each(Object.keys(KINDS) as (keyof typeof KINDS)[])(
    'a run of ten times the length takes no more memory: %s',
    (kind) => {
      const short = held(kind, SHORT_STEPS, backups);
      const long = held(kind, LONG_STEPS, backups);
      // Logs and queues are cleared in batches of 64 entries.
      expect(long.objects).toBeLessThan(short.objects * 1.1 + 2000);
      expect(long.bytes).toBeLessThan(short.bytes + (64 << 10));
    },
  );
});
