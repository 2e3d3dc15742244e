/** Profiles: every step is counted once, at its function, below those that called it. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Profile, type SpeedscopeFile } from '../../../src/debug/trace/profile.ts';
import { ProgramSymbols } from '../../../src/debug/trace/program-symbols.ts';
import type { TraceSource } from '../../../src/debug/trace/recorded-steps.ts';
import { chattyGuest, machineOf } from '../../ft/guest.ts';
import { recordRun } from '../../ft/world.ts';
import { examples } from '../../thorough.ts';
import { eventsOf } from './model.ts';
import { symbolsOf } from './symbols.ts';

const END = `
.Lend:
    li      t0, 0x100000
    li      t1, 0x5555
    sw      t1, 0(t0)
    j       .Lend
`;

const recorded = (source: string, seed = 'profile'): TraceSource & { steps: number } => {
  const description = machineOf(source);
  const { entries, icount } = recordRun(description, seed, 'typed, then the end: q');
  return { description, entries, steps: icount };
};

/** What a document of speedscope says, as folded stacks. */
function countsIn({ shared, profiles: [profile] }: SpeedscopeFile): string[] {
  const { samples, weights, endValue } = profile!;
  expect(weights.reduce((sum, steps) => sum + steps, 0)).toBe(endValue);
  expect(new Set(shared.frames.map(({ name }) => name)).size).toBe(shared.frames.length);
  return samples.map((frames, index) => {
    const names = frames.map((frame) => shared.frames[frame]!.name.replaceAll(';', ':'));
    return `${names.join(';')} ${weights[index]}\n`;
  });
}

function countsOf(source: TraceSource, symbols: ProgramSymbols, from = 0, to = Number.MAX_SAFE_INTEGER) {
  const profile = new Profile(source, { symbols, from, to });
  for (const _ of profile.parts());
  expect(countsIn(profile.speedscope('guest'))).toEqual([...profile.folded()]);
  return new Map(
    [...profile.folded()].map((line): [string, number] => {
      const [, path, count] = /^(.+) (\d+)\n$/.exec(line)!;
      return [path!, Number(count)];
    }),
  );
}
const sum = (counts: ReadonlyMap<string, number>) => [...counts.values()].reduce((a, b) => a + b, 0);

test('every step is counted at the function that contains it, with and without interrupts', () => {
  const symbols = symbolsOf(chattyGuest);
  fc.assert(
    fc.property(fc.string(), fc.nat(3000), fc.nat(3000), (seed, from, count) => {
      const source = recorded(chattyGuest, seed);
      const to = from + count;
      const expected = new Map<string, number>();
      for (const event of eventsOf(source, { from, to })) {
        if (event.kind !== 'step') continue;
        const name = symbols.nameOf(event.pc)!.replace(/\+.*/, '');
        expected.set(name, (expected.get(name) ?? 0) + 1);
      }
      const counts = countsOf(source, symbols, from, to);
      const byLeaf = new Map<string, number>();
      for (const [path, steps] of counts) {
        const leaf = path.split(';').at(-1)!;
        byLeaf.set(leaf, (byLeaf.get(leaf) ?? 0) + steps);
      }
      expect(byLeaf).toEqual(expected);
      expect(sum(counts)).toBe(Math.max(0, Math.min(count + 1, source.steps - from)));
      expect(sum(countsOf(source, new ProgramSymbols([]), from, to))).toBe(sum(counts));
    }),
    { numRuns: examples(8) },
  );
});

// ── Calls ───────────────────────────────────────────────────────────────────────────────────────────────────────────

/** A function calls only those after it; a number is so many instructions of its own. */
type Body = readonly ({ own: number } | { calls: number })[];
const program = fc
  .integer({ min: 1, max: 6 })
  .chain((count) =>
    fc.tuple(
      ...Array.from(
        { length: count },
        (_, index): fc.Arbitrary<Body> =>
          fc.array(
            fc.oneof(
              fc.record({ own: fc.integer({ min: 1, max: 4 }) }),
              ...(index + 1 < count
                ? [fc.record({ calls: fc.integer({ min: index + 1, max: count - 1 }) })]
                : []),
            ),
            { maxLength: 5 },
          ),
      ),
    ),
  );

const text = (body: Body, index: number) => `
f${index}:
    addi    sp, sp, -16
    sd      ra, 8(sp)
${body.map((part) => ('own' in part ? '    nop\n'.repeat(part.own) : `    jal ra, f${part.calls}\n`)).join('')}
    ld      ra, 8(sp)
    addi    sp, sp, 16
    ret`;

const STACK = `
.bss
.balign 16
    .space  1024
stack:
`;

/** What a function executes, by the chains of calls that lead there. */
function counted(bodies: readonly Body[], index: number, path: string, counts: Map<string, number>): void {
  const here = `${path};f${index}`;
  let own = 5;
  for (const part of bodies[index]!) {
    own += 'own' in part ? part.own : 1;
    if ('calls' in part) counted(bodies, part.calls, here, counts);
  }
  counts.set(here, (counts.get(here) ?? 0) + own);
}

