/** What a trace consists of. */
import type { Entry } from '../../vmm/entries.ts';
import type { Output } from '../../vmm/outputs.ts';
import type { Decoded } from './instruction.ts';

/** The privilege modes by their letters. */
export const modes = ['M', 'S', 'U'] as const;
/** A privilege mode. */
export type Mode = (typeof modes)[number];

/** The mode of a value of `privilege`. */
export const modeOf = (privilege: number): Mode => (privilege === 0 ? 'U' : privilege === 1 ? 'S' : 'M');

/** A register or CSR that has another value now. */
export interface Change {
  /** Its name in assembly: `a0`, `ft0`, `mstatus`. */
  name: string;
  value: bigint;
}

/** An access of an instruction to memory or to a device, by its virtual address. */
export interface MemoryAccess {
  access: 'load' | 'store';
  address: bigint;
  sizeBytes: number;
  /** What was stored; undefined for loads. */
  value?: bigint;
}

/** One step: an attempt at one instruction. */
export interface StepEvent {
  kind: 'step';
  icount: number;
  mode: Mode;
  pc: bigint;
  /** undefined when no instruction could be fetched. */
  decoded: Decoded | undefined;
  /** Whether it ended in an exception, and had no other effect: its event follows. */
  trapped: boolean;
  changes: readonly Change[];
  accesses: readonly MemoryAccess[];
}

/** An exception, or an interrupt that is taken before the step at `icount`. */
export interface TrapEvent {
  kind: 'trap';
  icount: number;
  isInterrupt: boolean;
  /** As in `mcause`, without the bit for interrupts. */
  code: number;
  /** The mode that the hart was in, and the one that handles it. */
  from: Mode;
  to: Mode;
  epc: bigint;
  tval: bigint;
  /** Where execution goes on. */
  handler: bigint;
  changes: readonly Change[];
}

/** A log entry that is applied, or that the step at `icount` reads. */
export interface EntryEvent {
  kind: 'entry';
  icount: number;
  entry: Entry;
  /** What an input changed in the hart. */
  changes: readonly Change[];
}

/** An output that the step at `icount` makes, or an input applied there. */
export interface OutputEvent {
  kind: 'output';
  icount: number;
  output: Output;
}

/**
 * A basic block is executed from its start, or for the first time: with the instructions that it has then.
 */
export interface BlockEvent {
  kind: 'block';
  icount: number;
  mode: Mode;
  pc: bigint;
  /** undefined unless it is the first time. */
  instructions?: readonly { pc: bigint; decoded: Decoded }[];
}

/** What a trace consists of: see the kinds. */
export type TraceEvent = BlockEvent | StepEvent | TrapEvent | EntryEvent | OutputEvent;
