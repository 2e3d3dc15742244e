/** Causes of traps in words: Privileged Architecture, table "Machine cause register values after trap". */
import { CAUSE, INTERRUPT } from '../../cpu/csrs.ts';

const interrupts: Record<number, string> = {
  [INTERRUPT.SSI]: 'supervisor software interrupt',
  [INTERRUPT.MSI]: 'machine software interrupt',
  [INTERRUPT.STI]: 'supervisor timer interrupt',
  [INTERRUPT.MTI]: 'machine timer interrupt',
  [INTERRUPT.SEI]: 'supervisor external interrupt',
  [INTERRUPT.MEI]: 'machine external interrupt',
};

const exceptions: Record<number, string> = {
  [CAUSE.instructionMisaligned]: 'instruction address misaligned',
  [CAUSE.instructionFault]: 'instruction access fault',
  [CAUSE.illegalInstruction]: 'illegal instruction',
  [CAUSE.breakpoint]: 'breakpoint',
  [CAUSE.loadMisaligned]: 'load address misaligned',
  [CAUSE.loadFault]: 'load access fault',
  [CAUSE.storeMisaligned]: 'store address misaligned',
  [CAUSE.storeFault]: 'store access fault',
  [CAUSE.ecallFromU]: 'environment call from U-mode',
  [CAUSE.ecallFromS]: 'environment call from S-mode',
  [CAUSE.ecallFromM]: 'environment call from M-mode',
  [CAUSE.instructionPageFault]: 'instruction page fault',
  [CAUSE.loadPageFault]: 'load page fault',
  [CAUSE.storePageFault]: 'store page fault',
};

/** A cause in words. @param code without the bit for interrupts */
export const causeText = (isInterrupt: boolean, code: number): string =>
  (isInterrupt ? interrupts : exceptions)[code] ?? `${isInterrupt ? 'interrupt' : 'exception'} ${code}`;
