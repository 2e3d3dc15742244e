/** Which steps a trace shows. */
import type { MemoryAccess, Mode, StepEvent } from './events.ts';
import type { Decoded, InstructionKind } from './instruction.ts';

/** Virtual addresses, from the first to the last one. */
export interface AddressRange {
  first: bigint;
  last: bigint;
}

/** What steps must be to be shown: each member that is given must hold. Of a list one must. */
export interface StepFilter {
  /** Where the instruction is. */
  pc?: readonly AddressRange[] | undefined;
  /** Addresses of which it accesses one. */
  memory?: readonly AddressRange[] | undefined;
  modes?: readonly Mode[] | undefined;
  kinds?: readonly InstructionKind[] | undefined;
}

/** Whether a filter shows all steps. */
export const isEmpty = ({ pc, memory, modes, kinds }: StepFilter): boolean =>
  [pc, memory, modes, kinds].every((part) => part === undefined);

/** Whether an address is in one of the ranges. */
export const inRanges = (ranges: readonly AddressRange[], address: bigint): boolean =>
  ranges.some(({ first, last }) => address >= first && address <= last);

/** Whether a filter lets an instruction pass before it is executed: all but what it accesses. */
export function mayShow(
  { pc, modes, kinds }: StepFilter,
  at: bigint,
  mode: Mode,
  decoded: () => Decoded | undefined,
): boolean {
  if (pc && !inRanges(pc, at)) return false;
  if (modes && !modes.includes(mode)) return false;
  return !kinds || (decoded()?.kinds.some((kind) => kinds.includes(kind)) ?? false);
}

const touches = (ranges: readonly AddressRange[], { address, sizeBytes }: MemoryAccess): boolean =>
  ranges.some(({ first, last }) => address <= last && address + BigInt(sizeBytes - 1) >= first);

/** Whether a filter shows a step. */
export function shows(filter: StepFilter, { pc, mode, decoded, accesses }: StepEvent): boolean {
  const { memory } = filter;
  return (
    mayShow(filter, pc, mode, () => decoded) &&
    (!memory || accesses.some((access) => touches(memory, access)))
  );
}
