/**
 * Instruction fetches when the interpreter's present page does not have the instruction. Generated as WebAssembly.
 */
import { getScratch, setScratch, setWide } from './hart-words.ts';
import { PAGE_BYTES, TLB_KIND } from './layout.ts';
import { ACCESS, accessFaults, failed, fault, isObserved, isRam } from './page-walk.ts';
import { entryOf, offsetInPage, offsetOfPhysical } from './tlb.ts';
import type { FunctionRef, ModuleBuilder } from './wasm/module.ts';

/** The last two bytes of a page: an instruction there may reach into the next. */
const LAST_PARCEL = PAGE_BYTES - 2;

/**
 * (va) → the instruction's bits: 16 when it is compressed, else 32. Updates what is fetched from directly. The VMM may
 * end the run before the instruction, when its page is observed: then the `STOP` word is set, and nothing has changed.
 */
export function emitFetch(module: ModuleBuilder, parcel: FunctionRef, observed: FunctionRef): FunctionRef {
  return module.function({ params: ['i64'], results: ['i32'] }, (body) => {
    const va = 0;
    const at = body.local('i32');
    const low = body.local('i32');
    setWide(body, 'FETCH_BYTES', () => body.i64(0));
    isObserved(body, va, () => body.i32(ACCESS.fetch));
    body.if(() => {
      body.get(va).i32(2).i32(ACCESS.fetch).call(observed);
      getScratch(body, 'STOP');
      body.if(() => body.i32(0).op('return'));
    });
    body.get(va).call(parcel).set(at);
    failed(body);
    body.if(() => body.i32(0).op('return'));
    getScratch(body, 'CACHEABLE');
    offsetInPage(body, va).i32(LAST_PARCEL).op('i32.ne', 'i32.and');
    body.if(() => {
      setWide(body, 'FETCH_START', () => body.get(va).i64(-PAGE_BYTES).op('i64.and'));
      setWide(body, 'FETCH_BYTES', () => body.i64(LAST_PARCEL));
      setScratch(body, 'FETCH_AT', () => {
        body.get(at);
        offsetInPage(body, va).op('i32.sub');
      });
      body.get(at).access('i32.load', 0).op('return');
    });
    body.get(at).access('i32.load16_u', 0).tee(low).i32(3).op('i32.and').i32(3).op('i32.ne');
    body.if(() => body.get(low).op('return'));
    body.get(va).i64(2).op('i64.add').call(parcel).set(at);
    failed(body);
    body.if(() => body.i32(0).op('return'));
    body.get(at).access('i32.load16_u', 0).i32(16).op('i32.shl').get(low).op('i32.or');
  });
}

/** (va) → the offset in this memory of the 16 bits there; a fault when that is no executable RAM. */
export function emitFetchParcel(module: ModuleBuilder, translate: FunctionRef): FunctionRef {
  return module.function({ params: ['i64'], results: ['i32'] }, (body) => {
    const va = 0;
    const entry = body.local('i32');
    const physical = body.local('i64');
    const access = body.local('i32');
    getScratch(body, 'FETCH_TLB').i32(TLB_KIND.fetch).op('i32.add');
    entryOf(body, va);
    body.op('i32.add').tee(entry).access('i64.load', 0);
    body.get(va).i64(12).op('i64.shr_u', 'i64.eq');
    body.if(() => {
      setScratch(body, 'CACHEABLE', () => body.i32(1));
      body.get(va).op('i32.wrap_i64').get(entry).access('i32.load', 8).op('i32.add', 'return');
    });
    body.get(va).i32(2).i32(ACCESS.fetch).tee(access).call(translate).set(physical);
    failed(body).op('i32.eqz');
    isRam(body, physical).op('i32.eqz', 'i32.and');
    body.if(() => fault(body, accessFaults, access, va));
    offsetOfPhysical(body, physical);
  });
}
