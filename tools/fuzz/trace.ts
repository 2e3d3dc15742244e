/** The trace of a case on this machine, step by step. */

import type { AnyHart } from '../../src/cpu/checked-hart.ts';
import { extract, fields } from '../../src/cpu/formats.ts';
import { decode, type Instruction } from '../../src/cpu/instructions.ts';
import { PAGE_BYTES, RAM_BASE } from '../../src/cpu/layout.ts';
import { expand } from '../../src/cpu/table/compressed.ts';
import type { Case } from './case.ts';
import { ARENA, CODE, HARNESS, ROOT, SAVE } from './layout.ts';
import type { Ours } from './ours.ts';
import { dataPrivilege, isRam, type PmpRange, pmpRanges, walk, wordAt } from './walk.ts';

export interface Step {
  pc: bigint;
  /** The physical address of the instruction, where there is one. */
  at?: bigint;
  privilege: number;
  /** The instruction, expanded if compressed; undefined when it is illegal or could not be fetched. */
  word: number | undefined;
  row: Instruction | undefined;
  /** The mode of loads and stores, `mstatus` and the interrupts that are pending and enabled, before the step. */
  dataPrivilege: number;
  mstatus: bigint;
  pending: bigint;
  /** The value of rs1. */
  rs1: bigint;
  /** Where it loads from or stores to, and how many bytes. */
  address?: bigint;
  sizeBytes: number;
  /** The physical address of the first byte, if it is mapped. */
  to?: bigint;
  /** The exception that it ended with, and the result of the page walk for its address. */
  trap?: { cause: number; tval: bigint; to?: bigint; leaf?: bigint; fault?: string };
  /** The ranges of PMP entries. The last one opens all memory. */
  pmp: PmpRange[];
  /** An interrupt came first. */
  interrupted: boolean;
  /** It jumped into the harness. */
  toHarness: boolean;
  /** It wrote to page tables, other than to set A and D, and to the program. */
  wroteTables: boolean;
  wroteCode: boolean;
}

/** Access faults and page faults. */
const MEMORY_FAULTS: ReadonlySet<number> = new Set([1, 5, 7, 12, 13, 15]);
/** Of the case and of the harness together. */
const STEPS_MAX = 20_000;

const inHarness = (hart: AnyHart): boolean =>
  hart.get('privilege') === 3n && hart.get('pc') >= BigInt(HARNESS) && hart.get('pc') < BigInt(SAVE);

function instructionAt(hart: AnyHart, pc: bigint, privilege: number): number | undefined {
  const parcel = (at: bigint): number | undefined => {
    const found = walk(hart, at, privilege);
    if (!('to' in found) || !isRam(found.to)) return undefined;
    return Number((wordAt(hart, found.to & ~7n) >> ((found.to & 6n) * 8n)) & 0xffffn);
  };
  const low = parcel(pc);
  if (low === undefined) return undefined;
  if ((low & 3) !== 3) return expand(low) || undefined;
  const high = parcel(pc + 2n);
  return high === undefined ? undefined : (low | (high << 16)) >>> 0;
}

/** The words of some pages of RAM, as they are now. */
const wordsOf = (hart: AnyHart, from: number, pages: number): BigUint64Array =>
  new BigUint64Array(hart.ram.slice(from - RAM_BASE, from - RAM_BASE + pages * PAGE_BYTES).buffer);

const AD = 0xc0n;
const isLeaf = (entry: bigint): boolean => (entry & 0xen) !== 0n;

/** Whether a word has become another one; not, if it is a leaf PTE, when just A or D was set. */
const changed = (before: bigint, after: bigint, isTable: boolean): boolean =>
  before !== after &&
  (!isTable || !isLeaf(before) || (before | AD) !== (after | AD) || (before & ~after & AD) !== 0n);

