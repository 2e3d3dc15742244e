/** Bits that have flipped in the memory of machines: of what happens to a machine, only this is not in its history. */
import type { History } from '../../replay/history.ts';
import type { Machine } from '../../vmm/machine.ts';
import type { SimEvent, Simulation } from '../cluster/cluster.ts';

/** A bit of a machine's RAM flipped at a position, after the inputs there. */
export interface Flip {
  icount: number;
  offset: number;
  bit: number;
}

/** As the injector does it. */
export function flip({ hart }: Machine, { offset, bit }: Flip): void {
  hart.ram[offset % hart.ram.length]! ^= 1 << bit;
}

const NONE: readonly Flip[] = [];

/** The flips of each machine, by its history. */
export class Flips {
  private readonly byHistory = new WeakMap<History, readonly Flip[]>();

  /** In the order of their positions; the same array until there is another one. */
  of(history: History): readonly Flip[] {
    return this.byHistory.get(history) ?? NONE;
  }

  /** Receives every event of the run. */
  observe({ host, event }: SimEvent, simulation: Simulation): void {
    if (event.kind === 'fault' && event.fault.kind === 'flip' && event.phase === 'begins') {
      const { offset, bit } = event.fault;
      const history = simulation.history(host);
      this.byHistory.set(history, [...this.of(history), { icount: event.icount, offset, bit }]);
    }
    // A copy has the flips of its source.
    if (event.kind === 'installed') {
      const source = this.of(simulation.history(event.from));
      const copied = source.filter(({ icount }) => icount <= event.icount);
      if (copied.length > 0) this.byHistory.set(simulation.history(host), copied);
    }
  }
}
