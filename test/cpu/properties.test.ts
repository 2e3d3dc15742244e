/** Laws of the hart, on programs of random instructions among random interrupts. */
import fc from 'fast-check';
import { beforeAll, expect, test } from 'vitest';
import type { AnyHart } from '../../src/cpu/checked-hart.ts';
import { CAUSE, csrs, INTERRUPT, MSTATUS, PRIVILEGE } from '../../src/cpu/csrs.ts';
import { makeHart } from '../../src/cpu/engine.ts';
import { type Format, fields, formats, insert, type OperandKind, range } from '../../src/cpu/formats.ts';
import type { AccessKind, ObservedRange } from '../../src/cpu/hart.ts';
import { decode, type Instruction, instructions } from '../../src/cpu/instructions.ts';
import { RAM_BASE } from '../../src/cpu/layout.ts';
import { compressed } from '../../src/cpu/table/compressed.ts';
import { execution, runs } from '../engine.ts';
import { examples } from '../thorough.ts';
import { encoding } from './float/numbers.ts';

// The same programs in every run of the suite.
beforeAll(() => fc.configureGlobal({ seed: 2024 }));

const RAM_BYTES = 32 * 1024;
const DEVICE = 0x1000_0000n;
/** A trap handler that skips the instruction that trapped: x7 := mepc; x7 += 4; mepc := x7; mret. */
const HANDLER = 0x400;
const SKIP = [0x3410_23f3, 0x0043_8393, 0x3413_9073, 0x3020_0073];
const U64 = 2n ** 64n - 1n;

/** Operands with which an instruction has effects: few registers, of which the first keep pointers; near targets. */
const operand: Record<OperandKind, (field: (typeof fields)[keyof typeof fields]) => fc.Arbitrary<number>> = {
  x: (field) =>
    fc.oneof(fc.integer({ min: field === fields.rd ? 4 : 1, max: 7 }), fc.integer({ min: 0, max: 7 })),
  x8: () => fc.integer({ min: 0, max: 7 }),
  sp: () => fc.constant(0),
  f: () => fc.integer({ min: 0, max: 7 }),
  f8: () => fc.integer({ min: 0, max: 7 }),
  signed: () =>
    fc.oneof(
      fc.integer({ min: -8, max: 8 }).map((n) => n * 8),
      fc.integer({ min: -2048, max: 2047 }),
    ),
  unsigned: (field) => fc.integer({ min: 0, max: range(field).max }),
  upper: () => fc.integer(),
  target: () =>
    fc
      .oneof({ weight: 9, arbitrary: fc.constant(4) }, fc.constant(2))
      .chain((step) => fc.integer({ min: -20, max: 40 }).map((n) => n * step)),
  csr: () =>
    fc.constantFrom(...csrs.filter(({ access }) => access.is !== 'constant').map(({ number }) => number)),
  rounding: () => fc.integer({ min: 0, max: 7 }),
  ordering: () => fc.integer({ min: 0, max: 15 }),
  suffix: () => fc.integer({ min: 0, max: 3 }),
};

const instructionOf = (row: Instruction): fc.Arbitrary<number> => {
  const format: Format = formats[row.format];
  const names = [...(format.syntax.match(/\w+/g) ?? []), ...(format.suffix ? [format.suffix] : [])];
  const parts = names.map((name) => {
    const field = fields[name as keyof typeof fields];
    return operand[field.kind](field).map((value) => insert(field, value));
  });
  return fc.tuple(...parts).map((bits) => bits.reduce((word, part) => word | part, row.match) >>> 0);
};

/** Any operands at all: most of them name registers that few others name. */
const parcel = fc
  .tuple(fc.constantFrom(...compressed), fc.integer())
  .map(([{ match, mask }, bits]) => match | (bits & ~mask & 0xffff));

