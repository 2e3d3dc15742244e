/** Traps, seen by what they leave in the hart. Source: Privileged Architecture, "Trap-Related CSRs". */
import type { AnyHart } from '../../cpu/checked-hart.ts';
import { MSTATUS } from '../../cpu/csrs.ts';
import { type Mode, modeOf, type TrapEvent } from './events.ts';
import { type HartHalves, type HartImage, PLACE } from './hart-image.ts';
import type { Decoded } from './instruction.ts';

/** The bit of `mcause` and `scause` that says that it is an interrupt. */
const INTERRUPT_SHIFT = 63n;
const MIE = Number(MSTATUS.MIE);
const SIE = Number(MSTATUS.SIE);

const csrsOf = {
  M: { epc: 'mepc', cause: 'mcause', tval: 'mtval' },
  S: { epc: 'sepc', cause: 'scause', tval: 'stval' },
} as const;
type Handling = keyof typeof csrsOf;

/** A trap without its changes, as far as the CSRs of the mode that handles it tell. */
export function trapInto(
  hart: AnyHart,
  to: Handling,
  { icount, from, handler }: { icount: number; from: Mode; handler: bigint },
): TrapEvent {
  const { epc, cause, tval } = csrsOf[to];
  const value = hart.get(cause);
  return {
    kind: 'trap',
    icount,
    isInterrupt: value >> INTERRUPT_SHIFT === 1n,
    code: Number(BigInt.asUintN(63, value)),
    from,
    to,
    epc: hart.get(epc),
    tval: hart.get(tval),
    handler,
    changes: [],
  };
}

const isException = (hart: AnyHart, to: Handling, pc: bigint): boolean =>
  hart.get(csrsOf[to].epc) === pc && hart.get(csrsOf[to].cause) >> INTERRUPT_SHIFT === 0n;

/**
 * The mode that handles the exception in which the step at `pc` ended; undefined when it has retired.
 * @param before the hart before the step
 */
export function exceptionAt(
  hart: AnyHart,
  halves: HartHalves,
  before: HartImage,
  pc: bigint,
): Handling | undefined {
  // The step counts, but no instruction retires.
  if (((before.low(PLACE.minstretBias) - halves.low(PLACE.minstretBias)) | 0) !== 1) return undefined;
  const now = modeOf(halves.low(PLACE.privilege));
  if (now === 'M' && isException(hart, 'M', pc)) return 'M';
  return now !== 'U' && isException(hart, 'S', pc) ? 'S' : undefined;
}

/** An instruction that was executed, or attempted. */
export interface Attempt {
  icount: number;
  pc: bigint;
  decoded: Decoded | undefined;
}

/**
 * The traps since before a step, up to before the next instruction: an exception of the step, an interrupt
 * after it, both or none. Their changes are left out: they are mixed with those of the step.
 */
export function trapsSince(
  hart: AnyHart,
  halves: HartHalves,
  before: HartImage,
  { icount, pc, decoded }: Attempt,
): readonly TrapEvent[] {
  const now = modeOf(halves.low(PLACE.privilege));
  const from = modeOf(before.low(PLACE.privilege));
  const to = exceptionAt(hart, halves, before, pc);
  if (to === undefined) {
    if (now === 'U' || !isInterrupted(hart, halves, before, { pc, decoded })) return NONE;
    const mode = decoded?.returns ? modeOf(previousPrivilege(halves, now)) : from;
    return [trapInto(hart, now, { icount: icount + 1, from: mode, handler: hart.get('pc') })];
  }
  const handler = hart.get('pc');
  if (to === now) return [trapInto(hart, to, { icount, from, handler })];
  // Before the handler's first instruction an interrupt for M-mode was taken.
  const first = hart.get('mepc');
  return [
    trapInto(hart, 'S', { icount, from, handler: first }),
    trapInto(hart, 'M', { icount: icount + 1, from: 'S', handler }),
  ];
}

const NONE: readonly TrapEvent[] = [];

/** The mode that was left by the last trap: MPP or SPP. */
const previousPrivilege = (halves: HartHalves, handling: Handling): number =>
  handling === 'M' ? (halves.low(PLACE.mstatus) >> 11) & 3 : (halves.low(PLACE.mstatus) >> 8) & 1;

/** Whether an interrupt was taken after a step that retired. */
function isInterrupted(
  hart: AnyHart,
  halves: HartHalves,
  before: HartImage,
  { pc, decoded }: Omit<Attempt, 'icount'>,
): boolean {
  const now = halves.low(PLACE.privilege);
  const status = halves.low(PLACE.mstatus);
  if (now === before.low(PLACE.privilege)) {
    // In its own mode an interrupt is taken only when they are enabled, and disables them.
    const enable = modeOf(now) === 'M' ? MIE : SIE;
    if ((status & enable) !== 0) return false;
    if (!decoded?.changesMode && (before.low(PLACE.mstatus) & enable) === 0) return false;
  }
  if (modeOf(now) === 'U') return false;
  if (hart.get(csrsOf[modeOf(now) === 'M' ? 'M' : 'S'].cause) >> INTERRUPT_SHIFT === 0n) return false;
  if (!decoded?.changesMode) return true;
  // Such a step may itself have changed the mode or what is enabled: it has not changed where execution goes on.
  const { returns } = decoded;
  const next = returns ? before.get(returns) : BigInt.asUintN(64, pc + BigInt(decoded.sizeBytes));
  return hart.get('pc') !== next;
}
