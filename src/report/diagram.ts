/** A run as a sequence diagram in text: a lane each for hosts, shared storage and the edge; time runs downwards. */

import type { SimEvent } from '../sim/cluster/cluster.ts';
import { type HostId, STORAGE } from '../sim/faults/faults.ts';
import { Canvas, EDGE, type Row } from './diagram-canvas.ts';
import { DiagramRows } from './diagram-rows.ts';
import type { Line } from './styled-text.ts';

/** Number of rows drawn at the beginning and at the end of a long stretch of routine. */
const FIRST_ROWS = 6;
const LAST_ROWS = 6;
/** Maximum width: a wider diagram is no easier to read. */
const MAX_COLUMNS = 112;

/** Draws a run. `width`: target width in columns; many hosts need more. */
export function drawDiagram(
  events: readonly SimEvent[],
  hosts: readonly HostId[],
  width = MAX_COLUMNS,
): string[] {
  const canvas = new Canvas([...hosts, STORAGE, EDGE], width);
  const rows = fold(new DiagramRows(events, hosts).read());
  return [canvas.header(), ...rows.map((row) => canvas.draw(row)), canvas.header()];
}

/** Draws a run in the given number of columns, with a note where its hosts need more. */
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
    [`the diagram needs ${needed} columns, the terminal has ${columns}: widen it, or add \`| less -S\``],
  ];
}

/** Replaces the middle of long stretches of routine with a count. */
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
