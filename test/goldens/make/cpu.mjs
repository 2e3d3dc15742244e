/**
 * Makes the goldens of the CPU: what every instruction does according to QEMU. By hand, with QEMU 7.2 and
 * riscv64-unknown-elf-gcc on the PATH:
 *
 *     node test/goldens/make/cpu.mjs
 *
 * One bare-metal program runs every case on the `virt` machine. A case is a few instructions placed at `machine.code` among
 * nothing but EBREAKs, with given registers and memory; a trap ends it, most often the EBREAK after the last instruction.
 * The trap handler keeps the registers and the CSRs of the trap. The goldens are text:
 *
 *     add x12, x10, x11                00b50633     instructions and their words
 *     : x10=1 x11=2 -> x12=3                        what goes in, and what is different afterwards
 *
 * Registers and memory that a case doesn't give hold `machine.filler` and `machine.memory`. `m0` to `m3` are 64-bit words
 * at `machine.data`, and `p80500000` is the one at that address, zero when it isn't given; `at` is where execution stands when
 * that isn't the end of the instructions; `cause`, `epc` and `tval` say that a trap ended the case, `scause`, `sepc` and `stval`
 * that one went to supervisor mode before, whose handler is an EBREAK; `mstatus` stands there when it isn't `machine.mstatus`
 * after the trap.
 *
 * Of CSRs only the bits are looked at that this machine has; the values of counters and of the clock, which run with the host,
 * are not looked at. The last PMP entry opens all of memory.
 */
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { bits } from './bits.mjs';
import { compressed } from './compressed.mjs';
import { privileged, protection, translation } from './privileged.mjs';

/** The machine on which a case runs; the tests set up the same one. */
export const machine = {
  ram: 0x8000_0000,
  ramSizeBytes: 0x400_0000,
  handler: 0x8000_0100,
  /** Where the handler keeps registers; `mscratch` holds it when a case starts. Of `mstatus` it is the bit of MPRV. */
  save: 0x8002_0000,
  code: 0x8020_0000,
  /** EBREAKs from here to here. */
  breaks: { from: 0x8010_0000, to: 0x8031_0000 },
  /** The handler of supervisor mode: one of the EBREAKs. */
  supervisorHandler: 0x8030_0000,
  data: 0x8040_0000,
  /** Page tables, all zeros when a case starts. */
  tables: { from: 0x8050_0000, to: 0x8050_8000 },
  /** The entry that opens all of memory is the last: its settings, and its address. */
  pmpcfg2: 0x1fn << 56n,
  pmpaddr15: 2n ** 54n - 1n,
  /** `mstatus` when a case starts: MPIE; after a trap from M-mode without MIE: MPP; both with UXL and SXL = 64 bits. */
  mstatusBefore: 0xa_0000_0080n,
  mstatus: 0xa_0000_1800n,
  /** SIE, MIE, SPIE, MPIE, SPP, MPP, MPRV, SUM, MXR, TVM, TW, TSR, UXL and SXL. */
  mstatusBits: 0xf_007e_19aan,
  /** @param {number} register */
  filler: (register) => BigInt(register) * 0x0101_0101_0101_0101n,
  memory: [0x8182_0384_8506_8788n, 0x0192_9394_1596_9718n, 0xa1a2_a3a4_a5a6_a7a8n, 0xb1b2_b3b4_b5b6_b7b8n],
};

/** QEMU's CPU with what this machine has, and without what it has not. */
const cpu = [
  'rv64',
  ...['h', 'v', 'zbc', 'svinval', 'svnapot', 'svpbmt', 'debug'].map((name) => `${name}=false`),
  ...['zkr=true', 'zba=true', 'zbb=true', 'zbs=true', 'sstc=true', 'x-epmp=true'],
  ...['pmu-num=0', 'marchid=0', 'mimpid=0'],
].join();

/**
 * The outcome of a case, as in the goldens.
 *
 * @param {Record<string, bigint>} input what the case gives: `x1` to `x31`, `m0` to `m3`
 * @param {Record<string, bigint>} after the same, and `cause`, `epc`, `tval`, `mstatus`, `scause`, `sepc`, `stval`
 * @param {number} count of instructions
 */
export function outcome(input, after, count) {
  const parts = [];
  const end = BigInt(machine.code + 4 * count);
  /** @param {string} name @param {bigint} before */
  const changed = (name, before) => {
    if (after[name] !== before) parts.push(`${name}=${after[name]?.toString(16)}`);
  };
  for (let n = 1; n < 32; n++) changed(`x${n}`, input[`x${n}`] ?? machine.filler(n));
  machine.memory.forEach((filler, index) => {
    changed(`m${index}`, input[`m${index}`] ?? filler);
  });
  const { epc = 0n } = after;
  const within = epc >= BigInt(machine.code) && epc < end;
  if (after.cause === 3n && !within) {
    if (epc !== end) parts.push(`at=${epc.toString(16)}`);
  } else for (const name of ['cause', 'epc', 'tval']) changed(name, -1n);
  for (const name of ['scause', 'sepc', 'stval']) changed(name, 0n);
  const mstatus = (after.mstatus ?? 0n) & machine.mstatusBits;
  if (mstatus !== machine.mstatus) parts.push(`mstatus=${mstatus.toString(16)}`);
  return parts.join(' ');
}

/** @typedef {Record<string, bigint | number>} Input */
/** @typedef {{ lines: string[], inputs: Input[], locks: boolean }} Program */

const U64 = (/** @type {bigint | number} */ value) => BigInt.asUintN(64, BigInt(value));

