/** What a case does on this machine, step by step. */

import { extract, fields } from '../src/cpu/formats.ts';
import type { Hart } from '../src/cpu/hart.ts';
import { decode, type Instruction } from '../src/cpu/instructions.ts';
import { PAGE_BYTES, RAM_BASE } from '../src/cpu/layout.ts';
import type { Case } from './case.ts';
import { ARENA, CODE, ROOT } from './layout.ts';
import type { Ours } from './ours.ts';
import { dataPrivilege, isRam, walk, wordAt } from './walk.ts';

export interface Step {
  pc: bigint;
  privilege: number;
  /** The instruction's 32 bits, or the 16 of a compressed one; undefined where it could not be fetched. */
  word: number | undefined;
  row: Instruction | undefined;
  /** The mode of loads and stores, `mstatus` and the interrupts that are pending and enabled, before the step. */
  dataPrivilege: number;
  mstatus: bigint;
  pending: bigint;
  /** The values of rs1 and rs2. */
  rs1: bigint;
  rs2: bigint;
  /** The exception that it ended with, and what became of the address. */
  trap?: { cause: number; tval: bigint; leaf?: bigint; fault?: string };
  /** An interrupt came first. */
  interrupted: boolean;
  /** What it wrote to. */
  wroteTables: boolean;
  wroteCode: boolean;
}

const STEPS_MAX = 6000;

function instructionAt(hart: Hart, pc: bigint, privilege: number): number | undefined {
  const parcel = (at: bigint): number | undefined => {
    const found = walk(hart, at, privilege);
    if (!('to' in found) || !isRam(found.to)) return undefined;
    return Number((wordAt(hart, found.to & ~7n) >> ((found.to & 6n) * 8n)) & 0xffffn);
  };
  const low = parcel(pc);
  if (low === undefined || (low & 3) !== 3) return low;
  const high = parcel(pc + 2n);
  return high === undefined ? undefined : (low | (high << 16)) >>> 0;
}

const sum = (bytes: Uint8Array): number => {
  let hash = 0;
  for (const byte of new Int32Array(bytes.buffer, bytes.byteOffset, bytes.length / 4))
    hash = (Math.imul(hash, 31) + byte) | 0;
  return hash;
};

/** @param finish where the harness goes when the case has ended */
export function trace(ours: Ours, one: Case, finish: bigint): Step[] {
  ours.load(one);
  const { hart } = ours;
  const part = (from: number, pages: number) =>
    hart.ram.subarray(from - RAM_BASE, from - RAM_BASE + pages * PAGE_BYTES);
  const tables = () => sum(part(ROOT, 3));
  const code = () => sum(part(CODE, 2));
  const steps: Step[] = [];
  // The harness comes first.
  const inArena = (at: bigint) => at >= BigInt(ARENA) && at < BigInt(ARENA + 8 * PAGE_BYTES);
  while (!inArena(hart.get('pc'))) hart.run(hart.icount + 1);
  let [tablesBefore, codeBefore] = [tables(), code()];
  while (steps.length < STEPS_MAX && hart.get('pc') !== finish && !ours.finished) {
    const step = observe(hart);
    const bias = hart.get('minstretBias');
    if (hart.run(hart.icount + 1) === 'waiting') break;
    const inM = hart.get('privilege') === 3n;
    const [cause, tval, epc] = inM
      ? (['mcause', 'mtval', 'mepc'] as const)
      : (['scause', 'stval', 'sepc'] as const);
    step.interrupted = step.pending !== 0n && hart.get(cause) >> 63n === 1n && hart.get(epc) === step.pc;
    if (hart.get('minstretBias') !== bias && !step.interrupted) {
      step.trap = { cause: Number(hart.get(cause) & 63n), tval: hart.get(tval) };
      const mode = [0, 1, 12].includes(step.trap.cause) ? step.privilege : step.dataPrivilege;
      const found = walk(hart, step.trap.tval, mode);
      if ('fault' in found) step.trap.fault = found.fault;
      else if (found.leaf !== undefined) step.trap.leaf = found.leaf;
    }
    const [tablesAfter, codeAfter] = [tables(), code()];
    step.wroteTables = tablesAfter !== tablesBefore;
    step.wroteCode = codeAfter !== codeBefore;
    [tablesBefore, codeBefore] = [tablesAfter, codeAfter];
    steps.push(step);
  }
  return steps;
}

function observe(hart: Hart): Step {
  const pc = hart.get('pc');
  const privilege = Number(hart.get('privilege'));
  const word = instructionAt(hart, pc, privilege);
  const register = (field: 'rs1' | 'rs2') =>
    word === undefined ? 0n : hart.get(`x${extract(fields[field], word)}`);
  return {
    pc,
    privilege,
    word,
    row: word === undefined ? undefined : decode(word),
    dataPrivilege: dataPrivilege(hart),
    mstatus: hart.get('mstatus'),
    pending: hart.pending,
    rs1: register('rs1'),
    rs2: register('rs2'),
    interrupted: false,
    wroteTables: false,
    wroteCode: false,
  };
}
