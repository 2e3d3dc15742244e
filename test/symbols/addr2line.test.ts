/** Symbols and lines of programs that GCC has compiled, against what addr2line of GNU binutils says of each address. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect } from 'vitest';
import { ElfFile } from '../../src/base/elf.ts';
import { debugSection } from '../../src/symbols/debug-section.ts';
import { readSymbols } from '../../src/symbols/symbols.ts';
import { real } from '../host/real.ts';

const program = join(import.meta.dirname, 'program');
const tool = (name: string, args: string[], input?: string): string =>
  execFileSync(`riscv64-unknown-elf-${name}`, args, {
    cwd: program,
    encoding: 'utf8',
    ...(input && { input }),
  });

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'vmft-symbols-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

/** What addr2line says of an address. */
interface Said {
  function: string | undefined;
  file: string | undefined;
  line: number | undefined;
}

function addr2line(file: string, addresses: bigint[]): Said[] {
  const input = addresses.map((address) => `0x${address.toString(16)}\n`).join('');
  const lines = tool('addr2line', ['-f', '-e', file], input).trimEnd().split('\n');
  return addresses.map((_, index) => {
    const [name, place] = lines.slice(2 * index, 2 * index + 2);
    const [, path, line] = /^(.*):(\d+|\?)(?: \(discriminator \d+\))?$/.exec(place!)!;
    const known = path !== '??' && line !== '?' && line !== '0';
    return {
      function: name === '??' ? undefined : name,
      file: known ? path : undefined,
      line: known ? Number(line) : undefined,
    };
  });
}

/** The address of every parcel of .text, and some before it. After it are data, which addr2line takes for functions. */
function addressesOf(bytes: Uint8Array, name: string): bigint[] {
  const { address, size } = new ElfFile(bytes, name).sections().find((section) => section.name === '.text')!;
  const count = 16 + Number(size / 2n);
  return Array.from({ length: count }, (_, index) => address - 32n + BigInt(2 * index));
}

/** The versions of the units in .debug_line. */
function versionsOf(bytes: Uint8Array, name: string): Set<number> {
  const file = new ElfFile(bytes, name);
  const line = debugSection(file, file.sections().find((section) => section.name === '.debug_line')!);
  const view = new DataView(line.buffer, line.byteOffset, line.byteLength);
  const versions = new Set<number>();
  for (let at = 0; at < line.length; at += 4 + view.getUint32(at, true))
    versions.add(view.getUint16(at + 4, true));
  return versions;
}

const BY_COMPILER = '-gno-as-loc-support';
const sources = ['start.S', 'main.c', 'lib/text.c'];
const common = [
  '-nostdlib',
  '-ffreestanding',
  '-mcmodel=medany',
  '-Ttext=0x80000000',
  '-Iinclude',
  '-lgcc',
  '-Wl,--no-warn-rwx-segments',
];

/** Compiles the program, and compares. Returns how many places there were with a line. */
function compare(version: number, name: string, options: string[], from: string[]): number {
  const file = join(folder, `${name}.elf`);
  tool('gcc', ['-g', `-gdwarf-${version}`, ...options, ...from, ...common, '-o', file]);
  const bytes = readFileSync(file);
  const symbols = readSymbols(bytes, file);
  expect(symbols.warnings).toEqual([]);
  // The assembler writes no version below 3; what it does not translate is written by the compiler itself.
  const written = options.includes(BY_COMPILER) ? [version] : [];
  expect(versionsOf(bytes, file)).toEqual(new Set([Math.max(3, version), ...written]));
  const addresses = addressesOf(bytes, file);
  // With debug information it names the functions that were inlined; without, the symbols.
  const stripped = join(folder, `${name}-stripped.elf`);
  tool('objcopy', ['--strip-debug', file, stripped]);
  const functions = addr2line(stripped, addresses);
  const lines = addr2line(file, addresses);
  let known = 0;
  for (const [index, address] of addresses.entries()) {
    const place = symbols.describe(address);
    // Before version 5 the folder of the compilation is in another section.
    const path = place.file?.replace(/^(?!\/)/, `${program}/`);
    expect(
      { address, function: place.symbol, file: path, line: place.line },
      `${name}: ${address.toString(16)}`,
    ).toEqual({
      address,
      function: functions[index]!.function,
      file: lines[index]!.file,
      line: lines[index]!.line,
    });
    if (place.line !== undefined) known++;
  }
  return known;
}

for (const version of [2, 3, 4, 5])
  for (const [what, options] of Object.entries({
    'with -O2': ['-O2'],
    'without optimization': ['-O0'],
    'with lines that the compiler encodes': ['-O2', BY_COMPILER],
    compressed: ['-O2', '-gz=zlib'],
    'with discarded functions': ['-O2', '-ffunction-sections', '-Wl,--gc-sections'],
    'without relaxation': ['-O1', '-mno-relax', '-march=rv64g', '-mabi=lp64d'],
  }))
    real(`DWARF ${version}, ${what}`, async () => {
      const name = `${version}-${what.replaceAll(' ', '')}`;
      expect(compare(version, name, options, sources)).toBeGreaterThan(100);
      const absolute = sources.map((source) => join(program, source));
      expect(compare(version, `${name}-absolute`, options, absolute)).toBeGreaterThan(100);
    });
