/** Kernels, firmware and disks on the command line. */
import { writeFileSync } from 'node:fs';
import { beforeAll, describe, expect, test } from 'vitest';
import { describeMachine, readGuest } from '../../src/cli/program.ts';
import { parseDrive } from '../../src/cli/qemu/device-options.ts';
import { virtioOf } from '../../src/vmm/description.ts';
import { workplace } from './command.ts';

const { file, vmft: command } = workplace();
const vmft = (...args: string[]) => command(args);

/** In supervisor mode: prints its command line, which it finds in the device tree, and shuts down. */
const KERNEL = `
_start:
    mv      s0, a1
    la      s1, name
1:  addi    s0, s0, 1
    ld      t0, 0(s0)
    ld      t1, 0(s1)
    bne     t0, t1, 1b
2:  lbu     a0, 0(s0)
    beqz    a0, 3f
    li      a6, 2
    li      a7, 0x4442434e
    ecall
    addi    s0, s0, 1
    j       2b
3:  li      a0, 0
    li      a1, 0
    li      a6, 0
    li      a7, 0x53525354
    ecall
name: .ascii "root=abc"
`;

/**
 * In machine mode: enters the kernel in supervisor mode at the address in the structure at a2, prints F and shuts
 * down at the kernel's first SBI call.
 */
const FIRMWARE = `
_start:
    la      t0, trap
    csrw    mtvec, t0
    li      t0, -1
    srli    t0, t0, 10
    csrw    pmpaddr0, t0
    li      t0, 0x1f
    csrw    pmpcfg0, t0
    ld      t0, 16(a2)
    csrw    mepc, t0
    li      t0, 1 << 11
    csrs    mstatus, t0
    mret
.balign 4
trap:
    li      t0, 0x10000000
    li      t1, 'F'
    sb      t1, 0(t0)
    li      t0, 0x100000
    li      t1, 0x5555
    sw      t1, 0(t0)
`;

/** Prints M in machine mode; in supervisor mode `csrr mhartid` is illegal. */
const MACHINE_KERNEL = `
_start:
    csrr    t0, mhartid
    bne     t0, a0, 1f
    li      t0, 0x10000000
    li      t1, 'M'
    sb      t1, 0(t0)
1:  li      t0, 0x100000
    li      t1, 0x5555
    sw      t1, 0(t0)
`;

beforeAll(() => {
  writeFileSync(file('kernel.s'), KERNEL);
  writeFileSync(file('firmware.s'), FIRMWARE);
  writeFileSync(file('machine.s'), MACHINE_KERNEL);
  writeFileSync(file('machine.bin'), Uint8Array.of(1, 1, 1, 1));
  writeFileSync(file('initrd'), 'something');
  writeFileSync(file('empty'), '');
  writeFileSync(file('disk.img'), 'x'.repeat(700));
});

const kernel = ['--kernel', 'kernel.s', '--append', 'root=abc quiet'];

