/** Requests of many disk operations each: each request is carried out once, whatever fails meanwhile. */

import fc from 'fast-check';
import { expect, it } from 'vitest';
import { describeMachine } from '../../src/cli/program.ts';
import { MAX_OPERATION_BYTES } from '../../src/devices/device.ts';
import { type DiskVariant, diskVariants } from '../../src/ft/rules.ts';
import { examples } from '../thorough.ts';
import { faults, happened, path, type Run, result, type Setup, simulate, sound } from './support.ts';

const MIB = 1 << 20;
const description = describeMachine(path('test/sim/large.s'), { memory: 8 * MIB, diskSize: 2 * MIB });
const run = (options: Setup): Run => simulate('hello', { description, ...options });

const replications = ['lockstep', 'checkpoint'] as const;
/** Operations of a round: the large write, the small one, and the read. */
const ROUND = 20 + 1 + 20;
const ROUNDS = 3;
const output = 'a round\n'.repeat(ROUNDS);

const disks = replications.flatMap((replication) =>
  diskVariants
    .filter((disk) => replication === 'lockstep' || disk === 'shared')
    .map((disk) => [replication, disk] as const),
);

it.each(disks)('%s, %s: without a fault each request is carried out once, in pieces', (replication, disk) => {
  const one = run({ replication, disk });
  expect([result(one), one.output]).toEqual([sound, output]);
  // An overdue operation is sent again, under the same number.
  const issued = happened(one, 'disk-issued', 'primary').map(({ id }) => id);
  expect(new Set(issued).size).toBe(ROUND * ROUNDS);
  const reads = [...one.simulation.observer.history].flatMap((entry) =>
    entry.kind === 'disk' && entry.data ? [entry.data.length] : [],
  );
  expect(Math.max(...reads)).toBe(MAX_OPERATION_BYTES);
});

/** When requests are in flight: from the first operation sent to the last. */
function inFlight(replication: (typeof replications)[number], disk: DiskVariant): [number, number] {
  const issued = happened(run({ replication, disk }), 'disk-issued', 'primary');
  return [issued[0]!.atNs, issued.at(-1)!.atNs];
}
const times = new Map(
  disks.map(([replication, disk]) => [`${replication} ${disk}`, inFlight(replication, disk)]),
);

it('two crashes at any time of a request lose nothing, and repeat nothing', () => {
  const drawn = fc.record({
    setup: fc.constantFrom(...disks),
    who: fc.constantFrom('primary', 'backup'),
    at: fc.double({ min: 0, max: 1, noNaN: true }),
    again: fc.option(fc.double({ min: 0, max: 1, noNaN: true })),
    seed: fc.nat(1000),
  });
  let reissued = 0;
  fc.assert(
    fc.property(drawn, ({ setup: [replication, disk], who, at, again, seed }) => {
      const [first, last] = times.get(`${replication} ${disk}`)!;
      const ns = Math.round(first + at * (last - first));
      const second = again === null ? [] : [`crash:live@${Math.round(ns + 2e7 + again * (last - first))}ns`];
      const one = run({
        ...{ replication, disk, seed: `${seed}`, spares: 1 },
        faults: faults(`crash:${who}@${ns}ns`, ...second),
      });
      // The spare may not have had the machine yet at the second crash.
      const { outcome } = result(one);
      if (again !== null && outcome === 'lost') return;
      expect([result(one), one.output]).toEqual([sound, output]);
      reissued += happened(one, 'disk-issued').filter((event) => event.again).length;
    }),
    { numRuns: examples(40), seed: 3 },
  );
  expect(reissued).toBeGreaterThan(0);
});

it.each(disks)('%s, %s: the machine can be reset in the middle of a request', (replication, disk) => {
  const [first, last] = times.get(`${replication} ${disk}`)!;
  for (const at of [0.1, 0.3, 0.5, 0.8]) {
    const ns = Math.round(first + at * (last - first));
    const one = run({
      ...{ replication, disk, seed: `${at}` },
      faults: faults(`command:reset@${ns}ns`, `crash:primary@${ns + 1_000_000}ns`),
    });
    expect({ at, ...result(one) }).toEqual({ at, ...sound });
    expect(one.output.endsWith(output)).toBe(true);
  }
});

it('an error in the middle of a request fails it on both replicas', () => {
  const [first, last] = times.get('lockstep shared')!;
  const one = run({ faults: faults(`io-error:storage@${Math.round((first + last) / 2)}ns+1s`) });
  expect([one.output.endsWith('the disk failed\n'), result(one)]).toEqual([true, { ...sound, exitCode: 2 }]);
});
