/** 32-bit instructions to equivalent compressed ones. */
import { extract, fields, insert, range } from '../cpu/formats.ts';
import { decode, instructions } from '../cpu/instructions.ts';
import {
  type CompressedInstruction,
  compressed,
  decodeCompressed,
  expand,
  firstRegister,
} from '../cpu/table/compressed.ts';

/** The compressed instructions that expand to an instruction, by its mnemonic. */
const shorter = new Map<string, CompressedInstruction[]>();
for (const row of compressed) {
  const { mnemonic } = row.expansion;
  shorter.set(mnemonic, [...(shorter.get(mnemonic) ?? []), row]);
}

/** The canonical NOP, the only one that is no hint: `addi x0, x0, 0`. */
const NOP = 0x0000_0013;

/**
 * The compressed equivalent of a 32-bit instruction. As in GNU as, never a hint.
 * @returns the parcel, or 0 when there is none
 */
export function compress(word: number): number {
  for (const same of equivalents(word))
    for (const row of shorter.get(decode(same)?.mnemonic ?? '') ?? []) {
      const parcel = encode(row, same);
      const isSame = decodeCompressed(parcel) === row && expand(parcel) === same;
      if (isSame && (same === NOP || !isHint(row, parcel))) return parcel;
    }
  return 0;
}

const isHint = ({ hint }: CompressedInstruction, parcel: number): boolean =>
  hint === 'always' || hint.some((name) => extract(fields[name], parcel) === 0);

/** The parcel with an instruction's operands; equivalent to the instruction only if they fit. */
function encode({ match, expansion }: CompressedInstruction, word: number): number {
  let parcel = match;
  for (const { to, from } of expansion.operands) {
    if ('value' in from) continue;
    const value = extract(to, word) - firstRegister(from.field);
    const { min, max } = range(from.field);
    if (value >= min && value <= max) parcel |= insert(from.field, value);
  }
  return parcel;
}

const commutative = ['add', 'addw', 'and', 'or', 'xor'];
const ADD = instructions.find(({ mnemonic }) => mnemonic === 'add')!.match;

/** The instruction and equivalents: with `rd` as the first of two commutative operands, and `mv` as an `add`. */
function* equivalents(word: number): Generator<number> {
  yield word;
  const mnemonic = decode(word)?.mnemonic ?? '';
  const [rd, rs1, rs2] = [fields.rd, fields.rs1, fields.rs2].map((field) => extract(field, word)) as [
    number,
    number,
    number,
  ];
  if (commutative.includes(mnemonic) && rs2 === rd) {
    const others = word & ~(insert(fields.rs1, 31) | insert(fields.rs2, 31));
    yield (others | insert(fields.rs1, rs2) | insert(fields.rs2, rs1)) >>> 0;
  }
  if (mnemonic === 'addi' && extract(fields.immI, word) === 0)
    yield (ADD | insert(fields.rd, rd) | insert(fields.rs2, rs1)) >>> 0;
}
