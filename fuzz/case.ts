/** A case as plain data, and as the words that the harness reads. */
import { caseFields } from './layout.ts';

/** What a program ends with, and what stands behind it. */
export const EBREAK = 0x0010_0073;

export interface Case {
  /** How to make it again. */
  seed: string;
  index: number;
  /** Pieces of the program, each 16-bit parcels that belong together; they stand at CODE, one after the other. */
  pieces: number[][];
  /** Registers `x1` to `x31`, `f0` to `f31`, and CSRs; what is not named is zero. */
  state: Record<string, bigint>;
  /** Words of the arena by address. */
  memory: Record<string, bigint>;
  /** Traps to machine mode after which it ends. */
  traps: number;
}

/** The words of the arena, with the program among them. */
export function pokesOf({ pieces, memory }: Case, code: number): Map<number, bigint> {
  const pokes = new Map<number, bigint>();
  const parcels = pieces.flat();
  // The last word is filled up with the end of programs.
  while (parcels.length % 4 > 0) parcels.push(parcels.length % 2 > 0 ? EBREAK >>> 16 : EBREAK & 0xffff);
  parcels.forEach((parcel, index) => {
    const address = code + 8 * (index >> 2);
    pokes.set(address, (pokes.get(address) ?? 0n) | (BigInt(parcel) << BigInt(16 * (index & 3))));
  });
  for (const [address, word] of Object.entries(memory)) pokes.set(Number(address), word);
  return pokes;
}

/** Puts a case into words; returns how many. */
export function encodeCase(one: Case, code: number, words: BigUint64Array, at: number): number {
  const pokes = pokesOf(one, code);
  const { state, traps } = one;
  caseFields.forEach((name, index) => {
    words[at + index] =
      name === 'pokes' ? BigInt(pokes.size) : name === 'traps' ? BigInt(traps) : (state[name] ?? 0n);
  });
  let end = at + caseFields.length;
  for (const [address, word] of pokes) {
    words[end++] = BigInt(address);
    words[end++] = word;
  }
  return end - at;
}
