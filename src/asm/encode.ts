/** An instruction statement to instruction words: finds the form that the operands fit and encodes or expands it. */
import { type Field, type FieldName, type Format, fields, formats, insert, sizeOf } from '../cpu/formats.ts';
import { instructions } from '../cpu/instructions.ts';
import { floatRegisterNumbers, registerNumbers } from '../cpu/registers.ts';
import { type CompressedInstruction, compressed, decodeCompressed } from '../cpu/table/compressed.ts';
import type { Assembly } from './assembly.ts';
import { assembleTransfer, put } from './branches.ts';
import { compress } from './compress.ts';
import { StatementError, suggestion } from './diagnostics.ts';
import { build, loadImmediate } from './load-immediate.ts';
import {
  abridged,
  codecOf,
  fits,
  halves,
  inField,
  type Operand,
  type OperandSyntax,
  type Parsed,
  parseOperand,
  parseSyntax,
  splitOperands,
  suffixes,
} from './operands.ts';
import { pseudos, words } from './pseudo.ts';
import { Cursor, type Token, tokenize } from './tokens.ts';
import type { Scope } from './values.ts';

/** An instruction as it is written. */
interface Written {
  mnemonic: string;
  operands: Operand[];
  column: number;
  /** The column after the last operand. */
  end: number;
  /** The expansion of `j`, `jr`, `ret` or `jalr` of a register. */
  isPlainJump?: boolean;
}

/** One way to write a mnemonic's operands. */
interface Form {
  syntax: OperandSyntax[];
  assemble(assembly: Assembly, written: Written): void;
}

const forms = new Map<string, Form[]>();

function addForm(mnemonic: string, syntax: string, assemble: Form['assemble']): void {
  const form = { syntax: parseSyntax(syntax), assemble };
  forms.set(mnemonic, [...(forms.get(mnemonic) ?? []), form]);
}

for (const row of instructions) {
  const { syntax, suffix }: Format = formats[row.format];
  const names = (suffix && suffixes[suffix]) ?? [''];
  names.forEach((name, value) => {
    const fixed = suffix ? (row.match | insert(fields[suffix], value)) >>> 0 : row.match;
    const add = (written: string, bits: number) =>
      addForm(row.mnemonic + name, written, (assembly, statement) =>
        assembleRow(assembly, row.mnemonic, written, bits, statement),
      );
    add(syntax, fixed);
    const short = abridged(syntax);
    if (short) add(short.syntax, (fixed | insert(fields[short.field], short.usual)) >>> 0);
  });
}

for (const row of compressed)
  addForm(row.mnemonic, row.format.syntax, (assembly, written) => assembleCompressed(assembly, row, written));

for (const { mnemonic, word } of words)
  addForm(mnemonic, '', (assembly) => assembly.append(sizeOf(word), (out, at) => put(out, at, word)));

addForm('li', 'rd, imm', (assembly, { operands }) => {
  const cursor = cursorOf(operands[1]!);
  const { column } = cursor;
  const value = assembly.tryKnown(assembly.expression(cursor));
  cursor.finish();
  if (!value || value.base)
    throw new StatementError('li needs a number that is known here; for an address use la', column);
  expand(assembly, loadImmediate(value.value), new Map([['rd', operands[0]!.tokens]]), column);
});

addForm('la', 'rd, address', (assembly, written) => {
  const [register, address] = written.operands as [Operand, Operand];
  const value = assembly.tryKnown(assembly.expression(cursorOf(address)));
  if (value && !value.base)
    expand(assembly, build(value.value), new Map([['rd', register.tokens]]), written.column);
  else assembleInstruction(assembly, { ...written, mnemonic: 'lla' });
});

for (const { mnemonic, syntax, instructions: body } of pseudos) {
  if (mnemonic === 'li') continue;
  addForm(mnemonic, syntax, (assembly, { operands, column }) =>
    expand(assembly, body, bind(parseSyntax(syntax), operands), column),
  );
}

/** All mnemonics. */
export const mnemonics: ReadonlySet<string> = new Set(forms.keys());

/** Assembles an instruction statement: a mnemonic and the tokens after it. */
export function assembleStatement(
  assembly: Assembly,
  name: string,
  column: number,
  rest: Token[],
  end: number,
): void {
  const operands = splitOperands(rest, end);
  assembleInstruction(assembly, { mnemonic: name.toLowerCase(), operands, column, end });
}

function assembleInstruction(assembly: Assembly, written: Written): void {
  const candidates = forms.get(written.mnemonic);
  if (!candidates) {
    const hint = suggestion(written.mnemonic, mnemonics);
    throw new StatementError(`unknown instruction '${written.mnemonic}'.${hint}`, written.column);
  }
  const form = candidates.find(({ syntax }) => isWrittenAs(syntax, written));
  if (!form) throw mismatch(candidates, written);
  form.assemble(assembly, written);
}

const isWrittenAs = (syntax: OperandSyntax[], { operands }: Written): boolean =>
  syntax.length === operands.length && syntax.every((operand, index) => fits(operand, operands[index]!));

/** The error for operands that fit no form, relative to the nearest form. */
function mismatch(candidates: Form[], written: Written): StatementError {
  const { mnemonic, operands, end, column } = written;
  const matching = ({ syntax }: Form) => {
    const wrong = syntax.findIndex((operand, index) => !operands[index] || !fits(operand, operands[index]));
    return wrong < 0 ? syntax.length : wrong;
  };
  const distance = (form: Form) => Math.abs(form.syntax.length - operands.length);
  const [form] = [...candidates].sort((a, b) => distance(a) - distance(b) || matching(b) - matching(a));
  const { syntax } = form!;
  const usage = `${mnemonic} ${syntax.map(({ text }) => readable(text)).join(', ')}`.trim();
  const index = matching(form!);
  const expected = syntax[index];
  const operand = operands[index];
  if (!expected) return new StatementError(`too many operands: ${usage}`, operand?.column ?? column);
  if (!operand || operand.tokens.length === 0)
    return new StatementError(`missing operand: ${usage}`, operand?.column ?? end);
  return unfit(expected, operand, usage);
}

