/** A guest that is stuck is noticed, whatever it repeats; one that works is not; and the machine goes on as without. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CAUSE } from '../../src/cpu/csrs.ts';
import { type Engine, engines } from '../../src/cpu/engine.ts';
import { LiveDoors } from '../../src/vmm/doors.ts';
import { Machine } from '../../src/vmm/machine.ts';
import { type Stuck, StuckWatch } from '../../src/vmm/stuck.ts';
import { Vmm } from '../../src/vmm/vmm.ts';
import { machineOf } from '../ft/guest.ts';
import { FakeWorld } from '../ft/world.ts';

function vmmOf(source: string, engine?: Engine): Vmm {
  const [description, doors] = [machineOf(source), new LiveDoors(new FakeWorld('stuck'))];
  return new Vmm(description, doors, new Machine(description, doors, { engine }));
}

/** Far fewer than those after which a user is told, so that a test takes little time. */
const IN_A_ROW = 500;

/** Runs a guest for so many steps in slices, and gives what was reported. */
function reports(
  source: string,
  steps: number,
  { sliceSteps = 1000, engine }: { sliceSteps?: number; engine?: Engine } = {},
): { found: Stuck[]; hash: bigint } {
  const vmm = vmmOf(source, engine);
  const watch = new StuckWatch(IN_A_ROW);
  const found: Stuck[] = [];
  while (vmm.icount < steps) {
    const pause = vmm.run(Math.min(sliceSteps, steps - vmm.icount));
    const stuck = watch.sample(vmm.machine);
    if (stuck) found.push(stuck);
    vmm.machine.takeOutputs();
    if (pause !== 'budget') break;
  }
  return { found, hash: vmm.machine.hash() };
}

/** The steps of the first exceptions, one by one, with what they leave in the CSRs. */
function exceptions(source: string, count: number) {
  const vmm = vmmOf(source);
  const { hart } = vmm.machine;
  const seen: { icount: number; pc: bigint }[] = [];
  while (seen.length < count) {
    const [icount, pc, before] = [vmm.icount, hart.get('pc'), hart.get('minstretBias')];
    vmm.run(1);
    if (hart.get('minstretBias') !== before) seen.push({ icount, pc });
  }
  return seen;
}

/** Instructions that trap. None of them changes a register other than a0. */
const trapping = fc.oneof(
  fc.constant({ text: '.word 0', cause: CAUSE.illegalInstruction, tval: 0n }),
  fc.constant({ text: 'csrw time, zero', cause: CAUSE.illegalInstruction, tval: 0xc0101073n }),
  fc.constant({ text: 'ebreak', cause: CAUSE.breakpoint, tval: 0n }),
  fc
    .integer({ min: 0, max: 255 })
    .map((n) => ({ text: `ld a0, ${8 * n}(zero)`, cause: CAUSE.loadFault, tval: BigInt(8 * n) })),
  fc
    .integer({ min: 0, max: 255 })
    .map((n) => ({ text: `sd a0, ${8 * n}(zero)`, cause: CAUSE.storeFault, tval: BigInt(8 * n) })),
);

const start = (mode: 'M' | 'U') => `
_start:
    la      t0, handler
    csrw    mtvec, t0
    li      t0, -1
    csrw    pmpaddr0, t0
    li      t0, 0x1f
    csrw    pmpcfg0, t0
    la      s0, counter
${mode === 'M' ? '' : '    la t0, program\n    csrw mepc, t0\n    mret\n'}
program:
`;
const end = '\n.balign 8\ncounter: .dword 0\n';

/** What the handler does before it returns to the instruction. */
const handlers = fc.constantFrom(
  '',
  'nop\n nop\n nop',
  'ld t0, 0(s0)\n addi t0, t0, 1\n sd t0, 0(s0)',
  'addi s1, s1, 3\n mul s2, s1, s1',
);
const before = fc.array(fc.constantFrom('addi s3, s3, 1', 'sd s3, 0(s0)', 'nop'), { maxLength: 20 });
const modes = fc.constantFrom('M' as const, 'U' as const);

const STEPS = 30_000;
const slices = fc.integer({ min: 100, max: STEPS });