const instruction = fc.oneof(
  { weight: 8, arbitrary: fc.tuple(parcel, parcel).map(([low, high]) => (low | (high << 16)) >>> 0) },
  { weight: 30, arbitrary: fc.constantFrom(...instructions).chain(instructionOf) },
  { weight: 1, arbitrary: fc.integer().map((word) => word >>> 0) },
);

/** An interrupt line that changes at an icount. */
const event = fc.record({
  at: fc.integer({ min: 0, max: 300 }),
  interrupt: fc.constantFrom(...Object.values(INTERRUPT)),
  level: fc.boolean(),
});
type Event = typeof event extends fc.Arbitrary<infer E> ? E : never;

const ramAddress = fc.integer({ min: 0, max: RAM_BYTES / 8 }).map((offset) => BigInt(RAM_BASE + 8 * offset));
const deviceAddress = fc.integer({ min: 0, max: 64 }).map((offset) => DEVICE + BigInt(offset));
const oddAddress = fc.integer({ min: -8, max: RAM_BYTES + 8 }).map((offset) => BigInt(RAM_BASE + offset));
const anything = fc.oneof(ramAddress, deviceAddress, oddAddress, fc.bigInt({ min: 0n, max: U64 }));

const scene = fc.record({
  program: fc.array(instruction, { minLength: 20, maxLength: 200 }),
  registers: fc.tuple(ramAddress, ramAddress, deviceAddress, anything, anything, anything, anything),
  mtvec: fc.integer({ min: 0, max: 1 }).map((mode) => BigInt(RAM_BASE + HANDLER + mode)),
  mie: fc.constantFrom(0n, 0x888n),
  mstatus: fc.constantFrom(0n, 8n, 0x88n, MSTATUS.FS, MSTATUS.FS | 8n, (1n << 13n) | 0x88n),
  floats: fc.array(encoding('D'), { minLength: 8, maxLength: 8 }),
  privilege: fc.constantFrom(...Object.values(PRIVILEGE).map(BigInt)),
  events: fc.array(event, { maxLength: 8 }).map((events) => events.sort((a, b) => a.at - b.at)),
});
type Scene = Omit<typeof scene extends fc.Arbitrary<infer S> ? S : never, 'registers'> & {
  registers: bigint[];
};

/** A reported access. */
interface Access {
  icount: number;
  pc: bigint;
  address: bigint;
  sizeBytes: number;
  access: AccessKind;
}

/** A hart with a device that answers and interrupts by the icount, and a record of its accesses. */
class Machine {
  asked: string[] = [];
  /** Whether the device ends the run in progress now and then. */
  stops = false;
  /** The accesses that were reported, and whether each ends the run. */
  seen: Access[] = [];
  stopsAtSeen = false;
  readonly hart: AnyHart = makeHart(
    RAM_BYTES,
    {
      load: (address, sizeBytes) => {
        this.asked.push(`load ${address} ${sizeBytes} at ${this.hart.icount}`);
        return address >> 12n === DEVICE >> 12n ? BigInt(this.hart.icount * 0x123_4567) : undefined;
      },
      store: (address, sizeBytes, value) => {
        this.asked.push(`store ${address} ${sizeBytes} ${value} at ${this.hart.icount}`);
        if (address >> 12n !== DEVICE >> 12n) return false;
        this.hart.setLine(INTERRUPT.MSI, (address & 8n) === 0n);
        if (this.stops) this.hart.stop();
        return true;
      },
      clock: () => this.hart.icount,
      entropy: () => this.hart.icount & 0xffff,
      watched: () => undefined,
      observed: (address, sizeBytes, access) => {
        const { icount } = this.hart;
        // Going on from the instruction at which the run has ended.
        const again = access === 'fetch' && this.seen.at(-1)?.icount === icount && this.stopsAtSeen;
        if (again && this.seen.at(-1)!.access === 'fetch') return;
        this.seen.push({ icount, address, sizeBytes, access, pc: this.hart.get('pc') });
        if (this.stopsAtSeen) this.hart.stop();
      },
    },
    execution,
  );
  private readonly boot = this.hart.state;

