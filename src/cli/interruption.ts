/** Resolves on SIGINT; the caller then ends the command. */
export function interruption(): Promise<'interrupted'> {
  process.removeAllListeners('SIGINT');
  return new Promise((resolve) => process.once('SIGINT', () => resolve('interrupted')));
}

/** Signals that end a run gracefully; a second one ends it immediately. Without SIGHUP, so that `nohup` works. */
const ENDING_SIGNALS = ['SIGINT', 'SIGTERM'] as const;

/** Starts listening; the function returned gives the first signal received, undefined before. */
export function endingSignal(): () => NodeJS.Signals | undefined {
  let received: NodeJS.Signals | undefined;
  // The default handler of the command would end it immediately.
  process.removeAllListeners('SIGINT');
  for (const signal of ENDING_SIGNALS)
    process.once(signal, () => {
      received ??= signal;
    });
  return () => received;
}
