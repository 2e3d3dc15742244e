/** Which pages were written: the hart reports each once, whoever wrote it and whenever the hash was taken. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { AnyHart } from '../../src/cpu/checked-hart.ts';
import { makeHart } from '../../src/cpu/engine.ts';
import { fields, insert } from '../../src/cpu/formats.ts';
import { instructions } from '../../src/cpu/instructions.ts';
import { PAGE_BYTES, RAM_BASE } from '../../src/cpu/layout.ts';
import { execution, runs } from '../engine.ts';
import { examples } from '../thorough.ts';

const PAGES = 8;
const RAM_BYTES = PAGES * PAGE_BYTES;
const WATCHED = 5;
/** The code is in the first page, and nothing is stored there. */
const FIRST_DATA = PAGE_BYTES;

const stores = instructions
  .filter(({ format, mnemonic }) => format === 'S' || format === 'Amo' || mnemonic.startsWith('sc.'))
  .map(({ mnemonic, match, format }) => ({
    mnemonic,
    word: match | insert(fields.rs1, 5) | insert(fields.rs2, 6),
    sizeBytes: { b: 1, h: 2, w: 4, d: 8 }[mnemonic.at(-1)!]!,
    aligned: format !== 'S',
  }));

/** A hart with one of each store instruction, and a count of the reported stores to the watched page. */
class Harness {
  watched = 0;
  readonly hart: AnyHart;
  /** The pages that were written since they were last taken. */
  readonly model = new Set<number>();

  constructor(watch: boolean) {
    this.hart = makeHart(
      RAM_BYTES,
      {
        load: () => undefined,
        store: () => false,
        clock: () => 0,
        entropy: () => 0,
        watched: () => this.watched++,
      },
      execution,
    );
    this.hart.write(RAM_BASE, new Uint8Array(Uint32Array.from(stores, ({ word }) => word).buffer));
    if (watch) this.hart.watch(RAM_BASE + WATCHED * PAGE_BYTES);
    this.hart.takeChanged();
  }

  /**
   * The guest stores. Returns the number of expected reports on the watched page: one for each byte there, when the
   * store crosses into another page.
   */
  store(which: number, at: number): number {
    const { sizeBytes, aligned } = stores[which]!;
    const offset = aligned ? at - (at % sizeBytes) : Math.min(at, RAM_BYTES - sizeBytes);
    const { hart } = this;
    hart.set('pc', BigInt(RAM_BASE + 4 * which));
    hart.set('x5', BigInt(RAM_BASE + offset));
    hart.set('x6', 0x8123_4567_89ab_cdefn + BigInt(at));
    hart.set('reservation', BigInt(RAM_BASE + offset));
    hart.run(hart.icount + 1);
    expect(hart.get('pc')).toBe(BigInt(RAM_BASE + 4 * which + 4));
    this.wrote(offset, sizeBytes);
    const pages = Array.from({ length: sizeBytes }, (_, byte) => Math.floor((offset + byte) / PAGE_BYTES));
    const there = pages.filter((page) => page === WATCHED).length;
    return there === sizeBytes ? 1 : there;
  }

  write(at: number, bytes: Uint8Array): void {
    const fitting = bytes.subarray(0, RAM_BYTES - at);
    this.hart.write(RAM_BASE + at, fitting);
    this.wrote(at, fitting.length);
  }

  private wrote(offset: number, sizeBytes: number): void {
    for (const byte of [offset, offset + sizeBytes - 1]) this.model.add(Math.floor(byte / PAGE_BYTES));
  }

  take(): void {
    expect(this.hart.takeChanged()).toEqual([...this.model].sort((a, b) => a - b));
    this.model.clear();
  }

  takeAmong(pages: readonly number[]): void {
    const expected = pages.filter((page) => this.model.delete(page));
    expect(this.hart.takeChanged(pages)).toEqual(expected.sort((a, b) => a - b));
  }

