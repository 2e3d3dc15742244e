/** Records a simulated run so that it can be made again: the history of the live machine, and what the user does. */
import { encode } from '../../base/codec.ts';
import type { Images } from '../../replay/images.ts';
import type { RecordingFile } from '../../replay/recorder.ts';
import { RecordingWriter, recordingOf } from '../../replay/recorder.ts';
import type { TimedAction } from '../spec/actions.ts';
import { MARK_NS, noteCodec, type Origin, originCodec } from '../spec/origin.ts';
import type { Simulation } from './cluster.ts';

/** What was recorded so far has happened by now. */
const markNow = ({ nowNs }: Simulation): Uint8Array =>
  encode(noteCodec, { atNs: Math.ceil(nowNs), action: undefined });

/** Writes the recording during the run; its user passes on the actions ({@link SimulationOptions.onAction}). */
export class RunRecorder {
  private readonly writer: RecordingWriter;
  /** When the last mark was made. */
  private markedNs = 0;

  /**
   * @param begin creates the file with what is written first
   * @param attempt performs what writes to the file during the run
   * @param images where large boot images go; by default the recording has them
   */
  constructor(
    private readonly simulation: Simulation,
    origin: Origin,
    begin: (first: Uint8Array) => RecordingFile,
    private readonly attempt: (write: () => void) => void = (write) => write(),
    images?: Pick<Images, 'put'>,
  ) {
    const writer = new RecordingWriter(simulation.options.description, begin, {
      origin: encode(originCodec, origin),
      images,
    });
    this.writer = writer;
    simulation.observer.follow({
      append: (entry) =>
        attempt(() => {
          if (simulation.nowNs >= this.markedNs + MARK_NS) this.mark();
          writer.append(entry);
        }),
      continueAs: (history) =>
        attempt(() => {
          writer.continueAs(history);
          if (simulation.nowNs > 0) this.mark();
        }),
    });
  }

  /** Records what the user did. */
  note({ atNs, action }: TimedAction): void {
    this.attempt(() => this.writer.note(encode(noteCodec, { atNs, action })));
  }

  /** Writes everything until now to the file, if the boot images are kept by now. */
  flush(): void {
    this.attempt(() => this.writer.flush());
  }

  /** Writes everything until now to the file; waits for the boot images. */
  complete(): void {
    this.attempt(() => this.writer.complete());
  }

  /** Completes the recording when the run is over. */
  end(): void {
    this.attempt(() => {
      this.mark();
      this.writer.end(this.simulation.machine);
    });
  }

  private mark(): void {
    this.writer.mark(markNow(this.simulation));
    this.markedNs = this.simulation.nowNs;
  }
}

/** The complete recording of a run that is over, piece by piece. `actions`: what the user did. */
export const wholeRecording = (
  simulation: Simulation,
  origin: Origin,
  actions: readonly TimedAction[],
): Iterable<Uint8Array> =>
  recordingOf(simulation.machine, simulation.observer.history, {
    origin: encode(originCodec, origin),
    notes: actions.map(({ atNs, action }) => encode(noteCodec, { atNs, action })),
    last: markNow(simulation),
  });
