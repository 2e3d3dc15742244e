/**
 * The walk through the page tables, generated as WebAssembly. Source: Privileged Architecture, "Virtual Address
 * Translation Process".
 *
 * A walk sets the A bit of the leaf, and for a store the D bit, whenever they are clear. The TLB has no entry for such
 * an access, so its content is invisible to the guest. The bits are set before PMP checks the access itself.
 */
import { CAUSE, MSTATUS, PRIVILEGE, SATP } from './csrs.ts';
import { anyOf, getScratch, getWide, getWord, setScratch, setWide, setWord } from './hart-words.ts';
import {
  CLEAR_BITS,
  NO_RESERVATION,
  OBSERVED,
  OBSERVED_PAGES,
  PAGE,
  PAGE_FLAGS,
  RAM_BASE,
} from './layout.ts';
import { PERMISSION } from './pmp.ts';
import { makeRoomForMarks, offsetOfPhysical, pageOf, type TlbFunctions } from './tlb.ts';
import type { Body, FunctionRef, ModuleBuilder } from './wasm/module.ts';

/** The kinds of access, as the generated functions number them. */
export const ACCESS = { load: 0, store: 1, fetch: 2 } as const;

const PTE = { V: 1n, R: 2n, W: 4n, X: 8n, U: 16n, A: 64n, D: 128n } as const;
/** Bits 63:54 belong to extensions that this machine does not have. */
const PTE_RESERVED = 0x3ffn << 54n;
const LEVELS = 3;

/** The causes of page faults, by the number of the kind of access ({@link ACCESS}). */
export const pageFaults = [CAUSE.loadPageFault, CAUSE.storePageFault, CAUSE.instructionPageFault] as const;
/** The causes of access faults, by the number of the kind of access. */
export const accessFaults = [CAUSE.loadFault, CAUSE.storeFault, CAUSE.instructionFault] as const;

/**
 * Pushes whether the physical address in a local is in RAM. RAM is whole pages, so an access within a page is all in or
 * out.
 */
export const isRam = (body: Body, physical: number): Body => {
  body.get(physical).i64(RAM_BASE).op('i64.sub');
  return getWide(body, 'RAM_BYTES').op('i64.lt_u');
};

/** Pushes whether accesses of a kind to the page of the virtual address in a local are reported to the VMM. */
export function isObserved(body: Body, va: number, access: () => void): void {
  access();
  body.i32(OBSERVED_PAGES / 8).op('i32.mul');
  body
    .get(va)
    .i64(15)
    .op('i64.shr_u', 'i32.wrap_i64')
    .i32(OBSERVED_PAGES / 8 - 1)
    .op('i32.and', 'i32.add')
    .access('i32.load8_u', OBSERVED);
  body.get(va).i64(12).op('i64.shr_u', 'i32.wrap_i64').i32(7).op('i32.and', 'i32.shr_u').i32(1).op('i32.and');
}

/** Pushes whether the last access has failed: the `FAULT` word. */
export const failed = (body: Body): Body => getScratch(body, 'FAULT');

/** Records an exception, by the kind of access in a local; `mtval` is the virtual address in another. */
export function fault(body: Body, causes: readonly number[], access: number, va: number): void {
  setScratch(body, 'FAULT', () => {
    body.i32(causes[ACCESS.fetch]! + 1);
    body.i32(causes[ACCESS.store]! + 1).i32(causes[ACCESS.load]! + 1);
    body.get(access).i32(ACCESS.store).op('i32.eq', 'select');
    body.get(access).i32(ACCESS.fetch).op('i32.eq', 'select');
  });
  setWide(body, 'FAULT_VALUE', () => body.get(va));
}

interface WalkNeeds {
  tlb: TlbFunctions;
  pmp: FunctionRef;
  setBits: FunctionRef;
}

/**
 * (va, kind of access, privilege) → physical address. Long: one WebAssembly function, in the order of the manual's
 * algorithm.
 */
