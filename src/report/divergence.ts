/** Divergences as text. */
import { addressText, type Naming, UNNAMED } from '../symbols/naming.ts';
import type { Divergence } from '../vmm/doors.ts';

/** What a replay did that its log contradicts, and where the guest stands, if that is known. */
export const divergenceText = (
  { message, pc }: Pick<Divergence, 'message' | 'pc'>,
  naming: Naming = UNNAMED,
): string => (pc === undefined ? message : `${message}; the guest is at ${addressText(pc, naming)}`);

/** The error of a recording that this machine does not replay. @param path of the recording */
export const replayDivergesText = (path: string, divergence: Divergence, naming: Naming): string =>
  `${path}: the replay diverges ${divergenceText(divergence, naming)}; it was recorded by another machine or another vmft`;
