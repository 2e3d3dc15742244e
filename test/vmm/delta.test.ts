/** Pages and changed state as bytes: the content of copies and checkpoints. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { bytes, decode, encode, list, record, uint } from '../../src/base/codec.ts';
import { FormatError } from '../../src/base/errors.ts';
import { PAGE_BYTES, RAM_BASE } from '../../src/cpu/layout.ts';
import { ReplayDoors } from '../../src/vmm/doors.ts';
import { Machine } from '../../src/vmm/machine.ts';
import { applyDelta, packPages, takeDelta, unpackPages } from '../../src/vmm/snapshot.ts';
import { Vmm, verifyMarker } from '../../src/vmm/vmm.ts';
import { bitFlips, truncations } from '../base/laws.ts';
import { chattyGuest, machineOf } from '../ft/guest.ts';
import { recordRun } from '../ft/world.ts';
import { examples } from '../thorough.ts';

const description = machineOf(chattyGuest);
const PAGES = description.memorySizeBytes / PAGE_BYTES;
const run = recordRun(description, 'delta', 'a guest that changes its memory: q');

function machineAt(icount: number): Vmm {
  const doors = new ReplayDoors(verifyMarker);
  for (const entry of run.entries) doors.append(entry);
  const vmm = new Vmm(description, doors);
  vmm.run(icount);
  return vmm;
}
const fresh = () => new Machine(description, new ReplayDoors());
const pageOf = (machine: Machine, index: number) =>
  machine.hart.ram.slice(index * PAGE_BYTES, (index + 1) * PAGE_BYTES);

const write = fc.tuple(
  fc.nat(description.memorySizeBytes - 64),
  fc.uint8Array({ minLength: 1, maxLength: 64 }),
);
const indexSet = fc.uniqueArray(fc.nat(PAGES - 1), { maxLength: PAGES });

describe('packed pages', () => {
  test('change exactly these pages of the other machine', () => {
    fc.assert(
      fc.property(fc.array(write, { maxLength: 20 }), indexSet, (writes, indexes) => {
        const [from, to] = [fresh(), fresh()];
        for (const [offset, content] of writes) from.hart.write(RAM_BASE + offset, content);
        to.hart.write(RAM_BASE, new Uint8Array(description.memorySizeBytes).fill(0x77));
        const before = to.hart.hashRam();
        unpackPages(to, packPages(from, indexes));
        if (indexes.length > 0) expect(to.hart.hashRam()).not.toBe(before);
        const untouched = new Uint8Array(PAGE_BYTES).fill(0x77);
        for (let index = 0; index < PAGES; index++) {
          const expected = indexes.includes(index) ? pageOf(from, index) : untouched;
          expect(Buffer.compare(pageOf(to, index), expected)).toBe(0);
        }
      }),
      { numRuns: examples(40) },
    );
  });

  test('do not change with the machine that they were taken from', () => {
    const from = fresh();
    const packed = packPages(from, [0]);
    const was = pageOf(from, 0);
    from.hart.write(RAM_BASE, new Uint8Array(PAGE_BYTES).fill(1));
    const to = fresh();
    unpackPages(to, packed);
    expect(pageOf(to, 0)).toEqual(was);
  });

  test('of zeros take a few bytes only', () => {
    expect(packPages(fresh(), [8, 9, 10, 11]).length).toBeLessThan(200);
  });
});

/** Checks that bytes are refused with a FormatError, or accepted as other pages. */
function mustRefuseOrTake(take: () => void): 'refused' | 'taken' {
  try {
    take();
    return 'taken';
  } catch (error) {
    if (error instanceof FormatError) return 'refused';
    throw error;
  }
}

