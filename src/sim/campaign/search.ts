/** Searches for a counterexample: the runs of a campaign in their order, then simpler ones of the first that fails. */
import type { Guest } from '../cluster/cluster.ts';
import type { RunSpec } from '../spec/spec.ts';
import { execute, type RunResult } from './campaign.ts';
import { type Campaign, runsOf, sizeOf } from './draw.ts';
import { shrinking } from './shrink.ts';

/** A run that violates an invariant. */
export interface Counterexample {
  /** The number of the run that found it. */
  number: number;
  /** The simplest run with the same violation. */
  run: RunSpec;
  result: RunResult;
  /** The number of runs made to shrink it. */
  tried: number;
}

/** How far a search is. */
export interface SearchState {
  /** Judged runs, without those that shrink. */
  runs: number;
  violations: number;
  /** The simplest run so far; at first the one that was found. */
  found?: Counterexample;
}

/**
 * Executes the runs up to the first violation, and shrinks that one: what `vmft chaos` finds. In steps of one run, after
 * each of which the state is yielded; returns the last one.
 */
export function* searching(campaign: Campaign): Generator<SearchState, SearchState, void> {
  const { guest } = campaign;
  const runOf = runsOf(campaign);
  let state: SearchState = { runs: 0, violations: 0 };
  for (let number = 0; number < sizeOf(campaign); number++) {
    const run = runOf(number);
    const result = execute(guest, run);
    state = { runs: number + 1, violations: 0 };
    if (result.ending === 'violated') {
      const found = { number, run, result, tried: 0 };
      state = { ...state, violations: 1, found };
      yield state;
      for (const simpler of smallest(guest, found)) {
        state = { ...state, found: simpler };
        yield state;
      }
      break;
    }
    yield state;
  }
  return state;
}

/** Shrinks a counterexample, in steps of one run; yields the simplest so far after each, and so the minimal one last. */
export function* smallest(guest: Guest, whole: Counterexample): Generator<Counterexample, void, void> {
  const { ending, findings } = whole.result;
  const candidates = shrinking(whole.run);
  let found = whole;
  for (let next = candidates.next(); !next.done; ) {
    const run = next.value;
    const result = execute(guest, run);
    const isSame =
      result.ending === ending &&
      result.findings.some(({ invariant }) => invariant === findings[0]?.invariant);
    found = { ...found, ...(isSame && { run, result }), tried: found.tried + 1 };
    yield found;
    next = candidates.next(isSame);
  }
}
