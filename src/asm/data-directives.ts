/** Directives that put data, gaps and alignment into a section. */
import { joined } from '../base/bytes.ts';
import { type Arguments, type Directive, each, reading } from './arguments.ts';
import type { Assembly } from './assembly.ts';
import { StatementError } from './diagnostics.ts';
import { type Expression, evaluate } from './expression.ts';
import { addressOf, SECTION_LIMIT_BYTES } from './layout.ts';
import { splitAtCommas } from './source.ts';
import type { Cursor } from './tokens.ts';
import type { Scope } from './values.ts';

/** Writes a number, little-endian. */
function writeInteger(out: DataView, at: number, value: bigint, sizeBytes: number): void {
  for (let i = 0; i < sizeBytes; i++)
    out.setUint8(at + i, Number((BigInt.asUintN(64, value) >> BigInt(8 * i)) & 255n));
}

const integers = (sizeBytes: number): Directive => {
  const bits = BigInt(8 * sizeBytes);
  return reading((assembly, cursor) =>
    each(cursor, () => {
      const { column } = cursor;
      const expression = assembly.expression(cursor);
      assembly.append(sizeBytes, (out, at, scope) => {
        const { value } = evaluate(expression, scope);
        if (bits < 64n && (value >= 2n ** bits || value < -(2n ** (bits - 1n))))
          throw new StatementError(`${value} does not fit in ${sizeBytes} bytes`, column);
        writeInteger(out, at, value, sizeBytes);
      });
    }),
  );
};

function appendBytes(assembly: Assembly, bytes: Uint8Array): void {
  assembly.append(bytes.length, (out, at) => new Uint8Array(out.buffer, out.byteOffset + at).set(bytes));
}

/** Adjacent strings are concatenated; `end` terminates each argument. */
const strings = (...end: number[]): Directive =>
  reading((assembly, cursor) =>
    each(cursor, () => {
      const parts = [cursor.string('a string').bytes];
      while (cursor.peek?.kind === 'string') parts.push(cursor.string('a string').bytes);
      appendBytes(assembly, joined([...parts, Uint8Array.from(end)]));
    }),
  );

/** Floating-point numbers, in IEEE 754 single or double precision. */
const floats =
  (sizeBytes: 4 | 8): Directive =>
  (assembly, { statement, text, from }: Arguments) => {
    for (const part of splitAtCommas(text)) {
      const written = part.text.trim();
      const value = /^[+-]?inf(inity)?$/i.test(written)
        ? Number.parseFloat(written.replace(/inf\w*/i, 'Infinity'))
        : Number(written.replace(/^nan$/i, 'NaN').replace(/^0[fd](?=[\d.+-])/i, ''));
      if (written === '' || (Number.isNaN(value) && !/^nan$/i.test(written)))
        throw new StatementError(
          `'${written}' is not a number`,
          statement.start + from + part.start + part.text.search(/\S|$/) + 1,
        );
      assembly.append(sizeBytes, (out, at) =>
        sizeBytes === 4 ? out.setFloat32(at, value, true) : out.setFloat64(at, value, true),
      );
    }
  };

/** Reads an optional further argument that must be a known number. */
const optional = (assembly: Assembly, cursor: Cursor): bigint | undefined => {
  if (!cursor.accept(',') || cursor.done || cursor.peek?.text === ',') return undefined;
  return assembly.known(cursor);
};

const fill =
  (value: bigint) =>
  (out: DataView, at: number, _: Scope, sizeBytes: number): void => {
    new Uint8Array(out.buffer, out.byteOffset + at, sizeBytes).fill(Number(value & 255n));
  };

function checkedSize(value: bigint, column: number): number {
  if (value < 0n) throw new StatementError(`a size of ${value} bytes is not possible`, column);
  if (value > SECTION_LIMIT_BYTES) throw new StatementError(`${value} bytes are more than 1 GiB`, column);
  return Number(value);
}

