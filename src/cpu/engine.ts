/**
 * Which engine executes the instructions of a machine. It is none of the machine's state, and no log depends on it: two sides that use
 * different ones stay in lockstep.
 */
import { type AnyHart, CheckedHart } from './checked-hart.ts';
import { type Bus, Hart } from './hart.ts';
import type { Heat } from './translator/translator.ts';

/** The interpreter; the translator, which interprets what isn't hot; or one after the other, with their states compared. */
export const engines = ['interpreter', 'translator', 'check'] as const;
export type Engine = (typeof engines)[number];

/** How instructions are executed. */
export interface Execution {
  /** By default the translator. */
  engine?: Engine | undefined;
  /** When code is hot; by default when it pays to translate it. */
  heat?: Heat | undefined;
}

/** A hart of the engine that was chosen for it. */
export function makeHart(
  ramSizeBytes: number,
  bus: Bus,
  { engine = 'translator', heat }: Execution = {},
): AnyHart {
  if (engine === 'check') return new CheckedHart(ramSizeBytes, bus, { heat });
  return new Hart(ramSizeBytes, bus, { translates: engine === 'translator', heat });
}
