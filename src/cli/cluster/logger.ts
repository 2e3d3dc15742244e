/** What the processes of a cluster print on stderr: a line for each thing that happened. */

import type { LogFormat } from './names.ts';

/** Prints lines in one of the formats. */
export class Logger {
  /** By group: its last line. */
  private readonly last = new Map<string, string>();

  constructor(
    private readonly process: string,
    private readonly format: LogFormat,
    private readonly out: { write(text: string): unknown },
  ) {}

  /** Prints what happened to a group, unless that is what its last line says: a joining replica asks again and again. */
  event(group: string, event: string, text: string): void {
    if (this.last.get(group) === text) return;
    this.last.set(group, text);
    this.line(`${group}: ${text}`, { group, event });
  }

  line(message: string, fields: Readonly<Record<string, string | number>> = {}): void {
    const time = new Date().toISOString();
    this.out.write(
      this.format === 'json'
        ? `${JSON.stringify({ time, process: this.process, message, ...fields })}\n`
        : `${time} ${this.process}: ${message}\n`,
    );
  }
}
