/**
 * The rounding error of a sum or a product, itself a floating-point number, as generated WebAssembly. Source: Handbook
 * of Floating-Point Arithmetic, 2nd edition, section 4.3 "Accurate computation of sums", 4.4 "Accurate computation of
 * products"; Boldo and Melquiond, "Emulation of a FMA and correctly rounded sums: proved algorithms using rounding to
 * odd" (2008).
 */
import type { Body } from '../wasm/module.ts';

/** Products of double precision in this range have an error that is a double, with some margin. */
export const EXACT_PRODUCTS = { min: 2 ** -900, max: 2 ** 900 } as const;

/**
 * Pushes the error of `sum`, which is a + b; all three are locals. 2Sum: (a − (s − b′)) + (b − b′), where b′ = s − a.
 * NaN when a step overflows.
 */
export function sumError(body: Body, type: 'f32' | 'f64', a: number, b: number, sum: number): void {
  const part = body.local(type);
  body.get(sum).get(a).op(`${type}.sub`).set(part);
  body.get(a).get(sum).get(part).op(`${type}.sub`, `${type}.sub`);
  body.get(b).get(part).op(`${type}.sub`, `${type}.add`);
}

/**
 * Pushes the error of `product`, which is a · b, at least {@link EXACT_PRODUCTS.min} large; all three are locals of
 * double precision. Dekker's product, of halves that Veltkamp's splitting makes. NaN where a step overflows.
 */
export function productError(body: Body, a: number, b: number, product: number): void {
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
  const [x, y] = [split(a), split(b)];
  body.get(x.high).get(y.high).op('f64.mul').get(product).op('f64.sub');
  body.get(x.high).get(y.low).op('f64.mul', 'f64.add');
  body.get(x.low).get(y.high).op('f64.mul', 'f64.add');
  body.get(x.low).get(y.low).op('f64.mul', 'f64.add');
}

/**
 * Pushes `sum`, of which `error` is the error, rounded to odd instead of to nearest: of the two numbers around an
 * inexact sum, the one with an odd last place, so that it can be rounded once more.
 */
export function toOdd(body: Body, sum: number, error: number): void {
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
}