  load({ program, registers, floats, mtvec, mie, mstatus, privilege }: Scene): void {
    this.asked = [];
    this.seen = [];
    const words = Uint32Array.from({ length: RAM_BYTES / 4 }, (_, index) => program[index % program.length]!);
    words.set(SKIP, HANDLER / 4);
    this.hart.write(RAM_BASE, new Uint8Array(words.buffer));
    const given = Object.fromEntries(registers.map((value, index) => [`x${index + 1}`, value]));
    floats.forEach((value, index) => {
      given[`f${index}`] = value;
    });
    // PMP entry 0 opens all of memory to the lower modes.
    const open = { pmpaddr0: 2n ** 54n - 1n, pmpcfg0: 0x1fn };
    this.hart.state = { ...this.boot, ...open, ...given, mtvec, mie, mstatus, privilege };
  }

  /** Runs to `limit`, with a stop at every icount in `stops`. */
  run(limit: number, events: readonly Event[], stops: readonly number[] = []): void {
    const { hart } = this;
    const queue = [...events];
    const apply = ({ interrupt, level }: Event) => hart.setLine(interrupt, level);
    while (hart.icount < limit) {
      while (queue.length > 0 && queue[0]!.at <= hart.icount) apply(queue.shift()!);
      const stop = stops.find((at) => at > hart.icount);
      const waits = hart.run(Math.min(limit, queue[0]?.at ?? limit, stop ?? limit)) === 'waiting';
      if (stops.length > 0) hart.hashRam();
      if (!waits) continue;
      // A waiting hart takes no steps: the next event comes now.
      if (queue.length === 0) return;
      apply(queue.shift()!);
    }
  }

  get everything() {
    return { state: this.hart.state, ram: this.hart.hashRam(), asked: this.asked };
  }
}

const [one, other] = [new Machine(), new Machine()];
const STEPS = 300;

test('N steps can be split into two runs', () => {
  other.stops = true;
  fc.assert(
    fc.property(
      scene,
      fc.uniqueArray(fc.integer({ min: 1, max: STEPS - 1 }), { minLength: 1 }),
      (scene, splits) => {
        one.load(scene);
        one.run(STEPS, scene.events);
        other.load(scene);
        other.run(
          STEPS,
          scene.events,
          splits.sort((a, b) => a - b),
        );
        expect(other.everything).toEqual(one.everything);
      },
    ),
    { numRuns: examples(runs(400)) },
  );
});

test('N steps equal N runs of one step', () => {
  const every = Array.from({ length: STEPS }, (_, index) => index);
  fc.assert(
    fc.property(scene, (scene) => {
      one.load(scene);
      one.run(STEPS, scene.events);
      other.load(scene);
      other.run(STEPS, scene.events, every);
      expect(other.everything).toEqual(one.everything);
    }),
    { numRuns: examples(runs(150)) },
  );
});

test('the state is complete: a hart that is restored from it behaves like the original', () => {
  fc.assert(
    fc.property(scene, fc.integer({ min: 1, max: STEPS - 1 }), (scene, at) => {
      const before = scene.events.filter((event) => event.at < at);
      one.load(scene);
      one.run(at, before);
      other.load(scene);
      other.hart.write(RAM_BASE, one.hart.ram);
      other.hart.state = one.hart.state;
      for (const machine of [one, other]) {
        machine.asked = [];
        machine.run(STEPS, scene.events.slice(before.length));
      }
      expect(other.everything).toEqual(one.everything);
    }),
    { numRuns: examples(runs(150)) },
  );
});

test('x0 stays zero, and counters count: no step is lost and none is counted twice', () => {
  fc.assert(
    fc.property(scene, (scene) => {
      one.load(scene);
      for (let steps = 1; steps <= STEPS; steps++) {
        const exit = one.hart.run(steps);
        expect(one.hart.get('x0')).toBe(0n);
        if (exit === 'waiting') break;
        expect(one.hart.icount).toBe(steps);
      }
    }),
    { numRuns: examples(runs(100)) },
  );
});

