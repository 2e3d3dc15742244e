import type { AccessKind, Bus, ObservedRange } from '../cpu/hart.ts';

/** Observes a machine for a debugger. */
export interface Observer {
  readonly ranges: readonly ObservedRange[];
  /**
   * Called for the accesses of {@link Bus.observed}: whether the run ends, before an instruction that is fetched, and
   * after one that accesses data.
   */
  stopsAt(address: bigint, sizeBytes: number, access: AccessKind): boolean;
}
