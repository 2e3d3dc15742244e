/** Memory corruption: which machines it may have affected, and where it is found. */
import { encode } from '../../base/codec.ts';
import { PAGE_BYTES, RAM_BASE } from '../../cpu/layout.ts';
import { Timeline } from '../../replay/timeline.ts';
import { Divergence } from '../../vmm/doors.ts';
import type { Machine } from '../../vmm/machine.ts';
import type { HostId } from '../faults/faults.ts';
import type { SimEvent, Simulation } from './cluster.ts';
import { fromTo } from './observer.ts';

/** Tracks the machines in which a bit has flipped, and those that were copied from them. */
export class CorruptionTracker {
  private readonly altered = new Set<Machine>();
  /** By sender and receiver: the machine whose state was sent; the sender may have another one since. */
  private readonly sources = new Map<string, Machine>();
  /** Whether such a machine was live: its outputs and its log since then may be wrong. */
  wasLive = false;

  constructor(private readonly simulation: Simulation) {}

  get any(): boolean {
    return this.altered.size > 0;
  }

  /** Receives every event of the run. */
  observe({ host, event }: SimEvent): void {
    if (event.kind === 'fault') {
      if (event.fault.kind !== 'flip' || event.phase !== 'begins') return;
      this.mark(host);
      if (this.simulation.hosts.get(host)!.replica.role === 'primary') this.wasLive = true;
    } else if (event.kind === 'sent') {
      this.sources.set(fromTo(host, event.to), this.machineOf(host)!);
    } else if (event.kind === 'copied') {
      this.sources.set(fromTo(host, event.host), this.machineOf(host)!);
    } else if (event.kind === 'installed') {
      if (this.altered.has(this.sources.get(fromTo(event.from, host))!)) this.mark(host);
    } else if (event.kind === 'live') {
      if (this.altered.has(this.machineOf(host)!)) this.wasLive = true;
    }
  }

  private machineOf(host: HostId): Machine | undefined {
    return this.simulation.hosts.get(host)!.replica.vmm?.machine;
  }

  private mark(host: HostId): void {
    const machine = this.machineOf(host);
    if (machine) this.altered.add(machine);
  }
}

/** A machine that differs from a replay of its own history. */
export interface Alteration {
  host: HostId;
  /** Physical addresses of the pages that differ. */
  pages: number[];
  /** Registers or devices differ. */
  state: boolean;
  /** Why a replay of this history diverges, if it does. */
  impossible?: string;
}

/**
 * Replays the history of each host's machine, where all of it was kept, and compares the result with that machine.
 */
export function alterations(simulation: Simulation): Alteration[] {
  return [...simulation.hosts.values()].flatMap(({ id, power, replica }) => {
    const machine = power === 'off' ? undefined : replica.vmm?.machine;
    if (!machine || !simulation.history(id).isWhole) return [];
    const alteration = { host: id, ...compare(simulation, id, machine) };
    const isOne = alteration.pages.length > 0 || alteration.state || alteration.impossible !== undefined;
    return isOne ? [alteration] : [];
  });
}

function compare(simulation: Simulation, host: HostId, machine: Machine): Omit<Alteration, 'host'> {
  try {
    const { icount } = machine;
    const { description, execution } = simulation.options;
    const history = simulation.history(host);
    const timeline = new Timeline(description, history, { end: icount, execution });
    const { machine: rebuilt } = timeline.seek(icount, 'after');
    return {
      pages: differingPages(machine.hart.ram, rebuilt.hart.ram),
      state: differ(encode(machine.schema, machine.state), encode(machine.schema, rebuilt.state)),
    };
  } catch (error) {
    if (error instanceof Divergence) return { pages: [], state: false, impossible: error.message };
    throw error;
  }
}

function differingPages(a: Uint8Array, b: Uint8Array): number[] {
  const pages: number[] = [];
  for (let at = 0; at < a.length; at += PAGE_BYTES)
    if (differ(a.subarray(at, at + PAGE_BYTES), b.subarray(at, at + PAGE_BYTES))) pages.push(RAM_BASE + at);
  return pages;
}

function differ(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return true;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return true;
  return false;
}

/** Where and when the memory of a host was first corrupted. */
export interface Origin extends Alteration {
  atNs: number;
}

/**
 * Finds the event of a run after which a machine first differed from a replay of its history, by bisection: the run is
 * repeated up to different events. Undefined if no machine differs at the end.
 */
export function firstAlteration(start: (onEvent?: () => void) => Simulation): Origin | undefined {
  const isAltered = (events: number): boolean => {
    const simulation = start();
    simulation.advance(events);
    return alterations(simulation).length > 0;
  };
  let [good, bad] = [0, eventsOf(start())];
  if (!isAltered(bad)) return undefined;
  while (bad - good > 1) {
    const middle = Math.floor((good + bad) / 2);
    if (isAltered(middle)) bad = middle;
    else good = middle;
  }
  // During that event the guest may run on with the corrupted memory: the first difference within it is the closest.
  let found: Alteration[] | undefined;
  const check = () => {
    if (found?.length === 0) found = alterations(simulation);
  };
  const simulation = start(check);
  simulation.advance(good);
  found = [];
  simulation.advance(1);
  check();
  const [first] = found;
  return first && { ...first, atNs: simulation.nowNs };
}

function eventsOf(simulation: Simulation): number {
  let count = 0;
  while (simulation.advance(1)) count++;
  return count;
}
