/** Devices on the command line: their slots, errors, and QEMU's own command lines. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Command, type CommanderError, type InvalidArgumentError } from 'commander';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { OperatingError } from '../../src/base/errors.ts';
import { takesGuest } from '../../src/cli/options.ts';
import { type ProgramOptions, readGuest } from '../../src/cli/program.ts';
import { fromQemu } from '../../src/cli/qemu/command-line.ts';
import { sectorsOf } from '../../src/vmm/description.ts';
import { placeDevices } from '../../src/vmm/guest/placement.ts';
import { parseProperties } from '../../src/vmm/guest/properties.ts';

const root = join(import.meta.dirname, '../..');
const directory = mkdtempSync(join(tmpdir(), 'vmft-placement-'));
const file = (name: string) => join(directory, name);
/** Disk n has n + 1 sectors, each byte n. */
const DISKS = 7;
const diskFile = (index: number) => file(`disk${index}`);

beforeAll(() => {
  for (let index = 0; index < DISKS; index++)
    writeFileSync(diskFile(index), new Uint8Array(512 * (index + 1)).fill(index));
  for (const name of ['own', 'bad', 'folder']) writeFileSync(file(`${name}.s`), '_start: j _start');
  writeFileSync(file('own.guest.json'), '{ "devices": ["virtio-rng-device"], "diskKiB": 4 }');
  writeFileSync(file('bad.guest.json'), '{ "devices": ["virtio-fax-device"] }');
  writeFileSync(file('folder.guest.json'), '{ "kernel": "Image" }');
});
afterAll(() => rmSync(directory, { recursive: true, force: true }));

/** The options that commander makes of arguments, in QEMU's spelling or vmft's. @throws what it refuses */
function parsed(args: readonly string[]): { program: string | undefined; options: ProgramOptions } {
  const command = takesGuest(new Command('run').exitOverride().configureOutput({ writeErr: () => {} }));
  command.parse(fromQemu(args), { from: 'user' });
  return { program: command.args[0], options: command.opts<ProgramOptions>() };
}

const read = (name: string) => new Uint8Array(readFileSync(name));

/** The devices in the slots: `7=blk` and the like; a disk is named by its size. */
const placed = (options: ProgramOptions) =>
  placeDevices(options, read)
    .virtio.map((one, slot) => one && `${slot}=${one.kind === 'blk' ? `d${one.sectors - 1}` : one.kind}`)
    .filter((one) => one !== undefined)
    .join(' ');
const drive = (index: number, more = '') => ['--drive', `file=${diskFile(index)},format=raw${more}`];
const driveFor = (index: number) => drive(index, `,if=none,id=d${index}`);
const placedBy = (...args: string[]) => placed(parsed(args).options);

function refusal(args: readonly string[]): string {
  try {
    const { program, options } = parsed(args);
    readGuest(program, options);
    return 'not refused';
  } catch (error) {
    return (error as OperatingError | CommanderError | InvalidArgumentError).message;
  }
}

describe('devices are in the slots where QEMU puts them', () => {
  const golden = readFileSync(join(root, 'test/goldens/placement.txt'), 'utf8');
  const lines = golden.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  const ours: Record<string, string> = { net: 'virtio-net-device', entropy: 'virtio-rng-device' };

  test.each(lines.map((line) => line.split(' -> ') as [string, string]))('%s', (text, expected) => {
    const devices = text.split(' ');
    const drives = devices.flatMap((device) => /drive=d(\d)/.exec(device)?.[1] ?? []);
    const args = [
      ...drives.flatMap((index) => driveFor(Number(index))),
      ...devices.flatMap((device) => ['-device', device]),
    ];
    if (expected.startsWith('refused'))
      return expect(refusal(args)).toMatch(/bus virtio-mmio-bus\.\d is taken|no bus|all 8 slots are taken/);
    const names = placedBy(...args).replaceAll(
      /=([a-z]+)\b/g,
      (_, kind) => `=${ours[kind] ?? 'virtio-serial-device'}`,
    );
    expect(names).toBe(expected);
  });
});

