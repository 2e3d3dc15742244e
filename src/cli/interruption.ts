/**
 * Signals that a command handles to report what it has done. Commands that have nothing to report handle none, so that
 * a signal ends them at once: a handler runs only between two turns of the event loop, late in a long computation.
 */

/** Resolves on SIGINT; the caller then ends the command. */
export const interruption = (): Promise<'interrupted'> =>
  new Promise((resolve) => process.once('SIGINT', () => resolve('interrupted')));

/** Without SIGHUP, so that `nohup` works. */
const ENDING_SIGNALS = ['SIGINT', 'SIGTERM'] as const;

/** Resolves on the first signal that asks a command to end, which then ends in order; a second one ends it at once. */
export const endingSignal = (): Promise<NodeJS.Signals> =>
  new Promise((resolve) => {
    const receive = (signal: NodeJS.Signals): void => {
      for (const one of ENDING_SIGNALS) process.off(one, receive);
      resolve(signal);
    };
    for (const one of ENDING_SIGNALS) process.on(one, receive);
  });

/** The first signal that asks a run to end. A second one ends the process at once. */
export class EndingSignal {
  /** Undefined before there is one. */
  received: NodeJS.Signals | undefined;

  constructor(private readonly process: Pick<NodeJS.Process, 'on' | 'off'> = globalThis.process) {
    for (const signal of ENDING_SIGNALS) process.on(signal, this.receive);
  }

  private readonly receive = (signal: NodeJS.Signals): void => {
    this.received = signal;
    this.release();
  };

  /** From now on a signal ends the process at once. */
  release(): void {
    for (const signal of ENDING_SIGNALS) this.process.off(signal, this.receive);
  }
}
