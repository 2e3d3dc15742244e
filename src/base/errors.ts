/**
 * An operating error: bad input, a missing file, a damaged log. The message is written for the
 * person who reads it: what is wrong, where, and what to do. It is caught at the edge and printed without a stack.
 */
export class OperatingError extends Error {
  override name = 'OperatingError';
}

/** Bytes that are not what their format says. `offset` is where reading stopped, in bytes from the start. */
export class FormatError extends OperatingError {
  override name = 'FormatError';
  constructor(
    message: string,
    readonly offset: number,
  ) {
    super(message);
  }
}