describe('only requested devices exist', () => {
  test.each<[string[], string]>([
    [[], ''],
    [drive(2), '0=d2'],
    [['--disk-size', '1M'], '0=d2047'],
    [['--disk-size', '0'], ''],
    [['--console', 'virtio'], '7=console'],
    [['-device', 'virtio-serial-device', '-device', 'virtconsole', '--console', 'virtio'], '7=console'],
    [[...driveFor(0), '-device', 'virtio-blk-device,drive=d0', ...drive(1)], '0=d1 7=d0'],
    // A drive that a device refers to belongs to that device, with or without if=none.
    [[...drive(3, ',id=x'), '-device', 'virtio-blk-device,drive=x,bus=virtio-mmio-bus.5'], '5=d3'],
  ])('%j', (args, expected) => {
    expect(placedBy(...args)).toBe(expected);
  });

  test('clients imply a network card, unless there is one', () => {
    const withClients = (...args: string[]) => placed({ ...parsed(args).options, clients: 2 });
    expect(withClients()).toBe('7=net');
    expect(withClients('-device', 'virtio-net-device,bus=virtio-mmio-bus.1')).toBe('1=net');
  });

  test('a program gets the devices of its guest file, which options override', () => {
    const of = (...args: string[]) => {
      const { program, options } = parsed([file('own.s'), ...args]);
      return readGuest(program, options)
        .description.virtio.map((one) => one?.kind ?? '-')
        .join(' ');
    };
    expect(of()).toBe('blk - - - - - - entropy');
    expect(of('--disk-size', '0')).toBe('- - - - - - - entropy');
    expect(of('--device', 'virtio-rng-device,bus=virtio-mmio-bus.3')).toBe('blk - - entropy - - - -');
    expect(of(...driveFor(0), '--device', 'virtio-blk-device,drive=d0')).toBe('- - - - - - entropy blk');
  });

  test("a network card has the given address, or that of QEMU's first card", () => {
    const macOf = (device: string) => {
      const [card] = placeDevices(parsed(['--device', device]).options, read).virtio.filter(
        (one) => one?.kind === 'net',
      );
      return card && Buffer.from(card.mac).toString('hex');
    };
    expect(macOf('virtio-net-device')).toBe('525400123456');
    expect(macOf('virtio-net-device,mac=02:00:00:00:00:0A')).toBe('02000000000a');
  });

  test('the storage has the disks one after another, in the order of their slots', () => {
    const devices = [3, 1, 6].flatMap((index) => [
      ...driveFor(index),
      '--device',
      `virtio-blk-device,drive=d${index}`,
    ]);
    const { virtio, diskContent } = placeDevices(parsed([...devices, ...drive(0)]).options, read);
    expect(sectorsOf({ virtio })).toBe(1 + 7 + 2 + 4);
    expect([...diskContent].filter((_, index) => index % 512 === 0)).toEqual([
      0, 6, 6, 6, 6, 6, 6, 6, 1, 1, 3, 3, 3, 3,
    ]);
  });
});

