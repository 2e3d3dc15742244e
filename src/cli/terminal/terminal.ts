/** The terminal of vmft in raw mode for the guest: no echo, no line editing, no signals from keys. */
import type { EventEmitter } from 'node:events';
import { constants } from 'node:os';
import { type Key, Keys } from './keys.ts';
import type { Line } from './line.ts';

/** Standard input, when it is a terminal. */
export type TerminalInput = EventEmitter & {
  setRawMode(raw: boolean): unknown;
  resume(): unknown;
  pause(): unknown;
};

/** Signals that end the process; the terminal is restored first. */
const ENDING_SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT'] as const;

/** In raw mode between {@link open} and {@link close}, which any end of the process calls. */
export class Terminal {
  /** Whether the input has ended. */
  ended = false;
  private readonly keys = new Keys();
  private waiting: Key[] = [];
  private wake: () => void = () => {};
  private readonly undo: (() => void)[] = [];

  constructor(
    private readonly input: TerminalInput,
    /** Line editing and echo, for a guest that has none. */
    private readonly lines?: { edit: Line; show: (data: Uint8Array) => void },
    private readonly process: Pick<NodeJS.Process, 'on' | 'off' | 'exit'> = globalThis.process,
  ) {}

  open(): void {
    const { input, process } = this;
    input.setRawMode(true);
    this.undo.push(() => input.setRawMode(false));
    this.listen(input, 'data', (data: Uint8Array) => {
      for (const key of this.keys.take(data)) this.note(key);
      this.wake();
    });
    this.listen(input, 'end', () => {
      this.ended = true;
      this.wake();
    });
    this.listen(process, 'exit', () => this.close());
    for (const signal of ENDING_SIGNALS)
      this.listen(process, signal, () => {
        this.close();
        process.exit(128 + constants.signals[signal]);
      });
    // A shell resets the mode of the terminal while the process is stopped.
    this.listen(process, 'SIGCONT', () => input.setRawMode(true));
    input.resume();
  }

  private note(key: Key): void {
    if (key.kind !== 'type' || !this.lines) {
      this.waiting.push(key);
      return;
    }
    const { sent, shown, quit } = this.lines.edit.take(key.data);
    this.lines.show(shown);
    if (sent.length > 0) this.waiting.push({ kind: 'type', data: sent });
    if (quit) this.waiting.push({ kind: 'quit' });
  }

  private listen(to: Pick<EventEmitter, 'on' | 'off'>, event: string, handler: (data: never) => void): void {
    const listener = handler as (...args: unknown[]) => void;
    to.on(event, listener);
    this.undo.push(() => to.off(event, listener));
  }

  close(): void {
    for (const act of this.undo.splice(0).reverse()) act();
    this.input.pause();
  }

  /** The keys typed since the last call. */
  take(): Key[] {
    return this.waiting.splice(0);
  }

  /** Resolves when something is typed, or after `withinMs` milliseconds. */
  async typed(withinMs?: number): Promise<void> {
    if (this.waiting.length > 0 || this.ended) return;
    await new Promise<void>((resolve) => {
      const timer = withinMs === undefined ? undefined : setTimeout(resolve, withinMs);
      this.wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
    this.wake = () => {};
  }
}
