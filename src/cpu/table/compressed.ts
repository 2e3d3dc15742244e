/**
 * C: every 16-bit instruction of RV64C with D, one row each, with its expansion to a 32-bit instruction, which defines
 * its semantics. Source: RISC-V Unprivileged ISA, chapter "C", section "RVC Instruction Set Listings".
 */
import { assert } from '../../base/assert.ts';
import { extract, type Field, type FieldName, type Format, fields, formats, insert } from '../formats.ts';
import { instructions } from '../instructions.ts';
import { registerNumbers } from '../registers.ts';

/** A row of the table of compressed instructions. */
export interface CompressedInstruction {
  mnemonic: string;
  format: Format;
  /**
   * A parcel is this row when `(parcel & mask) === match`, no earlier row claims it, and no field of `nonzero` is zero.
   */
  match: number;
  mask: number;
  /** Fields whose zero is reserved: then the parcel is no instruction. */
  nonzero: readonly FieldName[];
  /** The instruction does nothing, so that it is a hint: always, or when one of these fields is zero. */
  hint: readonly FieldName[] | 'always';
  expansion: Expansion;
}

/** A 32-bit instruction: the bits that are the same in all, and what each of its fields holds. */
interface Expansion {
  mnemonic: string;
  match: number;
  operands: readonly { to: Field; from: Source }[];
}

/** A field of the parcel, or a fixed value. */
type Source = { field: Field } | { value: number };

const targets = new Map(instructions.map((row) => [row.mnemonic, row]));

/** @param text an instruction whose operands are fields of the row, registers and numbers */
function expansionOf(text: string): Expansion {
  const [mnemonic, ...given] = text.split(/[ ,()]+/).filter((part) => part !== '');
  const { match, format } = targets.get(mnemonic!)!;
  const operands = (formats[format].syntax.match(/\w+/g) ?? []).map((name, index) => {
    const operand = given[index]!;
    const to: Field = fields[name as FieldName];
    const own: Field | undefined = fields[operand as FieldName];
    const from: Source = own ? { field: own } : { value: registerNumbers.get(operand) ?? Number(operand) };
    return { to, from };
  });
  return { mnemonic: mnemonic!, match, operands };
}

interface Limits {
  nonzero?: readonly FieldName[];
  hint?: readonly FieldName[] | 'always';
}

/**
 * @param written mnemonic and syntax
 * @param bits the 16 bits, a dot for each that belongs to an operand
 */
function row(written: string, bits: string, expansion: string, limits: Limits = {}): CompressedInstruction {
  const [mnemonic, ...syntax] = written.split(' ');
  return {
    mnemonic: mnemonic!,
    format: { syntax: syntax.join(' ') },
    match: Number.parseInt(bits.replaceAll('.', '0'), 2),
    mask: Number.parseInt(bits.replaceAll('0', '1').replaceAll('.', '0'), 2),
    nonzero: limits.nonzero ?? [],
    hint: limits.hint ?? [],
    expansion: expansionOf(expansion),
  };
}

