/**
 * The CSR table: one row for each control and status register of the machine. Source: RISC-V Privileged Architecture,
 * chapters "CSRs", "Machine-Level ISA" and "Supervisor-Level ISA"; F; Sstc; Zicntr; Zkr. A CSR without a row does not
 * exist: an access to it is an illegal instruction.
 */

/** The number of PMP entries, as on QEMU's machine. */
export const PMP_ENTRIES = 16;

const pmpAddresses = Array.from({ length: PMP_ENTRIES }, (_, index) => `pmpaddr${index}` as const);

/** The 64-bit words of hart state that hold CSRs. */
export const csrWords = [
  /** `fflags` in the low five bits, `frm` in the three above. */
  'fcsr',
  'mstatus',
  'medeleg',
  'mideleg',
  'mie',
  /** The pending bits that software can write; those of interrupt lines are in `lines`. */
  'mip',
  'mtvec',
  'mscratch',
  'mepc',
  'mcause',
  'mtval',
  'mcounteren',
  'menvcfg',
  'mseccfg',
  'mcycleBias',
  'minstretBias',
  'stvec',
  'sscratch',
  'sepc',
  'scause',
  'stval',
  'scounteren',
  'senvcfg',
  'satp',
  'stimecmp',
  'pmpcfg0',
  'pmpcfg2',
  ...pmpAddresses,
] as const;
/** The name of a word of hart state that holds a CSR. */
export type CsrWord = (typeof csrWords)[number];

/** How a CSR is read and written. */
export type CsrAccess =
  /** A word of hart state of which the bits in `writable` can be written (WARL: the others keep their value). */
  | { is: 'word'; word: CsrWord; writable: bigint }
  /** Reads as a constant; writes change nothing. */
  | { is: 'constant'; value: bigint }
  /** A counter that runs with `icount`: its value is `icount` plus the word. */
  | { is: 'counter'; word: 'mcycleBias' | 'minstretBias' }
  /** `mstatus`, of which MPP holds only the modes that exist; `sstatus` shows a part of it. */
  | { is: 'status'; readable: bigint; writable: bigint }
  /** `mip` and `mie` as supervisor mode sees them: the bits that are delegated. */
  | { is: 'sie' }
  | { is: 'sip' }
  | { is: 'mip' }
  | { is: 'satp' }
  /** A part of the word `fcsr`, which is there unless the floating-point state is off. */
  | { is: 'fcsr'; shift: number; bits: number }
  /** Eight PMP entries' settings, a byte each. */
  | { is: 'pmpcfg'; word: 'pmpcfg0' | 'pmpcfg2' }
  | { is: 'pmpaddr'; index: number }
  /** The clock door. */
  | { is: 'time' }
  /** The entropy door (Zkr). */
  | { is: 'seed' };

/** A row of the CSR table. */
export interface Csr {
  name: string;
  number: number;
  access: CsrAccess;
  /** The bit of `mcounteren` and `scounteren` that opens it to lower modes, for the unprivileged counters. */
  counterBit?: number;
}

/** `cycle`, `time`, `instret` and 29 event counters: a bit for each in `mcounteren` and `scounteren`. */
export const COUNTERS = 2n ** 32n - 1n;

/** Bits of `mstatus`. */
export const MSTATUS = {
  SIE: 1n << 1n,
  MIE: 1n << 3n,
  SPIE: 1n << 5n,
  MPIE: 1n << 7n,
  SPP: 1n << 8n,
  MPP: 3n << 11n,
  /** The floating-point state: off, initial, clean or dirty. */
  FS: 3n << 13n,
  MPRV: 1n << 17n,
  SUM: 1n << 18n,
  MXR: 1n << 19n,
  TVM: 1n << 20n,
  TW: 1n << 21n,
  TSR: 1n << 22n,
  /** U- and S-mode are 64 bits wide: constants, which the word of hart state omits. */
  UXL_64: 2n << 32n,
  SXL_64: 2n << 34n,
  /** Read-only: whether FS is dirty. */
  SD: 1n << 63n,
} as const;

