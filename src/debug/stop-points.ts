/** Breakpoints and watchpoints on a machine. */
import type { AccessKind, ObservedRange } from '../cpu/hart.ts';
import type { Machine } from '../vmm/machine.ts';
import type { Observer } from '../vmm/observer.ts';
import { readMemory } from './address-space.ts';

/** Which accesses a watchpoint stops at. */
export type WatchKind = 'write' | 'read' | 'access';

/** Virtual addresses, and which accesses to them stop the guest. */
export interface Watchpoint {
  address: bigint;
  sizeBytes: number;
  kind: WatchKind;
}

/** What was reached: a breakpoint before its instruction, or an access of the step at `icount`. */
export type Hit =
  | { icount: number; reached: 'breakpoint'; address: bigint }
  | { icount: number; reached: 'watchpoint'; watchpoint: Watchpoint };

const isSame = (a: Watchpoint, b: Watchpoint): boolean =>
  a.address === b.address && a.sizeBytes === b.sizeBytes && a.kind === b.kind;

/** The major opcode of atomic operations, and the function code of SC, which does not read. */
const [AMO, SC] = [0x2f, 3];

/**
 * Breakpoints stop wherever the guest is about to execute their virtual address, in any address space; watchpoints at
 * accesses by their virtual addresses. What devices write to memory is not noticed.
 */
export class StopPoints implements Observer {
  /** The last one that was reached since {@link arm}. */
  hit: Hit | undefined;
  private readonly breakpoints = new Set<bigint>();
  private watchpoints: Watchpoint[] = [];
  /** Whether the machine stops where one is reached, or only notes it. */
  private stops = true;
  /** Where the run begins: the breakpoint there is not reached. */
  private from: { icount: number; pc: bigint } | undefined;

  constructor(private readonly machine: () => Machine) {}

  /** Whether there are none. */
  get isEmpty(): boolean {
    return this.breakpoints.size === 0 && this.watchpoints.length === 0;
  }

  addBreakpoint(address: bigint): void {
    this.breakpoints.add(address);
  }

  removeBreakpoint(address: bigint): void {
    this.breakpoints.delete(address);
  }

  addWatchpoint(watchpoint: Watchpoint): void {
    if (!this.watchpoints.some((one) => isSame(one, watchpoint))) this.watchpoints.push(watchpoint);
  }

  removeWatchpoint(watchpoint: Watchpoint): void {
    this.watchpoints = this.watchpoints.filter((one) => !isSame(one, watchpoint));
  }

  clear(): void {
    this.breakpoints.clear();
    this.watchpoints = [];
  }

  /** Before the machine runs to the next one; going on from a breakpoint, that one is not reached again. */
  arm(): void {
    this.hit = undefined;
    this.stops = true;
    const { icount, hart } = this.machine();
    this.from = { icount, pc: hart.get('pc') };
  }

  /** Before the machine runs from a position at which a breakpoint is reached: to that one. */
  armFromHere(): void {
    this.hit = undefined;
    this.stops = true;
    this.from = undefined;
  }

  /** Before the machine runs through a stretch of which the last one is wanted. */
  armToNote(): void {
    this.armFromHere();
    this.stops = false;
  }

  get ranges(): readonly ObservedRange[] {
    return [
      ...[...this.breakpoints].map((address) => ({ address, sizeBytes: 2, access: 'fetch' as const })),
      ...this.watchpoints.flatMap(({ address, sizeBytes, kind }) => {
        // An atomic operation that reads is a store.
        const accesses: readonly AccessKind[] = kind === 'write' ? ['store'] : ['load', 'store'];
        return accesses.map((access) => ({ address, sizeBytes, access }));
      }),
    ];
  }

  stopsAt(address: bigint, sizeBytes: number, access: AccessKind): boolean {
    const { icount } = this.machine();
    if (access === 'fetch') {
      const isFrom = icount === this.from?.icount && address === this.from.pc;
      if (isFrom || !this.breakpoints.has(address)) return false;
      this.hit = { icount, reached: 'breakpoint', address };
      return this.stops;
    }
    // The first access of a step counts.
    if (this.hit?.icount === icount && this.hit.reached === 'watchpoint') return false;
    const watchpoint = this.watchpoints.find(
      (one) =>
        address < one.address + BigInt(one.sizeBytes) &&
        one.address < address + BigInt(sizeBytes) &&
        this.matches(one.kind, access),
    );
    if (!watchpoint) return false;
    this.hit = { icount, reached: 'watchpoint', watchpoint };
    return this.stops;
  }

  private matches(kind: WatchKind, access: 'load' | 'store'): boolean {
    if (kind === 'access') return true;
    if (access === 'load') return kind === 'read';
    return kind === 'write' || this.readsToo();
  }

  /** Whether the instruction that stores is an atomic operation that also reads. */
  private readsToo(): boolean {
    const { hart } = this.machine();
    const [low = 0, , , high = 0] = readMemory(hart, hart.get('pc'), 4);
    return (low & 0x7f) === AMO && high >> 3 !== SC;
  }
}
