/** Clients that use a guest as long as it runs, and check every answer. */

/** See the head of this file. */
export interface Load {
  /** What contradicts what was acknowledged before: violations. */
  readonly problems: readonly string[];
  /** The number of answers. */
  readonly answered: number;
  /** How the guest is reached, in a few words. */
  readonly description: string;
  /** Begins with requests. */
  start(): void;
  /** The longest wait for an answer during a time, in ms of `performance.now()`. */
  longestWait(fromMs: number, toMs: number): number;
  /** Ends the guest in order. Resolves when it has said that it ends; that may be lost with its last frame. */
  conclude(): Promise<void>;
  /** Checks that need all answers; what they find is added to {@link problems}. Returns what was not checked. */
  check(): string[];
  /** Ends the clients. */
  close(): void;
}
