/** Scripts of the real gdb drive recordings of guests: an assembler guest, and a C guest across a failover. */
import { spawn, spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { describe, expect } from 'vitest';
import { Random } from '../../../src/base/random.ts';
import { workplace } from '../../cli/command.ts';
import { real } from '../../host/real.ts';
import { gdb as gdbIn, serve, show, values } from './gdb-session.ts';
import { compile as compileIn, recordList, SOURCES } from './guests.ts';

const { directory, vmft } = workplace();

const compile = (program: string, ...args: string[]) => compileIn(directory, program, ...args);
const recorded = () => recordList({ directory, vmft });
const gdb = (recording: string, program: string, commands: readonly string[]) =>
  gdbIn(directory, recording, program, commands);

describe('gdb', () => {
  real('goes to breakpoints and watchpoints and back, across a failover, in a C program', async () => {
    await recorded();
    const output = await gdb('guest.log', 'guest.elf', [
      'tbreak main',
      'continue',
      'watch broken',
      'continue',
      show('after', 'broken'),
      'backtrace 1',
      'delete',
      'monitor goto end',
      'maintenance flush register-cache',
      show('end', 'broken'),
      'watch broken',
      'reverse-continue',
      show('before', 'broken'),
      'info line *$pc',
      'delete',
      'break corrupt',
      'reverse-continue',
      'backtrace',
      'finish',
      show('finished', 'broken'),
      'delete',
      'tbreak add',
      'continue',
      'reverse-finish',
      'info line *$pc',
      'info registers misa priv mstatus',
      'kill',
    ]);
    expect(values(output, 'after')).toEqual(['99']);
    expect(values(output, 'end')).toEqual(['99']);
    expect(values(output, 'before')).toEqual(['7']);
    expect(output).toMatch(/Old value = 7\s+New value = 99/);
    expect(output).toMatch(/Old value = 99\s+New value = 7/);
    expect(output).toMatch(/#0 {2}corrupt \(.*\) at \S*list\.c/);
    expect(output).toMatch(/#1 .*main \(\) at \S*list\.c/);
    expect(values(output, 'finished')).toEqual(['99']);
    expect(output).toMatch(/in sum \(.*\) at \S*list\.c:15\s+15\s/);
    expect(output).toContain('RV64ACDFIMSU');
  });

  real('a thousand random steps forwards and back lead to the same registers and memory', async () => {
    await recorded();
    const random = new Random('gdb');
    const state = 'printf "state=%lx %lx %lx %lx %d %d\\n", $pc, $sp, $a0, $s1, total, broken';
    const commands = [`monitor goto ${10_000}`, 'maintenance flush register-cache'];
    const there: string[] = [];
    const back: string[] = [];
    for (let walk = 0; walk < 40; walk++) {
      const count = 1 + random.below(25);
      for (const [direction, states] of [
        ['stepi', there],
        ['reverse-stepi', back],
      ] as const) {
        for (let step = 0; step < count; step++) {
          commands.push(`printf "${direction}="`, state, direction);
          states.push(direction);
        }
      }
      commands.push(`stepi ${random.below(60)}`);
    }
    const output = await gdb('guest.log', 'guest.elf', [...commands, 'kill']);
    const walked = [...output.matchAll(/^(stepi|reverse-stepi)=state=(.*)$/gm)].map(([, how, at]) => ({
      how,
      at,
    }));
    expect(walked.length).toBe(there.length + back.length);
    // Each walk is printed before every step: forwards a, b, c to d, then backwards d, c, b to a.
    for (let from = 0; from < walked.length; ) {
      const turn = walked.findIndex(({ how }, index) => index >= from && how === 'reverse-stepi');
      const count = turn - from;
      const forwards = walked.slice(from, turn).map(({ at }) => at);
      const backwards = walked.slice(turn, turn + count).map(({ at }) => at);
      expect(backwards.slice(1).reverse()).toEqual(forwards.slice(1));
      from = turn + count;
    }
  });

  real(
    'a kernel in S-mode and its program in U-mode, by their virtual addresses, across a failover',
    async () => {
      compile(
        'kernel.elf',
        `-T${join(SOURCES, 'kernel.ld')}`,
        '-Wl,--no-warn-rwx-segments',
        'entry.S',
        'kernel.c',
      );
      const crash = ['--crash', 'primary@icount=10000'];
      const run = await vmft(['run', '--kernel', 'kernel.elf', ...crash, '--record', 'kernel.log']);
      expect([run.code, run.stderr]).toEqual([0, expect.stringContaining('goes live')]);
      const output = await gdb('kernel.log', 'kernel.elf', [
        // Before the MMU is on, these addresses are not mapped.
        'break syscall if number == 500',
        'break *0x1000',
        'continue',
        show('mode', '$priv'),
        'x/3i $pc',
        'continue',
        show('mode', '$priv'),
        show('syscalls', 'syscalls', '%d'),
        'reverse-continue',
        show('mode', '$priv'),
        'delete',
        'watch syscalls',
        'continue',
        show('syscalls', 'syscalls', '%d'),
        'reverse-continue',
        show('syscalls', 'syscalls', '%d'),
        'delete',
        'monitor goto end',
        'maintenance flush register-cache',
        show('syscalls', 'syscalls', '%d'),
        'maintenance packet Qqemu.PhyMemMode:1',
        'x/1xw 0x80200000',
        'maintenance packet Qqemu.PhyMemMode:0',
        'x/1xw &start',
        'kill',
      ]);
      expect(values(output, 'mode')).toEqual(['0', '1', '0']);
      expect(values(output, 'syscalls')).toEqual(['499', '1', '0', '1000']);
      expect(output).toMatch(/=> 0x1000:\s+li\s+a0,0\n/);
      const [physical, virtual] = [/^0x80200000:\s+(\S+)$/m, /^0x\w+ <start>:\s+(\S+)$/m].map(
        (at) => at.exec(output)?.[1],
      );
      expect(physical).toMatch(/^0x[0-9a-f]{8}$/);
      expect(virtual).toBe(physical);
    },
  );

  real('an assembler guest, by addresses', async () => {
    const run = await vmft(['run', 'primes', '--no-ft', '--record', 'primes.log']);
    expect(run.code).toBe(0);
    const output = await gdb('primes.log', 'none', [
      'set architecture riscv:rv64',
      'stepi 100',
      show('pc', '$pc', '%lx'),
      show('x', '$x5', '%lx'),
      'hbreak *$pc',
      'monitor goto end',
      'maintenance flush register-cache',
      'reverse-continue',
      show('pc', '$pc', '%lx'),
      'reverse-stepi 5',
      'stepi 5',
      show('pc', '$pc', '%lx'),
      'delete',
      'reverse-continue',
      show('start', '$pc', '%lx'),
      'monitor icount',
      'kill',
    ]);
    const [first, ...others] = values(output, 'pc');
    expect(others).toEqual([first, first]);
    expect(values(output, 'start')).toEqual(['80000000']);
    expect(output).toContain('No more reverse-execution history');
  });

  real('a second one is refused in words', async () => {
    await recorded();
    const { port, said, end } = await serve(directory, 'guest.log');
    const target = ['-nx', '-q', '-ex', `target remote :${port}`];
    // It stays connected: its standard input remains open.
    const first = spawn('gdb-multiarch', target, { stdio: ['pipe', 'ignore', 'ignore'] });
    while (!said().includes('gdb has connected')) await new Promise((resolve) => setTimeout(resolve, 20));
    const second = spawnSync('gdb-multiarch', ['-batch', ...target], { encoding: 'utf8' });
    expect(second.stdout + second.stderr).toContain('another debugger is connected');
    first.kill('SIGKILL');
    end();
  });
});