const S_WRITABLE = MSTATUS.SIE | MSTATUS.SPIE | MSTATUS.SPP | MSTATUS.FS | MSTATUS.SUM | MSTATUS.MXR;
const M_WRITABLE =
  S_WRITABLE |
  MSTATUS.MIE |
  MSTATUS.MPIE |
  MSTATUS.MPP |
  MSTATUS.MPRV |
  MSTATUS.TVM |
  MSTATUS.TW |
  MSTATUS.TSR;

/** Bits of `menvcfg` and `senvcfg`. */
export const ENVCFG = {
  FIOM: 1n << 0n,
  /** Sstc: `stimecmp` is enabled for supervisor mode. */
  STCE: 1n << 63n,
} as const;

/** Bits of `mseccfg`: whether `seed` is open to U- and S-mode. */
export const MSECCFG = { USEED: 1n << 8n, SSEED: 1n << 9n } as const;

/** Interrupts by their bit in `mip` and `mie`. */
export const INTERRUPT = { SSI: 1, MSI: 3, STI: 5, MTI: 7, SEI: 9, MEI: 11 } as const;

/** The privilege modes, as in `mstatus.MPP`. */
export const PRIVILEGE = { U: 0, S: 1, M: 3 } as const;

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
  ecallFromS: 9,
  ecallFromM: 11,
  instructionPageFault: 12,
  loadPageFault: 13,
  storePageFault: 15,
} as const;

/** The names of exceptions, by their codes (the same table). */
export const exceptionNames: Readonly<Record<number, string>> = {
  [CAUSE.instructionMisaligned]: 'instruction address misaligned',
  [CAUSE.instructionFault]: 'instruction access fault',
  [CAUSE.illegalInstruction]: 'illegal instruction',
  [CAUSE.breakpoint]: 'breakpoint',
  [CAUSE.loadMisaligned]: 'load address misaligned',
  [CAUSE.loadFault]: 'load access fault',
  [CAUSE.storeMisaligned]: 'store address misaligned',
  [CAUSE.storeFault]: 'store access fault',
  [CAUSE.ecallFromU]: 'environment call from U-mode',
  [CAUSE.ecallFromS]: 'environment call from S-mode',
  [CAUSE.ecallFromM]: 'environment call from M-mode',
  [CAUSE.instructionPageFault]: 'instruction page fault',
  [CAUSE.loadPageFault]: 'load page fault',
  [CAUSE.storePageFault]: 'store page fault',
};

const bits = (...numbers: number[]): bigint => numbers.reduce((all, bit) => all | (1n << BigInt(bit)), 0n);
const all = 2n ** 64n - 1n;

/** The interrupts of supervisor mode, which can be delegated to it. */
export const S_INTERRUPTS = bits(INTERRUPT.SSI, INTERRUPT.STI, INTERRUPT.SEI);
const interrupts = S_INTERRUPTS | bits(INTERRUPT.MSI, INTERRUPT.MTI, INTERRUPT.MEI);
const { ecallFromM, ...delegable } = CAUSE;

/** `satp`: the mode in bits 63:60, no ASIDs, the root page's number in bits 43:0. */
export const SATP = { SV39: 8n, PPN: 2n ** 44n - 1n } as const;

/** A PMP entry's settings: Privileged Architecture, "Physical Memory Protection CSRs". */
export const PMP = { R: 1, W: 2, X: 4, A: 0x18, TOR: 0x08, NA4: 0x10, NAPOT: 0x18, L: 0x80 } as const;

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

/** MXL = 64 bits; extensions A, C, D, F, I, M, S and U. */
const MISA =
  (2n << 62n) | [...'ACDFIMSU'].reduce((letters, letter) => letters | bits(letter.charCodeAt(0) - 65), 0n);

const XL = MSTATUS.UXL_64 | MSTATUS.SXL_64;

/** The position of `frm` in `fcsr`, above `fflags`. */
export const FRM = { shift: 5, bits: 3 } as const;

