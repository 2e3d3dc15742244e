/**
 * The floating-point operations as generated WebAssembly functions. Each uses WebAssembly's operations where they are
 * exact to the bit and raise no flag that isn't set already, and the soft float for everything else: rounding modes
 * other than to nearest; special, subnormal or too large results; and the first inexact one. WebAssembly rounds to
 * nearest, ties to even (WebAssembly Core Specification, "Floating-Point Operations").
 */
import { getWord } from '../hart-words.ts';
import type { Body, FunctionRef, Label, ModuleBuilder, Signature } from '../wasm/module.ts';
import { EXACT_PRODUCTS, productError, sumError, toOdd } from './errors.ts';
import { FLAG, type FormatName, formats, RM } from './number.ts';
import { constant, fromNumber, isFiniteNumber, isOrdinary, toNumber, typeOf } from './quick.ts';
import { type FloatOp, floatOps, operations } from './soft.ts';

/**
 * For each format and operation a function that takes its operands, and the rounding mode if it rounds. Encodings of
 * single precision are zero-extended.
 */
export type FloatFunctions = Readonly<Record<FormatName, Readonly<Record<FloatOp, FunctionRef>>>>;

/** The formats, by their numbers in calls of the soft float. */
export const formatNames = ['S', 'D'] as const satisfies readonly FormatName[];

/** Makes a function for each operation and format. */
function forAll(make: (op: FloatOp, format: FormatName) => FunctionRef): FloatFunctions {
  const [S, D] = formatNames.map(
    (format) =>
      Object.fromEntries(floatOps.map((op) => [op, make(op, format)])) as Record<FloatOp, FunctionRef>,
  );
  return { S: S!, D: D! };
}

function signatureOf(op: FloatOp): Signature {
  const { operands, rounds } = operations[op];
  const values = Array.from({ length: operands }, () => 'i64' as const);
  return { params: rounds ? [...values, 'i32'] : values, results: ['i64'] };
}

const nameOf = (op: FloatOp, format: FormatName): string => `${op}.${format}`;

/** The functions in a fixed order, with the names under which another module imports them. */
export const namedFloatFunctions = (functions: FloatFunctions): [name: string, FunctionRef][] =>
  formatNames.flatMap((format) =>
    floatOps.map((op): [string, FunctionRef] => [nameOf(op, format), functions[format][op]]),
  );

/**
 * @param soft (operation, format, rounding mode, a, b, c) → result: the operation by its place in `floatOps`. It raises
 * the flags.
 */
export const emitFloatFunctions = (module: ModuleBuilder, soft: FunctionRef): FloatFunctions =>
  forAll((op, format) => emitFunction(module, op, format, soft));

/** Declares the functions in another module than the one that has them. */
export const importFloatFunctions = (module: ModuleBuilder): FloatFunctions =>
  forAll((op, format) => {
    const { params, results } = signatureOf(op);
    return module.importFunction(nameOf(op, format), params, results);
  });

function emitFunction(
  module: ModuleBuilder,
  op: FloatOp,
  format: FormatName,
  soft: FunctionRef,
): FunctionRef {
  const { operands, rounds } = operations[op];
  return module.function(signatureOf(op), (body) => {
    body.block((slow) => emitters[op](new Native(body, format, operands, slow)));
    body.i32(floatOps.indexOf(op)).i32(formatNames.indexOf(format));
    if (rounds) body.get(operands);
    else body.i32(RM.RNE);
    for (let operand = 0; operand < 3; operand++)
      if (operand < operands) body.get(operand);
      else body.i64(0);
    body.call(soft);
  });
}

/** A function under construction. Its operands are its first parameters. */
class Native {
  readonly type: 'f32' | 'f64';
  /** The operands as numbers, once they are loaded, and the result. */
  readonly a: number;
  readonly b: number;
  readonly c: number;
  readonly result: number;

  constructor(
    readonly body: Body,
    readonly format: FormatName,
    private readonly operands: number,
    private readonly slow: Label,
  ) {
    this.type = typeOf(format);
    [this.a, this.b, this.c, this.result] = [0, 1, 2, 3].map(() => body.local(this.type)) as [
      number,
      number,
      number,
      number,
    ];
  }

  /** Converts the operands to numbers. */
  load(): void {
    const { body, format, a, b, c } = this;
    [a, b, c].slice(0, this.operands).forEach((local, operand) => {
      body.get(operand);
      toNumber(body, format);
      body.set(local);
    });
  }

