/** The step or the inputs between two moments once more, on a machine of this build, with every access observed. */
import { sameBytes } from '../../base/bytes.ts';
import type { Execution } from '../../cpu/engine.ts';
import { PAGE_BYTES, RAM_BASE } from '../../cpu/layout.ts';
import { type EntrySource, Timeline } from '../../replay/timeline.ts';
import { Divergence, ReplayDoors } from '../../vmm/doors.ts';
import { Machine } from '../../vmm/machine.ts';
import { restoreSnapshot, type Snapshot, takeSnapshot } from '../../vmm/snapshot.ts';
import { readMemory, translate } from '../address-space.ts';
import { entriesFrom, icountOf, inputsAt, type Moment } from './side.ts';

/** An instruction that was executed. */
export interface Executed {
  /** Its virtual address. */
  pc: bigint;
  /** Its 32 bits, or the 16 of a compressed one; undefined when it can't be fetched. */
  word: number | undefined;
  /** Whether an interrupt led to it: it is not where the guest stood before. */
  interrupted: boolean;
}

/** What happens between a moment and the next one. */
export interface Retried {
  /** Undefined between the position before inputs and the one after them, and for a machine that takes no steps. */
  executed: Executed | undefined;
  /** The physical addresses of the bytes that the instruction stored. */
  stored: Set<number>;
  /** The state afterwards; undefined when the machine contradicts the log. */
  after: Snapshot | undefined;
  /** How it contradicts the log. */
  problem: string | undefined;
}

/** The bits of a parcel that are all set unless it is a whole, compressed instruction. */
const LONG = 0x3;

/**
 * Does what lies between the moment of `before` and `to`, the next moment, on a fresh machine.
 * @param entries the log of the execution, of which `consumed` entries have come through the doors
 * @param execution default: the interpreter, for which an instruction is no part of a translation
 */
export function retry(
  before: Snapshot,
  { entries, consumed, to }: { entries: EntrySource; consumed: number; to: Moment },
  execution: Execution = { engine: 'interpreter' },
): Retried {
  const { description } = before;
  const machine = new Machine(description, new ReplayDoors(), execution);
  restoreSnapshot(machine, before);
  const rest = { [Symbol.iterator]: () => entriesFrom(entries, consumed) };
  // A step past the last entry is possible: both executions have made it.
  const timeline = new Timeline(description, rest, { machine, passed: () => {}, end: icountOf(to) });
  const retried: Retried = { executed: undefined, stored: new Set(), after: undefined, problem: undefined };
  observe(machine, before.state.hart.pc!, retried);
  try {
    timeline.seek(icountOf(to), inputsAt(to));
    machine.observe(undefined);
    retried.after = takeSnapshot(machine);
  } catch (error) {
    if (!(error instanceof Divergence)) throw error;
    retried.problem = error.message;
  }
  return retried;
}

/** Notes what the machine executes and stores. */
function observe(machine: Machine, standsAt: bigint, retried: Retried): void {
  const everywhere = { address: 0n, sizeBytes: 1 << 24 };
  machine.observe({
    ranges: (['load', 'store', 'fetch'] as const).map((access) => ({ ...everywhere, access })),
    stopsAt: (address, sizeBytes, access) => {
      const { hart } = machine;
      if (access === 'fetch')
        retried.executed ??= {
          pc: address,
          word: wordAt(machine, address),
          interrupted: address !== standsAt,
        };
      if (access === 'store') {
        // The bytes of a store may lie in two pages.
        for (let index = 0n; index < BigInt(sizeBytes); index++) {
          const physical = translate(hart, address + index);
          if (physical !== undefined) retried.stored.add(Number(physical));
        }
      }
      return false;
    },
  });
}

function wordAt({ hart }: Machine, address: bigint): number | undefined {
  const content = readMemory(hart, address, 4);
  if (content.length < 2) return undefined;
  const [low = 0, ...others] = [...content];
  if ((low & LONG) !== LONG) return low | (others[0]! << 8);
  if (content.length < 4) return undefined;
  return (low | (others[0]! << 8) | (others[1]! << 16) | (others[2]! << 24)) >>> 0;
}

/** The bytes at which two snapshots differ. */
export function* differingBytes(a: Snapshot, b: Snapshot): Generator<number, void> {
  const [left, right] = [a, b].map(({ pages }) => new Map(pages.map((page) => [page.index, page.bytes])));
  for (const index of [...new Set([...left!.keys(), ...right!.keys()])].sort((x, y) => x - y)) {
    const [one, other] = [left!.get(index), right!.get(index)];
    if (one && other && sameBytes(one, other)) continue;
    for (let at = 0; at < PAGE_BYTES; at++)
      if ((one?.[at] ?? 0) !== (other?.[at] ?? 0)) yield RAM_BASE + index * PAGE_BYTES + at;
  }
}

/** Reads the bytes of RAM, by their physical addresses. */
export function memoryOf({ pages }: Snapshot): (address: number) => number {
  const known = new Map(pages.map(({ index, bytes }) => [index, bytes]));
  return (address) => {
    const offset = address - RAM_BASE;
    return known.get(Math.floor(offset / PAGE_BYTES))?.[offset % PAGE_BYTES] ?? 0;
  };
}
