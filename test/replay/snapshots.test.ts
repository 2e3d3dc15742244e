/** Snapshots against a model that keeps whole copies of RAM. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { PAGE_BYTES, RAM_BASE } from '../../src/cpu/layout.ts';
import { Snapshots } from '../../src/replay/snapshots.ts';
import { ReplayDoors } from '../../src/vmm/doors.ts';
import { Machine } from '../../src/vmm/machine.ts';
import { chattyGuest, machineOf } from '../ft/guest.ts';
import { examples } from '../thorough.ts';

const PAGES = 24;
const description = { ...machineOf(chattyGuest), memorySizeBytes: PAGES * PAGE_BYTES };
const machine = () => new Machine(description, new ReplayDoors());

/** What a guest does in one step: it writes a page, or gets more memory. */
const step = fc.record({
  page: fc.nat(PAGES - 1),
  value: fc.nat(255),
  grows: fc.nat(30).map((n) => n === 0),
});
const act = fc.oneof(
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('run' as const), steps: fc.nat(20) }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('take' as const) }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('restore' as const), at: fc.nat() }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('other machine' as const) }) },
);
/** Memory for the first snapshot and up to so many pages. */
const limit = fc.nat(3 * PAGES).map((pages) => pages * PAGE_BYTES);

test('a machine in which a snapshot is restored has the RAM and the state that were taken, thinned or not', () => {
  fc.assert(
    fc.property(
      limit,
      fc.array(step, { minLength: 100, maxLength: 100 }),
      fc.array(act, { minLength: 5, maxLength: 40 }),
      (limitBytes, history, acts) => {
        const snapshots = new Snapshots(limitBytes);
        /** By icount: the hash of the machine. */
        const taken = new Map<number, bigint>();
        let one = machine();
        const run = (steps: number) => {
          for (const { page, value, grows } of history.slice(one.icount, one.icount + steps)) {
            const { hart, icount } = one;
            if (grows) hart.growRam(hart.ramSizeBytes + PAGE_BYTES);
            hart.write(RAM_BASE + page * PAGE_BYTES + 8, Uint8Array.of(value));
            hart.set('icount', BigInt(icount + 1));
          }
        };
        for (const what of acts)
          if (what.kind === 'run') run(what.steps);
          else if (what.kind === 'take') {
            snapshots.take(one, { icount: one.icount, consumed: 0 });
            taken.set(one.icount, one.hash(true));
          } else if (what.kind === 'restore') {
            const known = [...taken.keys()];
            const snapshot = snapshots.lastUntil(known[what.at % known.length] ?? 0);
            if (!snapshot) continue;
            if (snapshot.ramSizeBytes < one.hart.ramSizeBytes) one = machine();
            snapshots.restore(one, snapshot);
            expect([one.icount, one.hash(true)]).toEqual([snapshot.icount, taken.get(snapshot.icount)]);
          } else {
            const { icount } = one;
            one = machine();
            run(icount);
          }
      },
    ),
    { numRuns: examples(300) },
  );
});
