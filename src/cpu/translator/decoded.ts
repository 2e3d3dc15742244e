/** Decoded instructions, cached by instruction word. */
import type { Expr } from '../expr.ts';
import { extract, type FieldName, fields, formats } from '../formats.ts';
import { decode, type Instruction, immediateOf } from '../instructions.ts';
import { type HartWord, offsetOf } from '../layout.ts';

/** A register, by the index of its word in the hart's state; 0 is x0. */
export type Register = number;

/** The name of a field that names a register. */
export type RegisterField = 'rd' | 'rs1' | 'rs2' | 'fd' | 'fs1' | 'fs2' | 'fs3';
const registerFields: readonly string[] = ['rd', 'rs1', 'rs2', 'fd', 'fs1', 'fs2', 'fs3'];

/** The control flow of an instruction. */
export type Flow =
  | { is: 'plain' }
  /**
   * To an address that depends on registers, or to one so far from the instruction. A call comes back, and a return goes
   * back, by the hints that the ISA manual gives for both (section "Unconditional Jumps").
   */
  | { is: 'jump'; by: number | undefined; calls: boolean; returns: boolean }
  | { is: 'branch'; by: number }
  /** It is the interpreter's; the next instruction in memory may come after it. */
  | { is: 'interpreted'; returns: boolean };

/** A decoded instruction. */
export interface Decoded {
  word: number;
  row: Instruction;
  /** The value of `imm`. */
  immediate: number;
  registers: Partial<Record<RegisterField, Register>>;
  /** The registers that it writes, without x0. */
  written: readonly Register[];
  flow: Flow;
}

const registerOf = (name: FieldName, word: number): Register =>
  offsetOf(`${fields[name].kind === 'f' ? 'f' : 'x'}${extract(fields[name], word)}` as HartWord) / 8;

/** The distance of a pc-relative expression from the instruction; undefined when it depends on anything else. */
function distance(expr: Expr, immediate: number): number | undefined {
  if (expr.is === 'operand') return expr.name === 'pc' ? 0 : expr.name === 'imm' ? immediate : undefined;
  if (expr.is !== 'binary' || expr.op !== 'add') return undefined;
  const [a, b] = [distance(expr.a, immediate), distance(expr.b, immediate)];
  return a === undefined || b === undefined ? undefined : a + b;
}

/** Whether a jump target depends only on the instruction and its address. */
export const isRelative = (target: Expr): boolean => distance(target, 0) !== undefined;

/** The helpers after which the next instruction in memory may be the next one to run. */
const returning: ReadonlySet<string> = new Set(['ecall', 'wfi', 'sfence.vma']);

/** The registers that a call leaves its return address in. */
const LINKS: readonly (Register | undefined)[] = [1, 5];

function flowOf(
  row: Instruction,
  immediate: number,
  { links, rs1 }: { links: boolean; rs1: Register | undefined },
): Flow {
  for (const action of row.meaning) {
    if (action.do === 'csr') return { is: 'interpreted', returns: true };
    if (action.do === 'helper') return { is: 'interpreted', returns: returning.has(action.name) };
    if (action.do !== 'jump') continue;
    const by = distance(action.target, immediate);
    if (!action.when) return { is: 'jump', by, calls: links, returns: !links && LINKS.includes(rs1) };
    return by === undefined ? { is: 'interpreted', returns: true } : { is: 'branch', by };
  }
  return { is: 'plain' };
}

function takeApart(word: number): Decoded | undefined {
  const row = decode(word);
  if (!row) return undefined;
  const field = immediateOf(row);
  const immediate = field ? extract(field, word) : 0;
  const names = (formats[row.format].syntax.match(/\w+/g) ?? []).filter((name) =>
    registerFields.includes(name),
  );
  const registers = Object.fromEntries(names.map((name) => [name, registerOf(name as FieldName, word)]));
  const { rd, fd } = registers;
  const written = [rd, fd].filter((register) => register !== undefined && register !== 0) as Register[];
  const flow = flowOf(row, immediate, { links: written.length > 0, rs1: registers.rs1 });
  return { word, row, immediate, registers, written, flow };
}

const met = new Map<number, Decoded | undefined>();
/** The bound of the cache. */
const MAX_MET = 1 << 16;

/** The instruction that a word encodes; undefined when this machine does not have it. */
export function decoded(word: number): Decoded | undefined {
  const known = met.get(word);
  if (known || met.has(word)) return known;
  if (met.size >= MAX_MET) met.clear();
  const found = takeApart(word);
  met.set(word, found);
  return found;
}
