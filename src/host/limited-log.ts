/** Lines at a bounded rate: what strangers or a failing disk cause must not fill a disk. */

/** Takes a line for the operator. */
export type Log = (line: string) => void;

/** What a {@link LimitedLog} lets through by default. */
const LINES_PER_SECOND = 5;

/** Lets some lines pass in each second, and says how many others there were. */
export class LimitedLog {
  private passed = 0;
  private suppressed = 0;
  private second: NodeJS.Timeout | undefined;

  constructor(
    private readonly log: Log,
    private readonly linesPerSecond = LINES_PER_SECOND,
  ) {}

  line(text: string): void {
    this.second ??= setTimeout(() => this.endSecond(), 1000).unref();
    if (this.passed < this.linesPerSecond) {
      this.passed++;
      this.log(text);
    } else this.suppressed++;
  }

  /** Says how many lines are suppressed so far. */
  close(): void {
    clearTimeout(this.second);
    this.endSecond();
  }

  private endSecond(): void {
    this.second = undefined;
    if (this.suppressed > 0) this.log(`${this.suppressed} more lines like these, suppressed`);
    this.passed = 0;
    this.suppressed = 0;
  }
}

/** The same as a function. */
export function limitedLog(log: Log): Log {
  const limited = new LimitedLog(log);
  return (line) => limited.line(line);
}
