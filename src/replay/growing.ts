/** A timeline along a recording that is still written, also across failovers. */
import type { LogReader } from './log-file.ts';
import type { Timeline } from './timeline.ts';

/** See the head of this file. It is asked to go on when the timeline is at the end of what it knows. */
export class GrowingRecording {
  private isFirst = true;

  /** @param changed is told the position after which the recording has become another one */
  constructor(
    private readonly recording: LogReader,
    private readonly timeline: Timeline,
    private readonly changed: (icount: number) => void = () => {},
  ) {}

  /**
   * Looks at the recording again, and lets the timeline know. `more`: there is more of it, or it is another one;
   * `waiting`: not yet; `over`: the recording is complete.
   */
  advance(): 'more' | 'waiting' | 'over' {
    const { recording, timeline } = this;
    const { isMore, changedAfter } = recording.readOn();
    const isNews = isMore || this.isFirst;
    this.isFirst = false;
    if (changedAfter) {
      const { icount, count: consumed } = changedAfter;
      timeline.truncated({ icount, consumed });
      this.changed(icount);
      return 'more';
    }
    if (!isNews) return recording.isComplete ? 'over' : 'waiting';
    timeline.resume();
    return timeline.next ? 'more' : recording.isComplete ? 'over' : 'waiting';
  }
}
