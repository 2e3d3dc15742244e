/**
 * Makes the goldens of the assembler: what the GNU assembler and linker make of the sources in test/goldens/asm. By
 * hand, with binutils 2.40 for riscv64-unknown-elf on the PATH:
 *
 *     node test/goldens/make/asm.mjs
 *
 * `rows*.s` and `li.s` are written first: every row of the instruction table with operands at the edges of their
 * ranges, and `li` of many values. `rvc-rows.s` and `rvc-li.s` are the same with `.option rvc`. The goldens are text: for each section its name and address in hexadecimal and its bytes,
 * 32 a line (`*` and a number of bytes for long runs of zeros), then the symbols. `expressions.elf.txt` is an executable
 * in base64.
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const root = fileURLToPath(new URL('../../..', import.meta.url));
const goldens = join(root, 'test/goldens/asm');
const scratch = mkdtempSync(join(tmpdir(), 'goldens-asm-'));
const architecture = 'rv64imafd_zicsr_zifencei_zkr_zihintpause_zba_zbb_zbs';

const linkerScript = `
ENTRY(_start)
SECTIONS {
  . = 0x80000000;
  .text.init : ALIGN(8) { *(.text.init) }
  .text : ALIGN(8) { *(.text) }
  .text.far : ALIGN(8) { *(.text.far) }
  .text.elsewhere : ALIGN(8) { *(.text.elsewhere) }
  .rodata : ALIGN(8) { *(.rodata) }
  .rodata.str : ALIGN(8) { *(.rodata.str) }
  .data : ALIGN(8) { *(.data) }
  .data.extra : ALIGN(8) { *(.data.extra) }
  .custom : ALIGN(8) { *(.custom) }
  .custom2 : ALIGN(8) { *(.custom2) }
  .bss (NOLOAD) : ALIGN(8) { *(.bss) *(COMMON) }
  .stack (NOLOAD) : ALIGN(8) { *(.stack) }
}`;

const run = (/** @type {string} */ tool, /** @type {string[]} */ ...args) =>
  execFileSync(`riscv64-unknown-elf-${tool}`, args, { encoding: 'utf8', maxBuffer: 2 ** 28 });

/** The instruction table, which is TypeScript. */
async function loadTable() {
  const contents = `export * from './src/cpu/instructions.ts'; export * from './src/cpu/formats.ts';
    export * from './src/asm/operands.ts'; export { csrNames } from './src/cpu/csrs.ts';
    export * from './src/cpu/table/compressed.ts';`;
  const bundled = await build({
    stdin: { contents, resolveDir: root, loader: 'ts' },
    bundle: true,
    format: 'esm',
    write: false,
  });
  const file = join(scratch, 'table.mjs');
  writeFileSync(file, bundled.outputFiles[0]?.text ?? '');
  return import(file);
}

const table = await loadTable();

/** Texts of a field's edge values. */
function edges(/** @type {string} */ name) {
  const field = table.fields[name];
  const { min, max, step } = table.range(field);
  const target = (/** @type {number} */ n) => `. ${n < 0 ? '-' : '+'} ${Math.abs(n)}`;
  const numbers = [min, max, 0, step, min + step, max - step, ...(min < 0 ? [-step] : [])];
  switch (field.kind) {
    case 'x':
      return ['x0', 'x31', 'a0', 'fp', 's11', 'ra', 'x16'];
    case 'f':
      return ['f0', 'f31', 'fa0', 'fs0', 'fs11', 'ft8', 'f16'];
    case 'x8':
      return ['s0', 'a5', 'a0', 's1', 'x12'];
    case 'f8':
      return ['fs0', 'fa5', 'fa0', 'fs1', 'f12'];
    case 'sp':
      return ['sp'];
    case 'rounding':
      return ['rne', 'rtz', 'rdn', 'rup', 'rmm', 'dyn'];
    case 'upper':
      if (name === 'immLui') return ['1', '31', '0xfffe0', '0xfffff'];
      return ['0', '1', '0x7ffff', '0x80000', '0xfffff'];
    case 'target':
      return numbers.map(target);
    case 'csr':
      return ['0', '4095', '0x7c0', ...table.csrNames.values()];
    case 'ordering':
      return Array.from({ length: 15 }, (_, i) =>
        [...'iorw'].filter((_, bit) => (i + 1) & (8 >> bit)).join(''),
      );
    default:
      return numbers.map(String);
  }
}

