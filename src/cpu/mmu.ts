/**
 * Memory accesses when the TLB has no entry: translation by Sv39, physical memory protection, RAM or a device.
 * Generated as WebAssembly. Source: Privileged Architecture, "Sv39: Page-Based 39-bit Virtual-Memory System".
 */
import { CAUSE, PRIVILEGE } from './csrs.ts';
import { loadOp, storeOp } from './emit.ts';
import { emitFetch, emitFetchParcel } from './fetch.ts';
import { getScratch, getWord, setScratch, setWide } from './hart-words.ts';
import {
  CLEAR_BITS,
  CODE_PART_BYTES,
  CODE_PARTS,
  PAGE,
  PAGE_BYTES,
  PAGE_FLAGS,
  SCRATCH_WORDS,
  TLB_KIND,
} from './layout.ts';
import {
  ACCESS,
  accessFaults,
  emitSetBits,
  emitWalk,
  failed,
  fault,
  isObserved,
  isRam,
} from './page-walk.ts';
import { emitPmp, PERMISSION } from './pmp.ts';
import {
  ANY_TABLE,
  emitLookUp,
  emitTlb,
  found,
  offsetInPage,
  offsetOfPhysical,
  pageOf,
  physicalOfOffset,
  type TlbFunctions,
} from './tlb.ts';
import type { Body, FunctionRef, ModuleBuilder, Signature } from './wasm/module.ts';

/** The imports of the MMU functions. */
export interface MmuNeeds {
  /** (physical address, sizeBytes) → value. Sets the `REFUSED` word on an access fault. */
  load: FunctionRef;
  /** (physical address, sizeBytes, value): as `load`. */
  store: FunctionRef;
  /** (physical address, sizeBytes): a page that is watched was written. */
  watched: FunctionRef;
  /** (va, sizeBytes, kind of access): an access to a page that is observed; an instruction before it is executed. */
  observed: FunctionRef;
  /** (page): translated instructions were overwritten. */
  codeChanged: FunctionRef;
}

/** The generated functions for memory accesses. */
export interface Mmu extends TlbFunctions {
  /** (va) → the 32 bits there, of which the upper 16 count only if the lower say so. */
  fetch: FunctionRef;
  /** (va, sizeBytes) → value, zero-extended. */
  load: FunctionRef;
  /** (va, sizeBytes, value). */
  store: FunctionRef;
  /** (va, sizeBytes, kind of access) → offset in this memory; a fault where there is no RAM. */
  probe: FunctionRef;
  /** As `probe`, for an access that may not be made: A and D stay as they are. */
  probeOnly: FunctionRef;
  /**
   * (va, sizeBytes, kind of access) → offset in this memory, or 0. Nonzero for a plain access to RAM, which may be made
   * there directly. With 0 there was no side effect.
   */
  reach: FunctionRef;
}

/** Emits the functions for memory accesses. */
export function emitMmu(module: ModuleBuilder, needs: MmuNeeds): Mmu {
  const tlb = emitTlb(module);
  const pmp = emitPmp(module);
  const stored = emitStored(module, needs);
  const setBits = emitSetBits(module, { pmp, stored });
  const walk = emitWalk(module, { tlb, pmp, setBits });
  const translate = emitTranslate(module, { tlb, pmp, walk, observed: needs.observed });
  const storePhysical = emitStorePhysical(module, needs.store, { tlb, stored });
  const probe = emitProbe(module, translate);
  const parcel = emitFetchParcel(module, translate);
  emitCodePage(module, parcel);
  return {
    ...tlb,
    fetch: emitFetch(module, parcel, needs.observed),
    load: emitLoad(module, needs.load, { translate, probe }),
    store: emitStore(module, { translate, probe, storePhysical }),
    probe,
    probeOnly: emitProbeOnly(module, probe),
    reach: emitReach(module, tlb, translate),
  };
}

interface TranslateNeeds {
  tlb: TlbFunctions;
  pmp: FunctionRef;
  walk: FunctionRef;
  observed: FunctionRef;
}

/**
 * (va, sizeBytes, kind of access) → physical address. The access lies within a page. Enters loads and fetches from RAM
 * into the TLB, and sets whether a store may be entered, too. Long: the locals of one WebAssembly function.
 */