function unfit(expected: OperandSyntax, { tokens, column }: Operand, usage: string): StatementError {
  const found = tokens.map(({ text }) => text).join('');
  if (expected.base)
    return new StatementError(`offset(register) expected instead of '${found}': ${usage}`, column);
  const codec = codecOf(expected.value!);
  // A misspelt register gets the nearest name.
  const names = registers.get(codec.noun);
  const hint = names && tokens.length === 1 ? registerHint(tokens[0]!, names) : '';
  return new StatementError(`${codec.noun} expected instead of '${found}': ${usage}${hint}`, column);
}

/** The names of registers, by the noun of their codec. */
const registers = new Map([
  [codecOf('rd').noun, registerNumbers],
  [codecOf('fd').noun, floatRegisterNumbers],
]);

function registerHint({ kind, text }: Token, names: ReadonlyMap<string, number>): string {
  const hint = kind === 'name' && suggestion(text, names.keys());
  return hint ? `.${hint}` : '';
}

/** `immI(rs1)` as `imm(rs1)`, for messages. */
const readable = (syntax: string): string => syntax.replace(/^imm[A-Z]\w*|^shamt\w+/, 'imm');

/** The tokens of each name in a pseudo-instruction's syntax. */
function bind(syntax: OperandSyntax[], operands: Operand[]): Map<string, Token[]> {
  const bound = new Map<string, Token[]>();
  syntax.forEach((operand, index) => {
    const { value, base } = halves(operand, operands[index]!);
    if (operand.value) bound.set(operand.value, value);
    if (operand.base) bound.set(operand.base, base);
  });
  return bound;
}

/** The expansions of jump pseudo-instructions without an offset. */
const plainJump = /^jalr? x[01], (target$|0\()/;

/** Assembles the expansion of a pseudo-instruction. */
function expand(
  assembly: Assembly,
  body: readonly string[],
  bound: Map<string, Token[]>,
  column: number,
): void {
  const here: Token = { kind: 'position', position: assembly.here(), text: 'here', column };
  const names = new Map([...bound, ['here', [here]]]);
  for (const instruction of body) {
    const [mnemonic, ...rest] = tokenize(instruction, 0);
    const tokens = rest.flatMap((token) => names.get(token.text) ?? [{ ...token, column }]);
    const operands = splitOperands(tokens, column);
    assembleInstruction(assembly, {
      mnemonic: mnemonic!.text,
      operands,
      column,
      end: column,
      isPlainJump: plainJump.test(instruction),
    });
  }
}

const cursorOf = ({ tokens, column }: Operand) => new Cursor(tokens, column);

/** A field and the value it gets. */
interface Filled extends Parsed {
  field: Field;
}

function fillFields(assembly: Assembly, syntax: string, { operands }: Written): Filled[] {
  return parseSyntax(syntax).flatMap((operand, index) =>
    parseOperand(operand, operands[index]!, assembly).map(
      ([name, parsed]): Filled => ({ ...parsed, field: fields[name as FieldName] }),
    ),
  );
}

const fill = (match: number, mnemonic: string, filled: Filled[], scope: Scope): number =>
  filled.reduce(
    (word, { field, value, column }) =>
      (word | insert(field, inField(field, value(scope), column, mnemonic))) >>> 0,
    match,
  );

/** @param fixed the bits that are the same for all operands */
function assembleRow(
  assembly: Assembly,
  mnemonic: string,
  syntax: string,
  fixed: number,
  written: Written,
): void {
  const all = fillFields(assembly, syntax, written);
  const target = all.find(({ field }) => field.kind === 'target');
  const filled = all.filter((operand) => operand !== target);
  const encode = (scope: Scope) => fill(fixed, mnemonic, filled, scope);
  // As in GNU as, which compresses `j` and `jr`, but never `jal` and `jalr`.
  const compresses = assembly.compresses && (written.isPlainJump || !mnemonic.startsWith('jal'));
  if (target || (compresses && filled.every((operand) => isKnown(assembly, operand)))) {
    const word = encode(assembly.symbols.early);
    const best = (compresses && compress(word)) || word;
    if (target) assembleTransfer(assembly, best, target);
    else assembly.append(sizeOf(best), (out, at) => put(out, at, best));
    return;
  }
  assembly.append(4, (out, at, scope) => put(out, at, encode(scope)));
}

function isKnown(assembly: Assembly, { expression }: Filled): boolean {
  if (!expression) return true;
  const value = assembly.tryKnown(expression);
  return value !== undefined && !value.base;
}

function assembleCompressed(assembly: Assembly, row: CompressedInstruction, written: Written): void {
  const all = fillFields(assembly, row.format.syntax, written);
  const target = all.find(({ field }) => field.kind === 'target');
  const filled = all.filter((operand) => operand !== target);
  const encode = (scope: Scope) => {
    const parcel = fill(row.match, row.mnemonic, filled, scope);
    const found = decodeCompressed(parcel);
    if (found === row) return parcel;
    const instead = found ? `is ${found.mnemonic}` : 'is reserved';
    throw new StatementError(
      `${row.mnemonic} cannot have these operands: their encoding ${instead}`,
      written.column,
    );
  };
  if (target) assembleTransfer(assembly, encode(assembly.symbols.early), target);
  else assembly.append(2, (out, at, scope) => put(out, at, encode(scope)));
}
