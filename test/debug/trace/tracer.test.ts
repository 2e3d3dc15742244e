/** A trace is complete: a model with no other information is equal to the machine; and filters choose from it. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { csrs } from '../../../src/cpu/csrs.ts';
import { type Format, fields, formats, insert } from '../../../src/cpu/formats.ts';
import { instructions } from '../../../src/cpu/instructions.ts';
import { RAM_BASE } from '../../../src/cpu/layout.ts';
import { modes, type StepEvent, type TraceEvent } from '../../../src/debug/trace/events.ts';
import type { AddressRange, StepFilter } from '../../../src/debug/trace/filter.ts';
import { instructionKinds } from '../../../src/debug/trace/instruction.ts';
import type { TraceSource } from '../../../src/debug/trace/recorded-steps.ts';
import { Timeline } from '../../../src/replay/timeline.ts';
import type { MachineDescription } from '../../../src/vmm/description.ts';
import { LiveDoors, RecordingDoors } from '../../../src/vmm/doors.ts';
import { describeEntry, type Entry } from '../../../src/vmm/entries.ts';
import { Vmm } from '../../../src/vmm/vmm.ts';
import { Chance } from '../../../tools/testing/random-words.ts';
import { chattyGuest, machineOf } from '../../ft/guest.ts';
import { FakeWorld, recordRun } from '../../ft/world.ts';
import { examples } from '../../thorough.ts';
import { eventsOf, follow } from './model.ts';

const chatty = (seed: string, resets = 0.02): TraceSource => {
  const description = machineOf(chattyGuest);
  return {
    description,
    entries: recordRun(description, seed, 'a few words, then the end: q', resets).entries,
  };
};

const STEPS = 400;
/** Enough that every instruction is executed. */
const CASES = 40;
/** Skips the instruction that trapped: x7 := mepc; x7 += 4; mepc := x7; mret. */
const SKIP = [0x3410_23f3, 0x0043_8393, 0x3413_9073, 0x3020_0073];
/** The same in S-mode. */
const SKIP_IN_S = [0x1410_23f3, 0x0043_8393, 0x1413_9073, 0x1020_0073];
const HANDLER = 0x400;
const HANDLER_IN_S = 0x420;
const DATA = RAM_BASE + 0x4000;

/** Others end most programs: they change where traps lead, or the mode. */
const ordinary = instructions.filter(
  ({ format, extension, mnemonic }) =>
    !format.startsWith('Csr') && extension !== 'Privileged' && mnemonic !== 'jalr',
);
const harmless = csrs.filter(({ name }) => !/^(mtvec|satp|pmp.*|medeleg)$/.test(name));

