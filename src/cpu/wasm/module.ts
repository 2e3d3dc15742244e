/**
 * A writer of WebAssembly modules: the subset that the generated engines need. Source: WebAssembly Core Specification
 * 2.0, chapter "Binary Format".
 */
import { assert } from '../../base/assert.ts';
import { type Access, accesses, type Opcode, opcodes, type VectorOp, vectorOps } from './opcodes.ts';

/** A type of values. */
export type ValueType = 'i32' | 'i64' | 'f32' | 'f64';

const valueTypes: Record<ValueType, number> = { i32: 0x7f, i64: 0x7e, f32: 0x7d, f64: 0x7c };

function pushUnsigned(to: number[], value: number): void {
  let rest = value;
  for (; rest > 127; rest >>>= 7) to.push((rest & 127) | 128);
  to.push(rest);
}

function pushSigned(to: number[], value: bigint | number): void {
  if (Number.isSafeInteger(value)) {
    let rest = Number(value);
    // Addresses have more than the 32 bits that shifts are of.
    for (; rest < -64 || rest > 63; rest = Math.floor(rest / 128)) to.push((rest & 127) | 128);
    to.push(rest & 127);
    return;
  }
  let rest = BigInt.asIntN(64, BigInt(value));
  for (; rest < -64n || rest > 63n; rest >>= 7n) to.push(Number(rest & 127n) | 128);
  to.push(Number(rest & 127n));
}

const unsigned = (value: number): number[] => {
  const bytes: number[] = [];
  pushUnsigned(bytes, value);
  return bytes;
};
const signed = (value: bigint | number): number[] => {
  const bytes: number[] = [];
  pushSigned(bytes, value);
  return bytes;
};

function littleEndian(sizeBytes: number, write: (view: DataView) => void): Uint8Array {
  const bytes = new Uint8Array(sizeBytes);
  write(new DataView(bytes.buffer));
  return bytes;
}

/** Byte sequences, concatenated. */
function concat(parts: readonly (readonly number[])[]): number[] {
  const all: number[] = [];
  for (const part of parts) for (let index = 0; index < part.length; index++) all.push(part[index]!);
  return all;
}

const vector = (items: readonly (readonly number[])[]): number[] =>
  concat([unsigned(items.length), ...items]);
const named = (text: string): number[] => vector([...new TextEncoder().encode(text)].map((byte) => [byte]));
const functionType = (params: readonly ValueType[], results: readonly ValueType[]): number[] => [
  0x60,
  ...vector(params.map((type) => [valueTypes[type]])),
  ...vector(results.map((type) => [valueTypes[type]])),
];

/** A branch target: the end of a block, or the start of a loop. */
export interface Label {
  depth: number;
}

/** A function that can be called: its index in the module, fixed when it is declared. */
export interface FunctionRef {
  index: number;
}

/** A function's type: its index in the module. */
export interface TypeRef {
  index: number;
}

/** The body of one function, written from its first instruction to its last. Every method returns `this`. */
export class Body {
  readonly code: number[] = [];
  private readonly locals: ValueType[] = [];
  private depth = 0;
  /** Places of branches in the code, and whether they are likely to be taken. */
  private readonly hints: { at: number; likely: boolean }[] = [];

  constructor(private readonly params: readonly ValueType[]) {}

  /** A new local variable, zero at the start. */
  local(type: ValueType): number {
    this.locals.push(type);
    return this.params.length + this.locals.length - 1;
  }

