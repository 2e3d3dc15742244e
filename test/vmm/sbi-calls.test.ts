import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { describeMachine } from '../../src/cli/program.ts';
import type { MachineDescription } from '../../src/vmm/description.ts';
import { LiveDoors, RecordingDoors } from '../../src/vmm/doors.ts';
import type { Entry } from '../../src/vmm/entries.ts';
import { Vmm } from '../../src/vmm/vmm.ts';
import { FakeWorld, replayRun } from '../ft/world.ts';

const kernel = fileURLToPath(new URL('../goldens/sbi/calls.s', import.meta.url));
const describeKernel = (file: string): MachineDescription =>
  describeMachine(undefined, { memory: 4 << 20, diskSize: 0, kernel: file });

/** Runs a kernel to its end, and records what came through the doors. */
function run(description: MachineDescription): { console: string; entries: Entry[]; vmm: Vmm } {
  const entries: Entry[] = [];
  const vmm = new Vmm(
    description,
    new RecordingDoors(new LiveDoors(new FakeWorld('sbi')), (entry) => entries.push(entry)),
  );
  expect(vmm.run(1_000_000)).toBe('off');
  const console = vmm.machine
    .takeOutputs()
    .map((output) => (output.kind === 'console' ? new TextDecoder().decode(output.data) : '?'))
    .join('');
  return { console, entries, vmm };
}

describe('a kernel that makes every kind of call', () => {
  const ours = run(describeKernel(kernel));

  test("gets OpenSBI's answers", () => {
    const golden = readFileSync(kernel.replace(/s$/, 'txt'), 'utf8').trimEnd().split('\n');
    const lines = ours.console.trimEnd().split('\n');
    expect(lines).toHaveLength(golden.length);
    const differing = lines.flatMap((line, index) => {
      const pattern = /^call 0*(\w+) 0*(\w+) 0*(\w+) \w+ 0*(\w+) -> (\w+)(?: (\w+) \w+)?/;
      if (line === golden[index]) return [];
      const [, eid, fid, a0, a2, error, value] = pattern.exec(line)!;
      return [`${eid} ${fid} ${a0} ${a2}: ${error === '0'.repeat(16) ? value : error}`];
    });
    expect(differing).toEqual([
      // Versions of the specification; the CSRs of another machine.
      '10 0 0 0: 0000000002000000',
      '10 5 0 0: 0000000000000000',
      '10 6 0 0: 0000000000000000',
      // A suspension that this platform does not have: the specification requires INVALID_PARAM.
      '48534d 3 10000000 0: fffffffffffffffd',
      // An address that this machine does not have: FAILED and INVALID_PARAM are both right.
      '4442434e 0 8 1: fffffffffffffffd',
      '4442434e 1 8 1: fffffffffffffffd',
    ]);
  });

  test('behaves the same in a replay', () => {
    const { icount, machine } = ours.vmm;
    const end: Entry[] = [
      { kind: 'check', icount, hash: machine.hash() },
      { kind: 'control', icount, action: 'end', value: 0 },
    ];
    for (const slice of [1, 7, 1_000_000]) {
      const again = replayRun(describeKernel(kernel), [...ours.entries, ...end], [slice]);
      expect([again.console, again.icount]).toEqual([ours.console, icount]);
    }
  });
});

/** A machine that boots a kernel. */
function kernelOf(source: string): MachineDescription {
  const directory = mkdtempSync(join(tmpdir(), 'vmft-sbi-'));
  const file = join(directory, 'kernel.s');
  writeFileSync(file, source);
  try {
    return describeKernel(file);
  } finally {
    rmSync(directory, { recursive: true });
  }
}

const macros = `
.macro sbi eid, fid, a0=0, a1=0, a2=0
    li      a0, \\a0
    li      a1, \\a1
    li      a2, \\a2
    li      a6, \\fid
    li      a7, \\eid
    ecall
.endm
`;

