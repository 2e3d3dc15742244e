/** Causes of traps in words: Privileged Architecture, table "Machine cause register values after trap". */
import { exceptionNames, INTERRUPT } from '../../cpu/csrs.ts';

const interrupts: Record<number, string> = {
  [INTERRUPT.SSI]: 'supervisor software interrupt',
  [INTERRUPT.MSI]: 'machine software interrupt',
  [INTERRUPT.STI]: 'supervisor timer interrupt',
  [INTERRUPT.MTI]: 'machine timer interrupt',
  [INTERRUPT.SEI]: 'supervisor external interrupt',
  [INTERRUPT.MEI]: 'machine external interrupt',
};

/** A cause in words. @param code without the bit for interrupts */
export const causeText = (isInterrupt: boolean, code: number): string =>
  (isInterrupt ? interrupts : exceptionNames)[code] ?? `${isInterrupt ? 'interrupt' : 'exception'} ${code}`;
