/** The exit code of a command that the user has had enough of. */
export const INTERRUPTED = 130;

/** Resolves when the user has had enough; the caller then ends in its own way. */
export function interruption(): Promise<'interrupted'> {
  process.removeAllListeners('SIGINT');
  return new Promise((resolve) => process.once('SIGINT', () => resolve('interrupted')));
}

/** Signals that end a run in good order; a second one ends it at once. SIGHUP is not among them: `nohup` would be in vain. */
const ENDING_SIGNALS = ['SIGINT', 'SIGTERM'] as const;

/** Listens for them from now on; what it returns tells which has come. */
export function endingSignal(): () => NodeJS.Signals | undefined {
  let received: NodeJS.Signals | undefined;
  // Of the command itself: it would end at once.
  process.removeAllListeners('SIGINT');
  for (const signal of ENDING_SIGNALS)
    process.once(signal, () => {
      received ??= signal;
    });
  return () => received;
}
