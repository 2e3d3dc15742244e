/** Guests that spin or trap endlessly are reported; guests that work or wait are not. */
import { describe, expect, it } from 'vitest';
import type { HartWord } from '../../src/cpu/layout.ts';
import { boot, kernelEntryState } from '../../src/vmm/boot.ts';
import { machineOf } from '../ft/guest.ts';
import { happened, simulate } from './support.ts';

const STEPS = 130_000_000;
/** The reports on a program that starts in machine mode, or on a kernel. */
function reports(source: string, { kernel = false, maxSteps = STEPS } = {}) {
  const plain = machineOf(source);
  const segments = plain.segments.map((segment) => ({ ...segment }));
  const image = { entry: segments[0]!.address, segments, symbols: [] };
  const { start, sbi } = boot({ memorySizeBytes: plain.memorySizeBytes, append: '', firmware: image });
  const words = { privilege: 1n, ...kernelEntryState(BigInt(image.entry)) };
  const asKernel = Object.entries(words).map(([word, value]) => ({ word: word as HartWord, value }));
  const description = { ...plain, sbi: kernel || sbi, start: kernel ? [...plain.start, ...asKernel] : start };
  const run = simulate('hello', { description, input: new Uint8Array(0), backups: 0, maxSteps });
  return happened(run, 'stuck');
}

describe('a guest that loops endlessly', () => {
  it('is reported once when it traps endlessly, with cause and address', () => {
    const [stuck, ...more] = reports('_start: .word 0', { maxSteps: 5_000_000 });
    expect(more).toEqual([]);
    // mtvec is not set: the handler is at 0, where nothing is mapped.
    expect(stuck).toMatchObject({ pc: 0n, cause: 1 });
    expect(stuck!.traps).toBeGreaterThanOrEqual(10_000);
  });

  it('is reported when its handler returns without removing the cause', () => {
    const source =
      '_start: la t0, trap\n csrw mtvec, t0\nfault: ld a0, 0(zero)\n.balign 4\ntrap: nop\n nop\n mret\n';
    const [stuck] = reports(source, { maxSteps: 10_000_000 });
    expect(stuck).toMatchObject({ pc: 0x8000_000cn, cause: 5 });
  });

  it('is reported when it is a kernel whose own handler faults', () => {
    const [stuck] = reports('_start: li t0, 0x1000\n csrw stvec, t0\n ld a0, 0(zero)\n', {
      kernel: true,
      maxSteps: 5_000_000,
    });
    expect(stuck).toMatchObject({ pc: 0x1000n, cause: 1 });
  });

  it('is reported when it spins, after a hundred million steps', () => {
    const [stuck, ...more] = reports('_start: li t0, 7\n1: j 1b\n');
    expect([stuck!.pc, stuck!.cause, more]).toEqual([0x8000_0004n, undefined, []]);
    expect(stuck!.steps).toBeGreaterThanOrEqual(100_000_000);
    expect(reports('_start: li t0, 7\n1: j 1b\n', { maxSteps: 90_000_000 })).toEqual([]);
  });
});

it('a guest that only makes environment calls is not reported as trapping', () => {
  const [stuck] = reports(
    '_start: la t0, trap\n csrw mtvec, t0\n1: ecall\n j 1b\n.balign 4\ntrap: csrr t0, mepc\n addi t0, t0, 4\n csrw mepc, t0\n mret\n',
  );
  expect(stuck).toMatchObject({ cause: undefined });
});

describe('no report is made of a guest that', () => {
  it.each([
    ['computes without output', '_start: addi t0, t0, 1\n j _start\n'],
    [
      'counts in memory',
      '_start: la a0, 2f\n1: li t0, 1\n amoadd.d zero, t0, (a0)\n li t0, 0\n j 1b\n.balign 8\n2: .dword 0\n',
    ],
    ['polls the UART', '_start: li a0, 0x10000000\n1: lbu t0, 5(a0)\n j 1b\n'],
    ['polls the clock', '_start: rdtime t0\n li t0, 0\n j _start\n'],
    [
      'may be interrupted',
      '_start: la t0, _start\n csrw mtvec, t0\n li t0, 1 << 11\n csrw mie, t0\n csrsi mstatus, 8\n1: j 1b\n',
    ],
  ])('%s', (_, source) => {
    expect(
      reports(source, {
        maxSteps: source.includes('rdtime') || source.includes('0x10000000') ? 5_000_000 : STEPS,
      }),
    ).toEqual([]);
  });
});
