import { inflateRawSync } from 'node:zlib';
import fc from 'fast-check';
import { inflateSync } from 'fflate';
import { expect, test } from 'vitest';
import { FormatError } from '../../src/base/errors.ts';
import { PAGE_BYTES, RAM_BASE } from '../../src/cpu/layout.ts';
import { zlib } from '../../src/host/zlib.ts';
import { ReplayDoors } from '../../src/vmm/doors.ts';
import { Machine } from '../../src/vmm/machine.ts';
import { type Compressor, packPages, unpackPages } from '../../src/vmm/snapshot.ts';
import { chattyGuest, machineOf } from '../ft/guest.ts';
import { examples } from '../thorough.ts';

const machine = () => new Machine(machineOf(chattyGuest), new ReplayDoors());

test('pages that either compressor has packed are unpacked by both', () => {
  const [source, target] = [machine(), machine()];
  const content = fc.oneof(
    fc.uint8Array({ minLength: PAGE_BYTES, maxLength: PAGE_BYTES, size: 'max' }),
    fc.nat(255).map((byte) => new Uint8Array(PAGE_BYTES).fill(byte)),
  );
  const either = fc.constantFrom<Compressor | undefined>(zlib, undefined);
  fc.assert(
    fc.property(fc.array(content, { maxLength: 4 }), either, either, (pages, packer, unpacker) => {
      target.hart.clearRam();
      for (const [index, page] of pages.entries()) source.hart.write(RAM_BASE + index * PAGE_BYTES, page);
      unpackPages(target, packPages(source, [...pages.keys()], packer), unpacker);
      const size = pages.length * PAGE_BYTES;
      expect(Buffer.compare(target.hart.ram.subarray(0, size), source.hart.ram.subarray(0, size))).toBe(0);
    }),
    { numRuns: examples(60) },
  );
});

test('what is stored is raw DEFLATE, at every size around those of its blocks', () => {
  const size = fc
    .tuple(fc.nat(3), fc.integer({ min: -2, max: 2 }))
    .map(([blocks, more]) => Math.max(0, blocks * 0xffff + more));
  fc.assert(
    fc.property(size, fc.nat(255), (sizeBytes, seed) => {
      const plain = Uint8Array.from({ length: sizeBytes }, (_, at) => at * seed + (at >> 8));
      for (const read of [inflateRawSync, inflateSync])
        expect(Buffer.compare(read(zlib.deflate(plain)), plain)).toBe(0);
    }),
    { numRuns: examples(60) },
  );
});

test('damaged pages are refused, and so are more bytes than were stated', () => {
  const source = machine();
  const packed = packPages(source, [0, 1], zlib);
  for (const changed of [packed.slice(0, -8), packed.with(10, packed[10]! ^ 0xff)])
    expect(() => unpackPages(machine(), changed, zlib)).toThrow(FormatError);
  const greedy: Compressor = { ...zlib, deflate: () => zlib.deflate(new Uint8Array(1 << 20)) };
  expect(() => unpackPages(machine(), packPages(source, [0], greedy), zlib)).toThrow(
    'compressed pages are damaged',
  );
});
