/**
 * Where translated code checks that enough steps are left before the limit. Not at every block: at the start of a loop,
 * or of a path from an entry, the steps of the longest path to the next check are reserved at once.
 */
import type { Graph } from './structure.ts';

/** The nodes with a check, and how many steps must be left there: at most `most`, unless a single node has more. */
export function reserves<Node>(
  { entries, successors }: Graph<Node>,
  stepsOf: (node: Node) => number,
  most: number,
): Map<Node, number> {
  const looks = new Set(entries);
  const longest = new Map<Node, number>();
  const open = new Set<Node>();
  const visit = (node: Node): void => {
    if (longest.has(node)) return;
    open.add(node);
    let steps = stepsOf(node);
    for (const to of successors.get(node)!) {
      // A back edge: the target starts a loop.
      if (open.has(to)) looks.add(to);
      else visit(to);
      if (looks.has(to)) continue;
      const whole = stepsOf(node) + longest.get(to)!;
      if (whole > most) looks.add(to);
      else steps = Math.max(steps, whole);
    }
    open.delete(node);
    longest.set(node, steps);
  };
  for (const entry of entries) visit(entry);
  return new Map([...looks].map((node) => [node, longest.get(node)!]));
}
