import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { encode, Writer } from '../../src/base/codec.ts';
import { OperatingError } from '../../src/base/errors.ts';
import { xxh32 } from '../../src/base/xxh32.ts';
import { csrWords } from '../../src/cpu/csrs.ts';
import { RAM_BASE } from '../../src/cpu/layout.ts';
import { abiNames } from '../../src/cpu/registers.ts';
import { ReplayDoors } from '../../src/vmm/doors.ts';
import { Machine } from '../../src/vmm/machine.ts';
import { machineSchema } from '../../src/vmm/machine-state.ts';
import {
  compareSnapshots,
  decodeSnapshot,
  encodeSnapshot,
  restoreSnapshot,
  type Snapshot,
  takeSnapshot,
} from '../../src/vmm/snapshot.ts';
import { Vmm, verifyMarker } from '../../src/vmm/vmm.ts';
import { chattyGuest, machineOf } from '../ft/guest.ts';
import { recordRun } from '../ft/world.ts';
import { examples } from '../thorough.ts';

const description = machineOf(chattyGuest);
const run = recordRun(description, 'snapshot', 'to be continued, but not for long: q');

/** A machine that has replayed the recording up to a position, and the entries after it. */
function machineAt(icount: number): { vmm: Vmm; doors: ReplayDoors } {
  const doors = new ReplayDoors(verifyMarker);
  for (const entry of run.entries) doors.append(entry);
  const vmm = new Vmm(description, doors);
  vmm.run(icount);
  return { vmm, doors };
}

const taken = takeSnapshot(machineAt(2000).vmm.machine);
const content = encodeSnapshot(taken);
const anyPosition = fc.integer({ min: 0, max: run.icount });

describe('a machine that is restored', () => {
  test('is the same machine', () => {
    fc.assert(
      fc.property(anyPosition, (icount) => {
        const { machine } = machineAt(icount).vmm;
        const copy = new Machine(description, new ReplayDoors());
        restoreSnapshot(copy, takeSnapshot(machine));
        expect(copy.hash()).toBe(machine.hash());
        expect(copy.icount).toBe(machine.icount);
        expect(compareSnapshots(takeSnapshot(copy), takeSnapshot(machine)).equal).toBe(true);
      }),
      { numRuns: examples(20) },
    );
  });

  test('behaves as the original would', () => {
    fc.assert(
      fc.property(anyPosition, (icount) => {
        const { vmm, doors } = machineAt(icount);
        const copy = new Vmm(description, doors);
        // From a file, and into a machine that has already run.
        copy.machine.hart.write(RAM_BASE + 0x8000, Uint8Array.of(1, 2, 3));
        restoreSnapshot(copy.machine, decodeSnapshot(encodeSnapshot(takeSnapshot(vmm.machine)), 'x.vm'));
        expect(copy.run(1_000_000)).toBe('off');
        expect([copy.icount, copy.machine.hash()]).toEqual([run.icount, run.hash]);
      }),
      { numRuns: examples(20) },
    );
  });

  test('does not change with the machine that it was taken from', () => {
    const { vmm } = machineAt(1000);
    const before = takeSnapshot(vmm.machine);
    const bytes = encodeSnapshot(before);
    vmm.run(1000);
    expect(encodeSnapshot(before)).toEqual(bytes);
  });
});

describe('the file', () => {
  test('decodes to what was encoded', () => {
    expect(decodeSnapshot(content, 'x.vm')).toEqual(taken);
    expect(encodeSnapshot(decodeSnapshot(content, 'x.vm'))).toEqual(content);
  });

  test('with any one byte changed is refused', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 255 }), (change) => {
        const changed = content.slice();
        for (let at = 0; at < content.length; at++) {
          changed[at]! ^= change;
          mustRefuse(changed);
          changed[at]! ^= change;
        }
      }),
      { numRuns: 2 },
    );
  });

  test('truncated anywhere, or longer, is refused', () => {
    for (let length = 0; length < content.length; length++) mustRefuse(content.subarray(0, length));
    mustRefuse(Uint8Array.of(...content, 0));
  });

  test.each<[string, Uint8Array, RegExp]>([
    ['an empty file', new Uint8Array(0), /^x\.vm: not a saved machine; make one with/],
    ['another file', new TextEncoder().encode('VMFT-LOG and more'), /^x\.vm: not a saved machine/],
    [
      'a file of another version',
      resealed(content.with(8, content[8]! + 1)),
      /^x\.vm: format 6, and this vmft reads 5; save it again$/,
    ],
    [
      'a file with a page too many',
      resealed(Uint8Array.of(...content.subarray(0, -4), 0, 0, 0, 0, 0)),
      /^x\.vm: not a machine of this vmft \(.*bytes too many/,
    ],
    ['a damaged file', content.with(100, content[100]! ^ 1), /^x\.vm: the file is damaged or cut short/],
  ])('%s is refused with its own error', (_, source, message) => {
    expect(() => decodeSnapshot(source, 'x.vm')).toThrow(message);
  });

  /** The same bytes with their right checksum. */
  function resealed(source: Uint8Array): Uint8Array {
    const body = source.subarray(0, -4);
    const out = new Writer();
    out.raw(body);
    out.u32(xxh32(body));
    return out.bytes();
  }

  function mustRefuse(source: Uint8Array): void {
    try {
      decodeSnapshot(source, 'x.vm');
    } catch (error) {
      if (error instanceof OperatingError && error.message.startsWith('x.vm: ')) return;
      throw error;
    }
    throw new Error('a file that no machine makes is accepted');
  }
});

