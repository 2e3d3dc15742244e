/** The symbols of a guest's own files, by the addresses at which they run. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { guestSymbols } from '../../src/lib/guest-symbols.ts';
import { namingOf } from '../../src/symbols/naming.ts';
import type { GuestFiles } from '../../src/vmm/guest/files.ts';
import type { GuestOptions } from '../../src/vmm/guest/guest.ts';

const MEMORY = 16 << 20;
const PROGRAM = 0x8000_0000n;
const KERNEL = 0x8020_0000n;
const text = (source: string) => new TextEncoder().encode(source);
const kv = new Uint8Array(readFileSync(join(import.meta.dirname, '../../programs/kv/kv.elf')));

function namesOf(
  contents: Record<string, Uint8Array>,
  path: string | undefined,
  options: Partial<GuestOptions> = {},
) {
  const files: GuestFiles = { read: (name) => contents[name]!, findIncluded: () => undefined };
  return namingOf(() => guestSymbols(path, { memory: MEMORY, ...options }, files));
}

/** Labels, each followed by so many instructions. */
const labels = fc.array(fc.integer({ min: 1, max: 5 }), { minLength: 1, maxLength: 12 });
const sourceOf = (counts: readonly number[]) =>
  [
    '_start: .option norvc; nop',
    ...counts.flatMap((count, label) => [`label${label}: nop`, ...Array<string>(count - 1).fill(' nop')]),
  ].join('\n');

/** The names of all instructions, one in a line. */
function expected(counts: readonly number[], start: bigint): [bigint, string][] {
  const places = counts.flatMap((count, label) =>
    Array.from(
      { length: count },
      (_, index) => `label${label}${index === 0 ? '' : `+0x${(4 * index).toString(16)}`}`,
    ),
  );
  return ['_start', ...places].map((place, index) => [
    start + BigInt(4 * index),
    `${place} (guest.s:${index + 1})`,
  ]);
}

test('labels and lines of a source, as a program and as a kernel', () => {
  fc.assert(
    fc.property(labels, fc.boolean(), (counts, isKernel) => {
      const contents = { 'guest.s': text(sourceOf(counts)) };
      const naming = isKernel
        ? namesOf(contents, undefined, { kernel: 'guest.s' })
        : namesOf(contents, 'guest.s');
      const all = expected(counts, isKernel ? KERNEL : PROGRAM);
      expect(all.map(([address]) => naming(address))).toEqual(all.map(([, name]) => name));
      expect(naming(all.at(-1)![0] + 4n)).toBeUndefined();
    }),
  );
});

test('a symbol that is given changes where labels are', () => {
  const contents = { 'guest.s': text('_start: .option norvc\n .zero SIZE\nafter: nop\n') };
  const naming = namesOf(contents, 'guest.s', { defsym: [['SIZE', 64n]] });
  expect(naming(PROGRAM + 64n)).toBe('after (guest.s:3)');
});

/** Offsets of code in kv.elf. */
const FUNCTIONS = [0x10, 0x120, 0x430].map(BigInt);

test('an ELF file: where it is linked', () => {
  const naming = namesOf({ 'kv.elf': kv }, 'kv.elf');
  expect(naming(PROGRAM)).toMatch(/^_start/);
  expect(naming(0x10n)).toBeUndefined();
});

test('a kernel that is loaded elsewhere than it is linked: at both places', () => {
  const moved = kv.slice();
  const view = new DataView(moved.buffer);
  const [at, count] = [Number(view.getBigUint64(32, true)), view.getUint16(56, true)];
  for (let index = 0; index < count; index++) {
    const field = at + 56 * index + 24;
    view.setBigUint64(field, view.getBigUint64(field, true) + 0x40_0000n, true);
  }
  const [plain, naming] = [
    namesOf({ 'kv.elf': kv }, 'kv.elf'),
    namesOf({ kernel: moved }, undefined, { kernel: 'kernel' }),
  ];
  for (const offset of FUNCTIONS) {
    const name = plain(PROGRAM + offset);
    expect(name).toBeDefined();
    expect([naming(PROGRAM + offset), naming(PROGRAM + 0x40_0000n + offset)]).toEqual([name, name]);
  }
});

test('a raw image has none', () => {
  const naming = namesOf({ 'guest.bin': Uint8Array.of(0x6f, 0, 0, 0) }, 'guest.bin');
  expect(naming(PROGRAM)).toBeUndefined();
});
