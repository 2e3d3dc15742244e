import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type Codec, decode, encode, type RecordCodec } from '../../src/base/codec.ts';
import type { Device } from '../../src/devices/device.ts';
import { World } from '../../tools/testing/devices/world.ts';
import { examples } from '../thorough.ts';
import { kinds, type Subject } from './kinds.ts';
import { hostileQueue } from './virtio/hostile.ts';

type Action =
  | { kind: 'read'; offset: number; sizeBytes: number }
  | { kind: 'write'; offset: number; sizeBytes: number; value: bigint }
  | { kind: 'input'; choice: number };

function actionsOn(offsets: readonly number[]): fc.Arbitrary<Action[]> {
  const access = {
    offset: fc.constantFrom(...offsets),
    sizeBytes: fc.oneof({ arbitrary: fc.constant(4), weight: 4 }, fc.constantFrom(1, 2, 8)),
  };
  const value = fc.oneof(fc.bigInt(0n, 16n), fc.bigInt(0n, 255n), fc.bigInt(0n, 2n ** 64n - 1n));
  const action = fc.oneof(
    fc.record({ kind: fc.constant('read' as const), ...access }),
    fc.record({ kind: fc.constant('write' as const), ...access, value }),
    fc.record({ kind: fc.constant('input' as const), choice: fc.nat(5000) }),
  );
  // Accesses are naturally aligned.
  return fc.array(
    action.map((a) => (a.kind === 'input' ? a : { ...a, offset: a.offset - (a.offset % a.sizeBytes) })),
    { maxLength: 60 },
  );
}

function perform({ device, input, lines }: Subject, world: World, action: Action): unknown {
  const { kind } = action;
  if (kind === 'read') return [device.read(action.offset, action.sizeBytes, world), lines?.()];
  if (kind === 'write') {
    const value = BigInt.asUintN(8 * action.sizeBytes, action.value);
    return [device.write(action.offset, action.sizeBytes, value, world), lines?.()];
  }
  return [input?.(action.choice, world), lines?.()];
}

const save = (device: Device): Uint8Array => encode(device.schema, device.state);

/** Another word of the same `oneOf`. */
const otherWord: Record<string, string> = { read: 'write', write: 'flush', flush: 'read' };

/** All values that differ from the given one in a single place. */
function variants(value: unknown): unknown[] {
  if (typeof value === 'string') return [otherWord[value]];
  if (typeof value === 'number') return [value ^ 1];
  if (typeof value === 'bigint') return [value ^ 1n];
  if (typeof value === 'boolean') return [!value];
  if (value instanceof Uint8Array) {
    const flipped = value.slice();
    for (const i of flipped.keys()) flipped[i]! ^= 1;
    return [value.length > 0 ? flipped : Uint8Array.of(1)];
  }
  if (Array.isArray(value))
    return value.flatMap((member, i) => variants(member).map((v) => value.with(i, v)));
  return Object.entries(value as object).flatMap(([name, member]) =>
    variants(member).map((variant) => ({ ...(value as object), [name]: variant })),
  );
}

describe.each(Object.entries(kinds))('%s', (_name, { make, offsets, start }) => {
  const run = fc.record({
    hostile: fc.array(hostileQueue, { minLength: 2, maxLength: 2 }),
    before: actionsOn(offsets),
    after: actionsOn(offsets),
  });

  test('a restored copy behaves identically', () => {
    fc.assert(
      fc.property(run, ({ hostile, before, after }) => {
        const original = make(1);
        const world = new World();
        start?.(original.device, world, hostile);
        for (const action of before) perform(original, world, action);

        const copy = make(2);
        copy.device.state = decode(copy.device.schema, save(original.device));
        expect(save(copy.device)).toEqual(save(original.device));
        const copyWorld = world.clone();
        // They count on from the restored state.
        copyWorld.outputs.push(...world.outputs);
        for (const action of after) {
          expect(perform(copy, copyWorld, action)).toEqual(perform(original, world, action));
        }
        expect(copyWorld.outputs).toEqual(world.outputs);
        expect(copyWorld.ticks).toBe(world.ticks);
        expect(save(copy.device)).toEqual(save(original.device));
        // Faster than `toEqual`, which compares each byte as an object.
        expect(Buffer.compare(copyWorld.memory.bytes, world.memory.bytes)).toBe(0);
      }),
      { numRuns: examples(300) },
    );
  });

  test('the state after any accesses is in the schema, and a copy shares nothing with it', () => {
    fc.assert(
      fc.property(run, ({ hostile, before, after }) => {
        const subject = make(1);
        const world = new World();
        start?.(subject.device, world, hostile);
        for (const action of before) perform(subject, world, action);
        const saved = save(subject.device);
        const state = decode(subject.device.schema, saved);
        expect(state).toEqual(subject.device.state);
        for (const action of after) perform(subject, world, action);
        expect(encode(subject.device.schema, state)).toEqual(saved);
      }),
      { numRuns: examples(100) },
    );
  });

  test('every field of the state is encoded and decoded', () => {
    const { device } = make(1);
    start?.(device, new World(), []);
    const schema: RecordCodec<object> & Codec<object> = device.schema;
    const bytes = save(device);
    for (const variant of variants(device.state) as object[]) {
      const changed = encode(schema, variant);
      expect(changed).not.toEqual(bytes);
      expect(decode(schema, changed)).toEqual(variant);
    }
    expect(Object.keys(schema.fields)).toEqual(expect.arrayContaining(Object.keys(device.state)));
  });
});
