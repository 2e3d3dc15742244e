/** The exit code of a command that the user has had enough of. */
export const INTERRUPTED = 130;

/** Resolves when the user has had enough; the caller then ends in its own way. */
export function interruption(): Promise<'interrupted'> {
  process.removeAllListeners('SIGINT');
  return new Promise((resolve) => process.once('SIGINT', () => resolve('interrupted')));
}
