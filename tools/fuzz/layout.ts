/** The memory layout of harness and cases, and the format of cases and results: 64-bit words, in order. */
import { PAGE_BYTES, RAM_BASE } from '../../src/cpu/layout.ts';

/** Both machines have this much RAM: the harness first, the arena, cases, results. */
export const RAM_BYTES = 32 << 20;
export const HARNESS = RAM_BASE;
/** The harness's save area; as a mask of `mstatus` the address is the bit of MPRV, see the harness. */
export const SAVE = 0x8002_0000;
/** The arena's initial content, before the case's own words. */
export const TEMPLATE = 0x8010_0000;
export const ARENA = 0x8020_0000;
export const CASES = 0x8040_0000;
export const RESULTS = 0x80c0_0000;
export const RAM_END = RAM_BASE + RAM_BYTES;
/** Cases in a batch that fit their memory for certain. */
export const CASE_WORDS_MAX = 512;
export const RESULT_WORDS_MAX = 1024;

/** The arena's pages: all memory that a case means to use. */
export const ARENA_PAGES = 8;
export const ARENA_BYTES = ARENA_PAGES * PAGE_BYTES;
const page = (index: number): number => ARENA + index * PAGE_BYTES;
/** Two pages of instructions and two of data, so that accesses can cross from one into the other. */
export const CODE = page(0);
export const DATA = page(2);
export const SUPERVISOR_HANDLER = page(4);
/** The root page table, one of the middle and one of the last level. */
export const ROOT = page(5);
export const MIDDLE = page(6);
export const LAST = page(7);

const pmpAddresses = Array.from({ length: 16 }, (_, index) => `pmpaddr${index}`);

/** The CSRs with which a case starts, in the order in which the harness writes them. */
export const givenCsrs = [
  ...pmpAddresses,
  'pmpcfg0',
  'pmpcfg2',
  'medeleg',
  'mideleg',
  'mie',
  'mip',
  'mcounteren',
  'menvcfg',
  'scounteren',
  'senvcfg',
  'stvec',
  'sscratch',
  'sepc',
  'scause',
  'stval',
  'satp',
  'mepc',
  'mcause',
  'mtval',
  'mstatus',
];
/** The CSRs in a result. */
export const shownCsrs = givenCsrs;

/** A case: a header, registers, CSRs, and `pokes` pairs of an address in the arena and the word there. */
export const caseFields = [
  'pokes',
  'traps',
  ...Array.from({ length: 31 }, (_, n) => `x${n + 1}`),
  ...Array.from({ length: 32 }, (_, n) => `f${n}`),
  'fcsr',
  ...givenCsrs,
];
export const caseWord = new Map(caseFields.map((name, index) => [name, index]));

/**
 * A result: a header, registers, CSRs, then for each trap to machine mode its cause, epc, tval and `mstatus`, then for
 * each word of the arena that is not as in the template its offset and the word.
 */
export const resultFields = [
  'words',
  'traps',
  ...Array.from({ length: 31 }, (_, n) => `x${n + 1}`),
  ...Array.from({ length: 32 }, (_, n) => `f${n}`),
  'fcsr',
  ...shownCsrs,
];
export const resultWord = new Map(resultFields.map((name, index) => [name, index]));
export const TRAP_WORDS = 4;
/** Traps after which a case ends. */
export const MAX_TRAPS = 12;

/** Words that the harness keeps at {@link SAVE}: the case's integer registers by number, then these. */
export const saveWords = {
  mprv: 32,
  /** The next case, how many there are left, where the next result goes. */
  input: 33,
  left: 34,
  output: 35,
  /** The end of the log of traps, and how many more may follow. */
  log: 36,
  trapsLeft: 37,
  reserved: 38,
  done: 39,
} as const;

/** A store here ends the run: the test finisher. */
export const FINISHER = 0x10_0000;
