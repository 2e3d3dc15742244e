/** How far long work is, in one line on a terminal. */
import type { ChalkInstance } from 'chalk';
import { canRewrite, colourFor } from './terminal/abilities.ts';

const SHOW_EVERY_MS = 200;
const BAR_WIDTH = 24;

/** What there is to say now. */
export interface Status {
  done: number;
  details: string[];
}

/** Where nobody wants to know. */
export const SILENT = { write: () => {} };

export class Progress {
  private readonly started = performance.now();
  private shown = 0;

  constructor(
    /** Nothing is written unless it is a terminal. */
    private readonly out: { isTTY?: boolean; write(text: string): unknown },
    private readonly work: { total: number; unit: string },
    private readonly status: (colour: ChalkInstance) => Status,
  ) {}

  show(): void {
    const now = performance.now();
    if (now - this.shown < SHOW_EVERY_MS) return;
    this.shown = now;
    this.say(this.line((now - this.started) / 1000));
  }

  say(text: string): void {
    if (canRewrite(this.out)) this.out.write(`\r${text}\x1b[K`);
  }

  clear(): void {
    this.say('');
  }

  private line(seconds: number): string {
    const { total, unit } = this.work;
    const colour = colourFor(this.out);
    const { done, details } = this.status(colour);
    const filled = Math.floor((done / total) * BAR_WIDTH);
    const bar = colour.green('█'.repeat(filled)) + colour.dim('░'.repeat(BAR_WIDTH - filled));
    const rate = done / seconds;
    return [
      `${bar} ${done}/${total} ${unit}`,
      `${rate.toFixed(1)} a second`,
      `${clock((total - done) / rate)} left`,
      ...details,
    ].join(', ');
  }
}

/** `2:05` or `1:02:05`. */
function clock(seconds: number): string {
  const whole = Math.ceil(seconds);
  const two = (value: number) => String(value % 60).padStart(2, '0');
  const minutes = Math.floor(whole / 60);
  return minutes < 60
    ? `${minutes}:${two(whole)}`
    : `${Math.floor(minutes / 60)}:${two(minutes)}:${two(whole)}`;
}
