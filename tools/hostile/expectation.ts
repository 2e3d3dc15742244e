/** The memory accesses of the next step according to the manual: the instruction's bytes, and its data. */

import type { AnyHart } from '../../src/cpu/checked-hart.ts';
import { CAUSE, MSTATUS, PMP, PRIVILEGE } from '../../src/cpu/csrs.ts';
import type { Action, Expr } from '../../src/cpu/expr.ts';
import { extract, fields, sizeOf } from '../../src/cpu/formats.ts';
import { decode, type Instruction, immediateOf } from '../../src/cpu/instructions.ts';
import { type HartWord, RAM_BASE } from '../../src/cpu/layout.ts';
import { expand } from '../../src/cpu/table/compressed.ts';
import type { Fault, Kind, MmuModel } from '../testing/mmu-model.ts';
import { informModel } from './areas.ts';

interface DataAccess {
  kind: Kind;
  sizeBytes: number;
  atomic: boolean;
  /** It stores only with a reservation. */
  conditional?: boolean;
}

/** The access to memory that a row makes, if any. */
function accessOf({ meaning }: Instruction): DataAccess | undefined {
  for (const action of meaning) {
    if (action.do === 'store') return { kind: 'store', sizeBytes: action.sizeBytes, atomic: false };
    if (action.do === 'amo' || action.do === 'sc')
      return {
        kind: 'store',
        sizeBytes: action.sizeBytes,
        atomic: true,
        conditional: action.do === 'sc',
      };
    if (action.do === 'lr') return { kind: 'load', sizeBytes: action.sizeBytes, atomic: true };
    const sizeBytes = loadIn(action);
    if (sizeBytes !== undefined) return { kind: 'load', sizeBytes, atomic: false };
  }
  return undefined;
}

function loadIn(part: Action | Expr): number | undefined {
  if ('is' in part && part.is === 'load') return part.sizeBytes;
  for (const value of Object.values(part))
    for (const one of Array.isArray(value) ? value : [value])
      if (typeof one === 'object' && one !== null) {
        const found = loadIn(one as Expr);
        if (found !== undefined) return found;
      }
  return undefined;
}

const accesses = new Map<Instruction, DataAccess | undefined>();
function accessOfRow(row: Instruction): DataAccess | undefined {
  if (!accesses.has(row)) accesses.set(row, accessOf(row));
  return accesses.get(row);
}

export interface Expectation {
  pc: bigint;
  privilege: number;
  /** The fault, `none` when memory causes none, or `device` when a device decides. */
  fault: Fault | 'none' | 'device';
  /** The PTEs in which A or D is set, and their new values; undefined when the step may write to them itself. */
  marked: { at: number; word: bigint }[] | undefined;
}

/** The expectation for the next step; undefined when an interrupt comes first, or the hart waits. */
export function expectationOf(hart: AnyHart, model: MmuModel): Expectation | undefined {
  if (hart.pending !== 0n || hart.get('waiting') !== 0n) return undefined;
  informModel(model, hart);
  const expected = accessesOf(hart, model);
  // The memory is the guest's: the bits that the accesses set are left to the hart.
  const marked = model.updates.map(({ at }) => ({ at, word: model.ram.getBigUint64(at, true) }));
  model.undo();
  return expected && { ...expected, marked: expected.writes ? undefined : marked };
}

type Accesses = Pick<Expectation, 'pc' | 'privilege' | 'fault'> & { writes: boolean };

function accessesOf(hart: AnyHart, model: MmuModel): Accesses | undefined {
  const pc = hart.get('pc');
  const privilege = Number(hart.get('privilege'));
  const expect = (fault: Expectation['fault'], writes = false) => ({ pc, privilege, fault, writes });
  const word = fetch(model, pc, privilege);
  if (typeof word !== 'number') return expect(word);
  const plain = sizeOf(word) === 4 ? word : expand(word & 0xffff);
  const row = plain === 0 ? undefined : decode(plain);
  const access = row && accessOfRow(row);
  // An SBI call may write to memory.
  if (!row || !access) return expect('none', row?.mnemonic === 'ecall');
  if (row.mnemonic.startsWith('f') && (model.mstatus & MSTATUS.FS) === 0n) return undefined;
  const base = hart.get(`x${extract(fields.rs1, plain)}` as HartWord);
  const immediate = immediateOf(row);
  const va = BigInt.asUintN(64, base + BigInt(immediate ? extract(immediate, plain) : 0));
  const mprv = privilege === PRIVILEGE.M && (model.mstatus & MSTATUS.MPRV) !== 0n;
  const dataPrivilege = mprv ? Number((model.mstatus >> 11n) & 3n) : privilege;
  return expect(data(model, va, access, dataPrivilege, hart.get('reservation')), access.kind === 'store');
}

