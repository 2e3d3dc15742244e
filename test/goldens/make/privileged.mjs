/**
 * Cases of supervisor mode for make/cpu.mjs: delegation and its traps, translation by Sv39, physical memory protection.
 *
 * @typedef {Record<string, bigint | number>} Input
 * @typedef {(lines: string, ...inputs: Input[]) => void} Make
 */

const code = 0x8020_0000;
const data = 0x8040_0000;
const tables = 0x8050_0000;
/** Not RAM and not a device. */
const hole = 0x100_0000;

const MPP = { U: 0, S: 0x800, M: 0x1800 };
const SIE = 1 << 1;
const SPIE = 1 << 5;
const SPP = 1 << 8;
const MPRV = 1 << 17;
const SUM = 1 << 18;
const MXR = 1 << 19;
const TVM = 1 << 20;
const TW = 1 << 21;
const TSR = 1 << 22;
const MPIE = 0x80;

const ones = (/** @type {(bigint | number)[]} */ values, name = 'x10') => values.map((x) => ({ [name]: x }));
/** @param {Input} all @param {Input[]} inputs */
const withAll = (all, inputs) => (inputs.length > 0 ? inputs : [{}]).map((input) => ({ ...all, ...input }));

/**
 * A program that goes to a lower mode after `before`, in which x4 is what becomes `mstatus`.
 * @param {Make} make
 */
const goDown = (make) => {
  /** @param {string} before @param {string} lines @param {Input[]} inputs */
  const down = (before, lines, ...inputs) => {
    const start = before === '' ? 0 : before.split(';').length;
    make(
      `${before}${before && '; '}csrrw x0, mstatus, x4; csrrw x0, mepc, x5; mret; ${lines}`,
      ...withAll({ x5: code + 4 * (start + 3) }, inputs),
    );
  };
  return down;
};

const supervisorCsrs = [
  ...[
    'sstatus',
    'sie',
    'stvec',
    'scounteren',
    'senvcfg',
    'sscratch',
    'sepc',
    'scause',
    'stval',
    'sip',
    'satp',
  ],
  'stimecmp',
];
const machineCsrs = [
  ...['mstatus', 'misa', 'medeleg', 'mideleg', 'mie', 'mtvec', 'mcounteren', 'menvcfg', 'mscratch', 'mepc'],
  ...[
    'mcause',
    'mtval',
    'mip',
    'pmpcfg0',
    'pmpcfg2',
    'pmpaddr0',
    'pmpaddr15',
    'mcycle',
    'minstret',
    'mhartid',
  ],
];

