/** Executions that begin to differ at a known place: the place is found, and the cause is named. */
import fc from 'fast-check';
import { describe, expect, test, vi } from 'vitest';
import { and, choose, constant, eq, rd, rs1, xor } from '../../src/cpu/expr.ts';
import { decode, type Instruction, instructions } from '../../src/cpu/instructions.ts';
import { interpreterModule } from '../../src/cpu/interpreter.ts';
import { type Explanation, explain, type Pair } from '../../src/debug/bisect/explain.ts';
import { firstLogDifference } from '../../src/debug/bisect/logs.ts';
import { type Found, type SearchOptions, search } from '../../src/debug/bisect/search.ts';
import {
  icountOf,
  inputsAt,
  isSame,
  type Moment,
  momentAt,
  type Sample,
  type Side,
  sampleHere,
  TimelineSide,
} from '../../src/debug/bisect/side.ts';
import { Timeline } from '../../src/replay/timeline.ts';
import type { Entry } from '../../src/vmm/entries.ts';
import { takeSnapshot } from '../../src/vmm/snapshot.ts';
import { chattyGuest, machineOf } from '../ft/guest.ts';
import { recordRun } from '../ft/world.ts';
import { examples, thorough } from '../thorough.ts';

// Its data is in other pages than its code: translations are kept when the data is put back.
const description = machineOf(chattyGuest.replace('.bss\n.balign 16', '.bss\n.balign 4096'));
const { entries, icount: end } = recordRun(description, 'bisect', 'a few words, then the end: q');
const last = momentAt(end, 'after');
const execution = { engine: 'interpreter' } as const;

const sideOf = (name: string, log: readonly Entry[] = entries): TimelineSide =>
  new TimelineSide(name, { description, entries: log }, { execution, snapshotBytes: 1 << 22 });

/** Finds the first difference, as the command does. */
async function bisect(
  pair: Pair,
  options: SearchOptions = { first: 64, longest: 1024 },
): Promise<{ found: Found; explanation: Explanation }> {
  const found = await search(pair.a, pair.b, last, options);
  if (found?.equal === undefined) throw new Error('no difference after an equal moment');
  return { found, explanation: await explain(pair, { ...found, equal: found.equal }) };
}

/** A replay in whose RAM a bit flips when it reaches a position, behind the back of all that marks pages as written. */
class FlippingSide implements Side {
  readonly name = 'flipped';
  private readonly healthy = new Timeline(description, entries, { execution, snapshotBytes: 1 << 22 });
  private broken: Timeline | undefined;
  private here: Moment = 0;
  questions = 0;

  constructor(
    private readonly position: number,
    private readonly offset: number,
    private readonly bit: number,
  ) {}

  private go(moment: Moment): Timeline | string {
    this.questions++;
    const [icount, inputs] = [icountOf(moment), inputsAt(moment)];
    if (icount < this.position) return this.healthy.seek(icount, inputs);
    if (!this.broken || moment < this.here) {
      this.broken = new Timeline(description, entries, { execution, passed: () => {} });
      this.broken.seek(this.position, 'before');
      // Its page is one that is not marked as written since it was hashed.
      this.broken.machine.hash();
      this.broken.machine.hart.ram[this.offset]! ^= 1 << this.bit;
      this.here = momentAt(this.position, 'before');
    }
    // A timeline would go back before it goes to where it is.
    if (moment === this.here) return this.broken;
    this.here = moment;
    try {
      return this.broken.seek(icount, inputs);
    } catch (error) {
      this.broken = undefined;
      return String(error);
    }
  }

  async at(moment: Moment): Promise<Sample> {
    const timeline = this.go(moment);
    if (typeof timeline === 'string') return { icount: 0, consumed: 0, hash: 0n, problem: timeline };
    return sampleHere(timeline);
  }

  async snapshot(moment: Moment) {
    const timeline = this.go(moment);
    return typeof timeline === 'string' ? undefined : takeSnapshot(timeline.machine);
  }

