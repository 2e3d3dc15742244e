/** Timing: variants are run in turn, several times, and compared. */
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export interface Spread {
  median: number;
  min: number;
  max: number;
}

export function spreadOf(values: readonly number[]): Spread {
  const sorted = values.toSorted((a, b) => a - b);
  return { median: sorted[sorted.length >> 1]!, min: sorted[0]!, max: sorted.at(-1)! };
}

export function seconds(action: () => void): number {
  const start = performance.now();
  action();
  return (performance.now() - start) / 1000;
}

/** Runs all of them `times` times, in turn, so that a host that slows down or speeds up favours none. */
export function inTurn<Result = number, Name extends string = string>(
  times: number,
  actions: Record<Name, () => Result>,
): Record<Name, Result[]> {
  const names = Object.keys(actions) as Name[];
  const results = Object.fromEntries(names.map((name) => [name, [] as Result[]])) as Record<Name, Result[]>;
  for (let round = 0; round < times; round++) {
    // Each is first as often as it is last.
    const order = round % 2 === 0 ? names : names.toReversed();
    for (const name of order) results[name].push(actions[name]());
  }
  return results;
}

/** The ratio of one to the other, round by round. */
export const ratios = (a: readonly number[], b: readonly number[]): Spread =>
  spreadOf(a.map((value, index) => value / b[index]!));

/**
 * The peak memory of this process, in MiB. The maximum in getrusage includes that of the parent process before exec, so
 * this reads /proc on Linux. Self-contained, since its source text is sent to other processes.
 */
export function peakMB(fs: Pick<typeof import('node:fs'), 'existsSync' | 'readFileSync'>): number {
  const status = '/proc/self/status';
  const own = fs.existsSync(status) ? /VmHWM:\s+(\d+)/.exec(fs.readFileSync(status, 'utf8')) : null;
  return Number(own?.[1] ?? process.resourceUsage().maxRSS) / 1024;
}

export const file = (name: string): string => fileURLToPath(new URL(`../${name}`, import.meta.url));

/** Whether a command is installed. */
export const has = (command: string): boolean =>
  (process.env.PATH ?? '').split(delimiter).some((folder) => existsSync(join(folder, command)));

/** Runs a command to its end. Returns the time in seconds. @throws {Error} when it fails */
export function timed(command: string, args: readonly string[], input = ''): number {
  return seconds(() => {
    const { status, stderr, error } = spawnSync(command, args, { input, encoding: 'utf8' });
    if (status !== 0) throw new Error(`${command} ${args.join(' ')}: ${error?.message ?? stderr}`);
  });
}

/** What a process took, in seconds; `processor`: all of its threads, in user and system mode. */
export interface ProcessTime {
  processor: number;
  wall: number;
}

/** Runs a command to its end. Bash measures it: Node.js does not tell the processor time of children. @throws {Error} when it fails */
export function processTime(command: string, args: readonly string[]): ProcessTime {
  const script = 'TIMEFORMAT="%R %U %S"; { time "$@" >/dev/null 2>&3; } 3>&2';
  const { status, stderr, error } = spawnSync('bash', ['-c', script, 'bash', command, ...args], {
    encoding: 'utf8',
    env: { ...process.env, LC_ALL: 'C' },
  });
  const [wall = 0, user = 0, system = 0] = (stderr?.trim().split('\n').at(-1) ?? '').split(' ').map(Number);
  if (status !== 0) throw new Error(`${command} ${args.join(' ')}: ${error?.message ?? stderr}`);
  return { processor: user + system, wall };
}

/** The result of a task of the benchmark in a new process, where nothing is warm. @throws {Error} when it fails */
export function inOwnProcess<Result>(task: string, ...args: string[]): Result {
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    [fileURLToPath(import.meta.url), '--task', task, ...args],
    { encoding: 'utf8', maxBuffer: 1 << 26 },
  );
  if (status !== 0) throw new Error(`${task} ${args.join(' ')}: ${stderr}`);
  return JSON.parse(stdout.trim().split('\n').at(-1)!) as Result;
}

/** Writes a word of a guest, which follows a mark with its name. */
export function withWord(content: Buffer, name: 'rounds' | 'mode' | 'depth', value: number): void {
  const mark = `${name} =`.padEnd(16);
  const at = content.indexOf(mark);
  if (at < 0) throw new Error(`the guest has no word "${name}"`);
  content.writeBigUInt64LE(BigInt(value), at + mark.length);
}

/** Writes a copy of a guest with this number of rounds, and returns its name. */
export function withRounds(elf: string, rounds: number, folder: string): string {
  const content = readFileSync(elf);
  withWord(content, 'rounds', rounds);
  const path = join(folder, `${rounds}-${elf.split('/').at(-1)}`);
  writeFileSync(path, content);
  return path;
}
