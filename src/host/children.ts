/** Child processes: started, restarted with back-off when they die, stopped with who needs them. */
import { type ChildProcess, type StdioOptions, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { OperatingError } from '../base/errors.ts';

/** The delay of the first restart, and of the last of many in a row. */
const RESTART_MS = { first: 100, most: 10_000 };
/** A child that has lived this long is in order: the back-off starts over. */
const STEADY_MS = 10_000;
/** The end of what a child has printed, for messages. */
const TAIL_BYTES = 2048;
/** A child that does not heed SIGTERM is killed. */
const KILL_AFTER_MS = 1000;

/** What a {@link Supervisor} is made with. */
export interface SupervisorOptions {
  command: string;
  arguments: () => readonly string[];
  /** What to do when the command is not installed, as a sentence. */
  install: string;
  /** Receives one line for each event. */
  log: (line: string) => void;
  /**
   * The file that takes what children print, for those that outlive this process: a pipe without a reader would end
   * them. They are in a process group of their own, too.
   */
  outputFile?: string;
  /** Keeps what earlier children have printed to {@link outputFile}. */
  appends?: boolean;
  /** Children end with this process, however it ends: their `disconnect` event says so. */
  isBound?: boolean;
  restartMs?: { first: number; most: number };
  /** A child runs; it may not be ready yet. */
  started: (pid: number) => void;
  /** A child has ended; another one is started after a delay. */
  ended?: () => void;
  /** It is no use to try again, e.g. since the command is not installed. */
  failed: (error: OperatingError) => void;
  /** Recognizes what no restart repairs in what a child has printed; the message says what to do. */
  hopeless?: (printed: string) => string | undefined;
}

/** Keeps one child process running. */
export class Supervisor {
  private child: ChildProcess | undefined;
  private timer: NodeJS.Timeout | undefined;
  private readonly restartMs: { first: number; most: number };
  private delayMs: number;
  private stopped = false;

  constructor(private readonly options: SupervisorOptions) {
    this.restartMs = options.restartMs ?? RESTART_MS;
    this.delayMs = this.restartMs.first;
  }

  /** The child's process id while it runs. */
  get pid(): number | undefined {
    return this.child?.pid;
  }

  start(): void {
    if (this.stopped) return;
    const { command, started, outputFile, appends, isBound } = this.options;
    const args = [...this.options.arguments()];
    const file = outputFile === undefined ? undefined : openSync(outputFile, appends ? 'a' : 'w', 0o600);
    const output = file ?? 'pipe';
    const stdio: StdioOptions = ['ignore', output, output, ...(isBound ? (['ipc'] as const) : [])];
    const child = spawn(command, args, { stdio, detached: file !== undefined });
    if (file !== undefined) closeSync(file);
    this.child = child;
    const startedMs = performance.now();
    let printed = '';
    const print = (data: Buffer) => {
      printed = (printed + data.toString()).slice(-TAIL_BYTES);
    };
    child.stdout?.on('data', print);
    child.stderr?.on('data', print);
    child.on('spawn', () => !this.stopped && started(child.pid!));
    child.on('error', (error) => this.notStarted(error));
    child.on('close', (code, signal) => {
      if (outputFile !== undefined) printed = tailOf(outputFile);
      if (performance.now() - startedMs >= STEADY_MS) this.delayMs = this.restartMs.first;
      if (child.pid !== undefined) this.ended(code === null ? `by ${signal}` : `with code ${code}`, printed);
    });
  }

  /** Ends the child by SIGTERM, and starts no other. Resolves when it has ended. */
  async stop(): Promise<void> {
    this.stopped = true;
    clearTimeout(this.timer);
    const { child } = this;
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    child.kill('SIGTERM');
    const kill = setTimeout(() => child.kill('SIGKILL'), KILL_AFTER_MS);
    kill.unref();
    await once(child, 'close');
    clearTimeout(kill);
  }

  private notStarted(error: NodeJS.ErrnoException): void {
    if (this.stopped) return;
    const { command, install, failed } = this.options;
    const missing = error.code === 'ENOENT';
    void this.stop();
    failed(
      new OperatingError(
        missing ? `${command} is not installed. ${install}` : `${command}: ${error.message}`,
      ),
    );
  }

  private ended(how: string, printed: string): void {
    this.child = undefined;
    if (this.stopped) return;
    const { command, log, ended, failed, hopeless } = this.options;
    ended?.();
    const why = hopeless?.(printed);
    if (why !== undefined) {
      void this.stop();
      return failed(new OperatingError(why));
    }
    log(`${command} ended ${how}; it is started again in ${this.delayMs} ms. ${lastLine(printed)}`.trim());
    this.timer = setTimeout(() => this.start(), this.delayMs);
    this.delayMs = Math.min(this.delayMs * 2, this.restartMs.most);
  }
}

const lastLine = (printed: string): string => {
  const line = printed.trim().split('\n').at(-1) ?? '';
  return line === '' ? '' : `It printed: ${line}`;
};

/** The end of a file; empty if it can't be read. */
export function tailOf(path: string): string {
  try {
    const file = openSync(path, 'r');
    try {
      const tail = Buffer.alloc(TAIL_BYTES);
      const read = readSync(file, tail, 0, TAIL_BYTES, Math.max(0, fstatSync(file).size - TAIL_BYTES));
      return tail.toString('utf8', 0, read);
    } finally {
      closeSync(file);
    }
  } catch {
    return '';
  }
}
