/**
 * Multiply-add by one instruction of the host. WebAssembly's relaxed multiply-add rounds once or twice, as the host's
 * processor does it best, and always in the same way (WebAssembly Core Specification 3.0, "Relaxed SIMD"). Only where it
 * rounds once is it RISC-V's; elsewhere `native.ts` computes the same bits from several operations.
 */
import { type Body, ModuleBuilder } from '../wasm/module.ts';
import type { FormatName } from './number.ts';

/** Pushes a · b + c, given three functions that push the factors and the addend as numbers of the format. */
export function multiplyAdd(body: Body, format: FormatName, operands: readonly (() => void)[]): void {
  const vectors = format === 'S' ? 'f32x4' : 'f64x2';
  for (const operand of operands) {
    operand();
    body.vector(`${vectors}.splat`);
  }
  body.vector(`${vectors}.relaxed_madd`).vector(`${vectors}.extract_lane`);
}

/** Whether (1 + e)(1 − e) − 1, with e the last place of 1, is −e² in both formats: rounded twice it is 0. */
function roundsOnce(): boolean {
  const module = new ModuleBuilder();
  const probes = { S: 2 ** -23, D: 2 ** -52 } as const;
  for (const format of ['S', 'D'] as const) {
    const type = format === 'S' ? 'f32' : 'f64';
    module.function({ params: [type, type, type], results: [type], exportAs: format }, (body) =>
      multiplyAdd(
        body,
        format,
        [0, 1, 2].map((operand) => () => body.get(operand)),
      ),
    );
  }
  const bytes = module.finish();
  if (!WebAssembly.validate(bytes)) return false;
  const env = { memory: new WebAssembly.Memory({ initial: 1 }) };
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(bytes), { env });
  return (['S', 'D'] as const).every((format) => {
    const last = probes[format];
    return (exports[format] as (...numbers: number[]) => number)(1 + last, 1 - last, -1) === -(last ** 2);
  });
}

let known: boolean | undefined;

/** Whether this host's WebAssembly has a multiply-add that rounds once. It is looked at once in a process. */
export function isFused(): boolean {
  known ??= roundsOnce();
  return known;
}
