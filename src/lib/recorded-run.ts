/** A recording and a machine that replays it. */
import { joined } from '../base/bytes.ts';
import { OperatingError } from '../base/errors.ts';
import type { Images } from '../replay/images.ts';
import { LogReader } from '../replay/log-file.ts';
import { Timeline } from '../replay/timeline.ts';
import { Divergence } from '../vmm/doors.ts';
import type { Entry } from '../vmm/entries.ts';
import type { Output } from '../vmm/outputs.ts';
import { MachineView } from './machine-view.ts';
import { executionOf } from './simulate.ts';
import type { LogEntry, Replay, ReplayOptions } from './types.ts';

type Printed = Output & { kind: 'console' };

/** What {@link replay} returns. */
export class RecordedRun implements Replay {
  readonly machine: MachineView;
  readonly end: number;
  readonly damage: string | undefined;
  private readonly reader: LogReader;
  private readonly timeline: Timeline;
  /** The console outputs from boot to the current position. */
  private printed: Printed[] = [];

  constructor(
    content: Uint8Array,
    private readonly name: string,
    { engine }: ReplayOptions,
    images?: Pick<Images, 'get'>,
  ) {
    this.reader = new LogReader(content, name, images);
    let end = 0;
    for (const { icount } of this.reader) end = icount;
    this.end = end;
    this.damage = this.reader.damage?.message;
    const made = (output: Output) => {
      if (output.kind === 'console') this.printed.push(output);
    };
    this.timeline = new Timeline(this.reader.description, this.reader, {
      made,
      execution: executionOf(engine),
    });
    this.machine = new MachineView(() => this.timeline.machine);
  }

  get program(): string {
    return this.reader.description.program;
  }

  get icount(): number {
    return this.timeline.icount;
  }

  get console(): Uint8Array {
    return joined(this.printed.map(({ data }) => data));
  }

  get consoleText(): string {
    return new TextDecoder().decode(this.console);
  }

  seek(icount: number): this {
    if (!Number.isSafeInteger(icount) || icount < 0)
      throw new OperatingError(`${icount} is no position: give a whole number of steps since boot`);
    // To go back, the machine is replayed from boot, and prints again.
    if (icount < this.icount) this.printed = [];
    try {
      this.timeline.seek(Math.min(icount, this.end), 'after');
    } catch (error) {
      if (!(error instanceof Divergence)) throw error;
      throw new OperatingError(
        `${this.name}: the replay diverges ${error.message}; it was recorded by another machine or another vmft`,
        { cause: error },
      );
    }
    return this;
  }

  step(steps = 1): this {
    return this.seek(Math.max(0, this.icount + steps));
  }

  run(): this {
    return this.seek(this.end);
  }

  *entries(): IterableIterator<LogEntry> {
    for (const entry of this.reader) yield logEntry(entry);
  }
}

/** An entry as the library presents it: of a checkpoint, only the changed state. */
function logEntry(entry: Entry): LogEntry {
  if (entry.kind !== 'checkpoint') return entry;
  const { icount, kind, delta } = entry;
  return { icount, kind, delta };
}
