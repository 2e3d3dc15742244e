/** Re-protection: after a failure another host becomes a backup, and is a member only once it is in sync. */
import { describe, expect, it } from 'vitest';
import { COPY_NS_PER_BYTE } from '../../src/cluster/driver.ts';
import { thorough } from '../thorough.ts';
import {
  benchGuest,
  faults,
  generations,
  happened,
  lost,
  ms,
  type Run,
  result,
  type Setup,
  simulate,
  sound,
} from './support.ts';

/** A copy in many small steps, so that faults can hit any of them. */
const slowCopy = { copyPages: 1, copyWindow: 1, stopPages: 0 };

/** No generation names a host before it has the whole machine. */
function expectRecordedInSync(run: Run): void {
  const installed = happened(run, 'installed');
  const alreadyIn = new Set(['primary', 'backup', 'backup2', 'backup3']);
  for (const { record, atNs } of happened(run, 'claimed'))
    for (const host of record.backups)
      if (!alreadyIn.has(host)) {
        const ready = installed.find(({ at }) => at === host);
        expect(ready?.atNs, `${host} is counted on`).toBeLessThan(atNs);
      }
}

describe('after a failover', () => {
  it('a spare gets the machine, then the log, and only then is a member', () => {
    const run = simulate('bank', { spares: 1, faults: faults('crash:primary@20ms') });
    expect(result(run)).toEqual(sound);
    expect(generations(run)).toEqual(['2: backup', '3: backup + spare']);
    const [joining] = happened(run, 'joining', 'backup');
    const [copied] = happened(run, 'copied', 'backup');
    const [installed] = happened(run, 'installed', 'spare');
    const claims = happened(run, 'claimed').filter(({ record }) => record.backups.includes('spare'));
    expect(joining).toMatchObject({ host: 'spare', how: 'copy' });
    expect(copied!.atNs).toBeLessThan(installed!.atNs);
    expect(installed!.icount).toBe(copied!.icount);
    expect(claims.map(({ atNs }) => atNs > installed!.atNs)).toEqual([true]);
    expect(run.simulation.observer.joins).toBe(1);
  });

  it('a spare is not a member before it holds every input that the edge may have dropped', () => {
    // Found by a campaign: a frame came after the copy's last state and before the claim. The primary was alone, so the
    // switch forgot the frame at once; the claim took effect, and the primary crashed before its answer.
    const run = simulate('kv', {
      ...{ backups: 1, spares: 1, seed: '9/76820', checkSteps: 50_000, speeds: { backup: 0.25 } },
      ...{ replication: 'checkpoint', disk: 'shared-backup-reads' },
      faults: faults('pause:live@29300us+11300us', 'crash:live@live:primary-claiming:400us'),
    });
    expect(result(run)).toMatchObject({ violations: [] });
  });

  it('a machine with a large image is copied, even though it takes long', () => {
    const idle = benchGuest('idle', 64 << 20, { SECONDS: 1n });
    const sizeBytes = 24 << 20;
    const kernel = { address: 0x8100_0000, bytes: new Uint8Array(sizeBytes), memorySizeBytes: sizeBytes };
    const run = simulate('hello', {
      description: { ...idle, segments: [...idle.segments, kernel] },
      input: new Uint8Array(0),
      spares: 1,
      faults: faults('crash:primary@20ms'),
    });
    expect(result(run)).toEqual(sound);
    expect(generations(run)).toEqual(['2: backup', '3: backup + spare']);
    expect(happened(run, 'join-ended')).toEqual([]);
  });

  it('begins soon, whenever the stream to the spare breaks', () => {
    const setup = (atNs: number) => ({
      spares: 1,
      faults: faults('crash:primary@20ms', `reset:backup-spare@${Math.round(atNs / 1000)}us`),
    });
    const [joining] = happened(simulate('bank', setup(ms(500))), 'joining');
    for (let before = 0; before < 400_000; before += 20_000) {
      const run = simulate('bank', setup(joining!.atNs - before));
      expect(result(run)).toEqual(sound);
      const [first] = happened(run, 'joining');
      expect(first!.atNs - joining!.atNs, `${before} ns before`).toBeLessThan(ms(10));
    }
  });

  it('outputs do not wait for the joining host', () => {
    const run = simulate('bank', {
      spares: 1,
      tuning: { copyPages: 1, copyWindow: 1 },
      faults: faults('crash:primary@10ms', 'delay:backup-spare@0ms+80ms=3ms'),
    });
    expect(result(run)).toEqual(sound);
    const [joining] = happened(run, 'joining');
    const [copied] = happened(run, 'copied');
    expect(copied!.atNs - joining!.atNs).toBeGreaterThan(ms(20));
    const meanwhile = happened(run, 'released', 'backup').filter(
      ({ atNs }) => atNs > joining!.atNs && atNs < copied!.atNs,
    );
    expect(meanwhile.length).toBeGreaterThan(2);
  });

  it('the new backup goes live when the next primary dies', () => {
    const crashes = faults('crash:live@10ms', 'crash:live@30ms', 'crash:live@50ms');
    const run = simulate('bank', { spares: 2, faults: crashes });
    expect(result(run)).toEqual(sound);
    expect(happened(run, 'live').map(({ at }) => at)).toEqual(['backup', 'spare', 'spare2']);
  });

  it.each(['lockstep', 'checkpoint'] as const)(
    'the new backup continues with the frames that its guest has not taken: %s',
    (replication) => {
      const run = simulate('kv', {
        ...{ replication, spares: 1 },
        faults: faults('crash:primary@8ms', 'crash:live@28ms'),
      });
      expect(result(run)).toEqual(sound);
      expect(run.simulation.failovers.map(({ to }) => to)).toEqual(['backup', 'spare']);
    },
  );

  it('a host that restarts becomes the backup, and goes live later', () => {
    const run = simulate('kv', { faults: faults('crash:primary@8ms+10ms', 'crash:backup@40ms') });
    expect(result(run)).toEqual(sound);
    expect(happened(run, 'joining')).toMatchObject([{ host: 'primary', how: 'copy' }]);
    expect(happened(run, 'live').map(({ at }) => at)).toEqual(['backup', 'primary']);
    expect(generations(run)).toEqual(['2: backup', '3: backup + primary', '4: primary']);
  });

  it('a backup that was only cut off rejoins by entries', () => {
    for (const away of ['pause:backup@20ms+14ms', 'partition:primary-backup@20ms+14ms']) {
      const run = simulate('bank', { faults: faults(away, 'crash:primary@60ms') });
      expect(result(run)).toEqual(sound);
    }
    const run = simulate('bank', { faults: faults('pause:backup@20ms+14ms', 'crash:primary@60ms') });
    expect(happened(run, 'evicted', 'backup')).toHaveLength(1);
    expect(happened(run, 'joining')).toMatchObject([{ host: 'backup', how: 'entries' }]);
    expect(happened(run, 'installed')).toEqual([]);
    expect(generations(run)).toEqual(['2: primary', '3: primary + backup', '4: backup']);
  });

  it('a backup that was cut off until its next entries were dropped is copied', () => {
    const run = simulate('bank', {
      tuning: { retainBytes: 64 },
      faults: faults('pause:backup@20ms+30ms', 'crash:primary@70ms'),
    });
    expect(result(run)).toEqual(sound);
    expect(happened(run, 'joining')).toMatchObject([{ host: 'backup', how: 'copy' }]);
    expect(happened(run, 'live').map(({ at }) => at)).toEqual(['backup']);
  });
});

