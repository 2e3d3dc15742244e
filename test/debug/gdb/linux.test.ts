/** Debian's kernel, which has no symbols in a file, under the real gdb with those from its memory. */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { expect } from 'vitest';
import { workplace } from '../../cli/command.ts';
import { debianFolder } from '../../host/debian.ts';
import { real } from '../../host/real.ts';
import { gdb, show, values } from './gdb-session.ts';

const { directory, file, vmft } = workplace();

/** The kernel's start up to its allocators. */
const STEPS = 40_000_000;

/** A run of the kernel's start; what it says on stderr. */
async function record(log: string, ...options: string[]): Promise<string> {
  const guest = [debianFolder, '--memory', '160M', '--max-steps', `${STEPS}`];
  const { code, stderr } = await vmft(['run', ...guest, '--record', log, ...options]);
  expect([code, stderr]).toEqual([4, expect.stringContaining('stopped at --max-steps')]);
  return stderr;
}

async function writeSymbols(log: string, ...options: string[]): Promise<void> {
  const { code, stderr } = await vmft(['symbols', log, ...options]);
  expect([code, stderr]).toEqual([0, expect.stringMatching(/symbols of .* at step \d+, from 0xffffffff/)]);
}

/** The list of the kernel's slab caches, whose head changes with each cache. */
const LIST = '*(long *)&slab_caches';
const state = (name: string) => [
  `printf "${name} begins\\n"`,
  'info registers general',
  'x/64xg $sp',
  `x/32xg &slab_caches`,
  `printf "${name} ends\\n"`,
];
const stateIn = (output: string, name: string) =>
  new RegExp(`^${name} begins\\n(.*)^${name} ends$`, 'ms').exec(output)?.[1];
const RESET = 'maintenance flush register-cache';

real(
  'breakpoints, backtraces, steps and watchpoints by the names of the kernel, back and across a failover',
  async () => {
    await record('boot.log');
    await writeSymbols('boot.log', '-o', 'kernel.elf');
    const output = await gdb(directory, 'boot.log', 'kernel.elf', [
      // Before the kernel has its address space, gdb can't read its code.
      'monitor goto end',
      RESET,
      'break kmem_cache_init',
      'reverse-continue',
      'backtrace 2',
      ...state('before'),
      'stepi 1000',
      ...state('between'),
      'reverse-stepi 1000',
      ...state('after'),
      'delete',
      `watch ${LIST}`,
      'continue',
      show('first', LIST),
      'continue',
      show('second', LIST),
      'monitor icount',
      'backtrace 3',
      'reverse-continue',
      show('back', LIST),
      'delete',
      'monitor goto end',
      RESET,
      'x/s *(char **)&saved_command_line',
      'watch *(long *)&saved_command_line',
      'reverse-continue',
      'backtrace 1',
      show('unset', '*(long *)&saved_command_line'),
      'kill',
    ]);
    expect(output).toMatch(/#0 +\S+ in kmem_cache_init \(\)\n#1 +\S+ in mm_core_init \(\)/);
    expect(stateIn(output, 'before')).toMatch(/^pc\s+0x\w+\s+0x\w+ <kmem_cache_init/m);
    expect(stateIn(output, 'between')).not.toBe(stateIn(output, 'before'));
    expect(stateIn(output, 'after')).toBe(stateIn(output, 'before'));
    const [first, second] = ['first', 'second'].map((name) => values(output, name)[0]);
    expect(second).not.toBe(first);
    expect(values(output, 'back')).toEqual([first]);
    expect(output).toMatch(/^#[12] .* in kmem_cache_init \(\)$/m);
    expect(output).toMatch(/#0 .* in start_kernel \(\)/);
    expect(values(output, 'unset')).toEqual(['0']);
    expect(output).toMatch(/"console=ttyS0 earlycon=sbi /);

    // The primary fails between two caches; what gdb sees of the survivor is the same.
    const [, at] = /^(\d{7,})$/m.exec(output)!;
    const stderr = await record('failover.log', '--crash', `primary@icount=${at}`);
    const [, live] = /goes live at icount (\d+)/.exec(stderr)!;
    expect(Number(live)).toBeLessThanOrEqual(Number(at));
    const LAST = 12;
    const again = await gdb(directory, 'failover.log', 'kernel.elf', [
      'monitor goto end',
      RESET,
      'tbreak kmem_cache_init',
      'reverse-continue',
      `watch ${LIST}`,
      ...Array.from({ length: LAST }, () => ['continue', 'monitor icount', show('forwards', LIST)]).flat(),
      ...Array.from({ length: LAST - 1 }, () => ['reverse-continue', show('backwards', LIST)]).flat(),
      'kill',
    ]);
    const forwards = values(again, 'forwards');
    const positions = [...again.matchAll(/^(\d{7,})$/gm)].map(([, position]) => Number(position));
    expect(new Set(forwards).size).toBe(LAST);
    expect(forwards.slice(0, 2)).toEqual([first, second]);
    expect(positions[0]).toBeLessThan(Number(live));
    expect(positions.at(-1)).toBeGreaterThan(Number(at));
    expect(values(again, 'backwards')).toEqual(forwards.slice(0, -1).reverse());
  },
  900_000,
);

real(
  'the symbols are those that the kernel gives to root',
  async () => {
    const show = 'START=grep -v "\\[" /proc/kallsyms | md5sum; poweroff -f';
    const run = await vmft([
      ...['run', debianFolder, '--memory', '160M', '--no-ft', '--record', 'shell.log'],
      ...['--append', `"${show.replaceAll('"', "'")}"`],
    ]);
    expect([run.code, run.stdout]).toEqual([0, expect.stringMatching(/^[0-9a-f]{32} +-\r?$/m)]);
    await writeSymbols('shell.log', '-o', 'System.map');
    const digest = createHash('md5')
      .update(readFileSync(file('System.map')))
      .digest('hex');
    expect(run.stdout).toContain(digest);
  },
  900_000,
);
