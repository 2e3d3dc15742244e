import { assert } from '../base/assert.ts';
import { MSTATUS, PRIVILEGE } from './csrs.ts';
import { formatNames } from './float/native.ts';
import type { FormatName } from './float/number.ts';
import { type FloatOp, floatOps, soft } from './float/soft.ts';
import { EXIT, interpreterModule } from './interpreter.ts';
import {
  EXPANSIONS,
  type HartState,
  type HartWord,
  hartWords,
  MAX_RAM_BYTES,
  NO_RESERVATION,
  OBSERVED,
  OBSERVED_PAGES,
  offsetOf,
  PAGE,
  PAGE_BYTES,
  PAGE_FLAGS,
  PAGE_HASHES,
  RAM,
  RAM_BASE,
  SCRATCH,
  SCRATCH_BYTES,
  SCRATCH_WORDS,
  SCRATCH_WORDS_END,
} from './layout.ts';
import { ACCESS } from './page-walk.ts';
import { supportNames } from './support.ts';
import { expand } from './table/compressed.ts';
import { type Heat, Translator } from './translator/translator.ts';

/** The hart's calls to the VMM in the middle of an instruction. Addresses are physical. */
export interface Bus {
  /** A load outside RAM, of `sizeBytes` (1, 2, 4 or 8) bytes; undefined is an access fault. */
  load(address: bigint, sizeBytes: number): bigint | undefined;
  /** A store outside RAM; false is an access fault. */
  store(address: bigint, sizeBytes: number, value: bigint): boolean;
  /** The guest reads the `time` CSR. */
  clock(): number | bigint;
  /** The guest reads the `seed` CSR: 16 random bits. */
  entropy(): number;
  /** The guest stored to a page that is watched. */
  watched(address: number, sizeBytes: number): void;
  /**
   * The guest accesses a page that is observed, at a virtual address: an instruction before it is executed, so that
   * {@link Hart.stop} leaves it unexecuted; data that may be accessed, before that. An atomic operation is a store.
   */
  observed?: (address: bigint, sizeBytes: number, access: AccessKind) => void;
  /** The guest wrote `stimecmp`, or whether it counts. */
  timerChanged?: () => void;
  /** ECALL from supervisor mode, when the VMM implements the SBI; undefined when it is an exception. */
  hostCall?: () => void;
}

/** A kind of access, in the order of their numbers. */
export type AccessKind = 'load' | 'store' | 'fetch';
const accessKinds: readonly AccessKind[] = ['load', 'store', 'fetch'];
assert(
  accessKinds.every((name, index) => ACCESS[name] === index),
  'kinds of access are numbered in order',
);

/** Virtual addresses whose accesses of a kind are observed. */
export interface ObservedRange {
  address: bigint;
  sizeBytes: number;
  access: AccessKind;
}

/** The options of a {@link Hart}. */
export interface HartOptions {
  /** Whether hot code is translated; default: true. The hart goes through the same states either way. */
  translates?: boolean;
  /** The thresholds for translation. */
  heat?: Heat | undefined;
}

/** Exceptions in a row, all of one instruction and with one cause. */
export interface RepeatedException {
  pc: bigint;
  cause: number;
  /** What the last one has left in `mtval` or `stval`. */
  tval: bigint;
  count: number;
  /** The step that was the first of them. */
  since: number;
}

/** Why the hart stopped. */
export type Exit = 'limit' | 'waiting' | 'stop';
const exits: readonly Exit[] = ['limit', 'waiting', 'stop'];
assert(
  exits.every((name, index) => EXIT[name] === index),
  'exit codes are numbered in order',
);

interface Generated {
  run(limit: bigint): number;
  codePage(va: number): number;
  /** Discards the TLB's translations; only those for stores. */
  flush(): void;
  flushStores(): void;
  hash(at: number, sizeBytes: number, seed: bigint): bigint;
  hashRam(pages: number): bigint;
}

/** Words of state on which the TLB depends besides memory. */
const translationWords: ReadonlySet<string> = new Set(
  hartWords.filter((name) => name === 'mstatus' || name === 'satp' || name.startsWith('pmp')),
);

/** The index of the lower half of the position among the 32-bit words. */
const ICOUNT = offsetOf('icount') / 4;
/** The indexes of the lines, and of the upper half of `menvcfg`, among the 32-bit words. */
const LINES = offsetOf('lines') / 4;
const ENVIRONMENT_HIGH = offsetOf('menvcfg') / 4 + 1;

