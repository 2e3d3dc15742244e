/**
 * Manages the translations of hot code: decides what is translated and when, finds enterable translations, and drops
 * invalid ones. None of this is state of the machine: the guest can't observe whether code is translated.
 */
import { sameBytes } from '../../base/bytes.ts';
import { TRANSLATION } from '../interpreter.ts';
import {
  CODE_PART_BYTES,
  CODE_PARTS,
  ENTRIES,
  ENTRY_BYTES,
  ENTRY_COUNT,
  type HartWord,
  HEAT,
  HEAT_COUNT,
  KEY_BITS,
  offsetOf,
  PAGE,
  PAGE_BYTES,
  PAGE_FLAGS,
  RAM,
  SCRATCH_WORDS,
  TARGET_BYTES,
  TARGET_COUNT,
  TARGETS,
  TLB,
} from '../layout.ts';
import { supportNames, translationModule } from '../support.ts';

import type { DataMode } from './data-access.ts';
import { type Extent, findRegion, type Profile, pageOf, type ReadParcel, type Region } from './region.ts';
import { emitTranslation } from './translation.ts';

/** The thresholds for translation. */
export interface Heat {
  /**
   * The jumps to an address until it is hot, and the further ones until it no longer waits for others to share a
   * module.
   */
  hot: number;
  patience: number;
  /** A translation that the interpreter has entered this often at one address is replaced by a larger one. */
  entered: number;
  /** A page whose translations were dropped this often is left to the interpreter. */
  drops: number;
  /** Misses are counted over at least so many steps. */
  window: number;
}

/** Translates everything at once, without calls for accesses; for tests. */
export const EAGER: Heat = {
  hot: 0,
  patience: 0,
  entered: 16,
  drops: 300,
  window: Number.POSITIVE_INFINITY,
};
const usual: Heat = {
  ...{ hot: 64_000, patience: 4000, entered: 256_000 },
  drops: Number.POSITIVE_INFINITY,
  window: 1_000_000,
};

/** The extents of the first region at an address, and of a larger one. */
const SMALL_REGION: Extent = { instructions: 100, followsTables: false };
const LARGE_REGION: Extent = { instructions: 400, followsTables: true };
/** With more than one miss in so many steps, exits take longer than what calls cost. */
const STEPS_PER_MISS = 4000;
/** The code that a jump through a table goes to is within this distance of it, in bytes. */
const NEAR = 4096;

/**
 * Each time a page's translations are dropped because its code changes, the threshold for the page doubles, up to this
 * many times: translating code that keeps changing does not pay, and V8 never frees all of a module.
 */
const MAX_DOUBLINGS = 8;

/** An address is warm at this fraction of the jumps that make it hot. */
const WARM = 16;
/** The maximum number of hot addresses that are translated in one module. */
const MAX_BATCH = 24;
/** With more modules all translations are dropped: code that is still hot is translated again. */
const MAX_MODULES = 500;
/**
 * Virtual addresses have 39 bits, sign-extended; those without translation are in the first 2 GiB above where RAM
 * starts.
 */
const MAX_VA = 2 ** 40;
/** A count that never becomes hot. */
const NEVER = -(2 ** 31);

/** The exports of the generated interpreter. */
interface Generated {
  /** The offset in the shared memory of the page of code at a virtual address; 0 when it can't be fetched from. */
  codePage(va: number): number;
  flushStores(): void;
}

interface Translation {
  slot: number;
  /** Whether a larger region would not help. */
  isLarge: boolean;
  entries: readonly number[];
  /** The virtual pages, and their offsets in memory. */
  pages: ReadonlyMap<number, number>;
  data: DataMode;
}

/** A region, and the offsets of its virtual pages in memory. */
interface Found {
  region: Region;
  pages: ReadonlyMap<number, number>;
}

