/**
 * The inlined fast path of the most common operations: rounding to nearest with NX set already, and a result that is
 * neither special nor near the subnormal numbers. Everything else is a call.
 */
import type { Body } from '../wasm/module.ts';
import { multiplyAdd } from './fused.ts';
import { type FormatName, formats } from './number.ts';
import type { FloatOp } from './soft.ts';

/** The WebAssembly type of a format. */
export const typeOf = (format: FormatName): 'f32' | 'f64' => (format === 'S' ? 'f32' : 'f64');

/** Converts the encoding on the stack to a number. */
export function toNumber(body: Body, format: FormatName): void {
  if (format === 'S') body.op('i32.wrap_i64', 'f32.reinterpret_i32');
  else body.op('f64.reinterpret_i64');
}

/** Converts the number on the stack to its encoding. */
export function fromNumber(body: Body, format: FormatName): void {
  if (format === 'S') body.op('i32.reinterpret_f32', 'i64.extend_i32_u');
  else body.op('i64.reinterpret_f64');
}

/** Pushes a number of a format. */
export const constant = (body: Body, format: FormatName, value: number): Body =>
  format === 'S' ? body.f32(value) : body.f64(value);

/** Pushes whether the number in a local is finite. */
export function isFiniteNumber(body: Body, format: FormatName, local: number): Body {
  const type = typeOf(format);
  body.get(local).op(`${type}.abs`);
  return constant(body, format, Number.POSITIVE_INFINITY).op(`${type}.lt`);
}

/** Pushes whether the number in a local is too large to be the rounded value of a tiny one. */
function isLarge(body: Body, format: FormatName, local: number): Body {
  const type = typeOf(format);
  const { lowest, precision } = formats[format];
  body.get(local).op(`${type}.abs`);
  return constant(body, format, 2 ** (lowest + precision - 1)).op(`${type}.gt`);
}

/** Pushes whether the number in a local is finite, and too large to be the rounded value of a tiny one. */
export function isOrdinary(body: Body, format: FormatName, local: number): Body {
  isLarge(body, format, local);
  return isFiniteNumber(body, format, local).op('i32.and');
}

const quickOps = ['add', 'mul', 'div', 'sqrt', 'madd'] as const;
type QuickOp = (typeof quickOps)[number];
/** Whether an operation has an inlined fast path; multiply-add has one where the host can do it at once. */
export const isQuick = (op: FloatOp, fuses: boolean): op is QuickOp =>
  quickOps.includes(op as QuickOp) && (op !== 'madd' || fuses);

interface Parts {
  /** Each pushes an operand as a number. */
  operands: readonly (() => void)[];
  /** Pushes whether NX is set and rounding is to nearest (i32). */
  isQuick(): void;
  /** Pushes the encoding of the result of the call. */
  call(): void;
  /** A local of the format's type. */
  result: number;
}

/** Pushes an operation's result as a number. */
export function quickly(body: Body, op: QuickOp, format: FormatName, parts: Parts): void {
  const { result, operands } = parts;
  const type = typeOf(format);
  body.block((done) => {
    body.block((slow) => {
      // Each condition is a branch of its own: V8 would make numbers of them to combine them.
      const require = () => body.op('i32.eqz').expect(false).brIf(slow);
      parts.isQuick();
      require();
      if (op === 'madd') multiplyAdd(body, format, operands);
      else {
        for (const operand of operands) operand();
        body.op(`${type}.${op}`);
      }
      body.set(result);
      // A subnormal sum of two numbers is exact.
      if (op !== 'add') {
        isLarge(body, format, result);
        require();
      }
      isFiniteNumber(body, format, result);
      require();
      body.get(result).br(done);
    });
    parts.call();
    toNumber(body, format);
  }, type);
}
