/** A client of the bank at its console: types lines, and checks every line that comes back, once and in order. */
import type { ChildProcess } from 'node:child_process';
import type { Random } from '../../src/base/random.ts';
import { Books, type Command, type Expectation } from './bank-books.ts';
import { vmft } from './command.ts';
import type { Load } from './load.ts';
import { longestWait, type Wait } from './waits.ts';

/** The ledger has 512 entries. */
const MAX_ENTRIES = 500;
/** The longest pause between an answer and the next line. */
const THINK_MS = 40;
/** How often two lines are typed at once. */
const PAIRS = 0.1;
const WELCOME = 'the bank is open';

/** What a {@link Bank} is made with. */
export interface BankOptions {
  /** The directory in which the cluster is. */
  cwd: string;
  random: Random;
  /** For how long it must go on: its ledger has room for a limited number of transactions. */
  durationMs: number;
}

interface Due {
  wait: Wait;
  expect: Expectation;
  isLast: boolean;
}

/** See the head of this file. */
export class Bank implements Load {
  readonly description = 'typed lines through `vmft console`';
  readonly problems: string[] = [];
  answered = 0;
  private readonly books = new Books();
  private readonly waits: Wait[] = [];
  private readonly due: Due[] = [];
  private child: ChildProcess | undefined;
  private rest = '';
  private startedMs = 0;
  private timer: NodeJS.Timeout | undefined;
  private concluding: (() => void) | undefined;
  private isClosing = false;

  constructor(private readonly options: BankOptions) {}

  start(): void {
    this.startedMs = performance.now();
    const child = vmft(['console', '--dir', 'cluster'], this.options.cwd);
    this.child = child;
    child.stdin!.on('error', () => {});
    child.stdout!.setEncoding('utf8').on('data', (text: string) => this.shown(text));
    let said = '';
    child.stderr!.setEncoding('utf8').on('data', (text: string) => {
      said += text;
    });
    child.on('close', (code, signal) => {
      if (this.child === child && this.due.length > 0)
        this.problems.push(
          `\`vmft console\` has ended (${code ?? signal}) before the last answer: ${said.trim()}`,
        );
    });
    this.next();
  }

  longestWait(fromMs: number, toMs: number): number {
    return longestWait(this.waits, fromMs, toMs);
  }

  conclude(): Promise<void> {
    return new Promise((resolve) => {
      this.concluding = resolve;
      if (this.due.length === 0) this.next();
    });
  }

  check(): string[] {
    return [];
  }

  close(): void {
    clearTimeout(this.timer);
    const { child } = this;
    this.child = undefined;
    child?.kill('SIGKILL');
  }

  /** A transaction as often as the ledger has room for it; else a question. */
  private draw(): Command {
    const { random, durationMs } = this.options;
    const passed = Math.min(1, (performance.now() - this.startedMs) / durationMs);
    const isTime = this.books.entries < MAX_ENTRIES * passed + NAMES_FIRST;
    return isTime && this.books.entries < MAX_ENTRIES
      ? this.books.transaction(random)
      : this.books.question(random);
  }

  private next(): void {
    clearTimeout(this.timer);
    if (this.concluding) {
      if (this.isClosing) return;
      this.isClosing = true;
      this.type(this.books.closing());
    } else this.type(this.options.random.chance(PAIRS) ? [this.draw(), this.draw()] : [this.draw()]);
  }

  private type(commands: Command[]): void {
    const wait: Wait = { fromMs: performance.now(), toMs: undefined };
    this.waits.push(wait);
    const expected = commands.flatMap(({ answers }) => answers);
    const last = expected.length - 1;
    this.due.push(...expected.map((expect, index) => ({ wait, expect, isLast: index === last })));
    this.child?.stdin?.write(commands.map(({ line }) => `${line}\n`).join(''));
  }

  private shown(text: string): void {
    const lines = (this.rest + text).split('\n');
    this.rest = lines.pop()!;
    for (const line of lines) this.line(line);
  }

  private line(line: string): void {
    if (line === WELCOME && this.answered === 0) return;
    const due = this.due.shift();
    if (!due) {
      this.problems.push(`"${line}" came where nothing is due`);
      return;
    }
    const problem = due.expect(line);
    // What follows the first wrong line says nothing more.
    if (problem !== undefined && this.problems.length === 0) this.problems.push(problem);
    this.answered++;
    if (!due.isLast) return;
    due.wait.toMs = performance.now();
    if (this.isClosing) this.concluding?.();
    else
      this.timer = setTimeout(() => this.next(), this.concluding ? 0 : this.options.random.below(THINK_MS));
  }
}

/** Some transactions may come at once: those that open the accounts. */
const NAMES_FIRST = 12;
