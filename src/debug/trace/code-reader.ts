/** Reads instructions where the hart is about to execute them, without effects and without allocating. */

import type { AnyHart } from '../../cpu/checked-hart.ts';
import { PRIVILEGE, SATP } from '../../cpu/csrs.ts';
import { PAGE_BYTES, RAM_BASE } from '../../cpu/layout.ts';
import { type HartHalves, PLACE } from './hart-image.ts';

const PTE = { V: 1, R: 2, X: 8 } as const;
/** A half of 32 bits as a factor. */
const HALF = 2 ** 32;
const SV39_MODE = Number(SATP.SV39);

/**
 * As {@link translate}, in numbers: a trace reads every instruction. Source: Privileged Architecture,
 * "Virtual Address Translation Process".
 */
export class CodeReader {
  private ram!: Uint8Array;
  private view!: DataView;

  constructor(
    private readonly hart: AnyHart,
    private readonly halves: HartHalves,
  ) {}

  private refresh(): void {
    const { ram } = this.hart;
    if (this.ram === ram) return;
    this.ram = ram;
    this.view = new DataView(ram.buffer, ram.byteOffset, ram.length);
  }

  /** The instruction at `pc`: see {@link at}. */
  atPc(): number | undefined {
    return this.at(this.halves.low(PLACE.pc), this.halves.high(PLACE.pc));
  }

  /**
   * The instruction at a virtual address, given in halves as signed numbers: 16 bits when it is compressed;
   * undefined when it can't be read.
   */
  at(low: number, high: number): number | undefined {
    this.refresh();
    const at = this.offsetOf(low, high);
    if (at === undefined) return undefined;
    const first = this.view.getUint16(at, true);
    if ((first & 3) !== 3) return first;
    const isCut = (low & (PAGE_BYTES - 1)) === PAGE_BYTES - 2;
    const next = isCut ? this.offsetOf((low + 2) | 0, low === -2 ? high + 1 : high) : at + 2;
    if (next === undefined || next + 2 > this.ram.length) return undefined;
    return first | (this.view.getUint16(next, true) << 16);
  }

  /** The offset in RAM of a virtual address that is fetched from; undefined when there is none. */
  private offsetOf(low: number, high: number): number | undefined {
    const { halves } = this;
    const satp = halves.high(PLACE.satp);
    if (halves.low(PLACE.privilege) === PRIVILEGE.M || satp >>> 28 !== SV39_MODE)
      return high === 0 ? this.ramOffset(low >>> 0) : undefined;
    // Bits 63 to 39 are all equal to bit 38.
    if ((high << 25) >> 25 !== high) return undefined;
    const indexes = [(low >>> 12) & 511, (low >>> 21) & 511, (low >>> 30) | ((high & 0x7f) << 2)];
    let table = ((satp & 0xfff) * HALF + (halves.low(PLACE.satp) >>> 0)) * PAGE_BYTES;
    for (let level = 2; level >= 0; level--) {
      const at = this.ramOffset(table + indexes[level]! * 8);
      if (at === undefined) return undefined;
      const entry = this.view.getUint32(at, true);
      if ((entry & PTE.V) === 0) return undefined;
      // The page's number is in bits 53 to 10.
      const start =
        Math.floor(((this.view.getUint32(at + 4, true) & 0x3f_ffff) * HALF + entry) / 2 ** 10) * PAGE_BYTES;
      const sizeBytes = PAGE_BYTES << (9 * level);
      if ((entry & (PTE.R | PTE.X)) !== 0)
        return start % sizeBytes === 0 ? this.ramOffset(start + (low & (sizeBytes - 1))) : undefined;
      table = start;
    }
    return undefined;
  }

  private ramOffset(physical: number): number | undefined {
    const offset = physical - RAM_BASE;
    return offset >= 0 && offset + 2 <= this.ram.length ? offset : undefined;
  }
}