  op(...names: Opcode[]): this {
    for (const name of names) this.code.push(opcodes[name]);
    return this;
  }
  vector(name: VectorOp): this {
    this.code.push(0xfd, ...vectorOps[name]);
    return this;
  }
  i32(value: number): this {
    this.code.push(0x41);
    pushSigned(this.code, value | 0);
    return this;
  }
  i64(value: bigint | number): this {
    this.code.push(0x42);
    pushSigned(this.code, value);
    return this;
  }
  f32(value: number): this {
    this.code.push(0x43, ...littleEndian(4, (view) => view.setFloat32(0, value, true)));
    return this;
  }
  f64(value: number): this {
    this.code.push(0x44, ...littleEndian(8, (view) => view.setFloat64(0, value, true)));
    return this;
  }
  get(local: number): this {
    this.code.push(0x20);
    pushUnsigned(this.code, local);
    return this;
  }
  set(local: number): this {
    this.code.push(0x21);
    pushUnsigned(this.code, local);
    return this;
  }
  tee(local: number): this {
    this.code.push(0x22);
    pushUnsigned(this.code, local);
    return this;
  }
  global(index: number): this {
    this.code.push(0x23);
    pushUnsigned(this.code, index);
    return this;
  }
  /** A load or store at the address on the stack plus `offset`. */
  access(name: Access, offset = 0): this {
    this.code.push(accesses[name], 0);
    pushUnsigned(this.code, offset);
    return this;
  }
  /** Fills memory: offset, byte and count are on the stack. */
  fill(): this {
    this.code.push(0xfc, 0x0b, 0x00);
    return this;
  }
  call(target: FunctionRef): this {
    this.code.push(0x10);
    pushUnsigned(this.code, target.index);
    return this;
  }
  /** Calls the function in the table at the index on the stack, above its arguments. */
  callIndirect(type: TypeRef): this {
    this.code.push(0x11, ...unsigned(type.index), 0);
    return this;
  }

  private nest(opcode: number, inside: (label: Label) => void, result?: ValueType): this {
    this.code.push(opcode, result ? valueTypes[result] : 0x40);
    this.depth++;
    inside({ depth: this.depth });
    this.depth--;
    this.code.push(0x0b);
    return this;
  }
  block(inside: (end: Label) => void, result?: ValueType): this {
    return this.nest(0x02, inside, result);
  }
  loop(inside: (start: Label) => void): this {
    return this.nest(0x03, inside);
  }
  if(then: () => void, otherwise?: () => void, result?: ValueType): this {
    return this.nest(
      0x04,
      () => {
        then();
        if (!otherwise) return;
        this.code.push(0x05);
        otherwise();
      },
      result,
    );
  }
  br(to: Label): this {
    this.code.push(0x0c);
    pushUnsigned(this.code, this.depth - to.depth);
    return this;
  }
  /**
   * A branch hint: whether the condition of the next `if` or `brIf` is likely to hold. Engines move unlikely code out
   * of line.
   */
  expect(likely: boolean): this {
    this.hints.push({ at: this.code.length, likely });
    return this;
  }
  brIf(to: Label): this {
    this.code.push(0x0d);
    pushUnsigned(this.code, this.depth - to.depth);
    return this;
  }
  brTable(to: readonly Label[], otherwise: Label): this {
    this.code.push(0x0e, ...vector(to.map(({ depth }) => unsigned(this.depth - depth))));
    this.code.push(...unsigned(this.depth - otherwise.depth));
    return this;
  }

  private get declarations(): number[] {
    return vector(this.locals.map((type) => [1, valueTypes[type]]));
  }

  /**
   * The hints on branches, by their places in the function, in the form of section `metadata.code.branch_hint`; none if
   * there are none.
   */
  branchHints(functionIndex: number): number[] | undefined {
    if (this.hints.length === 0) return undefined;
    const start = this.declarations.length;
    const all = unsigned(functionIndex);
    pushUnsigned(all, this.hints.length);
    for (const { at, likely } of this.hints) {
      pushUnsigned(all, start + at);
      all.push(1, likely ? 1 : 0);
    }
    return all;
  }

  /** The function in the code section's form, in parts. */
  finish(): readonly (readonly number[])[] {
    assert(this.depth === 0, 'blocks are nested properly');
    const locals = this.declarations;
    return [unsigned(locals.length + this.code.length + 1), locals, this.code, [0x0b]];
  }
}

/** The type of a function. */
export interface Signature {
  params: readonly ValueType[];
  results: readonly ValueType[];
}

/**
 * A module that imports its memory as `env.memory`. Imports are declared before functions, and a function before the
 * bodies that call it.
 */