export function emitWalk(module: ModuleBuilder, { tlb, pmp, setBits }: WalkNeeds): FunctionRef {
  return module.function({ params: ['i64', 'i32', 'i32'], results: ['i64'] }, (body) => {
    const [va, access, privilege] = [0, 1, 2];
    const address = body.local('i64');
    const pte = body.local('i64');
    const shift = body.local('i64');
    const bits = (mask: bigint) => body.get(pte).i64(mask).op('i64.and');
    makeRoomForMarks(body, tlb.flush);
    body.block((accessFault) => {
      body.block((pageFault) => {
        // Bits 63:39 are all equal to bit 38.
        body.get(va).i64(25).op('i64.shl').i64(25).op('i64.shr_s').get(va).op('i64.ne').brIf(pageFault);
        // The root as if a PTE pointed to it.
        getWord(body, 'satp').i64(SATP.PPN).op('i64.and').i64(10).op('i64.shl').set(pte);
        body.i64(12 + 9 * (LEVELS - 1)).set(shift);
        body.block((leaf) => {
          body.loop((level) => {
            tablePage(body, pte);
            body
              .get(va)
              .get(shift)
              .op('i64.shr_u')
              .i64(511)
              .op('i64.and')
              .i64(3)
              .op('i64.shl', 'i64.add')
              .set(address);
            isRam(body, address).op('i32.eqz').brIf(accessFault);
            body.get(address).i64(8).i32(PERMISSION.load).i32(PRIVILEGE.S).call(pmp);
            body.op('i32.eqz').brIf(accessFault);
            pageOf(body, address);
            body.i32(PAGE.LEAF_TABLE).i32(PAGE.UPPER_TABLE).get(shift).i64(12).op('i64.eq', 'select');
            body.i32(PAGE.FETCH_TABLE).i32(0).get(access).i32(ACCESS.fetch).op('i32.eq', 'select', 'i32.or');
            body.call(tlb.mark);
            offsetOfPhysical(body, address).access('i64.load', 0).set(pte);
            bits(PTE.V).op('i64.eqz').brIf(pageFault);
            bits(PTE.R | PTE.W)
              .i64(PTE.W)
              .op('i64.eq')
              .brIf(pageFault);
            anyOf(body.get(pte), PTE_RESERVED).brIf(pageFault);
            anyOf(body.get(pte), PTE.R | PTE.X).brIf(leaf);
            anyOf(body.get(pte), PTE.U | PTE.A | PTE.D).brIf(pageFault);
            body.get(shift).i64(9).op('i64.sub').tee(shift).i64(12).op('i64.ge_u').brIf(level);
            body.br(pageFault);
          });
        });
        checkLeaf(body, { pte, access, privilege }, () => body.brIf(pageFault));
        // A large page is aligned to its size.
        const within = () => body.i64(1).get(shift).op('i64.shl').i64(1).op('i64.sub');
        tablePage(body, pte);
        within().op('i64.and').i64(0).op('i64.ne').brIf(pageFault);
        clearBits(body, pte, access);
        body.i64(0).op('i64.ne');
        body.if(() => {
          const policyIs = (policy: number) => getScratch(body, 'CLEAR_BITS').i32(policy).op('i32.eq');
          policyIs(CLEAR_BITS.refuse).brIf(pageFault);
          policyIs(CLEAR_BITS.set);
          body.if(() => {
            body.get(address);
            clearBits(body, pte, access);
            body.call(setBits).op('i32.eqz').brIf(accessFault);
          });
        });
        tablePage(body, pte);
        body.get(va);
        within().op('i64.and', 'i64.or', 'return');
      });
      fault(body, pageFaults, access, va);
      body.i64(0).op('return');
    });
    fault(body, accessFaults, access, va);
    body.i64(0);
  });
}

/** Pushes the physical address of the page that a PTE points to. */
const tablePage = (body: Body, pte: number): Body =>
  body.get(pte).i64(10).op('i64.shr_u').i64(SATP.PPN).op('i64.and').i64(12).op('i64.shl');

/** Branches away by `refuseIf`, which takes a condition, unless a leaf allows the access. */
function checkLeaf(
  body: Body,
  { pte, access, privilege }: { pte: number; access: number; privilege: number },
  refuseIf: () => void,
): void {
  const bits = (mask: bigint) => body.get(pte).i64(mask).op('i64.and');
  const is = (kind: number) => body.get(access).i32(kind).op('i32.eq');
  const status = (bit: bigint) => anyOf(getWord(body, 'mstatus'), bit);
  // User pages are not accessible to supervisor mode, except data with SUM; supervisor pages not to user mode.
  body.get(privilege).op('i32.eqz');
  body.if(
    () => bits(PTE.U).op('i64.eqz'),
    () => {
      bits(PTE.U).op('i64.eqz', 'i32.eqz');
      is(ACCESS.fetch);
      status(MSTATUS.SUM).op('i32.eqz', 'i32.or', 'i32.and');
    },
    'i32',
  );
  refuseIf();
  // The permission bits: W, X, or R; with MXR X implies R.
  body
    .get(pte)
    .i64(PTE.W)
    .i64(PTE.X)
    .i64(PTE.R | PTE.X)
    .i64(PTE.R);
  status(MSTATUS.MXR).op('select');
  is(ACCESS.fetch).op('select');
  is(ACCESS.store).op('select', 'i64.and', 'i64.eqz');
  refuseIf();
}

/** Pushes which of the bits that a leaf must have set for an access, A and for a store D, are clear. */
function clearBits(body: Body, pte: number, access: number): void {
  body.i64(PTE.A | PTE.D).i64(PTE.A);
  body.get(access).i32(ACCESS.store).op('i32.eq', 'select');
  body.get(pte).i64(-1).op('i64.xor', 'i64.and');
}

/**
 * (physical address of a PTE, bits) → 1 when the bits are set now; 0 when the PTE may not be written. The page is
 * already marked as a table. The TLB stays valid: it has no entry for an access for which a bit was clear.
 */
export function emitSetBits(
  module: ModuleBuilder,
  { pmp, stored }: { pmp: FunctionRef; stored: FunctionRef },
): FunctionRef {
  return module.function({ params: ['i64', 'i64'], results: ['i32'] }, (body) => {
    const [address, bits] = [0, 1];
    const page = body.local('i32');
    body.get(address).i64(8).i32(PERMISSION.store).i32(PRIVILEGE.S).call(pmp).op('i32.eqz');
    body.if(() => body.i32(0).op('return'));
    // Ends a reservation of the PTE: a later SC would clear the bits again.
    getWord(body, 'reservation').i64(-8).op('i64.and').get(address).op('i64.eq');
    body.if(() => setWord(body, 'reservation', () => body.i64(NO_RESERVATION)));
    offsetOfPhysical(body, address);
    offsetOfPhysical(body, address).access('i64.load', 0).get(bits).op('i64.or').access('i64.store', 0);
    pageOf(body, address).tee(page);
    body
      .get(page)
      .access('i32.load8_u', PAGE_FLAGS)
      .i32(PAGE.DIRTY | PAGE.CHANGED)
      .op('i32.or');
    body.access('i32.store8', PAGE_FLAGS);
    body.get(address).i32(8).call(stored);
    body.i32(1);
  });
}
