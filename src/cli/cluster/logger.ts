/** What the processes of a cluster print on stderr: a line for each thing that happened. */

import type { LogFormat } from './names.ts';

/** Prints lines in one of the formats. */
export class Logger {
  constructor(
    private readonly process: string,
    private readonly format: LogFormat,
    private readonly out: { write(text: string): unknown },
  ) {}

  line(message: string, fields: Readonly<Record<string, string | number>> = {}): void {
    const time = new Date().toISOString();
    this.out.write(
      this.format === 'json'
        ? `${JSON.stringify({ time, process: this.process, message, ...fields })}\n`
        : `${time} ${this.process}: ${message}\n`,
    );
  }
}
