/** The guests in C for gdb. */
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { expect } from 'vitest';
import { root, type workplace } from '../../cli/command.ts';

export const SOURCES = join(import.meta.dirname, 'guests');
const START = join(root, 'examples/debugging/start.S');
/** Position-independent code without a C library. */
const COMPILE = [
  '-g',
  '-O1',
  '-march=rv64gc',
  '-mabi=lp64d',
  '-mcmodel=medany',
  '-nostdlib',
  '-ffreestanding',
];

/** Compiles a guest in a directory; `args`: sources of {@link SOURCES} and options. */
export function compile(directory: string, program: string, ...args: string[]): void {
  const sources = args.map((arg) => (/^[-/]/.test(arg) ? arg : join(SOURCES, arg)));
  execFileSync('riscv64-unknown-elf-gcc', [...COMPILE, ...sources, '-o', program], { cwd: directory });
}

/** `guest.elf`, recorded in `guest.log` while its primary crashes after the variable is broken. */
export async function recordList({
  directory,
  vmft,
}: Pick<ReturnType<typeof workplace>, 'directory' | 'vmft'>): Promise<void> {
  compile(directory, 'guest.elf', '-Ttext=0x80000000', START, 'list.c');
  const run = await vmft(['run', 'guest.elf', '--crash', 'primary@icount=100000', '--record', 'guest.log']);
  expect(run.stderr).toContain('goes live');
  expect(run.code).toBe(99);
}
