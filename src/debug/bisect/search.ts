/** The first difference of two executions, by comparing them at few moments. */
import { isSame, type Moment, type Sample, type Side } from './side.ts';

/** Two executions are equal at one moment and differ at the next one. */
export interface Found {
  /** The last moment at which they are equal; undefined when they differ from the beginning. */
  equal: Moment | undefined;
  /** The first moment after it. */
  different: Moment;
  /** The samples of both, at `different`. */
  a: Sample;
  b: Sample;
}

/** How the moments are chosen. In moments, of which a step has two. */
export interface SearchOptions {
  /** Where a difference is likely: the search begins there. Default: the beginning. */
  hint?: Moment;
  /** The first distance between two comparisons. It doubles from one to the next, up to `longest`. */
  first: number;
  longest: number;
  /** Called with each moment of the way. */
  onProgress?: (moment: Moment) => void;
}

/**
 * Finds a moment at which two executions are equal, and after which they differ. Executions that differ usually remain
 * different; a difference that vanishes again between two of the moments that are compared is not seen.
 * @param end the last moment that is compared
 * @returns undefined when they are equal wherever they were compared
 */
export async function search(
  a: Side,
  b: Side,
  end: Moment,
  { hint = 0, first, longest, onProgress = () => {} }: SearchOptions,
): Promise<Found | undefined> {
  const differ = async (moment: Moment): Promise<Found | undefined> => {
    onProgress(moment);
    // B may be another process, which runs while A does here.
    const asked = b.at(moment);
    const [one, other] = await Promise.all([a.at(moment), asked]);
    return isSame(one, other) ? undefined : { equal: undefined, different: moment, a: one, b: other };
  };
  let start = Math.min(hint, end);
  let found = await differ(start);
  if (found && start > 0) {
    // The hint is of no use.
    start = 0;
    found = await differ(start);
  }
  if (found) return found;
  let stride = first;
  for (let equal = start; equal < end; stride = Math.min(2 * stride, longest)) {
    for (const side of [a, b]) side.keep();
    const next = Math.min(end, equal + stride);
    found = await differ(next);
    if (found) return await halve(equal, found, differ, [a, b]);
    equal = next;
  }
  return undefined;
}

/** Narrows an interval, at whose start they are equal, and at whose end they differ. */
async function halve(
  start: Moment,
  end: Found,
  differ: (moment: Moment) => Promise<Found | undefined>,
  sides: readonly Side[],
): Promise<Found> {
  let [equal, found] = [start, end];
  while (found.different - equal > 1) {
    const middle = Math.floor((equal + found.different) / 2);
    const here = await differ(middle);
    if (here) found = here;
    else {
      equal = middle;
      for (const side of sides) side.keep();
    }
  }
  return { ...found, equal };
}
