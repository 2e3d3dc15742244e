import { describe, expect, test } from 'vitest';
import { assemble } from '../../src/asm/assemble.ts';
import { RAM_BASE } from '../../src/cpu/layout.ts';
import { boot } from '../../src/vmm/boot.ts';
import { KERNEL_OFFSET } from '../../src/vmm/kernel-image.ts';
import { Machine } from '../../src/vmm/machine.ts';
import { machineOf } from '../ft/guest.ts';

const ENTRY = RAM_BASE + KERNEL_OFFSET;

/**
 * The state of the hart at the entry of a payload of OpenSBI 1.1 and 1.6 alike, on QEMU 7.2, read by the payload
 * itself. `stimecmp` is zero there, which QEMU compares only when it is written; by the manual the timer would be
 * pending, which here it is not.
 */
const openSbi: Readonly<Record<string, bigint>> = {
  sstatus: 0x8000_0002_0000_6000n,
  sie: 0n,
  sip: 0n,
  stvec: BigInt(ENTRY),
  scounteren: 7n,
  senvcfg: 0n,
  satp: 0n,
  sscratch: 0n,
  sepc: 0n,
  scause: 0n,
  stval: 0n,
  fcsr: 0n,
  hpmcounter4: 0n,
  hpmcounter18: 0n,
};

/** Traps that arrive in supervisor mode from either mode: the code, the cause, and `stval` where it is fixed. */
const traps: readonly { what: string; code: string; cause: bigint }[] = [
  { what: 'a word that is no instruction', code: '.word 0', cause: 2n },
  { what: 'what belongs to machine mode', code: 'csrr t0, mstatus', cause: 2n },
  { what: 'EBREAK', code: 'ebreak', cause: 3n },
  { what: 'a load from nowhere', code: 'ld t0, 0(zero)', cause: 5n },
  { what: 'a store to nowhere', code: 'sd t0, 0(zero)', cause: 7n },
];

/** What user mode may execute without a trap: the clock, the counters, and floating point. */
const allowed = ['rdtime t0', 'rdcycle t0', 'rdinstret t0', 'fmv.d.x ft0, zero', 'fadd.d ft0, ft0, ft0'];

/** Runs a kernel to its end; returns the words that it left at `results`. */
function wordsLeft(code: string, count: number): bigint[] {
  const source = `
_start:
    la      t6, results
${code}
    li      a7, 8
    ecall
.balign 4
trap:
    la      t6, results
    csrr    t0, scause
    sd      t0, 0(t6)
    csrr    t0, sstatus
    sd      t0, 8(t6)
    li      a7, 8
    ecall
.balign 8
results: .space ${count * 8}
`;
  const { entry, segments, sections, symbols } = assemble(source, {
    file: 'kernel.s',
    origin: BigInt(ENTRY),
  });
  const image = {
    entry,
    segments: sections.map(({ address, sizeBytes }) => ({
      address,
      bytes: segments.find((segment) => segment.address === address)?.bytes ?? new Uint8Array(0),
      memorySizeBytes: sizeBytes,
    })),
    symbols: [],
  };
  const memorySizeBytes = 8 << 20;
  const machine = new Machine(
    { ...machineOf(''), memorySizeBytes, ...boot({ memorySizeBytes, append: '', kernel: image }) },
    { clock: () => 1000, entropy: (_, sizeBytes) => new Uint8Array(sizeBytes) },
  );
  machine.run(10_000);
  expect(machine.power).toMatchObject({ off: true, code: 0 });
  const at = Number(symbols.get('results')) - RAM_BASE;
  return [...new BigUint64Array(machine.hart.ram.slice(at, at + count * 8).buffer)];
}

const intoUserMode = (code: string) => `
    la      t0, trap
    csrw    stvec, t0
    la      t0, 1f
    csrw    sepc, t0
    sret
1:  ${code}
    ecall
`;

describe('a kernel without firmware finds at its entry', () => {
  test.each(Object.entries(openSbi))('%s as OpenSBI leaves it', (csr, value) => {
    expect(wordsLeft(`csrr t0, ${csr}\n sd t0, 0(t6)`, 1)).toEqual([value]);
  });

  test('the hart in a0 and the device tree in a1', () => {
    const [hart, tree] = wordsLeft('sd a0, 0(t6)\n sd a1, 8(t6)', 2);
    expect(hart).toBe(0n);
    expect(Number(tree)).toBeGreaterThan(ENTRY);
  });

  test('the timer switched off', () => {
    expect(wordsLeft('csrr t0, stimecmp\n sd t0, 0(t6)', 1)).toEqual([2n ** 64n - 1n]);
  });
});

test.each(allowed)('user mode may execute `%s`', (instruction) => {
  // The trap is the call after it.
  expect(wordsLeft(intoUserMode(instruction), 2)[0]).toBe(8n);
});

test.each(traps)('$what in user mode and in supervisor mode traps to the kernel', ({ code, cause }) => {
  const SPP = 1n << 8n;
  const user = wordsLeft(intoUserMode(code), 2);
  expect([user[0], user[1]! & SPP]).toEqual([cause, 0n]);
  const supervisor = wordsLeft(`la t0, trap\n csrw stvec, t0\n ${code}`, 2);
  expect([supervisor[0], supervisor[1]! & SPP]).toEqual([cause, SPP]);
});