function emitTranslate(module: ModuleBuilder, { tlb, pmp, walk, observed }: TranslateNeeds): FunctionRef {
  return module.function({ params: ['i64', 'i32', 'i32'], results: ['i64'] }, (body) => {
    const [va, sizeBytes, access] = [0, 1, 2];
    const privilege = body.local('i32');
    const physical = body.local('i64');
    const isFetch = () => body.get(access).i32(ACCESS.fetch).op('i32.eq');
    const permitted = (address: () => void, size: () => void) => {
      address();
      size();
      body.i32(PERMISSION.fetch).i32(PERMISSION.store).i32(PERMISSION.load);
      body.get(access).i32(ACCESS.store).op('i32.eq', 'select');
      isFetch().op('select').get(privilege).call(pmp);
    };
    getWord(body, 'privilege').op('i32.wrap_i64');
    getScratch(body, 'DATA_PRIVILEGE');
    isFetch().op('select').set(privilege);
    body.get(va).set(physical);
    body.get(privilege).i32(PRIVILEGE.M).op('i32.ne');
    getWord(body, 'satp').i64(60).op('i64.shr_u').i64(0).op('i64.ne', 'i32.and');
    body.if(() => {
      body.get(va).get(access).get(privilege).call(walk).set(physical);
      failed(body);
      body.if(() => body.i64(0).op('return'));
    });
    setScratch(body, 'CACHEABLE', () =>
      permitted(
        () => body.get(physical).i64(-PAGE_BYTES).op('i64.and'),
        () => body.i64(PAGE_BYTES),
      ),
    );
    getScratch(body, 'CACHEABLE').op('i32.eqz');
    body.if(() => {
      permitted(
        () => body.get(physical),
        () => body.get(sizeBytes).op('i64.extend_i32_u'),
      );
      body.op('i32.eqz');
      body.if(() => {
        fault(body, accessFaults, access, va);
        body.i64(0).op('return');
      });
    });
    isObserved(body, va, () => body.get(access));
    body.if(() => {
      setScratch(body, 'CACHEABLE', () => body.i32(0));
      isFetch().op('i32.eqz');
      body.if(() => {
        getScratch(body, 'CLEAR_BITS').i32(CLEAR_BITS.refuse).op('i32.eq');
        body.if(
          // A look-up ahead of the access leaves it to the interpreter.
          () => fault(body, accessFaults, access, va),
          () => {
            // The step ends the run if the VMM says so.
            setScratch(body, 'ATTENTION', () => body.i32(1));
            body.get(va).get(sizeBytes).get(access).call(observed);
          },
        );
      });
    });
    getScratch(body, 'CACHEABLE');
    isRam(body, physical).op('i32.and');
    body.get(access).i32(ACCESS.store).op('i32.ne', 'i32.and');
    body.if(() => {
      getScratch(body, 'FETCH_TLB').i32(TLB_KIND.fetch).op('i32.add');
      getScratch(body, 'DATA_TLB').i32(TLB_KIND.load).op('i32.add');
      isFetch().op('select').get(va);
      offsetOfPhysical(body, physical).call(tlb.install);
    });
    body.get(physical);
  });
}

function emitProbe(module: ModuleBuilder, translate: FunctionRef): FunctionRef {
  return module.function({ params: ['i64', 'i32', 'i32'], results: ['i32'] }, (body) => {
    const [va, sizeBytes, access] = [0, 1, 2];
    const physical = body.local('i64');
    body.get(va).get(sizeBytes).get(access).call(translate).set(physical);
    failed(body).op('i32.eqz');
    isRam(body, physical).op('i32.eqz', 'i32.and');
    body.if(() => fault(body, accessFaults, access, va));
    offsetOfPhysical(body, physical);
  });
}

/** Emits what walks with A and D as `policy` says. */
function walking(body: Body, policy: number, walks: () => void): void {
  setScratch(body, 'CLEAR_BITS', () => body.i32(policy));
  walks();
  setScratch(body, 'CLEAR_BITS', () => body.i32(CLEAR_BITS.set));
}

function emitProbeOnly(module: ModuleBuilder, probe: FunctionRef): FunctionRef {
  return module.function({ params: ['i64', 'i32', 'i32'], results: ['i32'] }, (body) =>
    walking(body, CLEAR_BITS.leave, () => body.get(0).get(1).get(2).call(probe)),
  );
}

/** Pushes whether an access reaches into the page that follows. */
const crosses = (body: Body, va: number, sizeBytes: number): Body =>
  offsetInPage(body, va).get(sizeBytes).op('i32.add').i32(PAGE_BYTES).op('i32.gt_u');

