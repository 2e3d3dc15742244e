/**
 * Instruction words to text that assembles to the same words. As in the assembler, instructions are defined by the
 * instruction table alone.
 */

import { csrNumbers } from '../cpu/csrs.ts';
import {
  extract,
  type Field,
  type FieldName,
  type Format,
  fields,
  formats,
  insert,
  sizeOf,
} from '../cpu/formats.ts';
import { decode, type Instruction, instructions } from '../cpu/instructions.ts';
import { registerNumbers } from '../cpu/registers.ts';
import { decodeCompressed } from '../cpu/table/compressed.ts';
import { abridged, codecOf, isReserved, parseSyntax, suffixes } from './operands.ts';
import { aliases, type Pseudo, words } from './pseudo.ts';

/** A name for an address, such as `loop` or `loop+0x8`; undefined when there is none. */
export type NameOf = (address: bigint) => string | undefined;

/** The options of {@link disassemble}. */
export interface DisassembleOptions {
  /** Named addresses are followed by their names: `j 0x80000010 <loop>`. */
  symbols?: NameOf;
  /** Whether to write `ret` for `jalr zero, 0(ra)` and so on, mostly as objdump does; default: true. */
  aliases?: boolean;
}

/**
 * The text of an instruction word.
 * @param word 32 bits, or 16 for a compressed instruction
 * @param address of the instruction, for the addresses of its targets; default: 0. Those of a kernel are no safe integers
 * @returns `.word 0x…` or `.half 0x…` for what is not an instruction of this machine, or has ignored bits set
 */
export function disassemble(
  word: number,
  address: number | bigint = 0,
  options: DisassembleOptions = {},
): string {
  const unsigned = sizeOf(word) === 2 ? word & 0xffff : word >>> 0;
  const special = words.find((candidate) => candidate.word === unsigned);
  if (special) return special.mnemonic;
  const place = { address, nameOf: options.symbols };
  const print = (name: string, value: number) => codecOf(name).format(value, place);
  if (sizeOf(word) === 2) return compressedText(unsigned, print);
  const row = decode(unsigned);
  if (!row || meaningless(row, unsigned)) return `.word 0x${unsigned.toString(16).padStart(8, '0')}`;
  const alias = options.aliases === false ? undefined : aliasOf(row, unsigned);
  if (!alias) return join(mnemonicOf(row, unsigned), canonical(row, unsigned, print));
  const { pseudo, operands } = alias;
  const text = pseudo.syntax.replace(/\w+/g, (name) => {
    const field = operands.get(name)!;
    return print(field, extract(fields[field], unsigned));
  });
  return join(pseudo.mnemonic, text);
}

const join = (mnemonic: string, operands: string): string =>
  operands ? `${mnemonic} ${operands}` : mnemonic;

type Print = (name: string, value: number) => string;

function compressedText(parcel: number, print: Print): string {
  const row = decodeCompressed(parcel);
  if (!row) return `.half 0x${parcel.toString(16).padStart(4, '0')}`;
  const { mnemonic, format } = row;
  return join(mnemonic, operandsOf(format.syntax, parcel, print));
}

const operandsOf = (syntax: string, instruction: number, print: Print): string =>
  syntax.replace(/\w+/g, (name) => print(name, extract(fields[name as FieldName], instruction)));

/**
 * Names addresses by the nearest symbol at or below them.
 * @param symbols names and addresses, in any order; values that are no addresses are harmless if they are smaller
 * @param reachBytes the assumed size of what a symbol names
 */
export function symbolizer(
  symbols: Iterable<{ name: string; address: number }>,
  reachBytes = 0x10_0000,
): NameOf {
  const sorted = [...symbols].sort((a, b) => a.address - b.address);
  return (at) => {
    const address = Number(at);
    let [low, high] = [0, sorted.length];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (sorted[middle]!.address <= address) low = middle + 1;
      else high = middle;
    }
    const nearest = sorted[low - 1];
    const offset = nearest ? address - nearest.address : Number.POSITIVE_INFINITY;
    if (!nearest || offset >= reachBytes) return undefined;
    return offset === 0 ? nearest.name : `${nearest.name}+0x${offset.toString(16)}`;
  };
}

/** The fields of a row in the order in which they are written. */
function fieldsOf(row: Instruction): FieldName[] {
  return parseSyntax(formats[row.format].syntax).flatMap(
    ({ value, base }) => [value, base].filter((name) => name !== undefined) as FieldName[],
  );
}

const suffixOf = ({ format }: Instruction): FieldName | undefined => (formats[format] as Format).suffix;

/** Whether bits outside the encoding and the operands are set, or an operand has a reserved value. */
function meaningless(row: Instruction, word: number): boolean {
  if (fieldsOf(row).some((name) => isReserved(fields[name], extract(fields[name], word)))) return true;
  const suffix = suffixOf(row);
  const written = suffix ? [...fieldsOf(row), suffix] : fieldsOf(row);
  const known = written.reduce((bits, name) => bits | insert(fields[name], extract(fields[name], word)), 0);
  return ((row.match | known) ^ word) !== 0;
}

function mnemonicOf(row: Instruction, word: number): string {
  const suffix = suffixOf(row);
  return row.mnemonic + (suffix ? suffixes[suffix]![extract(fields[suffix], word)]! : '');
}

const canonical = (row: Instruction, word: number, print: Print): string => {
  const { syntax } = formats[row.format];
  const short = abridged(syntax);
  const isUsual = short && extract(fields[short.field], word) === short.usual;
  return operandsOf(isUsual ? short.syntax : syntax, word, print);
};

/** An alias of a row: the fields that it fixes, and the fields of its operands. */
interface AliasPattern {
  pseudo: Pseudo;
  fixed: { field: Field; value: number }[];
  operands: Map<string, FieldName>;
  /** Pairs of fields that share one operand. */
  equal: [FieldName, FieldName][];
}

const patterns = new Map<string, AliasPattern[]>();
for (const row of instructions) {
  const own = aliases.filter(({ instructions: [body] }) => body!.split(' ')[0] === row.mnemonic);
  patterns.set(
    row.mnemonic,
    own.map((pseudo) => patternOf(pseudo, row)),
  );
}

function patternOf(pseudo: Pseudo, row: Instruction): AliasPattern {
  const written = new Set(pseudo.syntax.match(/\w+/g) ?? []);
  const pattern: AliasPattern = { pseudo, fixed: [], operands: new Map(), equal: [] };
  const [, ...operands] = pseudo.instructions[0]!.match(/[-\w.]+/g)!;
  fieldsOf(row).forEach((name, index) => {
    const operand = operands[index]!;
    const other = pattern.operands.get(operand);
    if (other) pattern.equal.push([other, name]);
    else if (written.has(operand)) pattern.operands.set(operand, name);
    else pattern.fixed.push({ field: fields[name], value: fixedValue(operand, fields[name]) });
  });
  return pattern;
}

/** The value of an operand that an alias fixes. */
function fixedValue(text: string, { kind }: Field): number {
  if (kind === 'ordering')
    return [...'iorw'].reduce((bits, letter) => bits * 2 + (text.includes(letter) ? 1 : 0), 0);
  return registerNumbers.get(text) ?? csrNumbers.get(text) ?? Number(text);
}

const aliasOf = (row: Instruction, word: number): AliasPattern | undefined =>
  patterns
    .get(row.mnemonic)!
    .find(
      ({ fixed, equal }) =>
        fixed.every(({ field, value }) => extract(field, word) === value) &&
        equal.every(([a, b]) => extract(fields[a], word) === extract(fields[b], word)),
    );
