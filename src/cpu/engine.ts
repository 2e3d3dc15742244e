/**
 * Which engine executes instructions. It is a choice of the process, not of a machine: no state and no log depends on it, and two
 * sides that use different ones stay in lockstep.
 */
import { type AnyHart, CheckedHart } from './checked-hart.ts';
import { type Bus, Hart } from './hart.ts';
import type { Heat } from './translator/translator.ts';

/** The interpreter; the translator, which interprets what isn't hot; or one after the other, with their states compared. */
export const engines = ['interpreter', 'translator', 'check'] as const;
export type Engine = (typeof engines)[number];

let chosen: Engine = 'translator';
let chosenHeat: Heat | undefined;

/** Chooses the engine of all harts that are made from now on, and when code is hot. */
export function useEngine(engine: Engine, heat?: Heat): void {
  chosen = engine;
  chosenHeat = heat;
}

export const engineInUse = (): Engine => chosen;

/** A hart of the engine that was chosen. */
export function makeHart(ramSizeBytes: number, bus: Bus): AnyHart {
  const heat = chosenHeat && { heat: chosenHeat };
  if (chosen === 'check') return new CheckedHart(ramSizeBytes, bus, heat);
  return new Hart(ramSizeBytes, bus, { translates: chosen === 'translator', ...heat });
}
