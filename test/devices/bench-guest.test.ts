/** The guest of the device benchmark gets what it asks for: it checks every block and every frame itself. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { depths, devicesTask, diskContent, guest, type Work, work } from '../../tools/bench/devices.ts';

const folder = mkdtempSync(join(tmpdir(), 'vmft-devices-'));
afterAll(() => rmSync(folder, { recursive: true }));

describe.each(depths)('with %i at once', (depth) => {
  test.each(Object.keys(work) as Work[])('%s', (what) => {
    const few = devicesTask(guest(what, depth, 20, folder));
    const more = devicesTask(guest(what, depth, 300, folder));
    expect(more.steps).toBeGreaterThan(few.steps + 280);
  });
});

test('it notices a block with another content', () => {
  const content = diskContent();
  content[7 * 4096] = 8;
  const path = guest('disk: reads in order', 4, 20, folder);
  expect(() => devicesTask(path, content)).toThrow('the guest has ended with exit code 1');
});
