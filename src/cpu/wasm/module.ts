/**
 * A writer of WebAssembly modules: the subset that the generated engines need. Source: WebAssembly Core Specification
 * 2.0, chapter "Binary Format".
 */
import { assert } from '../../base/assert.ts';

/** A type of values. */
export type ValueType = 'i32' | 'i64' | 'f32' | 'f64';

const valueTypes: Record<ValueType, number> = { i32: 0x7f, i64: 0x7e, f32: 0x7d, f64: 0x7c };

/** Instructions without immediates, by the names of the specification's text format. */
const opcodes = {
  unreachable: 0x00,
  return: 0x0f,
  drop: 0x1a,
  select: 0x1b,
  'i32.eqz': 0x45,
  'i32.eq': 0x46,
  'i32.ne': 0x47,
  'i32.lt_s': 0x48,
  'i32.lt_u': 0x49,
  'i32.gt_u': 0x4b,
  'i32.ge_s': 0x4e,
  'i32.ge_u': 0x4f,
  'i64.eqz': 0x50,
  'i64.eq': 0x51,
  'i64.ne': 0x52,
  'i64.lt_s': 0x53,
  'i64.lt_u': 0x54,
  'i64.gt_u': 0x56,
  'i64.le_u': 0x58,
  'i64.ge_s': 0x59,
  'i64.ge_u': 0x5a,
  'f32.eq': 0x5b,
  'f32.lt': 0x5d,
  'f32.gt': 0x5e,
  'f32.le': 0x5f,
  'f64.eq': 0x61,
  'f64.ne': 0x62,
  'f64.lt': 0x63,
  'f64.gt': 0x64,
  'f64.le': 0x65,
  'f64.ge': 0x66,
  'i32.ctz': 0x68,
  'i32.add': 0x6a,
  'i32.sub': 0x6b,
  'i32.mul': 0x6c,
  'i32.div_u': 0x6e,
  'i32.and': 0x71,
  'i32.or': 0x72,
  'i32.xor': 0x73,
  'i32.shl': 0x74,
  'i32.shr_s': 0x75,
  'i32.shr_u': 0x76,
  'i64.clz': 0x79,
  'i64.ctz': 0x7a,
  'i64.popcnt': 0x7b,
  'i64.add': 0x7c,
  'i64.sub': 0x7d,
  'i64.mul': 0x7e,
  'i64.div_s': 0x7f,
  'i64.div_u': 0x80,
  'i64.rem_s': 0x81,
  'i64.rem_u': 0x82,
  'i64.and': 0x83,
  'i64.or': 0x84,
  'i64.xor': 0x85,
  'i64.shl': 0x86,
  'i64.shr_s': 0x87,
  'i64.shr_u': 0x88,
  'i64.rotl': 0x89,
  'i64.rotr': 0x8a,
  'f32.abs': 0x8b,
  'f32.neg': 0x8c,
  'f32.sqrt': 0x91,
  'f32.add': 0x92,
  'f32.sub': 0x93,
  'f32.mul': 0x94,
  'f32.div': 0x95,
  'f32.min': 0x96,
  'f32.max': 0x97,
  'f64.abs': 0x99,
  'f64.neg': 0x9a,
  'f64.ceil': 0x9b,
  'f64.floor': 0x9c,
  'f64.trunc': 0x9d,
  'f64.nearest': 0x9e,
  'f64.sqrt': 0x9f,
  'f64.add': 0xa0,
  'f64.sub': 0xa1,
  'f64.mul': 0xa2,
  'f64.div': 0xa3,
  'f64.min': 0xa4,
  'f64.max': 0xa5,
  'f64.copysign': 0xa6,
  'i32.wrap_i64': 0xa7,
  'i64.extend_i32_s': 0xac,
  'i64.extend_i32_u': 0xad,
  'i64.trunc_f64_s': 0xb0,
  'i64.trunc_f64_u': 0xb1,
  'f32.convert_i64_s': 0xb4,
  'f32.convert_i64_u': 0xb5,
  'f32.demote_f64': 0xb6,
  'f64.convert_i64_s': 0xb9,
  'f64.convert_i64_u': 0xba,
  'f64.promote_f32': 0xbb,
  'i32.reinterpret_f32': 0xbc,
  'i64.reinterpret_f64': 0xbd,
  'f32.reinterpret_i32': 0xbe,
  'f64.reinterpret_i64': 0xbf,
  'i64.extend8_s': 0xc2,
  'i64.extend16_s': 0xc3,
  'i64.extend32_s': 0xc4,
} as const;
/** The name of an instruction without immediates. */
export type Opcode = keyof typeof opcodes;

/** Vector instructions, without their prefix; lane 0 is extracted. The last two are of "Relaxed SIMD". */
const vectorOps = {
  'f32x4.splat': [0x13],
  'f64x2.splat': [0x14],
  'f32x4.extract_lane': [0x1f, 0],
  'f64x2.extract_lane': [0x21, 0],
  'f32x4.relaxed_madd': [0x85, 0x02],
  'f64x2.relaxed_madd': [0x87, 0x02],
} as const;
/** The name of a vector instruction. */
export type VectorOp = keyof typeof vectorOps;

/** Memory instructions; all are used with an alignment hint of one byte. */
const accesses = {
  'i32.load': 0x28,
  'i64.load': 0x29,
  'f64.load': 0x2b,
  'i32.load8_u': 0x2d,
  'i32.load16_u': 0x2f,
  'i64.load8_s': 0x30,
  'i64.load8_u': 0x31,
  'i64.load16_s': 0x32,
  'i64.load16_u': 0x33,
  'i64.load32_s': 0x34,
  'i64.load32_u': 0x35,
  'i32.store': 0x36,
  'i64.store': 0x37,
  'f64.store': 0x39,
  'i32.store8': 0x3a,
  'i32.store16': 0x3b,
  'i64.store8': 0x3c,
  'i64.store16': 0x3d,
  'i64.store32': 0x3e,
} as const;
/** The name of a memory instruction. */
export type Access = keyof typeof accesses;

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
