/**
 * The generated operations, called and inlined, against the soft float: the same bits and flags, whatever the operands,
 * the mode and the flags before.
 */
import fc from 'fast-check';
import { beforeAll, describe, expect, test } from 'vitest';
import { isFused, multiplyAdd } from '../../../src/cpu/float/fused.ts';
import { emitFloatFunctions, formatNames } from '../../../src/cpu/float/native.ts';
import { FLAG, type FormatName, RM } from '../../../src/cpu/float/number.ts';
import { fromNumber, isQuick, quickly, toNumber, typeOf } from '../../../src/cpu/float/quick.ts';
import { type FloatOp, floatOps, operations, soft } from '../../../src/cpu/float/soft.ts';
import { getWord } from '../../../src/cpu/hart-words.ts';
import { offsetOf } from '../../../src/cpu/layout.ts';
import { ModuleBuilder } from '../../../src/cpu/wasm/module.ts';
import { examples } from '../../thorough.ts';
import { encoding, integer, specials } from './numbers.ts';

beforeAll(() => fc.configureGlobal({ seed: 2024 }));

/** The generated functions, called from here. */
const memory = new WebAssembly.Memory({ initial: 1 });
const words = new BigUint64Array(memory.buffer);
const FCSR = offsetOf('fcsr') / 8;
let calls = 0;

function softFloat(op: number, format: number, rm: number, ...operands: bigint[]): bigint {
  calls++;
  const [a, b, c] = operands.map((operand) => BigInt.asUintN(64, operand));
  const { bits, flags } = soft(floatOps[op]!, formatNames[format]!, rm, a!, b, c);
  words[FCSR]! |= BigInt(flags);
  return bits;
}

const inlined = (op: FloatOp, format: FormatName): string => `${op}.${format} inlined`;

function generate(): Record<string, (...operands: (bigint | number)[]) => bigint> {
  const module = new ModuleBuilder();
  const imported = module.importFunction('softFloat', ['i32', 'i32', 'i32', 'i64', 'i64', 'i64'], ['i64']);
  const functions = emitFloatFunctions(module, imported);
  for (const format of formatNames)
    for (const op of floatOps) {
      const { operands, rounds } = operations[op];
      const values = Array.from({ length: operands }, () => 'i64' as const);
      const params = rounds ? [...values, 'i32' as const] : values;
      module.function({ params, results: ['i64'], exportAs: `${op}.${format}` }, (body) => {
        params.forEach((_, index) => {
          body.get(index);
        });
        body.call(functions[format][op]);
      });
      if (!isQuick(op, isFused())) continue;
      module.function({ params, results: ['i64'], exportAs: inlined(op, format) }, (body) => {
        quickly(body, op, format, {
          operands: values.map((_, index) => () => {
            body.get(index);
            toNumber(body, format);
          }),
          isQuick: () => {
            getWord(body, 'fcsr').op('i32.wrap_i64').i32(FLAG.NX).op('i32.and');
            body.get(operands).op('i32.eqz', 'i32.and');
          },
          call() {
            params.forEach((_, index) => {
              body.get(index);
            });
            body.call(functions[format][op]);
          },
          result: body.local(typeOf(format)),
        });
        fromNumber(body, format);
      });
    }
  const instance = new WebAssembly.Instance(new WebAssembly.Module(module.finish()), {
    env: { memory, softFloat },
  });
  return instance.exports as Record<string, (...operands: (bigint | number)[]) => bigint>;
}
const generated = generate();

const flagsBefore = [0, FLAG.NX, FLAG.NV | FLAG.OF];
const modes = [RM.RNE, RM.RTZ, RM.RDN, RM.RUP, RM.RMM];

function compare(
  op: FloatOp,
  format: FormatName,
  rm: number,
  operands: readonly bigint[],
  flags: number,
): void {
  const expected = soft(op, format, rm, ...(operands as [bigint]));
  const parameters: (bigint | number)[] = [...operands];
  if (operations[op].rounds) parameters.push(rm);
  const wanted = { bits: expected.bits.toString(16), flags: expected.flags | flags };
  for (const name of [`${op}.${format}`, inlined(op, format)]) {
    const run = generated[name];
    if (!run) continue;
    words[FCSR] = BigInt(flags);
    const bits = BigInt.asUintN(64, run(...parameters));
    const outcome = { bits: bits.toString(16), flags: Number(words[FCSR]) };
    if (outcome.bits === wanted.bits && outcome.flags === wanted.flags) continue;
    const about = `${name} rm=${rm} flags=${flags}: ${operands.map((operand) => operand.toString(16))}`;
    expect({ about, ...outcome }).toEqual({ about, ...wanted });
  }
}

