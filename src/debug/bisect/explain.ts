/** What happens where two executions begin to differ, and why they do. */

import { sameEntry } from '../../replay/comparison.ts';
import type { EntrySource } from '../../replay/timeline.ts';
import { compareSnapshots, type RegisterDifference, type Snapshot } from '../../vmm/snapshot.ts';
import { isDoor, type Numbered } from './logs.ts';
import { differingBytes, type Executed, memoryOf, type Retried, retry } from './retry.ts';
import type { Found } from './search.ts';
import { entriesFrom, icountOf, inputsAt, isSame, type Moment, momentAt, type Side } from './side.ts';

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
  /** With the cause `translation`, where the translated code is entered that gives the other result, if that is known. */
  entered: Entered | undefined;
  /** The side that is not what this build's interpreter makes of the state before, when the other one is. */
  deviant: 'a' | 'b' | undefined;
}

/** Where translated code is entered: the step, and its address. */
export interface Entered {
  icount: number;
  pc: bigint;
}

/** The two executions, and what they replay. */
export interface Pair {
  a: Side;
  b: Side;
  logs: { a: EntrySource; b: EntrySource };
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
  const before = (await pair.a.snapshot(equal))!;
  const [a, b] = [
    await around(pair.a, pair.logs.a, before, { equal, different }),
    await around(pair.b, pair.logs.b, before, { equal, different }),
  ];
  const bytes = byteDifferences(before, a, b);
  const { words, devices } = otherDifferences(before, a, b);
  const isReproduced = !isSame(await pair.a.again(equal, different), await pair.b.again(equal, different));
  const cause = causeOf(a, b, { alike: pair.alike, isReproduced, bytes });
  return {
    during: inputsAt(equal) === 'before' ? 'inputs' : 'step',
    icount: icountOf(equal),
    executed: a.retried.executed,
    words,
    devices,
    bytes,
    entryBefore: a.entryBefore,
    entries: { a: a.entries, b: b.entries },
    problems: { a: a.problem, b: b.problem },
    cause,
    entered: cause === 'translation' ? await entryOf(pair, { equal, different }) : undefined,
    deviant: deviantOf(a, b),
  };
}

/** What one of them does from one moment to the next. */
async function around(
  side: Side,
  log: EntrySource,
  before: Snapshot,
  { equal, different }: { equal: Moment; different: Moment },
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
    after: await side.snapshot(different),
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
 * Where the translated code is entered that gives another result. A translation makes whole steps up to its exit only,
 * so that the result differs at its exit, and not for a run that is stopped within. Looks for the last position from
 * which a run to the difference, without a stop, leads there again.
 */
async function entryOf(
  { a, b }: Pair,
  { equal, different }: { equal: Moment; different: Moment },
): Promise<Entered | undefined> {
  const end = icountOf(equal);
  const differsFrom = async (icount: number): Promise<boolean> => {
    const from = momentAt(icount, 'after');
    const [one, other] = [await a.at(from), await b.at(from)];
    if (!isSame(one, other)) return false;
    const expected = await a.at(different);
    for (const side of [a, b])
      if (side.onward && !isSame(await side.onward(from, different), expected)) return true;
    return false;
  };
  const longest = Math.min(end, MAX_TRANSLATED_STEPS);
  let distance = 1;
  while (distance <= longest && !(await differsFrom(end - distance))) distance *= 2;
  if (distance > longest) return undefined;
  let [entered, after] = [end - distance, end];
  while (after - entered > 1) {
    const middle = Math.floor((entered + after) / 2);
    if (await differsFrom(middle)) entered = middle;
    else after = middle;
  }
  const state = await a.snapshot(momentAt(entered, 'after'));
  return state && { icount: entered, pc: state.state.hart.pc! };
}