/** An access that crosses pages: the number of bytes in the first page, and the offsets of both parts in memory. */
interface Halves {
  firstBytes: number;
  first: number;
  second: number;
}

/** Faults when either part of an access is not allowed or is not RAM: then no part of it is done. */
function findHalves(
  body: Body,
  probe: FunctionRef,
  { va, sizeBytes, access }: { va: number; sizeBytes: number; access: number },
  leave: () => void,
): Halves {
  const halves = { firstBytes: body.local('i32'), first: body.local('i32'), second: body.local('i32') };
  body.i32(PAGE_BYTES);
  offsetInPage(body, va).op('i32.sub').set(halves.firstBytes);
  body.get(va).get(halves.firstBytes).i32(access).call(probe).set(halves.first);
  failed(body);
  body.if(leave);
  body.get(va).get(halves.firstBytes).op('i64.extend_i32_u', 'i64.add');
  body.get(sizeBytes).get(halves.firstBytes).op('i32.sub').i32(access).call(probe).set(halves.second);
  failed(body);
  body.if(leave);
  return halves;
}

/** Emits one arm for each size of access, by the size in a local. */
function perSize(body: Body, sizeBytes: number, arm: (sizeBytes: 1 | 2 | 4 | 8) => void): void {
  for (const size of [1, 2, 4, 8] as const) {
    body.get(sizeBytes).i32(size).op('i32.eq');
    body.if(() => arm(size));
  }
}

function refusedBecomes(body: Body, cause: number, va: number): void {
  setScratch(body, 'ATTENTION', () => body.i32(1));
  getScratch(body, 'REFUSED');
  body.if(() => {
    setScratch(body, 'FAULT', () => body.i32(cause + 1));
    setWide(body, 'FAULT_VALUE', () => body.get(va));
  });
}

function countMiss(body: Body): void {
  setScratch(body, 'MISSES', () => getScratch(body, 'MISSES').i32(1).op('i32.add'));
}

type Parts = Record<'translate' | 'probe', FunctionRef>;

function emitLoad(module: ModuleBuilder, device: FunctionRef, { translate, probe }: Parts): FunctionRef {
  return module.function({ params: ['i64', 'i32'], results: ['i64'] }, (body, self) => {
    const [va, sizeBytes] = [0, 1];
    const physical = body.local('i64');
    const value = body.local('i64');
    const index = body.local('i64');
    countMiss(body);
    crosses(body, va, sizeBytes);
    body.if(() => {
      findHalves(body, probe, { va, sizeBytes, access: ACCESS.load }, () => body.i64(0).op('return'));
      body.loop((again) => {
        body.get(value).get(va).get(index).op('i64.add').i32(1).call(self);
        body.get(index).i64(3).op('i64.shl', 'i64.shl', 'i64.or').set(value);
        body.get(index).i64(1).op('i64.add').tee(index);
        body.get(sizeBytes).op('i64.extend_i32_u', 'i64.lt_u').brIf(again);
      });
      body.get(value).op('return');
    });
    body.get(va).get(sizeBytes).i32(ACCESS.load).call(translate).set(physical);
    failed(body);
    body.if(() => body.i64(0).op('return'));
    isRam(body, physical);
    body.if(() =>
      perSize(body, sizeBytes, (size) =>
        offsetOfPhysical(body, physical).access(loadOp(size, false), 0).op('return'),
      ),
    );
    setScratch(body, 'REFUSED', () => body.i32(0));
    body.get(physical).get(sizeBytes).call(device).set(value);
    refusedBecomes(body, CAUSE.loadFault, va);
    body.get(value);
  });
}