/** @param finish where the harness goes when the case has ended */
export function trace(ours: Ours, one: Case, finish: bigint): Step[] {
  ours.load(one);
  const { hart } = ours;
  const tables = () => wordsOf(hart, ROOT, 3);
  const code = () => wordsOf(hart, CODE, 2);
  const steps: Step[] = [];
  // The harness comes first.
  const inArena = (at: bigint) => at >= BigInt(ARENA) && at < BigInt(ARENA + 8 * PAGE_BYTES);
  const end = hart.icount + STEPS_MAX;
  while (!inArena(hart.get('pc')) && hart.icount < end) hart.run(hart.icount + 1);
  let [tablesBefore, codeBefore] = [tables(), code()];
  while (hart.icount < end && hart.get('pc') !== finish && !ours.finished) {
    if (inHarness(hart)) {
      hart.run(hart.icount + 1);
      continue;
    }
    const step = observe(hart);
    const bias = hart.get('minstretBias');
    if (hart.run(hart.icount + 1) === 'waiting') break;
    const inM = hart.get('privilege') === 3n;
    const [cause, tval, epc] = inM
      ? (['mcause', 'mtval', 'mepc'] as const)
      : (['scause', 'stval', 'sepc'] as const);
    step.interrupted = step.pending !== 0n && hart.get(cause) >> 63n === 1n && hart.get(epc) === step.pc;
    // A step that traps does not count as an instruction; one that writes the counter goes on.
    const wroteCounter = step.row?.extension === 'Zicsr' && hart.get('pc') === step.pc + 4n;
    if (hart.get('minstretBias') !== bias && !step.interrupted && !wroteCounter) {
      step.trap = { cause: Number(hart.get(cause) & 63n), tval: hart.get(tval) };
      if (MEMORY_FAULTS.has(step.trap.cause)) {
        const mode = [1, 12].includes(step.trap.cause) ? step.privilege : step.dataPrivilege;
        Object.assign(step.trap, walk(hart, step.trap.tval, mode));
      }
    }
    step.toHarness = inHarness(hart) && !step.trap && !step.interrupted;
    const [tablesAfter, codeAfter] = [tables(), code()];
    step.wroteTables = tablesAfter.some((word, index) => changed(tablesBefore[index]!, word, true));
    step.wroteCode = codeAfter.some((word, index) => changed(codeBefore[index]!, word, false));
    [tablesBefore, codeBefore] = [tablesAfter, codeAfter];
    steps.push(step);
  }
  return steps;
}

const physical = (hart: AnyHart, va: bigint | undefined, privilege: number): bigint | undefined => {
  const found = va === undefined ? undefined : walk(hart, va, privilege);
  return found && 'to' in found ? found.to : undefined;
};

function addressOf(word: number, rs1: bigint): bigint | undefined {
  const offset = { 3: fields.immI, 7: fields.immI, 35: fields.immS, 39: fields.immS }[word & 0x7f];
  if (offset) return BigInt.asUintN(64, rs1 + BigInt(extract(offset, word)));
  return (word & 0x7f) === 0x2f ? rs1 : undefined;
}

function observe(hart: AnyHart): Step {
  const pc = hart.get('pc');
  const privilege = Number(hart.get('privilege'));
  const word = instructionAt(hart, pc, privilege);
  const rs1 = word === undefined ? 0n : hart.get(`x${extract(fields.rs1, word)}`);
  const address = word === undefined ? undefined : addressOf(word, rs1);
  const at = physical(hart, pc, privilege);
  const to = physical(hart, address, dataPrivilege(hart));
  return {
    pc,
    ...(at !== undefined && { at }),
    privilege,
    word,
    row: word === undefined ? undefined : decode(word),
    dataPrivilege: dataPrivilege(hart),
    mstatus: hart.get('mstatus'),
    pending: hart.pending,
    rs1,
    ...(address !== undefined && { address }),
    sizeBytes: word === undefined ? 0 : 1 << ((word >> 12) & 3),
    ...(to !== undefined && { to }),
    pmp: pmpRanges(hart),
    interrupted: false,
    toHarness: false,
    wroteTables: false,
    wroteCode: false,
  };
}
