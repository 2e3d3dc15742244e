// Your own guest, as a few lines of assembly: it adds the numbers from 1 to N.
//
//     node own-guest.mjs
import { diff, loadGuest, run } from 'vmft';

const source = `
        .equ FINISHER, 0x100000     # storing 0x5555 there switches the machine off
_start: li   a0, 0
        li   a1, N
loop:   add  a0, a0, a1
        addi a1, a1, -1
        bnez a1, loop
        li   t0, FINISHER
        li   t1, 0x5555
        sw   t1, (t0)
`;

const sum = (N) => loadGuest({ source, name: 'sum.s' }, { memoryBytes: 1 << 20, defines: { N } });

// Two ways to execute instructions go through the same states.
const interpreted = run(sum(100_000), { backups: 0, engine: 'interpreter' });
const translated = run(sum(100_000), { backups: 0, engine: 'translator' });
console.log(`sum: ${translated.machine.register('a0')}, after ${translated.steps} steps`);
console.log(`interpreter ${interpreted.machine.stateHash}, translator ${translated.machine.stateHash}`);
console.log(`equal in every bit: ${diff(interpreted, translated).equal}`);

// With a backup the machine ends in the same state; with another N it does not.
console.log(`equal to one with a backup: ${diff(translated, run(sum(100_000))).equal}`);
const { registers, pages } = diff(translated, run(sum(50_000)));
const differing = registers.filter(({ equal }) => !equal).map(({ name, a, b }) => `${name} ${a} and ${b}`);
console.log(`another sum: ${differing.join(', ')}; ${pages.length} pages differ`);