describe("QEMU's command line", () => {
  const xv6 =
    '-machine virt -bios none -kernel kernel/kernel -m 128M -smp 1 -nographic -global virtio-mmio.force-legacy=false -drive file=fs.img,if=none,format=raw,id=x0 -device virtio-blk-device,drive=x0,bus=virtio-mmio-bus.0';
  const debian =
    '-M virt -cpu rv64,v=false,zba=true -m 512 -smp cpus=1 -display none -serial mon:stdio -kernel Image -append root=/dev/vda -object rng-random,filename=/dev/urandom,id=rng -device virtio-rng-device,rng=rng -netdev user,id=net -device virtio-net-device,netdev=net -drive file=root.img,if=virtio';

  test('is accepted unchanged', () => {
    expect(parsed(xv6.split(' ')).options).toMatchObject({
      kernel: 'kernel/kernel',
      memory: 128 << 20,
      drive: [{ file: 'fs.img', id: 'x0', forDevice: true, readOnly: false }],
      device: [{ driver: 'virtio-blk-device', settings: { drive: 'x0', bus: 'virtio-mmio-bus.0' } }],
    });
    const { options } = parsed(debian.split(' '));
    expect(options).toMatchObject({ kernel: 'Image', append: 'root=/dev/vda', memory: 512 << 20 });
    expect(options.device?.map(({ driver }) => driver)).toEqual(['virtio-rng-device', 'virtio-net-device']);
  });

  test('with two dashes has the same effect', () => {
    const plain = (args: string[]) => JSON.stringify(parsed(args));
    expect(
      plain(
        xv6
          .replaceAll(/(^| )-(?=\w)/g, '$1--')
          .replace('--m ', '--memory ')
          .split(' '),
      ),
    ).toBe(plain(xv6.split(' ')));
  });

  test('is not recognized in values, short options of vmft, and arguments after --', () => {
    const args = ['run', 'x.s', '-q', '-append', '-kernel', '--append', 'x', '--', '-kernel'];
    expect(fromQemu(args)).toEqual([
      'run',
      'x.s',
      '-q',
      '--append',
      '-kernel',
      '--append',
      'x',
      '--',
      '-kernel',
    ]);
    expect(fromQemu(['-m'])).toEqual(['--memory']);
  });

  test.each<[string[], RegExp]>([
    [['-smp', '2'], /there is one hart/],
    [['-machine', 'sifive_u'], /the machine is `virt`/],
    [['-M', 'virt,aclint=on'], /the machine is `virt`/],
    [['-cpu', 'rv32'], /the hart is rv64/],
    [['-cpu', 'rv64,v=true'], /no other extension can be switched on/],
    [['-cpu', 'rv64,zba=false'], /none of these off/],
    [['-serial', 'null'], /the UART is on stdin and stdout/],
    [['-global', 'virtio-mmio.force-legacy=true'], /force-legacy is always false/],
    [['-nic', 'user'], /has no card for it either/],
    [['-display', 'gtk'], /there is no display/],
    [['-netdev', 'user,id=n,hostfwd=tcp::1-:2'], /nothing is forwarded/],
    [['-netdev', 'tap,id=n'], /"tap" is no network here/],
    [['-netdev', 'user'], /needs a name: id=NAME/],
    [['-netdev', 'user,id=n'], /no card uses it; add --device virtio-net-device,netdev=n/],
    [['-device', 'virtio-net-device,netdev=n'], /there is no netdev "n"/],
    [['-device', 'virtio-rng-device,rng=r'], /there is no rng "r".*--object/],
    [
      ['-device', 'virtio-blk-pci,drive=d0'],
      /there is no PCI here; virtio-blk-device is the same on virtio-mmio/,
    ],
    [
      ['-device', 'virtio-fax-device'],
      /"virtio-fax-device" is no device of this machine; they are virtio-blk/,
    ],
    [['-device', 'virtio-rng-device,foo=1'], /virtio-rng-device has no "foo" here; it has id, bus, rng/],
    [['-device', 'virtio-rng-device,bus=pcie.0'], /there is no bus pcie\.0; they are virtio-mmio-bus\.0 to/],
    [
      ['-device', 'virtio-rng-device', '-device', 'virtio-rng-device'],
      /only one virtio-rng-device is possible/,
    ],
    [['-device', 'virtio-rng-device,id=a', '-device', 'virtio-net-device,id=a'], /the id "a" is given twice/],
    [['-device', 'virtconsole'], /a console needs its device before it: --device virtio-serial-device/],
    [['-device', 'virtio-blk-device'], /no drive is set; give it one/],
    [['-device', 'virtio-blk-device,drive=d0'], /there is no drive "d0".*name it with --drive \.\.\.,id=d0/],
    [['-device', 'virtio-net-device,mac=1:2'], /"mac=1:2" is not a valid setting/],
    [driveFor(0), /no device refers to it; add --device virtio-blk-device,drive=d0, or leave out if=none/],
    [[...drive(0), ...drive(1)], /a second disk needs a device, which has its slot/],
    [[...driveFor(0), ...driveFor(0)], /the id "d0" is given twice/],
    [
      [...driveFor(0), '-device', 'virtio-blk-device,drive=d0', '-device', 'virtio-blk-device,drive=d0'],
      /drive "d0" is already used by another device/,
    ],
    [
      [...drive(0), '-device', 'virtio-rng-device,bus=virtio-mmio-bus.0'],
      /bus virtio-mmio-bus\.0 is taken by the disk that no device was named for/,
    ],
    [['--drive', 'file=x,,y,id='], /"id=" is not a valid setting/],
    [[file('bad.s')], /bad\.guest\.json: "virtio-fax-device" is no device/],
    [[file('folder.s')], /folder\.guest\.json: "kernel" is for a folder/],
  ])('%j is refused, with the reason', (args, message) => {
    expect(refusal(args)).toMatch(message);
  });
});

test('settings are read as they were written, with commas', () => {
  const name = fc.stringMatching(/^[a-z]{1,4}$/);
  const value = fc.string({ maxLength: 6 }).filter((text) => !text.includes('\0'));
  fc.assert(
    fc.property(fc.dictionary(name, value, { minKeys: 1 }), (settings) => {
      const text = Object.entries(settings)
        .map(([key, content]) => `${key}=${content.replaceAll(',', ',,')}`)
        .join(',');
      expect(parseProperties(text).settings).toEqual({ ...settings });
    }),
  );
});