/** A fixed sequence of 64-bit values (SplitMix64), so that the same script makes the same cases. */
let seed = 2024n;
function random() {
  seed = U64(seed + 0x9e37_79b9_7f4a_7c15n);
  let z = seed;
  z = U64((z ^ (z >> 30n)) * 0xbf58_476d_1ce4_e5b9n);
  z = U64((z ^ (z >> 27n)) * 0x94d0_49bb_1331_11ebn);
  return z ^ (z >> 31n);
}

const edges = [
  0,
  1,
  -1,
  2,
  2n ** 63n - 1n,
  -(2n ** 63n),
  2n ** 31n - 1n,
  -(2n ** 31n),
  2n ** 32n - 1n,
  2n ** 31n,
];
const fewEdges = [0, 1, -1, -(2n ** 63n), 2n ** 31n - 1n, -(2n ** 31n)];
/** Not RAM and not a device. */
const hole = 0x100_0000;
const { code, data, handler } = machine;
const ramEnd = machine.ram + machine.ramSizeBytes;

/**
 * @param {(bigint | number)[]} as
 * @param {(bigint | number)[]} bs
 * @param {string} [a]
 * @param {string} [b]
 * @returns {Input[]}
 */
const pairs = (as, bs, a = 'x10', b = 'x11') => as.flatMap((x) => bs.map((y) => ({ [a]: x, [b]: y })));
const ones = (/** @type {(bigint | number)[]} */ values, name = 'x10') => values.map((x) => ({ [name]: x }));

/** @type {Record<string, Program[]>} */
const files = {};
/** @type {Program[]} */
let file = [];
const into = (/** @type {string} */ name) => {
  file = [];
  files[name] = file;
};
/** @param {string} lines separated by `;` @param {Input[]} inputs */
const make = (lines, ...inputs) => {
  file.push({
    lines: lines.split(';').map((line) => line.trim()),
    inputs: inputs.length > 0 ? inputs : [{}],
    locks: false,
  });
};
/** A program that locks PMP entries, which only a reset unlocks. @type {typeof make} */
const makeLocking = (lines, ...inputs) => {
  make(lines, ...inputs);
  const last = file.at(-1);
  if (last) last.locks = true;
};

function integer() {
  into('integer');
  const shifts = ['sll', 'srl', 'sra', 'sllw', 'srlw', 'sraw'];
  const words = ['addw', 'subw', 'mulw', 'divw', 'divuw', 'remw', 'remuw'];
  const doubles = ['add', 'sub', 'slt', 'sltu', 'xor', 'or', 'and'];
  const products = ['mul', 'mulh', 'mulhsu', 'mulhu', 'div', 'divu', 'rem', 'remu'];
  for (const name of [...doubles, ...shifts, ...products, ...words]) {
    const second = shifts.includes(name) ? [0, 1, 31, 32, 63, 64, -1] : edges;
    const randoms = Array.from({ length: 10 }, (_, i) => ({
      x10: random() >> BigInt(i * 3),
      x11: random() >> BigInt(i % 2 ? 31 : i),
    }));
    make(`${name} x12, x10, x11`, ...pairs(edges, second), ...randoms);
    const [a, b] = [{ x10: random() }, { x11: random() >> 40n }];
    make(`${name} x0, x10, x11`, { ...a, ...b });
    make(`${name} x10, x10, x11`, { ...a, ...b });
    make(`${name} x11, x10, x11`, { ...a, ...b });
    make(`${name} x10, x10, x10`, a);
    make(`${name} x1, x0, x11`, b);
    make(`${name} x31, x10, x0`, a);
    make(`${name} x16, x31, x30`, { x31: random(), x30: random() });
  }
  for (const name of ['addi', 'slti', 'sltiu', 'xori', 'ori', 'andi', 'addiw']) {
    for (const imm of [0, 1, -1, 2047, -2048, 0x555])
      make(`${name} x12, x10, ${imm}`, ...ones([...edges, 2047, -2048, random()]));
    make(`${name} x0, x10, 1`, { x10: random() });
    make(`${name} x10, x10, -3`, { x10: random() });
    make(`${name} x31, x0, 1234`);
  }
  for (const name of ['slli', 'srli', 'srai', 'slliw', 'srliw', 'sraiw']) {
    for (const shamt of name.endsWith('w') ? [0, 1, 17, 31] : [0, 1, 31, 32, 63])
      make(`${name} x12, x10, ${shamt}`, ...ones([...edges, random(), random()]));
    make(`${name} x0, x10, 1`, { x10: random() });
    make(`${name} x10, x10, 9`, { x10: random() });
  }
  for (const name of ['lui', 'auipc'])
    for (const rd of ['x12', 'x0', 'x31'])
      for (const imm of [0, 1, 0x7ffff, 0x80000, 0xfffff]) make(`${name} ${rd}, ${imm}`);
}

