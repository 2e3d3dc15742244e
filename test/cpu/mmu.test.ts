/**
 * Memory through Sv39 and PMP, against a model that walks the tables for every access: the TLB must be invisible.
 */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { CAUSE, csrNumbers, MSTATUS, PMP, PMP_ENTRIES, PRIVILEGE } from '../../src/cpu/csrs.ts';
import { makeHart } from '../../src/cpu/engine.ts';
import { type FieldName, fields, insert } from '../../src/cpu/formats.ts';
import { instructions } from '../../src/cpu/instructions.ts';
import { PAGE_BYTES, RAM_BASE } from '../../src/cpu/layout.ts';
import { type Fault, MmuModel } from '../../tools/testing/mmu-model.ts';
import { execution, runs } from '../engine.ts';
import { examples } from '../thorough.ts';

const PAGES = 32;
const RAM_BYTES = PAGES * PAGE_BYTES;
/** The last pages have the instructions and the exception handler. No virtual address leads there. */
const CODE = RAM_BASE + (PAGES - 1) * PAGE_BYTES;
const HANDLER = RAM_BASE + (PAGES - 2) * PAGE_BYTES;
/**
 * The first pages serve as page tables: a root, one of the middle level and two of the last. Any page may be
 * anything, though.
 */
const ROOT = 0;
const MIDDLE = [1];
const LAST = [2, 3];
const FIRST_DATA = 4;
const END_OF_DATA = PAGES - 2;
const DEVICE = 0x1000_0000;
/** `jal x0, 0` */
const FILLER = 0x0000_006f;

function op(mnemonic: string, operands: { [F in FieldName]?: number } = {}): number {
  const { match } = instructions.find((row) => row.mnemonic === mnemonic)!;
  return Object.entries(operands).reduce(
    (word, [name, value]) => (word | insert(fields[name as FieldName], value)) >>> 0,
    match,
  );
}

const accesses = [
  { name: 'ld', kind: 'load', sizeBytes: 8 },
  { name: 'lwu', kind: 'load', sizeBytes: 4 },
  { name: 'lhu', kind: 'load', sizeBytes: 2 },
  { name: 'lbu', kind: 'load', sizeBytes: 1 },
  { name: 'sd', kind: 'store', sizeBytes: 8 },
  { name: 'sw', kind: 'store', sizeBytes: 4 },
  { name: 'sh', kind: 'store', sizeBytes: 2 },
  { name: 'sb', kind: 'store', sizeBytes: 1 },
  { name: 'amoswap.d', kind: 'store', sizeBytes: 8 },
  { name: 'amoswap.w', kind: 'store', sizeBytes: 4 },
  { name: 'lr.d', kind: 'load', sizeBytes: 8 },
  { name: 'lr.w', kind: 'load', sizeBytes: 4 },
  { name: 'sc.d', kind: 'store', sizeBytes: 8 },
  { name: 'sc.w', kind: 'store', sizeBytes: 4 },
] as const;
const isAtomic = (name: string) => /^(amo|lr|sc)/.test(name);

/** Every access at its own address, then the instructions that set CSRs. */
const slots = [
  ...accesses.map(({ name, kind }) =>
    op(name, { rs1: 5, ...(kind === 'load' ? { rd: 7 } : { rs2: 6 }), ...(isAtomic(name) && { rd: 7 }) }),
  ),
  op('csrrw', { csr: csrNumbers.get('mstatus')!, rs1: 6 }),
  op('csrrw', { csr: csrNumbers.get('satp')!, rs1: 6 }),
  op('csrrc', { csr: csrNumbers.get('mstatus')!, rs1: 6 }),
];
const SET_MSTATUS = accesses.length;
const SET_SATP = SET_MSTATUS + 1;
const CLEAR_MSTATUS = SET_SATP + 1;