export class ModuleBuilder {
  private readonly types: number[][];
  private readonly typeIndices: Map<string, number>;
  private readonly imports: number[][];
  private readonly functions: number[][] = [];
  private readonly exports: number[][] = [];
  /** In parts, as {@link Body.finish} returns them. */
  private readonly bodies: (readonly number[])[] = [];
  private readonly data: number[][] = [];
  private readonly elements: number[][] = [];
  private readonly hints: number[][] = [];
  private importedFunctions: number;

  /** @param like a module without functions, whose types and imports the new one has from the start */
  constructor(like?: ModuleBuilder) {
    this.types = like ? [...like.types] : [];
    this.typeIndices = new Map(like?.typeIndices);
    this.imports = like ? [...like.imports] : [[...named('env'), ...named('memory'), 0x02, 0x00, 0x01]];
    this.importedFunctions = like?.importedFunctions ?? 0;
  }

  type({ params, results }: Signature): TypeRef {
    const type = functionType(params, results);
    const key = type.join();
    let index = this.typeIndices.get(key);
    if (index === undefined) {
      index = this.types.push(type) - 1;
      this.typeIndices.set(key, index);
    }
    return { index };
  }

  /** Imports the table of functions for {@link Body.callIndirect}, as `env.<name>`. It has at least `places`. */
  importTable(name: string, places: number): void {
    this.imports.push([...named('env'), ...named(name), 0x01, 0x70, 0x00, ...unsigned(places)]);
  }

  /** Puts functions into the first places of the table. */
  fillTable(functions: readonly FunctionRef[]): void {
    const start = [0x41, 0x00, 0x0b];
    this.elements.push([0x00, ...start, ...vector(functions.map(({ index }) => unsigned(index)))]);
  }

  importFunction(
    name: string,
    params: readonly ValueType[],
    results: readonly ValueType[] = [],
  ): FunctionRef {
    assert(this.functions.length === 0, 'imports come before functions');
    this.imports.push([
      ...named('env'),
      ...named(name),
      0x00,
      ...unsigned(this.type({ params, results }).index),
    ]);
    return { index: this.importedFunctions++ };
  }

  /** Adds a function whose body `write` fills in; exported when it has a name. */
  function(
    signature: Signature & { exportAs?: string },
    write: (body: Body, self: FunctionRef) => void,
  ): FunctionRef {
    const ref = { index: this.importedFunctions + this.functions.length };
    this.functions.push(unsigned(this.type(signature).index));
    if (signature.exportAs) this.exports.push([...named(signature.exportAs), 0x00, ...unsigned(ref.index)]);
    const body = new Body(signature.params);
    write(body, ref);
    this.bodies.push(...body.finish());
    const hints = body.branchHints(ref.index);
    if (hints) this.hints.push(hints);
    return ref;
  }

  /** Bytes that are copied into memory at `offset` when the module is instantiated. */
  bytes(offset: number, content: Uint8Array): void {
    const at = [0x41, ...signed(offset), 0x0b];
    this.data.push([0x00, ...at, ...vector([...content].map((byte) => [byte]))]);
  }

  /** The custom section of branch hints, which engines that don't know it ignore. */
  private hintSection(): number[][] {
    if (this.hints.length === 0) return [];
    const content = concat([named('metadata.code.branch_hint'), vector(this.hints)]);
    return [[0], unsigned(content.length), content];
  }

  finish(): Uint8Array<ArrayBuffer> {
    const section = (id: number, parts: readonly (readonly number[])[], count = parts.length) => {
      const sizeBytes = parts.reduce((sum, { length }) => sum + length, unsigned(count).length);
      return [[id], unsigned(sizeBytes), unsigned(count), ...parts];
    };
    const parts = [
      [0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00],
      ...section(1, this.types),
      ...section(2, this.imports),
      ...section(3, this.functions),
      ...section(7, this.exports),
      ...section(9, this.elements),
      ...this.hintSection(),
      ...section(10, this.bodies, this.functions.length),
      ...section(11, this.data),
    ];
    const bytes = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
    let at = 0;
    for (const part of parts) {
      bytes.set(part, at);
      at += part.length;
    }
    return bytes;
  }
}