it('a joining host that the primary has given up without its knowledge joins later', () => {
  // The host has the whole machine, but its acknowledgement is held up until after it was given up.
  const setup: Setup = { spares: 1 };
  const copied = happened(simulate('kv', { ...setup, faults: faults('crash:primary@8ms') }), 'copied')[0]!;
  const partition = `partition:backup-spare@${copied.atNs + 20_000}ns+15ms`;
  const run = simulate('kv', { ...setup, faults: faults('crash:primary@8ms', partition) });
  expect(result(run)).toEqual(sound);
  expect(happened(run, 'join-ended').map(({ why }) => why)).toEqual(['it is silent']);
  expect(happened(run, 'members').at(-1)!.record).toEqual({ primary: 'backup', backups: ['spare'] });
});

it('a joining host whose channel breaks during the claim that names it keeps its machine', () => {
  // Found by a campaign: it was copied to once more, while storage recorded it as a backup.
  const setup: Setup = { backups: 1, disk: 'shared-backup-reads', seed: '5/39291' };
  const schedule = ['pause:live@14ms+12900us', 'reset:backup-primary@27600us', 'crash:live@28ms'];
  const run = simulate('kv', { ...setup, faults: faults(...schedule) });
  expect(happened(run, 'claimed', 'backup').map(({ record }) => record.backups)).toEqual([[], ['primary']]);
  expect(result(run)).toEqual(sound);
  expect(happened(run, 'live').map(({ at }) => at)).toEqual(['backup', 'primary']);
});