/** Every change of one value in a state. */
function* changes(value: unknown, path: string): Generator<[string, unknown]> {
  if (typeof value === 'number') yield [path, value === 0 ? 1 : value - 1];
  else if (typeof value === 'bigint') yield [path, value ^ 1n];
  else if (typeof value === 'boolean') yield [path, !value];
  else if (value instanceof Uint8Array) {
    if (value.length > 0) yield [path, value.with(0, value[0]! ^ 1)];
    else yield [path, Uint8Array.of(1)];
  } else if (Array.isArray(value))
    for (const [index, member] of value.entries())
      for (const [where, changed] of changes(member, `${path}.${index}`))
        yield [where, value.with(index, changed)];
  else if (typeof value === 'object' && value !== null)
    for (const [name, member] of Object.entries(value))
      for (const [where, changed] of changes(member, `${path}.${name}`))
        yield [where, { ...value, [name]: changed }];
}

describe('a comparison', () => {
  const changedHart = (word: string): Snapshot => ({
    ...taken,
    state: { ...taken.state, hart: { ...taken.state.hart, [word]: taken.state.hart[word]! ^ (1n << 63n) } },
  });

  test('of a machine with itself finds nothing', () => {
    const difference = compareSnapshots(taken, decodeSnapshot(content, 'x.vm'));
    expect(difference).toMatchObject({ icount: 2000, equal: true, devices: [], pages: [] });
    expect(difference.registers.filter(({ equal }) => !equal)).toEqual([]);
  });

  test('lists every word of the hart once', () => {
    const names = compareSnapshots(taken, taken).registers.map(({ name }) => name);
    expect(new Set(names).size).toBe(Object.keys(taken.state.hart).length);
    expect(names).toEqual(expect.arrayContaining(['pc', ...abiNames, 'privilege', ...csrWords]));
  });

  test.each(Object.keys(taken.state.hart))('finds %s alone', (word) => {
    const other = changedHart(word);
    const difference = compareSnapshots(taken, other);
    const name = word.startsWith('x') ? abiNames[Number(word.slice(1))]! : word;
    expect(difference.equal).toBe(false);
    expect(difference.registers.filter(({ equal }) => !equal)).toEqual([
      { name, a: taken.state.hart[word], b: other.state.hart[word], equal: false },
    ]);
    expect([difference.devices, difference.pages]).toEqual([[], []]);
  });

  const fields = Object.entries(taken.state.devices).flatMap(([device, state]) =>
    [...changes(state, device)].map(([path, changed]) => [path, device, changed as object] as const),
  );
  test('knows the fields of every device', () => {
    expect(new Set(fields.map(([, device]) => device))).toEqual(
      new Set(Object.keys(taken.state.devices).filter((name) => name !== 'finisher')),
    );
  });
  test.each(fields)('finds %s alone', (_, device, changed) => {
    const devices = { ...taken.state.devices, [device]: changed };
    const difference = compareSnapshots(taken, { ...taken, state: { ...taken.state, devices } });
    expect(difference).toMatchObject({ equal: false, devices: [device], pages: [] });
    expect(difference.registers.filter(({ equal }) => !equal)).toEqual([]);
  });

  const others: [string, Partial<Snapshot['state']>][] = [
    ['outputs', { outputsMade: taken.state.outputsMade + 1 }],
    ['memory size', { ramSizeBytes: taken.state.ramSizeBytes + 4096 }],
    ...['ticks', 'icount'].map((name): [string, Partial<Snapshot['state']>] => [
      'clock',
      { clock: { ...taken.state.clock, [name]: 7 } },
    ]),
    ['power', { power: { ...taken.state.power, off: true } }],
    ['power', { power: { ...taken.state.power, reset: true } }],
    ['power', { power: { ...taken.state.power, code: 1 } }],
  ];
  test('knows every part of the state', () => {
    const parts = others.flatMap(([, part]) => Object.keys(part));
    expect(new Set([...parts, 'hart', 'devices'])).toEqual(new Set(Object.keys(taken.state)));
  });
  test.each(others)('finds %s: %j', (name, part) => {
    const other = { ...taken, state: { ...taken.state, ...part } };
    const schema = machineSchema(description);
    expect(encode(schema, other.state)).not.toEqual(encode(schema, taken.state));
    expect(compareSnapshots(taken, other)).toMatchObject({ equal: false, devices: [name], pages: [] });
  });

  test('finds a device that only one has', () => {
    const disk = takeSnapshot(new Machine(machineOf(chattyGuest, 8), new ReplayDoors()));
    const none = takeSnapshot(new Machine(description, new ReplayDoors()));
    for (const [a, b] of [
      [disk, none],
      [none, disk],
    ] as const)
      expect(compareSnapshots(a, b)).toMatchObject({ equal: false, devices: ['blk.2'] });
  });

  test('finds each page in which one byte differs, and pages that only one has', () => {
    const anyByte = fc.tuple(fc.nat((1 << 16) - 1), fc.integer({ min: 1, max: 255 }));
    fc.assert(
      fc.property(fc.array(anyByte, { minLength: 1, maxLength: 6 }), (bytes) => {
        const copy = new Machine(description, new ReplayDoors());
        restoreSnapshot(copy, taken);
        const changed = new Set<number>();
        for (const [offset, change] of new Map(bytes)) {
          copy.hart.write(RAM_BASE + offset, Uint8Array.of(copy.hart.ram[offset]! ^ change));
          changed.add(RAM_BASE + (offset & ~0xfff));
        }
        copy.hart.set('reservation', taken.state.hart.reservation!);
        const other = takeSnapshot(copy);
        const pages = [...changed].sort((a, b) => a - b);
        expect(compareSnapshots(taken, other)).toMatchObject({ equal: false, devices: [], pages });
        expect(compareSnapshots(other, taken).pages).toEqual(pages);
      }),
      { numRuns: examples(30) },
    );
  });
});
