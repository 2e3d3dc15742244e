/**
 * Keeps translations of hot code: decides what is translated and when, finds what can be entered, and forgets what no longer holds.
 * Nothing of this is state of the machine: whether code was translated can't be seen by the guest.
 */
import { TRANSLATION } from '../interpreter.ts';
import {
  CODE_PART_BYTES,
  CODE_PARTS,
  ENTRIES,
  ENTRY_BYTES,
  ENTRY_COUNT,
  HEAT,
  HEAT_COUNT,
  KEY_BITS,
  PAGE,
  PAGE_BYTES,
  PAGE_FLAGS,
  RAM,
  SCRATCH_WORDS,
  TARGET_BYTES,
  TARGET_COUNT,
  TARGETS,
} from '../layout.ts';
import { importTranslationSupport, supportNames } from '../support.ts';
import { ModuleBuilder } from '../wasm/module.ts';
import { findRegion, type Profile, pageOf, type ReadParcel, type Region } from './region.ts';
import { emitTranslation } from './translation.ts';

export interface Heat {
  /** How often jumps go to an address before it is hot, and how often more before it can't wait for others to share a module. */
  hot: number;
  patience: number;
  /** A page of which translations were dropped so often is left to the interpreter. */
  drops: number;
}

/** At once: for tests. */
export const EAGER: Heat = { hot: 0, patience: 0, drops: 300 };
const usual: Heat = { hot: 16_000, patience: 4000, drops: Number.POSITIVE_INFINITY };

/**
 * Each time that translations of a page are dropped as its code changes, what is there next has to be hot for twice as long, up to so
 * many times: what changes all the time does not earn its translation back, and V8 keeps something of every module.
 */
const MAX_DOUBLINGS = 8;

/** Where jumps went by this factor less often than where it is hot, it is warm. */
const WARM = 16;
/** So many hot addresses are translated in one module at most. */
const MAX_BATCH = 24;
/** With more modules everything is dropped: what is still hot will be translated again. */
const MAX_MODULES = 500;
/** Virtual addresses have 39 bits, sign-extended; those without translation are in the first 2 GiB above where RAM starts. */
const MAX_VA = 2 ** 40;
/** A count that never becomes hot. */
const NEVER = -(2 ** 31);

/** What the generated interpreter offers. */
interface Generated {
  /** Where the page of code at a virtual address lies in the shared memory, 0 when it can't be fetched from. */
  codePage(va: number): number;
  flushStores(): void;
}

interface Translation {
  slot: number;
  entries: readonly number[];
  /** The virtual pages, and where they lie in memory. */
  pages: ReadonlyMap<number, number>;
  /** Where it looks up data. */
  dataTlb: number;
}

/** A region, and where its virtual pages lie in memory. */
interface Found {
  region: Region;
  pages: ReadonlyMap<number, number>;
}

export class Translator implements Profile {
  private view!: DataView;
  private heat!: Int32Array;
  private flags!: Uint8Array;
  private readonly byPc = new Map<number, Set<Translation>>();
  private readonly byPage = new Map<number, Set<Translation>>();
  private readonly drops = new Map<number, number>();
  /** By page: the addresses of which more was asked since the page's translations were dropped last. */
  private readonly trials = new Map<number, Set<number>>();
  private readonly waiting = new Set<number>();
  private readonly freeSlots: number[] = [];
  private modules = 0;
  /** The highest bits of the keys that entries have. */
  private era = 0;

  constructor(
    private readonly memory: WebAssembly.Memory,
    private readonly table: WebAssembly.Table,
    private readonly generated: Generated,
    private readonly options: Heat = usual,
  ) {
    this.layOut();
  }

  /** The memory has grown. */
  layOut(): void {
    const { buffer } = this.memory;
    this.view = new DataView(buffer);
    this.heat = new Int32Array(buffer, HEAT, HEAT_COUNT);
    this.flags = new Uint8Array(buffer, PAGE_FLAGS, CODE_PARTS - PAGE_FLAGS);
    this.view.setInt32(SCRATCH_WORDS.HOT, this.options.hot, true);
  }

  /** Jumps have gone to `pc` often, and there is no translation that can be entered. */
  landed(pc: number): void {
    const { hot, patience } = this.options;
    if (this.enter(pc) || this.putOnTrial(pc)) return;
    if (this.waiting.has(pc) || patience === 0) this.waiting.add(pc);
    else {
      this.waiting.add(pc);
      this.setHeat(pc, hot - patience);
      if (this.waiting.size < MAX_BATCH) return;
    }
    this.translateWaiting();
  }

