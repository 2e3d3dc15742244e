/** A disk with initial content: every host reads it, and the checkers expect it. */

import { describe, expect, it } from 'vitest';
import { Random } from '../../src/base/random.ts';
import { DISK_OK, SECTOR_BYTES } from '../../src/devices/device.ts';
import { diskVariants } from '../../src/ft/rules.ts';
import { diskGuest, machineOf } from '../ft/guest.ts';
import { faults, result, simulate, sound } from './support.ts';

const SECTORS = 70;
const diskContent = new Random('drive').bytes(SECTORS * SECTOR_BYTES - 100);
const whole = new Uint8Array(SECTORS * SECTOR_BYTES);
whole.set(diskContent);

const steps = [
  { operation: 'read', sector: 3 },
  { operation: 'write', sector: 4 },
  { operation: 'read', sector: SECTORS - 1 },
] as const;
const description = machineOf(diskGuest(steps), SECTORS);

describe.each(diskVariants)('%s', (disk) => {
  it.each([
    ['undisturbed', ''],
    ['with a crash while the disk works', 'crash:primary@icount=60'],
  ])('%s the guest reads the initial content, and the rest does not change', (_, fault) => {
    const run = simulate('sectors', {
      description,
      diskContent,
      disk,
      spares: 1,
      input: new Uint8Array(0),
      faults: fault === '' ? [] : faults(fault),
    });
    expect(result(run)).toEqual({ ...sound, exitCode: 5 });
    const { simulation } = run;
    const survivor = simulation.survivor;
    const read = [...simulation.history(survivor)].flatMap((entry) =>
      entry.kind === 'disk' && entry.status === DISK_OK && entry.data?.length ? [entry.data] : [],
    );
    const sector = (index: number) => whole.slice(index * SECTOR_BYTES, (index + 1) * SECTOR_BYTES);
    expect(read.map((data) => Buffer.from(data).toString('hex')).sort()).toEqual(
      [3, SECTORS - 1].map((index) => Buffer.from(sector(index)).toString('hex')).sort(),
    );
    const after = disk === 'private' ? simulation.privateDisk(survivor) : simulation.storage.disk;
    const expected = whole.slice();
    expected.fill(0x42, 4 * SECTOR_BYTES, 5 * SECTOR_BYTES);
    expect(Buffer.compare(after.content, expected)).toBe(0);
  });
});
