/** A run as a sequence diagram in text: a lane for each host, shared storage and the world; time runs downwards. */

import type { SimEvent } from '../sim/cluster.ts';
import { type HostId, STORAGE } from '../sim/faults/faults.ts';
import { Canvas, type Row, WORLD } from './diagram-canvas.ts';
import { DiagramRows } from './diagram-rows.ts';
import type { Line } from './styled-text.ts';

/** Of a long stretch of routine so many rows are drawn at its beginning, and at its end. */
const FIRST_ROWS = 6;
const LAST_ROWS = 6;
/** Wider than that it is no easier to read. */
const MAX_COLUMNS = 112;

/** Draws a run. `width`: columns of text to aim at; many hosts need more. */
export function drawDiagram(
  events: readonly SimEvent[],
  hosts: readonly HostId[],
  width = MAX_COLUMNS,
): string[] {
  const canvas = new Canvas([...hosts, STORAGE, WORLD], width);
  const rows = fold(new DiagramRows(events, hosts).read());
  return [canvas.header(), ...rows.map((row) => canvas.draw(row)), canvas.header()];
}

/** Draws a run as wide as there are columns; says so where many hosts need more than that. */
export function fittedDiagram(
  events: readonly SimEvent[],
  hosts: readonly HostId[],
  columns = MAX_COLUMNS,
): Line[] {
  const rows = drawDiagram(events, hosts, Math.min(columns, MAX_COLUMNS));
  const lines = rows.map((row) => [row]);
  const needed = Math.max(...rows.map((row) => [...row].length));
  if (needed <= columns) return lines;
  return [
    ...lines,
    [
      `the diagram needs ${needed} columns, and there are ${columns}: widen the terminal, or add \`| less -S\``,
    ],
  ];
}

/** Leaves out the middle of long stretches of routine, and says how much that was. */
function fold(rows: readonly Row[]): Row[] {
  const folded: Row[] = [];
  let stretch: Row[] = [];
  const endStretch = () => {
    const hidden = stretch.slice(FIRST_ROWS, -LAST_ROWS);
    if (hidden.length > 1)
      folded.push(...stretch.slice(0, FIRST_ROWS), foldOf(hidden), ...stretch.slice(-LAST_ROWS));
    else folded.push(...stretch);
    stretch = [];
  };
  for (const row of rows) {
    if (row.routine) {
      stretch.push(row);
      continue;
    }
    endStretch();
    folded.push(row);
  }
  endStretch();
  return folded;
}

function foldOf(hidden: readonly Row[]): Row {
  const span = (what: string, numbers: readonly number[]): string[] =>
    numbers.length > 0 ? [`${what} up to ${Math.max(...numbers)}`] : [];
  const about = [
    ...span(
      'entries',
      hidden.flatMap(({ entry }) => entry ?? []),
    ),
    ...span(
      'outputs',
      hidden.flatMap(({ output }) => output ?? []),
    ),
  ];
  const text = `… ${hidden.length} more like these${about.length > 0 ? `: ${about.join(', ')}` : ''}`;
  return { ...hidden.at(-1)!, mark: { kind: 'fold', text } };
}