describe('the trap that repeats is reported once, as it is, from its first step on', () => {
  it('when the handler returns to it', () => {
    fc.assert(
      fc.property(
        trapping,
        handlers,
        before,
        modes,
        fc.constantFrom(...engines),
        slices,
        ({ text, cause, tval }, handler, first, mode, engine, sliceSteps) => {
          const source = `${start(mode)} ${first.join('\n ')}\nfault: ${text}\n.balign 4\nhandler: ${handler}\n mret${end}`;
          const [one] = exceptions(source, 1);
          const { found } = reports(source, STEPS, { engine, sliceSteps });
          expect(found).toHaveLength(1);
          expect(found[0]).toMatchObject({ how: 'trap', pc: one!.pc, since: one!.icount, cause, tval });
          expect(found[0]!.traps).toBeGreaterThanOrEqual(IN_A_ROW);
        },
      ),
      { numRuns: 20 },
    );
  });

  it('when the handler has it itself', () => {
    fc.assert(
      fc.property(trapping, before, before, modes, ({ text, cause, tval }, first, second, mode) => {
        const source = `${start(mode)} ${first.join('\n ')}\n .word 0\n.balign 4\nhandler: ${second.join('\n ')}\n ${text}\n mret${end}`;
        // The first one is that of the program.
        const [, one] = exceptions(source, 2);
        const { found } = reports(source, STEPS);
        expect(found).toHaveLength(1);
        expect(found[0]).toMatchObject({ how: 'trap', pc: one!.pc, since: one!.icount, cause, tval });
      }),
      { numRuns: 20 },
    );
  });

  it('when the handler needs more stack each time', () => {
    const source = `${start('M')} li sp, 0x1000\n .word 0\n.balign 4\nhandler: addi sp, sp, -128\n sd ra, 0(sp)\n mret${end}`;
    const [, one] = exceptions(source, 2);
    const { found } = reports(source, STEPS);
    expect(found).toMatchObject([{ how: 'trap', pc: one!.pc, since: one!.icount, cause: CAUSE.storeFault }]);
    // The last of them.
    const { tval, traps } = found[0]!;
    expect(tval).toBe(BigInt.asUintN(64, 0x1000n - 128n * BigInt(traps)));
  });
});

describe('a guest that works is not reported, though it traps all the time:', () => {
  it.each([
    [
      'its handler goes on after the instruction',
      '1: .word 0\n j 1b',
      'csrr t0, mepc\n addi t0, t0, 4\n csrw mepc, t0\n mret',
    ],
    [
      'its handler removes the cause',
      '1: li a1, 0\n ld a0, 0(a1)\n addi s3, s3, 1\n j 1b',
      'mv a1, s0\n mret',
    ],
    [
      'it does so in turn',
      '1: ld a0, 0(zero)\n sd a0, 0(zero)\n addi s3, s3, 1\n j 1b',
      'csrr t0, mepc\n addi t0, t0, 4\n csrw mepc, t0\n mret',
    ],
    [
      'it makes calls',
      '1: ecall\n j 1b',
      'csrr t0, mepc\n addi t0, t0, 4\n csrw mepc, t0\n addi s3, s3, 1\n mret',
    ],
    ['its handler polls a device', '1: ld a0, 0(zero)\n j 1b', 'li t0, 0x10000000\n lbu t0, 5(t0)\n mret'],
  ])('%s', (_, program, handler) => {
    // The first counts, so that no state repeats.
    const source = `${start('M')} ${program}\n.balign 4\nhandler: addi s1, s1, 1\n ${handler}${end}`;
    expect(reports(source, 300_000).found).toEqual([]);
    expect(reports(source, 300_000, { sliceSteps: 150_000 }).found).toEqual([]);
  });
});

describe('a WFI', () => {
  it.each([
    ['without any interrupt enabled', '0', true],
    ['with only its own software interrupt', '1 << 3', true],
    ['with a timer that is not set', '1 << 7', true],
    ['with external interrupts', '1 << 11', false],
  ])('%s', (_, mie, isStuck) => {
    const { found } = reports(
      `_start: li t0, -1\n li t1, 0x2004000\n sd t0, 0(t1)\n li t0, ${mie}\n csrw mie, t0\nhere: wfi\n j here\n`,
      1000,
    );
    expect(found).toMatchObject(isStuck ? [{ how: 'wait', pc: 0x8000_0014n, since: 6 }] : []);
  });

  it('that a timer ends is none', () => {
    const idle = `
_start: la t0, handler
    csrw mtvec, t0
    li t0, 1 << 7
    csrw mie, t0
    li s0, 0x2004000
    li t0, 100
    sd t0, 0(s0)
    csrsi mstatus, 8
1:  wfi
    j 1b
.balign 4
handler: ld t0, 0(s0)
    addi t0, t0, 100
    sd t0, 0(s0)
    mret
`;
    expect(reports(idle, 100_000).found).toEqual([]);
    // The same, but it does not wait: the loop is interrupted.
    expect(reports(idle.replace('wfi', 'nop'), 300_000).found).toEqual([]);
  });
});

it('the machine is the same with and without, in slices of any size', () => {
  fc.assert(
    fc.property(trapping, handlers, slices, ({ text }, handler, sliceSteps) => {
      const source = `${start('M')} ${text}\n.balign 4\nhandler: ${handler}\n mret${end}`;
      const vmm = vmmOf(source);
      vmm.run(STEPS);
      expect(reports(source, STEPS, { sliceSteps }).hash).toBe(vmm.machine.hash());
    }),
    { numRuns: 20 },
  );
});