describe('call stacks', () => {
  test('are those of the calls that a program makes', () => {
    fc.assert(
      fc.property(program, (bodies) => {
        const source = `_start:\n    la sp, stack\n    jal ra, f0\n${END}${bodies.map(text).join('\n')}${STACK}`;
        const expected = new Map<string, number>();
        counted(bodies, 0, '_start', expected);
        const run = recorded(source);
        const counts = countsOf(run, symbolsOf(source));
        expect(sum(counts)).toBe(run.steps);
        counts.delete('_start');
        expect(counts).toEqual(expected);
      }),
      { numRuns: examples(40) },
    );
  });

  test('go on after traps, tail calls, jumps out of functions and routines that move the stack pointer', () => {
    const source = `
_start:
    la      sp, stack
    la      t0, handler
    csrw    mtvec, t0
    jal     ra, outer
    jal     ra, jumper
    jal     ra, last
${END}
jumper:
    mv      s5, ra
    jal     ra, mark
    bnez    s3, .Lback
    jal     ra, thrower
.Lback:
    mv      ra, s5
    ret
mark:
    mv      s1, ra
    mv      s2, sp
    li      s3, 0
    ret
thrower:
    addi    sp, sp, -16
    jal     ra, leaves
leaves:
    addi    sp, sp, -16
    mv      ra, s1
    mv      sp, s2
    li      s3, 1
    ret
outer:
    jal     t0, save
    jal     ra, middle
    ecall
    jal     ra, restarted
    ld      ra, 8(sp)
    addi    sp, sp, 16
    ret
save:
    addi    sp, sp, -16
    sd      ra, 8(sp)
    jr      t0
middle:
    nop
    j       tail
tail:
    nop
    ret
restarted:
    mv      s1, ra
    mv      s2, sp
    addi    sp, sp, -32
    jal     ra, deep
    nop
deep:
    mv      ra, s1
    mv      sp, s2
    ret
last:
    ret
.balign 4
handler:
    csrr    t0, mepc
    addi    t0, t0, 4
    csrw    mepc, t0
    mret
${STACK}`;
    const counts = countsOf(recorded(source), symbolsOf(source));
    counts.delete('_start');
    expect(Object.fromEntries(counts)).toEqual({
      '_start;outer': 7,
      '_start;outer;save': 3,
      '_start;outer;middle': 2,
      '_start;outer;tail': 2,
      '_start;outer;[environment call from M-mode];handler': 4,
      '_start;outer;restarted': 4,
      '_start;outer;restarted;deep': 3,
      // Twice behind the mark.
      '_start;jumper': 7,
      '_start;jumper;mark': 4,
      '_start;jumper;thrower': 2,
      '_start;jumper;thrower;leaves': 5,
      '_start;last': 1,
    });
  });

  test('are the same below interrupts, wherever these come', () => {
    const source = `
_start:
    la      sp, stack
    la      t0, handler
    csrw    mtvec, t0
    li      s6, 0x2004000
    rdtime  t0
    addi    t0, t0, 40
    sd      t0, 0(s6)
    li      t0, 1 << 7
    csrw    mie, t0
    csrsi   mstatus, 8
    li      s7, 200
.Lagain:
    jal     ra, f0
    bgtz    s7, .Lagain
${END}
${text([{ calls: 1 }, { calls: 1 }], 0)}
${text([{ calls: 2 }], 1)}
${text([], 2)}
.balign 4
handler:
    csrw    mscratch, t0
    rdtime  t0
    addi    t0, t0, 29
    sd      t0, 0(s6)
    csrr    t0, mscratch
    addi    s7, s7, -1
    mret
${STACK}`;
    const counts = countsOf(recorded(source), symbolsOf(source));
    const chains = ['_start', '_start;f0', '_start;f0;f1', '_start;f0;f1;f2'];
    const handled = chains.map((chain) => `${chain};[machine timer interrupt];handler`);
    expect([...counts.keys()].toSorted()).toEqual([...chains, ...handled].toSorted());
  });

  test('are those of threads that a guest switches between', () => {
    const source = `
_start:
    la      sp, stack
    la      s1, one
    la      s2, two
    la      t0, second
    sd      t0, 0(s2)
    la      t0, other
    sd      t0, 8(s2)
    jal     ra, first
${END}
first:
    addi    sp, sp, -16
    sd      ra, 8(sp)
    li      s3, 3
.Lagain:
    mv      a0, s1
    mv      a1, s2
    jal     ra, switch
    addi    s3, s3, -1
    bnez    s3, .Lagain
    ld      ra, 8(sp)
    addi    sp, sp, 16
    ret
second:
    jal     ra, work
work:
    mv      a0, s2
    mv      a1, s1
    jal     ra, switch
    j       work
switch:
    sd      ra, 0(a0)
    sd      sp, 8(a0)
    ld      ra, 0(a1)
    ld      sp, 8(a1)
    ret
.data
.balign 8
one: .dword 0, 0
two: .dword 0, 0
${STACK}
    .space  1024
other:
`;
    const counts = countsOf(recorded(source), symbolsOf(source));
    counts.delete('_start');
    expect(Object.fromEntries(counts)).toEqual({
      '_start;first': 3 + 3 * 5 + 3,
      '_start;first;switch': 15,
      second: 1,
      'second;work': 3 * 3 + 2,
      'second;work;switch': 15,
    });
  });

  test('of a guest that never returns have a limit', () => {
    const source = `_start:\n    li s0, 3000\nagain:\n    addi s0, s0, -1\n    beqz s0, .Lend\n    jal ra, again\n${END}`;
    const run = recorded(source);
    const counts = countsOf(run, symbolsOf(source));
    expect(sum(counts)).toBe(run.steps);
    expect(Math.max(...[...counts.keys()].map((path) => path.split(';').length))).toBeLessThan(1100);
  });
});
