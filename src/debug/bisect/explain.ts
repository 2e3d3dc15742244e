/** What happens where two executions begin to differ, and why they do. */

import { sameEntry } from '../../replay/comparison.ts';
import type { EntrySource } from '../../replay/timeline.ts';
import { compareSnapshots, type RegisterDifference, type Snapshot } from '../../vmm/snapshot.ts';
import { isDoor, type Numbered } from './logs.ts';
import { differingBytes, type Executed, memoryOf, type Retried, retry } from './retry.ts';
import type { Found } from './search.ts';
import {
  entriesFrom,
  icountOf,
  inputsAt,
  isSame,
  type Moment,
  momentAt,
  type Side,
  type Start,
} from './side.ts';

/**
 * Why two executions differ. `log`: their logs differ there. `input`: the guest asked for something that the log does
 * not have. `engine`: one state and one instruction give two results. `translation`: the same, but only where the
 * instruction is translated together with those before it. `memory`: bytes have changed that neither the instruction
 * nor an entry has written. `state`: another part of the state has changed outside execution.
 */
export type Cause = 'log' | 'input' | 'engine' | 'translation' | 'memory' | 'state';

/** Bytes of RAM that follow each other and all differ. */
export interface ByteDifference {
  /** The physical address of the first. */
  address: number;
  /** The bytes at the last moment at which both were equal. */
  before: Uint8Array;
  a: Uint8Array;
  b: Uint8Array;
  /** Whether the instruction, or a device because of it or of an input, has written one of them. */
  written: boolean;
}

/** A word of the hart that differs, and what it was before. */
export type WordDifference = Omit<RegisterDifference, 'equal'> & { before: bigint };

/** What happened between the last moment at which two executions are equal and the next one. */
export interface Explanation {
  /** `step`: step number `icount`; `inputs`: those that are applied at position `icount`. */
  during: 'step' | 'inputs';
  icount: number;
  /** The virtual address at which the guest stands before. */
  pc: bigint;
  executed: Executed | undefined;
  words: WordDifference[];
  /** Names of the devices and of the other parts of the state that differ. */
  devices: string[];
  bytes: ByteDifference[];
  /** The last entry before. */
  entryBefore: Numbered | undefined;
  /** What came through the doors of each meanwhile; of a side that contradicts its log, the first that was due. */
  entries: { a: Numbered[]; b: Numbered[] };
  /** How a side contradicts its log. */
  problems: { a: string | undefined; b: string | undefined };
  cause: Cause;
  /** With the cause `translation`: not before this step the translated code is entered that gives the other result. */
  entered: Entered | undefined;
  /** What is executed from there on, if that are few steps. */
  path: Executed[];
  /** The side that is not what this build's interpreter makes of the state before, when the other one is. */
  deviant: 'a' | 'b' | undefined;
}

/** A step, and the address of the guest before it. */
export interface Entered {
  icount: number;
  pc: bigint;
}

/** The two executions, and what they replay. */
export interface Pair {
  a: Side;
  b: Side;
  logs: { a: EntrySource; b: EntrySource };
  /** The side that starts runs from states which single steps lead to: with the interpreter, if one has it. */
  reference: 'a' | 'b';
  /** Whether they execute instructions in the same way: with one engine of one build. */
  alike: boolean;
}

/** One of them around the first difference. */
interface Around {
  after: Snapshot | undefined;
  retried: Retried;
  entryBefore: Numbered | undefined;
  entries: Numbered[];
  problem: string | undefined;
}

