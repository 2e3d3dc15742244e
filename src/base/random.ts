import alea, { type Generator, type State } from 'seedrandom/lib/alea.js';

/** A seeded source of chance whose state can be saved. The same seed gives the same numbers, everywhere. */
export class Random {
  private readonly generator: Generator;

  constructor(seed: string, state?: State) {
    this.generator = alea(seed, { state: state ?? true });
  }

  /** An integer from 0 up to and without `end`. */
  below(end: number): number {
    return Math.floor(this.generator.double() * end);
  }

  /** True with the given probability. */
  chance(probability: number): boolean {
    return this.generator.double() < probability;
  }

  bytes(sizeBytes: number): Uint8Array {
    return Uint8Array.from({ length: sizeBytes }, () => this.generator.int32() & 0xff);
  }

  state(): State {
    return this.generator.state();
  }
}
