/** The assembler's diagnostics for wrong sources, and their places. */
import { dirname } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { AssemblyError, assemble, type Diagnostic } from '../../src/asm/assemble.ts';
import { OperatingError } from '../../src/base/errors.ts';
import { examples } from '../thorough.ts';

function errorOf(
  source: string,
  find: (path: string) => string | undefined = () => undefined,
): AssemblyError {
  try {
    assemble(source, {
      file: 'wrong.s',
      readFile: (path, from) => {
        const text = find(path);
        return text === undefined ? undefined : { name: `${dirname(from)}/${path}`.replace('./', ''), text };
      },
    });
  } catch (error) {
    if (error instanceof AssemblyError) return error;
    throw error;
  }
  throw new Error(`no mistake was found in ${source.slice(0, 100)}`);
}

const diagnosticsOf = (source: string): readonly Diagnostic[] => errorOf(source).diagnostics;

test('ten mistakes give ten diagnostics, with lines and columns', () => {
  const source = `# Ten mistakes.
_start: adi a0, a0, 1
    addi a0, a0, 2048
    addi a0, a8, 1
    addi a0, a0
    lw a0, a1
_start: nop
    la a0, nowere; nop
nowhere: csrr a0, mstaus
    .wrod 5
    slli a0, a0, 1 +
`;
  const found = diagnosticsOf(source).map(({ line, column, message }) => `${line}:${column} ${message}`);
  expect(found).toEqual([
    "2:9 unknown instruction 'adi'. Did you mean 'addi'?",
    '3:18 2048 is out of range: -2048 to 2047',
    "4:14 a register expected instead of 'a8': addi rd, rs1, imm. Did you mean 'a0'?",
    '5:16 missing operand: addi rd, rs1, imm',
    "6:12 offset(register) expected instead of 'a1': lw rd, imm(rs1)",
    "7:1 '_start' is already defined at wrong.s:2",
    "8:12 unknown symbol 'nowere'. Did you mean 'nowhere'?",
    "9:19 this machine has no CSR 'mstaus'. Did you mean 'mstatus'?",
    "10:5 unknown directive '.wrod'. Did you mean '.word'?",
    '11:21 a value expected',
  ]);
});

test('the report shows each line with a caret, also after tabs', () => {
  const error = errorOf('\tnop\n\taddi\ta0, a0, 5000\n  j nowhere\n');
  expect(error).toBeInstanceOf(OperatingError);
  expect(error.message).toBe(
    [
      'wrong.s:2:15: 5000 is out of range: -2048 to 2047',
      '\taddi\ta0, a0, 5000',
      '\t    \t        ^',
      "wrong.s:3:5: unknown symbol 'nowhere'.",
      '  j nowhere',
      '    ^',
    ].join('\n'),
  );
});