/** The translations of one hart. */
export class Translator implements Profile {
  private view!: DataView;
  private heat!: Int32Array;
  private flags!: Uint8Array;
  private readonly byPc = new Map<number, Set<Translation>>();
  private readonly byPage = new Map<number, Set<Translation>>();
  private readonly drops = new Map<number, number>();
  /** By page: the addresses with a raised threshold since the page's translations were last dropped. */
  private readonly trials = new Map<number, Set<number>>();
  private readonly waiting = new Set<number>();
  private readonly freeSlots: number[] = [];
  private modules = 0;
  /** What modules of translations import, once known. */
  private env: { memory: WebAssembly.Memory } | undefined;
  /** Whether accesses to some pages are reported to the VMM: set between two runs, with a new generation. */
  isObserved = false;
  /** Whether hot code is translated; otherwise only translations that exist are entered. */
  makesMore = true;
  /** See {@link DataMode}. */
  private calls = false;
  /** When misses were last counted. */
  private counted = { icount: 0, misses: 0 };
  /** The highest bits of the keys of entries. */
  private era = 0;

  constructor(
    private readonly memory: WebAssembly.Memory,
    private readonly table: WebAssembly.Table,
    private readonly generated: Generated,
    private readonly options: Heat = usual,
  ) {
    this.layOut();
  }

  /** To be called after the memory has grown. */
  layOut(): void {
    const { buffer } = this.memory;
    this.view = new DataView(buffer);
    this.heat = new Int32Array(buffer, HEAT, HEAT_COUNT);
    this.flags = new Uint8Array(buffer, PAGE_FLAGS, CODE_PARTS - PAGE_FLAGS);
    const { hot, entered } = this.options;
    this.view.setInt32(SCRATCH_WORDS.HOT, hot, true);
    this.view.setInt32(SCRATCH_WORDS.HOT_ENTERED, hot + entered, true);
  }

  /**
   * Jumps have gone to `pc` often: it is hot and has no translation that can be entered, or one that has been entered
   * often.
   */
  jumpedTo(pc: number): void {
    const { hot, patience, entered } = this.options;
    if (this.makesMore) this.countMisses();
    if (this.heat[heatIndex(pc)]! >= hot + entered) {
      this.setHeat(pc, hot);
      if (this.makesMore) this.enlarge(pc);
    }
    if (this.enter(pc) || !this.makesMore || this.putOnTrial(pc)) return;
    if (this.waiting.has(pc) || patience === 0) this.waiting.add(pc);
    else {
      this.waiting.add(pc);
      this.setHeat(pc, hot - patience);
      if (this.waiting.size < MAX_BATCH) return;
    }
    this.translateWaiting();
  }

  /**
   * Translations exit before accesses that are not found, so that V8, without calls, keeps more of the guest's registers in
   * the host's. When there turn out to be many, as of data beside code or in too many pages, others are made, which call.
   */
  private countMisses(): void {
    const icount = Number(this.view.getBigInt64(offsetOf('icount'), true));
    const steps = icount - this.counted.icount;
    if (this.calls || (steps >= 0 && steps < this.options.window)) return;
    const misses = this.view.getInt32(SCRATCH_WORDS.MISSES, true);
    // A machine that is restored may be further back.
    this.calls = steps > 0 && ((misses - this.counted.misses) | 0) * STEPS_PER_MISS > steps;
    this.counted = { icount, misses };
    if (this.calls) this.flush();
  }

  /** Makes a larger translation for `pc`, if the present one is limited by its size. */
  private enlarge(pc: number): void {
    const [latest] = this.latest(pc);
    if (!latest || latest.isLarge || this.modules >= MAX_MODULES) return;
    const found = this.find(pc, LARGE_REGION);
    if (found) this.translate([found], true);
  }

  /** The translations for `pc`, the latest first. */
  private latest(pc: number): Translation[] {
    return [...(this.byPc.get(pc) ?? [])].reverse();
  }

  /** Whether the threshold of an address is raised, because its page's code has changed since the last call. */
  private putOnTrial(pc: number): boolean {
    const page = pageNumber(this.pageAt(pageOf(pc)));
    const drops = this.drops.get(page);
    if (drops === undefined || this.trials.get(page)?.has(pc)) return false;
    addTo(this.trials, page, pc);
    const { hot } = this.options;
    this.setHeat(pc, 2 * hot - hot * 2 ** Math.min(drops, MAX_DOUBLINGS));
    return true;
  }