/** @param {Make} make */
export function privileged(make) {
  const down = goDown(make);
  const s = { x4: MPP.S };
  const u = { x4: MPP.U };

  // Which CSRs there are in each mode.
  for (const name of supervisorCsrs) make(`csrrs x12, ${name}, x0`);
  for (const name of [
    ...supervisorCsrs,
    ...machineCsrs,
    'cycle',
    'time',
    'instret',
    'seed',
    '0x7a0',
    '0x800',
  ])
    down('', `csrrs x0, ${name}, x0`, s, u);
  // And which others: with pmu-num=0 hpmcounter3, and pmpaddr16, pmpcfg1 and pmpcfg4 are not there.
  for (const name of ['mcountinhibit', 'tselect', 'tdata1', '0xc03', '0x3c0', '0x3a1', '0x3a4'])
    make(`csrrs x0, ${name}, x0`);
  for (const counter of ['cycle', 'time', 'instret'])
    for (const x4 of [MPP.S, MPP.U])
      down(
        'csrrw x0, mcounteren, x10; csrrw x0, scounteren, x11',
        `csrrs x0, ${counter}, x0`,
        ...[0, 1, 2, 4, 7].flatMap((x10) => [0, 1, 2, 4, 7].map((x11) => ({ x4, x10, x11 }))),
      );
  for (const x4 of [MPP.S, MPP.U])
    down(
      'csrrw x0, menvcfg, x10; csrrw x0, mcounteren, x11',
      'csrrw x0, stimecmp, x12',
      ...[0n, 1n << 63n].flatMap((x10) => [0, 2].map((x11) => ({ x4, x10, x11, x12: -1 }))),
    );
  down(
    'csrrw x0, mseccfg, x10',
    'csrrw x12, seed, x0; srli x12, x12, 16',
    ...ones([0, 0x100, 0x200]).map((x) => ({ ...s, ...x })),
  );

  // What is written to the CSRs of supervisor mode, and that sstatus, sie and sip are parts of mstatus, mie and mip.
  const cut = (/** @type {number[]} */ ...registers) =>
    registers.map((n) => `and x${n}, x${n}, x20`).join('; ');
  const status = 0xf_007e_19aan;
  make(
    `csrrw x0, sstatus, x10; csrrs x12, sstatus, x0; csrrs x13, mstatus, x0; ${cut(12, 13)}`,
    ...ones([0, 0x122, 0xc_0000, 0x12_3456, 0xffff_99ff]).map((x) => ({ ...x, x20: status })),
  );
  make(
    `csrrw x0, mstatus, x10; csrrs x12, sstatus, x0; ${cut(12)}`,
    ...ones([0, 0x7e_19aa, 0x1800, 0x2_1888]).map((x) => ({ ...x, x20: status })),
  );
  for (const operation of ['csrrw', 'csrrs', 'csrrc'])
    make(
      `csrrw x0, mideleg, x10; csrrw x0, mie, x11; ${operation} x12, sie, x13; csrrs x14, mie, x0; csrrs x15, sie, x0`,
      ...[0, 0x222, 0x20].flatMap((x10) =>
        [0, 0xaaa].flatMap((x11) => [0, 0x222, -1].map((x13) => ({ x10, x11, x13 }))),
      ),
    );
  for (const operation of ['csrrw', 'csrrs', 'csrrc'])
    make(
      `csrrw x0, mideleg, x10; csrrw x0, mip, x11; ${operation} x12, sip, x13; csrrs x14, mip, x0; csrrs x15, sip, x0; ${cut(14)}`,
      ...[0, 0x222, 2].flatMap((x10) =>
        [0, 0x222].flatMap((x11) => [0, 2, 0x222].map((x13) => ({ x10, x11, x13, x20: 0xaaa }))),
      ),
    );
  for (const name of ['mip', 'sip'])
    make(`csrrw x0, mideleg, x11; csrrw x12, ${name}, x10; csrrs x13, ${name}, x0; ${cut(13)}`, {
      x10: -1,
      x11: -1,
      x20: 0xaaa,
    });
  make(
    'csrrw x0, satp, x10; csrrs x12, satp, x0; csrrw x0, satp, x0',
    ...ones([0, 0x1234, 8n << 60n, (8n << 60n) + 0x80500n]),
  );
  // The modes 1 to 7 and 9 to 15 do not exist here (QEMU has 9 and 10, too), and leave all of satp as it is.
  make(
    'csrrw x0, satp, x11; csrrw x0, satp, x10; csrrs x12, satp, x0; csrrw x0, satp, x0',
    ...[1n, 7n, 9n, 10n, 15n].map((mode) => ({ x10: (mode << 60n) + 0x1234n, x11: (8n << 60n) + 0x80500n })),
  );
  make('csrrw x0, satp, x10; csrrs x12, satp, x0; csrrw x0, satp, x0', { x10: 0x8fff_ffff_ffff_ffffn });
  for (const [name, values] of /** @type {[string, (bigint | number)[]][]} */ ([
    ['menvcfg', [0, 1, 1n << 63n, (1n << 63n) + 1n]],
    ['senvcfg', [0, 1]],
    ['scounteren', [0, 7]],
    ['stimecmp', [-1, 2n ** 63n]],
  ]))
    make(`csrrw x0, ${name}, x10; csrrs x12, ${name}, x0`, ...ones(values));

  traps(make);
  interrupts(make);
}

