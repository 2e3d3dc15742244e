/** Draws the rows of a sequence diagram: lanes, and arrows and notes between them. */
import type { NodeId } from '../sim/faults/faults.ts';

/** The lane of the edge: console and network clients. */
export const EDGE: NodeId = 'edge';

/** Arrowhead by outcome of a message: delivered; lost, dropped or refused; delivered much later. */
export type ArrowEnd = '▶' | '✗' | '…';

/** What a row shows beside its lanes. */
export type Mark =
  | { kind: 'arrow'; from: NodeId; to: NodeId; end: ArrowEnd; text: string }
  | { kind: 'note'; on: NodeId; sign: string; text: string }
  /** The link between two nodes fails, or is restored. */
  | { kind: 'wall'; from: NodeId; to: NodeId; end: '╳' | '╌'; text: string }
  /** Replaces omitted rows. */
  | { kind: 'fold'; text: string };

/** One row of the diagram. */
export interface Row {
  atNs: number;
  /** The character of each lane in this row. */
  lanes: string;
  /** May be folded in a stretch of its kind. */
  routine: boolean;
  /** The last log entry and output of the row, for the summary of folded rows. */
  entry?: number;
  output?: number;
  mark: Mark;
}

/** The lane of a host whose VM is live. */
export const LIVE_LANE = '┃';
/** The lane of a host without a live VM, of storage and of the edge. */
export const LANE = '│';
/** The lane of a paused host. */
export const PAUSED_LANE = '┊';
/** The lane of a host without power. */
export const DEAD_LANE = ' ';

/** The character where an arrow crosses a lane. */
const crossings: Record<string, string> = { [LANE]: '┼', [LIVE_LANE]: '╂', [PAUSED_LANE]: '┼' };

const TIME_WIDTH = 12;
/** The minimum distance between two lanes, in columns. */
const MIN_DISTANCE = 20;

/** Draws rows as lines of text. `names`: the lanes, from left to right. */
export class Canvas {
  private readonly distance: number;
  private lastTime = '';

  constructor(
    private readonly names: readonly NodeId[],
    private readonly width: number,
  ) {
    const room = width - TIME_WIDTH - names.at(-1)!.length;
    this.distance = Math.max(MIN_DISTANCE, Math.floor(room / (names.length - 1)));
  }

  header(): string {
    return `${'ms'.padStart(TIME_WIDTH - 3)}   ${this.names.map((name) => name.padEnd(this.distance)).join('')}`.trimEnd();
  }

  draw({ atNs, lanes, mark }: Row): string {
    const cells = Array.from({ length: this.x(this.names.length - 1) + 1 }, () => ' ');
    for (const [index, lane] of [...lanes].entries()) cells[this.x(index)] = lane;
    switch (mark.kind) {
      case 'arrow':
        this.arrow(cells, mark);
        break;
      case 'wall':
        this.wall(cells, mark);
        break;
      case 'note':
        this.note(cells, mark);
        break;
      case 'fold':
        write(cells, TIME_WIDTH + 2, mark.text);
    }
    return `${this.time(atNs, mark)}${cells.slice(TIME_WIDTH).join('')}`.trimEnd();
  }

  private time(atNs: number, { kind }: Mark): string {
    const time = (atNs / 1e6).toFixed(3);
    const shown = kind === 'fold' ? '⋮' : time === this.lastTime ? '' : time;
    if (kind !== 'fold') this.lastTime = time;
    return `${shown.padStart(TIME_WIDTH - 3)}   `;
  }

  private x(lane: number): number {
    return TIME_WIDTH + lane * this.distance;
  }

  private at(node: NodeId): number {
    return this.x(this.names.indexOf(node));
  }

  private arrow(cells: string[], { from, to, end, text }: Mark & { kind: 'arrow' }): void {
    const [start, goal] = [this.at(from), this.at(to)];
    this.line(cells, start, goal, '─', text);
    const rightwards = start < goal;
    const thick = cells[start] === LIVE_LANE;
    cells[start] = rightwards ? (thick ? '┠' : '├') : thick ? '┨' : '┤';
    cells[goal + (rightwards ? -1 : 1)] = end === '▶' && !rightwards ? '◀' : end;
  }

  private wall(cells: string[], { from, to, end, text }: Mark & { kind: 'wall' }): void {
    const [left, right] = [this.at(from), this.at(to)].sort((a, b) => a - b) as [number, number];
    this.line(cells, left, right, '╌', text);
    for (const x of [left + 1, right - 1]) cells[x] = end;
  }

  /** A line between two lanes across those in between, with a text at its start. */
  private line(cells: string[], start: number, goal: number, dash: string, text: string): void {
    const [left, right] = start < goal ? [start, goal] : [goal, start];
    for (let x = left + 1; x < right; x++) cells[x] = crossings[cells[x]!] ?? dash;
    const shown = shorten(text, right - left - 5);
    write(cells, start < goal ? left + 3 : right - 2 - shown.length, shown);
  }

  /** A text to the right of its lane if it fits, else to the left. */
  private note(cells: string[], { on, sign, text }: Mark & { kind: 'note' }): void {
    const x = this.at(on);
    cells[x] = sign;
    const fits = x + 2 + text.length <= Math.max(this.width, cells.length);
    if (fits || text.length + 2 > x - TIME_WIDTH) write(cells, x + 2, text);
    else write(cells, x - 1 - text.length, text);
  }
}

const shorten = (text: string, length: number): string =>
  text.length <= length ? text : `${text.slice(0, Math.max(0, length - 1))}…`;

/** Writes a text with a blank before and after it, over what is there. */
function write(cells: string[], at: number, text: string): void {
  for (const [index, character] of [...` ${text} `].entries()) cells[at - 1 + index] = character;
}