const ALL_PAGES = 4096 * 4096;
const kinds = ['load', 'store', 'fetch'] as const;
const observedRange: fc.Arbitrary<ObservedRange> = fc.record({
  address: anything,
  sizeBytes: fc.constantFrom(0, 1, 8, 4096, 8192),
  access: fc.constantFrom(...kinds),
});
const pageNumber = (address: bigint): bigint => (address >> 12n) % 4096n;

/** Whether an access is to a page of a range, or to one that can't be told from it. */
const isIn = ({ address, access }: Access, range: ObservedRange): boolean => {
  const last = range.address + BigInt(Math.max(range.sizeBytes, 1) - 1);
  const pages = Number((last >> 12n) - (range.address >> 12n));
  return (
    access === range.access && BigInt.asUintN(12, pageNumber(address) - pageNumber(range.address)) <= pages
  );
};

test('observation changes nothing, and reports exactly the accesses to the pages that are observed', () => {
  fc.assert(
    fc.property(scene, fc.array(observedRange, { minLength: 1, maxLength: 4 }), (scene, ranges) => {
      one.load(scene);
      one.run(STEPS, scene.events);
      const { everything } = one;
      other.load(scene);
      other.hart.observe(ranges);
      other.run(STEPS, scene.events);
      expect(other.everything).toEqual(everything);
      one.load(scene);
      one.hart.observe(kinds.map((access) => ({ address: 0n, sizeBytes: ALL_PAGES, access })));
      one.run(STEPS, scene.events);
      expect(one.everything).toEqual(everything);
      expect(other.seen).toEqual(one.seen.filter((access) => ranges.some((range) => isIn(access, range))));
      // Each step that executes an instruction fetches it once.
      const fetched = one.seen.filter(({ access }) => access === 'fetch');
      expect(new Set(fetched.map(({ icount }) => icount)).size).toBe(fetched.length);
      for (const { address, pc } of fetched) expect(address).toBe(pc);
      for (const { hart } of [one, other]) hart.observe([]);
    }),
    { numRuns: examples(runs(150)) },
  );
});

test('a run that ends at accesses goes on as if it had not, before an instruction and after an access to data', () => {
  fc.assert(
    fc.property(scene, fc.array(observedRange, { minLength: 1, maxLength: 4 }), (scene, ranges) => {
      one.load(scene);
      one.hart.observe(ranges);
      one.run(STEPS, scene.events);
      other.load(scene);
      other.hart.observe(ranges);
      other.stopsAtSeen = true;
      const queue = [...scene.events];
      let known = 0;
      while (other.hart.icount < STEPS) {
        while (queue.length > 0 && queue[0]!.at <= other.hart.icount) {
          const { interrupt, level } = queue.shift()!;
          other.hart.setLine(interrupt, level);
        }
        const exit = other.hart.run(Math.min(STEPS, queue[0]?.at ?? STEPS));
        if (exit === 'waiting') {
          if (queue.length === 0) break;
          const { interrupt, level } = queue.shift()!;
          other.hart.setLine(interrupt, level);
        }
        const here = other.seen.slice(known);
        known = other.seen.length;
        if (here.length === 0) continue;
        expect(exit).toBe('stop');
        const { access, icount } = here.at(-1)!;
        expect(other.hart.icount).toBe(access === 'fetch' ? icount : icount + 1);
      }
      expect(other.everything).toEqual(one.everything);
      expect(other.seen).toEqual(one.seen);
      other.stopsAtSeen = false;
      for (const { hart } of [one, other]) hart.observe([]);
    }),
    { numRuns: examples(runs(150)) },
  );
});