const status = fc
  .record({
    mprv: fc.constantFrom(true, true, true, false),
    mpp: fc.constantFrom(0n, 1n, 1n, 3n),
    sum: fc.boolean(),
    mxr: fc.boolean(),
  })
  .map(
    ({ mprv, mpp, sum, mxr }) =>
      (mprv ? MSTATUS.MPRV : 0n) | (mpp << 11n) | (sum ? MSTATUS.SUM : 0n) | (mxr ? MSTATUS.MXR : 0n),
  );
/** Few addresses, so that they collide: in the TLB, in tables and in data. */
const indices = [0n, 1n, 256n];
const va = fc
  .record({
    vpn2: fc.constantFrom(0n, 511n),
    vpn1: fc.constantFrom(0n, 1n),
    vpn0: fc.constantFrom(...indices),
    offset: fc.oneof(
      { arbitrary: fc.integer({ min: 0, max: 40 }), weight: 4 },
      fc.constantFrom(2048, 4094, 4093, 4089, 4088),
    ),
    stray: fc.oneof({ arbitrary: fc.constant(0n), weight: 50 }, fc.constantFrom(1n << 40n, 1n << 63n)),
  })
  .map(({ vpn2, vpn1, vpn0, offset, stray }) =>
    BigInt.asUintN(
      64,
      BigInt.asIntN(39, (vpn2 << 30n) | (vpn1 << 21n) | (vpn0 << 12n) | BigInt(offset)) ^ stray,
    ),
  );
const physical = fc
  .record({ page: fc.integer({ min: 0, max: END_OF_DATA - 1 }), offset: fc.integer({ min: 0, max: 4095 }) })
  .map(({ page, offset }) => BigInt(RAM_BASE + page * PAGE_BYTES + offset));

const ppn = (page: number): bigint => BigInt((RAM_BASE >>> 12) + page) & (2n ** 44n - 1n);
const pointerTo = (pages: readonly number[]) =>
  fc.constantFrom(...pages).map((page) => (ppn(page) << 10n) | 1n);
const flags = fc.oneof(
  {
    arbitrary: fc
      .constantFrom(0x0fn, 0x0fn, 0x0fn, 0x1fn, 0x1fn, 0x0bn, 0x09n, 0x19n)
      .chain((bits) => fc.constantFrom(0n, 0x40n, 0x80n, 0xc0n, 0xc0n).map((marks) => bits | marks)),
    weight: 12,
  },
  fc.bigInt({ min: 0n, max: 255n }),
);
const leaf = fc
  .record({
    page: fc.oneof(
      { arbitrary: fc.nat(7), weight: 12 },
      { arbitrary: fc.integer({ min: 0, max: END_OF_DATA - 1 }), weight: 4 },
      fc.constantFrom((DEVICE - RAM_BASE) / PAGE_BYTES, 1 << 18),
    ),
    flags,
    high: fc.oneof({ arbitrary: fc.constant(0n), weight: 30 }, fc.constantFrom(1n << 54n, 1n << 63n)),
  })
  .map(({ page, flags: low, high }) => (ppn(page) << 10n) | low | high);
/** A large page from the start of RAM, or one that is not aligned to its size. */
const large = fc
  .record({ flags, page: fc.constantFrom(0, 0, 0, 3) })
  .map(({ flags: low, page }) => (ppn(page) << 10n) | low);
const mostly = (usual: fc.Arbitrary<bigint>, ...others: fc.Arbitrary<bigint>[]) =>
  fc.oneof({ arbitrary: usual, weight: 20 * others.length }, ...others);
const pteFor = (page: number): fc.Arbitrary<bigint> => {
  if (page === ROOT) return mostly(pointerTo(MIDDLE), leaf, large);
  if (MIDDLE.includes(page)) return mostly(pointerTo(LAST), leaf, large);
  return mostly(leaf, pointerTo(LAST));
};
/** A PTE on the path of some address, and its new value. */
const pte = fc.constantFrom(ROOT, ...MIDDLE, ...LAST, ...LAST, ...LAST, ...LAST).chain((page) =>
  fc.record({
    at: fc.constantFrom(...indices, 511n).map((index) => BigInt(RAM_BASE + page * PAGE_BYTES) + index * 8n),
    value: pteFor(page),
  }),
);
/** At first every address is mapped. */
const tables = fc
  .tuple(
    ...[ROOT, ...MIDDLE, ...LAST].flatMap((page) =>
      [...indices, 511n].map((index) =>
        pteFor(page).map((value) => ({ at: BigInt(RAM_BASE + page * PAGE_BYTES) + index * 8n, value })),
      ),
    ),
  )
  .map((entries) => [...entries]);