/** Exceptions from every mode, delegated or not, and the ways back. @param {Make} make */
function traps(make) {
  const down = goDown(make);
  const modes = [MPP.S, MPP.U];
  /** @type {[string, Input][]} */
  const exceptions = [
    ['ecall', {}],
    ['ebreak', {}],
    ['.word 0', {}],
    ['.word 0xffffffff', {}],
    ['csrrs x12, mscratch, x0', {}],
    ['ld x12, 0(x10)', { x10: hole }],
    ['sd x12, 0(x10)', { x10: hole + 8 }],
    ['amoadd.w x12, x11, (x10)', { x10: data + 2 }],
    ['lr.d x12, (x10)', { x10: data + 4 }],
    ['jalr x1, 0(x10)', { x10: hole }],
    ['mret', {}],
    ['sret', {}],
    ['sfence.vma x0, x0', {}],
  ];
  for (const [line, input] of exceptions)
    for (const x4 of [...modes, MPP.S | SIE | MPIE])
      down('csrrw x0, medeleg, x3', line, ...[0, 0xb3f7].map((x3) => ({ x3, x4, ...input })));
  down(
    'csrrw x0, medeleg, x3',
    'wfi',
    ...[MPP.U, MPP.S | TW].flatMap((x4) => [0, 0xb3f7].map((x3) => ({ x3, x4 }))),
  );
  // All but EBREAK, which ends the handler; here is that one.
  down(
    'csrrw x0, medeleg, x3; csrrw x0, stvec, x6',
    'ebreak; .word 0',
    ...modes.map((x4) => ({ x3: 8, x4, x6: code + 24 })),
  );
  // Each cause by its own bit.
  for (const x4 of modes)
    down('csrrw x0, medeleg, x3', 'ecall', ...[1 << 8, 1 << 9, 1 << 11].map((x3) => ({ x3, x4 })));
  // What is delegated is still M-mode's when it happens there.
  for (const line of ['.word 0', 'ecall']) make(`csrrw x0, medeleg, x3; ${line}`, { x3: 0xb3f7 });
  // A handler's own exception.
  down(
    'csrrw x0, medeleg, x3; csrrw x0, stvec, x6',
    '.word 0; csrrs x12, scause, x0; csrrs x13, sepc, x0; csrrs x14, stval, x0; csrrs x15, sstatus, x0; ld x16, 0(x10)',
    ...modes.map((x4) => ({ x3: 4, x4: x4 | SIE, x6: code + 24, x10: hole })),
  );
  // stvec, vectored: an exception still goes to the base.
  down('csrrw x0, medeleg, x3; csrrw x0, stvec, x6', 'ecall; ebreak', {
    x3: 0x1f7,
    x4: MPP.U,
    x6: code + 25,
  });

  // SRET: from M-mode and from S-mode, with TSR; what becomes of sstatus.
  const shown = 'csrrs x12, mstatus, x0; and x12, x12, x20';
  for (const x4 of [0, SPP, SPIE, SPP | SPIE, SPP | SIE, SPP | SPIE | SIE | MPRV, MPRV, TSR])
    make('csrrw x0, mstatus, x4; csrrw x0, sepc, x6; sret; addi x12, x0, 1', { x4, x6: code + 12 });
  for (const x4 of [0, SPP, SPIE, SPP | SPIE, TSR, TSR | SPP])
    down('csrrw x0, sepc, x6', 'sret; addi x12, x0, 1', { x4: x4 | MPP.S, x6: code + 20 });
  make('csrrw x0, sepc, x6; sret', ...[code + 16, code + 17, code + 18, hole].map((x6) => ({ x6 })));
  make(
    `csrrw x0, mstatus, x4; ${shown}`,
    ...[SPP, MPP.S, MPP.M | SPP].map((x4) => ({ x4, x20: 0xf_007e_19aan })),
  );

  // TVM, TW, TSR: what M-mode keeps from S-mode.
  for (const x4 of [0, TVM, TW, TSR].map((bit) => bit | MPP.S))
    for (const line of [
      'csrrs x0, satp, x0',
      'csrrw x0, satp, x0',
      'sfence.vma x0, x0',
      'sfence.vma x10, x11',
      'sret',
    ])
      down('csrrw x0, sepc, x6', `${line}; addi x12, x0, 1`, { x4, x6: code + 20 });
  down('', 'wfi', { x4: TW | MPP.S }, { x4: TW | MPP.U });
  for (const line of ['csrrs x0, satp, x0', 'sfence.vma x0, x0', 'sfence.vma x10, x11'])
    make(`csrrs x0, mstatus, x4; ${line}; csrrc x0, mstatus, x4`, { x4: TVM | TSR });
  for (const word of [
    0x1200_00f3, 0x1600_0073, 0x1800_0073, 0x2200_0073, 0x6200_0073, 0x7020_0073, 0x0020_0073,
  ])
    make(`.word 0x${word.toString(16).padStart(8, '0')}`);
}