  /** Falls back to the soft float unless the condition on the stack holds. */
  require(): void {
    this.body.op('i32.eqz').brIf(this.slow);
  }

  /** The rounding mode is the parameter after the operands. */
  requireNearest(): void {
    this.body.get(this.operands).brIf(this.slow);
  }

  /** Falls back to the soft float if NX has to be raised: unless it is set already, or `isExact` pushes true. */
  requireKnownFlags(isExact: () => void): void {
    const { body } = this;
    getWord(body, 'fcsr').i64(FLAG.NX).op('i64.and', 'i64.eqz');
    body.if(() => {
      isExact();
      this.require();
    });
  }

  isOrdinary(x: number): Body {
    return isOrdinary(this.body, this.format, x);
  }

  isFinite(x: number): Body {
    return isFiniteNumber(this.body, this.format, x);
  }

  isZero(x: number): Body {
    this.body.get(x);
    return constant(this.body, this.format, 0).op(`${this.type}.eq`);
  }

  /** Pushes whether `z` is the exact product of `x` and `y`; in double precision with false negatives. */
  isProduct(x: number, y: number, z: number): void {
    const { body } = this;
    if (this.type === 'f32') {
      // Twice the precision holds every product.
      body.get(x).op('f64.promote_f32').get(y).op('f64.promote_f32', 'f64.mul');
      body.get(z).op('f64.promote_f32', 'f64.eq');
      return;
    }
    body.get(x).get(y).op('f64.mul').get(z).op('f64.eq');
    body.get(z).op('f64.abs').f64(EXACT_PRODUCTS.min).op('f64.ge', 'i32.and');
    productError(body, x, y, z);
    body.f64(0).op('f64.eq', 'i32.and');
  }

  /** Returns what is on the stack, a number of this type. */
  give(): void {
    fromNumber(this.body, this.format);
    this.body.op('return');
  }
}

function add(native: Native): void {
  const { body, type, format, a, b, result } = native;
  native.requireNearest();
  native.load();
  body.get(a).get(b).op(`${type}.add`).set(result);
  // A subnormal sum is exact.
  native.isFinite(result);
  native.require();
  native.requireKnownFlags(() => {
    sumError(body, type, a, b, result);
    constant(body, format, 0).op(`${type}.eq`);
  });
  body.get(result);
  native.give();
}

/**
 * Operations whose exactness is checked by a product that involves the result. A zero result needs a zero operand in
 * `zeros`.
 */
const multiplicative =
  (
    op: 'mul' | 'div' | 'sqrt',
    factors: (native: Native) => [x: number, y: number, z: number],
    zeros: readonly ('a' | 'b')[],
  ) =>
  (native: Native): void => {
    const { body, type, a, b, result } = native;
    native.requireNearest();
    native.load();
    body.get(a);
    if (op !== 'sqrt') body.get(b);
    body.op(`${type}.${op}`).set(result);
    native.isOrdinary(result).op('i32.eqz');
    body.if(() => {
      native.isZero(result);
      zeros.forEach((operand, index) => {
        native.isZero(native[operand]);
        if (index > 0) body.op('i32.or');
      });
      body.op('i32.and');
      native.require();
      body.get(result);
      native.give();
    });
    native.requireKnownFlags(() => native.isProduct(...factors(native)));
    body.get(result);
    native.give();
  };

/**
 * In double precision the product of singles is exact, and rounding the sum to odd keeps the information that single
 * precision needs.
 */
function multiplyAddSingle(native: Native): void {
  const { body, a, b, c, result } = native;
  const [product, addend, sum, error] = [0, 1, 2, 3].map(() => body.local('f64')) as [
    number,
    number,
    number,
    number,
  ];
  native.requireNearest();
  native.load();
  body.get(a).op('f64.promote_f32').get(b).op('f64.promote_f32', 'f64.mul').set(product);
  body.get(c).op('f64.promote_f32').set(addend);
  body.get(product).get(addend).op('f64.add').set(sum);
  sumError(body, 'f64', product, addend, sum);
  body.set(error);
  toOdd(body, sum, error);
  body.tee(sum).op('f32.demote_f64').set(result);
  native.isOrdinary(result).get(sum).f64(0).op('f64.eq', 'i32.or');
  native.require();
  // A double with an odd last place is not representable as a single.
  native.requireKnownFlags(() => body.get(result).op('f64.promote_f32').get(sum).op('f64.eq'));
  body.get(result);
  native.give();
}

