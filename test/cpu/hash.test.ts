/** The hash of the machine differs for different states, and depends on nothing but the state. */
import fc from 'fast-check';
import { beforeAll, beforeEach, expect, test } from 'vitest';
import { encode } from '../../src/base/codec.ts';
import { makeHart } from '../../src/cpu/engine.ts';
import { fields, insert } from '../../src/cpu/formats.ts';
import { instructions } from '../../src/cpu/instructions.ts';
import { hartSchema, hartWords, PAGE_BYTES, RAM_BASE, SCRATCH_BYTES } from '../../src/cpu/layout.ts';
import { execution } from '../engine.ts';
import { examples } from '../thorough.ts';

beforeAll(() => fc.configureGlobal({ seed: 2024 }));

const RAM_BYTES = 8 * PAGE_BYTES;
const bus = {
  load: () => undefined,
  store: () => false,
  clock: () => 0,
  entropy: () => 0,
  watched: () => undefined,
};
const fresh = () => makeHart(RAM_BYTES, bus, execution);
const [hart, other] = [fresh(), fresh()];
const clear = () => {
  for (const one of [hart, other]) one.write(RAM_BASE, new Uint8Array(RAM_BYTES));
};
beforeEach(clear);

/** Something that is written to RAM, often across a page. */
const write = fc
  .record({
    offset: fc.oneof(
      fc.integer({ min: 0, max: RAM_BYTES - 1 }),
      fc.integer({ min: 1, max: 7 }).map((page) => page * PAGE_BYTES - 5),
    ),
    bytes: fc.uint8Array({ minLength: 1, maxLength: 100 }),
  })
  .map(({ offset, bytes }) => ({ offset, bytes: bytes.subarray(0, RAM_BYTES - offset) }));

test('it depends on the content of RAM alone: not on the order of writes, nor on earlier hashes', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(write, fc.boolean()), { maxLength: 30 }), (writes) => {
      clear();
      for (const [{ offset, bytes }, hashes] of writes) {
        hart.write(RAM_BASE + offset, bytes);
        if (hashes) hart.hashRam();
      }
      // From the end to the start in pieces of odd sizes, unlike the writes.
      for (let end = RAM_BYTES; end > 0; end -= 1013) {
        const from = Math.max(0, end - 1013);
        other.write(RAM_BASE + from, hart.ram.slice(from, end));
      }
      expect(other.hashRam()).toBe(hart.hashRam());
    }),
    { numRuns: examples(200) },
  );
});

test('a hart that has only ever seen the final content agrees with one that hashed all along', () => {
  const writes = fc.sample(write, 50);
  for (const { offset, bytes } of writes) {
    hart.write(RAM_BASE + offset, bytes);
    hart.hashRam();
  }
  const late = fresh();
  late.write(RAM_BASE, hart.ram);
  expect(late.hashRam()).toBe(hart.hashRam());
});

test('changing any byte of RAM changes it, and changing it back changes it back', () => {
  const byte = fc.integer({ min: 0, max: RAM_BYTES - 1 });
  fc.assert(
    fc.property(
      fc.array(write, { maxLength: 5 }),
      byte,
      fc.integer({ min: 1, max: 255 }),
      (writes, at, change) => {
        for (const { offset, bytes } of writes) hart.write(RAM_BASE + offset, bytes);
        const before = hart.hashRam();
        const was = hart.ram[at]!;
        hart.write(RAM_BASE + at, Uint8Array.of(was ^ change));
        expect(hart.hashRam()).not.toBe(before);
        hart.write(RAM_BASE + at, Uint8Array.of(was));
        expect(hart.hashRam()).toBe(before);
      },
    ),
    { numRuns: examples(500) },
  );
});

test('the same bytes at another address hash differently', () => {
  const seen = new Set<bigint>([hart.hashRam()]);
  for (let at = 0; at < RAM_BYTES; at += 8) {
    hart.write(RAM_BASE + at, Uint8Array.of(1));
    seen.add(hart.hashRam());
    hart.write(RAM_BASE + at, Uint8Array.of(0));
  }
  expect(seen.size).toBe(1 + RAM_BYTES / 8);
});