/** One statement, and the column and message of its only mistake. */
const mistakes: [source: string, column: number, message: string | RegExp][] = [
  // Operands.
  ['add a0, a1', 11, 'missing operand: add rd, rs1, rs2'],
  ['add a0, , a1', 9, 'missing operand: add rd, rs1, rs2'],
  ['add', 4, 'missing operand: add rd, rs1, rs2'],
  ['ret a0', 5, 'too many operands: ret'],
  ['mv a0, a1, a2', 12, 'too many operands: mv rd, rs'],
  ['mv a0, 5', 8, "a register expected instead of '5': mv rd, rs"],
  ['lw a0, 8', 8, "offset(register) expected instead of '8': lw rd, imm(rs1)"],
  ['lw a0, 4096(a1)', 8, '4096 is out of range: -2048 to 2047'],
  ['sw a0, symbol', 8, /^offset\(register\) expected instead of 'symbol'/],
  ['amoadd.w a0, a1, 4(a2)', 18, 'this instruction takes no offset'],
  ['slli a0, a0, 64', 14, '64 is out of range: 0 to 63'],
  ['slliw a0, a0, 32', 15, '32 is out of range: 0 to 31'],
  ['csrwi mstatus, 32', 16, '32 is out of range: 0 to 31'],
  ['csrr a0, 4096', 10, '4096 is out of range: 0 to 4095'],
  ['lui a0, 0x100000', 9, '1048576 is out of range: 0 to 0xfffff'],
  ['lui a0, -1', 9, '-1 is out of range: 0 to 0xfffff'],
  ['addi a0, a0, %lo(5', 19, "')' expected"],
  ['addi a0, a0, 1 2', 16, "unexpected '2'"],
  ['li a0, 1 2', 10, "unexpected '2'"],
  ['fence q, w', 7, /^an ordering .* expected instead of 'q'/],
  ['j . + 1', 3, 'the target is 1 bytes away, which is not a multiple of 2'],
  ['j . + 0x100000', 3, /is out of range: jal reaches -1048576 to 1048574; use call or tail$/],
  // Compressed instructions.
  ['c.lw a0, 4(a6)', 12, "one of s0, s1 and a0 to a5 expected instead of 'a6'"],
  ['c.lwsp a0, 4(a0)', 14, "sp expected instead of 'a0'"],
  ['c.addi4spn a0, sp, 18', 20, '18 is not a multiple of 4'],
  ['c.addi4spn a0, sp, 0', 1, 'c.addi4spn cannot have these operands: their encoding is reserved'],
  ['c.mv a0, zero', 1, 'c.mv cannot have these operands: their encoding is c.jr'],
  ['c.li a0, 32', 10, '32 is out of range: -32 to 31'],
  // Numbers, characters, strings.
  ['li a0, 0x1ffffffffffffffff', 8, '0x1ffffffffffffffff does not fit in 64 bits'],
  ['li a0, 0xg', 8, "'0xg' is not a number"],
  ['li a0, 09', 8, "'09' is not a number"],
  ["li a0, 'ä'", 8, 'a character literal holds one ASCII character; use a string'],
  ["li a0, '", 8, "a character is missing after the '"],
  ['.ascii "open', 8, 'this string has no closing "'],
  ['.ascii "a\\q"', 10, 'unknown escape \\q in a string'],
  ['.ascii 5', 8, 'a string expected'],
  ['.byte 256', 7, '256 does not fit in 1 bytes'],
  ['.byte 1, -129', 10, '-129 does not fit in 1 bytes'],
  ['.word 0x100000000', 7, '4294967296 does not fit in 4 bytes'],
  ['.float x', 8, "'x' is not a number"],
  ['li a0, ?', 8, "unexpected character '?'"],
  // Expressions.
  ['.word 1 / 0', 9, 'division by zero'],
  ['.word 1 << 64', 9, 'shift by 64; 0 to 63 is possible'],
  ['.word *', 7, "a value expected before '*'"],
  ['li a0, _start', 8, 'li needs a number that is known here; for an address use la'],
  ['.if _start\n.endif', 5, 'this must be a number that is known here; it is an address'],
  ['.if later\n.endif\nlater = 1', 5, "'later' has no value yet; this must be known here"],
  ['.rept ~_start\n.endr', 7, "'~' needs a value that is known here; an address is not"],
  ['.word 1b', 7, "no label '1:' before this 1b"],
  ['.word 1f', 7, "no label '1:' after this 1f"],
  ['lui a0, %hi(_start)', 9, '%hi cannot build 0x80000000; use la, or %pcrel_hi with auipc'],
  ['addi a0, a0, %pcrel_lo(_start)', 14, /^%pcrel_lo names the label of an auipc/],
  ['lui a0, %got_pcrel_hi(_start)', 9, /^%got_pcrel_hi is not supported/],
  ['auipc a0, %pcrel_hi(0x200000000)', 11, /more than 2 GiB away/],
  // Symbols.
  ['x = nowhere\n.word x, x\n.space x', 5, "unknown symbol 'nowhere'."],
  ['x = x', 5, "the value of 'x' depends on itself"],
  ['_start = 5', 1, "'_start' is already defined at wrong.s:1"],
  ['.equiv a, 1\n.equiv a, 2', 8, "'a' is already defined at wrong.s:2"],
  ['a = 1\na:', 1, "'a' is already defined at wrong.s:2"],
  ['. = 5', 1, "'.' cannot be set; use .org"],
  ['.equ 5, 5', 6, 'a symbol expected'],
  // Sections, space, alignment.
  ['.section', 1, 'a section name expected'],
  ['.bss\n.byte 1', 1, '.bss starts as zeros and can hold nothing else'],
  ['.space -1', 8, 'a size of -1 bytes is not possible'],
  ['.space 0x100000000', 8, '4294967296 bytes are more than 1 GiB'],
  ['.balign 3', 9, 'an alignment is a power of two up to 1 MiB, not 3 bytes'],
  ['.align 50', 8, /^an alignment is a power of two/],
  ['nop\n.org _start', 6, /^a size of -\d+ bytes is not possible/],
  ['a: .space b - a + 1\nb:', 4, 'this size depends on itself'],
  ['.popsection', 1, '.popsection without .pushsection'],
  // Options and what is not supported.
  ['.option pic', 9, /^\.option pic is not supported/],
  ['.option pop', 1, '.option pop without .option push'],
  ['.option noreax', 9, "unknown option 'noreax'. Did you mean 'norelax'?"],
  ['.incbin "x"', 1, /^\.incbin is not supported/],
  ['.error "stop here"', 1, 'stop here'],
  // Conditions, macros, includes.
  ['.if 1', 1, 'this condition has no .endif'],
  ['.endif', 1, '.endif without .if'],
  ['.else', 1, '.else without .if'],
  ['.if 1\n.else\n.else\n.endif', 1, '.else was the last branch of this condition'],
  ['.rept 3\nnop', 1, 'this has no .endr'],
  ['.rept -1\n.endr', 1, 'cannot repeat -1 times'],
  ['.rept 1 << 40\n.endr', 1, /^files, macros and repetitions make more than/],
  ['.endr', 1, '.endr without .rept'],
  ['.macro\n.endm', 1, 'a macro name expected'],
  ['.macro x\nnop', 1, 'this has no .endm'],
  ['.endm', 1, '.endm without .macro'],
  ['.macro m a:req\n.endm\nm', 1, "macro 'm a' needs 'a'"],
  ['.macro m a\n.endm\nm 1, 2', 1, "macro 'm a' has no parameter for '2'"],
  ['.macro m\n.endm\n.macro m\n.endm', 1, "macro 'm' is already defined; .purgem removes it"],
  ['.purgem m', 1, "there is no macro 'm'"],
  ['.include "nothing.s"', 1, "there is no file 'nothing.s' to include"],
  ['.include nothing', 10, 'a file name in quotes expected'],
  ['nop /* open', 5, 'this comment is never closed'],
  ['5', 1, 'a label, directive or instruction expected'],
];