/** A guest of random instructions, among them all of the table, with a handler that skips those that trap. */
function randomGuest(seed: string): TraceSource {
  const random = new Chance(seed);
  const words = Uint32Array.from({ length: 0x2000 / 4 }, () => {
    const { match, mask, format } = random.chance(0.9) ? random.pick(ordinary) : random.pick(instructions);
    const own: Format = formats[format];
    // Pointers, which nothing overwrites, are what memory is accessed by.
    let operands = insert(fields.rd, 4 + random.below(28)) | insert(fields.rs1, 1 + random.below(3));
    if (random.chance(0.5))
      operands = insert(fields.rd, 4 + random.below(4)) | insert(fields.rs1, random.below(8));
    operands |= insert(fields.rs2, random.below(8)) | insert(fields.fs3, random.below(8));
    if (own.imm && random.chance(0.5))
      operands = (operands & 0xf_ffff) | insert(fields[own.imm], 8 * random.below(3));
    if (format === 'B' || format === 'J') operands |= insert(fields[own.imm!], 4 * (1 + random.below(8)));
    if (format.startsWith('Csr')) {
      const { number } = random.pick(random.chance(0.9) ? harmless : csrs);
      operands = (operands & 0xf_ffff) | insert(fields.csr, number);
    }
    if (random.chance(0.05)) operands = random.word32();
    return (match | (operands & ~mask)) >>> 0;
  });
  words.set(SKIP, HANDLER / 4);
  words.set(SKIP_IN_S, HANDLER_IN_S / 4);
  const start = [
    { word: 'pc' as const, value: BigInt(RAM_BASE) },
    { word: 'mtvec' as const, value: BigInt(RAM_BASE + HANDLER) },
    { word: 'stvec' as const, value: BigInt(RAM_BASE + HANDLER_IN_S) },
    { word: 'mstatus' as const, value: 0x6000n | BigInt(random.pick([0, 2, 8, 10])) },
    { word: 'privilege' as const, value: random.pick([3n, 1n, 0n]) },
    { word: 'medeleg' as const, value: random.pick([0n, 0xb3ffn, 0xb3ffn, random.word64() & 0xb3ffn]) },
    { word: 'mideleg' as const, value: random.pick([0n, 0x222n, 0x222n]) },
    // The timer of M-mode has expired at boot, and software can request that of S-mode.
    { word: 'mie' as const, value: random.chance(0.6) ? 0n : random.pick([0x22n, 0x22n, 0xaaan]) },
    { word: 'mip' as const, value: random.pick([0n, 0x20n, 0x2n]) },
    { word: 'mcounteren' as const, value: 7n },
    { word: 'pmpaddr0' as const, value: 2n ** 54n - 1n },
    { word: 'pmpcfg0' as const, value: 0x1fn },
    ...Array.from({ length: 31 }, (_, index) => ({
      word: `x${index + 1}` as const,
      value: index < 3 || random.chance(0.3) ? BigInt(DATA + 8 * random.below(0x100)) : random.value(),
    })),
  ];
  const description: MachineDescription = {
    ...machineOf('_start: nop'),
    start,
    segments: [{ address: RAM_BASE, bytes: new Uint8Array(words.buffer), memorySizeBytes: words.byteLength }],
  };
  const entries: Entry[] = [];
  const world = new FakeWorld(seed);
  const vmm = new Vmm(description, new RecordingDoors(new LiveDoors(world), (entry) => entries.push(entry)));
  while (vmm.icount < STEPS && vmm.run(50) === 'budget') vmm.machine.takeOutputs();
  entries.push({ kind: 'check', icount: vmm.icount, hash: vmm.machine.hash() });
  return { description, entries };
}

/** What came in and went out, in order, from a replay without a trace. */
function doorsOf({ description, entries }: TraceSource): { applied: string[]; printed: string } {
  let printed = '';
  const timeline = new Timeline(description, entries, {
    made: (output) => {
      if (output.kind === 'console') printed += new TextDecoder().decode(output.data);
    },
  });
  timeline.run(Number.MAX_SAFE_INTEGER);
  const markers = ['check', 'output', 'progress'];
  return {
    applied: [...entries].filter(({ kind }) => !markers.includes(kind)).map(describeEntry),
    printed,
  };
}

describe('a model that knows only the trace', () => {
  test('is the machine after each step, with interrupts, resets and everything that comes in', () => {
    fc.assert(
      fc.property(fc.string(), (seed) => {
        const source = chatty(seed);
        const events = eventsOf(source);
        follow(source, events, true);
        const { applied, printed } = doorsOf(source);
        const told = events
          .filter((event) => event.kind === 'entry')
          .map(({ entry }) => describeEntry(entry));
        expect(told).toEqual(applied);
        const outputs = events.filter((event) => event.kind === 'output').map(({ output }) => output);
        expect(
          outputs
            .map((output) => (output.kind === 'console' ? String.fromCharCode(...output.data) : ''))
            .join(''),
        ).toBe(printed);
        // Each comes after the step that wrote it, or after an input at that position.
        for (const [index, event] of events.entries()) {
          if (event.kind !== 'output') continue;
          const before = events[index - 1]!;
          expect(before.kind === 'step' && before.accesses[0]?.address).toBe(0x1000_0000n);
          expect(before.icount).toBe(event.icount);
        }
        const places = events.map(({ icount, kind }) => (kind === 'output' ? icount + 0.5 : icount));
        expect(places).toEqual(places.toSorted((a, b) => a - b));
      }),
      { numRuns: examples(4) },
    );
  });

  test('is the machine after each step of random instructions', () => {
    const seen = new Set<string>();
    for (let index = 0; index < CASES; index++) {
      const source = randomGuest(`trace/${index}`);
      const events = eventsOf(source);
      for (const event of events) {
        if (event.kind === 'step' && !event.trapped) {
          const { row, kinds = [] } = event.decoded ?? {};
          for (const kind of kinds) seen.add(kind);
          if (row) seen.add(row.mnemonic);
        }
        if (event.kind === 'trap')
          seen.add(`${event.isInterrupt ? 'interrupt' : 'exception'} to ${event.to}`);
      }
      const isTranslated = events.some(
        (event) => event.kind === 'step' && event.changes.some(({ name }) => name === 'satp'),
      );
      follow(source, events, !isTranslated);
    }
    for (const kind of instructionKinds) expect(seen).toContain(kind);
    // Whatever is executed without a trap, as these do not.
    const missing = ordinary.filter(({ mnemonic }) => !seen.has(mnemonic)).map(({ mnemonic }) => mnemonic);
    expect(missing).toEqual([]);
    for (const trap of ['exception to S', 'exception to M', 'interrupt to S', 'interrupt to M'])
      expect(seen).toContain(trap);
  });
});

