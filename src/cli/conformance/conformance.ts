/** `vmft conformance`: runs programs that test their machine, such as riscv-tests. */
import { closeSync, openSync, readdirSync, readSync, statSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { isElf } from '../../base/elf.ts';
import { OperatingError } from '../../base/errors.ts';
import { EXIT_CODE } from '../exit-codes.ts';
import { asOperatingError } from '../files.ts';
import { interruption } from '../interruption.ts';
import { Pool } from '../pool.ts';
import { Progress, SILENT } from '../progress.ts';
import { painterFor } from '../terminal/paint.ts';
import { quietLines, reportLines } from './report.ts';
import type { Result } from './run-test.ts';
import type { Setup } from './worker.ts';

/** The options of `vmft conformance`. */
export interface ConformanceOptions extends Setup {
  only?: string;
  jobs?: number;
  json?: boolean;
  quiet?: boolean;
}

/** Runs the programs of a folder and reports them; returns the exit code. @throws {OperatingError} without programs */
export async function conformance(folder: string, options: ConformanceOptions): Promise<number> {
  const interrupted = interruption();
  const { memory, maxSteps, engine, only = '*' } = options;
  const names = programsIn(folder).filter((name) => matcher(only).test(name));
  if (names.length === 0) throw new OperatingError(`${folder}: no ELF file whose name matches ${only}`);
  const results: Result[] = [];
  const failures = () => results.filter(({ outcome }) => outcome !== 'passed').length;
  const progress = new Progress(
    options.quiet ? SILENT : process.stderr,
    { total: names.length, unit: 'programs' },
    () => ({
      done: results.length,
      details: [`${failures()} did not pass`],
    }),
  );
  const jobs = Math.min(options.jobs ?? availableParallelism(), names.length);
  const setup: Setup = { memory, maxSteps, engine };
  const pool = new Pool<string, Result>('conformance-worker', jobs, setup);
  try {
    const work = pool.execute(
      names.map((name) => join(folder, name)),
      (result) => {
        results.push(result);
        progress.show();
        return 'more';
      },
    );
    const stopped = (await Promise.race([work, interrupted])) === 'interrupted';
    progress.clear();
    const facts = { folder, programs: names.length, results, interrupted: stopped };
    const text = options.quiet ? quietLines(facts) : reportLines(facts);
    const lines = options.json ? [JSON.stringify(facts, null, 2)] : text.map(painterFor(process.stdout));
    for (const line of lines) process.stdout.write(`${line}\n`);
    if (stopped) return EXIT_CODE.interrupted;
    return failures() > 0 ? EXIT_CODE.failed : 0;
  } finally {
    await pool.stop();
  }
}

/** The sorted names of a folder's ELF files. */
function programsIn(folder: string): string[] {
  const names = attempt(folder, () => readdirSync(folder)).filter((name) => isProgram(join(folder, name)));
  return names.sort((a, b) => a.localeCompare(b, 'en', { numeric: true }));
}

/** Whether a path is an ELF file, or a link to one. Others are not opened: a pipe without a writer would block. */
const isProgram = (path: string): boolean =>
  attempt(
    path,
    () => statSync(path, { throwIfNoEntry: false })?.isFile() === true && isElf(beginningOf(path)),
  );

function attempt<T>(path: string, action: () => T): T {
  try {
    return action();
  } catch (error) {
    throw asOperatingError(path, error, 'give a folder with ELF files');
  }
}

function beginningOf(path: string): Uint8Array {
  const file = openSync(path, 'r');
  try {
    const bytes = new Uint8Array(4);
    return bytes.subarray(0, readSync(file, bytes));
  } finally {
    closeSync(file);
  }
}

/** A pattern for parts of names, in which `*` matches anything. */
const matcher = (pattern: string): RegExp =>
  new RegExp(
    pattern
      .split('*')
      .map((part) => part.replace(/[^\w]/g, '\\$&'))
      .join('.*'),
  );
