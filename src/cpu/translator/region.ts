/**
 * A region, the unit of translation: the code that is reachable from a hot address along known successors. It is found
 * by reading memory, and depends only on that and on the mapping of pages.
 */
import { sizeOf } from '../formats.ts';
import { PAGE_BYTES } from '../layout.ts';
import { expand } from '../table/compressed.ts';
import { type Decoded, decoded } from './decoded.ts';

/** An instruction and its address. Addresses are virtual, as signed numbers: exact for all that can hold code. */
export interface Placed {
  pc: number;
  sizeBytes: 2 | 4;
  /** The instruction; for a compressed one its expansion. */
  is: Decoded;
}

/** How a block ends. */
export type End =
  /** With a jump, or where another block begins: continues there. */
  | { is: 'goto'; to: number }
  | { is: 'branch'; to: number; otherwise: number }
  /** With a jump to where a register says: most often to one of `likely`. */
  | { is: 'indirect'; likely: readonly number[] }
  /** Before an instruction that is the interpreter's, or a place that is not to be translated. */
  | { is: 'leave'; at: number };

/** Instructions that follow each other, entered at the first only. */
export interface Block {
  pc: number;
  instructions: Placed[];
  end: End;
}

/** A region: blocks, and where it can be entered. */
export interface Region {
  blocks: Block[];
  /** The addresses of the blocks that can be entered from outside, or by an indirect jump. */
  entries: number[];
  /** The virtual pages that it lies in. */
  pages: number[];
  /** Whether its extent did not limit it. */
  isWhole: boolean;
}

/** Reads 16 bits of code at a virtual address; undefined when they can't be fetched. */
export type ReadParcel = (pc: number) => number | undefined;

/** Reads one instruction; undefined where there is none. */
function place(read: ReadParcel, pc: number): Placed | undefined {
  const low = read(pc);
  if (low === undefined) return undefined;
  const sizeBytes = sizeOf(low);
  const high = sizeBytes === 4 ? read(pc + 2) : 0;
  if (high === undefined) return undefined;
  const word = sizeBytes === 4 ? (low | (high << 16)) >>> 0 : expansionOf(low);
  const is = word === 0 ? undefined : decoded(word);
  return is && { pc, sizeBytes, is };
}

const expansions = new Map<number, number>();

function expansionOf(parcel: number): number {
  const known = expansions.get(parcel);
  if (known !== undefined) return known;
  const word = expand(parcel);
  expansions.set(parcel, word);
  return word;
}

/** How far a region goes. */
export interface Extent {
  /** No block is started when it has so many instructions, and none continued when it has twice as many. */
  instructions: number;
  /** Whether jumps that seem to go through a table are followed to all hot addresses near them. */
  followsTables: boolean;
}

/** What is known about the code from running it. */
export interface Profile {
  /** Whether jumps have gone to an address before. */
  isWarm(pc: number): boolean;
  /** The last targets of the indirect jump at an address. */
  lastTargets(pc: number): readonly number[];
  /** The hot addresses near an address that were translated, and whose code is still there. */
  hotNear(pc: number): readonly number[];
}

/**
 * The region around a hot address; undefined when the instruction there can't be translated. Jumps are followed to
 * targets that were reached before. Long: one worklist algorithm on shared sets.
 */
export function findRegion(
  read: ReadParcel,
  hot: number,
  profile: Profile,
  { instructions, followsTables }: Extent,
): Region | undefined {
  const placed = new Map<number, Placed>();
  const leaders = new Set<number>([hot]);
  const entries = new Set<number>([hot]);
  const queue = [hot];
  let isWhole = true;
  const lead = (pc: number) => {
    if (leaders.has(pc)) return;
    leaders.add(pc);
    queue.push(pc);
  };
  const enter = (pc: number) => {
    entries.add(pc);
    lead(pc);
  };
  for (let start = queue.shift(); start !== undefined; start = queue.shift()) {
    if (placed.size >= instructions) {
      isWhole = false;
      break;
    }
    for (let pc = start; ; ) {
      if (placed.has(pc)) {
        leaders.add(pc);
        break;
      }
      const instruction = place(read, pc);
      if (!instruction) break;
      const { flow } = instruction.is;
      const next = pc + instruction.sizeBytes;
      if (flow.is === 'interpreted') {
        if (flow.returns) enter(next);
        break;
      }
      placed.set(pc, instruction);
      if (flow.is === 'branch') {
        lead(next);
        if (profile.isWarm(pc + flow.by)) lead(pc + flow.by);
        break;
      }
      if (flow.is === 'jump') {
        const targets = flow.by === undefined ? profile.lastTargets(pc) : [pc + flow.by];
        targets.filter((to) => profile.isWarm(to)).forEach(lead);
        if (targets.length > 1 && !flow.calls && !flow.returns) {
          if (followsTables) profile.hotNear(pc).forEach(enter);
          else isWhole = false;
        }
        if (flow.calls) enter(next);
        break;
      }
      if (placed.size >= 2 * instructions) break;
      pc = next;
    }
  }
  if (!placed.has(hot)) return undefined;
  return {
    blocks: [...leaders].filter((pc) => placed.has(pc)).map((pc) => blockAt(pc, placed, leaders, profile)),
    entries: [...entries].filter((pc) => placed.has(pc)),
    pages: pagesOf(placed.values()),
    isWhole,
  };
}

function blockAt(
  start: number,
  placed: ReadonlyMap<number, Placed>,
  leaders: ReadonlySet<number>,
  profile: Profile,
): Block {
  const instructions: Placed[] = [];
  for (let pc = start; ; ) {
    const instruction = placed.get(pc);
    if (!instruction) return { pc: start, instructions, end: { is: 'leave', at: pc } };
    if (pc !== start && leaders.has(pc)) return { pc: start, instructions, end: { is: 'goto', to: pc } };
    instructions.push(instruction);
    const next = pc + instruction.sizeBytes;
    const end = endOf(instruction, next, profile);
    if (end) return { pc: start, instructions, end };
    pc = next;
  }
}

function endOf({ pc, is: { flow } }: Placed, next: number, profile: Profile): End | undefined {
  if (flow.is === 'branch') return { is: 'branch', to: pc + flow.by, otherwise: next };
  if (flow.is !== 'jump') return undefined;
  if (flow.by !== undefined) return { is: 'goto', to: pc + flow.by };
  return { is: 'indirect', likely: profile.lastTargets(pc) };
}

/** The address of the page that holds `pc`. */
export const pageOf = (pc: number): number => Math.floor(pc / PAGE_BYTES) * PAGE_BYTES;

function pagesOf(instructions: Iterable<Placed>): number[] {
  const pages = new Set<number>();
  for (const { pc, sizeBytes } of instructions) {
    pages.add(pageOf(pc));
    pages.add(pageOf(pc + sizeBytes - 1));
  }
  return [...pages];
}