describe('the host for a new backup', () => {
  const chosen = (options: Setup) =>
    happened(simulate('bank', { spares: 2, faults: faults('crash:primary@10ms'), ...options }), 'joining')[0]!
      .host;

  it('is the least loaded', () => {
    expect(chosen({ loads: { spare: 5, spare2: 1 } })).toBe('spare2');
    expect(chosen({ loads: { spare: 1, spare2: 5 } })).toBe('spare');
    expect(chosen({})).toBe('spare');
  });

  it('is preferably in another failure domain', () => {
    const domains = { primary: 'a', backup: 'b', spare: 'b', spare2: 'c' };
    expect(chosen({ domains, loads: { spare: 0, spare2: 9 } })).toBe('spare2');
    expect(chosen({ domains: { ...domains, spare2: 'b' }, loads: { spare: 9, spare2: 0 } })).toBe('spare2');
  });

  it('is not in the domain of another backup', () => {
    const domains = { primary: 'a', backup: 'b', backup2: 'c', spare: 'c', spare2: 'd' };
    expect(chosen({ backups: 2, domains, loads: { spare2: 9 } })).toBe('spare2');
  });

  it('survives the next failure of a domain', () => {
    const domains = { primary: 'a', backup: 'b', spare: 'b', spare2: 'c' };
    const run = simulate('bank', {
      spares: 2,
      domains,
      faults: faults('crash:primary@10ms', 'domain:b@40ms'),
    });
    expect(result(run)).toEqual(sound);
    expect(happened(run, 'live').map(({ at }) => at)).toEqual(['backup', 'spare2']);
  });

  it('is another one when the first dies during the copy', () => {
    const run = simulate('bank', {
      spares: 2,
      tuning: slowCopy,
      faults: faults('crash:primary@10ms', 'crash:spare@22.3ms', 'crash:backup@60ms'),
    });
    expect(result(run)).toEqual(sound);
    expect(happened(run, 'join-ended')).toMatchObject([{ host: 'spare' }]);
    expect(happened(run, 'live').map(({ at }) => at)).toEqual(['backup', 'spare2']);
  });
});

/** Crashes `who` at times spread over the copy that follows the first crash. */
function sweep(
  guest: 'bank' | 'kv' | 'journal',
  who: string,
  backups: number,
  check: (run: Run) => void,
): number {
  const setup = { backups, spares: 1, tuning: slowCopy };
  const first = 'crash:primary@10ms';
  const undisturbed = simulate(guest, { ...setup, faults: faults(first) });
  const begin = happened(undisturbed, 'live')[0]!.atNs;
  const end = happened(undisturbed, 'won').at(-1)!.atNs;
  const STEPS = thorough(10, 60);
  const marginNs = ms(0.3);
  for (let step = 0; step <= STEPS; step++) {
    const atNs = Math.round(begin - marginNs + ((end - begin + 2 * marginNs) * step) / STEPS);
    const run = simulate(guest, { ...setup, faults: faults(first, `crash:${who}@${atNs}ns`) });
    expectRecordedInSync(run);
    check(run);
  }
  return end;
}

describe('a second crash at any moment of the copy', () => {
  it.each(['bank', 'kv', 'journal'] as const)('%s: crash of the new backup: the primary runs on', (guest) => {
    sweep(guest, 'spare', 1, (run) => {
      expect(result(run)).toEqual(sound);
      expect(happened(run, 'live').map(({ at }) => at)).toEqual(['backup']);
    });
  });

  it.each(['bank', 'kv', 'journal'] as const)(
    '%s: crash of the primary: the run is lost, unless the copy is a member',
    (guest) => {
      const outcomes = new Set<string>();
      sweep(guest, 'backup', 1, (run) => {
        const counts = run.simulation.storage.generations.newest >= 3;
        expect(result(run)).toEqual(counts ? sound : lost);
        expect(happened(run, 'live', 'spare')).toHaveLength(counts ? 1 : 0);
        outcomes.add(result(run).outcome!);
      });
      expect([...outcomes].sort()).toEqual(['completed', 'lost']);
    },
  );

  it.each(['bank', 'kv', 'journal'] as const)(
    '%s: crash of the primary, with another backup: the run completes',
    (guest) => {
      sweep(guest, 'live', 2, (run) => {
        expect(result(run)).toEqual(sound);
      });
    },
  );
});

