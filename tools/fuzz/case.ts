/** A case as plain data, and as the words that the harness reads. */
import { caseFields, caseWord } from './layout.ts';

/** The last instruction of a program, which also fills the memory after it. */
export const EBREAK = 0x0010_0073;

export interface Case {
  /** Seed and number reproduce the case. */
  seed: string;
  index: number;
  /**
   * Pieces of the program, each a list of 16-bit parcels, concatenated from `start` on, a multiple of 8 in the pages
   * for programs.
   */
  start: number;
  pieces: number[][];
  /** Registers `x1` to `x31`, `f0` to `f31`, and CSRs; what is not named is zero. */
  state: Record<string, bigint>;
  /** Words of the arena by address. */
  memory: Record<string, bigint>;
  /** Traps to machine mode after which it ends. */
  traps: number;
}

/** The words of the arena, with the program among them. */
function pokesOf({ start, pieces, memory }: Case): Map<number, bigint> {
  const pokes = new Map<number, bigint>();
  const parcels = pieces.flat();
  // The last word is padded with EBREAKs.
  while (parcels.length % 4 > 0) parcels.push(parcels.length % 2 > 0 ? EBREAK >>> 16 : EBREAK & 0xffff);
  for (let at = 0; at < parcels.length; at += 4) {
    const [low, high] = [
      parcels[at]! + parcels[at + 1]! * 0x1_0000,
      parcels[at + 2]! + parcels[at + 3]! * 0x1_0000,
    ];
    pokes.set(start + 2 * at, BigInt(low) | (BigInt(high) << 32n));
  }
  for (const [address, word] of Object.entries(memory)) pokes.set(Number(address), word);
  return pokes;
}

/** Encodes a case as words; returns their number. */
export function encodeCase(one: Case, words: BigUint64Array, at: number): number {
  const pokes = pokesOf(one);
  const { state } = one;
  caseFields.forEach((name, index) => {
    words[at + index] = state[name] ?? 0n;
  });
  words[at + caseWord.get('pokes')!] = BigInt(pokes.size);
  words[at + caseWord.get('traps')!] = BigInt(one.traps);
  words[at + caseWord.get('mepc')!] = BigInt(one.start);
  let end = at + caseFields.length;
  for (const [address, word] of pokes) {
    words[end++] = BigInt(address);
    words[end++] = word;
  }
  return end - at;
}