  /** Makes the translation for `pc` enterable, if there is one and its pages are mapped as before. */
  private enter(pc: number): boolean {
    const { data } = this;
    for (const translation of this.latest(pc)) {
      if (!isSameMode(translation.data, data) || !this.isMapped(translation)) continue;
      const key = this.view.getInt32(SCRATCH_WORDS.KEY, true);
      // Looking up the pages may have started a new generation.
      if ((key ^ (this.generation << KEY_BITS)) >>> KEY_BITS !== 0) return true;
      this.forgetOldKeys(key);
      translation.entries.forEach((entry, index) => {
        const at = entryOffset(entry);
        this.view.setBigInt64(at, BigInt(entry), true);
        this.view.setInt32(at + 8, key, true);
        this.view.setUint16(at + 12, index, true);
        this.view.setUint16(at + 14, translation.slot, true);
        // When another entry takes this place, the translation is requested again at once.
        this.setHeat(entry, this.options.hot - 1);
      });
      return true;
    }
    return false;
  }

  /** Generation numbers wrap around: entries of old ones must be cleared before. */
  private forgetOldKeys(key: number): void {
    const era = key >>> 30;
    if (era === this.era) return;
    this.era = era;
    new Uint8Array(this.memory.buffer, ENTRIES, ENTRY_COUNT * ENTRY_BYTES).fill(0xff);
  }

  private get generation(): number {
    return this.view.getInt32(SCRATCH_WORDS.GENERATION, true);
  }

  /** How data is addressed now. What it depends on changes only with a new generation. */
  private get data(): DataMode {
    const tlb = this.view.getInt32(SCRATCH_WORDS.DATA_TLB, true);
    const isSet = (word: HartWord) => this.view.getBigInt64(offsetOf(word), true) !== 0n;
    // The first context is that of M-mode, which PMP does not restrict while no entry is set.
    const isBare = tlb === TLB && !isSet('pmpcfg0') && !isSet('pmpcfg2') && !this.isObserved;
    const ramBytes = Number(this.view.getBigInt64(SCRATCH_WORDS.RAM_BYTES, true));
    return { tlb, bareBytes: isBare ? ramBytes : undefined, calls: this.calls };
  }

  /** The offset in memory of the page at a virtual address; 0 when it can't be fetched from. */
  private pageAt(va: number): number {
    // Beyond there is no memory, and numbers aren't exact.
    return Math.abs(va) < MAX_VA ? this.generated.codePage(va) : 0;
  }

  private isMapped({ pages }: Translation): boolean {
    for (const [va, at] of pages) if (this.pageAt(va) !== at) return false;
    return true;
  }

  private setHeat(pc: number, count: number): void {
    this.heat[heatIndex(pc)] = count;
  }

  private translateWaiting(): void {
    const waiting = [...this.waiting];
    this.waiting.clear();
    if (this.modules >= MAX_MODULES) this.flush();
    const covered = new Set<number>();
    const found: Found[] = [];
    for (const pc of waiting) {
      if (covered.has(pc)) continue;
      const one = this.find(pc, SMALL_REGION);
      if (!one) continue;
      for (const entry of one.region.entries) covered.add(entry);
      found.push(one);
    }
    if (found.length === 0) return;
    this.translate(found, false);
    this.enter(waiting.at(-1)!);
  }

  /** Makes one module of several regions. */
  private translate(found: readonly Found[], isLarge: boolean): void {
    const { data } = this;
    const { module, support } = translationModule();
    const made = found.map(({ region, pages }) => {
      const slot = this.takeSlot();
      module.function({ ...TRANSLATION, exportAs: String(slot) }, (body) =>
        emitTranslation(body, support, region, { slot, data }),
      );
      this.noteCode(region, pages);
      return { slot, isLarge: isLarge || region.isWhole, data, entries: region.entries, pages };
    });
    this.generated.flushStores();
    const compiled = new WebAssembly.Module(module.finish());
    this.env ??= { ...this.supportFunctions(), memory: this.memory };
    const { exports } = new WebAssembly.Instance(compiled, { env: this.env });
    this.modules++;
    for (const translation of made) {
      this.table.set(translation.slot, exports[String(translation.slot)]);
      for (const pc of translation.entries) addTo(this.byPc, pc, translation);
      for (const at of new Set(translation.pages.values())) addTo(this.byPage, pageNumber(at), translation);
    }
  }

