/**
 * Decoded instructions. The interpreter keeps a record of each instruction that it has fetched: the row, the operands and
 * the length, read from the instruction's bits once. A record holds these bits too, and is used only where they are what
 * was fetched, so it can never be out of date: what it says follows from its bits alone.
 */
import { assert } from '../base/assert.ts';
import { emitDecoder } from './decoder.ts';
import { type Field, type FieldName, type FormatName, fields, formats } from './formats.ts';
import { type Instruction, immediateOf, instructions } from './instructions.ts';
import {
  EXPANSIONS,
  offsetOf,
  RECORD,
  RECORD_BYTES,
  RECORD_COUNT,
  RECORDS,
  SCRATCH_WORDS,
} from './layout.ts';
import type { Body, FunctionRef, Label, ModuleBuilder } from './wasm/module.ts';

/** The operation of bits that are no instruction. */
export const ILLEGAL = 0;

const operations = new Map(instructions.map((row, index) => [row, index + 1]));
assert(operations.size < 2 ** 8, 'operations have 8 bits');

/** The number of a row in records. */
export const operationOf = (row: Instruction): number => operations.get(row)!;

/** The operands of a format that are registers, by the places that records have for them. */
const registerPlaces: readonly [place: 'rd' | 'rs1' | 'rs2', names: readonly FieldName[]][] = [
  ['rd', ['rd', 'fd']],
  ['rs1', ['rs1', 'fs1']],
  ['rs2', ['rs2', 'fs2']],
];

/** Pushes where the record of an instruction at the address in a local (i64) is, relative to {@link RECORDS}. */
export function recordAt(body: Body, pc: number): Body {
  // Instructions are at even addresses.
  return body
    .get(pc)
    .op('i32.wrap_i64')
    .i32(Math.log2(RECORD_BYTES / 2))
    .op('i32.shl')
    .i32((RECORD_COUNT - 1) * RECORD_BYTES)
    .op('i32.and');
}

/**
 * (bits, record): fills in the record of an instruction; the upper half of the bits is ignored when the lower one is a
 * compressed instruction.
 */
export function emitRecorder(module: ModuleBuilder, expand: FunctionRef): FunctionRef {
  return module.function({ params: ['i32', 'i32'], results: [] }, (body) =>
    new Recorder(body, expand).emit(),
  );
}

class Recorder {
  private readonly bits = 0;
  private readonly record = 1;
  /** The instruction, or what it is expanded to. */
  private readonly word: number;
  private readonly operation: number;

  constructor(
    private readonly body: Body,
    private readonly expand: FunctionRef,
  ) {
    this.word = body.local('i32');
    this.operation = body.local('i32');
  }

  emit(): void {
    const { body, bits, word, operation } = this;
    body
      .get(this.record)
      .get(bits)
      .access('i32.store', RECORDS + RECORD.bits);
    body.get(bits).set(word);
    this.put('length', () => body.i32(4));
    body.get(bits).i32(3).op('i32.and').i32(3).op('i32.ne');
    body.if(() => this.expandWord());
    body.block((known) => {
      const rowsOf = new Map<FormatName, Label>();
      body.block((illegal) => {
        this.formats([...new Set(instructions.map(({ format }) => format))], rowsOf, known, () =>
          emitDecoder(body, word, illegal, (row) =>
            body.i32(operationOf(row)).set(operation).br(rowsOf.get(row.format)!),
          ),
        );
      });
      body.i32(ILLEGAL).set(operation);
    });
    this.put('operation', () => body.get(operation));
  }

  /** Code for the operands of each format, at a label of its own around the decoder. */
  private formats(
    [first, ...rest]: readonly FormatName[],
    labels: Map<FormatName, Label>,
    known: Label,
    decoder: () => void,
  ): void {
    if (!first) return decoder();
    this.body.block((label) => {
      labels.set(first, label);
      this.formats(rest, labels, known, decoder);
    });
    this.operands(first);
    this.body.br(known);
  }

  private put(place: 'length' | 'operation', value: () => void): void {
    this.body.get(this.record);
    value();
    this.body.access('i32.store8', RECORDS + RECORD[place]);
  }

  private expandWord(): void {
    const { body, bits, word } = this;
    this.put('length', () => body.i32(2));
    const parcel = () => body.get(bits).i32(0xffff).op('i32.and');
    parcel().i32(2).op('i32.shl').access('i32.load', EXPANSIONS).tee(word).op('i32.eqz');
    body.if(() => parcel().call(this.expand).set(word));
  }

  private operands(format: FormatName): void {
    const names = formats[format].syntax.match(/\w+/g) ?? [];
    for (const [place, ofPlace] of registerPlaces)
      for (const name of names)
        if (ofPlace.includes(name as FieldName)) this.register(place, fields[name as FieldName]);
    const immediate = immediateOf({ format });
    if (!immediate) return;
    this.body.get(this.record);
    this.immediate(immediate);
    this.body.access('i32.store', RECORDS + RECORD.immediate);
  }

  /** Writes the offset of a register's word in the shared memory. */
  private register(place: 'rd' | 'rs1' | 'rs2', { kind, pieces: [piece] }: Field): void {
    const { body, word } = this;
    body.get(this.record);
    const number = () =>
      body
        .get(word)
        .i32(piece!.at - 3)
        .op('i32.shr_u')
        .i32(0xf8)
        .op('i32.and');
    if (kind === 'f') number().i32(offsetOf('f0')).op('i32.add');
    else if (place === 'rd') {
      // What is written to x0 goes elsewhere: its word stays zero.
      number().i32(SCRATCH_WORDS.SINK);
      number().op('select');
    } else number();
    body.access('i32.store16', RECORDS + RECORD[place]);
  }

  private immediate(of: Field): void {
    const { body, word } = this;
    const top = Math.max(...of.pieces.map(({ to, width }) => to + width));
    of.pieces.forEach(({ at, width, to }, index) => {
      body.get(word);
      if (of.signed && to + width === top) {
        // The highest piece brings its sign along.
        if (at + width < 32) body.i32(32 - at - width).op('i32.shl');
        body.i32(32 - width).op('i32.shr_s');
      } else {
        if (at > 0) body.i32(at).op('i32.shr_u');
        if (at + width < 32) body.i32(2 ** width - 1).op('i32.and');
      }
      if (to > 0) body.i32(to).op('i32.shl');
      if (index > 0) body.op('i32.or');
    });
  }
}