function control() {
  into('control');
  for (const rd of ['x0', 'x1', 'x31'])
    for (const by of ['+4', '+8', '-4', '+0xffffc', '-0x100000', '+2', '+6', '-2']) make(`jal ${rd}, .${by}`);
  const targets = [
    code + 64,
    code + 65,
    code + 66,
    code + 67,
    code - 32,
    hole,
    0,
    -4,
    2n ** 63n,
    ramEnd - 4 + 8,
  ];
  for (const imm of [0, 1, 2, 4, -1, -4]) make(`jalr x1, ${imm}(x10)`, ...ones(targets));
  for (const imm of [2044, -2048]) make(`jalr x1, ${imm}(x10)`, { x10: code });
  make('jalr x0, 0(x10)', { x10: code + 64 });
  make('jalr x10, 8(x10)', { x10: code + 64 }, { x10: code + 66 });
  make('jalr x5, 0(x0)');
  const operands = pairs(
    [0, 1, -1, 2n ** 63n - 1n, -(2n ** 63n), 2n ** 31n],
    [0, 1, -1, -(2n ** 63n), 2n ** 31n],
  );
  const orders = [...pairs([5], [5]), ...pairs([-7], [3]), ...pairs([3], [-7])];
  for (const name of ['beq', 'bne', 'blt', 'bge', 'bltu', 'bgeu']) {
    make(`${name} x10, x11, .+16`, ...operands, { x10: random(), x11: random() });
    // Only a branch that is taken minds where it goes.
    for (const by of ['-4', '+0xffc', '-0x1000', '+2', '+6', '-2', '+8'])
      make(`${name} x10, x11, .${by}`, ...orders);
    make(`${name} x10, x0, .+12`, { x10: 0 }, { x10: -1 });
    make(`${name} x0, x11, .+12`, { x11: 0 }, { x11: 1 });
    make(`${name} x10, x10, .+12`, { x10: 3 });
  }
  // A loop: the sum of 1 to 10.
  make('addi x12, x0, 0; add x12, x12, x10; addi x10, x10, -1; bne x10, x0, .-8', { x10: 10 });
  for (const fence of ['fence iorw, iorw', 'fence rw, w', 'fence r, r', 'fence w, w', 'fence.i']) make(fence);
  make('.word 0x8330000f'); // FENCE.TSO
  make('.word 0x0100000f'); // PAUSE
  make('.word 0xfff5068f'); // FENCE whose unused fields are not zero
  make('.word 0xfff5168f'); // FENCE.I whose unused fields are not zero
  // A store to an instruction is seen after FENCE.I: `addi x12, x0, 77` over `addi x12, x0, 1`.
  make('sw x11, 0(x10); fence.i; addi x12, x0, 1', { x10: code + 8, x11: 0x04d0_0613 });
  for (const op of ['ecall', 'ebreak']) {
    make(op);
    make(`addi x12, x0, 1; ${op}; addi x12, x0, 2`);
  }
}

function memory() {
  into('memory');
  const loads = ['lb', 'lh', 'lw', 'ld', 'lbu', 'lhu', 'lwu'];
  const stores = ['sb', 'sh', 'sw', 'sd'];
  for (const name of [...loads, ...stores]) {
    const [register, value] = loads.includes(name) ? ['x12', {}] : ['x11', { x11: random() | (1n << 63n) }];
    const at = (/** @type {(bigint | number)[]} */ ...addresses) =>
      addresses.map((x10) => ({ x10, ...value }));
    const aligned = Array.from({ length: 16 }, (_, offset) => data + offset);
    make(`${name} ${register}, 0(x10)`, ...at(...aligned));
    for (const imm of [2047, -2048, 1, -1]) make(`${name} ${register}, ${imm}(x10)`, ...at(data + 8 - imm));
    make(`${name} x0, 0(x10)`, ...at(data, hole));
    make(`${name} x10, 0(x10)`, { x10: data });
    // Outside RAM, at its end and across it, and an address that wraps around.
    make(
      `${name} ${register}, 4(x10)`,
      ...at(hole, hole + 1, -4, -8, 2n ** 63n, ramEnd - 4, ramEnd - 2 ** 31),
    );
    const sizeBytes = { b: 1, h: 2, w: 4, d: 8 }[name[1] ?? ''] ?? 0;
    make(
      `${name} ${register}, 0(x10)`,
      ...at(ramEnd, ramEnd - 1, ramEnd - sizeBytes, ramEnd - sizeBytes + 1),
    );
    make(`${name} ${register}, 0(x0)`);
  }
  make('sd x11, 4(x10); ld x12, 4(x10); lw x13, 8(x10)', { x10: data, x11: random() });
  // Across a page.
  make('sd x11, -3(x10); ld x12, -3(x10); lhu x13, -1(x10)', { x10: data + 8192, x11: random() });
}

