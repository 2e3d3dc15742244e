import { expect, test } from 'vitest';
import { Finisher } from '../../src/devices/finisher.ts';
import { World } from '../../tools/testing/devices/world.ts';

const written = (value: bigint, sizeBytes = 4, offset = 0) => {
  const world = new World();
  const accepted = new Finisher().write(offset, sizeBytes, value, world);
  return { accepted, outputs: world.outputs };
};

test.each([
  [0x5555n, { kind: 'power', action: 'off', code: 0 }],
  [0x0007_5555n, { kind: 'power', action: 'off', code: 0 }],
  [0x0001_3333n, { kind: 'power', action: 'off', code: 1 }],
  [0xffff_3333n, { kind: 'power', action: 'off', code: 0xffff }],
  [0x7777n, { kind: 'power', action: 'reset', code: 0 }],
])('%x ends the machine', (value, output) => {
  expect(written(value)).toEqual({ accepted: true, outputs: [output] });
});

test('other commands and registers are ignored', () => {
  expect(written(0x1234n)).toEqual({ accepted: true, outputs: [] });
  expect(written(0x5555n, 4, 4)).toEqual({ accepted: true, outputs: [] });
});

test('it reads as zero, and accepts 2 and 4 bytes only', () => {
  expect(new Finisher().read(0, 4)).toBe(0n);
  for (const sizeBytes of [1, 8]) {
    expect(new Finisher().read(0, sizeBytes)).toBeUndefined();
    expect(written(0x5555n, sizeBytes)).toEqual({ accepted: false, outputs: [] });
  }
});