  /** The hash is that of a hart that has only ever seen what is in RAM now. */
  checkHash(): void {
    const late = makeHart(
      RAM_BYTES,
      {
        load: () => undefined,
        store: () => false,
        clock: () => 0,
        entropy: () => 0,
        watched: () => {},
      },
      execution,
    );
    late.write(RAM_BASE, this.hart.ram);
    expect(this.hart.hashRam()).toBe(late.hashRam());
  }
}

const place = fc.oneof(
  fc.integer({ min: FIRST_DATA, max: RAM_BYTES - 1 }),
  fc
    .tuple(fc.integer({ min: 2, max: PAGES }), fc.integer({ min: 1, max: 9 }))
    .map(([page, back]) => page * PAGE_BYTES - back),
);
type Step =
  | { do: 'store'; which: number; at: number; times: number }
  | { do: 'write'; at: number; bytes: Uint8Array }
  | { do: 'take among'; pages: number[] }
  | { do: 'hash' | 'take' };
const steps: fc.Arbitrary<Step[]> = fc.array(
  fc.oneof(
    {
      weight: 6,
      arbitrary: fc.record({
        do: fc.constant('store' as const),
        which: fc.nat(stores.length - 1),
        at: place,
        times: fc.integer({ min: 1, max: 3 }),
      }),
    },
    {
      weight: 2,
      arbitrary: fc.record({
        do: fc.constant('write' as const),
        at: place,
        bytes: fc.uint8Array({ minLength: 1, maxLength: 20 }),
      }),
    },
    { weight: 3, arbitrary: fc.record({ do: fc.constantFrom('hash' as const, 'take' as const) }) },
    {
      weight: 2,
      arbitrary: fc.record({
        do: fc.constant('take among' as const),
        pages: fc.uniqueArray(fc.nat(PAGES - 1)),
      }),
    },
  ),
  { maxLength: 60 },
);

describe.each([false, true])('the pages that changed, with a page watched: %s', (watch) => {
  test('are exactly those that were written since they were last taken', () => {
    fc.assert(
      fc.property(steps, (list) => {
        const harness = new Harness(watch);
        let watched = 0;
        for (const step of list) {
          switch (step.do) {
            case 'store':
              for (let time = 0; time < step.times; time++) {
                const reports = harness.store(step.which, step.at);
                if (watch) watched += reports;
              }
              break;
            case 'write':
              harness.write(step.at, step.bytes);
              break;
            case 'hash':
              harness.checkHash();
              break;
            case 'take among':
              harness.takeAmong(step.pages);
              break;
            case 'take':
              harness.take();
          }
          expect(harness.watched).toBe(watched);
        }
        harness.checkHash();
        harness.take();
        harness.take();
      }),
      { numRuns: examples(runs(150)) },
    );
  });

  test('are reported again after a store by any instruction, hashed meanwhile or not', () => {
    for (const hash of [false, true])
      for (const [which] of stores.entries()) {
        const harness = new Harness(watch);
        for (let time = 0; time < 3; time++) {
          harness.store(which, WATCHED * PAGE_BYTES + 16);
          if (hash) harness.checkHash();
          harness.take();
          harness.take();
          if (hash) harness.checkHash();
        }
        expect(harness.watched).toBe(watch ? 3 : 0);
      }
  });
});

test('clearing RAM changes the pages that were not all zeros; a reset changes none', () => {
  const { hart } = new Harness(false);
  hart.write(RAM_BASE + 3 * PAGE_BYTES, Uint8Array.of(1));
  hart.hashRam();
  hart.write(RAM_BASE + 6 * PAGE_BYTES, Uint8Array.of(1));
  hart.takeChanged();
  hart.reset();
  expect(hart.takeChanged()).toEqual([]);
  hart.clearRam();
  expect(hart.takeChanged()).toEqual([0, 3, 6]);
  expect(hart.hashRam()).toBe(0n);
  hart.clearRam();
  expect(hart.takeChanged()).toEqual([]);
});