  isWarm(pc: number): boolean {
    return this.heat[heatIndex(pc)]! * WARM >= this.options.hot;
  }

  lastTargets(pc: number): readonly number[] {
    const at = TARGETS + ((pc / 2) & (TARGET_COUNT - 1)) * TARGET_BYTES;
    const [jump, last, before] = [0, 8, 16].map((offset) => Number(this.view.getBigInt64(at + offset, true)));
    return jump === pc ? [...new Set([last!, before!])] : [];
  }

  hotNear(pc: number): readonly number[] {
    const { data } = this;
    // Another process may have other code there, or none.
    const isHot = (at: number, one: Translation) =>
      one.entries[0] === at && isSameMode(one.data, data) && this.isMapped(one);
    return [...this.byPc]
      .filter(([at, all]) => Math.abs(at - pc) < NEAR && [...all].some((one) => isHot(at, one)))
      .map(([at]) => at);
  }

  /** The region at `pc`. An address that can't be translated is not tried again. */
  private find(pc: number, extent: Extent): Found | undefined {
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
    const region = findRegion(read, pc, this, extent);
    if (!region) {
      this.setHeat(pc, places.get(pageOf(pc)) === 0 ? 0 : NEVER);
      return undefined;
    }
    this.setHeat(pc, this.options.hot - 1);
    return { region, pages: new Map(region.pages.map((va) => [va, places.get(va)!])) };
  }

  /** Marks a region's instructions in {@link CODE_PARTS}, so that a store to one of them is detected. */
  private noteCode({ blocks }: Region, pages: ReadonlyMap<number, number>): void {
    for (const { pc, instructions } of blocks) {
      const last = instructions.at(-1)!;
      for (let at = pc; at < last.pc + last.sizeBytes; at = nextPart(at))
        this.noteCodeAt(at, pageNumber(pages.get(pageOf(at))!));
    }
  }

  private noteCodeAt(va: number, page: number): void {
    this.flags[page] = (this.flags[page]! | PAGE.CODE) & ~PAGE.SILENT;
    const part = Math.floor((va - pageOf(va)) / CODE_PART_BYTES);
    const at = CODE_PARTS + page * 2;
    this.view.setUint16(at, this.view.getUint16(at, true) | (1 << part), true);
  }

  /** The functions that translations call, by name, from the first places of the table. */
  private supportFunctions(): Record<string, unknown> {
    return Object.fromEntries(supportNames.map((name, place) => [name, this.table.get(place)]));
  }

  private takeSlot(): number {
    const free = this.freeSlots.pop();
    if (free !== undefined) return free;
    return this.table.grow(1);
  }

  /** Whether bytes that are to be written to a page of RAM, from an offset in it on, change instructions in translations. */
  changesCode(page: number, offset: number, bytes: Uint8Array): boolean {
    const parts = this.view.getUint16(CODE_PARTS + page * 2, true);
    const present = new Uint8Array(this.memory.buffer, RAM + page * PAGE_BYTES, PAGE_BYTES);
    for (let part = 0; part < PAGE_BYTES / CODE_PART_BYTES; part++) {
      if ((parts & (1 << part)) === 0) continue;
      const from = Math.max(offset, part * CODE_PART_BYTES);
      const to = Math.min(offset + bytes.length, (part + 1) * CODE_PART_BYTES);
      if (from < to && !sameBytes(present.subarray(from, to), bytes.subarray(from - offset, to - offset)))
        return true;
    }
    return false;
  }

  /** Drops the translations of a page of RAM. */
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

  /** Drops all translations. */
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

const isSameMode = (a: DataMode, b: DataMode): boolean => a.tlb === b.tlb && a.bareBytes === b.bareBytes;

/** The offset of the entry for an address. */
const entryOffset = (pc: number): number => ENTRIES + ((pc / 2) & (ENTRY_COUNT - 1)) * ENTRY_BYTES;

/** The index of the count of jumps to an address. */
const heatIndex = (pc: number): number => (pc / 2) & (HEAT_COUNT - 1);

/** The start of the part of a page after the one that holds an address, which may be negative. */
const nextPart = (va: number): number => (Math.floor(va / CODE_PART_BYTES) + 1) * CODE_PART_BYTES;

/** The number of the page of RAM at an offset in memory. */
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
