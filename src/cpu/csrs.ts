/**
 * The CSR table: one row for each control and status register of the machine. Source: RISC-V Privileged Architecture,
 * chapters "CSRs" and "Machine-Level ISA"; Zicntr; Zkr. A CSR without a row does not exist: reaching for it is an
 * illegal instruction.
 */

/** 64-bit words of hart state that stand behind CSRs. */
export const csrWords = [
  'mstatus',
  'mie',
  'mip',
  'mtvec',
  'mscratch',
  'mepc',
  'mcause',
  'mtval',
  'mcounteren',
  'mseccfg',
  'mcycleBias',
  'minstretBias',
] as const;
export type CsrWord = (typeof csrWords)[number];

/** How a CSR is read and written. */
export type CsrAccess =
  /** A word of hart state of which the bits in `writable` can be written (WARL: the others keep their value). */
  | { is: 'word'; word: CsrWord; writable: bigint }
  /** Reads as a constant; writes change nothing. */
  | { is: 'constant'; value: bigint }
  /** A counter that runs with `icount`: its value is `icount` plus the word. */
  | { is: 'counter'; word: 'mcycleBias' | 'minstretBias' }
  /** `mstatus`, whose MPP holds only the modes that exist. */
  | { is: 'mstatus' }
  /** The clock door. */
  | { is: 'time' }
  /** The entropy door (Zkr). */
  | { is: 'seed' };

export interface Csr {
  name: string;
  number: number;
  access: CsrAccess;
  /** The bit of `mcounteren` that opens it to U-mode, for the unprivileged counters. */
  counterBit?: number;
}

/** Bits of `mstatus` that this machine has (no S-mode, no extension state). */
export const MSTATUS = {
  MIE: 1n << 3n,
  MPIE: 1n << 7n,
  MPP: 3n << 11n,
  MPRV: 1n << 17n,
  TW: 1n << 21n,
  /** U-mode is 64 bits wide: a constant, which the word of hart state leaves out. */
  UXL_64: 2n << 32n,
} as const;

/** Interrupts by their bit in `mip` and `mie`. */
export const INTERRUPT = { MSI: 3, MTI: 7, MEI: 11 } as const;

export const PRIVILEGE = { U: 0, M: 3 } as const;

/** Exception codes of `mcause` (Privileged Architecture, table "Machine cause register values after trap"). */
export const CAUSE = {
  instructionMisaligned: 0,
  instructionFault: 1,
  illegalInstruction: 2,
  breakpoint: 3,
  loadMisaligned: 4,
  loadFault: 5,
  storeMisaligned: 6,
  storeFault: 7,
  ecallFromU: 8,
  ecallFromM: 11,
} as const;

const interruptBits = BigInt((1 << INTERRUPT.MSI) | (1 << INTERRUPT.MTI) | (1 << INTERRUPT.MEI));
const all = 2n ** 64n - 1n;

const word = (name: string, number: number, writable: bigint, of = name as CsrWord): Csr => ({
  name,
  number,
  access: { is: 'word', word: of, writable },
});
const constant = (name: string, number: number, value = 0n): Csr => ({
  name,
  number,
  access: { is: 'constant', value },
});
const each = (count: number, row: (index: number) => Csr): Csr[] =>
  Array.from({ length: count }, (_, index) => row(index));

/** MXL = 64 bits; extensions A, I, M and U. */
const MISA =
  (2n << 62n) | [...'AIMU'].reduce((bits, letter) => bits | (1n << BigInt(letter.charCodeAt(0) - 65)), 0n);

export const csrs: readonly Csr[] = [
  { name: 'seed', number: 0x015, access: { is: 'seed' } },
  { name: 'mstatus', number: 0x300, access: { is: 'mstatus' } },
  constant('misa', 0x301, MISA),
  word('mie', 0x304, interruptBits),
  // Direct and vectored mode; the base is 4-byte aligned.
  word('mtvec', 0x305, all - 2n),
  word('mcounteren', 0x306, 7n),
  constant('mcountinhibit', 0x320),
  ...each(29, (i) => constant(`mhpmevent${i + 3}`, 0x323 + i)),
  word('mscratch', 0x340, all),
  // IALIGN is 32 bits without the C extension.
  word('mepc', 0x341, all - 3n),
  word('mcause', 0x342, all),
  word('mtval', 0x343, all),
  // The machine-level pending bits are levels of interrupt lines, not writable by the guest.
  word('mip', 0x344, 0n),
  // No PMP entries: all of memory is open to U-mode, and the registers are zero as the manual allows.
  ...each(8, (i) => constant(`pmpcfg${2 * i}`, 0x3a0 + 2 * i)),
  ...each(64, (i) => constant(`pmpaddr${i}`, 0x3b0 + i)),
  // USEED: whether `seed` is open to U-mode.
  word('mseccfg', 0x747, 1n << 8n),
  { name: 'mcycle', number: 0xb00, access: { is: 'counter', word: 'mcycleBias' } },
  { name: 'minstret', number: 0xb02, access: { is: 'counter', word: 'minstretBias' } },
  ...each(29, (i) => constant(`mhpmcounter${i + 3}`, 0xb03 + i)),
  { name: 'cycle', number: 0xc00, access: { is: 'counter', word: 'mcycleBias' }, counterBit: 0 },
  { name: 'time', number: 0xc01, access: { is: 'time' }, counterBit: 1 },
  { name: 'instret', number: 0xc02, access: { is: 'counter', word: 'minstretBias' }, counterBit: 2 },
  constant('mvendorid', 0xf11),
  constant('marchid', 0xf12),
  constant('mimpid', 0xf13),
  constant('mhartid', 0xf14),
  constant('mconfigptr', 0xf15),
];

export const csrNumbers: ReadonlyMap<string, number> = new Map(
  csrs.map(({ name, number }) => [name, number]),
);
export const csrNames: ReadonlyMap<number, string> = new Map(csrs.map(({ name, number }) => [number, name]));