function emitStore(
  module: ModuleBuilder,
  { translate, probe, storePhysical }: Parts & { storePhysical: FunctionRef },
): FunctionRef {
  return module.function({ params: ['i64', 'i32', 'i64'], results: [] }, (body) => {
    const [va, sizeBytes, value] = [0, 1, 2];
    const index = body.local('i64');
    const physical = body.local('i64');
    countMiss(body);
    crosses(body, va, sizeBytes);
    body.if(() => {
      const leave = () => body.op('return');
      const halves = findHalves(body, probe, { va, sizeBytes, access: ACCESS.store }, leave);
      // The first bytes may change the tables of this walk: nothing is translated again or entered into the TLB.
      setScratch(body, 'CACHEABLE', () => body.i32(0));
      body.loop((again) => {
        const here = () => body.get(index).op('i32.wrap_i64');
        body.get(va).get(index).op('i64.add');
        body.get(halves.first);
        body.get(halves.second).get(halves.firstBytes).op('i32.sub');
        here().get(halves.firstBytes).op('i32.lt_u', 'select');
        here().op('i32.add');
        physicalOfOffset(body).i32(1);
        body.get(value).get(index).i64(3).op('i64.shl', 'i64.shr_u').call(storePhysical);
        body.get(index).i64(1).op('i64.add').tee(index);
        body.get(sizeBytes).op('i64.extend_i32_u', 'i64.lt_u').brIf(again);
      });
      body.op('return');
    });
    body.get(va).get(sizeBytes).i32(ACCESS.store).call(translate).set(physical);
    failed(body);
    body.if(() => body.op('return'));
    body.get(va).get(physical).get(sizeBytes).get(value).call(storePhysical);
  });
}

/** (physical address, sizeBytes): after a store to RAM, for pages that are watched or hold translated code. */
function emitStored(module: ModuleBuilder, { watched, codeChanged }: MmuNeeds): FunctionRef {
  return module.function({ params: ['i64', 'i32'], results: [] }, (body) => {
    const [physical, sizeBytes] = [0, 1];
    const flags = body.local('i32');
    const page = body.local('i32');
    pageOf(body, physical).tee(page).access('i32.load8_u', PAGE_FLAGS).tee(flags);
    body.i32(PAGE.WATCHED).op('i32.and');
    body.if(() => {
      setScratch(body, 'ATTENTION', () => body.i32(1));
      body.get(physical).get(sizeBytes).call(watched);
    });
    body.get(flags).i32(PAGE.CODE).op('i32.and');
    body.if(() => {
      isCode(body, page, physical, sizeBytes);
      body.if(() => body.get(page).call(codeChanged));
    });
  });
}

/** (va, physical address, sizeBytes, value): a store that is allowed. */
function emitStorePhysical(
  module: ModuleBuilder,
  device: FunctionRef,
  { tlb, stored }: { tlb: TlbFunctions; stored: FunctionRef },
): FunctionRef {
  return module.function({ params: ['i64', 'i64', 'i32', 'i64'], results: [] }, (body) => {
    const [va, physical, sizeBytes, value] = [0, 1, 2, 3];
    const flags = body.local('i32');
    const page = body.local('i32');
    const isNoticed = () =>
      body
        .get(flags)
        .i32(ANY_TABLE | PAGE.WATCHED | PAGE.CODE)
        .op('i32.and');
    isRam(body, physical).op('i32.eqz');
    body.if(() => {
      setScratch(body, 'REFUSED', () => body.i32(0));
      body.get(physical).get(sizeBytes).get(value).call(device);
      refusedBecomes(body, CAUSE.storeFault, va);
      body.op('return');
    });
    pageOf(body, physical).tee(page).access('i32.load8_u', PAGE_FLAGS).set(flags);
    body.get(page).get(flags);
    body.i32(PAGE.DIRTY | PAGE.CHANGED).i32(PAGE.DIRTY | PAGE.CHANGED | PAGE.SILENT);
    isNoticed().op('select', 'i32.or').access('i32.store8', PAGE_FLAGS);
    perSize(body, sizeBytes, (size) => offsetOfPhysical(body, physical).get(value).access(storeOp(size), 0));
    isNoticed().op('i32.eqz');
    getScratch(body, 'CACHEABLE').op('i32.and');
    body.if(() => {
      getScratch(body, 'DATA_TLB').i32(TLB_KIND.store).op('i32.add').get(va);
      offsetOfPhysical(body, physical).call(tlb.install).op('return');
    });
    body.get(flags).i32(ANY_TABLE).op('i32.and');
    body.if(() => {
      body.get(page);
      offsetInPage(body, physical).get(sizeBytes).call(tlb.tableChanged);
    });
    body.get(physical).get(sizeBytes).call(stored);
  });
}

