/** Failures of stdout and stderr. */
import { EXIT_CODE } from './exit-codes.ts';

/**
 * Ends the process when its output can't be written: silently when the reader of a pipe has closed it
 * (`vmft … | head`), with a message on other errors.
 */
export function exitOnBrokenPipe(): void {
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') process.exit(EXIT_CODE.brokenPipe);
    process.stderr.write(`vmft: stdout: ${error.code === 'ENOSPC' ? 'no space left' : error.message}\n`);
    process.exit(EXIT_CODE.usage);
  });
  process.stderr.on('error', (error: NodeJS.ErrnoException) =>
    process.exit(error.code === 'EPIPE' ? EXIT_CODE.brokenPipe : EXIT_CODE.usage),
  );
}
