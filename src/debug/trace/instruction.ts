/**
 * What a trace knows of an instruction word from the instruction table: kinds, memory accesses, calls and
 * returns.
 */
import type { Action, Expr } from '../../cpu/expr.ts';
import { extract, fields, sizeOf } from '../../cpu/formats.ts';
import { decode, type Instruction, immediateOf } from '../../cpu/instructions.ts';
import type { HartWord } from '../../cpu/layout.ts';
import { expand } from '../../cpu/table/compressed.ts';

/**
 * The kinds of instructions that a trace can be limited to. An instruction may be of several: `fld` loads a
 * float.
 */
export const instructionKinds = [
  'load',
  'store',
  'atomic',
  'branch',
  'jump',
  'csr',
  'float',
  'fence',
  'system',
  'integer',
] as const;
/** See {@link instructionKinds}. `integer`: all that are of no other kind. */
export type InstructionKind = (typeof instructionKinds)[number];

/** A memory access of an instruction: its address is `base` plus `offset`. */
export interface AccessForm {
  access: 'load' | 'store';
  sizeBytes: number;
  base: HartWord;
  offset: bigint;
  /** The register that is stored; undefined for loads, and for results of atomic operations. */
  from?: HartWord;
}

/** A decoded instruction. */
export interface Decoded {
  /** As it is in memory: 16 bits when it is compressed. */
  word: number;
  sizeBytes: 2 | 4;
  /** undefined: this machine has no such instruction. */
  row: Instruction | undefined;
  kinds: readonly InstructionKind[];
  accesses: readonly AccessForm[];
  /** An SC, whose store happens only if the reservation holds. */
  isConditional: boolean;
  /** Whether execution may go on elsewhere than at the next address, or in another mode. */
  endsBlock: boolean;
  /** Whether it may change the mode, or which interrupts are enabled: it accesses a CSR, or is privileged. */
  changesMode: boolean;
  /** MRET and SRET: the CSR with the address at which execution goes on. */
  returns: 'mepc' | 'sepc' | undefined;
  /**
   * What a jump does to the return-address stack (RISC-V Unprivileged ISA, "Unconditional Jumps", table of
   * hints).
   */
  hint: 'call' | 'return' | 'coroutine' | undefined;
}

const known = new Map<number, Decoded>();
const MAX_KNOWN = 1 << 16;

/** @param word at least the bits of the instruction; for a compressed one the upper 16 are ignored */
export function decodeWord(word: number): Decoded {
  const own = sizeOf(word) === 2 ? word & 0xffff : word | 0;
  const found = known.get(own);
  if (found) return found;
  if (known.size >= MAX_KNOWN) known.clear();
  const decoded = newlyDecoded(own);
  known.set(own, decoded);
  return decoded;
}

function newlyDecoded(own: number): Decoded {
  const sizeBytes = sizeOf(own);
  const word = sizeBytes === 2 ? expand(own) : own;
  const row = word === 0 ? undefined : decode(word);
  const kinds = row ? kindsOf(row) : [];
  return {
    word: own,
    sizeBytes,
    row,
    kinds,
    accesses: row ? accessesOf(row, word) : [],
    isConditional: row?.meaning.some((action) => action.do === 'sc') ?? false,
    endsBlock: kinds.length === 0 || kinds.some((kind) => ENDING.has(kind)),
    changesMode: kinds.includes('csr') || kinds.includes('system'),
    returns: row?.mnemonic === 'mret' ? 'mepc' : row?.mnemonic === 'sret' ? 'sepc' : undefined,
    hint: row && kinds.includes('jump') ? hintOf(row, word) : undefined,
  };
}

const ENDING: ReadonlySet<InstructionKind> = new Set(['branch', 'jump', 'csr', 'system']);

/** The loads in an expression. */
function* loadsIn(expr: Expr): Generator<Expr & { is: 'load' }> {
  if (expr.is === 'load') yield expr;
  for (const part of Object.values(expr))
    for (const one of Array.isArray(part) ? part : [part])
      if (typeof one === 'object' && one !== null && 'is' in one) yield* loadsIn(one as Expr);
}

const valuesOf = (action: Action): Expr[] => ('value' in action ? [action.value] : []);
const loadsOf = ({ meaning }: Instruction) =>
  meaning.flatMap((action) => valuesOf(action).flatMap((value) => [...loadsIn(value)]));

function kindsOf(row: Instruction): InstructionKind[] {
  const does = (...names: Action['do'][]) => row.meaning.some((action) => names.includes(action.do));
  const is: Record<Exclude<InstructionKind, 'integer'>, boolean> = {
    load: loadsOf(row).length > 0 || does('lr', 'amo'),
    store: does('store', 'sc', 'amo'),
    atomic: does('lr', 'sc', 'amo'),
    branch: row.meaning.some((action) => action.do === 'jump' && action.when !== undefined),
    jump: row.meaning.some((action) => action.do === 'jump' && action.when === undefined),
    csr: does('csr'),
    float: row.extension === 'F' || row.extension === 'D',
    fence: row.format === 'Fence' || row.extension === 'Zifencei',
    system: does('helper'),
  };
  const kinds = instructionKinds.filter((kind) => kind !== 'integer' && is[kind]);
  return kinds.length > 0 ? kinds : ['integer'];
}

const registerIn = (field: 'rs1' | 'rs2' | 'rd', word: number): HartWord =>
  `x${extract(fields[field], word)}` as HartWord;

/** The accesses of a row: loads and stores are at rs1 plus the immediate, atomic operations at rs1. */
function accessesOf(row: Instruction, word: number): AccessForm[] {
  const base = registerIn('rs1', word);
  const immediate = immediateOf(row);
  const offset = immediate ? BigInt(extract(immediate, word)) : 0n;
  const forms: AccessForm[] = loadsOf(row).map(({ sizeBytes }) => ({
    access: 'load',
    sizeBytes,
    base,
    offset,
  }));
  for (const action of row.meaning) {
    const rs2 = registerIn('rs2', word);
    if (action.do === 'store') {
      const isFloat = row.format === 'FStore';
      const from = isFloat ? (`f${extract(fields.fs2, word)}` as HartWord) : rs2;
      forms.push({ access: 'store', sizeBytes: action.sizeBytes, base, offset, from });
    }
    if (action.do === 'lr' || action.do === 'amo')
      forms.push({ access: 'load', sizeBytes: action.sizeBytes, base, offset: 0n });
    if (action.do === 'amo') forms.push({ access: 'store', sizeBytes: action.sizeBytes, base, offset: 0n });
    if (action.do === 'sc')
      forms.push({ access: 'store', sizeBytes: action.sizeBytes, base, offset: 0n, from: rs2 });
  }
  return forms;
}

const isLink = (register: HartWord): boolean => register === 'x1' || register === 'x5';

function hintOf(row: Instruction, word: number): Decoded['hint'] {
  const rd = registerIn('rd', word);
  if (row.format === 'J') return isLink(rd) ? 'call' : undefined;
  const rs1 = registerIn('rs1', word);
  if (isLink(rd)) return isLink(rs1) && rs1 !== rd ? 'coroutine' : 'call';
  return isLink(rs1) ? 'return' : undefined;
}
