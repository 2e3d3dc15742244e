/**
 * The TLB of the generated code. It always agrees with the page tables in memory: the pages that a walk has read are
 * marked, and a store to one of them drops the entries that depend on it. So the guest's behaviour does not depend on
 * what is cached, SFENCE.VMA has no effect, and a copy of the machine that starts with an empty TLB stays in lockstep.
 */
import { getScratch, setScratch } from './hart-words.ts';
import {
  MAX_TABLES,
  PAGE,
  PAGE_BYTES,
  PAGE_FLAGS,
  RAM,
  RAM_BASE,
  TABLES,
  TLB,
  TLB_BYTES,
  TLB_CONTEXT_BYTES,
  TLB_CONTEXTS,
  TLB_ENTRIES,
  TLB_ENTRY_BYTES,
  TLB_KIND,
} from './layout.ts';
import type { Body, FunctionRef, ModuleBuilder } from './wasm/module.ts';

/** The generated functions that maintain the TLB. */
export interface TlbFunctions {
  /** Discards every entry. */
  flush: FunctionRef;
  /** Discards the entries for stores, so that the next store to each page takes the slow path. */
  flushStores: FunctionRef;
  /** (page, flags): the TLB is about to depend on this page of RAM as a page table. */
  mark: FunctionRef;
  /** (page, offset, sizeBytes): bytes of a marked page have changed. */
  tableChanged: FunctionRef;
  /** (entries, va, offset in memory): an entry for a page, among the entries for one kind of access in one context. */
  install: FunctionRef;
}

/** The page flags of page tables of any level. */
export const ANY_TABLE = PAGE.LEAF_TABLE | PAGE.UPPER_TABLE;
const TABLE_FLAGS = ANY_TABLE | PAGE.FETCH_TABLE;
/** No virtual page has this number. */
const NO_PAGE = -1;

/** Emits the functions that maintain the TLB. */
export function emitTlb(module: ModuleBuilder): TlbFunctions {
  const flush = emitFlush(module);
  const flushStores = emitFlushStores(module);
  return {
    flush,
    flushStores,
    mark: emitMark(module, flushStores),
    tableChanged: emitTableChanged(module),
    install: emitInstall(module),
  };
}

/** Pushes the offset of the entry for the virtual address in a local, among the entries that start at 0. */
export function entryOf(body: Body, va: number): void {
  body.get(va);
  placeInTlb(body);
}

/** Makes an entry's offset of the virtual address on the stack. */
function placeInTlb(body: Body): void {
  // The page's number modulo the count of entries, times the size of an entry.
  body
    .i64(Math.log2(4096 / TLB_ENTRY_BYTES))
    .op('i64.shr_u', 'i32.wrap_i64')
    .i32((TLB_ENTRIES - 1) * TLB_ENTRY_BYTES)
    .op('i32.and');
}

/** A look-up for data: the locals of a virtual address and of its entry's offset. */
export interface LookUp {
  readonly address: number;
  readonly entry: number;
  /** The offset of the present context's entries: a constant, or in a local. */
  readonly context: { offset: number } | { local: number };
}

/**
 * Moves the address on the stack to `address`, and pushes whether the TLB has an entry for an access of this kind: then
 * `entry` is its offset. An access that crosses into the next page has none.
 */
export function emitLookUp(
  body: Body,
  { address, entry, context }: LookUp,
  kind: number,
  sizeBytes: number,
): void {
  body.tee(address);
  placeInTlb(body);
  if ('local' in context) body.get(context.local).op('i32.add');
  body.tee(entry).access('i64.load', kind + ('offset' in context ? context.offset : 0));
  body.get(address);
  if (sizeBytes > 1) body.i64(sizeBytes - 1).op('i64.add');
  body.i64(12).op('i64.shr_u', 'i64.eq');
}

/** Pushes the offset of the access in this memory, after a successful look-up. */
export function found(body: Body, { address, entry, context }: LookUp, kind: number): void {
  body
    .get(entry)
    .access('i32.load', kind + 8 + ('offset' in context ? context.offset : 0))
    .get(address)
    .op('i32.wrap_i64', 'i32.add');
}

function emitFlush(module: ModuleBuilder): FunctionRef {
  return module.function({ params: [], results: [], exportAs: 'flush' }, (body) => {
    const left = body.local('i32');
    const page = body.local('i32');
    forgetTranslations(body);
    // No entry depends on the page tables any more.
    getScratch(body, 'TABLE_COUNT').tee(left);
    body.if(() => {
      body.loop((again) => {
        body
          .get(left)
          .i32(1)
          .op('i32.sub')
          .tee(left)
          .i32(4)
          .op('i32.mul')
          .access('i32.load', TABLES)
          .tee(page);
        body
          .get(page)
          .access('i32.load8_u', PAGE_FLAGS)
          .i32(0xff & ~TABLE_FLAGS)
          .op('i32.and');
        body.access('i32.store8', PAGE_FLAGS);
        body.get(left).brIf(again);
      });
      setScratch(body, 'TABLE_COUNT', () => body.i32(0));
    });
    newGeneration(body);
  });
}

const forgetTranslations = (body: Body): Body => body.i32(TLB).i32(NO_PAGE).i32(TLB_BYTES).fill();