/** How the operands of a format are written. GNU as 2.40 has no rounding mode where it doesn't matter. */
function syntaxes(/** @type {string} */ syntax) {
  const short = table.abridged(syntax);
  if (!short) return [syntax];
  return short.field === 'rmExact' ? [short.syntax] : [syntax, short.syntax];
}

const isFloat = (/** @type {{ extension: string }} */ { extension }) =>
  extension === 'F' || extension === 'D';

function* rowSource(/** @type {{ mnemonic: string, format: string }[]} */ rows) {
  for (const row of rows) {
    const { syntax, suffix } = table.formats[row.format];
    for (const written of syntaxes(syntax)) yield* instructionSource(row.mnemonic, written, suffix);
  }
}

/** Each operand goes through its edges while the others turn too, so that no two fields move in step. */
function* instructionSource(
  /** @type {string} */ mnemonic,
  /** @type {string} */ syntax,
  /** @type {string | undefined} */ suffix,
) {
  const names = [...syntax.matchAll(/\w+/g)].map(([name]) => name);
  for (const end of suffix ? table.suffixes[suffix] : ['']) {
    const count = Math.max(1, ...names.map((name) => edges(name).length));
    for (let i = 0; i < count; i++) {
      let turn = i;
      const operands = syntax.replace(/\w+/g, (/** @type {string} */ name) => {
        const values = edges(name);
        const value = values[turn % values.length];
        turn += 1 + Math.floor(i / values.length);
        return value;
      });
      yield `    ${mnemonic}${end} ${operands}`.trimEnd();
    }
  }
}

/** The edges of 12, 20, 32 and 64 bits, powers of two and their neighbours, patterns, and scattered values. */
function immediates() {
  const values = new Set([0n, -1n]);
  for (let bit = 0n; bit < 64n; bit++)
    for (const near of [-2048n, -1n, 0n, 1n, 2047n, 2048n]) {
      values.add((1n << bit) + near);
      if (near > -2n && near < 2n) values.add(-(1n << bit) + near);
    }
  for (const pattern of [
    'a5',
    '0f',
    'f0',
    '55',
    '01',
    '80',
    '7f',
    '12345678',
    'deadbeef',
    '00ff',
    'ff00',
    'fffff800',
  ])
    for (let digits = 4; digits <= 16; digits += 4)
      values.add(BigInt(`0x${pattern.repeat(8).slice(0, digits)}`));
  let seed = 1n;
  for (let i = 0n; i < 150n; i++) {
    seed = BigInt.asUintN(64, seed * 6364136223846793005n + 1442695040888963407n);
    values.add(seed >> (i % 60n));
  }
  return [...values].filter((value) => value >= -(2n ** 63n) && value < 2n ** 64n);
}

/** Without operands that are reserved or make a hint of the instruction. */
function* compressedSource() {
  for (const { mnemonic, format, nonzero, hint } of table.compressed) {
    if (hint === 'always') continue;
    const names = format.syntax.match(/\w+/g) ?? [];
    const noZero = names.map(
      (/** @type {string} */ name) =>
        [...nonzero, ...hint, 'shamtCI', 'cRs2'].includes(name) || ['c.jr', 'c.jalr'].includes(mnemonic),
    );
    for (const line of instructionSource(mnemonic, format.syntax, undefined)) {
      const operands = line
        .trim()
        .split(' ')
        .slice(1)
        .join(' ')
        .split(/[, ()]+/);
      const isZero = (/** @type {string} */ text) => text === '0' || text === 'x0' || text === '. + 0';
      if (!operands.some((operand, index) => noZero[index] && isZero(operand))) yield line;
    }
  }
}