  async again(from: Moment, to: Moment): Promise<Sample> {
    return sampleHere((this.go(from) as Timeline).clone().seek(icountOf(to), inputsAt(to)));
  }

  keep(): void {
    this.healthy.keep();
  }
}

/** The first moment from `start` on at which two executions differ, by looking at every moment. */
async function firstByLooking(a: Side, b: Side, start = 0): Promise<Moment> {
  for (let moment = start; moment <= last; moment++)
    if (!isSame(await a.at(moment), await b.at(moment))) return moment;
  throw new Error('equal everywhere');
}

/** Makes an instruction give a wrong bit when the low bits of rs1 are `when`; returns what it was. */
function spoil(rows: readonly Instruction[], mnemonic: string, when: number, bit: number): () => void {
  const row = rows.find((one) => one.mnemonic === mnemonic)!;
  const right = row.meaning;
  row.meaning = right.map((action) => {
    if (action.do !== 'rd') return action;
    const isWrong = eq(and(rs1, constant(7)), constant(when));
    return rd(choose(isWrong, xor(action.value, constant(1n << BigInt(bit))), action.value));
  });
  return () => {
    row.meaning = right;
  };
}

const recording = { description, entries };

/** A replay by another build, in whose interpreter an instruction is wrong. */
async function wrongSide(mnemonic: string, when: number, bit: number): Promise<Side> {
  const mend = spoil(instructions, mnemonic, when, bit);
  const generated = interpreterModule(false);
  mend();
  vi.resetModules();
  const { prepareInterpreter } = await import('../../src/cpu/hart.ts');
  prepareInterpreter(false, generated);
  const other = await import('../../src/debug/bisect/side.ts');
  return new other.TimelineSide('b', recording, { execution, snapshotBytes: 1 << 22 });
}

/** A replay by another build, in whose translator an instruction is wrong. */
async function wronglyTranslated(mnemonic: string, when: number, bit: number): Promise<Side> {
  vi.resetModules();
  const { prepareInterpreter } = await import('../../src/cpu/hart.ts');
  prepareInterpreter(true);
  const { instructions: rows } = await import('../../src/cpu/instructions.ts');
  spoil(rows, mnemonic, when, bit);
  const other = await import('../../src/debug/bisect/side.ts');
  const heat = { hot: 30, patience: 0, entered: 60, drops: 300, window: 1000 };
  return new other.TimelineSide('b', recording, {
    execution: { engine: 'translator', heat },
    snapshotBytes: 1 << 22,
  });
}

/** An entry with another value; undefined for a marker. */
function altered(entry: Entry, by: number): Entry | undefined {
  const flipped = (data: Uint8Array) =>
    data.with(by % data.length, data[by % data.length]! ^ (1 << (by % 8)));
  switch (entry.kind) {
    case 'clock':
    case 'timer':
      return { ...entry, ticks: entry.ticks + 1 + by };
    case 'entropy':
    case 'console':
      return { ...entry, data: flipped(entry.data) };
    default:
      return undefined;
  }
}

describe('an execution', () => {
  /** One of whose log an entry is missing: it contradicts it there. */
  const missing = entries.findIndex(({ kind, icount }) => kind === 'entropy' && icount > end / 2);
  const broken = entries.toSpliced(missing, 1);
  const moment = fc.nat(last + 3);
  const question = fc.record({
    ask: fc.constantFrom('at' as const, 'again' as const, 'onward' as const, 'keep' as const),
    moment,
    from: fc.nat(entries[missing]!.icount),
  });

  test('gives the same answers in whatever order it is asked', async () => {
    const answers = new Map<Moment, Sample>();
    const expected = async (at: Moment): Promise<Sample> => {
      const known = answers.get(at) ?? (await sideOf('fresh', broken).at(at));
      answers.set(at, known);
      return known;
    };
    await fc.assert(
      fc.asyncProperty(fc.array(question, { minLength: 2, maxLength: 12 }), async (questions) => {
        const side = sideOf('asked', broken);
        for (const { ask, moment, from } of questions) {
          if (ask === 'keep') side.keep();
          else if (ask === 'at') expect(await side.at(moment)).toEqual(await expected(moment));
          else {
            const start = momentAt(Math.min(from, icountOf(moment)), 'before');
            if (start === moment) continue;
            const { consumed } = await expected(start);
            const state = (await sideOf('start', broken).snapshot(start))!;
            const answer =
              ask === 'again'
                ? await side.again(start, moment)
                : await side.onward({ state, consumed }, moment);
            const { consumed: _, ...same } = await expected(moment);
            expect(answer).toMatchObject(same);
          }
        }
      }),
      { numRuns: examples(100) },
    );
  });
});