/** Invalidates the mapping that instructions were fetched through. */
function newGeneration(body: Body): void {
  setScratch(body, 'GENERATION', () => getScratch(body, 'GENERATION').i32(1).op('i32.add'));
  setScratch(body, 'ATTENTION', () => body.i32(1));
}

function emitFlushStores(module: ModuleBuilder): FunctionRef {
  return module.function({ params: [], results: [], exportAs: 'flushStores' }, (body) => {
    for (let context = 0; context < TLB_CONTEXTS; context++)
      body
        .i32(TLB + context * TLB_CONTEXT_BYTES + TLB_KIND.store)
        .i32(NO_PAGE)
        .i32(TLB_ENTRIES * TLB_ENTRY_BYTES)
        .fill();
  });
}

function emitMark(module: ModuleBuilder, flushStores: FunctionRef): FunctionRef {
  return module.function({ params: ['i32', 'i32'], results: [] }, (body) => {
    const flags = body.local('i32');
    body.get(0).access('i32.load8_u', PAGE_FLAGS).tee(flags).get(1).op('i32.and').get(1).op('i32.eq');
    body.if(() => body.op('return'));
    body.get(flags).i32(ANY_TABLE).op('i32.and', 'i32.eqz');
    body.if(() => {
      getScratch(body, 'TABLE_COUNT').i32(4).op('i32.mul').get(0).access('i32.store', TABLES);
      setScratch(body, 'TABLE_COUNT', () => getScratch(body, 'TABLE_COUNT').i32(1).op('i32.add'));
    });
    body
      .get(0)
      .get(flags)
      .get(1)
      .op('i32.or')
      .i32(0xff & ~PAGE.SILENT)
      .op('i32.and');
    body.access('i32.store8', PAGE_FLAGS);
    body.get(flags).i32(PAGE.SILENT).op('i32.and');
    body.if(() => body.call(flushStores));
  });
}

/** Makes room for the three levels of one more walk; emitted where a walk begins, before it marks pages. */
export function makeRoomForMarks(body: Body, flush: FunctionRef): void {
  getScratch(body, 'TABLE_COUNT')
    .i32(MAX_TABLES - 3)
    .op('i32.gt_u');
  body.if(() => body.call(flush));
}

/**
 * A PTE of the last level affects the same TLB entry in every context, because the entry's number is the lower part of
 * the table index; a higher-level PTE may affect any entry.
 */
function emitTableChanged(module: ModuleBuilder): FunctionRef {
  return module.function({ params: ['i32', 'i32', 'i32'], results: [] }, (body) => {
    const is = (flag: number) => body.get(0).access('i32.load8_u', PAGE_FLAGS).i32(flag).op('i32.and');
    is(PAGE.UPPER_TABLE);
    body.if(
      () => forgetTranslations(body),
      () => {
        dropEntries(body, () => body.get(1));
        dropEntries(body, () => body.get(1).get(2).op('i32.add').i32(1).op('i32.sub'));
      },
    );
    is(PAGE.FETCH_TABLE);
    body.if(
      () => newGeneration(body),
      () => setScratch(body, 'ATTENTION', () => body.i32(1)),
    );
  });
}

/** Drops what depends on the PTE that holds the byte at an offset in its page. */
function dropEntries(body: Body, offset: () => void): void {
  const entry = body.local('i32');
  offset();
  body
    .i32(3)
    .op('i32.shr_u')
    .i32(TLB_ENTRIES - 1)
    .op('i32.and')
    .i32(TLB_ENTRY_BYTES)
    .op('i32.mul')
    .set(entry);
  for (let context = 0; context < TLB_CONTEXTS; context++)
    for (const kind of Object.values(TLB_KIND))
      body
        .get(entry)
        .i64(NO_PAGE)
        .access('i64.store', TLB + context * TLB_CONTEXT_BYTES + kind);
}

function emitInstall(module: ModuleBuilder): FunctionRef {
  return module.function({ params: ['i32', 'i64', 'i32'], results: [] }, (body) => {
    const entry = body.local('i32');
    body.get(0);
    entryOf(body, 1);
    body.op('i32.add').tee(entry).get(1).i64(12).op('i64.shr_u').access('i64.store', 0);
    body.get(entry).get(2).get(1).op('i32.wrap_i64', 'i32.sub').access('i32.store', 8);
  });
}

/** Pushes the offset in this memory of the physical address of RAM in a local. */
export const offsetOfPhysical = (body: Body, physical: number): Body =>
  body
    .get(physical)
    .op('i32.wrap_i64')
    .i32((RAM - RAM_BASE) | 0)
    .op('i32.add');

/** Converts the offset of a byte of RAM in this memory, on the stack, into its physical address. */
export const physicalOfOffset = (body: Body): Body =>
  body.i32((RAM - RAM_BASE) | 0).op('i32.sub', 'i64.extend_i32_u');

/** Pushes the number of the page of RAM that holds the physical address in a local. */
export const pageOf = (body: Body, physical: number): Body =>
  body.get(physical).i64(RAM_BASE).op('i64.sub').i64(12).op('i64.shr_u', 'i32.wrap_i64');

/** Pushes the offset in its page of the address in a local, 32 bits. */
export const offsetInPage = (body: Body, va: number): Body =>
  body
    .get(va)
    .op('i32.wrap_i64')
    .i32(PAGE_BYTES - 1)
    .op('i32.and');
