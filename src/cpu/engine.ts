/**
 * Which engine executes a machine's instructions. It is not part of the machine's state, and no log depends on it:
 * replicas with different engines stay in lockstep.
 */
import { type AnyHart, CheckedHart } from './checked-hart.ts';
import { type Bus, Hart } from './hart.ts';
import type { Heat } from './translator/translator.ts';

/** The engines, by name. */
export const engines = ['interpreter', 'translator', 'check'] as const;
/**
 * What executes instructions: the interpreter; the translator, which interprets cold code; or `check`: both in turn,
 * with their states compared.
 */
export type Engine = (typeof engines)[number];

/** How instructions are executed. */
export interface Execution {
  /** Default: the translator. */
  engine?: Engine | undefined;
  /** The thresholds for translation; by default those at which it pays. */
  heat?: Heat | undefined;
}

/** A hart that runs on the chosen engine. */
export function makeHart(
  ramSizeBytes: number,
  bus: Bus,
  { engine = 'translator', heat }: Execution = {},
): AnyHart {
  if (engine === 'check') return new CheckedHart(ramSizeBytes, bus, { heat });
  return new Hart(ramSizeBytes, bus, { translates: engine === 'translator', heat });
}