/** Interrupts that supervisor mode has or is given. @param {Make} make */
function interrupts(make) {
  const down = goDown(make);
  const pend = 'csrrw x0, mideleg, x3; csrrw x0, mie, x6; csrrw x0, mip, x7';
  const statuses = [MPP.U, MPP.S, MPP.S | SIE, MPP.S | MPIE, MPP.U | SIE];
  for (const x4 of statuses)
    down(
      pend,
      'addi x12, x0, 1',
      ...[0, 0x222, 2, 0x20].flatMap((x3) =>
        [0x222, 0x20, 2, 0].flatMap((x6) => [0x222, 0x22, 0x200].map((x7) => ({ x3, x4, x6, x7 }))),
      ),
    );
  // In M-mode what is delegated waits; what isn't comes.
  make(
    `${pend}; csrrw x0, mstatus, x4; addi x12, x0, 1`,
    ...[0, 0x222, 2].flatMap((x3) => [8, 0xa].map((x4) => ({ x3, x4, x6: 0x222, x7: 0x222 }))),
  );
  // Supervisor mode enables them, makes one itself, and takes it vectored.
  down(pend, 'csrrsi x0, sstatus, 2; addi x12, x0, 1', { x3: 0x222, x4: MPP.S, x6: 0x222, x7: 2 });
  down(pend, 'csrrw x0, sie, x8; csrrwi x0, sip, 2; addi x12, x0, 1', {
    x3: 0x222,
    x4: MPP.S | SIE,
    x6: 0,
    x7: 0,
    x8: 2,
  });
  down(
    `csrrw x0, stvec, x9; ${pend}`,
    'addi x12, x0, 1',
    ...[2, 0x20, 0x200].map((x7) => ({ x3: 0x222, x4: MPP.S | SIE, x6: 0x222, x7, x9: 0x8030_0001 })),
  );
  // WFI goes on with one that is pending and enabled, whether or not it is taken.
  down(
    pend,
    'wfi; addi x12, x0, 1',
    { x3: 0x222, x4: MPP.S, x6: 2, x7: 2 },
    { x3: 0x222, x4: MPP.S | SIE, x6: 2, x7: 2 },
  );
  // stimecmp: pending while the time is not before it, if it counts; then mip.STIP is not to be written.
  make(
    'csrrw x0, menvcfg, x10; csrrw x0, stimecmp, x11; csrrs x12, mip, x0; and x12, x12, x20; csrrw x0, mip, x20; csrrs x13, mip, x0; and x13, x13, x20',
    ...[0n, 1n << 63n].flatMap((x10) => [0, -1].map((x11) => ({ x10, x11, x20: 0xaaa }))),
  );
  down(
    'csrrw x0, mideleg, x3; csrrw x0, mie, x3; csrrw x0, mcounteren, x11; csrrw x0, menvcfg, x10',
    'csrrw x0, stimecmp, x0; addi x12, x0, 1',
    { x3: 0x20, x4: MPP.S | SIE, x10: 1n << 63n, x11: 2 },
  );
}

const PTE = { V: 1, R: 2, W: 4, X: 8, U: 16, G: 32, A: 64, D: 128 };
const AD = PTE.V | PTE.A | PTE.D;
const RWX = AD | PTE.R | PTE.W | PTE.X;
/** A page-table entry. @param {bigint | number} address @param {number} bits */
const pte = (address, bits) => ((BigInt(address) >> 12n) << 10n) | BigInt(bits);
const satp = (8n << 60n) | BigInt(tables >>> 12);
const [root, middle, last] = [tables, tables + 0x1000, tables + 0x2000];
/** @param {number} table @param {number} index @param {bigint} value @returns {Input} */
const entry = (table, index, value) => ({ [`p${(table + 8 * index).toString(16)}`]: value });

/** Virtual addresses 0x8000_0000 are RAM for supervisor mode, 0x4000_0000 for user mode. */
const roots = {
  ...entry(root, 2, pte(0x8000_0000, RWX)),
  ...entry(root, 1, pte(0x8000_0000, RWX | PTE.U)),
};
const USER_CODE = 0x4020_0000;

