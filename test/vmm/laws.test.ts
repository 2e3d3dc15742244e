/** The laws of a machine's state, for every word of the hart, every CSR and every device in the tables. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { decode, encode } from '../../src/base/codec.ts';
import { csrs, csrWords } from '../../src/cpu/csrs.ts';
import { fields, insert } from '../../src/cpu/formats.ts';
import { instructions } from '../../src/cpu/instructions.ts';
import { hartSchema, hartWords, RAM_BASE } from '../../src/cpu/layout.ts';
import { Devices } from '../../src/vmm/devices.ts';
import { Machine } from '../../src/vmm/machine.ts';
import { machineSchema } from '../../src/vmm/machine-state.ts';
import { decodeSnapshot, encodeSnapshot, restoreSnapshot, takeSnapshot } from '../../src/vmm/snapshot.ts';
import { attacked } from '../../tools/testing/devices/hostile.ts';
import { kinds } from '../devices/kinds.ts';
import { machineOf, withConsole } from '../ft/guest.ts';

/** A machine with every device. */
const description = withConsole(machineOf('_start: j _start', 64));
const doors = {
  clock: () => 4711,
  entropy: (_: number, sizeBytes: number) => new Uint8Array(sizeBytes).fill(0x5a),
};
const machine = new Machine(description, doors);
const copy = new Machine(description, doors);
const atBoot = takeSnapshot(machine);
const throughFile = (from: Machine, to: Machine) =>
  restoreSnapshot(to, decodeSnapshot(encodeSnapshot(takeSnapshot(from)), 'x.vm'));

describe('a word of the hart', () => {
  test.each(hartWords)('%s is saved, restored, and part of the hash', (word) => {
    fc.assert(
      fc.property(fc.bigInt(1n, 2n ** 64n - 1n), (change) => {
        restoreSnapshot(machine, atBoot);
        const before = machine.hash();
        machine.hart.set(word, machine.hart.get(word) ^ change);
        expect(machine.hash()).not.toBe(before);
        throughFile(machine, copy);
        expect(copy.hart.get(word)).toBe(machine.hart.get(word));
        expect([copy.hart.state, copy.hash()]).toEqual([machine.hart.state, machine.hash()]);
      }),
      { numRuns: 3 },
    );
  });

  test('has a field of its own', () => {
    expect(Object.keys(hartSchema.fields)).toEqual([...hartWords]);
    expect(Object.keys(machine.hart.state)).toEqual([...hartWords]);
    expect(hartWords).toEqual(expect.arrayContaining([...csrWords]));
  });
});

describe('a CSR', () => {
  const op = (name: string, operands: Partial<Record<'rd' | 'rs1' | 'csr', number>>) =>
    Object.entries(operands).reduce(
      (word, [field, value]) => (word | insert(fields[field as 'rd'], value)) >>> 0,
      instructions.find(({ mnemonic }) => mnemonic === name)!.match,
    );

  test.each(csrs)('$name reads the same on a machine that is restored after a write', ({ number: csr }) => {
    const code = new Uint32Array([op('csrrw', { rd: 6, rs1: 5, csr }), op('csrrs', { rd: 7, csr })]);
    const any = fc.oneof(fc.constantFrom(0n, 2n ** 64n - 1n), fc.bigInt(0n, 2n ** 64n - 1n));
    fc.assert(
      fc.property(any, any, (value, other) => {
        for (const one of [machine, copy]) {
          restoreSnapshot(one, atBoot);
          one.hart.set('mstatus', 3n << 13n);
          one.hart.set('pc', BigInt(RAM_BASE));
          one.hart.write(RAM_BASE, new Uint8Array(code.buffer));
        }
        machine.hart.set('x5', value);
        machine.run(machine.icount + 1);
        // The earlier state of the other machine is replaced.
        copy.hart.set('x5', other);
        copy.run(copy.icount + 1);
        throughFile(machine, copy);
        for (const one of [machine, copy]) one.run(one.icount + 1);
        expect(copy.hart.get('x7')).toBe(machine.hart.get('x7'));
        expect(copy.hart.state).toEqual(machine.hart.state);
        expect(copy.hash(true)).toBe(machine.hash(true));
      }),
      { numRuns: 5 },
    );
  });
});

describe('a device', () => {
  const devices = new Devices(description);
  const named = devices.named.map(([name]) => name);
  const names = devices.named.map(([, { name }]) => name);

  test("is part of the machine's state, and every field of it is in the schema", () => {
    expect(Object.keys(machine.state.devices)).toEqual(named);
    const schema = machineSchema(description);
    expect(Object.keys(schema.fields).sort()).toEqual(Object.keys(machine.state).sort());
    expect(decode(schema, encode(schema, machine.state))).toEqual(machine.state);
  });

  test('that is mapped has a name, or is an empty slot', () => {
    const mapped = devices.mappings.map(({ device }) => device).filter(({ name }) => name !== 'empty');
    expect(devices.named.map(([, device]) => device)).toEqual(expect.arrayContaining(mapped));
    expect(mapped.length).toBeGreaterThan(8);
  });

  test('is under the laws of test/devices/laws.test.ts and attacked by test/devices/hostile.test.ts', () => {
    expect(Object.keys(kinds).sort()).toEqual(['empty', ...names].sort());
    const underAttack = Object.keys(attacked).map((name) => name.replace(/^(read-only )?disk$/, 'blk'));
    expect([...new Set(underAttack)].sort()).toEqual(['empty', ...names].sort());
  });
});
