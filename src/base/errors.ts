/**
 * An operating error: bad input, a missing file, a damaged log. The message is written for the
 * user: what is wrong, where, and what to do. The command line prints it without a stack trace.
 */
export class OperatingError extends Error {
  override name = 'OperatingError';
}

/** Bytes that do not match their format. `offset` is where reading stopped, in bytes from the start. */
export class FormatError extends OperatingError {
  override name = 'FormatError';
  constructor(
    message: string,
    readonly offset: number,
  ) {
    super(message);
  }
}
