/**
 * Checks explanations: the instruction that a rule blames is taken out, and the case runs again. If both machines agree then, it was
 * that one; if not, it is another instruction's turn, or there is something that no rule explains.
 */
import type { Case } from './case.ts';
import type { Comparison, Judged } from './compare.ts';
import type { Step } from './trace.ts';

const C_NOP = 0x0001;
/** Instructions that are taken out of a case, one after the other. */
const ROUNDS_MAX = 12;

/** The piece that a step's instruction belongs to; -1 when it is not one of the program's own. */
function pieceOf({ start, pieces }: Case, { at }: Step): number {
  if (at === undefined) return -1;
  let next = start;
  const ends = pieces.slice(0, -1).map((piece) => {
    next += 2 * piece.length;
    return next;
  });
  return at < BigInt(start) ? -1 : ends.findIndex((end) => at < BigInt(end));
}

/** The case with instructions that do nothing in place of a piece; undefined when that changes nothing. */
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
  /** How an explanation was found to be: the rest is the same on both, cannot be compared, or the instruction stays. */
  rest?: 'same' | 'useless' | 'stays';
}

/**
 * @param judged cases that are explained
 * @returns as many: explained by the instruction without which both machines agree, or different with nothing to explain it
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
