import type { Environment } from '../../src/vmm/doors.ts';

/** An environment in which one step takes one tick, and more time passes only on request. */
export abstract class TickingWorld implements Environment {
  constructor(protected offset = 0) {}

  advance(ticks: number): void {
    this.offset += ticks;
  }
  clock(icount: number): number {
    return this.offset + icount;
  }
  icountAt(ticks: number): number {
    return ticks - this.offset;
  }
  abstract entropy(sizeBytes: number): Uint8Array;
}