test('a suspended hart waits until the timer interrupt', () => {
  const description = kernelOf(`${macros}
_start:
    rdtime  s0
    li      t0, 1 << 5
    csrw    sie, t0
    addi    a0, s0, 1000
    li      a6, 0
    li      a7, 0x54494d45
    ecall
    sbi     0x48534d, 3
    rdtime  s1
    sub     s1, s1, s0
    sltiu   s1, s1, 1000        # too early
    sbi     0x4442434e, 2, 'w'
    mv      a1, s1              # the reason: a failure
    li      a0, 0
    li      a6, 0
    li      a7, 0x53525354
    ecall
`);
  const world = new FakeWorld('suspend');
  const vmm = new Vmm(description, new LiveDoors(world));
  expect(vmm.run(10_000)).toBe('waiting');
  expect(vmm.machine.takeOutputs()).toEqual([]);
  expect(vmm.run(10_000)).toBe('waiting');
  world.advance(2000);
  expect(vmm.run(10_000)).toBe('off');
  expect(vmm.machine.takeOutputs()).toMatchObject([{ kind: 'console', data: Uint8Array.of(0x77) }]);
  expect(vmm.machine.power.code).toBe(0);
});

test('typed bytes can be read by calls, and a reboot starts the same kernel again', () => {
  // Prints its hart id, then what is typed; at `r` it reboots, at `q` it ends as after a failure.
  const description = kernelOf(`${macros}
_start:
    addi    a0, a0, '0'
    li      a6, 2
    li      a7, 0x4442434e
    ecall
1:  la      a1, buffer
    li      a0, 1
    li      a2, 0
    li      a6, 1
    li      a7, 0x4442434e
    ecall
    beqz    a1, 1b
    lbu     s0, buffer
    mv      a0, s0
    li      a7, 1
    ecall
    li      t0, 'r'
    beq     s0, t0, 2f
    li      t0, 'q'
    bne     s0, t0, 1b
    sbi     0x53525354, 0, 0, 1
2:  sbi     0x53525354, 0, 1
.data
buffer: .byte 0
`);
  const live = new LiveDoors(new FakeWorld('typed'));
  const vmm = new Vmm(description, live);
  live.type(new TextEncoder().encode('abrcq'));
  expect(vmm.run(10_000)).toBe('off');
  const text = vmm.machine
    .takeOutputs()
    .map((output) => (output.kind === 'console' ? new TextDecoder().decode(output.data) : '?'))
    .join('');
  // A byte in the receiver at the reset is lost, as on QEMU.
  expect(text).toBe('0abr0q');
  expect(vmm.machine.power.code).toBe(1);
});

test('typed bytes are read as fast as the guest asks for them, in one slice', () => {
  const description = kernelOf(`${macros}
_start:
    li      s0, 'q'
1:  sbi     2, 0
    bne     a0, s0, 1b
    sbi     8, 0
`);
  const live = new LiveDoors(new FakeWorld('fast'));
  const vmm = new Vmm(description, live);
  // The UART, in which they wait, has room for one.
  live.type(new TextEncoder().encode('typed at once: q'));
  expect(vmm.run(10_000)).toBe('off');
});

test('a call that takes a typed byte tells the interrupt controller of the next one', () => {
  const description = kernelOf(`${macros}
_start:
    li      t0, 0x10000000
    li      t1, 1
    sb      t1, 2(t0)                   # FIFOs on
    sb      t1, 1(t0)                   # receiver interrupt
1:  sbi     2, 0
    bltz    a0, 1b
    sbi     8, 0
`);
  const live = new LiveDoors(new FakeWorld('next'));
  const vmm = new Vmm(description, live);
  vmm.run(100);
  live.type(new TextEncoder().encode('ab'));
  expect(vmm.run(10_000)).toBe('off');
  expect(vmm.machine.state.devices.uart).toMatchObject({
    fifo: Uint8Array.of(0x62),
    interruptRequested: false,
  });
});
