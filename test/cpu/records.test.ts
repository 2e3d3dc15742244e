/** The interpreter's records of instructions: each says what its bits say, and which are kept is invisible. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { makeHart } from '../../src/cpu/engine.ts';
import { formats } from '../../src/cpu/formats.ts';
import { Hart } from '../../src/cpu/hart.ts';
import { instructions } from '../../src/cpu/instructions.ts';
import { PAGE_BYTES, RAM_BASE, RECORD_BYTES, RECORD_COUNT, RECORDS } from '../../src/cpu/layout.ts';
import { compressed } from '../../src/cpu/table/compressed.ts';
import { recordNumber, wrongRecord } from '../../tools/testing/records.ts';
import { execution, runs } from '../engine.ts';
import { examples, thorough } from '../thorough.ts';
import { noDevices } from './no-devices.ts';

/** Addresses at this distance share a record. */
const ROUND_BYTES = 2 * RECORD_COUNT;
const RAM_BYTES = ROUND_BYTES + 2 * PAGE_BYTES;

const bytesOf = (...parcels: number[]): Uint8Array => new Uint8Array(Uint16Array.from(parcels).buffer);
const parcelsOf = (word: number): [low: number, high: number] => [word & 0xffff, word >>> 16];

/** Executes one instruction, and says how its record is wrong. */
function recorder(): (word: number) => string | undefined {
  const hart = new Hart(PAGE_BYTES, noDevices, { translates: false });
  const boot = hart.state;
  const memory = new DataView(hart.ram.buffer);
  return (word) => {
    hart.write(RAM_BASE, bytesOf(...parcelsOf(word)));
    hart.state = boot;
    hart.run(1);
    const number = recordNumber(RAM_BASE);
    const bits = memory.getUint32(RECORDS + number * RECORD_BYTES, true);
    return bits === word ? wrongRecord(memory, number) : `0x${word.toString(16)} has no record`;
  };
}

test('the record of every compressed instruction says what it is expanded to', () => {
  const wrong = recorder();
  for (let parcel = 0; parcel < 0x1_0000; parcel += thorough(7, 1))
    if ((parcel & 3) !== 3)
      expect(wrong((((parcel * 0x9e37_79b9) & 0xffff_0000) | parcel) >>> 0) ?? '').toBe('');
});

test('the record of any instruction says what its bits say', () => {
  const wrong = recorder();
  const word = fc.oneof(
    { weight: 9, arbitrary: fc.tuple(fc.constantFrom(...instructions), fc.integer()) },
    { weight: 1, arbitrary: fc.tuple(fc.constant({ match: 0, mask: 0 }), fc.integer()) },
  );
  fc.assert(
    fc.property(word, ([{ match, mask }, bits]) => {
      expect(wrong((match | (bits & ~mask)) >>> 0) ?? '').toBe('');
    }),
    { numRuns: examples(6000) },
  );
});

test('no compressed instruction has operands that records lack', () => {
  for (const { expansion } of compressed) {
    const { format } = instructions.find(({ mnemonic }) => mnemonic === expansion.mnemonic)!;
    expect(formats[format].syntax).not.toMatch(/\b(fs3|rm|rmExact|csr)\b/);
  }
});

/** `sw t1, 0(t0)`, and a jump to s0. */
const STORE = parcelsOf(0x0062_a023);
const JUMP = 0x8402;
const registers = { store: 'x5', value: 'x6', next: 'x8' } as const;

/** What changes registers from a0 on, in 16 or 32 bits; the upper half of the latter may also be a compressed one. */
const code = fc.oneof(
  fc.integer({ min: 0, max: 0xff }).map((bits) => [0x0501 | ((bits & 0x1f) << 2) | ((bits & 0xc0) << 1)]),
  fc.integer({ min: 0, max: 0xfff }).map((immediate) => parcelsOf(0x0005_4513 | (immediate << 20))),
  fc.constantFrom(...instructions).map(({ match }) => parcelsOf(match | 0x0055_0500)),
  fc.integer({ min: 0, max: 0xffff }).map((parcel) => [parcel]),
);
const SLOTS = 20;
/** The code is in two places that share their records; each has the end of a page in it. */
const places = [PAGE_BYTES, PAGE_BYTES + ROUND_BYTES].map((end) => end - 2 * (SLOTS / 2));

const change = fc.record({
  by: fc.constantFrom('guest', 'device', 'restore'),
  place: fc.constantFrom(...places),
  slot: fc.integer({ min: 0, max: SLOTS }),
  value: code,
  steps: fc.integer({ min: 1, max: 60 }),
});

/**
 * A hart that keeps its records against one that has none when a run begins: between two runs code is changed by a store
 * of the guest, from outside, or with a state that was saved.
 */
test('an instruction is what memory holds when it is executed, whatever was executed there before', () => {
  const harts = [
    makeHart(RAM_BYTES, noDevices, execution),
    new Hart(RAM_BYTES, noDevices, { translates: false }),
  ];
  const forget = () => new Uint8Array(harts[1]!.ram.buffer, RECORDS, RECORD_COUNT * RECORD_BYTES).fill(0);
  const boot = harts[0]!.state;
  const word = (parcels: readonly number[]) => BigInt(parcels[0]! | ((parcels[1] ?? 0x0001) << 16));
  fc.assert(
    fc.property(
      fc.array(code, { minLength: SLOTS, maxLength: SLOTS }),
      fc.array(change, { minLength: 1, maxLength: 20 }),
      (slots, changes) => {
        const bytes = bytesOf(...STORE, ...slots.flat().slice(0, SLOTS - 3), JUMP);
        for (const hart of harts) {
          hart.clearRam();
          hart.state = { ...boot, mtvec: BigInt(RAM_BASE + places[0]!) };
          for (const place of places) hart.write(RAM_BASE + place, bytes);
        }
        const saved = harts.map(({ ram, state }) => ({ ram: ram.slice(), state }));
        for (const { by, place, slot, value, steps } of changes) {
          const at = RAM_BASE + place + 2 * slot;
          harts.forEach((hart, index) => {
            if (by === 'device') hart.write(at, bytesOf(...value));
            if (by === 'restore') {
              hart.takeBack(saved[index]!.ram);
              hart.state = { ...saved[index]!.state, icount: BigInt(hart.icount) };
            }
            const other = places.find((each) => each !== place)!;
            hart.set(registers.store, BigInt(by === 'guest' ? at : RAM_BASE));
            hart.set(registers.value, word(value));
            hart.set(registers.next, BigInt(RAM_BASE + other));
            hart.set('pc', BigInt(RAM_BASE + place));
            if (index === 1) forget();
            hart.run(hart.icount + steps);
          });
          const [kept, none] = harts.map((hart) => ({ ...hart.state, ram: hart.hashRam() }));
          expect(kept).toEqual(none);
        }
      },
    ),
    { numRuns: runs(examples(200)) },
  );
});
