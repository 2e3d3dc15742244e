import alea, { type Generator, type State } from 'seedrandom/lib/alea.js';

/** A seeded pseudo-random generator whose state can be saved. Equal seeds give equal numbers on every host. */
export class Random {
  private readonly generator: Generator;

  constructor(seed: string, state?: State) {
    this.generator = alea(seed, { state: state ?? true });
  }

  /** A uniform integer in [0, `end`). */
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