/** The algorithm of Boldo and Melquiond: the product's error is added first, with the sum rounded to odd.
 * Long: the locals of one algorithm. */
function multiplyAddDouble(native: Native): void {
  const { body, a, b, c, result } = native;
  const local = () => body.local('f64');
  const [product, error, low, lowRest, high, highRest, rest] = [
    ...[local(), local(), local(), local(), local(), local(), local()],
  ] as [number, number, number, number, number, number, number];
  const twoSum = (x: number, y: number, sum: number, rest: number) => {
    body.get(x).get(y).op('f64.add').set(sum);
    sumError(body, 'f64', x, y, sum);
    body.set(rest);
  };
  native.requireNearest();
  native.load();
  body.get(a).get(b).op('f64.mul').tee(product).op('f64.abs').tee(error).f64(EXACT_PRODUCTS.min).op('f64.ge');
  body.get(error).f64(EXACT_PRODUCTS.max).op('f64.le', 'i32.and');
  body.get(c).op('f64.abs').f64(EXACT_PRODUCTS.max).op('f64.le', 'i32.and', 'i32.eqz');
  body.if(() => {
    // A product that is zero because a factor is leaves the addend.
    native.isZero(a);
    native.isZero(b);
    body.op('i32.or').get(product).get(c).op('f64.add').set(result);
    native.isFinite(result).op('i32.and');
    native.require();
    body.get(result);
    native.give();
  });
  productError(body, a, b, product);
  body.set(error);
  twoSum(c, error, low, lowRest);
  twoSum(product, low, high, highRest);
  twoSum(lowRest, highRest, rest, error);
  toOdd(body, rest, error);
  body.tee(rest).get(high).op('f64.add').set(result);
  native.isOrdinary(result);
  native.isZero(result);
  body.op('i32.or');
  native.require();
  native.requireKnownFlags(() => {
    sumError(body, 'f64', high, rest, result);
    body.f64(0).op('f64.eq');
    body.get(error).f64(0).op('f64.eq', 'i32.and');
  });
  body.get(result);
  native.give();
}

/** WebAssembly's minimum and maximum equal RISC-V's except for NaNs. */
const selection = (op: 'min' | 'max') => (native: Native) => {
  const { body, type, a, b, result } = native;
  native.load();
  body.get(a).get(b).op(`${type}.${op}`).tee(result).get(result).op(`${type}.eq`);
  native.require();
  body.get(result);
  native.give();
};

const comparison = (op: 'eq' | 'lt' | 'le') => (native: Native) => {
  const { body, type, a, b } = native;
  native.load();
  body.get(a).get(b).op(`${type}.${op}`);
  body.if(() => body.i64(1).op('return'));
  body.get(a).get(a).op(`${type}.eq`).get(b).get(b).op(`${type}.eq`, 'i32.and');
  native.require();
  body.i64(0).op('return');
};

/** Classes 0 (−∞) to 3 (−0); the positive classes mirror them. */
function classify(native: Native): void {
  const { body, format } = native;
  const { bits, infinity, precision } = formats[format];
  const [magnitude, rank] = [body.local('i64'), body.local('i64')];
  body
    .get(0)
    .i64((1n << BigInt(bits - 1)) - 1n)
    .op('i64.and')
    .tee(magnitude)
    .i64(infinity)
    .op('i64.le_u');
  native.require();
  for (const below of [infinity, 1n << BigInt(precision - 1), 1n]) {
    body.get(rank).get(magnitude).i64(below).op('i64.lt_u', 'i64.extend_i32_u', 'i64.add').set(rank);
  }
  body.i64(1);
  body.get(rank).i64(7).get(rank).op('i64.sub');
  body.get(0).get(magnitude).op('i64.ne', 'select');
  body.op('i64.shl', 'return');
}

/** The integer types of conversions, with their ranges. */
const integers = {
  W: { min: -(2 ** 31), limit: 2 ** 31 },
  WU: { min: 0, limit: 2 ** 32 },
  L: { min: -(2 ** 63), limit: 2 ** 63 },
  LU: { min: 0, limit: 2 ** 64 },
} as const;
type IntegerName = keyof typeof integers;

