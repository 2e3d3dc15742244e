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
/**
 * The words that a trace shows when they change: registers and CSRs. The levels of interrupt lines are part
 * of `mip`.
 */
export const shownWords: readonly HartWord[] = hartWords.filter((word) => !hidden.has(word));

const at = (word: HartWord): number => offsetOf(word) / 4;

/** Where the words are that every step asks for: the index of their lower half. */
export const PLACE = {
  pc: at('pc'),
  x2: at('x2'),
  privilege: at('privilege'),
  mstatus: at('mstatus'),
  satp: at('satp'),
  minstretBias: at('minstretBias'),
} as const;

const MIP = at('mip');
const LINES = at('lines');
const shownAt = shownWords.map(at);
const trapsAt = (['privilege', 'mstatus', 'minstretBias', 'mepc', 'sepc'] as const).map(at);

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

  /** The lower half of the word at a {@link PLACE}, as a signed number. */
  low(place: number): number {
    return this.all[place]!;
  }

  /** The upper half. */
  high(place: number): number {
    return this.all[place + 1]!;
  }
}

/** A copy of all words at some moment. */
export class HartImage {
  private readonly halves = new Int32Array(HALVES);
  private readonly words = new BigUint64Array(this.halves.buffer);

  copy(from: Int32Array): void {
    this.halves.set(from);
  }

  /** As {@link copy}, only of what traps are told by. */
  copyForTraps(from: Int32Array): void {
    const { halves } = this;
    for (const place of trapsAt) {
      halves[place] = from[place]!;
      halves[place + 1] = from[place + 1]!;
    }
  }

  get(word: HartWord): bigint {
    return this.words[offsetOf(word) / 8]!;
  }

  /** The lower half of the word at a {@link PLACE}, as a signed number. */
  low(place: number): number {
    return this.halves[place]!;
  }

  /** Whether the word at a {@link PLACE} is another one now. */
  differs(place: number, now: Int32Array): boolean {
    return this.halves[place] !== now[place] || this.halves[place + 1] !== now[place + 1];
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
