/**
 * The layout of the WebAssembly memory that the interpreter and the VMM share. The hart's words and RAM are the state;
 * everything else is derived from it or scratch.
 */
import { type RecordCodec, record, u64 } from '../base/codec.ts';
import { csrWords } from './csrs.ts';

/** The size of a page of RAM. */
export const PAGE_BYTES = 4096;
/** Where RAM starts in the guest's physical address space (the `virt` machine's map). */
export const RAM_BASE = 0x8000_0000;

const registers = Array.from({ length: 32 }, (_, index) => `x${index}` as const);
const floatRegisters = Array.from({ length: 32 }, (_, index) => `f${index}` as const);

/** The state of the hart, 64 bits each, in the order in which it is laid out. x0 comes first: its word stays zero. */
export const hartWords = [
  ...registers,
  'pc',
  /** Steps taken since boot. */
  'icount',
  'privilege',
  /** 1 while a WFI waits for an interrupt to become pending. */
  'waiting',
  /** The physical address that LR reserved, or all ones. */
  'reservation',
  /** Levels of the interrupt lines to this hart, by their bit in `mip`. */
  'lines',
  ...floatRegisters,
  ...csrWords,
] as const;
/** The name of a word of hart state. */
export type HartWord =
  | `x${number}`
  | `f${number}`
  | Exclude<(typeof hartWords)[number], `x${number}` | `f${number}`>;
/** The hart's state: each word by name, as an unsigned 64-bit number. */
export type HartState = Record<string, bigint>;

const offsets = new Map<string, number>(hartWords.map((name, index) => [name, index * 8]));

/** The byte offset of a word of hart state in the shared memory. */
export const offsetOf = (word: HartWord): number => offsets.get(word)!;

/** The hart's state as named fields: saving, restoring, hashing and comparing derive from this. */
export const hartSchema: RecordCodec<HartState> = record(
  Object.fromEntries(hartWords.map((name) => [name, u64])),
);

/** The value of `reservation` when no address is reserved. */
export const NO_RESERVATION = 2n ** 64n - 1n;

/**
 * The generated code's words besides the state: derived, or scratch that is not used across runs unless noted
 * otherwise. Byte offsets of 32-bit words unless noted otherwise.
 */
export const SCRATCH_WORDS = {
  /** Makes the interpreter return after the current instruction. */
  STOP: 0x800,
  /** Set by the VMM when it refuses an access. */
  REFUSED: 0x804,
  /** The exception of the last access, as its cause plus one; 0 for none. */
  FAULT: 0x808,
  /** The last access may have changed what is checked between two steps. */
  ATTENTION: 0x80c,
  /** The mode of data accesses: `privilege`, or MPP with MPRV. */
  DATA_PRIVILEGE: 0x810,
  /** The TLB contexts of data and of instructions: the offsets of their entries. */
  DATA_TLB: 0x814,
  FETCH_TLB: 0x818,
  /** The page of the last translation is one that the TLB may hold. */
  CACHEABLE: 0x81c,
  /** How many pages {@link TABLES} lists. */
  TABLE_COUNT: 0x820,
  /** Whether the VMM handles ECALLs from S-mode (SBI). */
  HOST_CALLS: 0x824,
  /** `mtval` of the exception, 64 bits. */
  FAULT_VALUE: 0x828,
  /** The size of RAM in bytes, 64 bits. */
  RAM_BYTES: 0x830,
  /**
   * Instructions are at these virtual addresses (from, and how many bytes; 64 bits each) at this offset in this memory.
   */
  FETCH_START: 0x838,
  FETCH_BYTES: 0x840,
  FETCH_AT: 0x848,
  /** Counts the changes of the mapping from virtual addresses to RAM that instructions are fetched through. */
  GENERATION: 0x84c,
  /**
   * The key that an entry of translated code must have: the generation above {@link KEY_BITS}, the contexts of data and
   * of instructions.
   */
  KEY: 0x850,
  /** The `icount` at which this run ends, 64 bits. */
  LIMIT: 0x858,
  /** The number of jumps to an address without a translation at which the translator is called: {@link HEAT}. */
  HOT: 0x860,
  /** What a walk does when A or D is clear: see {@link CLEAR_BITS}. */
  CLEAR_BITS: 0x864,
  /**
   * The exceptions in a row that are one again and again, 64 bits each: its `pc`, its cause (all ones after something
   * else), the last `tval`, how many, the `icount` of the first, and that of the handler's return since the last one, or
   * all ones. Kept across runs.
   */
  REPEATED_PC: 0x868,
  REPEATED_CAUSE: 0x870,
  REPEATED_VALUE: 0x878,
  REPEATED_COUNT: 0x880,
  REPEATED_SINCE: 0x888,
  REPEATED_RETURN: 0x890,
  /** What instructions write to x0, 64 bits; nothing reads it. */
  SINK: 0x898,
  /** As {@link SCRATCH_WORDS.HOT}, for an address whose translation is entered with each jump. */
  HOT_ENTERED: 0x8a0,
  /** The number of the interpreter's accesses to data that the TLB did not have. */
  MISSES: 0x8a4,
} as const;
/** What a walk does when A or D bits that an access needs are clear. */
export const CLEAR_BITS = {
  /** Sets them. */
  set: 0,
  /** Fails: a look-up ahead of the guest's access must change nothing. */
  refuse: 1,
  /** Leaves them clear: the access may not be made. */
  leave: 2,
} as const;
/** The number of low bits of a key that hold the contexts: see {@link SCRATCH_WORDS.KEY}. */
export const KEY_BITS = 4;
/** Where the last of the scratch words ends. */
export const SCRATCH_WORDS_END = 0x8a8;