/** Explains a difference; `found.equal` is a moment. */
export async function explain(
  pair: Pair,
  { equal, different }: Found & { equal: Moment },
): Promise<Explanation> {
  await Promise.all([pair.a.at(equal), pair.b.at(equal)]);
  // Otherwise it comes from before: a run that stops in between does not lead there.
  const isHere = !isSame(await pair.a.at(different), await pair.b.at(different));
  const translated = isHere ? undefined : await translationOf(pair, { equal, different });
  const { entered, start } = translated ?? {};
  const step = translated?.exit ?? { equal, different };
  const before = (await pair[pair.reference].snapshot(step.equal))!;
  const [a, b] = [
    await around(pair.a, pair.logs.a, before, { ...step, start }),
    await around(pair.b, pair.logs.b, before, { ...step, start }),
  ];
  const bytes = byteDifferences(before, a, b);
  const isReproduced =
    isHere && !isSame(await pair.a.again(equal, different), await pair.b.again(equal, different));
  return {
    during: inputsAt(step.equal) === 'before' ? 'inputs' : 'step',
    icount: icountOf(step.equal),
    pc: before.state.hart.pc!,
    executed: a.retried.executed,
    ...otherDifferences(before, a, b),
    bytes,
    entryBefore: a.entryBefore,
    entries: { a: a.entries, b: b.entries },
    problems: { a: a.problem, b: b.problem },
    cause: isHere ? causeOf(a, b, { alike: pair.alike, isReproduced, bytes }) : 'translation',
    entered,
    path: entered ? await pathOf(pair, entered.icount, icountOf(step.different)) : [],
    deviant: deviantOf(a, b),
  };
}

/** The most steps that {@link Explanation.path} has. */
const MAX_PATH = 32;

/** What this build's interpreter executes from one position to another; nothing when they are far apart. */
async function pathOf({ reference, logs, ...sides }: Pair, start: number, end: number): Promise<Executed[]> {
  if (end - start > MAX_PATH) return [];
  const side = sides[reference];
  const path: Executed[] = [];
  for (let icount = start; icount < end; icount++) {
    const { consumed } = await side.at(momentAt(icount, 'after'));
    const before = await side.snapshot(momentAt(icount, 'after'));
    const to = momentAt(icount + 1, 'before');
    const { executed } = before ? retry(before, { entries: logs[reference], consumed, to }) : {};
    if (executed) path.push(executed);
  }
  return path;
}

/** What one of them does from one moment to the next. */
async function around(
  side: Side,
  log: EntrySource,
  before: Snapshot,
  { equal, different, start: run }: { equal: Moment; different: Moment; start: Start | undefined },
): Promise<Around> {
  const start = await side.at(equal);
  const end = await side.at(different);
  const isDue = end.problem !== undefined;
  const entries: Numbered[] = [];
  let entryBefore: Numbered | undefined;
  let number = Math.max(0, start.consumed - 1);
  for (const entry of entriesFrom(log, number)) {
    number++;
    if (number <= start.consumed) entryBefore = { number, entry };
    else if (isDue ? entries.length > 0 : number > end.consumed) break;
    else if (isDoor(entry)) entries.push({ number, entry });
  }
  return {
    after:
      run && side.snapshotOnward ? await side.snapshotOnward(run, different) : await side.snapshot(different),
    retried: retry(before, { entries: log, consumed: start.consumed, to: different }),
    entryBefore,
    entries,
    problem: end.problem,
  };
}

/** The words of the hart, and the devices. */
function otherDifferences(
  before: Snapshot,
  a: Around,
  b: Around,
): { words: WordDifference[]; devices: string[] } {
  if (!a.after || !b.after) return { words: [], devices: [] };
  const { registers, devices } = compareSnapshots(a.after, b.after);
  const earlier = new Map(compareSnapshots(before, before).registers.map((one) => [one.name, one.a]));
  const words = registers
    .filter(({ equal }) => !equal)
    .map(({ name, a, b }) => ({ name, a, b, before: earlier.get(name)! }));
  return { words, devices };
}

/** The bytes that differ, those that follow each other together. */
function byteDifferences(before: Snapshot, a: Around, b: Around): ByteDifference[] {
  if (!a.after || !b.after) return [];
  const [was, left, right] = [before, a.after, b.after].map(memoryOf);
  const written = [a, b].map(({ retried: { stored, after } }) => {
    const now = after && memoryOf(after);
    return (address: number) => stored.has(address) || (now !== undefined && now(address) !== was!(address));
  });
  const runs: { address: number; written: boolean; end: number }[] = [];
  for (const address of differingBytes(a.after, b.after)) {
    const isWritten = written.some((by) => by(address));
    const last = runs.at(-1);
    if (last?.end === address && last.written === isWritten) last.end++;
    else runs.push({ address, written: isWritten, end: address + 1 });
  }
  return runs.map(({ address, end, written }) => {
    const bytes = (of: (address: number) => number) =>
      Uint8Array.from({ length: end - address }, (_, index) => of(address + index));
    return { address, written, before: bytes(was!), a: bytes(left!), b: bytes(right!) };
  });
}