const PAGE_SHIFT = BigInt(Math.log2(PAGE_BYTES));

/** The size of the header before the hashed bytes; a multiple of 32. */
const HASH_HEADER_BYTES = 32;

/** The shared memory in units of 64 KiB. */
const unitsFor = (ramSizeBytes: number): number => Math.ceil((RAM + ramSizeBytes) / 65536);

const zeros = new Uint8Array(PAGE_BYTES);

const compiled = new Map<boolean, WebAssembly.Module>();

/**
 * Compiles the interpreter, with or without support for translations, unless it is compiled already.
 * @param generated a cached result of {@link interpreterModule}
 */
export function prepareInterpreter(
  translates: boolean,
  generated?: Uint8Array<ArrayBuffer>,
): WebAssembly.Module {
  const known = compiled.get(translates);
  if (known) return known;
  const module = new WebAssembly.Module(generated ?? interpreterModule(translates));
  compiled.set(translates, module);
  return module;
}

/**
 * One RISC-V hart with its RAM, in M, S and U mode. All its state is in `state` and `ram`; running it is a pure
 * function of both and of the results of the {@link Bus}.
 */
export class Hart {
  ram!: Uint8Array;
  ramSizeBytes = 0;
  private words!: BigUint64Array;
  private flags!: Uint8Array;
  private control!: Int32Array;
  private scratch!: Uint8Array;
  private readonly memory: WebAssembly.Memory;
  private readonly generated: Generated;
  private readonly translator: Translator | undefined;

  /** @param ramSizeBytes a multiple of the page size, up to 2 GiB. */
  constructor(
    ramSizeBytes: number,
    private readonly bus: Bus,
    { translates = true, heat }: HartOptions = {},
  ) {
    this.memory = new WebAssembly.Memory({ initial: unitsFor(ramSizeBytes) });
    this.layOut(ramSizeBytes);
    const { memory } = this;
    const translations = new WebAssembly.Table({ element: 'anyfunc', initial: supportNames.length });
    const env = {
      memory,
      translations,
      jumpedTo: (pc: number) => this.translator?.jumpedTo(pc),
      codeChanged: (page: number) => this.translator?.dropPage(page),
      load: (address: bigint, sizeBytes: number) => this.load(BigInt.asUintN(64, address), sizeBytes),
      store: (address: bigint, sizeBytes: number, value: bigint) =>
        this.store(BigInt.asUintN(64, address), sizeBytes, value),
      watched: (address: bigint, sizeBytes: number) => bus.watched(Number(address), sizeBytes),
      observed: (address: bigint, sizeBytes: number, access: number) =>
        bus.observed?.(BigInt.asUintN(64, address), sizeBytes, accessKinds[access]!),
      clock: () => BigInt(bus.clock()),
      entropy: () => bus.entropy(),
      timerChanged: () => bus.timerChanged?.(),
      hostCall: () => bus.hostCall?.(),
      expand: (parcel: number) => this.expand(parcel),
      softFloat: (...[op, format, rm, ...operands]: [number, number, number, bigint, bigint, bigint]) =>
        this.softFloat(floatOps[op]!, formatNames[format]!, rm, operands),
    };
    const { exports } = new WebAssembly.Instance(prepareInterpreter(translates), { env });
    this.generated = exports as unknown as Generated;
    if (translates) this.translator = new Translator(memory, translations, this.generated, heat);
    this.reset();
  }

  private layOut(ramSizeBytes: number): void {
    assert(ramSizeBytes > 0 && ramSizeBytes % PAGE_BYTES === 0, 'RAM is a whole number of pages');
    assert(ramSizeBytes <= MAX_RAM_BYTES, 'RAM is at most 2 GiB');
    const { buffer } = this.memory;
    this.ramSizeBytes = ramSizeBytes;
    this.ram = new Uint8Array(buffer, RAM, ramSizeBytes);
    this.words = new BigUint64Array(buffer, 0, hartWords.length);
    this.flags = new Uint8Array(buffer, PAGE_FLAGS, ramSizeBytes / PAGE_BYTES);
    this.control = new Int32Array(buffer, 0, SCRATCH_WORDS_END / 4);
    this.scratch = new Uint8Array(buffer, SCRATCH, SCRATCH_BYTES);
    new DataView(buffer).setBigUint64(SCRATCH_WORDS.RAM_BYTES, BigInt(ramSizeBytes), true);
    this.control[SCRATCH_WORDS.HOST_CALLS / 4] = this.bus.hostCall ? 1 : 0;
  }

