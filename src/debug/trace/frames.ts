/** The Ethernet frames of a recorded guest. */
import { Timeline } from '../../replay/timeline.ts';
import { verifyMarker } from '../../vmm/vmm.ts';
import type { CapturedFrame } from './pcapng.ts';
import type { TraceSource } from './recorded-steps.ts';

/** Nanoseconds of a tick. */
const TICK_NS = 100n;
/** The steps between two turns. */
const TURN_STEPS = 2_000_000;

/**
 * Replays a recording and tells each frame when the guest sends it or it arrives, with the latest time that
 * the guest knows there; in parts: one at each turn. A frame that arrives when the guest has no buffer for it
 * is among them.
 * @param to the last position, in steps
 * @throws {Divergence} if the machine contradicts the recording
 */
export function* frames(
  { description, entries }: TraceSource,
  { from, to }: { from: number; to: number },
  tell: (frame: CapturedFrame) => void,
): Generator<void, void> {
  const boot = description.bootEpochNs / TICK_NS;
  let made = 0;
  const now = () => boot + BigInt(timeline.machine.lastKnownTicks);
  const isWanted = (icount: number) => icount >= from && icount <= to;
  // The position of the last input.
  let inputAt = -1;
  const timeline: Timeline = new Timeline(description, entries, {
    passed: (entry, machine) => {
      verifyMarker(entry, machine);
      inputAt = machine.icount;
      if (entry.kind === 'net' && isWanted(entry.icount))
        tell({ direction: 'in', atTicks: now(), frame: entry.frame });
    },
    made: (output) => {
      const { icount } = timeline;
      // The run has just ended, after the step or the input that made it.
      if (output.kind === 'frame' && isWanted(inputAt === icount ? icount : icount - 1))
        tell({ direction: 'out', atTicks: now(), frame: output.frame });
    },
  });
  // The run ends where an output is made, so that its time is known.
  const hasOutput = () => timeline.machine.outputsMade !== made;
  while (timeline.icount <= to) {
    const pause = timeline.run(Math.min(TURN_STEPS, to + 1 - timeline.icount), hasOutput);
    const isEnd = pause !== 'budget';
    const hasMade = hasOutput();
    made = timeline.machine.outputsMade;
    if (isEnd && !hasMade) return;
    if (!hasMade) yield;
  }
}
