import { after, lastOf, type Output } from '../vmm/outputs.ts';

interface Held {
  output: Output;
  /** The log entry that explains it. */
  entry: number;
}

/**
 * The output rule (the paper, section 2.2): an output waits here until the backup holds the entry that explains it. At the
 * backup the same gate keeps the outputs whose release is not known.
 */
export class OutputGate {
  private held: Held[] = [];

  get size(): number {
    return this.held.length;
  }

  hold(outputs: readonly Output[], entry: number): void {
    for (const output of outputs) this.held.push({ output, entry });
  }

  /** Takes out what entries up to `entry` explain. */
  open(entry = Number.POSITIVE_INFINITY): Output[] {
    const free = this.held.filter((held) => held.entry <= entry).map(({ output }) => output);
    this.held = this.held.slice(free.length);
    return free;
  }

  /** Forgets outputs up to a number: they are known to have left. */
  forget(number: number): void {
    this.held = this.held.flatMap(({ output, entry }) => {
      const rest = lastOf(output) <= number ? undefined : after(number, output);
      return rest ? [{ output: rest, entry }] : [];
    });
  }
}
