/**
 * A program that runs every floating-point instruction on many operands and prints the results, on the serial port of
 * the `virt` machine. QEMU runs it when the goldens are made (test/goldens/make/float.mjs), the hart when they are
 * compared.
 */
import { assemble } from '../../../src/asm/assemble.ts';
import { RM } from '../../../src/cpu/float/number.ts';
import { formats } from '../../../src/cpu/formats.ts';
import { type Instruction, instructions } from '../../../src/cpu/instructions.ts';

export const ORIGIN = 0x8000_0000;
export const UART = 0x1000_0000;
export const FINISHER = 0x10_0000;

/** The number of cases for each instruction and mode, and of those that the golden lists. */
const CASES = 900;
const SAMPLES = 4;
/** The initial content of the results. */
const SENTINEL = 0x1234_5678_9abc_def0n;

/** A fixed sequence of 64-bit values (SplitMix64). */
let seed = 7n;
const U64 = (value: bigint) => BigInt.asUintN(64, value);
function random(): bigint {
  seed = U64(seed + 0x9e37_79b9_7f4a_7c15n);
  let z = seed;
  z = U64((z ^ (z >> 30n)) * 0xbf58_476d_1ce4_e5b9n);
  z = U64((z ^ (z >> 27n)) * 0x94d0_49bb_1331_11ebn);
  return z ^ (z >> 31n);
}
const below = (count: number): number => Number(random() % BigInt(count));

/** An encoding: of a special number, a number near one, one with few bits, or any. */
function encoding(exponentBits: number, fractionBits: number): bigint {
  const any = random();
  const bias = 2 ** (exponentBits - 1) - 1;
  const fraction = any & ((1n << BigInt(fractionBits)) - 1n);
  const few = (fraction >> BigInt(below(fractionBits))) << BigInt(below(fractionBits));
  const fractions = [fraction, fraction, few & ((1n << BigInt(fractionBits)) - 1n), 0n, 1n, fraction | 1n];
  const exponents = [0, 1, 2, 2 * bias, 2 * bias + 1, below(2 * bias + 2)];
  const nearOne = bias + below(2 * fractionBits) - fractionBits;
  const exponent = below(3) === 0 ? exponents[below(exponents.length)]! : nearOne;
  const sign = (any >> 63n) << BigInt(exponentBits + fractionBits);
  return sign | (BigInt(exponent) << BigInt(fractionBits)) | fractions[below(fractions.length)]!;
}

/** Operands of 64 bits; singles are boxed, most of them. */
const operands = {
  single: () => (below(20) === 0 ? random() : 0xffff_ffff_0000_0000n | encoding(8, 23)),
  double: () => encoding(11, 52),
  integer: () => [random(), U64(-(random() >> BigInt(below(64)))), random() >> BigInt(below(64))][below(3)]!,
} as const;
type OperandType = keyof typeof operands;

const tables = Object.entries(operands).map(([name, make]): [OperandType, bigint[]] => [
  name as OperandType,
  Array.from({ length: 3 * CASES }, make),
]);

/** The kind of an instruction's operands: the last letter of a mnemonic names what is read. */
function typeOf({ mnemonic, format }: Instruction): OperandType {
  if (format.startsWith('FFromX')) return 'integer';
  return /[sw]$/.test(mnemonic) ? 'single' : 'double';
}

interface Job {
  text: string;
  frm: number;
  row: Instruction;
}

const modes = Object.entries(RM).map(([name, mode]) => ({ name: name.toLowerCase(), mode }));

/** The addresses of operands and results, by the name of the field. */
const registers: Record<string, string> = {
  ...{ fd: 'f13', fs1: 'f10', fs2: 'f11', fs3: 'f12', rd: 'x13', rs1: 'x10', immI: '0', immS: '0' },
};

/** Each instruction, with every rounding mode: in the instruction, where `frm` holds another one, and by `frm`. */
const jobs: Job[] = instructions
  .filter(({ extension }) => extension === 'F' || extension === 'D')
  .flatMap((row) => {
    const { syntax } = formats[row.format];
    const isMemory = syntax.includes('(');
    const write = (rm: string) =>
      `${row.mnemonic} ${syntax.replace(/\w+/g, (name) =>
        name.startsWith('rm') ? rm : isMemory && name === 'rs1' ? 'x14' : registers[name]!,
      )}`;
    if (!/\brm/.test(syntax)) return [{ text: write(''), frm: 0, row }];
    const given = modes.filter(({ mode }) => mode !== RM.DYN);
    return given.flatMap(({ name, mode }) => [
      { text: write(name), frm: (mode + 2) % 5, row },
      { text: write('dyn'), frm: mode, row },
    ]);
  });