describe('one mistake, one message', () => {
  test.each(mistakes)('%s', (source, column, message) => {
    const found = diagnosticsOf(`_start: nop\n${source}\n`);
    expect(found.map((diagnostic) => diagnostic.message)).toEqual([
      typeof message === 'string' ? message : expect.stringMatching(message),
    ]);
    expect(found[0]).toMatchObject({ file: 'wrong.s', column });
    expect(found[0]!.line).toBeGreaterThan(1);
  });
});

test('a mistake in a macro is shown with its arguments and the place of use', () => {
  const source = '.macro twice reg, n\n  addi \\reg, \\reg, \\n\n.endm\nnop\ntwice a0, 5000\n';
  expect(diagnosticsOf(source)).toEqual([
    {
      file: 'wrong.s',
      line: 2,
      column: 16,
      message: '5000 is out of range: -2048 to 2047 (in a macro used at wrong.s:5)',
      text: '  addi a0, a0, 5000',
    },
  ]);
});

test('a mistake in an included file names that file, a path beside the including one', () => {
  const files: Record<string, string> = { 'lib/a.s': 'nop\n.include "b.s"', 'b.s': ' bad' };
  const error = errorOf('.include "lib/a.s"\n', (path) => files[path]);
  expect(error.message).toBe("lib/b.s:1:2: unknown instruction 'bad'.\n bad\n ^");
});

test('endless inclusion and recursion are stopped', () => {
  expect(errorOf('.include "x"', () => '.include "x"').diagnostics[0]!.message).toMatch(
    /nested more than 200 deep/,
  );
  expect(diagnosticsOf('.macro m\n nop\n m\n m\n.endm\nm').map(({ line }) => line)).toEqual([3]);
});

