/** A guest with a disk: each write is applied once, whichever host sent it, and both replicas see the same results. */

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compareLast } from '../../src/check/verdict.ts';
import { DISK_IOERR, DISK_OK } from '../../src/devices/device.ts';
import { type DiskVariant, diskVariants } from '../../src/ft/rules.ts';
import { evidenceOf } from '../../src/sim/cluster/evidence.ts';
import type { Entry, EntryOf } from '../../src/vmm/entries.ts';
import { examples } from '../thorough.ts';
import { faults, happened, ms, type Result, type Run, result, simulate, sound, spread } from './support.ts';

const disks = ['journal', 'sectors'] as const;
const oneDisk = diskVariants.filter((variant) => variant !== 'private');

const completions = (entries: Iterable<Entry>): EntryOf<'disk'>[] =>
  [...entries].filter((entry) => entry.kind === 'disk');
/** The statuses of the completed operations, as the guest saw them. */
const statuses = (run: Run, host: string): number[] =>
  completions(run.simulation.history(host)).map(({ status }) => status);

describe.each(oneDisk)('%s', (disk: DiskVariant) => {
  describe.each(disks)('%s', (guest) => {
    it('without a fault both replicas see the same results, and every write is applied once', () => {
      const run = simulate(guest, { disk });
      expect(result(run)).toEqual(sound);
      const { simulation } = run;
      expect(completions(simulation.history('backup'))).toEqual(completions(simulation.history('primary')));
      const ids = [...simulation.storage.disk.writes].map(({ id }) => id);
      expect(new Set(ids).size).toBe(ids.length);
      expect(ids.length).toBeGreaterThan(10);
      expect(compareLast(evidenceOf(simulation))?.difference.equal).toBe(true);
    });

    it('survives a crash at any time, and the disk applies every write once', () => {
      const { nowNs } = simulate(guest, { disk }).simulation;
      let again = 0;
      // By time: the machine takes no steps while it waits for the disk.
      for (const ns of spread(40, nowNs)) {
        const run = simulate(guest, { disk, seed: `${ns}`, faults: faults(`crash:primary@${ns}ns`) });
        expect({ ns, ...result(run) }).toEqual({ ns, ...sound });
        again += run.simulation.storage.disk.ledger.duplicatesDropped;
      }
      // Some writes had reached the disk, but their completion was lost with the primary.
      expect(again).toBeGreaterThan(0);
    });

    it('survives two crashes, with re-protection between them', () => {
      for (let index = 0; index < 15; index++) {
        const [first, second] = [ms(2) + index * 130_000, ms(19) + index * 190_000];
        const run = simulate(guest, {
          disk,
          spares: 1,
          seed: `${index}`,
          faults: faults(`crash:live@${first}ns`, `crash:live@${second}ns`),
        });
        expect({ index, ...result(run) }).toEqual({ index, ...sound });
        expect(run.simulation.observer.joins).toBeGreaterThan(0);
      }
    });
  });

  it('a primary that was cut off writes nothing after its eviction', () => {
    for (const guest of disks) {
      const run = simulate(guest, {
        disk,
        faults: faults('partition:primary-backup@5ms+25ms', 'partition:primary-storage@5ms+25ms'),
      });
      expect(result(run)).toEqual(sound);
      expect(happened(run, 'live').map(({ at }) => at)).toEqual(['backup']);
    }
  });
});

describe('private disks', () => {
  it.each(disks)('%s survives a crash of either replica', (guest) => {
    const { machine } = simulate(guest, { disk: 'private' }).simulation;
    for (const icount of spread(15, machine.icount))
      for (const who of ['primary', 'backup']) {
        const run = simulate(guest, {
          disk: 'private',
          seed: `${icount}`,
          faults: faults(`crash:${who}@icount=${icount}`),
        });
        expect({ icount, who, ...result(run) }).toEqual({ icount, who, ...sound });
      }
  });

  it.each(disks)('%s: a spare gets a copy of the disk, too, and can take over', (guest) => {
    const setup = { disk: 'private', spares: 1 } as const;
    const joined = happened(simulate(guest, { ...setup, faults: faults('crash:live@3ms') }), 'won').at(-1)!;
    expect(joined.record.backups).toEqual(['spare']);
    const crash = `crash:live@${joined.atNs + ms(0.2)}ns`;
    const run = simulate(guest, { ...setup, faults: faults('crash:live@3ms', crash) });
    expect(result(run)).toEqual(sound);
    expect(happened(run, 'live').map(({ at }) => at)).toEqual(['backup', 'spare']);
  });
});

