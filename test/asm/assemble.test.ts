/** What `assemble` returns besides the bytes, and where it goes beyond GNU as. The bytes are compared with goldens. */
import { dirname } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { assemble } from '../../src/asm/assemble.ts';
import { loadImmediate } from '../../src/asm/load-immediate.ts';
import { examples } from '../thorough.ts';

const words = (source: string, origin = 0x8000_0000): number[] => {
  const { segments } = assemble(source, { file: 'test.s', origin });
  const { buffer, byteLength } = segments[0]!.bytes;
  return Array.from({ length: byteLength / 4 }, (_, i) => new DataView(buffer).getUint32(4 * i, true));
};

describe('the result', () => {
  const source = `.macro two reg
    mv \\reg, zero
    nop
.endm
.data
value: .word 1, 2
.align 3
.bss
buffer: .space 10
.text
first: nop
_start: la a0, value
    two a1
LIMIT = 5
.Lhidden: 1: j 1b
`;
  const assembled = assemble(source, { file: 'dir/test.s', define: { GIVEN: -1n } });

  test('entry, sections and segments', () => {
    expect(assembled.origin).toBe(0x8000_0000);
    expect(assembled.entry).toBe(0x8000_0004);
    expect(assembled.sections).toEqual([
      { name: '.text', address: 0x8000_0000, sizeBytes: 24, stored: true },
      { name: '.data', address: 0x8000_0018, sizeBytes: 8, stored: true },
      { name: '.bss', address: 0x8000_0020, sizeBytes: 10, stored: false },
    ]);
    expect(assembled.segments.map(({ address, bytes }) => [address, bytes.length])).toEqual([
      [0x8000_0000, 24],
      [0x8000_0018, 8],
    ]);
  });

  test('symbols, without local ones', () => {
    expect(Object.fromEntries(assembled.symbols)).toEqual({
      GIVEN: 2n ** 64n - 1n,
      LIMIT: 5n,
      first: 0x8000_0000n,
      _start: 0x8000_0004n,
      value: 0x8000_0018n,
      buffer: 0x8000_0020n,
    });
  });

  test('lines, those of macros with their arguments', () => {
    const listed = assembled.lines.map(({ address, sizeBytes, file, line, text }) => [
      address - assembled.origin,
      sizeBytes,
      `${file}:${line}`,
      text.trim(),
    ]);
    expect(listed).toEqual([
      [0, 4, 'dir/test.s:11', 'first: nop'],
      [4, 4, 'dir/test.s:12', '_start: la a0, value'],
      [8, 4, 'dir/test.s:12', '_start: la a0, value'],
      [12, 4, 'dir/test.s:2', 'mv a1, zero'],
      [16, 4, 'dir/test.s:3', 'nop'],
      [20, 4, 'dir/test.s:15', '.Lhidden: 1: j 1b'],
      [24, 4, 'dir/test.s:6', 'value: .word 1, 2'],
      [28, 4, 'dir/test.s:6', 'value: .word 1, 2'],
      [32, 10, 'dir/test.s:9', 'buffer: .space 10'],
    ]);
  });

  test('an empty source, and one without _start', () => {
    expect(assemble('', { file: 'x' })).toMatchObject({ segments: [], sections: [], entry: 0x8000_0000 });
    expect(assemble('nop', { file: 'x', origin: 0x1000n })).toMatchObject({ entry: 0x1000, origin: 0x1000 });
  });
});

test('included files come from the callback, nested ones from the folder of the including file', () => {
  const asked: string[] = [];
  const files: Record<string, string> = { 'lib/a.s': '.include "b.s"', 'b.s': 'nop' };
  const { segments } = assemble('.include "lib/a.s"', {
    file: 'programs/x.s',
    readFile(path, from) {
      asked.push(`${path} from ${from}`);
      const text = files[path];
      return text === undefined ? undefined : { name: `${dirname(from)}/${path}`, text };
    },
  });
  expect(asked).toEqual(['lib/a.s from programs/x.s', 'b.s from programs/lib/a.s']);
  expect(segments[0]!.bytes).toEqual(Uint8Array.of(0x13, 0, 0, 0));
});

test('definitions of the caller are used in conditions', () => {
  const source = '.ifdef FAST\n.byte FAST\n.else\n.byte 0\n.endif';
  const byte = (define: Record<string, bigint>) =>
    assemble(source, { file: 'x', define }).segments[0]!.bytes[0];
  expect(byte({})).toBe(0);
  expect(byte({ FAST: 7n })).toBe(7);
});

describe('beyond GNU as', () => {
  test('values that are known only later', () => {
    expect(words('addi a0, zero, end - start\nstart: nop; nop\nend:')).toEqual([0x00800513, 0x13, 0x13]);
    expect(words('li a0, N\n.equ N, 3'.split('\n').reverse().join('\n'))).toEqual([0x00300513]);
  });
  test('an alignment to 4 after data in code', () => {
    expect(words('.byte 1\n.align 2\nnop')).toEqual([1 | (1 << 16), 0x13]);
  });
  test('branches to numbers, // comments, csr numbers by symbol', () => {
    expect(words('beqz a0, 0x80000008 // near\nnop\nnop')[0]).toBe(0x00050463);
    expect(words('MINE = 0x7c0\ncsrw MINE, a0')).toEqual([0x7c051073]);
  });
});

test('li makes the value, for any value', () => {
  const run = (instructions: string[]): bigint => {
    let rd = 0n;
    for (const instruction of instructions) {
      const [mnemonic, , ...rest] = instruction.split(/[ ,]+/);
      const operand = BigInt(rest.at(-1)!);
      const source = rest[0] === 'x0' ? 0n : rd;
      if (mnemonic === 'lui') rd = BigInt.asIntN(32, operand << 12n);
      else if (mnemonic === 'slli') rd = BigInt.asIntN(64, rd << operand);
      else rd = BigInt.asIntN(mnemonic === 'addiw' ? 32 : 64, source + operand);
    }
    return rd;
  };
  const value = fc.oneof(
    fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
    fc
      .tuple(fc.bigInt({ min: -4096n, max: 4096n }), fc.nat(63))
      .map(([n, shift]) => BigInt.asIntN(64, n << BigInt(shift))),
  );
  fc.assert(
    fc.property(value, (wanted) => {
      const instructions = loadImmediate(wanted);
      expect(run(instructions)).toBe(wanted);
      expect(instructions.length).toBeLessThanOrEqual(8);
    }),
    { numRuns: examples(2000) },
  );
});