/** Sv39. The addresses under test are below 0x4000_0000. @param {Make} make */
export function translation(make) {
  const down = goDown(make);
  const start = 'csrrw x0, satp, x3';
  const inS = { ...roots, x3: satp, x4: MPP.S };
  const inU = { ...roots, x3: satp, x4: MPP.U, x5: USER_CODE + 16 };
  const accesses = [
    'ld x12, 0(x10)',
    'sd x11, 0(x10)',
    'jalr x1, 0(x10)',
    'amoadd.d x12, x11, (x10)',
    'lr.w x12, (x10)',
    'sc.d x12, x11, (x10)',
  ];
  const leafAt = (/** @type {number} */ level, /** @type {bigint} */ leaf) => {
    if (level === 2) return entry(root, 0, leaf);
    if (level === 1) return { ...entry(root, 0, pte(middle, PTE.V)), ...entry(middle, 2, leaf) };
    return {
      ...entry(root, 0, pte(middle, PTE.V)),
      ...entry(middle, 2, pte(last, PTE.V)),
      ...entry(last, 3, leaf),
    };
  };
  // Pages of 4 KiB, 2 MiB and 1 GiB, and what is in which half of them.
  for (const line of accesses.slice(0, 3))
    down(
      start,
      line,
      ...[
        { ...leafAt(0, pte(data, RWX)), x10: 0x40_3008 },
        { ...leafAt(1, pte(data, RWX)), x10: 0x40_0008 },
        { ...leafAt(1, pte(data - 0x20_0000, RWX)), x10: 0x40_3008 },
        { ...leafAt(2, pte(0x8000_0000, RWX)), x10: 0x40_0008 },
        { ...leafAt(2, pte(0x8000_0000, RWX)), x10: 0x3fff_fff8 },
        // Misaligned large pages.
        { ...leafAt(1, pte(data + 0x1000, RWX)), x10: 0x40_0008 },
        { ...leafAt(2, pte(0x8020_0000, RWX)), x10: 0x40_0008 },
        { ...leafAt(2, pte(0x8000_1000, RWX)), x10: 0x40_0008 },
        // No page, a table where a page must be, and tables and pages that are not in RAM.
        { x10: 0x40_3008 },
        { ...leafAt(1, 0n), x10: 0x40_3008 },
        { ...leafAt(0, 0n), x10: 0x40_3008 },
        { ...leafAt(0, pte(data, PTE.V)), x10: 0x40_3008 },
        { ...leafAt(0, pte(hole, RWX)), x10: 0x40_3008 },
        { ...leafAt(0, pte(2n ** 55n, RWX)), x10: 0x40_3008 },
        { ...leafAt(1, pte(hole, PTE.V)), x10: 0x40_3008 },
        { ...leafAt(2, pte(hole, PTE.V)), x10: 0x40_3008 },
      ].map((input) => ({ ...inS, x11: 0x1234, ...input })),
    );
  // Every combination of the bits of a page, for every access, in both modes, with SUM and MXR.
  const bits = [...Array(32).keys()].map((n) => n << 1);
  for (const line of accesses) {
    for (const [mode, statuses] of /** @type {const} */ ([
      [inS, [0, SUM, MXR, SUM | MXR]],
      [inU, [0, SUM | MXR]],
    ]))
      for (const status of line.startsWith('ld') ? statuses : [statuses[0], statuses[statuses.length - 1]])
        down(
          start,
          line,
          ...bits
            .filter((b) => (b & PTE.G) === 0)
            .map((b) => ({
              ...mode,
              ...leafAt(0, pte(data, AD | b)),
              x4: mode.x4 | (status ?? 0),
              x10: 0x40_3000,
              x11: 1,
            })),
        );
  }
  // The other bits: G, those for software, those that are reserved, V, and in a table those that must be clear.
  const more = [0n, 32n, 0x300n, ...[54n, 58n, 60n, 61n, 62n, 63n].map((bit) => 1n << bit)];
  for (const line of accesses.slice(0, 3)) {
    down(
      start,
      line,
      ...more.map((b) => ({ ...inS, ...leafAt(0, pte(data, RWX) | b), x10: 0x40_3000, x11: 1 })),
    );
    down(
      start,
      line,
      ...[RWX & ~PTE.V, 0].map((b) => ({ ...inS, ...leafAt(0, pte(data, b)), x10: 0x40_3000, x11: 1 })),
    );
    down(
      start,
      line,
      ...[0n, 16n, 32n, 64n, 128n, 0x300n, 1n << 54n, 1n << 63n].flatMap((b) => [
        {
          ...inS,
          ...leafAt(0, pte(data, RWX)),
          ...entry(middle, 2, pte(last, PTE.V) | b),
          x10: 0x40_3000,
          x11: 1,
        },
        {
          ...inS,
          ...leafAt(0, pte(data, RWX)),
          ...entry(root, 0, pte(middle, PTE.V) | b),
          x10: 0x40_3000,
          x11: 1,
        },
      ]),
    );
    // A and D, which the hart sets.
    down(
      start,
      line,
      ...[PTE.A, PTE.D, 0].map((b) => ({
        ...inS,
        ...leafAt(0, pte(data, (RWX & ~(PTE.A | PTE.D)) | b)),
        x10: 0x40_3000,
        x11: 1,
      })),
    );
    // Addresses that are not canonical, and the last ones that are.
    down(
      start,
      line,
      ...[
        2n ** 38n - 8n,
        2n ** 38n,
        2n ** 39n,
        -(2n ** 38n),
        -(2n ** 38n) - 8n,
        -8n,
        2n ** 63n,
        2n ** 40n + 0x40_3000n,
      ].map((x10) => ({ ...inS, ...leafAt(2, pte(0x8000_0000, RWX)), x10, x11: 1 })),
    );
    down(
      start,
      line,
      ...[-(2n ** 38n) + 0x40_0000n, -(2n ** 30n) + 0x40_0000n].map((x10) => ({
        ...inS,
        ...entry(root, 256, pte(0x8000_0000, RWX)),
        ...entry(root, 511, pte(0x8000_0000, RWX)),
        x10,
        x11: 1,
      })),
    );
    // The root itself is not in RAM.
    down(start, line, { ...inS, x3: (8n << 60n) | BigInt(hole >> 12), x10: 0x40_3000 });
    // Page faults that are delegated.
    down(
      `csrrw x0, medeleg, x6; ${start}`,
      line,
      ...[inS, { ...inU, x5: USER_CODE + 20 }].map((mode) => ({ ...mode, x6: 0xb3f7, x10: 0x40_3000 })),
    );
  }
  // Across two pages, of which none, one or both are there, apart from each other in memory.
  const two = (/** @type {number} */ first, /** @type {number} */ second) => ({
    ...inS,
    ...entry(root, 0, pte(middle, PTE.V)),
    ...entry(middle, 2, pte(last, PTE.V)),
    ...entry(last, 3, pte(data + 0x2000, first)),
    ...entry(last, 4, pte(data, second)),
    x11: 0x1122_3344_5566_7788n,
  });
  for (const line of ['ld x12, 0(x10)', 'sd x11, 0(x10)', 'lh x12, 0(x10)', 'sw x11, 0(x10)'])
    down(
      start,
      line,
      ...[0x40_3ffc, 0x40_3fff, 0x40_3ff9].flatMap((x10) =>
        [
          [RWX, RWX],
          [RWX, 0],
          [0, RWX],
          [0, 0],
          [RWX, AD | PTE.R],
        ].map(([first, second]) => ({ ...two(first ?? 0, second ?? 0), x10 })),
      ),
    );
  // An instruction across two pages: `addi x12, x0, 7` of which the second half is elsewhere.
  const instruction = { [`p${(data + 0x2ff8).toString(16)}`]: 0x0613_0000_0000_0000n, m0: 0x9002_0070n };
  down(
    start,
    'jalr x1, 0(x10)',
    ...[RWX, 0, AD | PTE.R, RWX | PTE.U].map((second) => ({
      ...two(RWX, second),
      ...instruction,
      x10: 0x40_3ffe,
    })),
  );

  // MPRV: M-mode's loads and stores as those of another mode; its instructions are its own.
  for (const line of ['ld x12, 0(x10)', 'sd x11, 0(x10)', 'amoor.d x12, x11, (x10)'])
    make(
      `${start}; csrrw x0, mstatus, x4; ${line}; csrrw x0, mstatus, x0`,
      ...[MPP.M, MPP.S, MPP.U, MPP.S | SUM, MPP.S | MXR, MPP.U | MXR].flatMap((mode) =>
        [RWX, RWX | PTE.U, AD | PTE.X, AD | PTE.X | PTE.U].map((b) => ({
          ...roots,
          ...leafAt(0, pte(data, b)),
          x3: satp,
          x4: mode | MPRV,
          x10: 0x40_3000,
          x11: 1,
        })),
      ),
    );
  make(
    `csrrw x0, mstatus, x4; ld x12, 0(x10); csrrw x0, mstatus, x0`,
    ...[MPP.M, MPP.S, MPP.U].map((x) => ({ x4: x | MPRV, x10: data })),
  );

  // Page tables that change under the program: a page moves, is taken away, and given; each is there after SFENCE.VMA.
  for (const fence of ['sfence.vma x0, x0', 'sfence.vma x10, x0'])
    down(
      start,
      `ld x12, 0(x10); sd x6, 0(x7); ${fence}; ld x13, 0(x10); sd x8, 0(x7); ${fence}; ld x14, 0(x10)`,
      ...[pte(data + 0x1000, RWX), 0n, pte(data, AD | PTE.W)].map((x6) => ({
        ...inS,
        ...leafAt(0, pte(data, RWX)),
        [`p${(data + 0x1000).toString(16)}`]: 0x5555n,
        x6,
        x7: last + 24,
        x8: pte(data, RWX),
        x10: 0x40_3000,
      })),
    );
  // Satp changes, and so does what it means, at once: the instructions are in pages that both have.
  down(
    start,
    'ld x12, 0(x10); csrrw x13, satp, x6; sfence.vma x0, x0; ld x14, 0(x10); csrrw x0, satp, x0; ld x15, 0(x16)',
    {
      ...inS,
      ...leafAt(0, pte(data, RWX)),
      ...entry(tables + 0x3000, 2, pte(0x8000_0000, RWX)),
      ...entry(tables + 0x3000, 0, pte(0x8000_0000, RWX)),
      x6: satp + 3n,
      x10: 0x40_3000,
      x16: data,
    },
  );
  // SUM and MXR are switched by supervisor mode itself.
  down(
    start,
    'csrrs x0, sstatus, x6; ld x12, 0(x10); csrrc x0, sstatus, x6; ld x13, 0(x10)',
    { ...inS, ...leafAt(0, pte(data, RWX | PTE.U)), x6: SUM, x10: 0x40_3000 },
    { ...inS, ...leafAt(0, pte(data, AD | PTE.X)), x6: MXR, x10: 0x40_3000 },
  );
}