function atomic() {
  into('atomic');
  for (const suffix of ['.w', '.d']) {
    const sizeBytes = suffix === '.w' ? 4 : 8;
    for (const op of ['swap', 'add', 'xor', 'and', 'or', 'min', 'max', 'minu', 'maxu']) {
      const name = `amo${op}${suffix}`;
      const m0 = suffix === '.w' ? [0, 1, -1, 0x7fff_ffff, 0x1234_5678_8000_0000n] : fewEdges;
      const operands = pairs(m0, fewEdges, 'm0', 'x11').map((input) => ({ x10: data, ...input }));
      make(`${name} x12, x11, (x10)`, ...operands, { x10: data, m0: random(), x11: random() });
      const input = { x10: data + 8, x11: random() };
      make(`${name} x0, x11, (x10)`, input);
      make(`${name} x10, x11, (x10)`, input);
      make(`${name} x11, x11, (x10)`, input);
      make(`${name} x12, x10, (x10)`, input);
      make(`${name} x12, x0, (x10)`, input);
      for (const ordering of ['.aq', '.rl', '.aqrl']) make(`${name}${ordering} x12, x11, (x10)`, input);
      const elsewhere = [
        data + 1,
        data + 2,
        data + 4,
        data + 12,
        hole,
        hole + 1,
        -sizeBytes,
        ramEnd,
        ramEnd - sizeBytes,
      ];
      make(`${name} x13, x11, (x10)`, ...ones(elsewhere));
    }
    const [lr, sc] = [`lr${suffix}`, `sc${suffix}`];
    const load = suffix === '.w' ? 'lw' : 'ld';
    const [a, b] = [
      { x10: data, x11: random() },
      { x13: data + 8, x14: random() },
    ];
    for (const ordering of ['', '.aq', '.rl', '.aqrl']) {
      make(`${lr}${ordering} x12, (x10)`, a, { x10: data + 4 }, { x10: data + 8 });
      // It stores and says 0.
      make(`${lr}${ordering} x12, (x10); ${sc}${ordering} x15, x11, (x10)`, a);
    }
    make(`${lr} x0, (x10); ${sc} x0, x11, (x10)`, a);
    make(`${lr} x10, (x10)`, a);
    make(`${lr} x12, (x10); ${sc} x11, x11, (x10)`, a);
    make(`${lr} x12, (x10); ${sc} x10, x11, (x10)`, a);
    // Without a reservation; after another SC, done or not; with the reservation elsewhere or moved by a second LR.
    make(`${sc} x15, x11, (x10)`, a);
    make(`${lr} x12, (x10); ${sc} x15, x11, (x10); ${sc} x16, x14, (x10)`, { ...a, ...b });
    make(`${lr} x12, (x10); ${sc} x15, x14, (x13); ${sc} x16, x11, (x10)`, { ...a, ...b });
    make(`${lr} x12, (x10); ${sc} x15, x14, (x13)`, { ...a, ...b });
    make(`${lr} x12, (x10); ${lr} x15, (x13); ${sc} x16, x11, (x10)`, { ...a, ...b });
    make(`${lr} x12, (x10); ${lr} x15, (x13); ${sc} x16, x14, (x13)`, { ...a, ...b });
    // The increment everyone writes.
    make(
      `${lr} x12, (x10); addi x12, x12, 1; ${sc} x15, x12, (x10); bne x15, x0, .-12; ${load} x16, 0(x10)`,
      a,
    );
    // A store of the hart itself to the same place, and elsewhere.
    make(`${lr} x12, (x10); sd x14, 0(x13); ${sc} x15, x11, (x10)`, { ...a, ...b });
    make(`${lr} x12, (x10); sd x14, 0(x10); ${sc} x15, x11, (x10)`, { ...a, ...b });
    const elsewhere = ones([
      data + 1,
      data + 2,
      data + 4,
      hole,
      hole + 1,
      -sizeBytes,
      ramEnd,
      ramEnd - sizeBytes,
    ]);
    make(`${lr} x12, (x10)`, ...elsewhere);
    make(`${sc} x12, x11, (x10)`, ...elsewhere);
  }
  // The reservation is of an address.
  make('lr.w x12, (x10); sc.w x15, x11, (x13)', { x10: data, x13: data + 4, x11: 9 });
}

