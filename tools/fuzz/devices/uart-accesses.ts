/** A driver of the UART that makes random accesses. */
import { FCR, LCR, MCR, UART } from '../../../src/devices/uart.ts';
import { memoryMap } from '../../../src/vmm/memory-map.ts';
import type { Access, Piece } from './access.ts';
import { load, type Script, settle, store } from './script.ts';

const { base } = memoryMap.uart;
const REGISTERS = 8;

export class UartAccesses {
  private dlab = false;
  /** The FIFOs were enabled at some time: shrinking must not depend on when they were disabled again. */
  private fifo = false;

  constructor(private readonly script: Script) {}

  start(): Piece[] {
    const { chance } = this.script;
    const loopback = chance.chance(0.7) ? [[store(base + UART.MCR, 1, MCR.LOOP | chance.below(16))]] : [];
    const fifo = chance.chance(0.7) ? [this.writeFcr(FCR.ENABLE_FIFO | (chance.below(4) << 6))] : [];
    return [...loopback, ...fifo, [this.write(UART.IER, chance.below(16))]];
  }

  next(): Piece {
    const { chance } = this.script;
    return chance.weighted<() => Piece>([
      [8, () => this.send()],
      [6, () => [load(base + UART.RBR, 1), ...this.settling()]],
      [6, () => [load(base + UART.IIR, 1)]],
      [4, () => [load(base + UART.LSR, 1)]],
      [3, () => [this.write(UART.IER, chance.below(chance.chance(0.9) ? 16 : 256)), ...this.settling()]],
      [
        3,
        () =>
          this.writeFcr(chance.chance(0.7) ? FCR.ENABLE_FIFO | (chance.below(32) << 3) : chance.below(256)),
      ],
      [1, () => this.writeLcr()],
      [
        1,
        () => [
          store(base + UART.MCR, 1, chance.chance(0.7) ? MCR.LOOP | chance.below(16) : chance.below(256)),
        ],
      ],
      [1, () => [store(base + chance.pick([UART.LSR, UART.MSR, UART.SCR]), 1, chance.below(256))]],
      [2, () => [load(base + chance.pick([UART.IER, UART.LCR, UART.MCR, UART.MSR, UART.SCR]), 1)]],
      [1, () => [...this.script.wild(base, REGISTERS), ...this.settling()]],
      [1, () => this.wide()],
    ])();
  }

  /** A few bytes, or more than there is room for. */
  private send(): Piece {
    const { chance } = this.script;
    const count = chance.chance(0.8) ? 1 : 1 + chance.below(18);
    return Array.from({ length: count }, () => [
      this.write(UART.THR, chance.below(256)),
      ...this.settling(),
    ]).flat();
  }

  /** An access of several bytes means one register. */
  private wide(): Piece {
    const { chance } = this.script;
    const size = chance.pick([2, 4, 8]);
    const offset = chance.below(REGISTERS / size) * size;
    if (offset === UART.THR || chance.chance(0.5)) return [load(base + offset, size), ...this.settling()];
    // LCR is at no such offset: DLAB stays. FCR is.
    this.fifo ||= offset === UART.FCR;
    return [store(base + offset, size, chance.value()), ...this.settling()];
  }

  /** What is written to the divisor keeps a character's time below what `settle` waits. */
  private write(offset: number, value: number): Access {
    if (!this.dlab) return store(base + offset, 1, value);
    return store(base + offset, 1, offset === UART.DLL ? 1 + (value % 12) : 0);
  }

  private writeLcr(): Piece {
    const { chance } = this.script;
    const value = chance.below(128) | (chance.chance(0.2) ? LCR.DLAB : 0);
    this.dlab = (value & LCR.DLAB) !== 0;
    return [store(base + UART.LCR, 1, value)];
  }

  private writeFcr(value: number): Piece {
    this.fifo ||= (value & FCR.ENABLE_FIFO) !== 0;
    return [store(base + UART.FCR, 1, value)];
  }

  /** Below, QEMU's character timeout comes a while after the last byte. */
  private settling(): Access[] {
    return this.fifo ? [settle] : [];
  }
}