/**
 * The virtual pages whose accesses are reported to the VMM: a bit at the page's number modulo {@link OBSERVED_PAGES},
 * for each kind of access in the order of their numbers. The TLB has no entries for these pages.
 */
export const OBSERVED = 0x900;
/** The number of bits for one kind of access at {@link OBSERVED}: a power of two. */
export const OBSERVED_PAGES = 4096;

/** For each CSR number one byte: its row in the CSR table plus one, or zero. */
export const CSR_INDEX = 0x1000;

/**
 * The TLB: for each of four contexts (M-mode; S-mode; S-mode with SUM; U-mode) and each kind of access 256 entries of
 * 16 bytes: the virtual page's number in 64 bits, and what is to be added to a virtual address to get its offset in
 * this memory. An entry is for a page of RAM that may be accessed directly; an entry for stores, for one whose stores
 * need not be reported.
 */
export const TLB = 0x2000;
/** The number of TLB entries for one kind of access in one context. */
export const TLB_ENTRIES = 256;
/** The size of a TLB entry. */
export const TLB_ENTRY_BYTES = 16;
const KIND_BYTES = TLB_ENTRIES * TLB_ENTRY_BYTES;
/** Where the entries for each kind of access begin in a context. */
export const TLB_KIND = { load: 0, store: KIND_BYTES, fetch: 2 * KIND_BYTES } as const;
/** The size of the entries of one context, for all kinds of access. */
export const TLB_CONTEXT_BYTES = 3 * KIND_BYTES;
/** The number of contexts. */
export const TLB_CONTEXTS = 4;
/** The size of the TLB. */
export const TLB_BYTES = TLB_CONTEXTS * TLB_CONTEXT_BYTES;

/** The numbers of the pages that are marked as page tables, 32 bits each. */
export const TABLES = 0xe000;
/** The capacity of {@link TABLES}: when it is full, the TLB is flushed. */
export const MAX_TABLES = 1024;

/** Bytes to be hashed are put here. */
export const SCRATCH = 0x1_0000;
/** The size of {@link SCRATCH}. */
export const SCRATCH_BYTES = 0x8_0000;
/** One byte for each page of RAM: see {@link PAGE}. */
export const PAGE_FLAGS = 0x9_0000;
/** One 64-bit hash for each page of RAM, valid while the page isn't dirty. */
export const PAGE_HASHES = 0x11_0000;
/** The expansion of each 16-bit parcel, filled in on first use; 0 while it is not known. */
export const EXPANSIONS = 0x51_0000;
/**
 * The entries of translated code: 16 bytes each, at the address modulo their count. The address (64 bits), the
 * {@link SCRATCH_WORDS.KEY} for which it is valid, and the function's place in the table above the number of its entry
 * (16 bits each).
 */
export const ENTRIES = 0x55_0000;
/** The number of {@link ENTRIES}: a power of two. */
export const ENTRY_COUNT = 0x4000;
/** The size of one of the {@link ENTRIES}. */
export const ENTRY_BYTES = 16;
/**
 * The interpreter's jumps, counted by target: 32 bits each, at the address modulo {@link HEAT_COUNT}. When there is a
 * translation for the target, such a jump enters it.
 */
export const HEAT = 0x59_0000;
/** The number of counts at {@link HEAT}: a power of two. */
export const HEAT_COUNT = 0x1_0000;
/** 16 bits for each page of RAM: which 16ths of it hold translated code. */
export const CODE_PARTS = 0x5d_0000;
/** The size of a 16th of a page: see {@link CODE_PARTS}. */
export const CODE_PART_BYTES = PAGE_BYTES / 16;
/**
 * The last targets of indirect jumps: the jump's address, its latest target, and the latest different one (64 bits
 * each, and as many unused), at the jump's address modulo their count.
 */
export const TARGETS = 0x6d_0000;
/** The number of jumps at {@link TARGETS}: a power of two. */
export const TARGET_COUNT = 0x800;
/** The size of the record of one jump at {@link TARGETS}. */
export const TARGET_BYTES = 32;
/** The records of instructions: see {@link RECORD}. */
export const RECORDS = 0x6e_0000;
/** The number of {@link RECORDS}: a power of two. */
export const RECORD_COUNT = 0x4000;
/** The size of one of the {@link RECORDS}. */
export const RECORD_BYTES = 16;
/**
 * What is where in a record: the instruction's bits and its immediate, 32 bits each; its operation and its length in
 * bytes, 8 bits each; the offsets in this memory of the words of its registers, 16 bits each.
 */
export const RECORD = { bits: 0, immediate: 4, operation: 8, length: 9, rd: 10, rs1: 12, rs2: 14 } as const;
/** Guest RAM, byte for byte. */
export const RAM = 0x72_0000;
/** The largest RAM: 2 GiB. */
export const MAX_RAM_BYTES = 0x8000_0000;

/** Flags of a page. */
export const PAGE = {
  /** Stores to the page need no handling: the TLB may have entries for them. */
  SILENT: 1,
  /** The page was written since its hash was taken. */
  DIRTY: 2,
  /** The page was written since {@link Hart.takeChanged} last returned it. */
  CHANGED: 4,
  /** The TLB depends on what the page holds as a page table of the last level, or of a higher one. */
  LEAF_TABLE: 8,
  UPPER_TABLE: 16,
  /** Every store to the page is reported to the VMM. */
  WATCHED: 32,
  /** The page holds translated code, in {@link CODE_PARTS}. */
  CODE: 64,
  /** The page is a page table that instructions are fetched through. */
  FETCH_TABLE: 128,
} as const;