function system() {
  into('system');
  // What is there, what can be written, and that every write comes out as it was put in or not at all.
  for (const name of [
    'misa',
    'mhartid',
    'mvendorid',
    'marchid',
    'mimpid',
    'mconfigptr',
    'mcountinhibit',
    'mhpmevent3',
  ])
    make(`csrrs x12, ${name}, x0`);
  for (const name of ['mhpmcounter3', 'mhpmcounter31', 'mhpmevent31', 'mcounteren', 'mseccfg'])
    make(`csrrs x12, ${name}, x0`);
  for (const name of ['mhartid', 'mvendorid', 'marchid', 'mimpid', 'mconfigptr'])
    make(`csrrw x12, ${name}, x10`);
  for (const name of ['mscratch', 'mepc', 'mcause', 'mtval', 'misa', 'sscratch', 'sepc', 'scause', 'stval']) {
    const values = name.endsWith('epc') ? [0, -1, -4, 0x5454] : [0, -1, 0x5555_5555_5555_5555n];
    make(`csrrw x9, ${name}, x10; csrrw x12, ${name}, x9`, ...ones(values));
    make(`csrrw x9, ${name}, x10; csrrs x12, ${name}, x11; csrrw x13, ${name}, x9`, {
      x10: 0x18,
      x11: 0x1_0880,
    });
    make(`csrrw x9, ${name}, x10; csrrc x12, ${name}, x11; csrrw x13, ${name}, x9`, { x10: -4, x11: 0x0f08 });
  }
  for (const [name, bits] of /** @type {const} */ ([
    ['mstatus', machine.mstatusBits & ~(0xfn << 32n)],
    ['mie', 0xaaa],
    ['mip', 0xaaa],
    ['medeleg', 0xb3ff],
    ['mideleg', 0x222],
    ['mcounteren', 7],
  ])) {
    const cut = (/** @type {number} */ register) => `and x${register}, x${register}, x20`;
    const [x20, from] = [name === 'mstatus' ? machine.mstatusBits : bits, { x10: bits, x11: 0x0080 }];
    make(
      `csrrw x9, ${name}, x10; csrrw x12, ${name}, x9; ${cut(9)}; ${cut(12)}`,
      { x10: 0, x20 },
      { x10: bits, x20 },
    );
    make(`csrrs x9, ${name}, x11; csrrw x12, ${name}, x9; ${cut(9)}; ${cut(12)}`, { ...from, x20 });
    make(
      `csrrw x9, ${name}, x10; csrrc x12, ${name}, x11; csrrw x13, ${name}, x9; ${[9, 12, 13].map(cut).join(';')}`,
      {
        ...from,
        x20,
      },
    );
  }
  make('csrrw x12, mseccfg, x10; csrrw x13, mseccfg, x0', ...ones([0, 0x100]));
  for (const name of ['mtvec', 'stvec'])
    make(
      `csrrw x12, ${name}, x10; csrrw x13, ${name}, x12`,
      ...ones([0, 1, 2, 3, data, data + 1, data + 4, data + 2, -4, -3]),
    );
  for (const [op, operands] of Object.entries({
    csrrw: ['x10', 'x0', 'x12'],
    csrrs: ['x10', 'x0', 'x12'],
    csrrc: ['x10', 'x0', 'x12'],
    csrrwi: ['0', '1', '31'],
    csrrsi: ['0', '1', '31'],
    csrrci: ['0', '1', '31'],
  }))
    for (const operand of operands)
      for (const rd of ['x12', 'x0'])
        make(`csrrw x9, mscratch, x11; ${op} ${rd}, mscratch, ${operand}; csrrw x13, mscratch, x9`, {
          x10: random(),
          x11: random(),
          x12: random(),
        });
  // Read-only CSRs can be read, and set or cleared by nothing; CSRs that don't exist cannot even be named.
  for (const name of ['mhartid', 'cycle', 'time', 'instret']) {
    for (const op of ['csrrs x0', 'csrrc x0']) make(`${op}, ${name}, x0`);
    for (const op of ['csrrs x0', 'csrrc x0', 'csrrw x0'])
      make(`${op}, ${name}, x10`, { x10: 0 }, { x10: 1 });
    for (const op of ['csrrsi x0', 'csrrci x0']) make(`${op}, ${name}, 0`);
    for (const op of ['csrrsi x12', 'csrrci x12', 'csrrwi x0']) make(`${op}, ${name}, 1`);
    make(`csrrw x12, ${name}, x0`);
  }
  for (const number of ['0x000', '0x200', '0x7c0', '0x7ff', '0x800', '0xfff']) {
    make(`csrrs x12, ${number}, x0`);
    make(`csrrw x0, ${number}, x10`);
  }
  // The entropy source has to be read by a write; it then says ES16 above sixteen random bits.
  make('csrrw x12, seed, x0; srli x12, x12, 16');
  make('csrrwi x12, seed, 1; srli x12, x12, 16');
  make('csrrs x12, seed, x10; srli x12, x12, 16', { x10: 0 });
  for (const read of [
    'csrrs x12, seed, x0',
    'csrrc x12, seed, x0',
    'csrrsi x12, seed, 0',
    'csrrci x12, seed, 0',
  ])
    make(read);

  // MRET: to M and to U, with and without interrupts enabled before; MPRV is cleared by leaving M-mode.
  const status = [0, 0x80, 0x1800, 0x1880, 0x2_1880, 0x2_1808, 0x2_0080, 0x800, 0x1000];
  make(
    'csrrw x0, mstatus, x10; csrrs x12, mstatus, x0; and x12, x12, x20',
    ...ones(status).map((x) => ({ ...x, x20: machine.mstatusBits })),
  );
  make(
    'csrrw x0, mstatus, x10; csrrw x0, mepc, x11; mret',
    ...ones(status).map((x) => ({ ...x, x11: code + 12 })),
  );
  make('csrrw x0, mepc, x11; mret', ...ones([code + 16, code + 17, code + 18, code + 19, hole], 'x11'));
  make('csrrw x0, mstatus, x10; csrrw x0, mepc, x11; mret; csrrs x12, mstatus, x0; and x12, x12, x20', {
    x10: 0x2_1880,
    x11: code + 12,
    x20: machine.mstatusBits,
  });

  // In U-mode: what is allowed and what is not. MPP is U when a case starts.
  const user = (/** @type {string} */ lines, /** @type {Input[]} */ ...inputs) =>
    make(
      `csrrw x0, mepc, x5; mret; ${lines}`,
      ...(inputs.length > 0 ? inputs : [{}]).map((x) => ({ x5: code + 8, ...x })),
    );
  for (const line of [
    'ecall',
    'ebreak',
    'mret',
    'fence.i',
    'addi x12, x0, 7',
    'ld x12, 0(x10)',
    'sd x11, 0(x10)',
  ])
    user(line, { x10: data });
  user('jal x0, .+2');
  user('jalr x0, 0(x10)', { x10: hole }, { x10: code + 2 });
  user('ld x12, 0(x10)', { x10: hole });
  user('.word 0xffffffff');
  user('.word 0');
  for (const name of [
    'mstatus',
    'misa',
    'mie',
    'mtvec',
    'mcounteren',
    'mscratch',
    'mepc',
    'mcause',
    'mtval',
    'mip',
  ])
    user(`csrrs x12, ${name}, x0`);
  for (const name of [
    'mseccfg',
    'mcycle',
    'minstret',
    'mhartid',
    'cycle',
    'time',
    'instret',
    'seed',
    '0x800',
  ])
    user(`csrrs x12, ${name}, x0`);
  for (const name of ['mscratch', 'cycle']) user(`csrrw x12, ${name}, x10`);
  user('csrrw x12, seed, x0');
  const opened = (/** @type {string} */ csr, /** @type {string} */ line, /** @type {Input[]} */ ...inputs) =>
    make(
      `csrrw x0, ${csr}, x10; csrrw x0, mepc, x5; mret; ${line}`,
      ...inputs.map((x) => ({ x5: code + 12, ...x })),
    );
  for (const name of ['cycle', 'time', 'instret'])
    opened('mcounteren', `csrrs x0, ${name}, x0`, ...ones([0, 1, 2, 4, 7]));
  opened('mseccfg', 'csrrw x12, seed, x0; srli x12, x12, 16', { x10: 0 }, { x10: 0x100 });
  opened('mseccfg', 'csrrs x12, seed, x0', { x10: 0x100 });

  // Interrupts: pending ones wait until they are enabled, and the highest goes first.
  const msip = { x6: 0x200_0000, x7: 1 };
  const mtimecmp = { x8: 0x200_4000 };
  const plic = {
    x7: 1,
    x21: 0xc00_0000,
    x22: 0xc00_2000,
    x23: 0xc20_0000,
    x24: 0x1000_0000,
    x25: 1024,
    x26: 2,
  };
  const pendMsi = 'sw x7, 0(x6)';
  const pendMti = 'sd x0, 0(x8)';
  // The serial port asks for bytes to send, and its line is let through.
  const pendMei = 'sw x7, 40(x21); sw x25, 0(x22); sw x0, 0(x23); sb x26, 1(x24)';
  const enable = 'csrrw x0, mie, x10; csrrsi x0, mstatus, 8; addi x12, x0, 1';
  const show = 'csrrs x12, mip, x0; and x12, x12, x20';
  make(`${pendMsi}; ${show}`, { ...msip, x20: 0x888 });
  make(`${pendMti}; ${show}`, { ...mtimecmp, x20: 0x888 });
  make(`${pendMei}; ${show}`, { ...plic, x20: 0x888 });
  make(`${pendMsi}; csrrw x0, mip, x0; ${show}`, { ...msip, x20: 0x888 });
  make(`${pendMsi}; sw x0, 0(x6); ${show}`, { ...msip, x20: 0x888 });
  for (const [pend, input] of /** @type {[string, Input][]} */ ([
    [pendMsi, msip],
    [pendMti, mtimecmp],
    [pendMei, plic],
    [`${pendMsi}; ${pendMti}; ${pendMei}`, { ...msip, ...mtimecmp, ...plic }],
  ]))
    make(
      `${pend}; ${enable}`,
      ...ones([0x888, 0x88, 0x80, 0x808, 0x8, 0x800, 0]).map((x) => ({ ...x, ...input })),
    );
  make(`${pendMsi}; csrrsi x0, mstatus, 8; csrrwi x0, mie, 8; addi x12, x0, 1`, msip);
  make(`${pendMsi}; csrrwi x0, mie, 8; csrrs x12, mie, x0; addi x13, x0, 1`, msip);
  // MRET enables them: at once when MPIE says so, and always in U-mode, whatever MIE is there.
  const ret = 'csrrw x0, mstatus, x10; csrrw x0, mepc, x11; mret';
  make(
    `${pendMsi}; csrrwi x0, mie, 8; ${ret}`,
    ...ones([0x1880, 0x1800, 0x80, 0]).map((x) => ({ ...msip, ...x, x11: code + 64 })),
  );
  // WFI goes on when an interrupt is pending and enabled in mie, even when it is not taken; else it waits for one.
  make(`${pendMsi}; csrrwi x0, mie, 8; wfi; addi x12, x0, 1`, msip);
  make(`${pendMsi}; csrrwi x0, mie, 8; wfi; csrrsi x0, mstatus, 8; addi x12, x0, 1`, msip);
  const soon = { x8: 0x200_4000, x9: 0x200_bff8, x11: 500_000, x13: 128 };
  const timer = 'sd x0, 0(x9); sd x11, 0(x8); csrrw x0, mie, x13';
  make(`${timer}; wfi; addi x12, x0, 1`, soon);
  make(`${timer}; csrrsi x0, mstatus, 8; wfi; addi x12, x0, 1`, soon);
  make(`${timer}; csrrw x0, mstatus, x5; csrrw x0, mepc, x4; mret; wfi; addi x12, x0, 1`, {
    ...soon,
    x4: code + 24,
    x5: 0x800,
  });
  make('csrrs x0, mstatus, x10; csrrw x0, mepc, x5; mret; wfi', { x10: 0x20_0000, x5: code + 12 });
  // TW doesn't matter in M-mode.
  make(`${pendMsi}; csrrwi x0, mie, 8; csrrs x0, mstatus, x10; wfi; csrrc x0, mstatus, x10`, {
    ...msip,
    x10: 0x20_0000,
  });
  // The trap vector: direct, and vectored, in which an exception still goes to the base. The slots link to what follows.
  const nops = (/** @type {number} */ count) => Array(count).fill('addi x0, x0, 0').join(';');
  const slots = Array.from({ length: 12 }, (_, slot) => `jal x31, .+${48 - 4 * slot}`).join(';');
  const tail =
    'csrrw x0, mtvec, x14; csrrs x15, mcause, x0; csrrs x16, mepc, x0; csrrs x17, mtval, x0; csrrs x18, mstatus, x0; and x18, x18, x20';
  make(
    `csrrw x0, mtvec, x13; sw x7, 0(x6); sd x7, 0(x8); ${enable}; ecall; ${nops(9)}; ${slots}; ${tail}`,
    ...[0, 1].flatMap((mode) =>
      [0, 8, 0x80, 0x88].map((x10) => ({
        ...msip,
        x8: 0x200_4000,
        x10,
        x13: code + 64 + mode,
        x14: handler,
        x20: machine.mstatusBits,
      })),
    ),
  );

  // Words that are no instruction of this machine.
  const illegal = [
    ...[
      0,
      0xffff_ffff,
      0x0000_0003 | (7 << 12),
      0x0000_0023 | (4 << 12),
      0x0000_0063 | (2 << 12),
      0x63 | (3 << 12),
    ],
    ...[
      0x67 | (1 << 12),
      0x0200_1013 | (1 << 26),
      0x0400_5013,
      0x0200_101b,
      0x0200_501b,
      0x2000_101b,
      0x1b | (2 << 12),
    ],
    ...[0x4000_1033, 0x4000_2033, 0x4200_0033, 0x0400_0033, 0x4000_103b, 0x0200_103b, 0x3b | (2 << 12)],
    ...[0x2f, 0x202f | (5 << 27), 0x302f | (0x1f << 27), 0x1010_202f | (1 << 20), 0x102f, 0x402f],
    ...[0x1020_0073, 0x0020_0073, 0x1200_0073, 0x3020_0073 | (1 << 7), 0x1050_0073 | (1 << 15), 0x0000_00f3],
    ...[
      0x0000_4073, 0x7b20_0073, 0x0000_2007, 0x0000_2027, 0x0000_0053, 0x43, 0x57, 0x0b, 0x2b, 0x5b, 0x7b,
      0x6b, 0x77,
    ],
    ...[0x0000_200f, 0x0000_300f, 0x0000_001f, 0x0000_003f, 0x0000_0001, 0x1234_4501, 0x8002, 0x0000_0010],
  ];
  for (const word of illegal) make(`.word 0x${(word >>> 0).toString(16).padStart(8, '0')}`);
}

