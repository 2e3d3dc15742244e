/** Checks a text that changes: a moment after each change, and never shows what a newer text has made stale. */
import { type ReadonlySignal, signal } from '@preact/signals';
import type { Diagnostic } from '../../asm/diagnostics.ts';

/** What is known of the present text. `failed`: the check itself, with its message. */
export type CheckState =
  | { kind: 'checking' }
  | { kind: 'checked'; errors: readonly Diagnostic[] }
  | { kind: 'failed'; message: string };

/** See {@link CheckState}. */
export class Checks {
  private readonly current = signal<CheckState>({ kind: 'checking' });
  private timer: ReturnType<typeof setTimeout> | undefined;
  /** The number of the present text. */
  private version = 0;

  constructor(
    private readonly check: (text: string) => Promise<readonly Diagnostic[]>,
    private readonly delayMs: number,
  ) {}

  get state(): ReadonlySignal<CheckState> {
    return this.current;
  }

  /** The text has changed: it is checked unless it changes again within the delay. */
  later(text: string): void {
    this.stop();
    this.current.value = { kind: 'checking' };
    this.timer = setTimeout(() => void this.now(text), this.delayMs);
  }

  /** Checks a text at once. Returns what came of it; undefined if another text has taken its place. */
  async now(text: string): Promise<CheckState | undefined> {
    this.stop();
    const { version } = this;
    this.current.value = { kind: 'checking' };
    const state = await this.outcome(text);
    if (version !== this.version) return undefined;
    this.current.value = state;
    return state;
  }

  private async outcome(text: string): Promise<CheckState> {
    try {
      return { kind: 'checked', errors: await this.check(text) };
    } catch (error) {
      return { kind: 'failed', message: error instanceof Error ? error.message : String(error) };
    }
  }

  /** Nothing is checked or shown until the next text. */
  stop(): void {
    clearTimeout(this.timer);
    this.version++;
  }
}