  /** Makes RAM larger, between two runs; the new part is zero. */
  growRam(ramSizeBytes: number): void {
    assert(ramSizeBytes >= this.ramSizeBytes, 'RAM does not shrink');
    const more = unitsFor(ramSizeBytes) - unitsFor(this.ramSizeBytes);
    if (more > 0) this.memory.grow(more);
    this.layOut(ramSizeBytes);
    this.translator?.layOut();
    // Translations made for the old size would exit before each access to the new part.
    this.translator?.flush();
  }

  /** Sets the registers as at power-on. The position and RAM are kept. */
  reset(): void {
    for (const name of hartWords) if (name !== 'icount') this.words[offsetOf(name) / 8] = 0n;
    this.generated.flush();
    this.forgetExceptions();
    this.set('pc', BigInt(RAM_BASE));
    this.set('privilege', BigInt(PRIVILEGE.M));
    this.set('reservation', NO_RESERVATION);
  }

  /** Restores RAM to these bytes. */
  takeBack(ram: Uint8Array): void {
    for (let page = 0; page < this.flags.length; page++) {
      const at = page * PAGE_BYTES;
      const bytes = ram.subarray(at, at + PAGE_BYTES);
      if (bytes.some((byte, index) => byte !== this.ram[at + index])) this.write(RAM_BASE + at, bytes);
    }
  }

  /** Fills a part of RAM, or all of it, with zeros. Skips pages that were never written: they are zero. */
  clearRam(address = RAM_BASE, sizeBytes = this.ramSizeBytes): void {
    const hashes = this.pageHashes();
    const end = Math.min(address - RAM_BASE + sizeBytes, this.ramSizeBytes);
    for (let at = address - RAM_BASE; at < end; at = (Math.floor(at / PAGE_BYTES) + 1) * PAGE_BYTES) {
      const page = Math.floor(at / PAGE_BYTES);
      if (hashes[page] === 0n && (this.flags[page]! & PAGE.DIRTY) === 0) continue;
      const until = Math.min(end, (page + 1) * PAGE_BYTES);
      this.touch(at, zeros.subarray(0, until - at));
      this.ram.fill(0, at, until);
    }
  }

  private pageHashes(): BigUint64Array {
    return new BigUint64Array(this.ram.buffer, PAGE_HASHES, this.flags.length);
  }

  /** The numbers of the pages that were not all zeros when they were last hashed. */
  private hashedPages(): number[] {
    // In halves: each read of a bigint would allocate one.
    const halves = new Uint32Array(this.ram.buffer, PAGE_HASHES, 2 * this.flags.length);
    const pages: number[] = [];
    for (let page = 0; page < this.flags.length; page++)
      if ((halves[2 * page]! | halves[2 * page + 1]!) !== 0) pages.push(page);
    return pages;
  }

  get(word: HartWord): bigint {
    return this.words[offsetOf(word) / 8]!;
  }

  set(word: HartWord, value: bigint): void {
    this.words[offsetOf(word) / 8] = value;
    if (translationWords.has(word)) this.generated.flush();
  }

  get icount(): number {
    // In halves: it is read many times for each run, and each read of a bigint would allocate one.
    const { control } = this;
    return (control[ICOUNT]! >>> 0) + control[ICOUNT + 1]! * 2 ** 32;
  }

  get state(): HartState {
    return Object.fromEntries(hartWords.map((name) => [name, this.get(name)]));
  }

  set state(state: HartState) {
    for (const name of hartWords) this.words[offsetOf(name) / 8] = state[name]!;
    this.generated.flush();
    this.forgetExceptions();
  }

  /** How often the last exception came in a row; 0 after an interrupt, or a return to elsewhere. Not state. */
  get exceptionsInARow(): number {
    return this.control[SCRATCH_WORDS.REPEATED_COUNT / 4]! >>> 0;
  }

