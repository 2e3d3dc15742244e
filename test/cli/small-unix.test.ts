/**
 * A guest that boots like kernels written for QEMU's `virt` machine, from QEMU's own command line:
 * test/guests/small-unix.s. On QEMU 7.2 it prints the same: linked by riscv64-unknown-elf-gcc -nostdlib -Wl,--no-relax
 * -Ttext=0x80000000, with this command line.
 */

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Command } from 'commander';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { judge } from '../../src/check/verdict.ts';
import { takesGuest } from '../../src/cli/options.ts';
import { type Guest, type ProgramOptions, readGuest } from '../../src/cli/program.ts';
import { fromQemu } from '../../src/cli/qemu/command-line.ts';
import { Simulation } from '../../src/sim/cluster/cluster.ts';
import { evidenceOf } from '../../src/sim/cluster/evidence.ts';
import { parseFault } from '../../src/sim/faults/fault-text.ts';
import { type RunSpec, storyDefaults } from '../../src/sim/spec/spec.ts';
import { spread } from '../sim/support.ts';

const directory = mkdtempSync(join(tmpdir(), 'vmft-unix-'));
const disk = join(directory, 'disk.img');
const kernel = join(import.meta.dirname, '../guests/small-unix.s');
const LINE = `-machine virt -bios none -kernel ${kernel} -m 1M -smp 1 -nographic -global virtio-mmio.force-legacy=false -drive file=${disk},if=none,format=raw,id=x0 -device virtio-blk-device,drive=x0,bus=virtio-mmio-bus.0`;

beforeAll(() => {
  const content = Buffer.alloc(8 * 512);
  content.write('sector 1 says hello\n', 512);
  writeFileSync(disk, content);
});
afterAll(() => rmSync(directory, { recursive: true, force: true }));

function guestOf(line: string): Guest {
  const command = takesGuest(new Command('run').exitOverride());
  command.parse(fromQemu(line.split(' ')), { from: 'user' });
  return readGuest(undefined, command.opts<ProgramOptions>());
}

function run({ description, diskContent }: Guest, said: Partial<RunSpec> = {}) {
  let printed = '';
  const simulation = new Simulation({
    description,
    diskContent,
    input: new TextEncoder().encode('hello\n'),
    typeAfter: '>',
    spec: { ...storyDefaults, maxSteps: 1_000_000, ...said },
    print: (data) => {
      printed += new TextDecoder().decode(data);
    },
    onEvent: () => {},
  });
  simulation.run();
  const { outcome, machine } = simulation;
  return {
    printed,
    outcome,
    code: machine.power.code,
    steps: machine.icount,
    violations: judge(evidenceOf(simulation)),
  };
}

const expected = {
  printed: 'a small unix is booting\nsector 1 says hello\nboot 1\n123>hello\n',
  outcome: 'completed',
  code: 0,
  violations: [],
};

test('boots, uses its disk, runs a program in user mode and echoes typed bytes', () => {
  expect(run(guestOf(LINE), { backups: 0 })).toMatchObject(expected);
});

test('does so across a crash of the primary at any position', () => {
  const guest = guestOf(LINE);
  const { steps } = run(guest);
  for (const icount of spread(24, steps))
    expect(run(guest, { faults: [parseFault(`crash:primary@icount=${icount}`)] }), `${icount}`).toMatchObject(
      expected,
    );
});

test('finds no disk when the disk is in another slot', () => {
  const elsewhere = guestOf(LINE.replace('bus.0', 'bus.7'));
  expect(run(elsewhere)).toMatchObject({ printed: 'a small unix is booting\n', code: 5 });
  const withoutBus = guestOf(LINE.replace(',bus=virtio-mmio-bus.0', ''));
  expect(withoutBus.description.virtio).toEqual(elsewhere.description.virtio);
});