/** The 32 bits at an address, of which the upper 16 count only if the lower say so; or the fault. */
function fetch(model: MmuModel, pc: bigint, privilege: number): number | Fault {
  const parcel = (va: bigint): number | Fault => {
    const found = model.access(BigInt.asUintN(64, va), 2, 'fetch', privilege);
    return 'cause' in found ? found : model.ram.getUint16(found[0]!, true);
  };
  const low = parcel(pc);
  if (typeof low !== 'number' || sizeOf(low) === 2) return low;
  const high = parcel(pc + 2n);
  return typeof high === 'number' ? ((high << 16) | low) >>> 0 : high;
}

function data(
  model: MmuModel,
  va: bigint,
  { kind, sizeBytes, atomic, conditional }: DataAccess,
  privilege: number,
  reservation: bigint,
): Expectation['fault'] {
  if (atomic && va % BigInt(sizeBytes) !== 0n)
    return { cause: kind === 'load' ? CAUSE.loadMisaligned : CAUSE.storeMisaligned, at: va };
  if (conditional) {
    const target = model.accessOnly(va, sizeBytes, kind, privilege);
    if ('cause' in target) return target;
    if (BigInt(RAM_BASE + target[0]!) !== reservation) return 'none';
  }
  const found = model.access(va, sizeBytes, kind, privilege);
  if (!('cause' in found)) return 'none';
  // Devices take no atomics, and nothing that lies in two pages.
  if (atomic || Number(va & 0xfffn) + sizeBytes > 4096) return found;
  const to = model.translate(va, kind, privilege);
  if (typeof to === 'number') return found;
  const permission = kind === 'load' ? PMP.R : PMP.W;
  const inRam = to >= BigInt(RAM_BASE) && to < BigInt(RAM_BASE + model.ram.byteLength);
  return !inRam && model.permits(to, BigInt(sizeBytes), permission, privilege) ? 'device' : found;
}

/** The exceptions of memory accesses. */
const memoryCauses: ReadonlySet<number> = new Set([
  CAUSE.instructionFault,
  CAUSE.instructionPageFault,
  CAUSE.loadMisaligned,
  CAUSE.loadFault,
  CAUSE.loadPageFault,
  CAUSE.storeMisaligned,
  CAUSE.storeFault,
  CAUSE.storePageFault,
]);

/** How the last step differs from the expectation; undefined when it does not. */
export function surprise(
  hart: AnyHart,
  { pc, privilege, fault, marked = [] }: Expectation,
  retiredBefore: bigint,
): string | undefined {
  if (fault === 'device') return undefined;
  // A CSR instruction may set the counter: then there is no check.
  const trapped = hart.get('minstretBias') === BigInt.asUintN(64, retiredBefore - 1n);
  const at = `at 0x${pc.toString(16)} in mode ${privilege}`;
  const ram = new DataView(hart.ram.buffer, hart.ram.byteOffset);
  const unmarked = marked.find((one) => ram.getBigUint64(one.at, true) !== one.word);
  if (unmarked)
    return `${at}: the PTE at 0x${(RAM_BASE + unmarked.at).toString(16)} is not 0x${unmarked.word.toString(16)}`;
  if (fault === 'none') {
    const modes = [
      ['mepc', 'mcause', 'mtvec'],
      ['sepc', 'scause', 'stvec'],
    ] as const;
    for (const [epc, cause, tvec] of modes)
      if (
        trapped &&
        hart.get('pc') === (hart.get(tvec) & ~3n) &&
        hart.get(epc) === pc &&
        memoryCauses.has(Number(hart.get(cause))) &&
        hart.get('privilege') === (cause === 'mcause' ? 3n : 1n) &&
        justTaken(hart, cause, privilege)
      )
        return `${at}: ${cause} ${hart.get(cause)}, which memory does not cause`;
    return undefined;
  }
  const delegated = privilege !== PRIVILEGE.M && ((hart.get('medeleg') >> BigInt(fault.cause)) & 1n) === 1n;
  const [epc, cause, tval] = delegated
    ? [hart.get('sepc'), hart.get('scause'), hart.get('stval')]
    : [hart.get('mepc'), hart.get('mcause'), hart.get('mtval')];
  if (!trapped || epc !== pc || cause !== BigInt(fault.cause) || tval !== fault.at)
    return `${at}: cause ${fault.cause} with 0x${fault.at.toString(16)} is expected, and ${trapped ? `cause ${cause} with 0x${tval.toString(16)} came` : 'no exception came'}`;
  return undefined;
}

/** Whether the last step wrote this cause register: the exception went to its mode. */
function justTaken(hart: AnyHart, cause: 'mcause' | 'scause', privilege: number): boolean {
  const delegated = privilege !== PRIVILEGE.M && ((hart.get('medeleg') >> hart.get(cause)) & 1n) === 1n;
  return delegated === (cause === 'scause');
}
