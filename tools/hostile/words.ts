/** Instruction words by mnemonic. */
import { type FieldName, fields, insert } from '../../src/cpu/formats.ts';
import { type Instruction, instructions } from '../../src/cpu/instructions.ts';

const rows: ReadonlyMap<string, Instruction> = new Map(instructions.map((row) => [row.mnemonic, row]));

export function instruction(mnemonic: string, operands: { [F in FieldName]?: number } = {}): number {
  let word = rows.get(mnemonic)!.match;
  for (const name in operands) word |= insert(fields[name as FieldName], operands[name as FieldName]!);
  return word >>> 0;
}

/** Instructions as the parcels of 16 bits that memory holds. */
export function parcelsOf(...words: number[]): number[] {
  const parcels: number[] = [];
  for (const word of words) parcels.push(word & 0xffff, word >>> 16);
  return parcels;
}
