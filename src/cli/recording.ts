/** `vmft run --record`: what the run goes through, written as it goes. */
import { OperatingError } from '../base/errors.ts';
import { RecordingWriter, recordingOf } from '../replay/recorder.ts';
import type { Simulation } from '../sim/cluster.ts';
import type { OutputFile } from './files.ts';

/**
 * The recording of a run. A file is there from the beginning, and holds what happened up to the last {@link flush}; to a pipe or a
 * device all is written at the end, since a failover may take back what a primary went through last. A recording that can't be
 * written does not end the run.
 */
export class RunRecording {
  /** Why there is none, or no more of it than there is. */
  failure: string | undefined;
  private readonly writer: RecordingWriter | undefined;

  /** Begins the recording. @throws {OperatingError} when the file can't be written */
  constructor(
    readonly output: OutputFile,
    private readonly simulation: Simulation,
  ) {
    if (!output.isFile) return;
    const writer = new RecordingWriter(simulation.options.description, (head) => output.begin(head));
    this.writer = writer;
    simulation.observer.follow({
      append: (entry) => this.attempt(() => writer.append(entry)),
      continueAs: (history) => this.attempt(() => writer.continueAs(history)),
    });
    process.on('exit', () => this.flush());
  }

  /** Everything until now is in the file. */
  flush(): void {
    this.attempt(() => this.writer?.flush());
  }

  /** The run is over. */
  end(): void {
    const { machine, observer } = this.simulation;
    this.attempt(() => {
      if (this.writer) this.writer.end(machine);
      else this.output.write(recordingOf(machine, observer.history));
    });
  }

  private attempt(write: () => void): void {
    if (this.failure !== undefined) return;
    try {
      write();
    } catch (error) {
      if (!(error instanceof OperatingError)) throw error;
      this.failure = error.message;
    }
  }
}
