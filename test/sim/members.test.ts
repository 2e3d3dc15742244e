/** A VM with several backups: who must hold an entry before an output leaves, and who goes live when some fail. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Fault, HostId } from '../../src/sim/faults/faults.ts';
import { examples } from '../thorough.ts';
import { faults, generations, happened, lost, ms, type Run, result, simulate, sound } from './support.ts';

const names = (backups: number): HostId[] => ['backup', 'backup2', 'backup3'].slice(0, backups);

/** For each released output: how long it was held, and the last entry that each backup had acknowledged by then. */
function releases(
  run: Run,
): { number: number; entry: number; heldNs: number; known: Record<HostId, number> }[] {
  const held = new Map(happened(run, 'held').map((event) => [event.first, event]));
  const acknowledged = happened(run, 'acknowledged');
  return happened(run, 'released').map(({ first, atNs }) => {
    const { entry, atNs: since } = held.get(first)!;
    const known: Record<HostId, number> = {};
    for (const { by, received, atNs: ackNs } of acknowledged)
      if (ackNs <= atNs) known[by] = Math.max(known[by] ?? 0, received);
    return { number: first, entry, heldNs: atNs - since, known };
  });
}

describe.each([2, 3])('%i backups', (backups) => {
  it('must all acknowledge an output before it leaves', () => {
    const run = simulate('bank', { backups });
    expect(result(run)).toEqual(sound);
    const all = releases(run);
    expect(all.length).toBeGreaterThan(40);
    for (const { number, entry, known } of all) {
      expect(Object.keys(known).sort()).toEqual(names(backups));
      expect(Math.min(...Object.values(known)), `output ${number}`).toBeGreaterThanOrEqual(entry);
    }
  });

  it('delay outputs by the slowest link', () => {
    const slow = names(backups).at(-1);
    const run = simulate('bank', { backups, faults: faults(`delay:primary-${slow}@0ms+1s=2ms`) });
    expect(result(run)).toEqual(sound);
    expect(Math.min(...releases(run).map(({ heldNs }) => heldNs))).toBeGreaterThan(ms(4));
  });

  it('survive a crash of the primary: one goes live, and the others follow it by entries', () => {
    const run = simulate('bank', { backups, faults: faults('crash:primary@20ms') });
    expect(result(run)).toEqual(sound);
    const [live, ...more] = happened(run, 'live');
    expect([live!.generation, more]).toEqual([2, []]);
    const others = names(backups).filter((name) => name !== live!.at);
    expect(
      happened(run, 'following')
        .map(({ at }) => at)
        .sort(),
    ).toEqual(others);
    expect(happened(run, 'following').map(({ primary }) => primary)).toEqual(others.map(() => live!.at));
    expect(happened(run, 'installed')).toEqual([]);
    expect(generations(run)).toEqual([`2: ${[live!.at, ...others].join(' + ')}`]);
  });

  it('survive one crash after another, until the last runs alone', () => {
    const crashes = ['20ms', '40ms', '60ms'].slice(0, backups).map((time) => `crash:live@${time}`);
    const run = simulate('bank', { backups, faults: faults(...crashes) });
    expect(result(run)).toEqual(sound);
    expect(run.simulation.failovers).toHaveLength(backups);
    expect(run.simulation.storage.generations.latest.backups).toEqual([]);
  });

  it('survive the crash of all but one at the same time', () => {
    for (const last of ['primary', ...names(backups)]) {
      const others = ['primary', ...names(backups)].filter((name) => name !== last);
      const run = simulate('bank', {
        backups,
        faults: faults(...others.map((name) => `crash:${name}@20ms`)),
      });
      expect(result(run)).toEqual(sound);
      expect(run.simulation.storage.generations.latest).toEqual({ primary: last, backups: [] });
    }
  });

  it('lose the run if all of them die', () => {
    const all = ['primary', ...names(backups)];
    const run = simulate('bank', { backups, faults: faults(...all.map((name) => `crash:${name}@20ms`)) });
    expect(result(run)).toEqual(lost);
  });

  it('keep a network server running through two crashes in a row', () => {
    const run = simulate('kv', { backups, faults: faults('crash:live@10ms', 'crash:live@27ms') });
    expect(result(run)).toEqual(sound);
    expect(run.simulation.failovers).toHaveLength(2);
  });
});

it('a backup that dies is evicted; outputs whose entries it lacks wait for the generation without it', () => {
  const run = simulate('bank', { backups: 2, faults: faults('crash:backup2@20ms', 'crash:primary@50ms') });
  expect(result(run)).toEqual(sound);
  const [won] = happened(run, 'won');
  expect(won).toMatchObject({ at: 'primary', generation: 2, record: { backups: ['backup'] } });
  const between = happened(run, 'released').filter(({ atNs }) => atNs > ms(21) && atNs < won!.atNs);
  expect(between).toEqual([]);
  // Outputs held meanwhile leave then, and service resumes.
  const held = happened(run, 'held').filter(({ atNs }) => atNs > ms(21) && atNs < won!.atNs);
  expect(held.length).toBeGreaterThan(0);
  const released = happened(run, 'released', 'primary');
  expect(released.find(({ first }) => first === held[0]!.first)!.atNs).toBe(won!.atNs);
  expect(released.at(-1)!.atNs).toBeGreaterThan(ms(45));
  expect(happened(run, 'live').map(({ at }) => at)).toEqual(['backup']);
});

