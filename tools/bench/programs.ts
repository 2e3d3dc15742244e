/**
 * Programs as a user runs them: whole processes, from the command to its exit, here and on QEMU, on the bare machine and in
 * S-mode under Sv39. Compared by processor time, so that other load on the machine does not decide.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  file,
  has,
  inTurn,
  type ProcessTime,
  processTime,
  ratios,
  type Spread,
  spreadOf,
  withWord,
} from './measure.ts';
import { QEMU, qemuArgs } from './speed.ts';

/** The programs of programs/, and rounds that are some billion steps. */
const programs = {
  sort: 350,
  sha256: 6500,
  compress: 1500,
  json: 700,
  bignum: 72,
  fft: 750,
  linear: 440,
  rays: 1700,
  regex: 320,
  reedsolomon: 15_000,
  dictionary: 1600,
  sudoku: 12_500,
  bytecode: 700,
  image: 1000,
  paths: 2500,
  strings: 3500,
} as const;
type ProgramName = keyof typeof programs;

/** The modes, and what the program's word for the mode is. */
export const modes = { 'M-mode': 'M', 'S-mode, Sv39': 'S' } as const;
export type Mode = keyof typeof modes;

/** One program in one mode. */
export interface ProgramFigures {
  vmft: Times;
  qemu?: Times;
  /** QEMU's processor time divided by vmft's, round by round: above 1 vmft is faster. */
  ratio?: Spread;
}

/** In seconds; processor time is that of all threads. */
interface Times {
  processor: Spread;
  wall: Spread;
}

const timesOf = (all: readonly ProcessTime[]): Times => ({
  processor: spreadOf(all.map(({ processor }) => processor)),
  wall: spreadOf(all.map(({ wall }) => wall)),
});

/** How often each program is run, and for how many times its usual length. */
export interface Length {
  times: number;
  rounds: number;
}

function figuresOf(name: ProgramName, mode: Mode, { times, rounds }: Length, folder: string): ProgramFigures {
  const content = readFileSync(file(`tools/bench/programs/${name}.elf`));
  withWord(content, 'rounds', rounds * programs[name]);
  withWord(content, 'mode', modes[mode].charCodeAt(0));
  const path = join(folder, `${modes[mode]}-${name}.elf`);
  writeFileSync(path, content);
  const measured: Record<string, ProcessTime[]> = inTurn<ProcessTime>(times, {
    vmft: () => processTime(process.execPath, [file('bin/vmft.js'), 'run', path, '--no-ft', '--quiet']),
    ...(has(QEMU) && { qemu: () => processTime(QEMU, qemuArgs(path)) }),
  });
  const { vmft = [], qemu } = measured;
  const processor = (all: readonly ProcessTime[]) => all.map((one) => one.processor);
  return {
    vmft: timesOf(vmft),
    ...(qemu && { qemu: timesOf(qemu), ratio: ratios(processor(qemu), processor(vmft)) }),
  };
}

/** All programs in all modes. */
export function programFigures(
  length: Length,
  folder: string,
  say: (what: string) => void,
): Record<Mode, Record<string, ProgramFigures>> {
  const all = (Object.keys(modes) as Mode[]).map((mode) => {
    const names = Object.keys(programs) as ProgramName[];
    const figures = names.map((name) => {
      say(`programs: ${name}, ${mode}`);
      return [name, figuresOf(name, mode, length, folder)] as const;
    });
    return [mode, Object.fromEntries(figures)] as const;
  });
  return Object.fromEntries(all) as Record<Mode, Record<string, ProgramFigures>>;
}

/** The geometric mean of the medians. */
export const geometricMean = (all: readonly Spread[]): number =>
  Math.exp(all.reduce((sum, { median }) => sum + Math.log(median), 0) / all.length);
