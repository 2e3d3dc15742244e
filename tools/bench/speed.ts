/** The speed of guests: here, in QEMU's modes, and as native programs. */
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { describeMachine, openFolder } from '../../src/cli/program.ts';
import type { Engine } from '../../src/cpu/engine.ts';
import type { MachineDescription } from '../../src/vmm/description.ts';
import { alone, whole } from './alone.ts';
import {
  file,
  has,
  inOwnProcess,
  inTurn,
  ratios,
  type Spread,
  spreadOf,
  timed,
  withRounds,
} from './measure.ts';

export const QEMU = 'qemu-system-riscv64';

/** The guests of guests/, and the rounds that take QEMU about two seconds. */
export const guests = {
  integer: 20_000,
  floating: 4_000,
  memory: 60,
  recursion: 5_000,
  paging: 6_000,
} as const;
export type GuestName = keyof typeof guests;
/** The interpreter runs this fraction of the rounds. */
const INTERPRETED_PART = 10;
const MEMORY_BYTES = 64 << 20;

const elf = (name: GuestName): string => file(`tools/bench/guests/${name}.elf`);

export const machineOf = (path: string): MachineDescription =>
  describeMachine(path, { memory: MEMORY_BYTES, diskSize: 0 });

/** A task for {@link inOwnProcess}: a guest, from the creation of its machine to its end. */
export function speedTask(engine: Engine, path: string): { steps: number; seconds: number } {
  return whole(alone(machineOf(path), { execution: { engine } }));
}

const RECORD = 'QEMU record';
const qemuModes = (folder: string): Record<string, string[]> => ({
  QEMU: [],
  'QEMU -icount': ['-icount', 'shift=0'],
  [RECORD]: ['-icount', `shift=0,rr=record,rrfile=${folder}/rr.bin`],
});

/** Of a guest without firmware, in a mode of QEMU's. */
export const qemuArgs = (guest: string, mode: readonly string[] = []): string[] => [
  ...['-M', 'virt', '-m', '64', '-bios', guest, '-display', 'none', '-monitor', 'none', '-serial', 'none'],
  ...mode,
];

export interface Speed {
  steps: number;
  /** Million steps a second, by engine. */
  rates: Record<string, Spread>;
  /** QEMU's time divided by the translator's, round by round: above 1 the translator is faster. */
  overQemu?: Spread;
}

export function speedOf(name: GuestName, times: number, folder: string): Speed {
  const rounds = guests[name];
  const whole = withRounds(elf(name), rounds, folder);
  const part = withRounds(elf(name), Math.ceil(rounds / INTERPRETED_PART), folder);
  let steps = 0;
  const engine = (which: Engine, path: string, share: number) => () => {
    const ran = inOwnProcess<{ steps: number; seconds: number }>('speed', which, path);
    if (share === 1) steps = ran.steps;
    return ran.seconds;
  };
  const actions: Record<string, () => number> = {
    translator: engine('translator', whole, 1),
    interpreter: engine('interpreter', part, INTERPRETED_PART),
  };
  if (has(QEMU))
    for (const [mode, args] of Object.entries(qemuModes(folder)))
      actions[mode] = () => timed(QEMU, qemuArgs(whole, args));
  const native = file(`tools/bench/guests/native/${name}`);
  if (existsSync(native)) actions.native = () => timed(native, [String(rounds)]);
  const all = inTurn(times, actions);
  const shares: Record<string, number> = { interpreter: INTERPRETED_PART };
  const rates = Object.fromEntries(
    Object.entries(all).map(([which, values]) => [
      which,
      spreadOf(values.map((time) => steps / (shares[which] ?? 1) / time / 1e6)),
    ]),
  );
  return { steps, rates, ...(all.QEMU && { overQemu: ratios(all.QEMU, all.translator!) }) };
}

/** What Debian's console shows when its shell is ready. */
export const PROMPT = '# ';

/** The Debian guest, if its files were made. */
export function debian(): MachineDescription | undefined {
  const { options } = openDebian();
  return options && describeMachine(undefined, options);
}

function openDebian() {
  try {
    return openFolder(file('programs/debian/out'), { memory: MEMORY_BYTES, diskSize: 0 });
  } catch {
    return { options: undefined };
  }
}

/** A task for {@link inOwnProcess}: the boot to the prompt. */
export function bootTask(engine: Engine): { steps: number; seconds: number } {
  return whole(alone(debian()!, { execution: { engine }, until: PROMPT }));
}

/** Boots a kernel in QEMU to the prompt. Returns the time in seconds. */
async function qemuBoot(mode: readonly string[]): Promise<number> {
  const { options } = openDebian();
  const { kernel, initrd, append, memory } = options as unknown as Record<string, string> & {
    memory: number;
  };
  const start = performance.now();
  const child = spawn(QEMU, [
    ...['-M', 'virt', '-m', String(memory >> 20), '-kernel', kernel!, '-initrd', initrd!, '-append', append!],
    ...['-display', 'none', '-monitor', 'none', '-serial', 'stdio', ...mode],
  ]);
  let shown = '';
  for await (const part of child.stdout) {
    shown += String(part);
    if (shown.includes(PROMPT)) break;
  }
  child.kill('SIGKILL');
  return (performance.now() - start) / 1000;
}

export async function bootSpeed(times: number, folder: string): Promise<Speed | undefined> {
  if (!debian()) return undefined;
  const all: Record<string, number[]> = { translator: [], interpreter: [] };
  let steps = 0;
  const modes = has(QEMU) ? qemuModes(folder) : {};
  for (let round = 0; round < times; round++) {
    for (const which of ['translator', 'interpreter'] as const) {
      const ran = inOwnProcess<{ steps: number; seconds: number }>('boot', which);
      steps = ran.steps;
      all[which]!.push(ran.seconds);
    }
    for (const [mode, args] of Object.entries(modes)) {
      // This takes minutes.
      if (mode === RECORD) continue;
      all[mode] ??= [];
      all[mode].push(await qemuBoot(args));
    }
  }
  const rates = Object.fromEntries(
    Object.entries(all).map(([which, values]) => [which, spreadOf(values.map((time) => steps / time / 1e6))]),
  );
  return { steps, rates, ...(all.QEMU && { overQemu: ratios(all.QEMU, all.translator!) }) };
}