describe('deep and long sources', () => {
  const nested = (open: string, close: string, depth: number) =>
    `.word ${open.repeat(depth)}1${close.repeat(depth)}`;

  test.each([
    ['parentheses', nested('(', ')', 3000)],
    ['signs', nested('-', '', 3000)],
    ['sums on the right', nested('1+(', ')', 3000)],
    ['relocations', `lui a0, ${'%hi('.repeat(3000)}1${')'.repeat(3000)}`],
    ['operators of rising precedence', `.if ${nested('0||(1&&(', '))', 2000).slice(6)}\n.endif`],
  ])('%s are nested up to a limit', (_, source) => {
    expect(diagnosticsOf(source)[0]!.message).toMatch(/^expressions are nested more than \d+ deep$/);
  });

  test('are accepted within the limit', () => {
    for (const source of [nested('(', ')', 150), nested('- -', '', 50)])
      expect(assemble(source, { file: 'x' }).segments[0]!.bytes[0]).toBe(1);
  });

  test('sums and strings may have any length', () => {
    const sum = assemble(`.word ${'1+'.repeat(9999)}1`, { file: 'x' });
    expect(sum.segments[0]!.bytes.slice(0, 4)).toEqual(Uint8Array.of(0x10, 0x27, 0, 0));
    const labels = assemble(`a: .word b${'+1'.repeat(9999)}-a\nb:`, { file: 'x' });
    expect(labels.segments[0]!.bytes.slice(0, 4)).toEqual(Uint8Array.of(0x13, 0x27, 0, 0));
    const string = assemble(`.ascii "${'x'.repeat(300_000)}"`, { file: 'x' });
    expect(string.segments[0]!.bytes.length).toBeGreaterThanOrEqual(300_000);
  });

  test('a long chain of symbols is refused', () => {
    const row = Array.from({ length: 500 }, (_, index) => `.set s${index}, s${index + 1} + 1`);
    expect(diagnosticsOf(`${row.join('\n')}\n.set s500, 0\n.word s0`)[0]!.message).toMatch(
      /depends on more than/,
    );
  });

  test('macros that multiply are refused', () => {
    // The innermost returns at once, so that the test need not assemble its body.
    const innermost = `.macro m2\n .exitm\n${' nop\n'.repeat(5000)}.endm`;
    const outer = [0, 1].map((i) => `.macro m${i}\n${` m${i + 1}\n`.repeat(1000)}.endm`);
    expect(diagnosticsOf([innermost, ...outer, ' m0'].join('\n')).map(({ message }) => message)).toEqual([
      expect.stringMatching(/^files, macros and repetitions make more than 250000 statements/),
    ]);
    expect(diagnosticsOf('.macro m a\n m \\a\\a\n.endm\n m x')[0]!.message).toMatch(/arguments of macros/);
  });

  test('files with too many statements together are refused', () => {
    const half = `.if 0\n${'nop\n'.repeat(130_000)}.endif`;
    expect(errorOf('.include "a"\n.include "a"', () => half).message).toMatch(/more than 250000 statements/);
  });

  test('alignments and sections larger than 1 GiB together are refused', () => {
    const sections = ['a', 'b', 'c'].map((name) => `.section .${name}, "aw"\n.space 0x30000000`);
    expect(errorOf(sections.join('\n')).message).toMatch(/the program is larger than 1 GiB/);
  });

  test('of many errors the first hundred are reported', () => {
    const error = errorOf('frobnicate\n'.repeat(2000));
    expect(error.diagnostics).toHaveLength(100);
    expect(error.message).toMatch(/stopped after 100 errors$/);
  });

  test('of a long line the part around the mistake is shown, without control characters', () => {
    const { message } = errorOf(`.byte ${'1,'.repeat(5000)}\x1b[2J`);
    expect(message.length).toBeLessThan(1000);
    const [, line, caret] = message.split('\n');
    expect(line!.indexOf('\ufffd')).toBe(caret!.indexOf('^'));
  });
});

test('no text crashes the assembler', () => {
  const word = fc.constantFrom(
    ...[
      'addi',
      'a0',
      ',',
      '(',
      ')',
      '1:',
      '1f',
      '1b',
      '.word',
      '.macro m x',
      '.endm',
      'm',
      '\\x',
      '.if',
      '.endif',
    ],
    ...[
      '.else',
      '.rept 2',
      '.endr',
      '"s"',
      '%lo',
      '%pcrel_hi',
      '\n',
      ';',
      '.align',
      '.org',
      '.space',
      '5',
      '-',
      'x',
    ],
    ...[
      'x:',
      '=',
      '.equ x,',
      '.section',
      '.bss',
      'li',
      'la',
      'beq',
      '/*',
      '*/',
      '#',
      "'a",
      '.',
      '.set .,',
      '.irp a,',
    ],
  );
  const text = fc.oneof(
    fc.array(word, { maxLength: 30 }).map((words) => words.join(' ')),
    fc.string(),
  );
  fc.assert(
    fc.property(text, (source) => {
      try {
        assemble(source, { file: 'fuzz.s' });
      } catch (error) {
        expect(error).toBeInstanceOf(AssemblyError);
      }
    }),
    { numRuns: examples(2000) },
  );
});