  /** Whether an address has to be hot for longer, as the code of its page has changed since it was asked that last. */
  private putOnTrial(pc: number): boolean {
    const page = pageNumber(this.pageAt(pageOf(pc)));
    const drops = this.drops.get(page);
    if (drops === undefined || this.trials.get(page)?.has(pc)) return false;
    addTo(this.trials, page, pc);
    const { hot } = this.options;
    this.setHeat(pc, 2 * hot - hot * 2 ** Math.min(drops, MAX_DOUBLINGS));
    return true;
  }

  /** Makes the translation for `pc` one that can be entered, if there is one and its pages are where they were. */
  private enter(pc: number): boolean {
    for (const translation of this.byPc.get(pc) ?? []) {
      if (translation.dataTlb !== this.dataTlb || !this.isMapped(translation)) continue;
      const key = this.view.getInt32(SCRATCH_WORDS.KEY, true);
      // Looking at the pages may have made what was known before invalid.
      if ((key ^ (this.generation << KEY_BITS)) >>> KEY_BITS !== 0) return true;
      this.forgetOldKeys(key);
      translation.entries.forEach((entry, index) => {
        const at = entryOffset(entry);
        this.view.setBigInt64(at, BigInt(entry), true);
        this.view.setInt32(at + 8, key, true);
        this.view.setUint16(at + 12, index, true);
        this.view.setUint16(at + 14, translation.slot, true);
        // When something else takes the entry's place, it is asked for again at once.
        this.setHeat(entry, this.options.hot - 1);
      });
      return true;
    }
    return false;
  }

  /** Generations come round again: entries of old ones must be gone by then. */
  private forgetOldKeys(key: number): void {
    const era = key >>> 30;
    if (era === this.era) return;
    this.era = era;
    new Uint8Array(this.memory.buffer, ENTRIES, ENTRY_COUNT * ENTRY_BYTES).fill(0xff);
  }

  private get generation(): number {
    return this.view.getInt32(SCRATCH_WORDS.GENERATION, true);
  }

  private get dataTlb(): number {
    return this.view.getInt32(SCRATCH_WORDS.DATA_TLB, true);
  }

  /** Where the page at a virtual address lies in memory; 0 when it can't be fetched from. */
  private pageAt(va: number): number {
    // Further out there is no memory, and numbers aren't exact.
    return Math.abs(va) < MAX_VA ? this.generated.codePage(va) : 0;
  }

  private isMapped({ pages }: Translation): boolean {
    for (const [va, at] of pages) if (this.pageAt(va) !== at) return false;
    return true;
  }

  private setHeat(pc: number, count: number): void {
    this.heat[(pc / 2) & (HEAT_COUNT - 1)] = count;
  }

  private translateWaiting(): void {
    const waiting = [...this.waiting];
    this.waiting.clear();
    if (this.modules >= MAX_MODULES) this.flush();
    const covered = new Set<number>();
    const found: Found[] = [];
    for (const pc of waiting) {
      if (covered.has(pc)) continue;
      const one = this.find(pc);
      if (!one) continue;
      for (const entry of one.region.entries) covered.add(entry);
      found.push(one);
    }
    if (found.length === 0) return;
    this.translate(found);
    this.enter(waiting.at(-1)!);
  }

  /** Makes one module of several regions. */
  private translate(found: readonly Found[]): void {
    const { dataTlb } = this;
    const module = new ModuleBuilder();
    const support = importTranslationSupport(module);
    const made = found.map(({ region, pages }) => {
      const slot = this.takeSlot();
      module.function({ ...TRANSLATION, exportAs: String(slot) }, (body) =>
        emitTranslation(body, support, region, { slot, dataTlb }),
      );
      this.noteCode(region, pages);
      return { slot, dataTlb, entries: region.entries, pages };
    });
    this.generated.flushStores();
    const compiled = new WebAssembly.Module(module.finish());
    const env = { ...this.supportFunctions(), memory: this.memory };
    const { exports } = new WebAssembly.Instance(compiled, { env });
    this.modules++;
    for (const translation of made) {
      this.table.set(translation.slot, exports[String(translation.slot)]);
      for (const pc of translation.entries) addTo(this.byPc, pc, translation);
      for (const at of new Set(translation.pages.values())) addTo(this.byPage, pageNumber(at), translation);
    }
  }

  isWarm(pc: number): boolean {
    return this.heat[(pc / 2) & (HEAT_COUNT - 1)]! * WARM >= this.options.hot;
  }