const operandOf = (op: FloatOp, format: FormatName) => {
  if (op.startsWith('from')) return integer;
  return encoding(op === 'convert' ? (format === 'S' ? 'D' : 'S') : format);
};

/** The third operand of a fused multiply-add is often near the product, so that they cancel. */
const operandsOf = (op: FloatOp, format: FormatName): fc.Arbitrary<bigint[]> => {
  const operand = operandOf(op, format);
  const { operands } = operations[op];
  const independent = fc.array(operand, { minLength: operands, maxLength: operands });
  if (op !== 'madd') return independent;
  const near = fc
    .tuple(operand, operand, fc.integer({ min: -2, max: 2 }), fc.boolean())
    .map(([a, b, by, same]) => {
      const product = soft('mul', format, RM.RNE, a, b).bits;
      const sign = format === 'S' ? 1n << 31n : 1n << 63n;
      const close = BigInt.asUintN(format === 'S' ? 32 : 64, product + BigInt(by));
      return [a, b, same ? close : close ^ sign];
    });
  return fc.oneof(independent, near);
};

const all = formatNames.flatMap((format) => floatOps.map((op) => [op, format] as const));

describe('generated operations agree with the soft float', () => {
  test.each(all)('%s.%s', (op, format) => {
    fc.assert(
      fc.property(operandsOf(op, format), (operands) => {
        for (const rm of modes) for (const flags of flagsBefore) compare(op, format, rm, operands, flags);
      }),
      { numRuns: examples(400) },
    );
  });

  test.each(all)('%s.%s of special numbers', (op, format) => {
    const { operands } = operations[op];
    const from = op === 'convert' ? (format === 'S' ? 'D' : 'S') : format;
    const values = specials(from);
    const some = operands === 3 ? values.filter((_, index) => index % 5 === 0) : values;
    const tuples = (count: number): bigint[][] =>
      count === 0 ? [[]] : tuples(count - 1).flatMap((rest) => some.map((value) => [...rest, value]));
    for (const tuple of tuples(operands))
      for (const rm of operands === 1 ? modes : [RM.RNE])
        for (const flags of [0, FLAG.NX]) compare(op, format, rm, tuple, flags);
  });
});

test('ordinary numbers do not call the soft float, once NX is set', () => {
  calls = 0;
  for (const format of formatNames) {
    const one = soft('fromW', format, RM.RNE, 1n).bits;
    const three = soft('fromW', format, RM.RNE, 3n).bits;
    const third = soft('div', format, RM.RNE, one, three).bits;
    for (const op of floatOps.filter((name) => !name.startsWith('from') && name !== 'convert'))
      compare(op, format, RM.RNE, [third, three, third].slice(0, operations[op].operands), FLAG.NX);
  }
  expect(calls).toBe(0);
});

test('on this host multiply-adds are inlined, if its processor rounds them once', () => {
  const module = new ModuleBuilder();
  module.function({ params: ['f64', 'f64', 'f64'], results: ['f64'], exportAs: 'madd' }, (body) =>
    multiplyAdd(
      body,
      'D',
      [0, 1, 2].map((operand) => () => body.get(operand)),
    ),
  );
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(module.finish()), { env: { memory } });
  const madd = exports.madd as (...numbers: number[]) => number;
  const bitsOf = (value: number) => new BigUint64Array(Float64Array.of(value).buffer)[0]!;
  fc.assert(
    fc.property(operandsOf('madd', 'D'), (operands) => {
      const { bits } = soft('madd', 'D', RM.RNE, ...(operands as [bigint, bigint, bigint]));
      const result = madd(...[...new Float64Array(BigUint64Array.from(operands).buffer)]);
      if (!isFused() || Number.isNaN(result)) return;
      expect(bitsOf(result)).toBe(bits);
    }),
    { numRuns: examples(4000) },
  );
  expect(inlined('madd', 'D') in generated).toBe(isFused());
});
