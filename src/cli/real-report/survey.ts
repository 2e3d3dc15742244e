/**
 * What is known only when all evidence is read: the clocks of the processes, brought in line where they contradict each
 * other (nothing arrives before it has left), and who was suspected.
 */
import { LONGEST_NS, Messages } from './messages.ts';
import { type Clocks, type Life, recordsOf } from './records.ts';

/** The shortest way of a message from one process to another, by their clocks. */
interface Way {
  from: string;
  to: string;
  ns: number;
}

/** A host was suspected. */
export interface Suspicion {
  host: string;
  atNs: number;
  /** When the one that suspected it had heard of it for the last time; undefined if it had waited in vain. */
  heardNs: number | undefined;
}

/** See the head of this file. */
export interface Survey {
  clocks: Clocks;
  suspicions: readonly Suspicion[];
}

/** Reads all evidence once. */
export function surveyOf(lives: readonly Life[]): Survey {
  const ways = new Map<string, Way>();
  const found: (Suspicion & { by: string })[] = [];
  const messages = new Messages(({ from, to, departedNs, arrivedNs, isGuess }) => {
    if (isGuess) return;
    const key = `${from}\n${to}`;
    const ns = Math.min(arrivedNs - departedNs, ways.get(key)?.ns ?? Number.POSITIVE_INFINITY);
    ways.set(key, { from, to, ns });
  });
  for (const sighting of recordsOf(lives)) {
    messages.take(sighting);
    const { record, atNs, life } = sighting;
    if (record.kind !== 'suspected') continue;
    const heardNs = record.heard ? atNs - record.silentNs : undefined;
    found.push({ host: record.host, by: life.node, atNs, heardNs });
  }
  const clocks = inLine([...new Set(lives.map(({ node }) => node))], [...ways.values()]);
  const suspicions = found.map(({ host, by, atNs, heardNs }) => {
    const offsetNs = clocks.get(by) ?? 0;
    return { host, atNs: atNs + offsetNs, heardNs: heardNs === undefined ? undefined : heardNs + offsetNs };
  });
  return { clocks, suspicions };
}

/** More time than any message needs: as slack, it is not reached. */
const MAX_SLACK_NS = 1_000_000;

/**
 * What is to be added to the clock of each process: nothing if no message arrives before it has left. Otherwise what lets
 * the fastest messages take the longest time, which for two processes is the middle of what is possible.
 */
function inLine(nodes: readonly string[], ways: readonly Way[]): Clocks {
  if (ways.every(({ ns }) => ns >= 0)) return new Map();
  let best: Map<string, number> | undefined;
  // Less than 0 if clocks were set, or run apart.
  let [least, most] = [-LONGEST_NS, MAX_SLACK_NS];
  while (most - least > 1) {
    const slackNs = Math.floor((least + most) / 2);
    const found = offsets(nodes, ways, slackNs);
    if (found) [best, least] = [found, slackNs];
    else most = slackNs;
  }
  if (!best) return new Map();
  const firstNs = best.get(nodes[0]!)!;
  return new Map([...best].map(([node, ns]) => [node, ns - firstNs]));
}

/** Offsets with which each message takes `slackNs` or longer (Bellman and Ford); undefined if there are none. */
function offsets(
  nodes: readonly string[],
  ways: readonly Way[],
  slackNs: number,
): Map<string, number> | undefined {
  const all = new Map(nodes.map((node) => [node, 0]));
  for (let round = 0; round <= nodes.length; round++) {
    let isDone = true;
    for (const { from, to, ns } of ways) {
      const latestNs = all.get(to)! + ns - slackNs;
      if (all.get(from)! <= latestNs) continue;
      all.set(from, latestNs);
      isDone = false;
    }
    if (isDone) return all;
  }
  return undefined;
}
