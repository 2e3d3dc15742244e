/** Ends the process when its output can't be written. */

/** The exit code of a process that writes to a pipe without a reader: 128 and the number of SIGPIPE. */
const BROKEN_PIPE = 141;
/** The exit code for other write errors, such as a full disk: that of wrong input. */
const UNWRITABLE = 2;

/** Ends the process silently when the reader of a pipe has closed it (`vmft … | head`), with a message on other errors. */
export function exitOnBrokenPipe(): void {
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') process.exit(BROKEN_PIPE);
    process.stderr.write(`vmft: stdout: ${error.code === 'ENOSPC' ? 'no space left' : error.message}\n`);
    process.exit(UNWRITABLE);
  });
  process.stderr.on('error', (error: NodeJS.ErrnoException) =>
    process.exit(error.code === 'EPIPE' ? BROKEN_PIPE : UNWRITABLE),
  );
}
