/** How far a run is, in one line on a terminal that shows the guest's console and the story as well. */

import { canRewrite } from './abilities.ts';

const SHOW_EVERY_MS = 1000;
const NEWLINE = 0x0a;
const CLEAR = '\r\x1b[K';

export class StatusLine {
  private shown = false;
  /** When it last was the moment to say something, and when the guest last printed. */
  private lastMs: number;
  private printedMs: number;
  private lineBegun = false;

  constructor(
    /** Nothing is written unless it is a terminal. */
    private readonly out: { isTTY?: boolean; write(text: string): unknown },
    /** What there is to say after so many milliseconds; undefined for nothing. */
    private readonly text: (sinceMs: number) => string | undefined,
    private readonly now: () => number = () => performance.now(),
  ) {
    this.lastMs = now();
    this.printedMs = this.lastMs;
  }

  /** Says how far the run is, when nothing was to be seen for a while: never in the middle of a line of the guest's. */
  show(): void {
    const now = this.now();
    const sinceMs = now - this.lastMs;
    if (!canRewrite(this.out) || sinceMs < SHOW_EVERY_MS || now - this.printedMs < SHOW_EVERY_MS) return;
    this.lastMs = now;
    const text = this.text(sinceMs);
    if (text === undefined || this.lineBegun) return;
    this.out.write(`\r${text}\x1b[K`);
    this.shown = true;
  }

  /** Makes room for something else. */
  clear(): void {
    if (this.shown) this.out.write(CLEAR);
    this.shown = false;
  }

  /** Makes room for what the guest is about to print on the same terminal. */
  before(data: Uint8Array): void {
    this.clear();
    this.lineBegun = data.at(-1) !== NEWLINE;
    this.printedMs = this.now();
  }
}
