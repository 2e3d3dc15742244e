/** How and when the life of a host's process has ended, as far as its own evidence and that of the others says. */
import { beginOf, type Life } from './records.ts';
import type { Survey, Suspicion } from './survey.ts';

/** A process writes more often. One that was silent for so long before the end of the run was killed. */
const SILENT_NS = 3_000_000_000;

/** The end of a life. */
export interface End {
  atNs: number;
  how: 'killed' | 'closed' | 'unrecorded';
  why?: string;
}

/** When a file begins, and its last record was written. */
interface Span {
  beginNs: number;
  atNs: number;
}

/**
 * The end of a life. Undefined if it may go on: the evidence of a run that is under way ends somewhere, and so does that of
 * hosts that are killed together.
 */
export function endOf(
  life: Life,
  { beginNs, atNs }: Span,
  lives: readonly Life[],
  survey: Survey,
): End | undefined {
  const { file, hasNext } = life;
  const { end } = file;
  if (end === 'closed') return { atNs, how: 'closed' };
  if (typeof end === 'object')
    return { atNs, how: 'unrecorded', why: 'damaged' in end ? end.damaged : end.incomplete };
  // One that writes after it was suspected is alive.
  const suspicions = suspicionsOf(life, beginNs, lives, survey).filter((one) => one.atNs >= atNs);
  const lastUs = Math.max(...lives.map((one) => one.file.endUs));
  const isSilent = (lastUs - file.endUs) * 1000 > SILENT_NS;
  if (!hasNext && !isSilent && suspicions.length === 0) return undefined;
  // The first that suspects it: others may have been late with what had come long before.
  const [first] = suspicions.sort((a, b) => a.atNs - b.atNs);
  return { atNs: Math.max(atNs, first?.heardNs ?? 0), how: 'killed' };
}

/** The suspicions of a host that belong to one of its lives. */
function suspicionsOf(
  { node, file }: Life,
  beginNs: number,
  lives: readonly Life[],
  { suspicions }: Survey,
): Suspicion[] {
  const next = lives.find((one) => one.node === node && one.file.head.number > file.head.number);
  const nextNs = next ? (next.file.beginUs! - beginOf(lives)) * 1000 : Number.POSITIVE_INFINITY;
  const isOfLife = (ns: number) => ns > beginNs && ns < nextNs;
  return suspicions.filter(({ host, atNs, heardNs }) => host === node && isOfLife(heardNs ?? atNs));
}
