/** The upper 64 bits of products of 128 bits, which WebAssembly lacks, from four products of 32 bits. */
import type { Body } from './wasm/module.ts';

/** Which factors are signed: both, none, or the first. */
export type WideProduct = 'mulh' | 'mulhu' | 'mulhsu';

/** Locals (i64) for the factors and for what is added up. */
type WideLocals = Readonly<Record<'a' | 'b' | 'middle' | 'cross', number>>;

const ofBodies = new WeakMap<Body, WideLocals>();

/** The locals of a function that has wide products. */
function wideLocals(body: Body): WideLocals {
  const local = () => body.local('i64');
  const locals = ofBodies.get(body) ?? { a: local(), b: local(), middle: local(), cross: local() };
  ofBodies.set(body, locals);
  return locals;
}

/** Replaces two factors on the stack by the upper half of their product. */
export function emitWideProduct(body: Body, op: WideProduct): void {
  const { a, b, middle, cross } = wideLocals(body);
  const low = (x: number) => body.get(x).i64(0xffffffffn).op('i64.and');
  const high = (x: number) => body.get(x).i64(32).op('i64.shr_u');
  body.set(b).set(a);
  // middle = aHigh * bLow + (aLow * bLow >> 32); cross = aLow * bHigh + low(middle)
  high(a);
  low(b).op('i64.mul');
  low(a);
  low(b).op('i64.mul').i64(32).op('i64.shr_u', 'i64.add').set(middle);
  low(a);
  high(b).op('i64.mul');
  low(middle).op('i64.add').set(cross);
  high(a);
  high(b).op('i64.mul');
  high(middle).op('i64.add');
  high(cross).op('i64.add');
  // A negative factor is 2^64 less than it is as an unsigned number.
  const subtract = (negative: number, other: number) =>
    body.get(negative).i64(63).op('i64.shr_s').get(other).op('i64.and', 'i64.sub');
  if (op !== 'mulhu') subtract(a, b);
  if (op === 'mulh') subtract(b, a);
}
