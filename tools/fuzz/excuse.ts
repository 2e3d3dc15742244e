/**
 * Checks explanations: the instruction that a rule names is removed, and the case runs again. If both machines agree
 * then, the explanation is confirmed; if not, another instruction is removed, or no rule explains the difference.
 */
import type { Case } from './case.ts';
import type { Comparison, Judged } from './compare.ts';
import type { Step } from './trace.ts';

const C_NOP = 0x0001;
/** The most instructions that are removed from a case. */
const ROUNDS_MAX = 12;

/** The index of the piece of a step's instruction; -1 when it is not part of the program. */
function pieceOf({ start, pieces }: Case, { at }: Step): number {
  if (at === undefined) return -1;
  let next = start;
  const ends = pieces.slice(0, -1).map((piece) => {
    next += 2 * piece.length;
    return next;
  });
  return at < BigInt(start) ? -1 : ends.findIndex((end) => at < BigInt(end));
}

/** The case with a piece replaced by NOPs; undefined when that changes nothing. */
function without(one: Case, index: number): Case | undefined {
  const piece = one.pieces[index];
  if (!piece || piece.every((parcel) => parcel === C_NOP)) return undefined;
  return {
    ...one,
    pieces: one.pieces.with(
      index,
      piece.map(() => C_NOP),
    ),
  };
}

export interface Excused {
  judged: Judged;
  /** The check of the explanation: the rest is equal, not comparable, or the instruction cannot be removed. */
  rest?: 'same' | 'useless' | 'stays';
}

/**
 * @param judged explained cases
 * @returns the same number of cases: explained by the instruction without which both machines agree, or different
 */
export async function excuse(comparison: Comparison, judged: readonly Judged[]): Promise<Excused[]> {
  const done: Excused[] = [];
  let open = [...judged];
  for (let round = 0; open.length > 0 && round < ROUNDS_MAX; round++) {
    const shorter = new Map<Case, Judged>();
    for (const before of open) {
      const { one, verdict } = before;
      const next = verdict.is === 'explained' ? without(one, pieceOf(one, verdict.step)) : undefined;
      if (next) shorter.set(next, before);
      else done.push({ judged: before, rest: 'stays' });
    }
    open = [];
    for (const after of await comparison.all(shorter.keys())) {
      const { is } = after.verdict;
      if (is === 'explained') open.push(after);
      else if (is === 'different') done.push({ judged: after });
      else done.push({ judged: shorter.get(after.one)!, rest: is });
    }
  }
  return [...done, ...open.map((one): Excused => ({ judged: one, rest: 'stays' }))];
}