const dwords = (values: readonly bigint[]): string =>
  values.map((value) => `.dword 0x${value.toString(16)}`).join('\n');

const source = `
.globl _start
_start:
  li t0, 0x6000
  csrs mstatus, t0
  li s6, ${SENTINEL}
  li s7, 0x100000001b3
  li s8, ${UART}
  la s0, jobs
next_job:
  lw t0, 0(s0)
  beqz t0, finish
  la t1, slot
  sw t0, 0(t1)
  fence.i
  lw s1, 4(s0)
  ld s2, 8(s0)
  li s3, ${CASES}
  li s4, 0
  li s5, ${SAMPLES}
  la a4, memory
next_case:
  ld a0, 0(s2)
  ld a1, 8(s2)
  ld a2, 16(s2)
  fmv.d.x fa0, a0
  fmv.d.x fa1, a1
  fmv.d.x fa2, a2
  fmv.d.x fa3, s6
  mv a3, s6
  sd a0, 0(a4)
  # In every other case NX is set already.
  andi t0, s3, 1
  or t0, t0, s1
  csrw fcsr, t0
slot:
  nop
  fmv.x.d a5, fa3
  ld a6, 0(a4)
  csrr a7, fcsr
  # Into the digest goes every result, and some are sent.
  .irp value, a3, a5, a6, a7
    xor s4, s4, \\value
    mul s4, s4, s7
    srli t0, s4, 29
    xor s4, s4, t0
    beqz s5, 1f
    mv t1, \\value
    jal send
  1:
  .endr
  beqz s5, 1f
  addi s5, s5, -1
1:
  addi s2, s2, 24
  addi s3, s3, -1
  bnez s3, next_case
  mv t1, s4
  jal send
  addi s0, s0, 16
  j next_job
send:
  li t2, 8
1:
  sb t1, 0(s8)
  srli t1, t1, 8
  addi t2, t2, -1
  bnez t2, 1b
  ret
finish:
  li t0, ${FINISHER}
  li t1, 0x5555
  sw t1, 0(t0)
  j .
.balign 8
memory: .dword 0
jobs:
${jobs.map(({ text, frm, row }) => `${text}\n.word ${frm << 5}\n.dword ${typeOf(row)}`).join('\n')}
.dword 0
${tables.map(([name, values]) => `${name}:\n${dwords(values)}`).join('\n')}
`;

/** The program as it lies in memory from {@link ORIGIN} on. */
export function image(): Uint8Array {
  const { segments } = assemble(source, { file: 'float.s', origin: ORIGIN });
  const last = segments.at(-1)!;
  const bytes = new Uint8Array(last.address + last.bytes.length - ORIGIN);
  for (const { address, bytes: part } of segments) bytes.set(part, address - ORIGIN);
  return bytes;
}

const WORDS_A_JOB = 4 * SAMPLES + 1;
export const OUTPUT_BYTES = jobs.length * WORDS_A_JOB * 8;

/** The golden for what the program has sent: for each instruction some cases, and a digest of all. */
export function render(sent: Uint8Array): string {
  const view = new DataView(sent.buffer, sent.byteOffset, sent.length);
  const hex = (value: bigint) => value.toString(16);
  const lines = jobs.flatMap(({ text, frm, row }, job) => {
    const word = (index: number) => view.getBigUint64(8 * (job * WORDS_A_JOB + index), true);
    const values = new Map(tables).get(typeOf(row))!;
    const samples = Array.from({ length: SAMPLES }, (_, index) => {
      const [x13, f13, memory, fcsr] = [0, 1, 2, 3].map((part) => word(4 * index + part)) as [
        bigint,
        bigint,
        bigint,
        bigint,
      ];
      const [a, b, c] = values.slice(3 * index) as [bigint, bigint, bigint];
      const after = [
        ...(x13 === SENTINEL ? [] : [`x13=${hex(x13)}`]),
        ...(f13 === SENTINEL ? [] : [`f13=${hex(f13)}`]),
        ...(memory === a ? [] : [`memory=${hex(memory)}`]),
      ];
      return `: ${hex(a)} ${hex(b)} ${hex(c)} -> ${after.join(' ')} fflags=${hex(fcsr & 31n)}`;
    });
    return [`${text}; frm=${frm}`, ...samples, `digest ${hex(word(WORDS_A_JOB - 1))}`, ''];
  });
  return `${['# From QEMU by test/goldens/make/float.mjs', '', ...lines].join('\n')}`;
}
