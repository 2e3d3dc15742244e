/** A broken invariant of vmft: a bug in vmft, never caused by the guest or the user. */
export class InvariantError extends Error {
  override name = 'InvariantError';
}

/**
 * Always on, in every build. A message that is expensive to build is given as a function.
 * @throws {InvariantError} when `condition` is false
 */
export function assert(condition: unknown, message: string | (() => string)): asserts condition {
  if (!condition) throw new InvariantError(typeof message === 'string' ? message : message());
}

/** Marks a branch that the type system rules out. @throws {InvariantError} always */
export function unreachable(value: never): never {
  throw new InvariantError(`unreachable: ${JSON.stringify(value)}`);
}
