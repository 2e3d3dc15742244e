/** Comparisons and progress markers that are paced by time, as on a host whose speed is unknown. */
import { describe, expect, it } from 'vitest';
import { describeMachine } from '../../src/cli/program.ts';
import { faults, happened, ms, path, result, simulate, sound } from './support.ts';

/** The least time between two events. */
const gapOf = (times: readonly number[]): number =>
  Math.min(...times.slice(1).map((atNs, index) => atNs - times[index]!));

describe('paced by time', () => {
  it('comparisons keep the requested distance, up to a slice', () => {
    const bySteps = simulate('primes', { tuning: { checkSteps: 1000, checkStepsPerPage: 0 } });
    const byTime = simulate('primes', {
      tuning: { checkSteps: 1000, checkStepsPerPage: 0, checkNs: ms(0.2) },
    });
    const times = happened(byTime, 'checked', 'primary').map(({ atNs }) => atNs);
    expect([result(bySteps), result(byTime)]).toEqual([sound, sound]);
    expect(times.length).toBeGreaterThan(5);
    // A comparison is decided at the beginning of a slice, and noted at its end.
    expect(gapOf(times)).toBeGreaterThanOrEqual(ms(0.15));
    expect(happened(bySteps, 'checked', 'primary').length).toBeGreaterThan(2 * times.length);
  });

  it('progress markers keep the requested distance while the guest computes', () => {
    const run = simulate('primes', { tuning: { progressNs: ms(0.4) } });
    const markers = happened(run, 'sent').flatMap(({ atNs, entries }) =>
      entries.some(({ kind }) => kind === 'progress') ? [atNs] : [],
    );
    expect(result(run)).toEqual(sound);
    expect(markers.length).toBeGreaterThan(3);
    expect(gapOf(markers.slice(1, -1))).toBeGreaterThanOrEqual(ms(0.4));
  });

  it('progress markers keep that distance while a backup lags, too', () => {
    const tuning = { progressNs: ms(2), lagBoundNs: ms(1) };
    const description = describeMachine(path('programs/primes.s'), {
      memory: 1 << 20,
      defsym: [['LIMIT', 200_000n]],
    });
    const run = simulate('primes', { tuning, description, faults: faults('slow:backup@1ms+500ms=0.3') });
    const markers = happened(run, 'sent').flatMap(({ atNs, entries }) =>
      entries.some(({ kind }) => kind === 'progress') ? [atNs] : [],
    );
    expect(happened(run, 'slowed').length).toBeGreaterThan(0);
    expect(markers.length).toBeGreaterThan(3);
    expect(gapOf(markers.slice(1, -1))).toBeGreaterThanOrEqual(ms(2));
  });

  it('a crash at any time loses nothing', () => {
    const tuning = { checkSteps: 1000, checkStepsPerPage: 0, checkNs: ms(1), progressNs: ms(0.4) };
    for (let atMs = 5; atMs < 60; atMs += 7) {
      const run = simulate('bank', { tuning, faults: faults(`crash:primary@${atMs}ms`) });
      expect({ atMs, ...result(run) }).toEqual({ atMs, ...sound });
    }
  });
});
