/** `vmft run --record`: writes the recording during the run. */
import { OperatingError } from '../base/errors.ts';
import { RecordingWriter, recordingOf } from '../replay/recorder.ts';
import type { Simulation } from '../sim/cluster/cluster.ts';
import type { OutputFile } from './files.ts';
import { imagesFor } from './open-recording.ts';

/**
 * The recording of a run. A file exists from the beginning, and is complete up to the last {@link flush}; a pipe or a
 * device is written at the end, since a failover may discard the last entries of a primary. A recording that can't be
 * written does not end the run.
 */
export class RunRecording {
  /** Why writing failed; undefined if it did not. */
  failure: string | undefined;
  private readonly writer: RecordingWriter | undefined;

  /** Begins the recording. @throws {OperatingError} when the file can't be written */
  constructor(
    readonly output: OutputFile,
    private readonly simulation: Simulation,
  ) {
    if (!output.isFile) return;
    const writer = new RecordingWriter(simulation.options.description, (head) => output.begin(head), {
      images: imagesFor(output),
    });
    this.writer = writer;
    simulation.observer.follow({
      append: (entry) => this.attempt(() => writer.append(entry)),
      continueAs: (history) => this.attempt(() => writer.continueAs(history)),
    });
    process.on('exit', () => this.flush());
  }

  /** Writes everything until now to the file. */
  flush(): void {
    this.attempt(() => this.writer?.flush());
  }

  /** Completes the recording when the run is over. */
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
