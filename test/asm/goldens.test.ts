/** The assembler against the bytes that the GNU assembler and linker make (see test/goldens/make/asm.mjs). */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { type Assembled, assemble } from '../../src/asm/assemble.ts';
import { suffixes } from '../../src/asm/operands.ts';
import { aliases, pseudos } from '../../src/asm/pseudo.ts';
import { type Format, formats } from '../../src/cpu/formats.ts';
import { instructions } from '../../src/cpu/instructions.ts';
import { compressed } from '../../src/cpu/table/compressed.ts';

const goldens = fileURLToPath(new URL('../goldens/asm/', import.meta.url));
const sources = readdirSync(goldens).filter((name) => name.endsWith('.s'));
const read = (name: string): string => readFileSync(goldens + name, 'utf8');

const hexOf = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');

/** The bytes of a section in the form of the goldens: 32 a line, runs of zero lines counted. */
function hexLines(bytes: Uint8Array): string[] {
  const lines: string[] = [];
  let zeros = 0;
  const closeZeros = () => {
    if (zeros > 0) lines.push(`* ${zeros}`);
    zeros = 0;
  };
  for (let at = 0; at < bytes.length; at += 32) {
    const line = bytes.subarray(at, at + 32);
    if (line.length === 32 && line.every((byte) => byte === 0)) zeros += 32;
    else {
      closeZeros();
      lines.push(hexOf(line));
    }
  }
  closeZeros();
  return lines;
}

interface Golden {
  sections: Map<string, string>;
  symbols: Map<string, bigint>;
}

/** Sections by name and address, each with its bytes as text. */
function parseGolden(text: string): Golden {
  const golden: Golden = { sections: new Map(), symbols: new Map() };
  let section = '';
  for (const line of text.trim().split('\n')) {
    const [name, , value] = line.split(' ');
    if (line.includes(' = ')) golden.symbols.set(name!, BigInt(`0x${value}`));
    else if (line.startsWith('.')) {
      section = line;
      golden.sections.set(section, '');
    } else golden.sections.set(section, `${golden.sections.get(section)}${line}\n`);
  }
  return golden;
}

function sectionsOf({ sections, segments }: Assembled): Map<string, string> {
  return new Map(
    sections.map(({ name, address, sizeBytes, stored }) => {
      const where = `${name} ${address.toString(16)} ${sizeBytes}`;
      if (!stored) return [`${where} zeros`, ''];
      const segment = segments.find((candidate) => candidate.address === address)!;
      return [
        where,
        hexLines(segment.bytes)
          .map((line) => `${line}\n`)
          .join(''),
      ];
    }),
  );
}

describe('as GNU as and ld', () => {
  test.each(sources)('%s', (name) => {
    const assembled = assemble(read(name), {
      file: name,
      readFile: (path) => (existsSync(goldens + path) ? { name: path, text: read(path) } : undefined),
    });
    const golden = parseGolden(read(name.replace(/\.s$/, '.hex')));
    expect(sectionsOf(assembled)).toEqual(golden.sections);
    for (const [symbol, value] of golden.symbols)
      expect([symbol, assembled.symbols.get(symbol)]).toEqual([symbol, value]);
  });
});

describe('the goldens cover', () => {
  const mnemonicsIn = (...names: string[]) =>
    new Set(
      [
        ...names
          .map(read)
          .join('\n')
          .matchAll(/^\s*(?:\w+:)?\s*([a-z][\w.]*)/gm),
      ].map(([, mnemonic]) => mnemonic),
    );

  test('every row of the instruction table, with every suffix', () => {
    const covered = mnemonicsIn('rows.s', 'rows-float.s');
    for (const { mnemonic, format } of instructions) {
      const { suffix }: Format = formats[format];
      for (const end of (suffix && suffixes[suffix]) ?? ['']) expect(covered).toContain(mnemonic + end);
    }
  });
  test('every compressed instruction that is no hint', () => {
    const covered = mnemonicsIn('rows-compressed.s');
    for (const { mnemonic, hint } of compressed) if (hint !== 'always') expect(covered).toContain(mnemonic);
  });
  test('every pseudo-instruction', () => {
    const covered = mnemonicsIn('pseudo.s', 'pseudo-float.s');
    for (const { mnemonic } of [...aliases, ...pseudos]) expect(covered).toContain(mnemonic);
  });
  test('li of more than 300 values', () => {
    expect(read('li.s').match(/li a0/g)!.length).toBeGreaterThan(300);
  });
});
