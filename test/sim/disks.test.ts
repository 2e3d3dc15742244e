/** Several disks of one machine: they are consecutive on the storage, and no access crosses into another. */
import { describe, expect, it } from 'vitest';
import { SECTOR_BYTES } from '../../src/devices/device.ts';
import { diskVariants } from '../../src/ft/rules.ts';
import { sectorsOf } from '../../src/vmm/description.ts';
import { diskGuest, machineOf } from '../ft/guest.ts';
import { faults, result, simulate, sound } from './support.ts';

const BEFORE = 8;
const OWN = 6;
const BEHIND = 4;
/** The guest uses the disk in slot 2, and tries to read and write the sector past its end. */
const steps = [
  { operation: 'read', sector: 3 },
  { operation: 'write', sector: 0 },
  { operation: 'write', sector: OWN },
  { operation: 'read', sector: OWN },
  { operation: 'write', sector: OWN - 1 },
] as const;
const disk = (sectors: number) => ({ kind: 'blk' as const, sectors, readOnly: false });
const description = {
  ...machineOf(diskGuest(steps)),
  virtio: [disk(BEFORE), undefined, disk(OWN), undefined, undefined, disk(BEHIND)],
};
const sectors = sectorsOf(description);
/** Each sector is filled with its number on the storage. */
const diskContent = Uint8Array.from({ length: sectors * SECTOR_BYTES }, (_, at) =>
  Math.floor(at / SECTOR_BYTES),
);

describe.each(diskVariants)('%s', (variant) => {
  it.each([[''], ['crash:primary@icount=60'], ['crash:primary@icount=90']])('%s', (fault) => {
    const run = simulate('sectors', {
      description,
      diskContent,
      disk: variant,
      spares: 1,
      input: new Uint8Array(0),
      faults: fault === '' ? [] : faults(fault),
    });
    expect(result(run)).toEqual({ ...sound, exitCode: 5 });
    const { simulation } = run;
    const read = [...simulation.history(simulation.survivor)].flatMap((entry) =>
      entry.kind === 'disk' && entry.data?.length ? [[...new Set(entry.data)]] : [],
    );
    expect(read).toEqual([[BEFORE + 3]]);
    const { content } =
      variant === 'private' ? simulation.privateDisk(simulation.survivor) : simulation.storage.disk;
    const expected = diskContent.slice();
    const fill = (sector: number, byte: number) =>
      expected.fill(byte, sector * SECTOR_BYTES, (sector + 1) * SECTOR_BYTES);
    fill(BEFORE, 0x42);
    fill(BEFORE + OWN - 1, 0x45);
    expect(Buffer.compare(content, expected)).toBe(0);
  });
});