/** Pushes the number in `x` rounded to an integer by the rounding mode in parameter 1. */
function roundToWhole(body: Body, x: number, whole: number): void {
  const cases: [rm: number, round: () => void][] = [
    [RM.RTZ, () => body.get(x).op('f64.trunc')],
    [RM.RNE, () => body.get(x).op('f64.nearest')],
    [RM.RDN, () => body.get(x).op('f64.floor')],
    [RM.RUP, () => body.get(x).op('f64.ceil')],
  ];
  const choose = (index: number): void => {
    const next = cases[index];
    if (!next) {
      // RMM: one more, away from zero, where half or more is cut off.
      body.get(x).op('f64.trunc').tee(whole);
      body.f64(1).f64(0).get(x).get(whole).op('f64.sub', 'f64.abs').f64(0.5).op('f64.ge', 'select');
      body.get(x).op('f64.copysign', 'f64.add');
      return;
    }
    body.get(1).i32(next[0]).op('i32.eq');
    body.if(next[1], () => choose(index + 1), 'f64');
  };
  choose(0);
}

const toInteger = (name: IntegerName) => (native: Native) => {
  const { body, format } = native;
  const { min, limit } = integers[name];
  const [x, whole] = [body.local('f64'), body.local('f64')];
  body.get(0);
  toNumber(body, format);
  if (format === 'S') body.op('f64.promote_f32');
  body.set(x);
  roundToWhole(body, x, whole);
  body.tee(whole).f64(min).op('f64.ge').get(whole).f64(limit).op('f64.lt', 'i32.and');
  native.require();
  native.requireKnownFlags(() => body.get(whole).get(x).op('f64.eq'));
  body.get(whole).op(name === 'LU' ? 'i64.trunc_f64_u' : 'i64.trunc_f64_s');
  if (name === 'WU') body.op('i64.extend32_s');
  body.op('return');
};

const fromInteger = (name: IntegerName) => (native: Native) => {
  const { body, type, format } = native;
  const { precision } = formats[format];
  const [integer, magnitude] = [body.local('i64'), body.local('i64')];
  const isWord = name === 'W' || name === 'WU';
  body.get(0);
  if (name === 'W') body.op('i64.extend32_s');
  if (name === 'WU') body.i64(2n ** 32n - 1n).op('i64.and');
  body.set(integer);
  if (!isWord || precision < 32) {
    body.get(integer);
    if (name === 'W' || name === 'L') {
      body.get(integer).i64(63).op('i64.shr_s', 'i64.xor');
      body.get(integer).i64(63).op('i64.shr_s', 'i64.sub');
    }
    body.set(magnitude);
    // Bits from the highest to the lowest that is set; what has more than the precision is inexact.
    body
      .get(magnitude)
      .op('i64.clz')
      .get(magnitude)
      .op('i64.ctz', 'i64.add')
      .i64(64 - precision)
      .op('i64.lt_u');
    body.if(() => {
      native.requireNearest();
      native.requireKnownFlags(() => body.i32(0));
    });
  }
  body.get(integer).op(`${type}.convert_i64_${name === 'LU' ? 'u' : 's'}`);
  native.give();
};

/** From the other format. */
function convert(native: Native): void {
  const { body, format, result } = native;
  body.get(0);
  if (format === 'D') {
    toNumber(body, 'S');
    body.op('f64.promote_f32').tee(result).get(result).op('f64.eq');
    native.require();
  } else {
    const x = body.local('f64');
    toNumber(body, 'D');
    body.tee(x).op('f32.demote_f64').tee(result).op('f64.promote_f32').get(x).op('f64.ne');
    body.if(() => {
      native.requireNearest();
      native.isOrdinary(result);
      native.require();
      native.requireKnownFlags(() => body.i32(0));
    });
  }
  body.get(result);
  native.give();
}

const emitters: Record<FloatOp, (native: Native) => void> = {
  add,
  mul: multiplicative('mul', ({ a, b, result }) => [a, b, result], ['a', 'b']),
  div: multiplicative('div', ({ a, b, result }) => [result, b, a], ['a']),
  sqrt: multiplicative('sqrt', ({ a, result }) => [result, result, a], ['a']),
  madd: (native) => (native.format === 'S' ? multiplyAddSingle(native) : multiplyAddDouble(native)),
  min: selection('min'),
  max: selection('max'),
  eq: comparison('eq'),
  lt: comparison('lt'),
  le: comparison('le'),
  class: classify,
  toW: toInteger('W'),
  toWU: toInteger('WU'),
  toL: toInteger('L'),
  toLU: toInteger('LU'),
  fromW: fromInteger('W'),
  fromWU: fromInteger('WU'),
  fromL: fromInteger('L'),
  fromLU: fromInteger('LU'),
  convert,
};