/** Where QEMU puts two words: which tests to run, from and to. */
const range = 0x8006_0000;

const runner = `
typedef unsigned long u64;
struct poke { u64 *at, value; };
struct test { u64 x[32]; u64 m[4]; unsigned *program; u64 count; struct poke *pokes; u64 poke_count; };
extern struct test tests[];

extern u64 saved[];
void enter(u64 *x);
static void send(u64 value) {
  for (int i = 0; i < 8; i++, value >>= 8) *(volatile unsigned char *)0x10000000 = value;
}
void main(void) {
  unsigned *code = (unsigned *)${code}UL;
  u64 *data = (u64 *)${data}UL;
  for (unsigned *p = (unsigned *)${machine.breaks.from}UL; p < (unsigned *)${machine.breaks.to}UL; p++) *p = 0x00100073;
  volatile u64 *range = (volatile u64 *)${range}UL;
  for (struct test *t = tests + range[0]; t < tests + range[1]; t++) {
    for (u64 i = 0; i < t->count; i++) code[i] = t->program[i];
    for (int i = 0; i < 4; i++) data[i] = t->m[i];
    for (u64 *p = (u64 *)${machine.tables.from}UL; p < (u64 *)${machine.tables.to}UL; p++) *p = 0;
    for (u64 i = 0; i < t->poke_count; i++) *t->pokes[i].at = t->pokes[i].value;
    *(u64 *)${ramEnd - 8}UL = 0;
    enter(t->x);
    *(volatile unsigned char *)0x10000001 = 0;
    *(volatile u64 *)0x2004000 = -1UL;
    *(volatile unsigned *)0x2000000 = 0;
    *(volatile unsigned *)0xc200004 = *(volatile unsigned *)0xc200004;
    *(volatile unsigned *)0xc002000 = 0;
    for (u64 i = 0; i < t->count; i++) code[i] = 0x00100073;
    for (int i = 1; i < 40; i++) send(saved[i]);
    for (int i = 0; i < 4; i++) send(data[i]);
  }
  *(volatile unsigned *)0x100000 = 0x5555;
}
`;

