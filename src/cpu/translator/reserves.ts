/**
 * Where translated code looks whether enough steps are left. That isn't at every block: at the start of a loop, or of a path from an
 * entry, all that the longest way to the next look can take is asked for at once.
 */
import type { Graph } from './structure.ts';

/** The nodes at which to look, and how many steps must be left there. No more than `most`, unless a node has more. */
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
      // Back to where a path has come from: the start of a loop.
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
