import { assert } from '../base/assert.ts';
import { array, type RecordCodec, record, u8, u32 } from '../base/codec.ts';
import type { Device } from './device.ts';
import { low32 } from './words.ts';

/** Register offsets (PLIC specification, chapter "Memory Map"). */
export const PLIC = {
  priority: 0x000000,
  pending: 0x001000,
  enable: 0x002000,
  enableStride: 0x80,
  context: 0x200000,
  contextStride: 0x1000,
  threshold: 0,
  claim: 4,
} as const;

/** The number of interrupt sources, including source 0, which does not exist. */
const SOURCES = 96;
const WORDS = SOURCES / 32;
/** Priorities and thresholds have three bits. */
const PRIORITY_MASK = 7;

/** One bit per source, in words of 32. */
type Bits = number[];
const bits = array(u32, WORDS);
const none = (): Bits => Array<number>(WORDS).fill(0);
const has = (set: Bits, source: number): boolean => ((set[source >>> 5]! >>> (source & 31)) & 1) !== 0;
const put = (set: Bits, source: number, on: boolean): void => {
  const word = source >>> 5;
  const bit = 1 << (source & 31);
  set[word] = (on ? set[word]! | bit : set[word]! & ~bit) >>> 0;
};

interface Context {
  enable: Bits;
  threshold: number;
}

/** The state of the {@link Plic}. */
export interface PlicState {
  priority: number[];
  /** Requested and not claimed yet. */
  pending: Bits;
  /** Claimed and not yet completed: a further request waits until then. */
  claimed: Bits;
  contexts: Context[];
}

/**
 * The platform-level interrupt controller (RISC-V Platform-Level Interrupt Controller Specification 1.0.0) with the
 * sources and priorities of QEMU's `virt` machine. Accesses of 4 bytes only; registers of what does not exist read as
 * zero. A claim is not affected by the threshold (section 8).
 *
 * Each time a device drives its line high, the source becomes pending, and it stays so until it is claimed, whatever
 * the line does. A source that is being served can be requested once more: it is served again after its completion. As
 * in QEMU, the completion does not sample the line: a driver that leaves its device's line high is not interrupted
 * again for it.
 */
export class Plic implements Device<PlicState> {
  readonly name = 'plic';
  readonly schema: RecordCodec<PlicState>;
  state: PlicState;

  /** Context 0 is machine mode of hart 0, context 1 its supervisor mode. */
  constructor(contexts = 2) {
    this.schema = record<PlicState>({
      priority: array(u8, SOURCES),
      pending: bits,
      claimed: bits,
      contexts: array(record<Context>({ enable: bits, threshold: u8 }), contexts),
    });
    this.state = {
      priority: Array<number>(SOURCES).fill(0),
      pending: none(),
      claimed: none(),
      contexts: Array.from({ length: contexts }, () => ({ enable: none(), threshold: 0 })),
    };
  }

  /** A device drives the line of a source high, newly or again. */
  request(source: number): void {
    assert(source > 0 && source < SOURCES, () => `no interrupt source ${source}`);
    put(this.state.pending, source, true);
  }

  /** Whether the interrupt line to a context is high. */
  interrupt(context: number): boolean {
    const target = this.state.contexts[context];
    assert(target !== undefined, () => `no interrupt context ${context}`);
    const source = this.best(target);
    return source !== 0 && this.state.priority[source]! > target.threshold;
  }

  /**
   * The source with the highest priority above 0 that is pending, enabled and not being served; the lowest number among
   * equals; 0 for none.
   */
  private best(target: Context): number {
    const { pending, claimed, priority } = this.state;
    let best = 0;
    for (let word = 0; word < WORDS; word++) {
      let rest = pending[word]! & ~claimed[word]! & target.enable[word]!;
      while (rest !== 0) {
        const source = word * 32 + 31 - Math.clz32(rest & -rest);
        if (priority[source]! > priority[best]!) best = source;
        rest &= rest - 1;
      }
    }
    return best;
  }

  private claim(target: Context): number {
    const source = this.best(target);
    if (source !== 0) {
      put(this.state.pending, source, false);
      put(this.state.claimed, source, true);
    }
    return source;
  }

  /** A completion by a context for which the source isn't enabled is ignored (section 9). */
  private complete(target: Context, source: number): void {
    if (source >= SOURCES || !has(target.enable, source)) return;
    put(this.state.claimed, source, false);
  }

  read(offset: number, sizeBytes: number): bigint | undefined {
    return sizeBytes === 4 ? BigInt(this.register(offset)) : undefined;
  }

  private register(offset: number): number {
    const { state } = this;
    if (offset < PLIC.pending) return state.priority[offset / 4] ?? 0;
    if (offset < PLIC.enable) return state.pending[(offset - PLIC.pending) / 4] ?? 0;
    if (offset < PLIC.context) {
      const at = enableAt(offset);
      return state.contexts[at.context]?.enable[at.word] ?? 0;
    }
    const at = contextAt(offset);
    const target = state.contexts[at.context];
    if (target === undefined) return 0;
    if (at.register === PLIC.threshold) return target.threshold;
    return at.register === PLIC.claim ? this.claim(target) : 0;
  }

  write(offset: number, sizeBytes: number, value: bigint): boolean {
    if (sizeBytes !== 4) return false;
    const word = low32(value);
    if (offset < PLIC.pending) this.writePriority(offset / 4, word);
    else if (offset >= PLIC.context) this.writeContext(offset, word);
    else if (offset >= PLIC.enable) this.writeEnable(offset, word);
    return true;
  }

  private writePriority(source: number, value: number): void {
    // Source 0 keeps priority 0: in `best` it means "none".
    if (source > 0 && source < SOURCES) this.state.priority[source] = value & PRIORITY_MASK;
  }

  private writeEnable(offset: number, value: number): void {
    const { context, word } = enableAt(offset);
    const enable = this.state.contexts[context]?.enable;
    if (enable === undefined || word >= WORDS) return;
    enable[word] = (word === 0 ? value & ~1 : value) >>> 0;
  }

  private writeContext(offset: number, value: number): void {
    const { context, register } = contextAt(offset);
    const target = this.state.contexts[context];
    if (target === undefined) return;
    if (register === PLIC.threshold) target.threshold = value & PRIORITY_MASK;
    if (register === PLIC.claim) this.complete(target, value);
  }
}

const enableAt = (offset: number): { context: number; word: number } => ({
  context: Math.floor((offset - PLIC.enable) / PLIC.enableStride),
  word: (offset % PLIC.enableStride) / 4,
});

const contextAt = (offset: number): { context: number; register: number } => ({
  context: Math.floor((offset - PLIC.context) / PLIC.contextStride),
  register: offset % PLIC.contextStride,
});
