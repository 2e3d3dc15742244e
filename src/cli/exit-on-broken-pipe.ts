/** How a process ends whose output can't go where it was to go. */

/** The exit code of a process that writes to a pipe without a reader: 128 and the number of SIGPIPE. */
const BROKEN_PIPE = 141;
/** That of wrong input, which a full disk is as well. */
const UNWRITABLE = 2;

/** Ends the process quietly when whoever read its output has left (`vmft … | head`), and with one line when there is no room for it. */
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
