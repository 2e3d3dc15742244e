/** Folders with a guest, by name. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { readBytes } from '../../src/cli/files.ts';
import { openFolder } from '../../src/lib/programs.ts';

const programs = mkdtempSync(join(tmpdir(), 'vmft-programs-'));
const folder = join(programs, 'guest');
afterAll(() => rmSync(programs, { recursive: true, force: true }));

test('a bundled guest is what was made in its `out`, which may need more memory, or says how to make it', () => {
  mkdirSync(join(folder, 'out'), { recursive: true });
  const guest = { kernel: 'out/Image', memoryMiB: 10, make: 'make it' };
  writeFileSync(join(folder, 'guest.json'), JSON.stringify(guest));
  const open = () => openFolder('guest', { memory: 1 }, readBytes, programs).options;
  expect(open).toThrow(`${join(folder, 'out/Image')} is missing; make it: make it`);
  writeFileSync(join(folder, 'out/Image'), '');
  expect(open()).toMatchObject({ memory: 10 << 20 });
  writeFileSync(join(folder, 'out/guest.json'), JSON.stringify({ kernel: 'Image', memoryMiB: 20 }));
  expect(open()).toMatchObject({ kernel: join(folder, 'out/Image'), memory: 20 << 20 });
});