test('RAM of zeros hashes to zero, written or not', () => {
  expect(fresh().hashRam()).toBe(0n);
  expect(hart.hashRam()).toBe(0n);
});

test('a store of the guest changes it: of every size, by SC and AMO, and across pages', () => {
  const page = RAM_BASE + 3 * PAGE_BYTES;
  const stores = instructions.flatMap(({ mnemonic, format, match }) => {
    if (format === 'S') return [page, page + PAGE_BYTES - 1].map((address) => ({ mnemonic, match, address }));
    return format === 'Amo' ? [{ mnemonic, match, address: page }] : [];
  });
  for (const { mnemonic, match, address } of stores) {
    const word = match | insert(fields.rs1, 5) | insert(fields.rs2, 6);
    hart.write(RAM_BASE, new Uint8Array(Uint32Array.of(word).buffer));
    hart.write(page, new Uint8Array(2 * PAGE_BYTES).fill(0x55));
    hart.set('pc', BigInt(RAM_BASE));
    hart.set('x5', BigInt(address));
    hart.set('x6', 0x8123_4567_89ab_cdefn);
    const before = hart.hashRam();
    // From here on stores to the first page are fast ones; those to the second must be noticed.
    hart.write(page, Uint8Array.of(0x55));
    hart.set('reservation', BigInt(address));
    hart.run(hart.icount + 1);
    // A minimum or maximum may equal the old value.
    if (!/amo(min|max)/.test(mnemonic)) expect(hart.hashRam(), mnemonic).not.toBe(before);
    other.write(RAM_BASE, hart.ram);
    expect(other.hashRam(), mnemonic).toBe(hart.hashRam());
  }
});

test('changing any word of the hart changes the hash of its state', () => {
  const { state } = hart;
  const hashes = hartWords.flatMap((name) =>
    [0n, 31n, 63n].map((bit) =>
      hart.hash(encode(hartSchema, { ...state, [name]: state[name]! ^ (1n << bit) })),
    ),
  );
  expect(new Set([hart.hash(encode(hartSchema, state)), ...hashes]).size).toBe(1 + 3 * hartWords.length);
});

test('bytes hash by content and length, in one piece or many', () => {
  const bytes = fc.oneof(
    fc.uint8Array({ maxLength: 200 }),
    fc.integer({ min: 0, max: 99 }).map((n) => new Uint8Array(n)),
  );
  fc.assert(
    fc.property(bytes, bytes, (a, b) => {
      expect(hart.hash(a) === hart.hash(b)).toBe(Buffer.from(a).equals(b));
      expect(other.hash(a.slice())).toBe(hart.hash(a));
    }),
    { numRuns: examples(500) },
  );
  const large = new Uint8Array(2 * SCRATCH_BYTES + 17);
  const hashes = [0, SCRATCH_BYTES, 2 * SCRATCH_BYTES + 16].map((at) => {
    large[at] = 1;
    const hash = hart.hash(large);
    large[at] = 0;
    return hash;
  });
  expect(new Set([hart.hash(large), hart.hash(large.subarray(1)), ...hashes]).size).toBe(5);
});

test('a bit that changes without the hart is found when all pages in use are read again', () => {
  fc.assert(
    fc.property(
      fc.array(write, { minLength: 1, maxLength: 10 }),
      fc.nat(),
      fc.nat(7),
      (writes, choice, bit) => {
        clear();
        for (const { offset, bytes } of writes) hart.write(RAM_BASE + offset, bytes);
        const used = hart.usedPages();
        if (used.length === 0) return;
        const before = hart.hashRam();
        const at = used[choice % used.length]! * PAGE_BYTES + (choice % PAGE_BYTES);
        hart.ram[at]! ^= 1 << bit;
        expect(hart.hashRam()).toBe(before);
        expect(hart.hashRam(true)).not.toBe(before);
        hart.ram[at]! ^= 1 << bit;
        expect(hart.hashRam(true)).toBe(before);
        expect(hart.usedPages()).toEqual(used);
      },
    ),
    { numRuns: examples(200) },
  );
});