  lastTargets(pc: number): readonly number[] {
    const at = TARGETS + ((pc / 2) & (TARGET_COUNT - 1)) * TARGET_BYTES;
    const [jump, last, before] = [0, 8, 16].map((offset) => Number(this.view.getBigInt64(at + offset, true)));
    return jump === pc ? [...new Set([last!, before!])] : [];
  }

  /** The region at `pc`. What can't be translated won't be asked for again. */
  private find(pc: number): Found | undefined {
    const places = new Map<number, number>();
    const read: ReadParcel = (at) => {
      const va = pageOf(at);
      let page = places.get(va);
      if (page === undefined) {
        page = this.pageAt(va);
        places.set(va, page);
      }
      if (page === 0 || (this.drops.get(pageNumber(page)) ?? 0) > this.options.drops) return undefined;
      return this.view.getUint16(page + (at - va), true);
    };
    const region = findRegion(read, pc, this);
    if (!region) {
      this.setHeat(pc, places.get(pageOf(pc)) === 0 ? 0 : NEVER);
      return undefined;
    }
    this.setHeat(pc, this.options.hot - 1);
    return { region, pages: new Map(region.pages.map((va) => [va, places.get(va)!])) };
  }

  /** Notes where a region's instructions lie, so that a store to one of them is noticed. */
  private noteCode({ blocks }: Region, pages: ReadonlyMap<number, number>): void {
    for (const { instructions } of blocks)
      for (const { pc, sizeBytes } of instructions)
        for (const byte of [pc, pc + sizeBytes - 1]) {
          const va = pageOf(byte);
          const page = pageNumber(pages.get(va)!);
          this.flags[page] = (this.flags[page]! | PAGE.CODE) & ~PAGE.SILENT;
          const part = Math.floor((byte - va) / CODE_PART_BYTES);
          const at = CODE_PARTS + page * 2;
          this.view.setUint16(at, this.view.getUint16(at, true) | (1 << part), true);
        }
  }

  /** What translations call, by name, from the first places of the table. */
  private supportFunctions(): Record<string, unknown> {
    return Object.fromEntries(supportNames.map((name, place) => [name, this.table.get(place)]));
  }

  private takeSlot(): number {
    const free = this.freeSlots.pop();
    if (free !== undefined) return free;
    return this.table.grow(1);
  }

  /** Forgets what was translated from a page of RAM. */
  dropPage(page: number): void {
    for (const translation of [...(this.byPage.get(page) ?? [])]) this.drop(translation);
    this.drops.set(page, (this.drops.get(page) ?? 0) + 1);
    this.trials.delete(page);
    this.forgetCode(page);
  }

  private forgetCode(page: number): void {
    this.byPage.delete(page);
    this.flags[page]! &= ~PAGE.CODE;
    this.view.setUint16(CODE_PARTS + page * 2, 0, true);
  }

  private drop(translation: Translation): void {
    const { slot, entries, pages } = translation;
    for (const pc of entries) {
      removeFrom(this.byPc, pc, translation);
      const at = entryOffset(pc);
      if (this.view.getUint16(at + 14, true) === slot) this.view.setBigInt64(at, -1n, true);
      this.setHeat(pc, 0);
    }
    for (const at of pages.values()) removeFrom(this.byPage, pageNumber(at), translation);
    this.table.set(slot, null);
    this.freeSlots.push(slot);
  }

  /** Forgets everything. */
  flush(): void {
    for (const page of [...this.byPage.keys()]) {
      for (const translation of [...(this.byPage.get(page) ?? [])]) this.drop(translation);
      this.forgetCode(page);
    }
    this.heat.fill(0);
    this.trials.clear();
    this.modules = 0;
  }
}

/** Where the entry for an address lies. */
const entryOffset = (pc: number): number => ENTRIES + ((pc / 2) & (ENTRY_COUNT - 1)) * ENTRY_BYTES;

/** The number of the page of RAM that lies at an offset in memory. */
const pageNumber = (at: number): number => (at - RAM) / PAGE_BYTES;

function addTo<Key, Value>(sets: Map<Key, Set<Value>>, key: Key, value: Value): void {
  const set = sets.get(key);
  if (set) set.add(value);
  else sets.set(key, new Set([value]));
}

function removeFrom<Key, Value>(sets: Map<Key, Set<Value>>, key: Key, value: Value): void {
  const set = sets.get(key);
  set?.delete(value);
  if (set?.size === 0) sets.delete(key);
}