const each = (/** @type {(n: number) => string} */ line, from = 1, to = 31) =>
  Array.from({ length: to - from + 1 }, (_, i) => line(from + i)).join('\n');

/** What a trap leaves, as the handler keeps it after the registers. */
const trapNames = ['cause', 'epc', 'tval', 'mstatus', 'scause', 'sepc', 'stval'];
const csrOf = (/** @type {string} */ name) => (/^[ms]/.test(name) ? name : `m${name}`);

const entry = `
.option norvc
.option norelax
.section .start, "ax"
.globl _start
_start:
  csrr t0, mhartid
  beqz t0, first
parked:
  wfi
  j parked
first:
  la sp, stack
  la t0, handler
  csrw mtvec, t0
  j main

.org ${handler - machine.ram}
handler:
  csrrw x31, mscratch, x31
  # From here on stores are those of M-mode.
  csrrc x31, mstatus, x31
  slli x31, x31, 46
  bltz x31, 1f
  la x31, saved
  sd x0, ${8 * 39}(x31)
  j 2f
1:
  la x31, saved
  sd x31, ${8 * 39}(x31)
2:
${each((n) => `  sd x${n}, ${8 * n}(x31)`, 1, 30)}
  csrr x1, mscratch
  sd x1, 248(x31)
${trapNames.map((name, i) => `  csrr x1, ${csrOf(name)}\n  sd x1, ${8 * (32 + i)}(x31)`).join('\n')}
${['satp', 'medeleg', 'mideleg', 'mie', 'menvcfg', 'mip', 'mcounteren', 'scounteren', 'senvcfg', 'mseccfg', 'pmpcfg0'].map((csr) => `  csrw ${csr}, x0`).join('\n')}
  la x1, context
  ld x2, 8(x1)
${each((n) => `  ld x${n}, ${8 * n}(x1)`, 3, 31)}
  ld x1, 0(x1)
  ret

.globl enter
enter:
  la t0, context
  sd ra, 0(t0)
  sd sp, 8(t0)
${each((n) => `  sd x${n}, ${8 * n}(t0)`, 3, 31)}
  la t0, handler
  csrw mtvec, t0
  la t0, saved
  csrw mscratch, t0
  li t0, ${code}
  csrw mepc, t0
  li t0, -1
  csrw stimecmp, t0
  csrw pmpaddr15, t0
  li t0, ${machine.pmpcfg2}
  csrw pmpcfg2, t0
  li t0, ${machine.supervisorHandler}
  csrw stvec, t0
  li t0, 0x1800
  csrw mstatus, t0
${['mcause', 'mtval', 'scause', 'sepc', 'stval'].map((csr) => `  csrw ${csr}, x0`).join('\n')}
  sfence.vma
  mv x31, a0
${each((n) => `  ld x${n}, ${8 * n}(x31)`, 1, 31)}
  fence.i
  mret

.org ${machine.save - machine.ram}
.globl saved
saved: .space 512
context: .space 256
.space 4096
stack:
`;

