/** A slice's steps, below which its overhead distorts the time of one step. */
const MIN_STEPS = 1000;
/** The part by which the estimate grows with each slice that took longer. */
const GROWTH = 1 / 256;
/** Before the first measurement: 100 million steps a second. */
const FIRST_NS = 10;

/**
 * How long a step of the guest takes on this host. A slice is never faster than the machine, but any can be slower: the
 * process loses its core, or code is being translated. So the estimate follows a shorter time at once, and longer ones
 * slowly. An average would be wrong by orders of magnitude after a slice in which the process was preempted.
 */
export class StepTime {
  /** The estimate, in ns. */
  nsPerStep = FIRST_NS;

  /** A slice took `steps` steps in `ns`. */
  measured(steps: number, ns: number): void {
    if (steps < MIN_STEPS || ns <= 0) return;
    this.nsPerStep = Math.min(ns / steps, this.nsPerStep * (1 + GROWTH));
  }
}