const PMP = { R: 1, W: 2, X: 4, TOR: 8, NA4: 16, NAPOT: 24, L: 128 };
/** `pmpaddr` of a naturally aligned power of two. @param {number} from @param {number} sizeBytes */
const napot = (from, sizeBytes) => (BigInt(from) >> 2n) | (BigInt(sizeBytes) / 8n - 1n);

/** Physical memory protection. @param {Make} make @param {Make} makeLocking */
export function protection(make, makeLocking) {
  const down = goDown(make);
  const rwx = PMP.R | PMP.W | PMP.X;
  const set = 'csrrw x0, pmpaddr0, x6; csrrw x0, pmpaddr1, x7; csrrw x0, pmpcfg0, x8';
  const set2 = `${set}; csrrw x0, pmpcfg2, x9; sfence.vma x0, x0`;
  const open = 0x1fn << 56n;
  // What can be written: W without R is reserved, pmpaddr has 54 bits, bits 6:5 of a setting are zero.
  make(
    'csrrw x0, pmpcfg0, x10; csrrs x12, pmpcfg0, x0; csrrw x0, pmpcfg0, x0; csrrs x13, pmpcfg0, x0',
    ...ones([0, 0x1f, 0x1d1b_1918_0f0d_0b09n, 0x7f7b_7977, 0x0302_0100, 0x1a12_0a02]),
  );
  make(
    'csrrw x12, pmpaddr3, x10; csrrw x13, pmpaddr3, x0',
    ...ones([0, 1, -1, 2n ** 54n - 1n, 0x1234_5678_9abcn]),
  );

  const loads = ['ld x12, 0(x10)', 'sd x11, 0(x10)', 'lr.w x12, (x10)', 'amoadd.w x12, x11, (x10)'];
  // Each permission, in each way of saying where.
  for (const line of [...loads, 'jalr x1, 0(x10)'])
    for (const x4 of [MPP.S, MPP.U])
      down(
        set2,
        line,
        ...[0, 1, 3, 4, 5, 7]
          .flatMap((permission) => [
            { x6: napot(data, 0x1000), x7: 0, x8: PMP.NAPOT | permission },
            { x6: data >>> 2, x7: (data + 0x1000) >>> 2, x8: (PMP.TOR | permission) << 8 },
          ])
          .map((input) => ({ x4, x9: open, x10: data, x11: 1, ...input })),
      );
  // The edges of a range, and accesses that it holds in part.
  for (const line of ['ld x12, 0(x10)', 'lw x12, 0(x10)', 'sd x11, 0(x10)', 'sb x11, 0(x10)'])
    down(
      set2,
      line,
      ...[
        { x6: (data + 8) >>> 2, x7: 0, x8: PMP.NA4 | PMP.R },
        { x6: napot(data + 8, 8), x7: 0, x8: PMP.NAPOT },
        { x6: (data + 8) >>> 2, x7: (data + 16) >>> 2, x8: PMP.TOR << 8 },
        { x6: (data + 8) >>> 2, x7: (data + 16) >>> 2, x8: (PMP.TOR | rwx) << 8 },
      ].flatMap((input) =>
        [0, 4, 5, 8, 12, 13, 16].map((offset) => ({
          x4: MPP.S,
          x9: open,
          x10: data + offset,
          x11: 1,
          ...input,
        })),
      ),
    );
  // The first entry that matches decides; a top of range below its bottom matches nothing; TOR of entry 0 starts at 0.
  down(
    set2,
    'ld x12, 0(x10)',
    ...[
      { x6: napot(data, 0x1000), x7: napot(data, 0x1000), x8: PMP.NAPOT | ((PMP.NAPOT | rwx) << 8) },
      { x6: napot(data, 0x1000), x7: napot(data, 0x1000), x8: PMP.NAPOT | rwx | (PMP.NAPOT << 8) },
      { x6: (data + 0x1000) >>> 2, x7: data >>> 2, x8: PMP.TOR << 8 },
      { x6: (data + 0x1000) >>> 2, x7: 0, x8: PMP.TOR },
      { x6: 2n ** 53n - 1n, x7: 0, x8: PMP.NAPOT },
      { x6: 2n ** 54n - 1n, x7: 0, x8: PMP.NAPOT },
    ].map((input) => ({ x4: MPP.S, x9: open, x10: data, ...input })),
  );
  // Nothing matches: M-mode may, the others may not.
  down(set2, 'ld x12, 0(x10)', {
    x4: MPP.S,
    x6: napot(0x8020_0000, 0x1000),
    x7: 0,
    x8: PMP.NAPOT | rwx,
    x9: 0,
    x10: data,
  });
  make(`${set2}; ld x12, 0(x10)`, {
    x6: napot(0x8020_0000, 0x1000),
    x7: 0,
    x8: PMP.NAPOT | rwx,
    x9: 0,
    x10: data,
  });
  // M-mode is held to locked entries alone, and with MPRV to what another mode may do.
  make(`${set2}; ld x12, 0(x10); sd x11, 8(x10)`, {
    x6: napot(data, 0x1000),
    x7: 0,
    x8: PMP.NAPOT,
    x9: open,
    x10: data,
  });
  make(
    `${set2}; csrrw x0, mstatus, x4; ld x12, 0(x10); csrrw x0, mstatus, x0`,
    ...[MPP.M, MPP.S, MPP.U].map((mode) => ({
      x4: mode | MPRV,
      x6: napot(data, 0x1000),
      x7: 0,
      x8: PMP.NAPOT,
      x9: open,
      x10: data,
    })),
  );
  // Page tables are read as supervisor mode reads.
  down(
    `${set2}; csrrw x0, satp, x3`,
    'ld x12, 0(x10)',
    ...[0, PMP.W | PMP.R, PMP.R].map((permission) => ({
      ...roots,
      ...entry(root, 0, pte(middle, PTE.V)),
      ...entry(middle, 2, pte(data, RWX)),
      x3: satp,
      x4: MPP.S,
      x6: napot(middle, 0x1000),
      x7: 0,
      x8: PMP.NAPOT | permission,
      x9: open,
      x10: 0x40_0000,
    })),
  );

  // Memory that nothing else needs: what is locked stays so until QEMU ends.
  const locked = data + 0x1_0000;
  for (const line of ['ld x12, 0(x10)', 'jalr x1, 0(x10)', 'sd x11, 0(x10)'])
    makeLocking(
      `${set2}; ${line}`,
      ...[0, PMP.R, PMP.R | PMP.W, PMP.X].map((permission) => ({
        x6: napot(locked, 0x1000),
        x7: 0,
        x8: PMP.NAPOT | PMP.L | permission,
        x9: open,
        x10: locked,
        x11: 1,
      })),
    );
  // A locked entry keeps its setting and its address, and the address below a locked top of range.
  makeLocking(
    `${set}; csrrw x0, pmpcfg0, x0; csrrs x12, pmpcfg0, x0; csrrw x0, pmpaddr0, x0; csrrs x13, pmpaddr0, x0; csrrw x0, pmpaddr1, x0; csrrs x14, pmpaddr1, x0`,
    ...[PMP.NAPOT | PMP.L, (PMP.TOR | PMP.L) << 8, (PMP.NA4 | PMP.L) << 8, PMP.L | rwx].map((x8) => ({
      x6: locked >>> 2,
      x7: (locked + 0x1000) >>> 2,
      x8,
    })),
  );
}
