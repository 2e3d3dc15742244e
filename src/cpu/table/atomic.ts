/** A: load-reserved, store-conditional and atomic memory operations. */
import { add, amo, and, choose, type Expr, ltS, ltU, old, or, rs2, word, wordU, xor } from '../expr.ts';
import { AMO, type Instruction, row } from './rows.ts';

/** Each atomic operation has two widths: `.w` compares and computes on sign-extended words. */
export const atomic: Instruction[] = ([4, 8] as const).flatMap((sizeBytes) => {
  const [suffix, funct3] = sizeBytes === 4 ? ['.w', 2] : ['.d', 3];
  const [signed, unsigned] = sizeBytes === 4 ? [word, wordU] : [(e: Expr) => e, (e: Expr) => e];
  const operation = (name: string, funct5: number, value: Expr) =>
    row('A', name + suffix, 'Amo', { opcode: AMO, funct3, funct5 }, amo(sizeBytes, value));
  const pick = (condition: Expr) => choose(condition, rs2, old);
  return [
    row(
      'A',
      `lr${suffix}`,
      'Lr',
      { opcode: AMO, funct3, funct5: 0x02, zero: ['rs2'] },
      { do: 'lr', sizeBytes },
    ),
    row('A', `sc${suffix}`, 'Amo', { opcode: AMO, funct3, funct5: 0x03 }, { do: 'sc', sizeBytes }),
    operation('amoswap', 0x01, rs2),
    operation('amoadd', 0x00, add(old, rs2)),
    operation('amoxor', 0x04, xor(old, rs2)),
    operation('amoand', 0x0c, and(old, rs2)),
    operation('amoor', 0x08, or(old, rs2)),
    operation('amomin', 0x10, pick(ltS(signed(rs2), signed(old)))),
    operation('amomax', 0x14, pick(ltS(signed(old), signed(rs2)))),
    operation('amominu', 0x18, pick(ltU(unsigned(rs2), unsigned(old)))),
    operation('amomaxu', 0x1c, pick(ltU(unsigned(old), unsigned(rs2)))),
  ];
});