describe('run', () => {
  test('boots a kernel without firmware, with its command line, with and without a backup', async () => {
    const expected = { code: 0, stdout: 'root=abc quiet' };
    expect(await vmft('run', ...kernel, '--no-ft')).toMatchObject(expected);
    expect(await vmft('run', ...kernel, '--initrd', 'initrd', '--memory', '8M')).toMatchObject(expected);
    const crashed = await vmft('run', ...kernel, '--crash', 'primary@output=5');
    expect(crashed).toMatchObject(expected);
    expect(crashed.stderr).toMatch(/backup {3}goes live/);
  });

  test('starts firmware, which enters the kernel', async () => {
    const { code, stdout } = await vmft('run', '--bios', 'firmware.s', ...kernel, '--memory', '8M');
    // The firmware shuts down at the kernel's first SBI call.
    expect([code, stdout]).toEqual([0, 'F']);
  });

  test('`--bios none` starts a kernel in machine mode, at the start of RAM; `--bios default` is no firmware file', async () => {
    const expected = { code: 0, stdout: 'M' };
    const own = ['--bios', 'none', '--kernel', 'machine.s'];
    expect(await vmft('run', ...own, '--no-ft')).toMatchObject(expected);
    expect(await vmft('run', ...own, '--crash', 'primary@icount=3')).toMatchObject(expected);
    const { description } = readGuest(undefined, {
      memory: 8 << 20,
      diskSize: 0,
      kernel: file('machine.bin'),
      bios: 'none',
    });
    expect(description.segments[0]).toMatchObject({ address: 0x8000_0000, bytes: new Uint8Array(4).fill(1) });
    expect(await vmft('run', ...kernel, '--bios', 'default', '--no-ft')).toMatchObject({
      code: 0,
      stdout: 'root=abc quiet',
    });
  });

  test('a recording of a kernel replays', async () => {
    await vmft('run', ...kernel, '--record', 'kernel.log');
    expect(await vmft('replay', 'kernel.log')).toMatchObject({ code: 0, stdout: 'root=abc quiet' });
  });

  test('the disk is as large as its file, in whole sectors', () => {
    const options = { memory: 8 << 20, kernel: file('kernel.s') };
    const drive = [parseDrive(`file=${file('disk.img')},readonly=on`)];
    const { description, diskContent } = readGuest(undefined, { ...options, drive });
    expect(virtioOf(description, 'blk')).toEqual([{ kind: 'blk', sectors: 2, readOnly: true }]);
    expect(Buffer.from(diskContent).toString()).toBe('x'.repeat(700) + '\0'.repeat(324));
    expect(virtioOf(describeMachine(undefined, options), 'blk')).toEqual([]);
  });

  test.each<[string[], RegExp]>([
    [[], /^vmft: no program given; name one, or give --kernel$/m],
    [['kernel.s', ...kernel], /^vmft: a program and a kernel are given; leave out kernel\.s, or/],
    [
      ['kernel.s', '--bios', 'firmware.s'],
      /^vmft: a program takes the place of firmware; leave out kernel\.s, or/,
    ],
    [
      ['kernel.s', '--initrd', 'initrd'],
      /^vmft: --initrd is for a kernel, and kernel\.s is given as a program/,
    ],
    [['--kernel', 'initrd'], /^vmft: 'initrd' is text; this machine runs RISC-V machine code\.$/m],
    [['--bios', 'none'], /^vmft: no program given; name one, or give --kernel$/m],
    [['--kernel', 'nothing'], /^vmft: nothing: no such file or directory; check the path/],
    [
      [...kernel, '--memory', '2M'],
      /^vmft: kernel\.s: the program ends at 0x802.*; give it more with --memory/,
    ],
    [[...kernel, '--drive', 'file=empty'], /^vmft: empty: the file is empty; a disk has at least one sector/],
    [[...kernel, '--drive', 'file=nothing'], /^vmft: nothing: no such file/],
    [[...kernel, '--drive', 'readonly=on'], /no file is named; it has the form file=FILE/],
    [
      [...kernel, '--drive', 'file=disk.img,format=qcow2'],
      /"format=qcow2" is not read here; make a raw image of it/,
    ],
    [[...kernel, '--drive', 'file=disk.img,file=x'], /"file" is given twice/],
    [[...kernel, '--drive', 'file=disk.img', '--disk-size', '1M'], /cannot be used with option '--disk-size/],
  ])('%j is refused', async (args, message) => {
    const { code, stdout, stderr } = await vmft('run', ...args);
    expect([code, stdout]).toEqual([2, '']);
    expect(stderr).toMatch(message);
  });
});

test('compare and chaos take kernels, and print a command with the same options', async () => {
  const compared = await vmft('compare', ...kernel, '--crashes', '0', '--epochs', '5', '--links', '1G', '-q');
  expect(compared.code).toBe(0);
  const options = ['--memory', '4M', '--drive', 'file=disk.img,readonly=on', '--runs', '20', '--jobs', '1'];
  const { code, stdout } = await vmft('chaos', ...kernel, ...options, '--unsafe', 'output-rule');
  expect([0, 3]).toContain(code);
  expect(stdout).toMatch(/kernel\.s: random faults/);
  const command = /vmft run (--kernel .*)$/m.exec(stdout)?.[1];
  expect(command).toMatch(
    /^--kernel kernel\.s --append 'root=abc quiet' --drive file=disk\.img,readonly=on --seed \S+ --memory 4M/,
  );
});
