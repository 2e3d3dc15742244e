/** Copies of a hart's words, compared quickly: every step of a trace asks what it has changed. */
import type { AnyHart } from '../../cpu/checked-hart.ts';
import { type HartWord, hartWords, offsetOf } from '../../cpu/layout.ts';

/** The words of hart state as halves of 32 bits, the lower one first: reading a bigint would allocate one. */
const HALVES = 2 * hartWords.length;

/** The words that are no register of the guest, or say what the events of a trace say otherwise. */
const hidden: ReadonlySet<HartWord> = new Set([
  'pc',
  'icount',
  'privilege',
  'waiting',
  'reservation',
  'lines',
]);
/** The words that a trace shows when they change: registers and CSRs. The levels of interrupt lines are part of `mip`. */
export const shownWords: readonly HartWord[] = hartWords.filter((word) => !hidden.has(word));

const at = (word: HartWord): number => offsetOf(word) / 4;
const MIP = at('mip');
const LINES = at('lines');
const shownAt = shownWords.map(at);

/** The words of a hart in its own memory, read in halves. */
export class HartHalves {
  private halves!: Int32Array;
  private ram: Uint8Array | undefined;

  constructor(private readonly hart: AnyHart) {}

  /** All halves; valid until memory grows. */
  get all(): Int32Array {
    const { ram } = this.hart;
    // Not by their buffers, which would take longer than all the rest.
    if (ram !== this.ram) {
      this.ram = ram;
      this.halves = new Int32Array(ram.buffer, 0, HALVES);
    }
    return this.halves;
  }

  /** The lower half of a word, as a signed number. */
  low(word: HartWord): number {
    return this.all[at(word)]!;
  }

  /** The upper half. */
  high(word: HartWord): number {
    return this.all[at(word) + 1]!;
  }
}

/** A copy of all words at some moment. */
export class HartImage {
  private readonly halves = new Int32Array(HALVES);
  private readonly words = new BigUint64Array(this.halves.buffer);

  copy(from: Int32Array): void {
    this.halves.set(from);
  }

  get(word: HartWord): bigint {
    return this.words[offsetOf(word) / 8]!;
  }

  /** The lower half of a word, as a signed number. */
  low(word: HartWord): number {
    return this.halves[at(word)]!;
  }

  /** Whether a word is another one now. */
  differs(word: HartWord, now: Int32Array): boolean {
    const index = at(word);
    return this.halves[index] !== now[index] || this.halves[index + 1] !== now[index + 1];
  }

  /** The shown words that are others now, in their order. `mip` includes the levels of interrupt lines. */
  changes(now: Int32Array): HartWord[] {
    const { halves } = this;
    const changed: HartWord[] = [];
    for (let index = 0; index < shownAt.length; index++) {
      const place = shownAt[index]!;
      if (place === MIP) {
        if ((halves[MIP]! | halves[LINES]!) !== (now[MIP]! | now[LINES]!)) changed.push('mip');
      } else if (halves[place] !== now[place] || halves[place + 1] !== now[place + 1])
        changed.push(shownWords[index]!);
    }
    return changed;
  }
}
