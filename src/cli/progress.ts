/** A progress line on a terminal. */
import { type Line, type Span, styled } from '../report/styled-text.ts';
import { canRewrite } from './terminal/abilities.ts';
import { painterFor } from './terminal/paint.ts';

const SHOW_EVERY_MS = 200;
const BAR_WIDTH = 24;

/** The progress now. */
export interface Status {
  done: number;
  details: Span[];
}

/** An output that discards everything. */
export const SILENT = { write: () => {} };

/** Shows the progress of work at most every {@link SHOW_EVERY_MS} ms. */
export class Progress {
  private readonly started = performance.now();
  private shown = 0;

  constructor(
    /** Written to only if it is a terminal. */
    private readonly out: { isTTY?: boolean; write(text: string): unknown },
    private readonly work: { total: number; unit: string },
    private readonly status: () => Status,
  ) {}

  show(): void {
    const now = performance.now();
    if (now - this.shown < SHOW_EVERY_MS) return;
    this.shown = now;
    this.say(painterFor(this.out)(this.line((now - this.started) / 1000)));
  }

  say(text: string): void {
    if (canRewrite(this.out)) this.out.write(`\r${text}\x1b[K`);
  }

  clear(): void {
    this.say('');
  }

  private line(seconds: number): Line {
    const { total, unit } = this.work;
    const { done, details } = this.status();
    const filled = Math.floor((done / total) * BAR_WIDTH);
    const rate = done / seconds;
    return [
      styled('good', '█'.repeat(filled)),
      styled('aside', '░'.repeat(BAR_WIDTH - filled)),
      ` ${done}/${total} ${unit}, ${rate.toFixed(1)}/s, ${clock((total - done) / rate)} left`,
      ...details.flatMap((detail) => [', ', detail]),
    ];
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