test('a loop whose first instruction stores to an observed page is executed, also when it is translated', () => {
  // sd x5, 0(x6); addi x5, x5, 1; bne x5, x7, -8; j 0
  const program = [0x0053_3023, 0x0012_8293, 0xfe72_9ce3, 0x0000_006f];
  const { hart } = one;
  one.load({
    ...{ program: [], floats: [], mtvec: 0n, mie: 0n, mstatus: 0n, privilege: 3n, events: [] },
    registers: [0n, 0n, 0n, 0n, 0n, BigInt(RAM_BASE + 4096), 1000n],
  });
  hart.write(RAM_BASE, new Uint8Array(Uint32Array.from(program).buffer));
  hart.run(hart.icount + 600);
  hart.observe([{ address: BigInt(RAM_BASE + 4096), sizeBytes: 8, access: 'store' }]);
  hart.run(hart.icount + 3000 - 600);
  hart.observe([]);
  expect([hart.get('x5'), one.seen.length]).toEqual([1000n, 800]);
});

/** Words near instructions: a row's, with random operand bits and at most one bit flipped. */
const nearInstruction = fc
  .tuple(fc.constantFrom(...instructions), fc.integer(), fc.integer({ min: 0, max: 63 }))
  .map(([{ match, mask }, bits, flip]) => (match ^ (bits & ~mask) ^ (flip < 32 ? 1 << flip : 0)) >>> 0);

const anyWord = fc.oneof(
  nearInstruction,
  fc.integer().map((word) => word >>> 0),
);

/** Takes one step on a word. */
function step(word: number, privilege: bigint, mstatus = 0n) {
  const { hart } = one;
  one.load({
    program: [word],
    registers: [],
    floats: [],
    mtvec: BigInt(RAM_BASE + 64),
    mie: 0n,
    mstatus,
    privilege,
    events: [],
  });
  const before = hart.state;
  hart.run(1);
  return { before, after: hart.state };
}

test('a word that is no instruction is illegal in every mode, and changes nothing but the CSRs of the trap', () => {
  const unknown = anyWord.filter((word) => (word & 3) === 3 && decode(word) === undefined);
  fc.assert(
    fc.property(unknown, fc.constantFrom(0n, 3n), (word, privilege) => {
      const { before, after } = step(word, privilege);
      expect(after).toEqual({
        ...before,
        pc: BigInt(RAM_BASE + 64),
        icount: 1n,
        privilege: 3n,
        mepc: BigInt(RAM_BASE),
        mcause: BigInt(CAUSE.illegalInstruction),
        mtval: BigInt(word),
        mstatus: privilege << 11n,
        minstretBias: U64,
      });
    }),
    { numRuns: examples(runs(2000)) },
  );
});

const isFloat = (word: number) => ['F', 'D'].includes(decode(word)!.extension);

/** Whether a word rounds by a mode that is reserved: `frm` is zero here. */
const hasReservedMode = (word: number): boolean =>
  /\brm/.test(formats[decode(word)!.format].syntax) && [5, 6].includes((word >>> 12) & 7);

test('a word that is an instruction is not illegal in M-mode, unless it names a CSR or a reserved rounding mode', () => {
  const known = anyWord.filter((word) => decode(word) !== undefined && decode(word)!.extension !== 'Zicsr');
  fc.assert(
    fc.property(known, (word) => {
      const { after } = step(word, 3n, MSTATUS.FS);
      const isIllegal = after.mcause === BigInt(CAUSE.illegalInstruction) && after.mtval === BigInt(word);
      expect(isIllegal).toBe(hasReservedMode(word));
    }),
    { numRuns: examples(runs(2000)) },
  );
});

test('an instruction of floating point is illegal when FS is off, and changes nothing', () => {
  const floating = nearInstruction.filter((word) => decode(word) !== undefined && isFloat(word));
  fc.assert(
    fc.property(floating, (word) => {
      const { before, after } = step(word, 3n);
      expect([after.mcause, after.mtval]).toEqual([BigInt(CAUSE.illegalInstruction), BigInt(word)]);
      const { f0, fcsr } = before;
      expect(after).toMatchObject({ f0, fcsr, mstatus: MSTATUS.MPP });
    }),
    { numRuns: examples(runs(500)) },
  );
});
