/** The context for generating pieces of a program: the case so far, and instruction words. */
import { type FieldName, fields, insert } from '../../src/cpu/formats.ts';
import { instructions } from '../../src/cpu/instructions.ts';
import type { Chance } from '../testing/random-words.ts';
import type { MemoryPlan } from './memory-plan.ts';

export interface Context {
  chance: Chance;
  privilege: number;
  plan: MemoryPlan;
  state: Record<string, bigint>;
  memory: Record<string, bigint>;
  /** Registers that can still be given a value when the case starts. */
  free: number[];
}

export const parcels = (word: number): number[] => [word & 0xffff, (word >>> 16) & 0xffff];

/** An instruction word by mnemonic and fields. */
export function op(mnemonic: string, operands: { [F in FieldName]?: number } = {}): number {
  const { match } = instructions.find((row) => row.mnemonic === mnemonic)!;
  return Object.entries(operands).reduce(
    (word, [name, value]) => (word | insert(fields[name as FieldName], value)) >>> 0,
    match,
  );
}

/** A register that holds a value when the case starts, and probably still later. */
export function holding({ free, state }: Context, value: bigint): number {
  const register = free.pop();
  if (register === undefined) return 20;
  state[`x${register}`] = value;
  return register;
}