it('a backup whose machine is past the log of the new primary is evicted, and copied', () => {
  for (let icount = 40_000; icount < 240_000; icount += 20_000) {
    // The crash comes after the message to one backup, and before that to the other.
    const run = simulate('bank', { backups: 2, faults: faults(`crash:primary@icount=${icount}`) });
    expect(result(run)).toEqual(sound);
    // Two of the three are left, one primary and one backup.
    expect(run.simulation.storage.generations.latest.backups).toHaveLength(1);
    const [installed] = happened(run, 'installed');
    expect(happened(run, 'evicted').map(({ at }) => at)).toEqual([installed!.at]);
    const won = happened(run, 'won').findLast(({ record }) => record.backups.includes(installed!.at));
    expect(won!.atNs).toBeGreaterThan(installed!.atNs);
  }
});

it('a backup that lags far behind the new primary gets the entries that it lacks, and no copy', () => {
  const tuning = { retainBytes: 0 };
  for (let atMs = 30; atMs <= 50; atMs += 10) {
    const slow = faults('delay:primary-backup2@5ms+1s=3ms', `crash:primary@${atMs}ms`);
    const run = simulate('bank', { backups: 2, tuning, faults: slow });
    expect(result(run)).toEqual(sound);
    const [live] = happened(run, 'live');
    expect(live!.at).toBe('backup');
    expect([happened(run, 'evicted'), happened(run, 'installed')]).toEqual([[], []]);
    const { entries } = happened(run, 'sent', 'backup').find(({ to }) => to === 'backup2')!;
    expect(entries.length).toBeGreaterThan(20);
    expect(generations(run)).toEqual(['2: backup + backup2']);
  }
});

it('both backups are cut off: the first to claim goes live with the other, and the old primary rejoins', () => {
  const run = simulate('bank', {
    backups: 2,
    faults: faults('partition:primary-backup@20ms+30ms', 'partition:primary-backup2@20ms+30ms'),
  });
  expect(result(run)).toEqual(sound);
  expect(happened(run, 'claimed').filter(({ generation }) => generation === 2).length).toBeGreaterThan(1);
  expect(happened(run, 'won').filter(({ generation }) => generation === 2)).toHaveLength(1);
  const { primary, backups } = run.simulation.storage.generations.latest;
  expect([primary, ...backups].sort()).toEqual(['backup', 'backup2', 'primary']);
});

it('a primary that is cut off from everything releases no more outputs, and is replaced', () => {
  const cut = ['backup', 'backup2', 'storage', 'switch'].map((node) => `partition:primary-${node}@20ms+30ms`);
  const run = simulate('kv', { backups: 2, faults: faults(...cut) });
  expect(result(run)).toEqual(sound);
  expect(happened(run, 'released', 'primary').filter(({ atNs }) => atNs > ms(20.2))).toEqual([]);
  expect(happened(run, 'evicted', 'primary')).toHaveLength(1);
  expect(happened(run, 'live')).toHaveLength(1);
});

it('backups that hear each other and not the primary do not both go live', () => {
  const run = simulate('bank', {
    backups: 3,
    faults: faults(
      'partition:primary>backup@20ms+40ms',
      'partition:primary>backup2@20ms+40ms',
      'partition:primary>backup3@20ms+40ms',
    ),
  });
  expect(result(run)).toEqual(sound);
  const live = happened(run, 'live');
  expect(new Set(live.map(({ generation }) => generation)).size).toBe(live.length);
});

describe('random crashes', () => {
  const crash = (backups: number): fc.Arbitrary<Fault> =>
    fc.record({
      kind: fc.constant('crash' as const),
      who: fc.constantFrom('live', 'primary', ...names(backups)),
      when: fc.oneof(
        fc.integer({ min: 0, max: ms(70) }).map((ns) => ({ at: 'time' as const, ns })),
        fc.integer({ min: 1, max: 250 }).map((number) => ({ at: 'sent' as const, number })),
        fc.integer({ min: 1, max: 1500 }).map((number) => ({ at: 'output' as const, number })),
      ),
    });

  it.each([
    ['bank', 2],
    ['kv', 2],
    ['journal', 3],
  ] as const)('%s with %i backups survives as many crashes', (guest, backups) => {
    const crashes = fc.array(crash(backups), { minLength: backups, maxLength: backups });
    fc.assert(
      fc.property(crashes, fc.nat(1000), (drawn, seed) => {
        expect(result(simulate(guest, { backups, faults: drawn, seed: `${seed}` }))).toEqual(sound);
      }),
      { numRuns: examples(40), seed: 3 },
    );
  });
});
