/**
 * The one WebAssembly memory that the interpreter and the VMM share: where each thing lies in it. The words of the
 * hart are its whole state; everything else but RAM is derived from that or scratch.
 */
import { type RecordCodec, record, u64 } from '../base/codec.ts';
import { csrWords } from './csrs.ts';

export const PAGE_BYTES = 4096;
/** Where RAM starts in the guest's physical address space (the `virt` machine's map). */
export const RAM_BASE = 0x8000_0000;

const registers = Array.from({ length: 32 }, (_, index) => `x${index}` as const);

/** The state of the hart, 64 bits each, in the order in which it is laid out. x0 comes first: its word stays zero. */
export const hartWords = [
  ...registers,
  'pc',
  /** Steps taken since boot. */
  'icount',
  'privilege',
  /** 1 while a WFI waits for an interrupt to become pending. */
  'waiting',
  /** The address that LR reserved, or all ones. */
  'reservation',
  ...csrWords,
] as const;
export type HartWord = `x${number}` | Exclude<(typeof hartWords)[number], `x${number}`>;
export type HartState = Record<string, bigint>;

const offsets = new Map<string, number>(hartWords.map((name, index) => [name, index * 8]));

/** The byte offset of a word of hart state in the shared memory. */
export const offsetOf = (word: HartWord): number => offsets.get(word)!;

/** The hart's state as named fields: saving, restoring, hashing and comparing derive from this. */
export const hartSchema: RecordCodec<HartState> = record(
  Object.fromEntries(hartWords.map((name) => [name, u64])),
);

/** No address: what `reservation` holds when nothing is reserved. */
export const NO_RESERVATION = 2n ** 64n - 1n;

/** Asks the interpreter to return after the instruction that it is in. Not state: it is clear between runs. */
export const STOP = 0x800;
/** Set by the VMM when it refuses an access. */
export const REFUSED = 0x808;
/** For each CSR number one byte: its row in the CSR table plus one, or zero. */
export const CSR_INDEX = 0x1000;
/** Bytes to be hashed are put here. */
export const SCRATCH = 0x1_0000;
export const SCRATCH_BYTES = 0x8_0000;
/** One byte for each page of RAM: see {@link PAGE}. */
export const PAGE_FLAGS = 0x9_0000;
/** One 64-bit hash for each page of RAM, valid while the page isn't dirty. */
export const PAGE_HASHES = 0x11_0000;
/** Guest RAM, byte for byte. */
export const RAM = 0x51_0000;
export const MAX_RAM_BYTES = 0x8000_0000;

/** Flags of a page. */
export const PAGE = {
  /** Stores to the page need not be noticed. */
  SILENT: 1,
  /** The page was written since its hash was taken. */
  DIRTY: 2,
  /** The page was written since {@link Hart.takeChanged} last told of it. */
  CHANGED: 4,
} as const;