it('a new backup is a member only when it has all entries of released outputs, even over a slow link', () => {
  const away = ['crash:primary@10ms', 'delay:backup-spare@0ms+1s=1ms'];
  for (const seed of ['1', '2']) {
    const setup = { spares: 1, clients: 8, seed };
    const undisturbed = simulate('kv', { ...setup, faults: faults(...away) });
    const { atNs } = happened(undisturbed, 'claimed').find(({ record }) => record.backups.includes('spare'))!;
    for (let step = -3; step < 15; step++) {
      const crash = `crash:backup@${atNs + step * 100_000}ns`;
      const run = simulate('kv', { ...setup, faults: faults(...away, crash) });
      const counts = run.simulation.storage.generations.newest >= 3;
      expect({ crash, ...result(run) }).toEqual({ crash, ...(counts ? sound : lost) });
    }
  }
});

it('a busy service is re-protected over a link that is slower than its requests', () => {
  const away = ['crash:primary@10ms', 'delay:backup-spare@0ms+1s=3ms'];
  const run = simulate('kv', { spares: 1, clients: 8, faults: faults(...away) });
  expect(happened(run, 'following', 'spare')).toHaveLength(1);
  expect(generations(run)).toContain('3: backup + spare');
});

describe('the guest while it is copied', () => {
  /** Copies a machine that fills most of its 16 MB; returns the longest time without a step meanwhile. */
  function copyOf(defines: Record<string, bigint>): { run: Run; pausedNs: number; rounds: number } {
    let icount = 0;
    let sinceNs = 0;
    let pausedNs = 0;
    const run = simulate(
      'hello',
      {
        description: benchGuest('fill', 16 << 20, { MB: 12n, ...defines }),
        spares: 1,
        bitsPerSecond: 1e10,
        faults: faults('crash:backup@2ms'),
      },
      (simulation) => {
        const { machine, nowNs } = simulation;
        if (simulation.live()?.replica.phase === 'copying') pausedNs = Math.max(pausedNs, nowNs - sinceNs);
        if (machine.icount !== icount) sinceNs = nowNs;
        icount = machine.icount;
      },
    );
    expect(result(run)).toEqual(sound);
    expect(run.simulation.observer.joins).toBe(1);
    return { run, pausedNs, rounds: happened(run, 'copying').at(-1)!.round };
  }

  it('is paused only for the last pages', () => {
    const { run, pausedNs, rounds } = copyOf({ HOT: 256n, ROUNDS: 150n });
    expect(rounds).toBe(1);
    expect(run.simulation.observer.worstStopBytes * COPY_NS_PER_BYTE).toBeLessThan(ms(3));
    expect(pausedNs).toBeLessThan(ms(3));
  });

  it('is slowed down when it writes faster than it is copied, so that the pause stays short', () => {
    const { run, pausedNs, rounds } = copyOf({ HOT: 2048n, PACE: 10n, ROUNDS: 200n });
    expect(rounds).toBeGreaterThan(2);
    expect(run.simulation.observer.worstStopBytes * COPY_NS_PER_BYTE).toBeLessThan(ms(3));
    expect(pausedNs).toBeLessThan(ms(50));
  });

  it('is compared with its own history when the sending host has restarted since', () => {
    const run = simulate('kv', {
      seed: '1/92840',
      replication: 'checkpoint',
      faults: faults('crash:backup@22ms+2ms', 'pause:backup@entry=21+81ms', 'crash:live@icount=163000+48ms'),
    });
    expect(happened(run, 'live').map(({ at }) => at)).toEqual(['backup']);
    expect(result(run)).toEqual(sound);
  });

  it.each([1, 2, 3])(
    'is compared with its own history when the sending host fails just after message %i',
    (message) => {
      const setup = { seed: '3/37517', spares: 0, replication: 'checkpoint' as const };
      const run = simulate('kv', { ...setup, faults: faults(`crash:primary@sent=${message}`) });
      expect(happened(run, 'live').map(({ at }) => at)).toEqual(['backup']);
      expect(result(run)).toEqual(sound);
    },
  );

  it('may need any number of rounds over a slow link when it is small', () => {
    const run = simulate('bank', {
      spares: 1,
      tuning: slowCopy,
      faults: faults('crash:primary@10ms', 'delay:backup-spare@0ms+100ms=1ms'),
    });
    expect(result(run)).toEqual(sound);
    expect(happened(run, 'copying').at(-1)!.round).toBeGreaterThan(2);
  });
});
