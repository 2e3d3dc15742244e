/**
 * What the instruction table says of instructions, compared with what the manual says of some of each kind.
 */
import { expect, test } from 'vitest';
import { assemble } from '../../../src/asm/assemble.ts';
import { decodeWord } from '../../../src/debug/trace/instruction.ts';

function decoded(text: string) {
  const { segments } = assemble(`_start: ${text}\n.balign 4`, { file: 'x.s' });
  return decodeWord(
    new DataView(segments[0]!.bytes.buffer, segments[0]!.bytes.byteOffset).getUint32(0, true),
  );
}

test.each([
  ['ld a0, 8(a1)', 'load'],
  ['fld fa0, 8(a1)', 'load float'],
  ['sb a0, 8(a1)', 'store'],
  ['fsw fa0, 8(a1)', 'store float'],
  ['lr.w a0, (a1)', 'load atomic'],
  ['sc.d a0, a2, (a1)', 'store atomic'],
  ['amoadd.w a0, a2, (a1)', 'load store atomic'],
  ['beq a0, a1, .', 'branch'],
  ['jal ra, .', 'jump'],
  ['jalr a0, 0(a1)', 'jump'],
  ['csrw mepc, a0', 'csr'],
  ['fadd.d fa0, fa1, fa2', 'float'],
  ['fence', 'fence'],
  ['fence.i', 'fence'],
  ['wfi', 'system'],
  ['mret', 'system'],
  ['mul a0, a1, a2', 'integer'],
  ['lui a0, 1', 'integer'],
])('%s is %s', (text, kinds) => {
  expect(decoded(text).kinds.join(' ')).toBe(kinds);
});

test.each([
  ['jal ra, .', 'call'],
  ['jal t0, .', 'call'],
  ['jal a0, .', undefined],
  ['jal zero, .', undefined],
  ['jalr ra, 0(a0)', 'call'],
  ['jalr ra, 0(ra)', 'call'],
  ['jalr t0, 0(ra)', 'coroutine'],
  ['jalr ra, 0(t0)', 'coroutine'],
  ['jalr zero, 0(ra)', 'return'],
  ['jalr a0, 0(t0)', 'return'],
  ['jalr zero, 0(a0)', undefined],
  ['beq ra, t0, .', undefined],
])('the hint of %s is %s', (text, hint) => {
  expect(decoded(text).hint).toBe(hint);
});

test('a compressed instruction is what it stands for', () => {
  const { row, sizeBytes, word, kinds, hint } = decodeWord(0x1234_8082);
  expect({ row: row?.mnemonic, sizeBytes, word, kinds, hint }).toEqual({
    row: 'jalr',
    sizeBytes: 2,
    word: 0x8082,
    kinds: ['jump'],
    hint: 'return',
  });
});
