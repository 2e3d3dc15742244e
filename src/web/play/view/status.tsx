/** How far a run is, or why there is none. */
import { grouped, timeText } from '../../report/model/time.ts';
import type { RunTab } from './playground.ts';

/** A line, empty when there is nothing to say. */
export function Status({ tab }: { tab: RunTab }) {
  const { progress, isRunning, error } = tab;
  const failed = error.value;
  const at = progress.value;
  return (
    <div class="status">
      <p role="status">
        {isRunning.value &&
          (at ? `runs: ${grouped(at.steps)} steps, ${timeText(at.atNs)} of virtual time` : 'starts …')}
      </p>
      {failed && (
        <p role="alert" class="bad">
          ✗ {failed.isBug ? `This is a bug in vmft: ${failed.text}` : failed.text}
        </p>
      )}
    </div>
  );
}