// ── Filters ─────────────────────────────────────────────────────────────────────────────────────────────────────────

const sources = [chatty('filters'), randomGuest('trace/5'), randomGuest('trace/9')];
const full = sources.map((source) => eventsOf(source));
const stepsOf = (events: readonly TraceEvent[]) => events.filter((event) => event.kind === 'step');

const around = (addresses: readonly bigint[]): fc.Arbitrary<AddressRange[]> =>
  fc.array(
    fc
      .record({
        first: fc
          .constantFrom(...addresses)
          .chain((address) => fc.bigInt({ min: address, max: address + 7n })),
        sizeBytes: fc.oneof(fc.bigInt({ min: 1n, max: 16n }), fc.constant(0x2000n)),
      })
      .map(({ first, sizeBytes }) => ({ first, last: first + sizeBytes - 1n })),
    { minLength: 1, maxLength: 3 },
  );
const some = <T>(all: readonly T[]) => fc.subarray([...all], { minLength: 1 });
const filterFor = (steps: readonly StepEvent[]): fc.Arbitrary<StepFilter> =>
  fc.record(
    {
      pc: around(steps.map(({ pc }) => pc)),
      memory: around([0n, ...steps.flatMap(({ accesses }) => accesses.map(({ address }) => address))]),
      modes: some(modes),
      kinds: some(instructionKinds),
    },
    { requiredKeys: [] },
  );

/** What a filter chooses, from the events of all steps. */
function chosen(
  events: readonly TraceEvent[],
  { pc, memory, modes: wanted, kinds }: StepFilter,
): TraceEvent[] {
  const isChosen = (step: StepEvent): boolean => {
    const within = (from: bigint, to: bigint) => (range: AddressRange) =>
      from <= range.last && to >= range.first;
    if (pc && !pc.some(within(step.pc, step.pc))) return false;
    if (wanted && !wanted.includes(step.mode)) return false;
    if (kinds && !kinds.some((kind) => step.decoded?.kinds.includes(kind))) return false;
    return (
      !memory ||
      step.accesses.some(({ address, sizeBytes }) =>
        memory.some(within(address, address + BigInt(sizeBytes) - 1n)),
      )
    );
  };
  return events.filter((event, index) => {
    if (event.kind === 'step') return isChosen(event);
    const before = events[index - 1];
    return event.kind === 'trap' && !event.isInterrupt && before?.kind === 'step' && isChosen(before);
  });
}

describe('a filter', () => {
  const which = fc.integer({ min: 0, max: sources.length - 1 });
  const filters = which.chain((index) =>
    fc.record({ index: fc.constant(index), filter: filterFor(stepsOf(full[index]!)) }),
  );

  test('chooses from the whole trace, without running through all of it', () => {
    fc.assert(
      fc.property(
        filters.filter(({ filter }) => Object.keys(filter).length > 0),
        fc.nat(1500),
        fc.nat(1500),
        ({ index, filter }, from, count) => {
          const to = from + count;
          const expected = chosen(full[index]!, filter).filter(
            ({ icount }) => icount >= from && icount <= to,
          );
          expect(eventsOf(sources[index]!, { filter, from, to })).toEqual(expected);
        },
      ),
      { numRuns: examples(150) },
    );
  });

  test('of positions chooses from the whole trace', () => {
    fc.assert(
      fc.property(
        which,
        fc.nat(1500),
        fc.nat(40),
        fc.integer({ min: 1, max: 50 }),
        (index, from, count, limit) => {
          const events: TraceEvent[] = [];
          const emit = (event: TraceEvent) => events.push(event) < limit;
          const to = from + count;
          eventsOf(sources[index]!, { from, to, emit });
          const within = full[index]!.filter(({ icount }) => icount >= from && icount <= to);
          expect(events).toEqual(within.slice(0, limit));
        },
      ),
      { numRuns: examples(50) },
    );
  });

  test('lets nothing pass that does not exist', () => {
    const nowhere = [{ first: 0x1234n, last: 0x1235n }];
    expect(eventsOf(sources[0]!, { filter: { pc: nowhere } })).toEqual([]);
    expect(eventsOf(sources[0]!, { filter: { memory: nowhere } })).toEqual([]);
    expect(eventsOf(sources[0]!, { from: 2 ** 40 })).toEqual([]);
  });
});