  /** The last exception, which came {@link exceptionsInARow} times; undefined when that is 0. Not state. */
  get repeatedException(): RepeatedException | undefined {
    const { exceptionsInARow: count } = this;
    if (count === 0) return undefined;
    const { REPEATED_PC, REPEATED_CAUSE, REPEATED_VALUE, REPEATED_SINCE } = SCRATCH_WORDS;
    const view = new DataView(this.memory.buffer);
    const [pc, cause, tval, since] = [REPEATED_PC, REPEATED_CAUSE, REPEATED_VALUE, REPEATED_SINCE].map((at) =>
      view.getBigUint64(at, true),
    );
    return { pc: pc!, cause: Number(cause), tval: tval!, count, since: Number(since) };
  }

  private forgetExceptions(): void {
    this.control[SCRATCH_WORDS.REPEATED_CAUSE / 4] = -1;
    this.control[SCRATCH_WORDS.REPEATED_COUNT / 4] = 0;
  }

  /** The levels of all interrupt lines, by their bits in `mip`. */
  setLines(levels: number): void {
    this.control[LINES] = levels;
  }

  /** Drives one interrupt line, by its bit in `mip`. */
  setLine(interrupt: number, level: boolean): void {
    const bit = 1 << interrupt;
    this.setLines(level ? this.control[LINES]! | bit : this.control[LINES]! & ~bit);
  }

  /** Sstc: whether `stimecmp` counts (`menvcfg.STCE`, the highest bit). */
  get hasSupervisorTimer(): boolean {
    return this.control[ENVIRONMENT_HIGH]! < 0;
  }

  /** Interrupts that are pending and enabled in `mie`, whether or not the hart may take them now: these end a WFI. */
  get pending(): bigint {
    return (this.get('mip') | this.get('lines')) & this.get('mie');
  }

  /** Whether hot code is translated (the default); otherwise only translations that exist are entered. */
  set translatesMore(more: boolean) {
    if (this.translator) this.translator.makesMore = more;
  }

  /** Takes steps until `icount` is `limit`, the hart waits for an interrupt, or {@link stop} was called. */
  run(limit: number): Exit {
    this.control[SCRATCH_WORDS.STOP / 4] = 0;
    return exits[this.generated.run(BigInt(limit))]!;
  }

  /** Ends the run in progress after the current instruction. */
  stop(): void {
    this.control[SCRATCH_WORDS.STOP / 4] = 1;
  }

  /** Reports every store to the page to {@link Bus.watched}, after the store. */
  watch(address: number): void {
    const page = Math.floor((address - RAM_BASE) / PAGE_BYTES);
    this.flags[page] = (this.flags[page]! | PAGE.WATCHED) & ~PAGE.SILENT;
    this.generated.flushStores();
  }

  /**
   * Reports accesses to these addresses to {@link Bus.observed}, and no others than those of their pages and of pages
   * whose numbers are equal modulo {@link OBSERVED_PAGES}. For a debugger: code in these pages is interpreted.
   */
  observe(ranges: readonly ObservedRange[]): void {
    const bits = new Uint8Array(this.memory.buffer, OBSERVED, (accessKinds.length * OBSERVED_PAGES) / 8);
    bits.fill(0);
    for (const { address, sizeBytes, access } of ranges) {
      const first = address >> PAGE_SHIFT;
      const count = Number(((address + BigInt(Math.max(sizeBytes, 1) - 1)) >> PAGE_SHIFT) - first) + 1;
      for (let index = 0; index < Math.min(count, OBSERVED_PAGES); index++) {
        const bit =
          ACCESS[access] * OBSERVED_PAGES + Number((first + BigInt(index)) % BigInt(OBSERVED_PAGES));
        bits[bit >> 3]! |= 1 << (bit & 7);
      }
    }
    if (this.translator) this.translator.isObserved = ranges.length > 0;
    this.generated.flush();
  }

  /** Marks pages of RAM as about to change: these bytes will be written from the offset in RAM on. */
  private touch(offset: number, bytes: Uint8Array): void {
    const last = Math.floor((offset + bytes.length - 1) / PAGE_BYTES);
    let tables = 0;
    for (let page = Math.floor(offset / PAGE_BYTES); page <= last; page++) {
      tables |= this.flags[page]! & (PAGE.LEAF_TABLE | PAGE.UPPER_TABLE);
      if ((this.flags[page]! & PAGE.CODE) !== 0) {
        const start = Math.max(offset, page * PAGE_BYTES);
        const there = bytes.subarray(start - offset, (page + 1) * PAGE_BYTES - offset);
        if (this.translator?.changesCode(page, start % PAGE_BYTES, there)) this.translator.dropPage(page);
      }
      this.flags[page]! |= PAGE.DIRTY | PAGE.CHANGED;
    }
    if (tables !== 0) this.generated.flush();
  }