/** `.space size [, value]`. A size that depends on the layout is found with the layout. */
const space: Directive = reading((assembly, cursor) => {
  const { column } = cursor;
  const expression = assembly.expression(cursor);
  const write = fill(optional(assembly, cursor) ?? 0n);
  const known = assembly.tryKnown(expression);
  if (known && !known.base) {
    const sizeBytes = checkedSize(known.value, column);
    assembly.append(sizeBytes, (out, at, scope) => write(out, at, scope, sizeBytes));
    return;
  }
  const measure = (scope: Scope) => checkedSize(evaluate(expression, scope).value, column);
  assembly.appendVariable({ sizeBytes: 0, measure, write });
});

/** `.fill count [, size [, value]]`: of a size up to 8, of which the value has 4 bytes as in GNU as. */
const repeat: Directive = reading((assembly, cursor) => {
  const { column } = cursor;
  const count = checkedSize(assembly.known(cursor), column);
  const sizeBytes = Math.min(8, checkedSize(optional(assembly, cursor) ?? 1n, column));
  const value = BigInt.asUintN(32, optional(assembly, cursor) ?? 0n);
  assembly.append(checkedSize(BigInt(count * sizeBytes), column), (out, at) => {
    for (let i = 0; i < count; i++) writeInteger(out, at + i * sizeBytes, value, sizeBytes);
  });
});

/** `.org location [, value]`: up to a label of this section, or to an offset in it. */
const origin: Directive = reading((assembly, cursor) => {
  const { column } = cursor;
  const expression = assembly.expression(cursor);
  const write = fill(optional(assembly, cursor) ?? 0n);
  const here = assembly.here();
  const measure = (scope: Scope) => checkedSize(distanceTo(expression, scope), column);
  const distanceTo = (to: Expression, scope: Scope): bigint => {
    const { value, base } = evaluate(to, scope);
    const from = addressOf(here).value;
    return value - (base ? from : from - BigInt(here.section.address));
  };
  assembly.appendVariable({ sizeBytes: 0, measure, write });
});

/** `.align n [, value [, most]]`, where `unit` makes the alignment in bytes of n. */
const alignment = (unit: (n: bigint) => bigint): Directive =>
  reading((assembly, cursor) => {
    const { column } = cursor;
    const written = assembly.known(cursor);
    const value = optional(assembly, cursor);
    const most = optional(assembly, cursor);
    if (written < 0n || written > 2n ** 20n)
      throw new StatementError(`alignment ${written} is out of range`, column);
    const bytes = unit(written);
    if (bytes > 2n ** 20n || (bytes & (bytes - 1n)) !== 0n)
      throw new StatementError(`an alignment is a power of two up to 1 MiB, not ${bytes} bytes`, column);
    assembly.align(Number(bytes || 1n), value, most);
  });

const powerOfTwo = alignment((n) => (n > 20n ? 2n ** 21n : 2n ** n));
const inBytes = alignment((n) => n);

/** `.uleb128 value, ...`: seven bits in each byte, the lowest first. */
const leb128: Directive = reading((assembly, cursor) =>
  each(cursor, () => {
    const bytes: number[] = [];
    let rest = BigInt.asUintN(64, assembly.known(cursor));
    do {
      bytes.push(Number(rest & 127n) | (rest > 127n ? 128 : 0));
      rest >>= 7n;
    } while (rest > 0n);
    appendBytes(assembly, Uint8Array.from(bytes));
  }),
);

/** The data directives, by name. */
export const data: Record<string, Directive> = {
  '.byte': integers(1),
  '.half': integers(2),
  '.2byte': integers(2),
  '.short': integers(2),
  '.hword': integers(2),
  '.word': integers(4),
  '.4byte': integers(4),
  '.long': integers(4),
  '.int': integers(4),
  '.dword': integers(8),
  '.quad': integers(8),
  '.8byte': integers(8),
  '.float': floats(4),
  '.single': floats(4),
  '.double': floats(8),
  '.uleb128': leb128,
  '.ascii': strings(),
  '.asciz': strings(0),
  '.string': strings(0),
  '.zero': space,
  '.space': space,
  '.skip': space,
  '.fill': repeat,
  '.org': origin,
  '.align': powerOfTwo,
  '.p2align': powerOfTwo,
  '.balign': inBytes,
};
