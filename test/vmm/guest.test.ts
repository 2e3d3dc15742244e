/** Guests made from files in memory, without a file system. */
import { expect, test } from 'vitest';
import { OperatingError } from '../../src/base/errors.ts';
import type { GuestFiles } from '../../src/vmm/guest/files.ts';
import { type GuestOptions, readGuest } from '../../src/vmm/guest/guest.ts';
import { parseGuestFile, withDevices, withFolder } from '../../src/vmm/guest/guest-file.ts';
import { elf } from './elf.ts';

const bytes = (text: string) => new TextEncoder().encode(text);

/** Files by their names; a source finds included files in the given folders. */
function filesOf(content: Record<string, Uint8Array>): GuestFiles {
  const has = (name: string) => Object.hasOwn(content, name);
  return {
    read: (name) => {
      if (!has(name)) throw new OperatingError(`${name}: not there`);
      return content[name]!;
    },
    findIncluded: (included, _, folders) =>
      folders.map((folder) => `${folder}/${included}`).find((name) => has(name)),
  };
}

const files = filesOf({
  'a/main.s': bytes('.include "end.s"\n.globl tohost\n.data\ntohost: .dword LIMIT'),
  'lib/end.s': bytes('_start: wfi\nj _start'),
  'small.elf': elf([{ address: 0x8000_0000n, bytes: [0x13, 0, 0, 0] }]).bytes,
  'code.bin': Uint8Array.of(0x6f, 0, 0, 0),
  code: Uint8Array.of(0x6f, 0, 0, 0),
  notes: bytes('something to read'),
  disk: new Uint8Array(700).fill(7),
});
const memory = 1 << 20;
const guest = (path: string | undefined, options: Partial<GuestOptions> = {}) =>
  readGuest(path, { memory, ...options }, files);
const firstBytes = (path: string, options: Partial<GuestOptions> = {}) => [
  ...guest(path, options).description.segments[0]!.bytes.subarray(0, 4),
];

test('a source is assembled, with what it includes and with its symbols', () => {
  const { description } = guest('a/main.s', { include: ['lib'], defsym: [['LIMIT', 5n]] });
  expect(description.program).toBe('main.s');
  expect(description.segments[0]!.address).toBe(0x8000_0000);
  expect(description.tohost).toEqual([0x8000_0008]);
  expect(() => guest('a/main.s')).toThrow(/end\.s/);
});

test('an ELF and a raw image are recognized, and other files are refused', () => {
  expect(firstBytes('small.elf')).toEqual([0x13, 0, 0, 0]);
  expect(firstBytes('code.bin')).toEqual([0x6f, 0, 0, 0]);
  expect(firstBytes('code', { raw: true })).toEqual([0x6f, 0, 0, 0]);
  expect(() => guest('code')).toThrow(/^code: neither an ELF nor a source/);
  expect(() => guest('notes')).toThrow(/^notes: text, which is no program/);
  expect(() => guest('nowhere.bin')).toThrow(/^nowhere\.bin: not there$/);
  expect(() => guest(undefined)).toThrow(/^no program given/);
});

test('a disk has the content of its file', () => {
  const drive = [{ text: 'file=disk', file: 'disk', readOnly: true, id: undefined, forDevice: false }];
  const { description, diskContent } = guest('code.bin', { drive });
  expect(description.virtio[0]).toEqual({ kind: 'blk', sectors: 2, readOnly: true });
  expect([diskContent.length, diskContent[699], diskContent[700]]).toEqual([1024, 7, 0]);
});

test('a guest file sets options, which those of the command line override', () => {
  const folder = parseGuestFile(bytes('{ "kernel": "code.bin", "append": "a", "memoryMiB": 4 }'), 'g.json');
  const options = withFolder(folder, 'g.json', { memory, append: 'b' }, (name) => name);
  expect(options).toMatchObject({ kernel: 'code.bin', append: 'a b', memory: 4 << 20 });
  expect(guest(undefined, options).description.start).toContainEqual({ word: 'pc', value: 0x8020_0000n });
  const beside = parseGuestFile(bytes('{ "devices": ["virtio-rng-device"], "diskKiB": 1 }'), 'x.guest.json');
  const own = withDevices(beside, 'x.guest.json', { memory });
  const kinds = guest('code.bin', own).description.virtio.map((one) => one?.kind);
  expect(kinds).toEqual(['blk', ...Array(6).fill(undefined), 'entropy']);
  expect(() => withDevices(folder, 'g.json', { memory })).toThrow(/"kernel" is for a folder/);
  const sized = (memoryMiB: number) =>
    parseGuestFile(bytes(`{ "kernel": "code.bin", "memoryMiB": ${memoryMiB} }`), 'g.json');
  expect(withFolder(sized(2048), 'g.json', { memory }, (name) => name).memory).toBe(2 ** 31);
  expect(() => sized(2049)).toThrow(/^g\.json: "memoryMiB" can't be 2049$/);
  expect(() => parseGuestFile(bytes('[]'), 'g.json')).toThrow(/^g\.json: it must be a JSON object$/);
});