  /**
   * The numbers of the pages that were written since the last call that looked at them, in order; with `among` only these
   * pages are looked at. Afterwards only the first store to each page is slower.
   */
  takeChanged(among?: readonly number[]): number[] {
    const changed = among
      ? among.filter((page) => this.isChanged(page)).sort((a, b) => a - b)
      : this.changedPages();
    for (const page of changed) this.flags[page]! &= ~(PAGE.CHANGED | PAGE.SILENT);
    if (changed.length > 0) this.generated.flushStores();
    return changed;
  }

  private isChanged(page: number): boolean {
    return (this.flags[page]! & PAGE.CHANGED) !== 0;
  }

  private changedPages(): number[] {
    const pages: number[] = [];
    for (let page = 0; page < this.flags.length; page++) if (this.isChanged(page)) pages.push(page);
    return pages;
  }

  /**
   * Writes RAM from outside the hart: the image at boot, DMA of devices, and earlier states. Ends an LR reservation.
   * Translations of code that stays the same are kept.
   */
  write(address: number, bytes: Uint8Array): void {
    if (bytes.length === 0) return;
    this.touch(address - RAM_BASE, bytes);
    this.ram.set(bytes, address - RAM_BASE);
    this.set('reservation', NO_RESERVATION);
  }

  /**
   * A 64-bit hash of all of RAM. Reads only the pages that were written since the last hash; with `afresh` every page
   * in use, which detects memory corruption.
   */
  hashRam(afresh = false): bigint {
    if (afresh) for (const page of this.hashedPages()) this.flags[page]! |= PAGE.DIRTY;
    return BigInt.asUintN(64, this.generated.hashRam(this.ramSizeBytes / PAGE_BYTES));
  }

  /** The numbers of the pages that are not all zeros. Does not read pages that were never written. */
  usedPages(): number[] {
    this.hashRam();
    return this.hashedPages();
  }

  /** A 64-bit hash of bytes; the same function that hashes RAM. */
  hash(bytes: Uint8Array): bigint {
    const room = SCRATCH_BYTES - HASH_HEADER_BYTES;
    const header = new DataView(this.scratch.buffer, SCRATCH, HASH_HEADER_BYTES);
    let hash = 0n;
    for (let at = 0; at === 0 || at < bytes.length; at += room) {
      const part = bytes.subarray(at, at + room);
      // The length distinguishes runs of zeros, and the hash so far chains the parts.
      header.setBigUint64(0, hash, true);
      header.setBigUint64(8, BigInt(part.length + 1), true);
      const sizeBytes = HASH_HEADER_BYTES + Math.ceil(part.length / 32) * 32;
      this.scratch.fill(0, HASH_HEADER_BYTES + part.length, sizeBytes);
      this.scratch.set(part, HASH_HEADER_BYTES);
      hash = BigInt.asUintN(64, this.generated.hash(SCRATCH, sizeBytes, 0n));
    }
    return hash;
  }

  /** A load outside RAM. */
  private load(address: bigint, sizeBytes: number): bigint {
    const value = this.bus.load(address, sizeBytes);
    if (value === undefined) this.refuse();
    return value ?? 0n;
  }

  private store(address: bigint, sizeBytes: number, value: bigint): void {
    if (!this.bus.store(address, sizeBytes, BigInt.asUintN(sizeBytes * 8, value))) this.refuse();
  }

  private refuse(): void {
    this.control[SCRATCH_WORDS.REFUSED / 4] = 1;
  }

  /** The expansion of a 16-bit parcel, which is entered into the table that the generated code reads first. */
  private expand(parcel: number): number {
    const word = expand(parcel);
    new Uint32Array(this.memory.buffer, EXPANSIONS)[parcel] = word;
    return word | 0;
  }

  /** The slow path of floating-point operations in the generated code. */
  private softFloat(op: FloatOp, format: FormatName, rm: number, operands: bigint[]): bigint {
    const [a, b, c] = operands.map((operand) => BigInt.asUintN(64, operand));
    const { bits, flags } = soft(op, format, rm, a!, b, c);
    if (flags !== 0) {
      this.words[offsetOf('fcsr') / 8]! |= BigInt(flags);
      this.words[offsetOf('mstatus') / 8]! |= MSTATUS.FS;
    }
    return bits;
  }
}
