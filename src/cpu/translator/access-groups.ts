/**
 * Groups of accesses to memory: those of a block at one base register that stays the same between them, such as a
 * function's saved registers or an object's fields. They lie near each other, so one look-up does for all.
 */
import type { AccessSize, Expr } from '../expr.ts';
import type { Instruction } from '../instructions.ts';
import type { Register } from './decoded.ts';
import type { Placed } from './region.ts';

/** The kind of an access to data. */
export type AccessKind = 'load' | 'store';

/** Accesses of one kind at one base, by their positions in the block. */
export interface AccessGroup {
  /** The number of the group in its block. */
  number: number;
  first: number;
  last: number;
  /** The range of addresses, relative to the base: from `low`, below `high`. */
  low: number;
  high: number;
  kind: AccessKind;
  /** Each access's distance from `low`. */
  offsets: ReadonlyMap<number, number>;
}

interface RowAccess {
  kind: AccessKind;
  sizeBytes: AccessSize;
}

/** A group has no larger range: it would too often reach into another page. */
const MAX_SPAN_BYTES = 1024;

/** The access of a row whose address is rs1 plus its immediate; undefined for others and for atomic ones. */
function accessOf({ meaning }: Instruction): RowAccess | undefined {
  for (const action of meaning) {
    if (action.do === 'store' && isBased(action.address))
      return { kind: 'store', sizeBytes: action.sizeBytes };
    if (action.do !== 'rd' && action.do !== 'fd') continue;
    const load = loadIn(action.value);
    if (load && isBased(load.address)) return { kind: 'load', sizeBytes: load.sizeBytes };
  }
  return undefined;
}

/** The load that an expression is, or is made of. */
function loadIn(expr: Expr): (Expr & { is: 'load' }) | undefined {
  if (expr.is === 'load') return expr;
  return expr.is === 'binary' ? (loadIn(expr.a) ?? loadIn(expr.b)) : undefined;
}

const isBased = (address: Expr): boolean =>
  address.is === 'binary' &&
  address.op === 'add' &&
  address.a.is === 'operand' &&
  address.a.name === 'rs1' &&
  address.b.is === 'operand' &&
  address.b.name === 'imm';

const known = new Map<Instruction, RowAccess | undefined>();
function knownAccessOf(row: Instruction): RowAccess | undefined {
  if (!known.has(row)) known.set(row, accessOf(row));
  return known.get(row);
}

interface Member extends RowAccess {
  position: number;
  offset: number;
}

const kinds = ['load', 'store'] as const satisfies readonly AccessKind[];

/**
 * The groups of a block, by the positions of their accesses. Loads and stores are never in one: a page may be open for
 * either alone, also to a debugger.
 */
export function accessGroups(instructions: readonly Placed[]): ReadonlyMap<number, AccessGroup> {
  const groups = new Map<number, AccessGroup>();
  const open = { load: new Map<Register, Member[]>(), store: new Map<Register, Member[]>() };
  let number = 0;
  const close = (base: Register, kind: AccessKind) => {
    const members = open[kind].get(base) ?? [];
    open[kind].delete(base);
    const low = Math.min(...members.map(({ offset }) => offset));
    const high = Math.max(...members.map(({ offset, sizeBytes }) => offset + sizeBytes));
    if (members.length < 2 || high - low > MAX_SPAN_BYTES) return;
    const [first, last] = [members[0]!.position, members.at(-1)!.position];
    const offsets = new Map(members.map(({ position, offset }) => [position, offset - low]));
    const group = { number: number++, kind, first, last, low, high, offsets };
    for (const { position } of members) groups.set(position, group);
  };
  instructions.forEach(({ is: { row, registers, immediate, written } }, position) => {
    const access = knownAccessOf(row);
    const base = registers.rs1;
    if (access && base !== undefined && base !== 0) {
      const members = open[access.kind].get(base) ?? [];
      members.push({ ...access, position, offset: immediate });
      open[access.kind].set(base, members);
    }
    for (const register of written) for (const kind of kinds) close(register, kind);
  });
  for (const kind of kinds) for (const base of [...open[kind].keys()]) close(base, kind);
  return groups;
}