function causeOf(
  a: Around,
  b: Around,
  { alike, isReproduced, bytes }: { alike: boolean; isReproduced: boolean; bytes: ByteDifference[] },
): Cause {
  if (!sameEntries(a.entries, b.entries)) return 'log';
  const problems = [a.problem, b.problem].filter((one) => one !== undefined);
  if (problems.length === 2 || (problems.length === 1 && alike)) return 'input';
  // Several replays of one recording in one process: what they make differently, they execute differently.
  if (!alike) return isReproduced ? 'engine' : 'translation';
  return bytes.some(({ written }) => !written) ? 'memory' : 'state';
}

/** Whether the same has come through the doors of both. */
function sameEntries(a: readonly Numbered[], b: readonly Numbered[]): boolean {
  return a.length === b.length && a.every(({ entry }, index) => sameEntry(entry, b[index]!.entry));
}

function deviantOf(a: Around, b: Around): 'a' | 'b' | undefined {
  const [left, right] = [a, b].map(({ after, retried }) =>
    after && retried.after ? compareSnapshots(after, retried.after).equal : after === retried.after,
  );
  if (left === right) return undefined;
  return left ? 'b' : 'a';
}

/** The most steps for which a translation is looked for. It leaves at the latest after a million. */
const MAX_TRANSLATED_STEPS = 1 << 21;

/**
 * The shortest run that gives another result, when single steps do not: a translation makes whole steps up to its exit
 * only, so that the result differs at its exit, and not for a run that is stopped within. Looks for the last position
 * from which a run without a stop leads to the difference, and then for the first at which the difference is seen.
 */
async function translationOf(
  { a, b, reference }: Pair,
  { equal, different }: { equal: Moment; different: Moment },
): Promise<{ entered: Entered; start: Start; exit: { equal: Moment; different: Moment } } | undefined> {
  const end = icountOf(equal);
  const side = reference === 'a' ? a : b;
  const startAt = async (icount: number): Promise<Start> => {
    const { consumed } = await side.at(momentAt(icount, 'after'));
    return { state: (await side.snapshot(momentAt(icount, 'after')))!, consumed };
  };
  const differs = async (icount: number, to: Moment): Promise<boolean> => {
    const start = await startAt(icount);
    const [one, other] = [await a.onward?.(start, to), await b.onward?.(start, to)];
    return one !== undefined && other !== undefined && !isSame(one, other);
  };
  const longest = Math.min(end, MAX_TRANSLATED_STEPS);
  let distance = 1;
  while (distance <= longest && !(await differs(end - distance, different))) distance *= 2;
  if (distance > longest) return undefined;
  const enters = await boundary(end - distance, end, (icount) => differs(icount, different));
  // The other way round: up to here it does not differ.
  const stopped = async (icount: number) => !(await differs(enters, momentAt(icount, 'before')));
  const exit = (await boundary(enters, icountOf(different), stopped)) + 1;
  const start = await startAt(enters);
  return {
    entered: { icount: enters, pc: start.state.state.hart.pc! },
    start,
    exit: { equal: momentAt(exit - 1, 'after'), different: momentAt(exit, 'before') },
  };
}

/** The last number for which something holds that holds for `low` and not for `high`, by halving. */
async function boundary(
  low: number,
  high: number,
  holds: (value: number) => Promise<boolean>,
): Promise<number> {
  let [yes, no] = [low, high];
  while (no - yes > 1) {
    const middle = Math.floor((yes + no) / 2);
    if (await holds(middle)) yes = middle;
    else no = middle;
  }
  return yes;
}