describe('an execution by a wrong translator', () => {
  const { min, max } = { min: 0, max: end - 1 };
  const run = fc.tuple(fc.integer({ min, max }), fc.integer({ min, max })).map(([one, other]) => ({
    from: momentAt(Math.min(one, other), 'after'),
    to: momentAt(Math.max(one, other) + 1, 'before'),
  }));

  test('gives the same answer to a question that is repeated', async () => {
    const a = sideOf('a');
    for (const mnemonic of ['xor', 'mul', 'srli']) {
      const b = await wronglyTranslated(mnemonic, 2, 0);
      const ask = async ({ from, to }: { from: Moment; to: Moment }) => {
        const { consumed } = await a.at(from);
        return b.onward!({ state: (await a.snapshot(from))!, consumed }, to);
      };
      await b.at(last);
      await fc.assert(
        fc.asyncProperty(run, fc.array(run, { maxLength: 8 }), async (question, others) => {
          const answer = await ask(question);
          for (const other of others) await ask(other);
          expect(await ask(question)).toEqual(answer);
        }),
        { numRuns: examples(40) },
      );
    }
  });
});

describe('the first difference', () => {
  test('of a replay in whose memory a bit flips is where it flips', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: end }),
        fc.nat(),
        fc.nat(4095),
        fc.nat(7),
        async (position, page, inPage, bit) => {
          // In pages that are in use: hashes are those of these.
          const pages = new Timeline(description, entries).seek(position, 'before').machine.hart.usedPages();
          const offset = pages[page % pages.length]! * 4096 + inPage;
          const a = sideOf('a');
          const b = new FlippingSide(position, offset, bit);
          const pair = { a, b, logs: { a: entries, b: entries }, alike: true, reference: 'a' as const };
          const { found, explanation } = await bisect(pair);
          expect(found.different).toBe(momentAt(position, 'before'));
          // Not step by step.
          expect(b.questions).toBeLessThan(50 + end / 500);
          expect(explanation).toMatchObject({
            ...{
              during: 'step',
              icount: position - 1,
              cause: 'memory',
              deviant: 'b',
              words: [],
              devices: [],
            },
          });
          expect(explanation.bytes).toEqual([
            expect.objectContaining({ address: 0x8000_0000 + offset, written: false }),
          ]);
          expect(explanation.bytes[0]!.a[0]! ^ explanation.bytes[0]!.b[0]!).toBe(1 << bit);
        },
      ),
      { numRuns: examples(100) },
    );
  });

  test('of two logs is the first result of the entry that was changed', async () => {
    const doors = entries.flatMap((entry, index) => (altered(entry, 0) ? [index] : []));
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...doors), fc.nat(1000), async (index, by) => {
        const log = entries.with(index, altered(entries[index]!, by)!);
        const difference = firstLogDifference(entries, log)!;
        expect(difference).toEqual({
          a: { number: index + 1, entry: entries[index] },
          b: { number: index + 1, entry: log[index] },
        });
        const [a, b] = [sideOf('a'), sideOf('b', log)];
        const { icount } = entries[index]!;
        const hint = momentAt(icount, 'before');
        const pair = { a, b, logs: { a: entries, b: log }, alike: true, reference: 'a' as const };
        const { found, explanation } = await bisect(pair, { hint, first: 1, longest: 1024 });
        expect(found.different).toBe(await firstByLooking(a, b, Math.max(0, hint - 2)));
        expect(explanation).toMatchObject({ cause: 'log', icount });
        for (const { entry } of explanation.entries.a) expect(entry.icount).toBe(icount);
        expect(explanation.entries.a).toContainEqual(difference.a);
        expect(explanation.entries.b).toContainEqual(difference.b);
        const before =
          explanation.during === 'step' ? index : entries.filter((entry) => entry.icount < icount).length;
        expect(explanation.entryBefore).toEqual(
          before > 0 ? { number: before, entry: entries[before - 1] } : undefined,
        );
        // Without the hint it is a difference, too, but the first may have vanished before it is looked for.
        const later = await search(a, b, last, { first: 64, longest: 1024 });
        if (!later) return;
        expect(later.different).toBeGreaterThanOrEqual(found.different);
        expect(isSame(await a.at(later.equal!), await b.at(later.equal!))).toBe(true);
        expect(isSame(await a.at(later.different), await b.at(later.different))).toBe(false);
      }),
      { numRuns: examples(100) },
    );
  });

  test('of a build with a wrong instruction is the first step in which it is wrong', async () => {
    let count = 0;
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom('xor', 'mul', 'srli', 'add'),
        fc.nat(7),
        fc.nat(63),
        async (...drawn) => {
          const [mnemonic, when, bit] = drawn;
          const a = sideOf('a');
          const b = await wrongSide(mnemonic, when, bit);
          const found = await search(a, b, last, { first: 64, longest: 1024 });
          if (!found) {
            await expect(firstByLooking(a, b)).rejects.toThrow('equal everywhere');
            return;
          }
          count++;
          expect(found.different).toBe(await firstByLooking(a, b));
          const pair = { a, b, logs: { a: entries, b: entries }, alike: false, reference: 'a' as const };
          const explanation = await explain(pair, { ...found, equal: found.equal! });
          expect(explanation).toMatchObject({ during: 'step', cause: 'engine', deviant: 'b' });
          expect(decode(explanation.executed!.word!)!.mnemonic).toBe(mnemonic);
          const [difference] = explanation.words;
          expect(explanation.words.length).toBe(1);
          expect(difference!.a ^ difference!.b).toBe(1n << BigInt(bit));
        },
      ),
      { numRuns: thorough(10, 100) },
    );
    expect(count).toBeGreaterThan(2);
  });

  test('of translated code is traced to the run through it', async () => {
    let count = 0;
    await fc.assert(
      fc.asyncProperty(fc.constantFrom('xor', 'mul', 'srli'), fc.nat(7), fc.nat(63), async (...drawn) => {
        const [mnemonic, when, bit] = drawn;
        const a = sideOf('a');
        const b = await wronglyTranslated(mnemonic, when, bit);
        const found = await search(a, b, last, { first: 64, longest: 1024 });
        if (!found) return;
        const pair = { a, b, logs: { a: entries, b: entries }, alike: false, reference: 'a' as const };
        const explanation = await explain(pair, { ...found, equal: found.equal! });
        expect(explanation).toMatchObject({ cause: 'translation', deviant: 'b' });
        const { entered, icount, path } = explanation;
        expect(entered!.icount).toBeLessThanOrEqual(icount);
        expect(explanation.words.length + explanation.bytes.length).toBeGreaterThan(0);
        if (path.length === 0) return;
        count++;
        // In it the instruction is executed with such an operand.
        const wrong = [];
        for (let step = entered!.icount; step <= icount; step++) {
          const { state } = (await a.snapshot(momentAt(step, 'after')))!;
          const { word } = path[step - entered!.icount]!;
          const operand = state.hart[`x${(word! >> 15) & 31}`]! & 7n;
          if (decode(word!)?.mnemonic === mnemonic && operand === BigInt(when)) wrong.push(step);
        }
        expect(wrong.length).toBeGreaterThan(0);
      }),
      { numRuns: thorough(8, 100) },
    );
    expect(count).toBeGreaterThan(2);
  });
});
