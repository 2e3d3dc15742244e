/** Shrinks a failing case while it still fails. */
import type { Case } from './case.ts';
import type { Comparison } from './compare.ts';

const ROUNDS_MAX = 30;

/** A simplification of a case. All are independent. */
type Change = (one: Case) => Case;

const without = <T>(from: Record<string, T>, name: string): Record<string, T> =>
  Object.fromEntries(Object.entries(from).filter(([key]) => key !== name));

const nop = (piece: readonly number[]): number[] => piece.map((_, at) => [0x0013, 0x0000][at % 2]!);

/** State that every case needs. */
const kept = /^(pmpcfg2|pmpaddr15)$/;

/** Every piece but the last, which is the end. */
const removals = ({ pieces }: Case): Change[] =>
  pieces
    .slice(0, -1)
    .flatMap((piece, index) =>
      piece.length === 0 ? [] : [(one: Case) => ({ ...one, pieces: one.pieces.with(index, []) })],
    );

/** Replaces a piece by NOPs, for when removing it would move the following ones. */
const blanks = ({ pieces }: Case): Change[] =>
  pieces
    .slice(0, -1)
    .flatMap((piece, index) =>
      piece.length % 2 > 0 || piece.length === 0 || String(piece) === String(nop(piece))
        ? []
        : [(one: Case) => ({ ...one, pieces: one.pieces.with(index, nop(piece)) })],
    );

const zeros = ({ state, memory, traps }: Case): Change[] => [
  ...Object.keys(state)
    .filter((name) => !kept.test(name))
    .map((name) => (one: Case) => ({ ...one, state: without(one.state, name) })),
  ...Object.keys(memory).map((address) => (one: Case) => ({ ...one, memory: without(one.memory, address) })),
  ...(traps > 1 ? [(one: Case) => ({ ...one, traps: 1 })] : []),
];

const applied = (changes: readonly Change[], one: Case): Case =>
  changes.reduce((all, change) => change(all), one);

/** All, halves, quarters and so on. */
function groups<T>(all: readonly T[]): T[][] {
  const result: T[][] = [];
  for (let size = all.length; size >= 1; size = size === 1 ? 0 : (size + 1) >> 1)
    for (let from = 0; from < all.length; from += size) result.push(all.slice(from, from + size));
  return result;
}

export async function shrink(comparison: Comparison, failing: Case): Promise<Case> {
  let smallest = failing;
  /** The sets of changes after which the case still fails. */
  const harmless = async (sets: readonly Change[][]): Promise<Change[][]> => {
    const candidates = new Map(sets.map((set) => [applied(set, smallest), set]));
    const judged = await comparison.all(candidates.keys());
    return judged.filter(({ verdict }) => verdict.is === 'different').map(({ one }) => candidates.get(one)!);
  };
  let rounds = 0;
  for (const changesOf of [removals, zeros, removals, blanks, zeros])
    for (; rounds < ROUNDS_MAX; rounds++) {
      const single = await harmless(changesOf(smallest).map((change) => [change]));
      if (single.length === 0) break;
      const together = await harmless(groups(single.flat()));
      const [largest] = [...together, ...single].toSorted((a, b) => b.length - a.length);
      smallest = applied(largest!, smallest);
    }
  return { ...smallest, pieces: smallest.pieces.filter(({ length }) => length > 0) };
}