/** Pushes whether bytes of a page with translated code are in a 16th of the page that holds some. */
function isCode(body: Body, page: number, physical: number, sizeBytes: number): void {
  const partsOfPage = PAGE_BYTES / CODE_PART_BYTES;
  const part = (address: () => void) => {
    body.i32(1);
    address();
    body
      .i32(Math.log2(CODE_PART_BYTES))
      .op('i32.shr_u')
      .i32(partsOfPage - 1)
      .op('i32.and', 'i32.shl');
  };
  body.get(page).i32(2).op('i32.mul').access('i32.load16_u', CODE_PARTS);
  part(() => body.get(physical).op('i32.wrap_i64'));
  part(() => body.get(physical).op('i32.wrap_i64').get(sizeBytes).op('i32.add').i32(1).op('i32.sub'));
  body.op('i32.or', 'i32.and').i32(0).op('i32.ne');
}

/** The type of {@link Mmu.reach}. */
export const REACH: Signature = { params: ['i64', 'i32', 'i32'], results: ['i32'] };

/** The slow path of a translated access. Long: the locals of one WebAssembly function. */
function emitReach(module: ModuleBuilder, tlb: TlbFunctions, translate: FunctionRef): FunctionRef {
  return module.function(REACH, (body) => {
    const [va, sizeBytes, access] = [0, 1, 2];
    const physical = body.local('i64');
    const page = body.local('i32');
    const flags = body.local('i32');
    const giveUp = () => body.i32(0).op('return');
    crosses(body, va, sizeBytes);
    body.if(giveUp);
    // Accesses whose group was not found as a whole are often found alone.
    const lookUp = {
      address: body.local('i64'),
      entry: body.local('i32'),
      context: { local: body.local('i32') },
    };
    getScratch(body, 'DATA_TLB');
    body
      .i32(TLB_KIND.store)
      .i32(TLB_KIND.load)
      .get(access)
      .i32(ACCESS.store)
      .op('i32.eq', 'select', 'i32.add');
    body.set(lookUp.context.local).get(va);
    emitLookUp(body, lookUp, 0, 1);
    body.if(() => {
      found(body, lookUp, 0);
      body.op('return');
    });
    walking(body, CLEAR_BITS.refuse, () =>
      body.get(va).get(sizeBytes).get(access).call(translate).set(physical),
    );
    // FAULT and ATTENTION are adjacent. The interpreter handles what the walk has changed.
    body.i32(0).access('i64.load', SCRATCH_WORDS.FAULT).op('i64.eqz', 'i32.eqz');
    isRam(body, physical).op('i32.eqz', 'i32.or');
    body.if(() => {
      setScratch(body, 'FAULT', () => body.i32(0));
      giveUp();
    });
    body.get(access).i32(ACCESS.store).op('i32.eq');
    body.if(() => {
      pageOf(body, physical).tee(page).access('i32.load8_u', PAGE_FLAGS).tee(flags);
      body.i32(ANY_TABLE | PAGE.WATCHED).op('i32.and');
      body.if(giveUp);
      const holdsCode = () => body.get(flags).i32(PAGE.CODE).op('i32.and');
      holdsCode();
      body.if(() => {
        isCode(body, page, physical, sizeBytes);
        body.if(giveUp);
      });
      body.get(page).get(flags);
      body.i32(PAGE.DIRTY | PAGE.CHANGED).i32(PAGE.DIRTY | PAGE.CHANGED | PAGE.SILENT);
      holdsCode().op('select', 'i32.or').access('i32.store8', PAGE_FLAGS);
      holdsCode().op('i32.eqz');
      getScratch(body, 'CACHEABLE').op('i32.and');
      body.if(() => {
        getScratch(body, 'DATA_TLB').i32(TLB_KIND.store).op('i32.add').get(va);
        offsetOfPhysical(body, physical).call(tlb.install);
      });
    });
    offsetOfPhysical(body, physical);
  });
}

/**
 * Exports `codePage`: (va as a number) → where the page that holds it lies in this memory, or 0 when it can't be
 * fetched from in the present mode as a whole.
 */
function emitCodePage(module: ModuleBuilder, parcel: FunctionRef): void {
  module.function({ params: ['f64'], results: ['i32'], exportAs: 'codePage' }, (body) => {
    const va = body.local('i64');
    const at = body.local('i32');
    body.get(0).op('i64.trunc_f64_s').i64(-PAGE_BYTES).op('i64.and').set(va);
    walking(body, CLEAR_BITS.refuse, () => body.get(va).call(parcel).set(at));
    failed(body);
    getScratch(body, 'CACHEABLE').op('i32.eqz', 'i32.or');
    body.if(() => {
      setScratch(body, 'FAULT', () => body.i32(0));
      body.i32(0).op('return');
    });
    body.get(at);
  });
}