describe('when storage fails', () => {
  const gaveUp: Result = { ...sound, exitCode: 1 };

  it.each([
    ['io-error', 'shared'],
    ['io-error', 'shared-backup-reads'],
    ['full', 'shared'],
    ['full', 'shared-backup-reads'],
  ] as const)(
    '%s for a short time: the guest sees the same error on both replicas, and retries (%s)',
    (kind, disk) => {
      const run = simulate('journal', { disk, faults: faults(`${kind}:storage@3ms+1.5ms`) });
      expect(result(run)).toEqual(sound);
      expect(statuses(run, 'primary')).toContain(DISK_IOERR);
      expect(statuses(run, 'backup')).toEqual(statuses(run, 'primary'));
      expect(run.output).toContain('12 records, all sound');
    },
  );

  it.each(['io-error', 'full'] as const)(
    '%s for a long time: the guest gives up, and prints that once',
    (kind) => {
      const run = simulate('journal', { faults: faults(`${kind}:storage@5ms+100ms`) });
      expect(result(run)).toEqual(gaveUp);
      expect(statuses(run, 'primary').slice(-4)).toEqual([DISK_IOERR, DISK_IOERR, DISK_IOERR, DISK_IOERR]);
      expect(statuses(run, 'backup')).toEqual(statuses(run, 'primary'));
      expect(run.output).toMatch(/journal: sector \d+ failed with status 1, given up\n$/);
    },
  );

  it('full: reads still succeed', () => {
    const run = simulate('sectors', { faults: faults('full:storage@5ms+1s') });
    const { history } = run.simulation.observer;
    const afterwards = completions(history).slice(-3);
    expect(run.simulation.machine.power.code).toBe(1);
    expect(completions(history).map(({ status }) => status)).toContain(DISK_IOERR);
    expect(afterwards.length).toBe(3);
    expect(result(run).violations).toEqual([]);
  });

  it('an error that the primary has seen is known to the backup that goes live', () => {
    for (let index = 0; index < 20; index++) {
      const crash = `crash:primary@${ms(3) + index * 100_000}ns`;
      const run = simulate('journal', {
        seed: `${index}`,
        faults: faults('io-error:storage@3ms+1.5ms', crash),
      });
      expect(result(run)).toEqual(sound);
      expect(run.simulation.failovers).toHaveLength(1);
    }
  });

  it('an outage: each request is sent again; the guest waits and sees no error', () => {
    const quick = simulate('journal');
    const run = simulate('journal', { faults: faults('outage:storage@5ms+30ms') });
    expect(result(run)).toEqual(sound);
    expect(new Set(statuses(run, 'primary'))).toEqual(new Set([DISK_OK]));
    expect(run.simulation.nowNs - quick.simulation.nowNs).toBeGreaterThan(ms(25));
    expect(happened(run, 'disk-issued').filter(({ again }) => again).length).toBeGreaterThan(0);
  });

  it.each(['twice', 'late', 'never'] as const)(
    'answers %s: nothing is applied twice, and the guest sees no error',
    (how) => {
      for (let index = 0; index < 10; index++) {
        const run = simulate('journal', {
          seed: `${index}`,
          spares: 1,
          faults: faults(`answers:storage@2ms+30ms=${how}`, `crash:primary@${ms(4) + index * 1_500_000}ns`),
        });
        expect(result(run)).toEqual(sound);
        expect(new Set(statuses(run, 'backup'))).toEqual(new Set([DISK_OK]));
      }
    },
  );

  it('a restart: completed operations are kept; those in flight are sent again, applied or not', () => {
    const done = { again: 0, dropped: 0 };
    for (let index = 0; index < 12; index++) {
      const run = simulate('journal', {
        seed: `${index}`,
        faults: faults(`restart:storage@${ms(3) + index * 400_000}ns+2ms`),
      });
      expect(result(run)).toEqual(sound);
      expect(new Set(statuses(run, 'primary'))).toEqual(new Set([DISK_OK]));
      done.again += happened(run, 'disk-issued').filter(({ again }) => again).length;
      done.dropped += run.simulation.storage.disk.ledger.duplicatesDropped;
    }
    // Some had been applied before the restart, and some had not.
    expect(done.dropped).toBeGreaterThan(0);
    expect(done.again).toBeGreaterThan(done.dropped);
  });

  it('a restart during a claim: recorded or not, one replica goes live', () => {
    for (let index = 0; index < 12; index++) {
      const run = simulate('journal', {
        seed: `${index}`,
        spares: 1,
        faults: faults('crash:primary@6ms', `restart:storage@${ms(16) + index * 20_000}ns+3ms`),
      });
      expect(result(run)).toEqual(sound);
      expect(happened(run, 'live')).toHaveLength(1);
    }
  });

  it('an outage only delays a failover', () => {
    const run = simulate('journal', { faults: faults('outage:storage@5ms+40ms', 'crash:primary@10ms') });
    expect(result(run)).toEqual(sound);
    expect(happened(run, 'claimed')[0]!.atNs).toBeLessThan(ms(25));
    expect(happened(run, 'won')[0]!.atNs).toBeGreaterThan(ms(45));
  });

  const disturbance = fc.oneof(
    fc
      .tuple(fc.constantFrom('full', 'io-error', 'outage', 'restart'), fc.nat(30_000), fc.nat(3_000))
      .map(([kind, at, length]) => `${kind}:storage@${at}us+${length + 1}us`),
    fc.nat(30_000).map((at) => `crash:live@${at}us`),
    fc.tuple(fc.nat(30_000), fc.nat(20_000)).map(([at, length]) => `pause:live@${at}us+${length}us`),
    fc.nat(30_000).map((at) => `reset:primary-storage@${at}us`),
    fc
      .tuple(fc.constantFrom('primary', 'backup'), fc.nat(30_000), fc.nat(20_000))
      .map(([who, at, length]) => `partition:${who}-storage@${at}us+${length}us`),
  );

  it.each(diskVariants)('random faults of hosts and storage violate nothing (%s)', (disk) => {
    fc.assert(
      fc.property(
        fc.constantFrom(...disks),
        fc.array(disturbance, { minLength: 1, maxLength: 4 }),
        fc.nat(1000),
        (guest, texts, seed) => {
          const run = simulate(guest, { disk, spares: 1, seed: `${seed}`, faults: faults(...texts) });
          expect(result(run).violations).toEqual([]);
          expect(['completed', 'lost']).toContain(run.simulation.outcome);
        },
      ),
      { numRuns: examples(40), seed: 17 },
    );
  });
});
