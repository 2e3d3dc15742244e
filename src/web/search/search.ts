/** Searches for a counterexample, for a page: in steps, with plain data about each, and the result as a story. */
import { OperatingError } from '../../base/errors.ts';
import { type Finding, measure, type ServedGuest } from '../../sim/campaign/campaign.ts';
import { mustBeDrawable } from '../../sim/campaign/draw.ts';
import { type Counterexample, searching } from '../../sim/campaign/search.ts';
import { campaignDefaults } from '../../sim/spec/spec.ts';
import type { Found, SearchProgress, SearchRequest } from './request.ts';

/**
 * Searches in steps of one run, and yields after each how far it is; returns the last. The same request gives the same.
 * @throws {OperatingError} for a guest that does not terminate by itself
 */
export function* search(
  { guest: name, seed, runs, unsafe }: SearchRequest,
  guest: ServedGuest,
): Generator<SearchProgress, SearchProgress, void> {
  const options = { unsafe };
  mustBeDrawable(options);
  const measured = measure(guest, seed);
  if (measured.outcome !== 'completed')
    throw new OperatingError(
      `${name} does not terminate within ${campaignDefaults.maxSteps} steps, even without faults; ` +
        'a search needs a program that does',
    );
  let state: SearchProgress = { runs: 0, violations: 0 };
  yield state;
  for (const { found, ...figures } of searching({ guest: measured, seed, runs, options })) {
    state = { ...figures, ...(found && { found: foundIn(name, guest, found) }) };
    yield state;
  }
  return state;
}

/** A counterexample for the page. */
function foundIn(name: string, guest: ServedGuest, { number, run, result, tried }: Counterexample): Found {
  const { findings } = result;
  const invariants = new Set(findings.map(({ invariant }) => invariant));
  return {
    ...{ number, findings, tried },
    story: {
      title: `${name} ${run.unsafe.length > 0 ? `without ${run.unsafe.join(', ')}` : ''}: run ${number}, shrunk`,
      guest: name,
      spec: run,
      memorySizeBytes: guest.description.memorySizeBytes,
      expectations: [...invariants].flatMap(expectationOf).map((text) => ({ text })),
    },
  };
}

/** What a story with this finding expects: its checkers find no exception of the simulator. */
function expectationOf(invariant: Finding['invariant']): string[] {
  if (invariant === 'exception') return [];
  return [invariant === 'divergence' ? 'expect outcome diverged' : `expect violation ${invariant}`];
}
