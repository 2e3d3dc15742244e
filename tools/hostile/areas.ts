/** Invariants of the memory shared by interpreter and VMM, before and after RAM, that hold whatever a guest does. */

import type { AnyHart } from '../../src/cpu/checked-hart.ts';
import { MSTATUS, PMP, PMP_ENTRIES, PRIVILEGE } from '../../src/cpu/csrs.ts';
import {
  CSR_INDEX,
  EXPANSIONS,
  type HartWord,
  hartWords,
  MAX_TABLES,
  PAGE,
  PAGE_BYTES,
  PAGE_FLAGS,
  PAGE_HASHES,
  RAM,
  RAM_BASE,
  RECORD_COUNT,
  SCRATCH,
  SCRATCH_BYTES,
  SCRATCH_WORDS,
  TABLES,
  TLB,
  TLB_CONTEXT_BYTES,
  TLB_CONTEXTS,
  TLB_ENTRIES,
  TLB_ENTRY_BYTES,
  TLB_KIND,
} from '../../src/cpu/layout.ts';
import { expand } from '../../src/cpu/table/compressed.ts';
import { type Kind, MmuModel } from '../testing/mmu-model.ts';
import { wrongRecord } from '../testing/records.ts';

/** The last of the scratch words, with its 64 bits. */
const SCRATCH_WORDS_END = Math.max(...Object.values(SCRATCH_WORDS)) + 8;
const CANARY = 0xa5;
/** States are hashed in the first part of the scratch area; nothing else is put there. */
const HASHED_BYTES = SCRATCH_BYTES / 2;

const zeros = Buffer.alloc(PAGE_HASHES - SCRATCH);
const canaries = Buffer.alloc(SCRATCH_BYTES - HASHED_BYTES, CANARY);

/** The expansion of each parcel, computed on first use. */
let expansions: Uint32Array | undefined;
const allExpansions = (): Uint32Array =>
  (expansions ??= Uint32Array.from({ length: 1 << 16 }, (_, parcel) =>
    (parcel & 3) === 3 ? 0 : expand(parcel),
  ));

/** The contexts of the TLB in their order: the mode, and whether it is with SUM. */
const contexts = [
  { privilege: PRIVILEGE.M, sum: false },
  { privilege: PRIVILEGE.S, sum: false },
  { privilege: PRIVILEGE.S, sum: true },
  { privilege: PRIVILEGE.U, sum: false },
] as const;
if (contexts.length !== TLB_CONTEXTS) throw new Error('the TLB has other contexts');

/** Copies the hart's CSRs to a model. */
export function informModel(model: MmuModel, hart: AnyHart): void {
  model.mstatus = hart.get('mstatus');
  model.satp = hart.get('satp');
  const settings = [hart.get('pmpcfg0'), hart.get('pmpcfg2')];
  for (let entry = 0; entry < PMP_ENTRIES; entry++)
    model.pmp[entry] = {
      settings: Number((settings[entry >> 3]! >> BigInt(8 * (entry & 7))) & 0xffn),
      address: hart.get(`pmpaddr${entry}` as HartWord),
    };
}

export const modelOf = ({ ram }: AnyHart): MmuModel =>
  new MmuModel(new DataView(ram.buffer, ram.byteOffset, ram.byteLength));

const permissions: Record<Kind, number> = { load: PMP.R, store: PMP.W, fetch: PMP.X };

/** The areas of one machine. */
export class Areas {
  private readonly csrIndex: Buffer;
  private bytes!: Buffer;
  private words!: Int32Array;
  private model!: MmuModel;
  private ram: Uint8Array | undefined;

  constructor(private readonly hart: AnyHart) {
    this.refresh();
    this.csrIndex = Buffer.from(this.part(CSR_INDEX, TLB));
    this.part(SCRATCH + HASHED_BYTES, SCRATCH + SCRATCH_BYTES).fill(CANARY);
  }

  /** Added memory is a new object. */
  private refresh(): void {
    const { ram } = this.hart;
    if (this.ram === ram) return;
    this.ram = ram;
    this.bytes = Buffer.from(ram.buffer);
    this.words = new Int32Array(ram.buffer, 0, RAM >> 2);
    this.model = modelOf(this.hart);
  }

  private part(start: number, end: number): Buffer {
    return this.bytes.subarray(start, end);
  }

  private isZero(start: number, end: number): boolean {
    for (let at = start; at < end; at += zeros.length) {
      const part = this.part(at, Math.min(end, at + zeros.length));
      if (part.compare(zeros, 0, part.length) !== 0) return false;
    }
    return true;
  }

  /** Violations in the small areas. Takes some microseconds. */
  wrong(): string | undefined {
    this.refresh();
    const pages = this.hart.ramSizeBytes / PAGE_BYTES;
    if (!this.isZero(8 * hartWords.length, SCRATCH_WORDS.STOP)) return 'nonzero bytes after the registers';
    if (!this.isZero(SCRATCH_WORDS_END, CSR_INDEX)) return 'nonzero bytes after the scratch words';
    if (this.part(CSR_INDEX, TLB).compare(this.csrIndex) !== 0) return 'the index of the CSRs has changed';
    if (!this.isZero(TABLES + 4 * MAX_TABLES, SCRATCH)) return 'nonzero bytes after the list of page tables';
    if (!this.isZero(RAM + this.hart.ramSizeBytes, this.bytes.length)) return 'nonzero bytes after RAM';
    return this.wrongFlags(pages) ?? this.wrongTables(pages) ?? this.wrongTlb(pages);
  }

