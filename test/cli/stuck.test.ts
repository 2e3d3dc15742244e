/** Commands show what a pc is in the guest's source, and say when the guest is stuck. */
import { writeFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { program, workplace } from './command.ts';

const { file, vmft } = workplace();

const SOURCE = `_start:
    la   t0, handler
    csrw mtvec, t0
    li   a0, 64
fault:
    nop
    ld   a1, 0(a0)
    .balign 4
handler:
    addi s1, s1, 1
    mret
`;
writeFileSync(file('trap.s'), SOURCE);
writeFileSync(file('wait.s'), '_start: nop\nidle: wfi\n    j idle\n');
const STUCK =
  /the guest traps again and again: load access fault at 0x80000014 <fault\+0x4 \(trap\.s:7\)>, tval 0x40; \d+ times since step 5/;

describe('a guest that traps for ever', () => {
  const run = ['run', 'trap.s', '--max-steps', '400000'];

  test('is reported by run, with the place in its source, and by replay', async () => {
    const { code, stderr } = await vmft([...run, '--record', 'trap.log', '--crash', 'primary@icount=380000']);
    expect(stderr.match(new RegExp(STUCK, 'g'))).toHaveLength(1);
    expect(stderr).toMatch(/stopped at --max-steps 400000, at 0x800000[0-9a-f]+ <\w+.* \(trap\.s:\d+\)>; /);
    expect(code).toBe(4);
    const replayed = await vmft(['replay', 'trap.log', '--symbols', 'trap.s']);
    expect(replayed.stderr).toMatch(STUCK);
    expect(replayed.stderr).toContain('replayed trap.s');
    const plain = await vmft(['replay', 'trap.log', '--quiet']);
    expect(plain.stderr).toBe('');
  });

  test('is in the document of run', async () => {
    const { stdout } = await vmft([...run, '--no-ft', '--json']);
    const { stuck, pc } = JSON.parse(stdout);
    expect(stuck).toMatchObject({
      ...{ host: 'primary', how: 'trap', since: 5, cause: 5, tval: '0x40' },
      pc: { address: '0x80000014', place: 'fault+0x4 (trap.s:7)' },
    });
    expect(pc.place).toMatch(/\(trap\.s:\d+\)$/);
  });
});

test('a guest that waits for nothing is told from one that waits for input', async () => {
  const { code, stderr } = await vmft(['run', 'wait.s', '--no-ft']);
  expect(stderr).toContain(
    'the guest waits in WFI at 0x80000004 <idle (wait.s:2)> since step 2, and no interrupt',
  );
  expect(stderr).toContain('the guest waits for an interrupt, and has enabled none that can come; ');
  expect(code).toBe(4);
  const bank = await vmft(['run', program('bank.s'), '--no-ft'], 'open me\n');
  expect(bank.stderr).toMatch(
    /<getc\+0x\w+ \(input\.s:\d+\)>: the guest waits for input that will not come; give it/,
  );
  expect(bank.stderr).not.toContain('the guest waits in WFI');
});

test('a raw image has the names of the System.map that is given', async () => {
  await vmft(['asm', 'trap.s', '-o', 'trap.bin']);
  writeFileSync(
    file('System.map'),
    '0000000080000000 T _start\n0000000080000010 t raw_fault\n0000000080001000 B end\n',
  );
  const run = ['run', 'trap.bin', '--no-ft', '--max-steps', '400000'];
  const { stderr } = await vmft([...run, '--symbols', 'System.map']);
  expect(stderr).toContain('load access fault at 0x80000014 <raw_fault+0x4>, tval');
  const refused = await vmft([...run, '--symbols', 'missing.map']);
  expect(refused).toMatchObject({ code: 2, stdout: '' });
});

test('--diff names the addresses of both machines', async () => {
  const { stderr } = await vmft(['run', 'bank', '--crash', 'primary@icount=100000', '--diff']);
  expect(stderr).toMatch(/\n {2}pc +[0-9a-f]{16} +[0-9a-f]{16} {2}\w+\+0x\w+ \(\w+\.s:\d+\)\n/);
});

test('a divergence says where the guest is', async () => {
  const { code, stderr } = await vmft([
    'run',
    'bank',
    '--crash',
    'primary@icount=100000',
    '--unsafe',
    'log-clock',
  ]);
  expect(stderr).toMatch(
    /DIVERGED at 350298: the state has .*; the guest is at 0x8[0-9a-f]+ <.* \(\w+\.s:\d+\)>/,
  );
  expect(code).toBe(3);
});