const header = '# Made by test/goldens/make/asm.mjs.\n.globl _start\n_start:\n';
const write = (/** @type {string} */ name, /** @type {string[]} */ lines) =>
  writeFileSync(join(goldens, name), `${header}${lines.join('\n')}\n`);
const rows = table.instructions;
write('rows.s', [...rowSource(rows.filter((/** @type {any} */ row) => !isFloat(row)))]);
write('rows-float.s', [...rowSource(rows.filter(isFloat))]);
write('rows-compressed.s', ['.option rvc', ...compressedSource()]);
write('rvc-rows.s', ['.option rvc', ...rowSource(rows)]);
const li = immediates().map((value) => `    li a0, ${value < 0n ? value : `0x${value.toString(16)}`}`);
write('li.s', li);
write('rvc-li.s', ['.option rvc', ...li]);

/** The sections and symbols of a linked file, as text. */
function listing(/** @type {string} */ elf) {
  const lines = [];
  for (const [, name = '', size = '', address = '', flags = ''] of run('objdump', '-hw', elf).matchAll(
    /^ *\d+ (\S+) +(\w+) +(\w+) +\w+ +\w+ +\S+ +(.*)$/gm,
  )) {
    if (!flags.includes('ALLOC') || Number.parseInt(size, 16) === 0) continue;
    const where = `${name} ${Number.parseInt(address, 16).toString(16)} ${Number.parseInt(size, 16)}`;
    lines.push(flags.includes('CONTENTS') ? where : `${where} zeros`);
    if (flags.includes('CONTENTS')) lines.push(...hex(elf, name));
  }
  const symbols = [...run('nm', elf).matchAll(/^(\w{16}) \w (\S+)$/gm)]
    .filter(([, , name]) => !/^[.$]|L0/.test(name ?? ''))
    .map(([, value, name]) => `${name} = ${BigInt(`0x${value ?? ''}`).toString(16)}`);
  return [...lines, ...symbols.sort(), ''].join('\n');
}

function* hex(/** @type {string} */ elf, /** @type {string} */ section) {
  const file = join(scratch, 'section.bin');
  run('objcopy', '-O', 'binary', '-j', section, elf, file);
  const bytes = readFileSync(file);
  let zeros = 0;
  for (let at = 0; at < bytes.length; at += 32) {
    const line = bytes.subarray(at, at + 32);
    if (line.length === 32 && line.every((byte) => byte === 0)) {
      zeros += 32;
      continue;
    }
    if (zeros > 0) yield `* ${zeros}`;
    zeros = 0;
    yield line.toString('hex');
  }
  if (zeros > 0) yield `* ${zeros}`;
}

const script = join(scratch, 'link.ld');
writeFileSync(script, linkerScript);
for (const name of readdirSync(goldens).filter((file) => file.endsWith('.s'))) {
  const [object, elf] = [join(scratch, 'a.o'), join(scratch, 'a.elf')];
  run('as', `-march=${architecture}`, '-mno-relax', '-I', goldens, join(goldens, name), '-o', object);
  run('ld', '--no-relax', '--no-warn-rwx-segments', '-T', script, object, '-o', elf);
  writeFileSync(join(goldens, name.replace(/\.s$/, '.hex')), listing(elf));
}

// One executable whole, for the test that loads it.
const [object, elf] = [join(scratch, 'a.o'), join(scratch, 'a.elf')];
run('as', `-march=${architecture}`, '-mno-relax', join(goldens, 'expressions.s'), '-o', object);
run('ld', '--no-relax', '--nmagic', '--no-warn-rwx-segments', '-T', script, object, '-o', elf);
const base64 = readFileSync(elf)
  .toString('base64')
  .replace(/.{1,100}/g, '$&\n');
writeFileSync(join(goldens, 'expressions.elf.txt'), base64);
rmSync(scratch, { recursive: true });