  /** Violations in the large areas. Takes some milliseconds. */
  wrongAtLarge(): string | undefined {
    this.refresh();
    const pages = this.hart.ramSizeBytes / PAGE_BYTES;
    if (this.part(SCRATCH + HASHED_BYTES, SCRATCH + SCRATCH_BYTES).compare(canaries) !== 0)
      return 'nonzero bytes in the scratch area';
    if (!this.isZero(PAGE_FLAGS + pages, PAGE_HASHES)) return 'flags of pages beyond RAM';
    if (!this.isZero(PAGE_HASHES + 8 * pages, EXPANSIONS)) return 'hashes of pages beyond RAM';
    const known = allExpansions();
    for (let parcel = 0; parcel < known.length; parcel++) {
      const found = this.words[(EXPANSIONS >> 2) + parcel]! >>> 0;
      if (found !== 0 && found !== known[parcel])
        return `the parcel 0x${parcel.toString(16)} has a wrong expansion`;
    }
    return this.wrongRecords();
  }

  /** Records of instructions that contradict their bits. */
  private wrongRecords(): string | undefined {
    const memory = new DataView(this.bytes.buffer);
    for (let number = 0; number < RECORD_COUNT; number++) {
      const wrong = wrongRecord(memory, number);
      if (wrong !== undefined) return wrong;
    }
    return undefined;
  }

  private wrongFlags(pages: number): string | undefined {
    const any = Object.values(PAGE).reduce((all, bit) => all | bit, 0);
    const reported = PAGE.LEAF_TABLE | PAGE.UPPER_TABLE | PAGE.WATCHED;
    for (let page = 0; page < pages; page++) {
      const flags = this.bytes[PAGE_FLAGS + page]!;
      if ((flags & ~any) !== 0) return `page ${page} has the flags ${flags}`;
      if ((flags & PAGE.SILENT) !== 0 && ((flags & reported) !== 0 || (flags & PAGE.DIRTY) === 0))
        return `stores to page ${page} are not detected, with flags ${flags}`;
    }
    return undefined;
  }

  private wrongTables(pages: number): string | undefined {
    const count = this.words[SCRATCH_WORDS.TABLE_COUNT >> 2]!;
    if (count < 0 || count > MAX_TABLES) return `${count} page tables`;
    for (let index = 0; index < count; index++) {
      const page = this.words[(TABLES >> 2) + index]! >>> 0;
      if (page >= pages) return `page ${page} is a page table`;
    }
    return undefined;
  }

  /** Each entry of the TLB must equal the result of a page walk now, for every byte of its page. */
  private wrongTlb(pages: number): string | undefined {
    informModel(this.model, this.hart);
    const { mstatus } = this.model;
    for (const [context, { privilege, sum }] of contexts.entries()) {
      this.model.mstatus = sum ? mstatus | MSTATUS.SUM : mstatus & ~MSTATUS.SUM;
      for (const kind of ['load', 'store', 'fetch'] as const) {
        const first = TLB + context * TLB_CONTEXT_BYTES + TLB_KIND[kind];
        for (let entry = 0; entry < TLB_ENTRIES; entry++) {
          const at = (first + entry * TLB_ENTRY_BYTES) >> 2;
          const [low, high] = [this.words[at]!, this.words[at + 1]!];
          if (low === -1 && high === -1) continue;
          const found = this.wrongEntry(kind, privilege, [low, high, this.words[at + 2]!], pages);
          if (found !== undefined) return `the TLB of context ${context} has for a ${kind}: ${found}`;
        }
      }
    }
    return undefined;
  }

  private wrongEntry(
    kind: Kind,
    privilege: number,
    [low, high, addend]: readonly [number, number, number],
    pages: number,
  ): string | undefined {
    const va = BigInt.asUintN(64, ((BigInt(high >>> 0) << 32n) | BigInt(low >>> 0)) << 12n);
    // Addresses in the shared memory are counted modulo 2^32.
    const at = (addend + (low << 12)) >>> 0;
    const page = (at - RAM) / PAGE_BYTES;
    const name = `0x${va.toString(16)} in page ${page}`;
    if (!Number.isInteger(page) || page < 0 || page >= pages) return `${name}, which does not exist`;
    const physical = BigInt(RAM_BASE + page * PAGE_BYTES);
    const right = this.model.translate(va, kind, privilege);
    if (this.model.updates.length > 0) {
      this.model.undo();
      return `${name}, but A or D is clear`;
    }
    if (right !== physical) return `${name}, but the tables say ${right.toString(16)}`;
    if (!this.model.permits(physical, BigInt(PAGE_BYTES), permissions[kind], privilege))
      return `${name}, against PMP`;
    if (kind === 'store' && (this.bytes[PAGE_FLAGS + page]! & PAGE.SILENT) === 0)
      return `${name}, which is not silent`;
    return undefined;
  }
}