describe('damaged pages', () => {
  const packed = packPages(machineAt(1000).machine, [0, 1, 3]);

  test('that are cut short are refused', () => {
    const to = fresh();
    const before = to.hash();
    for (const cut of truncations(packed))
      expect(mustRefuseOrTake(() => unpackPages(to, cut))).toBe('refused');
    expect(to.hash()).toBe(before);
  });

  test('with one bit changed are refused with a FormatError, or are other pages', () => {
    const to = fresh();
    for (const changed of bitFlips(packed)) mustRefuseOrTake(() => unpackPages(to, changed));
  });

  test('that are arbitrary bytes are refused', () => {
    const to = fresh();
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), (source) => {
        mustRefuseOrTake(() => unpackPages(to, source));
      }),
      { numRuns: examples(500) },
    );
  });

  /** Pages in the form of {@link packPages}, which no machine need have. */
  const pack = (pages: { index: number; bytes: Uint8Array }[]) => {
    const plain = encode(list(record({ index: uint, bytes: bytes() })), pages);
    // One stored block (RFC 1951, section 3.2.4).
    const stored = Uint8Array.of(
      1,
      plain.length & 255,
      plain.length >> 8,
      ~plain.length & 255,
      (~plain.length >> 8) & 255,
      ...plain,
    );
    return encode(record({ sizeBytes: uint, deflated: bytes() }), {
      sizeBytes: plain.length,
      deflated: stored,
    });
  };
  const page = (index: number, sizeBytes = PAGE_BYTES) => ({
    index,
    bytes: new Uint8Array(sizeBytes).fill(9),
  });

  test('in one stored block are accepted', () => {
    const to = fresh();
    unpackPages(to, pack([page(7)]));
    expect(pageOf(to, 7)).toEqual(page(7).bytes);
  });

  test.each([
    ['outside RAM', page(PAGES)],
    ['far outside RAM', page(2 ** 40)],
    ['that is short', page(4, PAGE_BYTES - 1)],
    ['that is empty', page(4, 0)],
    ['that is long', page(4, PAGE_BYTES + 1)],
  ])('a page %s is refused, and the good one before it changes nothing', (_, bad) => {
    const to = fresh();
    const before = to.hash();
    expect(() => unpackPages(to, pack([page(7), bad]))).toThrow(FormatError);
    expect(to.hash()).toBe(before);
  });

  test('with larger sizes than any machine has are refused', () => {
    const claim = encode(record({ sizeBytes: uint, deflated: bytes() }), {
      sizeBytes: 2 ** 40,
      deflated: new Uint8Array(9),
    });
    expect(() => unpackPages(fresh(), claim)).toThrow('more pages than the machine has');
  });

  test('with more or less content than their size are refused', () => {
    const { sizeBytes, deflated } = decode(record({ sizeBytes: uint, deflated: bytes() }), packed);
    for (const wrong of [sizeBytes - 1, sizeBytes + 1, sizeBytes - PAGE_BYTES, 0])
      expect(() =>
        unpackPages(
          fresh(),
          encode(record({ sizeBytes: uint, deflated: bytes() }), { sizeBytes: wrong, deflated }),
        ),
      ).toThrow(FormatError);
  });
});

describe('a delta', () => {
  const anyPosition = fc.nat(run.icount);

  test('turns the earlier machine into the later one', () => {
    fc.assert(
      fc.property(anyPosition, anyPosition, (a, b) => {
        const [from, to] = [machineAt(Math.min(a, b)), machineAt(Math.min(a, b))];
        from.machine.hart.takeChanged();
        from.run(Math.max(a, b) - from.icount);
        applyDelta(to.machine, takeDelta(from.machine, from.machine.hart.takeChanged()));
        expect(to.machine.hash()).toBe(from.machine.hash());
        expect(to.machine.icount).toBe(from.machine.icount);
        expect(to.machine.outputsMade).toBe(from.machine.outputsMade);
      }),
      { numRuns: examples(40) },
    );
  });

  test('is a copy: it does not change with the machine', () => {
    const vmm = machineAt(1000);
    const delta = takeDelta(vmm.machine, [0, 1, 2, 3]);
    const { hash } = { hash: vmm.machine.hash() };
    vmm.run(500);
    const to = machineAt(0).machine;
    applyDelta(to, delta);
    expect(to.hash()).toBe(hash);
  });

  test('that is damaged changes no register and no device', () => {
    const delta = takeDelta(machineAt(1500).machine, [1, 2]);
    let to = machineAt(500).machine;
    const state = () => encode(to.schema, to.state);
    const before = state();
    let taken = 0;
    const damaged = [...truncations(delta), ...[...bitFlips(delta)].filter((_, index) => index % 23 === 0)];
    for (const changed of damaged) {
      if (mustRefuseOrTake(() => applyDelta(to, changed)) === 'refused') expect(state()).toEqual(before);
      else {
        taken++;
        // A part that was applied may have grown its RAM, which never shrinks.
        to = machineAt(500).machine;
      }
    }
    expect(taken).toBeLessThan(damaged.length);
  });

  test('of a machine with other devices is refused', () => {
    const disk = new Machine(machineOf(chattyGuest, 8), new ReplayDoors());
    const to = fresh();
    const before = to.hash();
    expect(() => applyDelta(to, takeDelta(disk, []))).toThrow(FormatError);
    expect(to.hash()).toBe(before);
  });
});