// ── Without steps ───────────────────────────────────────────────────────────────────────────────────────────────────

/** Calls S-mode over and over in U-mode, while the timer of M-mode interrupts anywhere. */
const interruptedCalls = `
_start:
    la      t0, in_m
    csrw    mtvec, t0
    la      t0, in_s
    csrw    stvec, t0
    li      t0, 1 << 8
    csrw    medeleg, t0
    li      t0, -1
    csrw    pmpaddr0, t0
    li      t0, 0x1f
    csrw    pmpcfg0, t0
    li      t0, 1 << 7
    csrw    mie, t0
    li      s6, 0x2004000
    li      s7, 60
    rdtime  t0
    addi    t0, t0, 50
    sd      t0, 0(s6)
    li      t0, 3 << 11
    csrc    mstatus, t0
    la      t0, user
    csrw    mepc, t0
    mret
user:
    ecall
    j       user
in_s:
    csrr    t1, sepc
    addi    t1, t1, 4
    csrw    sepc, t1
    sret
in_m:
    rdtime  t0
    addi    t0, t0, 17
    sd      t0, 0(s6)
    addi    s7, s7, -1
    beqz    s7, end
    mret
end:
    li      t0, 0x100000
    li      t1, 0x5555
    sw      t1, 0(t0)
    j       end
`;

describe('traps and blocks, without steps', () => {
  test('are told when an interrupt comes before the first instruction of a handler', () => {
    const description = machineOf(interruptedCalls);
    const source = { description, entries: recordRun(description, 'calls', '').entries };
    const full = eventsOf(source);
    follow(source, full, true);
    const traps = full.filter((event) => event.kind === 'trap');
    expect(eventsOf(source, { kinds: ['trap'] })).toEqual(traps.map((trap) => ({ ...trap, changes: [] })));
    const doubled = traps.filter(
      ({ isInterrupt, icount, epc }, index) =>
        isInterrupt && traps[index - 1]?.icount === icount - 1 && traps[index - 1]?.handler === epc,
    );
    expect(doubled.length).toBeGreaterThan(1);
  });

  test('are those of the whole trace', () => {
    const seeds = Array.from({ length: examples(30) }, (_, index) => randomGuest(`traps/${index}`));
    for (const source of [...sources, ...seeds]) {
      const traps = eventsOf(source, { kinds: ['trap'] });
      const expected = eventsOf(source).filter(({ kind }) => kind === 'trap');
      expect(traps).toEqual(expected.map((trap) => ({ ...trap, changes: [] })));
    }
  });

  test('divide the steps: a block begins after a jump, a trap, a page, and nowhere else', () => {
    for (const [index, source] of sources.entries()) {
      const blocks = eventsOf(source, { kinds: ['block'], blocks: { first: true, each: true } });
      const starts: { icount: number; pc: bigint }[] = [];
      let next: bigint | undefined;
      for (const event of full[index]!) {
        if (event.kind === 'trap') next = undefined;
        if (event.kind !== 'step') continue;
        const { icount, pc, decoded, trapped } = event;
        if (pc !== next) starts.push({ icount, pc });
        const after = pc + BigInt(decoded?.sizeBytes ?? 0);
        const jumps =
          decoded?.kinds.some((kind) => ['branch', 'jump', 'csr', 'system'].includes(kind)) ?? true;
        next = jumps || trapped || after >> 12n !== pc >> 12n ? undefined : after;
      }
      const executed = blocks.flatMap((block) =>
        block.kind === 'block' && !block.instructions ? [{ icount: block.icount, pc: block.pc }] : [],
      );
      expect(executed).toEqual(starts);
      const listed = blocks.flatMap((block) => (block.kind === 'block' ? (block.instructions ?? []) : []));
      const known = new Set(listed.map(({ pc }) => pc));
      for (const { pc, decoded } of stepsOf(full[index]!)) if (decoded) expect(known).toContain(pc);
    }
  });
});