const step = fc.oneof(
  { arbitrary: fc.record({ do: fc.constant('mstatus' as const), value: status }), weight: 2 },
  {
    arbitrary: fc.record({
      do: fc.constant('satp' as const),
      value: fc.oneof(
        {
          arbitrary: fc.constantFrom(ROOT, ROOT, ROOT, MIDDLE[0]!).map((page) => (8n << 60n) | ppn(page)),
          weight: 9,
        },
        fc.constant(0n),
      ),
    }),
    weight: 1,
  },
  {
    arbitrary: fc.record({
      do: fc.constant('access' as const),
      which: fc.nat(accesses.length - 1),
      address: fc.oneof({ arbitrary: va, weight: 4 }, physical),
      value: fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
    }),
    weight: 12,
  },
  {
    arbitrary: fc.record({ do: fc.constant('pte' as const), pte, bytes: fc.constantFrom(0, 1, 8, 8, 8) }),
    weight: 6,
  },
  {
    arbitrary: fc.record({
      do: fc.constant('fetch' as const),
      address: va,
      privilege: fc.constantFrom(0, 1),
    }),
    weight: 4,
  },
  { arbitrary: fc.record({ do: fc.constantFrom('hash' as const, 'changed' as const) }), weight: 1 },
);
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

class Pair {
  readonly model = new MmuModel(new DataView(new ArrayBuffer(RAM_BYTES)));
  /** The `mstatus` before each step. */
  private wanted = 0n;
  /** The reservation of LR, as an offset in RAM. */
  private reserved: number | undefined;
  readonly hart = makeHart(
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

  constructor(tables: readonly { at: bigint; value: bigint }[]) {
    const { hart } = this;
    // RAM is filled with an instruction that loops, and is no PTE.
    const filler = new Uint8Array(new Uint32Array(RAM_BYTES / 4).fill(FILLER).buffer);
    this.write(0, filler);
    this.write(CODE - RAM_BASE, new Uint8Array(Uint32Array.from(slots).buffer));
    this.write(0, new Uint8Array(FIRST_DATA * PAGE_BYTES));
    for (const { at, value } of tables) {
      const bytes = new Uint8Array(8);
      new DataView(bytes.buffer).setBigUint64(0, value, true);
      this.write(Number(at) - RAM_BASE, bytes);
    }
    hart.set('mtvec', BigInt(HANDLER));
    this.protect(0, PMP.R | PMP.W | PMP.X | PMP.NAPOT, 2n ** 54n - 1n);
    this.do({ do: 'satp', value: (8n << 60n) | ppn(ROOT) });
    this.do({ do: 'mstatus', value: MSTATUS.MPRV | (1n << 11n) });
  }

  protect(entry: number, settings: number, address: bigint): void {
    const { hart, model } = this;
    model.pmp[entry] = { settings, address };
    const word = entry < 8 ? 'pmpcfg0' : 'pmpcfg2';
    const shift = BigInt(8 * (entry % 8));
    hart.set(word, (hart.get(word) & ~(0xffn << shift)) | (BigInt(settings) << shift));
    hart.set(`pmpaddr${entry}` as 'pmpaddr0', address);
  }

  write(offset: number, bytes: Uint8Array): void {
    this.reserved = undefined;
    this.hart.write(RAM_BASE + offset, bytes);
    new Uint8Array(this.model.ram.buffer).set(bytes, offset);
  }

  /** One instruction in M-mode; returns its exception, if any. */
  private execute(slot: number, x5: bigint, x6: bigint): Fault | undefined {
    const { hart } = this;
    hart.set('x5', x5);
    hart.set('x6', x6);
    return this.go(BigInt(CODE + 4 * slot), PRIVILEGE.M);
  }

  private go(pc: bigint, privilege: number): Fault | undefined {
    const { hart, model } = this;
    hart.set('pc', pc);
    hart.set('privilege', BigInt(privilege));
    hart.run(hart.icount + 1);
    // The trap has set MPP, and keeps the rest.
    model.mstatus = hart.get('mstatus');
    if (hart.get('pc') !== BigInt(HANDLER)) return undefined;
    return { cause: Number(hart.get('mcause')), at: hart.get('mtval') };
  }

  do(step: Step): void {
    this.take(step);
    // A trap sets MPP.
    if (this.model.mstatus !== this.wanted) this.execute(SET_MSTATUS, 0n, this.wanted);
  }

  private take(step: Step): void {
    const { hart, model } = this;
    switch (step.do) {
      case 'mstatus':
        this.wanted = step.value;
        break;
      case 'satp':
        this.execute(SET_SATP, 0n, step.value);
        model.satp = step.value;
        break;
      case 'pte':
        this.changePte(step.pte, step.bytes);
        break;
      case 'access':
        this.access(accesses[step.which]!, step.address, step.value);
        break;
      case 'fetch':
        this.fetch(step.address & ~1n, step.privilege);
        break;
      case 'hash':
        hart.hashRam();
        break;
      case 'changed':
        hart.takeChanged();
    }
  }

  /** Changes a PTE: the guest by a store of `sizeBytes` bytes at its physical address, or a write from outside (0). */
  private changePte({ at, value }: { at: bigint; value: bigint }, sizeBytes: number): void {
    const bytes = new Uint8Array(8);
    new DataView(bytes.buffer).setBigUint64(0, value, true);
    if (sizeBytes === 0) return this.write(Number(at) - RAM_BASE, bytes);
    this.execute(CLEAR_MSTATUS, 0n, MSTATUS.MPRV);
    const store = sizeBytes === 8 ? 'sd' : 'sb';
    const found = this.execute(
      accesses.findIndex(({ name }) => name === store),
      at,
      value,
    );
    if (!found)
      new Uint8Array(this.model.ram.buffer).set(bytes.subarray(0, sizeBytes), Number(at) - RAM_BASE);
  }

  private access({ name, kind, sizeBytes }: (typeof accesses)[number], address: bigint, value: bigint): void {
    const { hart, model } = this;
    const misaligned = isAtomic(name) && address % BigInt(sizeBytes) !== 0n;
    const cause = kind === 'load' ? CAUSE.loadMisaligned : CAUSE.storeMisaligned;
    model.updates = [];
    const failsSc = name.startsWith('sc') && !this.isReserved(address, sizeBytes);
    const expected = misaligned
      ? { cause, at: address }
      : model[failsSc ? 'accessOnly' : 'access'](address, sizeBytes, kind, model.dataPrivilege);
    this.breakReservation();
    hart.set('x7', 0n);
    const found = this.execute(
      accesses.findIndex((access) => access.name === name),
      address,
      value,
    );
    expect(found).toEqual(Array.isArray(expected) ? undefined : expected);
    if (!Array.isArray(expected)) return;
    const ram = new Uint8Array(model.ram.buffer);
    const before = expected.reduceRight((sum, at) => (sum << 8n) | BigInt(ram[at]!), 0n);
    if (name.startsWith('sc')) {
      expect(hart.get('x7')).toBe(failsSc ? 1n : 0n);
      this.reserved = undefined;
    }
    if (kind === 'store' && !failsSc)
      for (const [index, at] of expected.entries()) ram[at] = Number((value >> BigInt(8 * index)) & 0xffn);
    const signed = isAtomic(name) ? BigInt.asUintN(64, BigInt.asIntN(8 * sizeBytes, before)) : before;
    if (name.startsWith('lr')) this.reserved = expected[0];
    if (kind === 'load' || name.startsWith('amo')) expect(hart.get('x7')).toBe(signed);
  }

  /** The hart has set A or D in what was reserved. */
  private breakReservation(): void {
    const { reserved = -1 } = this;
    if (this.model.updates.some(({ at }) => at >> 3 === reserved >> 3)) this.reserved = undefined;
  }

  /** Whether an SC there stores. */
  private isReserved(address: bigint, sizeBytes: number): boolean {
    const { model } = this;
    const target = model.accessOnly(address, sizeBytes, 'store', model.dataPrivilege);
    return !('cause' in target) && target[0] === this.reserved;
  }

  private fetch(address: bigint, privilege: number): void {
    this.model.updates = [];
    const expected = this.fetched(address, privilege);
    // Only harmless code is executed: the filler, which loops, and zeros, which are illegal.
    if (typeof expected === 'number' && expected !== FILLER && expected !== 0) return this.model.undo();
    this.breakReservation();
    const found = this.go(address, privilege);
    if (typeof expected !== 'number') expect(found).toEqual(expected);
    else expect(found?.cause).toBe(expected === 0 ? CAUSE.illegalInstruction : undefined);
  }

  /** The instruction there, of 16 or 32 bits, or the fault of its first part that has one. */
  private fetched(address: bigint, privilege: number): number | Fault {
    const { model } = this;
    const parcel = (at: bigint) => {
      const found = model.part(BigInt.asUintN(64, at), 2n, 'fetch', privilege);
      return 'cause' in found ? found : model.ram.getUint16(Number(found.to) - RAM_BASE, true);
    };
    const low = parcel(address);
    if (typeof low !== 'number' || (low & 3) !== 3) return low;
    const high = parcel(address + 2n);
    return typeof high === 'number' ? ((high << 16) | low) >>> 0 : high;
  }

  check(): void {
    expect(Buffer.compare(this.hart.ram, new Uint8Array(this.model.ram.buffer))).toBe(0);
  }
}

const steps = fc.array(step, { minLength: 40, maxLength: 80, size: 'max' });

describe('memory as a guest sees it', () => {
  test('follows the tables in memory, whatever was translated before', () => {
    fc.assert(
      fc.property(tables, steps, (entries, list) => {
        const pair = new Pair(entries);
        for (const each of list) pair.do(each);
        pair.check();
      }),
      { numRuns: examples(runs(200)), seed: 39 },
    );
  });

  test('is what PMP permits', () => {
    const entry = fc.record({
      entry: fc.nat(PMP_ENTRIES - 1),
      settings: fc
        .constantFrom(0, 1, 3, 4, 5, 7)
        .chain((permissions) =>
          fc
            .constantFrom(PMP.TOR, PMP.NA4, PMP.NAPOT, 0)
            .chain((mode) => fc.constantFrom(0, PMP.L).map((lock) => permissions | mode | lock)),
        ),
      address: fc.oneof(
        physical.map((address) => address >> 2n),
        physical.chain((address) => fc.nat(12).map((ones) => (address >> 2n) | ((1n << BigInt(ones)) - 1n))),
      ),
    });
    fc.assert(
      fc.property(tables, fc.array(entry, { maxLength: 6 }), steps, (entries, settings, list) => {
        const pair = new Pair(entries);
        // The last entry opens what the others leave; the first one opens the page of the code.
        pair.protect(0, PMP.R | PMP.W | PMP.X | PMP.NAPOT, (BigInt(HANDLER) >> 2n) | (2n ** 10n - 1n));
        pair.protect(PMP_ENTRIES - 1, PMP.R | PMP.W | PMP.X | PMP.NAPOT, 2n ** 54n - 1n);
        for (const { entry: number, ...rest } of settings)
          if (number > 0) pair.protect(number, rest.settings, rest.address);
        for (const each of list) pair.do(each);
        pair.check();
      }),
      { numRuns: examples(runs(200)), seed: 16 },
    );
  });
});
