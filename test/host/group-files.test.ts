/** The groups that a host has run, in files: what is written is read again, and damage is found. */
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { encode } from '../../src/base/codec.ts';
import { GroupFiles } from '../../src/host/group-files.ts';
import { type GroupDescription, groupDescription } from '../../src/host/host-messages.ts';
import { descriptionHash, descriptionSchema } from '../../src/vmm/description.ts';
import { ReplayDoors } from '../../src/vmm/doors.ts';
import { Machine } from '../../src/vmm/machine.ts';
import { chattyGuest, machineOf } from '../ft/guest.ts';

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'vmft-groups-'));
});
afterEach(() => rmSync(directory, { recursive: true }));

const [segment] = machineOf(chattyGuest).segments;
const machine = {
  ...machineOf(chattyGuest),
  segments: [
    segment!,
    { address: segment!.address + 8192, bytes: Uint8Array.of(1, 2, 3), memorySizeBytes: 5 },
  ],
};
const group: GroupDescription = {
  group: 'one',
  hosts: [{ name: 'a', address: '127.0.0.1', port: 1 }],
  first: { primary: 'a', backups: [] },
  backups: 0,
  replication: 'lockstep',
  disk: 'shared',
  machine,
};
const image = () => join(directory, 'one.image');

test('a group is read as it was written, in this life and the next', async () => {
  const written = await new GroupFiles(directory).write(group);
  const again = new GroupFiles(directory).all();
  expect(again).toHaveLength(1);
  for (const read of [written, again[0]!]) {
    expect(descriptionHash(read.machine)).toBe(descriptionHash(machine));
    expect(Buffer.compare(encode(groupDescription, read), encode(groupDescription, group))).toBe(0);
  }
  expect(new Machine(written.machine, new ReplayDoors()).hash()).toBe(
    new Machine(machine, new ReplayDoors()).hash(),
  );
});

test('the hash of a description depends on each byte of its image, and on where it is', () => {
  const changed = (bytes: Uint8Array) => ({
    ...machine,
    segments: [segment!, { ...machine.segments[1]!, bytes }],
  });
  const hashes = [[1, 2, 3], [1, 2, 4], [1, 2], []].map((bytes) =>
    descriptionHash(changed(Uint8Array.from(bytes))),
  );
  const moved = {
    ...machine,
    segments: machine.segments.map((one) => ({ ...one, address: one.address + 4096 })),
  };
  expect(new Set([...hashes, descriptionHash(moved)]).size).toBe(5);
  expect(hashes[0]).toBe(descriptionHash(structuredClone(machine)));
});

test('the image is read when it is used, and damage to it is found then', async () => {
  await new GroupFiles(directory).write(group);
  const content = readFileSync(image());
  expect(content.length).toBe(segment!.bytes.length + 3);
  const [read] = new GroupFiles(directory).all();
  for (const damaged of [content.with(content.length - 1, 9), content.subarray(0, -1)]) {
    writeFileSync(image(), damaged);
    expect(() => encode(descriptionSchema, read!.machine)).toThrow(`${image()} is damaged`);
  }
});

test('a damaged group is named, and a group that is removed leaves nothing', async () => {
  const files = new GroupFiles(directory);
  await files.write(group);
  const path = join(directory, 'one.group');
  writeFileSync(path, readFileSync(path).subarray(0, statSync(path).size - 1));
  expect(() => files.all()).toThrow(`${path} is damaged`);
  files.remove('one');
  expect(readdirSync(directory)).toEqual([]);
});
