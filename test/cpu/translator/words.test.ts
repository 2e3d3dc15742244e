/**
 * Loops of instructions on registers whose values are around the limits of 32-bit words, on the translator and on the
 * interpreter: what the translator knows of words within a block must hold for each of them.
 */
import fc from 'fast-check';
import { beforeAll, expect, test } from 'vitest';
import {
  extract,
  type FieldName,
  type Format,
  fields,
  formats,
  insert,
  range,
} from '../../../src/cpu/formats.ts';
import { Hart } from '../../../src/cpu/hart.ts';
import { decode, type Instruction, instructions } from '../../../src/cpu/instructions.ts';
import { RAM_BASE } from '../../../src/cpu/layout.ts';
import { EAGER } from '../../../src/cpu/translator/translator.ts';
import { examples } from '../../thorough.ts';
import { noDevices } from '../no-devices.ts';

beforeAll(() => fc.configureGlobal({ seed: 2024 }));

const STEPS = 1000;
/** Where the values are in RAM, and their number. */
const DATA = 0x800;
const VALUES = 32;
/** It points at the values, and no instruction writes it. */
const POINTER = 5;
const targets = [6, 7, 8];
/** The sum of all results: most are soon replaced by others. */
const SUM = 9;

const computes = new Set(['R', 'Unary', 'I', 'Shift5', 'Shift6', 'U']);
const isLoad = ({ format, mnemonic }: Instruction) => format === 'L' && mnemonic !== 'jalr';
const isBranch = ({ format }: Instruction) => format === 'B';
const isAtomic = ({ format }: Instruction) => format === 'Amo';
/** What words are kept by, or compared. */
const keepsWords = ({ mnemonic }: Instruction) => /^(add|and|or|xor|min|max|slt|sra|rem)/.test(mnemonic);
const rows = (which: (row: Instruction) => boolean) => fc.constantFrom(...instructions.filter(which));

function operand(name: FieldName, row: Instruction): fc.Arbitrary<number> {
  if (name === 'rd') return fc.constantFrom(...targets);
  if (name === 'rs1' && (isLoad(row) || isAtomic(row))) return fc.constant(POINTER);
  if (name === 'rs1' || name === 'rs2') return fc.constantFrom(0, ...targets, ...targets);
  if (isLoad(row)) return fc.nat(8 * VALUES - 8);
  // Beyond the next instruction and its sum.
  if (isBranch(row)) return fc.constant(12);
  const { min, max, step } = range(fields[name]);
  const any = fc.nat((max - min) / step).map((n) => min + n * step);
  return fc.oneof(fc.constantFrom(min, 0, max), any);
}

const instruction = fc
  .oneof(
    { weight: 6, arbitrary: rows(({ format }) => computes.has(format)) },
    { weight: 6, arbitrary: rows((row) => computes.has(row.format) && keepsWords(row)) },
    { weight: 6, arbitrary: rows(isLoad) },
    { weight: 3, arbitrary: rows(isBranch) },
    { weight: 1, arbitrary: rows(isAtomic) },
  )
  .chain((row) => {
    const { syntax }: Format = formats[row.format];
    const names = (syntax.match(/\w+/g) ?? []) as FieldName[];
    const parts = names.map((name) => operand(name, row).map((value) => insert(fields[name], value)));
    return fc.tuple(...parts).map((bits) => bits.reduce((word, part) => word | part, row.match) >>> 0);
  });

/** Numbers near the ends of words and of halves of words. */
const limits = [0n, 1n << 7n, 1n << 15n, 1n << 31n, 1n << 32n, 1n << 63n, -1n << 31n];
const value = fc.oneof(
  fc
    .tuple(fc.constantFrom(...limits), fc.bigInt({ min: -2n, max: 2n }))
    .map(([limit, by]) => BigInt.asUintN(64, limit + by)),
  fc.bigInt({ min: 0n, max: 2n ** 32n - 1n }),
  fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
);

const scene = fc.record({
  body: fc.array(instruction, { minLength: 3, maxLength: 40 }),
  values: fc.array(value, { minLength: VALUES, maxLength: VALUES }),
});
type Scene = typeof scene extends fc.Arbitrary<infer S> ? S : never;

const match = (name: string): number => instructions.find(({ mnemonic }) => mnemonic === name)!.match;
const sumWith = (word: number): number =>
  match('add') |
  insert(fields.rd, SUM) |
  insert(fields.rs1, SUM) |
  insert(fields.rs2, extract(fields.rd, word));

function outcome(translates: boolean, { body, values }: Scene): unknown[] {
  const hart = new Hart(1 << 14, noDevices, { translates, heat: EAGER });
  const summed = body.flatMap((word) => (isBranch(decode(word)!) ? [word] : [word, sumWith(word)]));
  // A branch at the end of the body goes over two instructions.
  const loop = [...summed, match('addi'), match('addi')];
  loop.push(match('jal') | insert(fields.immJ, -4 * loop.length));
  hart.write(RAM_BASE, new Uint8Array(Uint32Array.from(loop).buffer));
  hart.write(RAM_BASE + DATA, new Uint8Array(BigUint64Array.from(values).buffer));
  const registers = targets.map((number, index) => [`x${number}`, values[index]!]);
  hart.state = {
    ...hart.state,
    ...Object.fromEntries(registers),
    [`x${POINTER}`]: BigInt(RAM_BASE + DATA),
    pc: BigInt(RAM_BASE),
  };
  hart.run(STEPS);
  return [hart.state, hart.hashRam()];
}

test('translated instructions on words do what interpreted ones do', () => {
  fc.assert(
    fc.property(scene, (it) => {
      expect(outcome(true, it)).toEqual(outcome(false, it));
    }),
    { numRuns: examples(1200) },
  );
});

test('the loops have every instruction that computes', () => {
  const met = new Set(
    fc.sample(scene, 300).flatMap(({ body }) => body.map((word) => decode(word)?.mnemonic)),
  );
  const missing = instructions.filter(({ format, mnemonic }) => computes.has(format) && !met.has(mnemonic));
  expect(missing.map(({ mnemonic }) => mnemonic)).toEqual([]);
});
