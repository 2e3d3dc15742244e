import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { assemble } from '../../src/asm/assemble.ts';
import { disassemble, symbolizer } from '../../src/asm/disassembler.ts';
import { isReserved } from '../../src/asm/operands.ts';
import {
  type FieldName,
  type Format,
  fields,
  formats,
  insert,
  range,
  sizeOf,
} from '../../src/cpu/formats.ts';
import { instructions } from '../../src/cpu/instructions.ts';
import { examples } from '../thorough.ts';

const ADDRESS = 0x8000_0000;

/** The word that the assembler makes of a text at {@link ADDRESS}; of 16 bits, which a `c.nop` follows, those. */
function wordOf(text: string): number {
  const { segments, lines } = assemble(text, { file: 'test.s', origin: ADDRESS });
  expect(segments[0]!.bytes.length).toBe(4);
  if (lines[0]!.sizeBytes === 2) return new DataView(segments[0]!.bytes.buffer).getUint16(0, true);
  return new DataView(segments[0]!.bytes.buffer).getUint32(0, true);
}

/** Any instruction of a row: every operand takes any value of its range. */
function anyWordOf(row: (typeof instructions)[number]): fc.Arbitrary<number> {
  const { syntax, suffix }: Format = formats[row.format];
  const names = [...(syntax.match(/\w+/g) ?? []), ...(suffix ? [suffix] : [])] as FieldName[];
  const values = names.map((name) => {
    const { min, max, step } = range(fields[name]);
    return fc
      .integer({ min: min / step, max: max / step })
      .filter((n) => !isReserved(fields[name], n * step))
      .map((n) => insert(fields[name], n * step));
  });
  return fc.tuple(...values).map((parts) => parts.reduce((word, part) => (word | part) >>> 0, row.match));
}

describe('disassembled text assembles to the same word', () => {
  test.each(instructions.map((row) => [row.mnemonic, row] as const))('%s', (_, row) => {
    fc.assert(
      fc.property(anyWordOf(row), fc.boolean(), (word, aliases) => {
        const text = disassemble(word, ADDRESS, { aliases });
        expect(text).not.toContain('.word');
        expect([text, wordOf(text)]).toEqual([text, word]);
      }),
      { numRuns: examples(60) },
    );
  });

  test('any 32 bits', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 2 ** 32 - 1 }), (word) => {
        expect(wordOf(disassemble(word, ADDRESS))).toBe(sizeOf(word) === 4 ? word : word & 0xffff);
      }),
      { numRuns: examples(500) },
    );
  });
});