function main() {
  integer();
  control();
  memory();
  atomic();
  system();
  into('privileged');
  privileged(make);
  into('translation');
  translation(make);
  into('bits');
  bits(make, random);
  into('compressed');
  compressed(make, random, machine);
  // Last, because the cases that lock PMP entries are.
  into('protection');
  protection(make, makeLocking);
  const work = mkdtempSync(join(tmpdir(), 'goldens-'));
  const path = (/** @type {string} */ name) => join(work, name);
  const all = Object.values(files).flat();

  const tests = ['.section .tests, "aw"', '.globl tests', '.balign 8', 'tests:'];
  const pokes = ['.section .programs', '.balign 8'];
  const programs = ['.section .programs, "ax"', '.option norvc', '.option norelax'];
  all.forEach(({ lines, inputs }, index) => {
    programs.push(`p${index}:`, ...lines);
    for (const input of inputs) {
      const words = [
        ...Array.from({ length: 32 }, (_, n) => input[`x${n}`] ?? machine.filler(n)),
        ...machine.memory.map((filler, n) => input[`m${n}`] ?? filler),
      ];
      const poked = Object.entries(input).filter(([name]) => name.startsWith('p'));
      const label = `pokes${tests.length}`;
      pokes.push(
        `${label}:`,
        ...poked.map(([name, value]) => `.dword 0x${name.slice(1)}, 0x${U64(value).toString(16)}`),
      );
      tests.push(
        `.dword ${words.map((word) => `0x${U64(word).toString(16)}`).join(', ')}, p${index}, ${lines.length}, ${label}, ${poked.length}`,
      );
    }
  });
  writeFileSync(path('tests.S'), [...programs, ...pokes, ...tests, ''].join('\n'));
  writeFileSync(path('entry.S'), entry);
  writeFileSync(path('runner.c'), runner);
  writeFileSync(
    path('link.ld'),
    `SECTIONS { . = ${machine.ram}; .start : { *(.start) } .text : { *(.text*) }
     . = ${machine.ram + 0x80_0000}; .programs : { *(.programs) } .tests : { *(.tests) } }`,
  );
  const run = (/** @type {string} */ command, /** @type {string[]} */ ...args) =>
    execFileSync(command, args, { stdio: ['ignore', 'inherit', 'inherit'], timeout: 30_000 });
  run(
    'riscv64-unknown-elf-gcc',
    ...[
      '-march=rv64ima_zicsr_zifencei_zkr_zba_zbb_zbs',
      '-mabi=lp64',
      '-mcmodel=medany',
      '-O1',
      '-fno-tree-loop-distribute-patterns',
    ],
    ...['-nostdlib', '-nostartfiles', '-static', `-Wl,-T,${path('link.ld')}`, '-Wl,--no-warn-rwx-segments'],
    ...[path('entry.S'), path('runner.c'), path('tests.S'), '-o', path('all.elf')],
  );
  run(
    'riscv64-unknown-elf-objcopy',
    '-O',
    'binary',
    '-j',
    '.programs',
    path('all.elf'),
    path('programs.bin'),
  );
  const runTests = (/** @type {number} */ from, /** @type {number} */ to) => {
    const set = (/** @type {number} */ address, /** @type {number} */ value) => [
      '-device',
      `loader,addr=${address},data=${value},data-len=8`,
    ];
    // With a second hart QEMU does AMOs as one access; else as a load, with a load's traps, and a store.
    run(
      'qemu-system-riscv64',
      ...['-M', 'virt', '-smp', '2', '-m', '64M', '-bios', 'none', '-kernel', path('all.elf')],
      ...['-display', 'none', '-monitor', 'none', '-cpu', cpu, '-serial', `file:${path('results')}`],
      ...[...set(range, from), ...set(range + 8, to)],
    );
    return readFileSync(path('results'));
  };
  const cases = all.reduce((sum, { inputs }) => sum + inputs.length, 0);
  const locking = all.filter(({ locks }) => locks).reduce((sum, { inputs }) => sum + inputs.length, 0);
  const results = Buffer.concat([
    runTests(0, cases - locking),
    ...Array.from({ length: locking }, (_, index) => cases - locking + index).map((one) =>
      runTests(one, one + 1),
    ),
  ]);
  const words = readFileSync(path('programs.bin'));
  const names = [...each((n) => `x${n}`).split('\n'), ...trapNames, 'mprv', 'm0', 'm1', 'm2', 'm3'];
  if (results.length !== cases * names.length * 8)
    throw new Error(`${results.length / names.length / 8} of ${cases} cases came back`);
  let at = 0;
  let word = 0;
  const goldens = fileURLToPath(new URL('../cpu', import.meta.url));
  mkdirSync(goldens, { recursive: true });
  for (const [name, list] of Object.entries(files)) {
    const text = list.map(({ lines, inputs }) => {
      const listing = lines.map(
        (line) =>
          `${line.padEnd(32)} ${words
            .readUInt32LE(4 * word++)
            .toString(16)
            .padStart(8, '0')}`,
      );
      const rows = inputs.map((raw) => {
        const input = Object.fromEntries(Object.entries(raw).map(([key, value]) => [key, U64(value)]));
        const after = Object.fromEntries(names.map((key) => [key, results.readBigUInt64LE(8 * at++)]));
        if (after.mprv) after.mstatus = (after.mstatus ?? 0n) | (1n << 17n);
        const given = Object.entries(input).map(([key, value]) => `${key}=${value.toString(16)} `);
        return `: ${given.join('')}-> ${outcome(input, after, lines.length)}`.trimEnd();
      });
      return [...listing, ...rows, ''].join('\n');
    });
    writeFileSync(
      join(goldens, `${name}.txt`),
      `# From QEMU by test/goldens/make/cpu.mjs\n\n${text.join('\n')}`,
    );
  }
  rmSync(work, { recursive: true });
  console.log(`${cases} cases of ${all.length} programs`);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) main();