/** A special case precedes the row that it is a case of. */
export const compressed: readonly CompressedInstruction[] = [
  row('c.addi4spn rdP, sp, immAddi4spn', '000...........00', 'addi rdP, x2, immAddi4spn', {
    nonzero: ['immAddi4spn'],
  }),
  row('c.fld fdP, immCLd(rs1P)', '001...........00', 'fld fdP, immCLd(rs1P)'),
  row('c.lw rdP, immCLw(rs1P)', '010...........00', 'lw rdP, immCLw(rs1P)'),
  row('c.ld rdP, immCLd(rs1P)', '011...........00', 'ld rdP, immCLd(rs1P)'),
  row('c.fsd fs2P, immCLd(rs1P)', '101...........00', 'fsd fs2P, immCLd(rs1P)'),
  row('c.sw rs2P, immCLw(rs1P)', '110...........00', 'sw rs2P, immCLw(rs1P)'),
  row('c.sd rs2P, immCLd(rs1P)', '111...........00', 'sd rs2P, immCLd(rs1P)'),

  row('c.addi rdRs1, immCI', '000...........01', 'addi rdRs1, rdRs1, immCI', { hint: ['rdRs1', 'immCI'] }),
  row('c.addiw rdRs1, immCI', '001...........01', 'addiw rdRs1, rdRs1, immCI', { nonzero: ['rdRs1'] }),
  row('c.li rdRs1, immCI', '010...........01', 'addi rdRs1, x0, immCI', { hint: ['rdRs1'] }),
  row('c.addi16sp sp, immAddi16sp', '011.00010.....01', 'addi x2, x2, immAddi16sp', {
    nonzero: ['immAddi16sp'],
  }),
  row('c.lui rdRs1, immLui', '011...........01', 'lui rdRs1, immLui', {
    nonzero: ['immLui'],
    hint: ['rdRs1'],
  }),
  // Shifts by 64 on RV128; here shifts by 0 are hints.
  row('c.srli64 rdRs1P', '100000...0000001', 'srli rdRs1P, rdRs1P, 0', { hint: 'always' }),
  row('c.srli rdRs1P, shamtCI', '100.00........01', 'srli rdRs1P, rdRs1P, shamtCI'),
  row('c.srai64 rdRs1P', '100001...0000001', 'srai rdRs1P, rdRs1P, 0', { hint: 'always' }),
  row('c.srai rdRs1P, shamtCI', '100.01........01', 'srai rdRs1P, rdRs1P, shamtCI'),
  row('c.andi rdRs1P, immCI', '100.10........01', 'andi rdRs1P, rdRs1P, immCI'),
  row('c.sub rdRs1P, rs2P', '100011...00...01', 'sub rdRs1P, rdRs1P, rs2P'),
  row('c.xor rdRs1P, rs2P', '100011...01...01', 'xor rdRs1P, rdRs1P, rs2P'),
  row('c.or rdRs1P, rs2P', '100011...10...01', 'or rdRs1P, rdRs1P, rs2P'),
  row('c.and rdRs1P, rs2P', '100011...11...01', 'and rdRs1P, rdRs1P, rs2P'),
  row('c.subw rdRs1P, rs2P', '100111...00...01', 'subw rdRs1P, rdRs1P, rs2P'),
  row('c.addw rdRs1P, rs2P', '100111...01...01', 'addw rdRs1P, rdRs1P, rs2P'),
  row('c.j immCJ', '101...........01', 'jal x0, immCJ'),
  row('c.beqz rs1P, immCB', '110...........01', 'beq rs1P, x0, immCB'),
  row('c.bnez rs1P, immCB', '111...........01', 'bne rs1P, x0, immCB'),

  row('c.slli64 rdRs1', '0000.....0000010', 'slli rdRs1, rdRs1, 0', { hint: 'always' }),
  row('c.slli rdRs1, shamtCI', '000...........10', 'slli rdRs1, rdRs1, shamtCI', { hint: ['rdRs1'] }),
  row('c.fldsp fd, immLdsp(sp)', '001...........10', 'fld fd, immLdsp(x2)'),
  row('c.lwsp rdRs1, immLwsp(sp)', '010...........10', 'lw rdRs1, immLwsp(x2)', { nonzero: ['rdRs1'] }),
  row('c.ldsp rdRs1, immLdsp(sp)', '011...........10', 'ld rdRs1, immLdsp(x2)', { nonzero: ['rdRs1'] }),
  row('c.jr rdRs1', '1000.....0000010', 'jalr x0, 0(rdRs1)', { nonzero: ['rdRs1'] }),
  row('c.mv rdRs1, cRs2', '1000..........10', 'add rdRs1, x0, cRs2', { hint: ['rdRs1'] }),
  row('c.ebreak', '1001000000000010', 'ebreak'),
  row('c.jalr rdRs1', '1001.....0000010', 'jalr x1, 0(rdRs1)'),
  row('c.add rdRs1, cRs2', '1001..........10', 'add rdRs1, rdRs1, cRs2', { hint: ['rdRs1'] }),
  row('c.fsdsp cFs2, immSdsp(sp)', '101...........10', 'fsd cFs2, immSdsp(x2)'),
  row('c.swsp cRs2, immSwsp(sp)', '110...........10', 'sw cRs2, immSwsp(x2)'),
  row('c.sdsp cRs2, immSdsp(sp)', '111...........10', 'sd cRs2, immSdsp(x2)'),
];

/** The rows by the bits that are never an operand's: the two lowest and the three highest. */
const groupOf = (parcel: number) => (parcel >> 13) * 4 + (parcel & 3);
const groups = Array.from({ length: 32 }, (_, group) =>
  compressed.filter(({ match }) => groupOf(match) === group),
);
for (const [index, { mnemonic, match, mask }] of compressed.entries())
  for (const later of compressed.slice(index + 1))
    assert(
      ((match ^ later.match) & mask & later.mask) !== 0 || (mask & later.mask) === later.mask,
      `${mnemonic} and ${later.mnemonic} share an encoding`,
    );

/** The row of a 16-bit parcel, or undefined when it is not an instruction of this machine. */
export function decodeCompressed(parcel: number): CompressedInstruction | undefined {
  const found = groups[groupOf(parcel)]!.find(({ mask, match }) => (parcel & mask) === match);
  return found?.nonzero.every((name) => extract(fields[name], parcel) !== 0) ? found : undefined;
}

/** The number of the first register that a field can name. */
export const firstRegister = ({ kind }: Field): number => (kind === 'x8' || kind === 'f8' ? 8 : 0);

/**
 * The expansion of a 16-bit parcel to a 32-bit instruction, hints included.
 * @returns 0 when the parcel is not an instruction
 */
export function expand(parcel: number): number {
  const row = decodeCompressed(parcel);
  if (!row) return 0;
  let word = row.expansion.match;
  for (const { to, from } of row.expansion.operands)
    word |= insert(
      to,
      'value' in from ? from.value : firstRegister(from.field) + extract(from.field, parcel),
    );
  return word >>> 0;
}
