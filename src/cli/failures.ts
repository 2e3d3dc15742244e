/** Error messages and exit codes for exceptions. */
import { InvariantError } from '../base/assert.ts';
import { OperatingError } from '../base/errors.ts';
import { EXIT_CODE } from './exit-codes.ts';

/** Prints an error on stderr and returns the exit code. All but an {@link OperatingError} is a bug in vmft. */
export function codeOf(error: unknown, version: string): number {
  if (error instanceof OperatingError) {
    process.stderr.write(`vmft: ${error.message}\n`);
    return EXIT_CODE.usage;
  }
  const { name, message, stack } = error instanceof Error ? error : new Error(String(error));
  const what = error instanceof InvariantError ? message : `${name}: ${message}`;
  const how = process.env.VMFT_TRACE ? '' : ' and what it says with VMFT_TRACE=1 in the environment';
  process.stderr.write(
    `vmft ${version}: a bug in vmft (${what.split('\n')[0]}); please report it with the command line${how}\n`,
  );
  if (process.env.VMFT_TRACE) process.stderr.write(`${stack}\n`);
  return EXIT_CODE.bug;
}

/** Handles exceptions outside the command's promise: in timers, and in promises that nobody awaits. */
export function endWithFailures(version: string): void {
  for (const event of ['uncaughtException', 'unhandledRejection'] as const)
    process.on(event, (error) => process.exit(codeOf(error, version)));
}
