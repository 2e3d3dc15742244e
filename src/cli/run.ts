/** `vmft run`: a program on the simulated cluster. */
import { OperatingError } from '../base/errors.ts';
import { mustSuit } from '../sim/spec/spec.ts';
import { guestNaming } from './debugging/symbols.ts';
import { LIMIT_BYTES, readBytes, readPipedInput } from './files.ts';
import type { RunOptions } from './options.ts';
import { perform } from './perform.ts';
import { addressOfRun } from './playground-link.ts';
import { bootsKernel, ownInput, programPath, readGuest } from './program.ts';
import { specOf } from './spec-options.ts';

/** The console input: the `--input` file, piped stdin, or the program's input file. */
export async function consoleInput(path: string, { input }: Pick<RunOptions, 'input'>): Promise<Uint8Array> {
  if (input !== undefined) return readBytes(input, LIMIT_BYTES.typed);
  const piped = await readPipedInput();
  return piped.length > 0 ? piped : ownInput(path);
}

/**
 * Runs a guest and reports the run; returns the exit code.
 * @throws {OperatingError} for wrong options or files
 */
export async function run(program: string | undefined, options: RunOptions): Promise<number> {
  const path = programPath(program, options);
  const spec = specOf(options);
  const guest = readGuest(program, options);
  mustSuit(spec, guest.description.memorySizeBytes);
  const attended = isAttended(options);
  const input = attended ? new Uint8Array(0) : await consoleInput(path, options);
  const { typeAfter } = options;
  if (typeAfter !== undefined && (typeAfter === '' || input.length === 0))
    throw new OperatingError(
      '--type-after needs a text to wait for, and console input: --input FILE, or stdin',
    );
  const how = options.terminal ?? (bootsKernel(program, options) ? 'raw' : 'line');
  const terminal = attended ? how : undefined;
  const naming = guestNaming(program, options);
  const { defsym = [] } = options;
  const playground = () =>
    attended || typeAfter !== undefined
      ? undefined
      : addressOfRun({ path, spec, input, description: guest.description, defines: defsym });
  return perform(
    { name: path, spec, guest, input, typeAfter, attended, terminal, naming, playground },
    options,
  );
}

/** Whether the user types at the guest's console: on a terminal without `--input` and `--json`. */
const isAttended = ({ input, json }: RunOptions): boolean =>
  input === undefined && !json && process.stdin.isTTY && process.stdout.isTTY;
