/** Child processes that a port needs: started, restarted with back-off when they die, stopped with the port. */
import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { OperatingError } from '../../base/errors.ts';

const FIRST_RESTART_MS = 100;
const MAX_RESTART_MS = 10_000;
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
  private delayMs = FIRST_RESTART_MS;
  private stopped = false;

  constructor(private readonly options: SupervisorOptions) {}

  /** The child's process id while it runs. */
  get pid(): number | undefined {
    return this.child?.pid;
  }

  start(): void {
    if (this.stopped) return;
    const { command, started, outputFile } = this.options;
    const args = [...this.options.arguments()];
    const file = outputFile === undefined ? undefined : openSync(outputFile, 'w', 0o600);
    const output = file ?? 'pipe';
    const child = spawn(command, args, { stdio: ['ignore', output, output], detached: file !== undefined });
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
      if (performance.now() - startedMs >= STEADY_MS) this.delayMs = FIRST_RESTART_MS;
      if (child.pid !== undefined) this.ended(code === null ? `by ${signal}` : `with code ${code}`, printed);
    });
  }

  /** Ends the child, and starts no other. */
  stop(): void {
    this.stopped = true;
    clearTimeout(this.timer);
    const { child } = this;
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    child.kill('SIGTERM');
    const kill = setTimeout(() => child.kill('SIGKILL'), KILL_AFTER_MS);
    kill.unref();
    child.on('close', () => clearTimeout(kill));
  }

  private notStarted(error: NodeJS.ErrnoException): void {
    if (this.stopped) return;
    const { command, install, failed } = this.options;
    const missing = error.code === 'ENOENT';
    this.stop();
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
      this.stop();
      return failed(new OperatingError(why));
    }
    log(`${command} ended ${how}; it is started again in ${this.delayMs} ms. ${lastLine(printed)}`.trim());
    this.timer = setTimeout(() => this.start(), this.delayMs);
    this.delayMs = Math.min(this.delayMs * 2, MAX_RESTART_MS);
  }
}

const lastLine = (printed: string): string => {
  const line = printed.trim().split('\n').at(-1) ?? '';
  return line === '' ? '' : `It printed: ${line}`;
};

function tailOf(file: string): string {
  try {
    return readFileSync(file, 'utf8').slice(-TAIL_BYTES);
  } catch {
    return '';
  }
}