/** Words and how objdump 2.40 shows them (with a blank after each comma and `0x` before addresses). */
const shown: [text: string, canonical: string][] = [
  ['nop', 'addi zero, zero, 0'],
  ['li a0, -5', 'addi a0, zero, -5'],
  ['mv a0, a1', 'addi a0, a1, 0'],
  ['not a0, a1', 'xori a0, a1, -1'],
  ['neg a0, a1', 'sub a0, zero, a1'],
  ['negw a0, a1', 'subw a0, zero, a1'],
  ['sext.w a0, a1', 'addiw a0, a1, 0'],
  ['zext.b a0, a1', 'andi a0, a1, 255'],
  ['seqz a0, a1', 'sltiu a0, a1, 1'],
  ['snez a0, a1', 'sltu a0, zero, a1'],
  ['sltz a0, a1', 'slt a0, a1, zero'],
  ['sgtz a0, a1', 'slt a0, zero, a1'],
  ['beqz a0, 0x80000010', 'beq a0, zero, 0x80000010'],
  ['bnez a0, 0x80000010', 'bne a0, zero, 0x80000010'],
  ['blez a0, 0x80000010', 'bge zero, a0, 0x80000010'],
  ['bgez a0, 0x80000010', 'bge a0, zero, 0x80000010'],
  ['bltz a0, 0x80000010', 'blt a0, zero, 0x80000010'],
  ['bgtz a0, 0x80000010', 'blt zero, a0, 0x80000010'],
  ['j 0x7ffffff0', 'jal zero, 0x7ffffff0'],
  ['jal 0x80000000', 'jal ra, 0x80000000'],
  ['ret', 'jalr zero, 0(ra)'],
  ['jr a0', 'jalr zero, 0(a0)'],
  ['jr 8(a0)', 'jalr zero, 8(a0)'],
  ['jalr a0', 'jalr ra, 0(a0)'],
  ['jalr -4(a0)', 'jalr ra, -4(a0)'],
  ['jalr t0, 4(a0)', 'jalr t0, 4(a0)'],
  ['unimp', 'csrrw zero, cycle, zero'],
  ['rdcycle a0', 'csrrs a0, cycle, zero'],
  ['rdtime a0', 'csrrs a0, time, zero'],
  ['rdinstret a0', 'csrrs a0, instret, zero'],
  ['csrr a0, mstatus', 'csrrs a0, mstatus, zero'],
  ['csrw mscratch, a0', 'csrrw zero, mscratch, a0'],
  ['csrs mie, a0', 'csrrs zero, mie, a0'],
  ['csrc mie, a0', 'csrrc zero, mie, a0'],
  ['csrwi mscratch, 3', 'csrrwi zero, mscratch, 3'],
  ['csrsi mstatus, 8', 'csrrsi zero, mstatus, 8'],
  ['csrci mstatus, 8', 'csrrci zero, mstatus, 8'],
  ['csrw 0x7c0, a0', 'csrrw zero, 0x7c0, a0'],
  ['fence', 'fence iorw, iorw'],
  ['fence r, rw', 'fence r, rw'],
  ['pause', 'fence w, 0'],
  ['fence.tso', 'fence.tso'],
  ['fence.i', 'fence.i'],
  ['add a0, a1, a2', 'add a0, a1, a2'],
  ['lw a0, -4(sp)', 'lw a0, -4(sp)'],
  ['sd a0, 8(sp)', 'sd a0, 8(sp)'],
  ['lui a0, 0xfffff', 'lui a0, 0xfffff'],
  ['srai a0, a1, 63', 'srai a0, a1, 63'],
  ['lr.w.aq a0, (a1)', 'lr.w.aq a0, (a1)'],
  ['amoadd.d.aqrl a0, a1, (a2)', 'amoadd.d.aqrl a0, a1, (a2)'],
  ['mret', 'mret'],
  ['zext.w a0, a1', 'add.uw a0, a1, zero'],
  ['rori a0, a1, 5', 'rori a0, a1, 5'],
  ['orc.b a0, a1', 'orc.b a0, a1'],
  ['c.addi a0, -1', 'c.addi a0, -1'],
  ['c.ldsp s0, 8(sp)', 'c.ldsp s0, 8(sp)'],
  ['c.fsd fa0, 8(s0)', 'c.fsd fa0, 8(s0)'],
  ['c.lui a0, 0xfffff', 'c.lui a0, 0xfffff'],
  ['c.beqz a0, 0x80000010', 'c.beqz a0, 0x80000010'],
  ['flw fa0, -4(sp)', 'flw fa0, -4(sp)'],
  ['fsd ft11, 8(sp)', 'fsd ft11, 8(sp)'],
  ['fadd.s fa0, fs1, ft8', 'fadd.s fa0, fs1, ft8'],
  ['fadd.s fa0, fs1, ft8, rne', 'fadd.s fa0, fs1, ft8, rne'],
  ['fmadd.d ft0, fs1, ft11, fa7, rmm', 'fmadd.d ft0, fs1, ft11, fa7, rmm'],
  ['fcvt.w.d a0, fa1, rtz', 'fcvt.w.d a0, fa1, rtz'],
  ['fcvt.d.w fa0, a1', 'fcvt.d.w fa0, a1'],
  ['fcvt.d.s fa0, fa1', 'fcvt.d.s fa0, fa1'],
  ['fcvt.s.l fa0, a1, rup', 'fcvt.s.l fa0, a1, rup'],
  ['fmv.s fa0, fa1', 'fsgnj.s fa0, fa1, fa1'],
  ['fneg.d fa0, fa1', 'fsgnjn.d fa0, fa1, fa1'],
  ['fabs.d fa0, fa1', 'fsgnjx.d fa0, fa1, fa1'],
  ['fsgnj.d fa0, fa1, fa2', 'fsgnj.d fa0, fa1, fa2'],
  ['frcsr a0', 'csrrs a0, fcsr, zero'],
  ['fscsr a0', 'csrrw zero, fcsr, a0'],
  ['fscsr a0, a1', 'csrrw a0, fcsr, a1'],
  ['fsrmi zero, 3', 'csrrwi zero, frm, 3'],
  ['fsflagsi a0, 3', 'csrrwi a0, fflags, 3'],
  ['csrwi fcsr, 3', 'csrrwi zero, fcsr, 3'],
];

describe('canonical text', () => {
  test.each(shown)('%s', (alias, canonical) => {
    const word = wordOf(alias);
    expect(disassemble(word, ADDRESS)).toBe(alias);
    expect(disassemble(word, ADDRESS, { aliases: false })).toBe(canonical);
  });

  test('of words that are no instruction is data', () => {
    expect(disassemble(0)).toBe('c.unimp');
    expect(disassemble(4)).toBe('.half 0x0004');
    expect(disassemble(-1)).toBe('.word 0xffffffff');
    // A fence with rd set: executed as a fence, but these bits have no text.
    expect(disassemble(0x0ff0008f)).toBe('.word 0x0ff0008f');
    // An addition whose rounding mode is reserved.
    expect(disassemble(0x00c5d553)).toBe('.word 0x00c5d553');
  });

  test('of targets has their names', () => {
    const symbols = symbolizer([
      { name: 'loop', address: 0x8000_0010 },
      { name: 'start', address: 0x8000_0000 },
    ]);
    expect(disassemble(0x0100006f, ADDRESS, { symbols })).toBe('j 0x80000010 <loop>');
    expect(disassemble(0x0100006f, ADDRESS + 8, { symbols })).toBe('j 0x80000018 <loop+0x8>');
    expect(symbols(0x7fff_ffffn)).toBeUndefined();
    expect(symbols(0x9000_0000n)).toBeUndefined();
  });

  test('of targets in the upper half of the address space is exact', () => {
    const symbols = (address: bigint) => (address === 0xffff_ffff_8000_1003n ? 'no' : undefined);
    expect(disassemble(0x0020006f, 0xffff_ffff_8000_1000n, { symbols })).toBe('j 0xffffffff80001002');
  });

  test('of addresses below 0 wraps around', () => {
    expect(disassemble(0xff1ff06f, 0)).toBe('j 0xfffffffffffffff0');
  });
});
