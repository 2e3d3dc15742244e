/** A status line on a terminal that also shows the guest's console and the events. */

import { canRewrite } from './abilities.ts';
import { nowMs } from './now.ts';

const SHOW_EVERY_MS = 1000;
const NEWLINE = 0x0a;
const CLEAR = '\r\x1b[K';

/** Shows a status in the last line, and removes it before anything else is printed. */
export class StatusLine {
  private shown = false;
  /** Times of the last status, and of the guest's last output. */
  private lastMs: number;
  private printedMs: number;
  private lineBegun = false;

  constructor(
    /** Written to only if it is a terminal. */
    private readonly out: { isTTY?: boolean; write(text: string): unknown },
    /** The status, given the milliseconds since the last one; undefined for none. */
    private readonly text: (sinceMs: number) => string | undefined,
    private readonly now: () => number = nowMs,
  ) {
    this.lastMs = now();
    this.printedMs = this.lastMs;
  }

  /** Shows the status after a time without output, but never within a line of the guest. */
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

  /** Removes the status line. */
  clear(): void {
    if (this.shown) this.out.write(CLEAR);
    this.shown = false;
  }

  /** Removes the status line before the guest prints on the same terminal. */
  before(data: Uint8Array): void {
    this.clear();
    this.lineBegun = data.at(-1) !== NEWLINE;
    this.printedMs = this.now();
  }
}
