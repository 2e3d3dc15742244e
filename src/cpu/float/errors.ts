/**
 * What rounding to nearest took off a sum or a product, itself a floating-point number, as generated WebAssembly functions. Source:
 * Handbook of Floating-Point Arithmetic, 2nd edition, section 4.3 "Accurate computation of sums", 4.4 "Accurate computation of
 * products"; Boldo and Melquiond, "Emulation of a FMA and correctly rounded sums: proved algorithms using rounding to odd" (2008).
 */
import type { FunctionRef, ModuleBuilder } from '../wasm/module.ts';

export interface ErrorFunctions {
  /** (a, b, a + b) → the error of the sum; NaN where a step of finding it overflows. */
  sum: Readonly<Record<'f32' | 'f64', FunctionRef>>;
  /** (a, b, a · b) → the error of the product, if that is at least {@link EXACT_PRODUCTS.min} large; NaN where a step overflows. */
  product: FunctionRef;
  /** (a + b, its error) → a + b rounded to odd instead: what is inexact gets an odd last place, so that it can be rounded once more. */
  toOdd: FunctionRef;
}

/** Products of double precision between these have an error that is a double itself, with some room. */
export const EXACT_PRODUCTS = { min: 2 ** -900, max: 2 ** 900 } as const;

export function emitErrorFunctions(module: ModuleBuilder): ErrorFunctions {
  return {
    sum: { f32: emitSumError(module, 'f32'), f64: emitSumError(module, 'f64') },
    product: emitProductError(module),
    toOdd: emitToOdd(module),
  };
}

const A = 0;
const B = 1;
const RESULT = 2;

/** 2Sum: (a − (s − b′)) + (b − b′), where b′ = s − a is what the sum has of b. */
function emitSumError(module: ModuleBuilder, type: 'f32' | 'f64'): FunctionRef {
  return module.function({ params: [type, type, type], results: [type] }, (body) => {
    const part = body.local(type);
    body.get(RESULT).get(A).op(`${type}.sub`).set(part);
    body.get(A).get(RESULT).get(part).op(`${type}.sub`, `${type}.sub`);
    body.get(B).get(part).op(`${type}.sub`, `${type}.add`);
  });
}

/** Dekker's product, of halves that Veltkamp's splitting makes. */
function emitProductError(module: ModuleBuilder): FunctionRef {
  return module.function({ params: ['f64', 'f64', 'f64'], results: ['f64'] }, (body) => {
    const split = (x: number) => {
      const [high, low] = [body.local('f64'), body.local('f64')];
      body
        .get(x)
        .f64(2 ** 27 + 1)
        .op('f64.mul')
        .tee(low);
      body.get(low).get(x).op('f64.sub', 'f64.sub').set(high);
      body.get(x).get(high).op('f64.sub').set(low);
      return { high, low };
    };
    const [a, b] = [split(A), split(B)];
    body.get(a.high).get(b.high).op('f64.mul').get(RESULT).op('f64.sub');
    body.get(a.high).get(b.low).op('f64.mul', 'f64.add');
    body.get(a.low).get(b.high).op('f64.mul', 'f64.add');
    body.get(a.low).get(b.low).op('f64.mul', 'f64.add');
  });
}

/** Of the two numbers around an inexact sum, the one with an odd last place. */
function emitToOdd(module: ModuleBuilder): FunctionRef {
  const [sum, error] = [0, 1];
  return module.function({ params: ['f64', 'f64'], results: ['f64'] }, (body) => {
    const bits = body.local('i64');
    body.get(sum).op('i64.reinterpret_f64').tee(bits);
    body.i64(1).op('i64.and', 'i64.eqz').get(error).f64(0).op('f64.ne', 'i32.and');
    body.if(
      () => {
        // One away from zero if the error has the sign of the sum, else one towards it.
        body.get(bits).get(error).op('i64.reinterpret_f64').get(bits).op('i64.xor').i64(63).op('i64.shr_s');
        body.i64(1).op('i64.or', 'i64.add', 'f64.reinterpret_i64');
      },
      () => body.get(sum),
      'f64',
    );
  });
}