/** The CSR table. */
export const csrs: readonly Csr[] = [
  { name: 'fflags', number: 0x001, access: { is: 'fcsr', shift: 0, bits: FRM.shift } },
  { name: 'frm', number: 0x002, access: { is: 'fcsr', ...FRM } },
  { name: 'fcsr', number: 0x003, access: { is: 'fcsr', shift: 0, bits: FRM.shift + FRM.bits } },
  { name: 'seed', number: 0x015, access: { is: 'seed' } },

  {
    name: 'sstatus',
    number: 0x100,
    access: { is: 'status', readable: S_WRITABLE | MSTATUS.UXL_64 | MSTATUS.SD, writable: S_WRITABLE },
  },
  { name: 'sie', number: 0x104, access: { is: 'sie' } },
  // Direct and vectored mode; the base is 4-byte aligned.
  word('stvec', 0x105, all - 2n),
  word('scounteren', 0x106, COUNTERS),
  word('senvcfg', 0x10a, ENVCFG.FIOM),
  word('sscratch', 0x140, all),
  word('sepc', 0x141, all - 1n),
  word('scause', 0x142, all),
  word('stval', 0x143, all),
  { name: 'sip', number: 0x144, access: { is: 'sip' } },
  word('stimecmp', 0x14d, all),
  { name: 'satp', number: 0x180, access: { is: 'satp' } },

  {
    name: 'mstatus',
    number: 0x300,
    access: { is: 'status', readable: M_WRITABLE | XL | MSTATUS.SD, writable: M_WRITABLE },
  },
  constant('misa', 0x301, MISA),
  word('medeleg', 0x302, bits(...Object.values(delegable))),
  word('mideleg', 0x303, S_INTERRUPTS),
  word('mie', 0x304, interrupts),
  word('mtvec', 0x305, all - 2n),
  word('mcounteren', 0x306, COUNTERS),
  word('menvcfg', 0x30a, ENVCFG.FIOM | ENVCFG.STCE),
  constant('mcountinhibit', 0x320),
  ...each(29, (i) => constant(`mhpmevent${i + 3}`, 0x323 + i)),
  word('mscratch', 0x340, all),
  word('mepc', 0x341, all - 1n),
  word('mcause', 0x342, all),
  word('mtval', 0x343, all),
  { name: 'mip', number: 0x344, access: { is: 'mip' } },
  { name: 'pmpcfg0', number: 0x3a0, access: { is: 'pmpcfg', word: 'pmpcfg0' } },
  { name: 'pmpcfg2', number: 0x3a2, access: { is: 'pmpcfg', word: 'pmpcfg2' } },
  ...each(PMP_ENTRIES, (index) => ({
    name: `pmpaddr${index}`,
    number: 0x3b0 + index,
    access: { is: 'pmpaddr', index },
  })),
  word('mseccfg', 0x747, MSECCFG.USEED | MSECCFG.SSEED),
  // No debug triggers: their type reads as "none".
  constant('tselect', 0x7a0),
  constant('tdata1', 0x7a1),
  constant('tdata2', 0x7a2),
  constant('tdata3', 0x7a3),
  { name: 'mcycle', number: 0xb00, access: { is: 'counter', word: 'mcycleBias' } },
  { name: 'minstret', number: 0xb02, access: { is: 'counter', word: 'minstretBias' } },
  ...each(29, (i) => constant(`mhpmcounter${i + 3}`, 0xb03 + i)),
  { name: 'cycle', number: 0xc00, access: { is: 'counter', word: 'mcycleBias' }, counterBit: 0 },
  { name: 'time', number: 0xc01, access: { is: 'time' }, counterBit: 1 },
  { name: 'instret', number: 0xc02, access: { is: 'counter', word: 'minstretBias' }, counterBit: 2 },
  ...each(29, (i) => ({ ...constant(`hpmcounter${i + 3}`, 0xc03 + i), counterBit: i + 3 })),
  constant('mvendorid', 0xf11),
  constant('marchid', 0xf12),
  constant('mimpid', 0xf13),
  constant('mhartid', 0xf14),
  constant('mconfigptr', 0xf15),
];

/** CSR numbers by name. */
export const csrNumbers: ReadonlyMap<string, number> = new Map(
  csrs.map(({ name, number }) => [name, number]),
);
/** CSR names by number. */
export const csrNames: ReadonlyMap<number, string> = new Map(csrs.map(({ name, number }) => [number, name]));
