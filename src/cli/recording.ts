/** `--record`: writes the recording during the run. */
import { OperatingError } from '../base/errors.ts';
import type { Simulation } from '../sim/cluster/cluster.ts';
import { RunRecorder, wholeRecording } from '../sim/cluster/run-recorder.ts';
import type { TimedAction } from '../sim/spec/actions.ts';
import type { Origin } from '../sim/spec/origin.ts';
import type { OutputFile } from './files.ts';
import { imagesFor } from './open-recording.ts';

/**
 * The recording of a run. A file exists as soon as the boot images are kept, which takes a moment if they are large, and
 * is complete up to the last {@link flush}; a pipe or a device is written at the end, since a failover may discard the last entries of a primary. A recording that can't be
 * written does not end the run.
 */
export class RunRecording {
  /** Why writing failed; undefined if it did not. */
  failure: string | undefined;
  private readonly recorder: RunRecorder | undefined;
  /** What the user did, to be written at the end. */
  private readonly actions: TimedAction[] = [];

  /**
   * Begins the recording. `origin`: how the run is made.
   * @throws {OperatingError} when the file can't be written
   */
  constructor(
    readonly output: OutputFile,
    private readonly simulation: Simulation,
    private readonly origin: Origin,
  ) {
    if (!output.isFile) return;
    const begin = (first: Uint8Array) => output.begin(first);
    const attempt = (write: () => void) => this.attempt(write);
    this.recorder = new RunRecorder(simulation, origin, begin, attempt, imagesFor(output));
    process.on('exit', () => this.recorder?.complete());
  }

  /** Records what the user did. */
  note(performed: TimedAction): void {
    if (this.recorder) this.recorder.note(performed);
    else this.actions.push(performed);
  }

  /** Writes everything until now to the file, if there is one by now. */
  flush(): void {
    this.recorder?.flush();
  }

  /** Completes the recording when the run is over. */
  end(): void {
    const { recorder, output, simulation, origin, actions } = this;
    if (recorder) recorder.end();
    else this.attempt(() => output.write(wholeRecording(simulation, origin, actions)));
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
