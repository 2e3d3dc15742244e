/** A diagram that fits the terminal, if it can. */
import type { SimEvent } from '../sim/cluster.ts';
import type { HostId } from '../sim/faults/faults.ts';
import { drawDiagram } from '../sim/story/diagram.ts';

/** Wider than that it is no easier to read. */
const MAX_COLUMNS = 112;

/** Draws a run as wide as the stream is; says so where many hosts need more than that. */
export function fittedDiagram(
  events: readonly SimEvent[],
  hosts: readonly HostId[],
  { columns = MAX_COLUMNS }: { columns?: number },
): string[] {
  const lines = drawDiagram(events, hosts, Math.min(columns, MAX_COLUMNS));
  const needed = Math.max(...lines.map((line) => [...line].length));
  return needed > columns
    ? [
        ...lines,
        `the diagram needs ${needed} columns, and there are ${columns}: widen the terminal, or add \`| less -S\``,
      ]
    : lines;
}
