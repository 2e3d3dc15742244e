/** A cluster of `vmft up`, as an operator sees it from outside. */
import type { ChildProcess } from 'node:child_process';
import { linkSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { ClusterDirectory } from '../../src/cli/cluster/directory.ts';
import { type GroupView, groupsOf, type HostStatus, Operator } from '../../src/cli/cluster/operator.ts';
import { type Result, run, vmft } from './command.ts';
import { childrenOf, commandOf } from './proc.ts';

const POLL_MS = 50;
const STATUS_MS = 1000;
/** How long `vmft up` may take to end; it waits for nothing but its processes. */
const END_MS = 30_000;
const JUDGE_MS = 600_000;

/** What a cluster is started with. */
export interface ClusterOptions {
  guest: string;
  hosts: number;
  backups: number;
  /** Further options of `vmft up`. */
  network: readonly string[];
}

/** The cluster at one moment. */
export interface View {
  statuses: readonly HostStatus[];
  vm: GroupView | undefined;
}

/** A process of the cluster: `storage`, `switch`, `host-a`, …, `passt`, and `up` itself. */
export interface ProcessOf {
  id: string;
  pid: number;
}

/** A process that ended although nobody had killed it; `how`: in the words of `vmft up`. */
export interface Death {
  id: string;
  how: string;
}

/** See the head of this file. */
export class Cluster {
  /** Evidence, logs and, while it runs, the cluster's own directory. */
  readonly directory = mkdtempSync(join(tmpdir(), 'vmft-soak-'));
  /** The exit code of `vmft up`, or the signal that has ended it; undefined while it runs. */
  ended: number | string | undefined;
  /** Kills that `vmft up` has not reported yet, by process. */
  private readonly killed = new Map<string, number>();
  readonly deaths: Death[] = [];
  private readonly up: ChildProcess;
  private readonly code: Promise<number | string>;
  private operator: Operator | undefined;
  private printed = '';
  private said = '';
  /** All processes that were ever seen, with their command lines. */
  private readonly seen = new Map<number, string>();

  private constructor(readonly options: ClusterOptions) {
    const { guest, hosts, backups, network } = options;
    const args = ['up', guest, '--hosts', `${hosts}`, '--backups', `${backups}`, '--evidence', 'evidence'];
    this.up = vmft([...args, '--dir', 'cluster', ...network], this.directory);
    this.up.stdin!.end();
    this.up.stdout!.setEncoding('utf8').on('data', (text: string) => {
      this.printed += text;
    });
    this.up.stderr!.setEncoding('utf8').on('data', (text: string) => this.heard(text));
    this.code = new Promise((resolve) =>
      this.up.on('close', (code, signal) => {
        this.ended = code ?? signal ?? 'not started';
        resolve(this.ended);
      }),
    );
  }

  /** Resolves when the VM runs. @throws {Error} when it does not */
  static async start(options: ClusterOptions): Promise<Cluster> {
    const cluster = new Cluster(options);
    while (!cluster.printed.includes('runs; its processes')) {
      if (cluster.ended !== undefined) {
        cluster.remove();
        throw new Error(`vmft up has ended (${cluster.ended}): ${cluster.said.trim()}`);
      }
      await sleep(POLL_MS);
    }
    cluster.operator = new Operator(new ClusterDirectory(join(cluster.directory, 'cluster')));
    cluster.keepLogs();
    return cluster;
  }

  /** `vmft up` removes its directory at the end; the logs have a second name. */
  private keepLogs(): void {
    const logs = join(this.directory, 'logs');
    mkdirSync(logs);
    const from = join(this.directory, 'cluster/log');
    for (const name of readdirSync(from)) linkSync(join(from, name), join(logs, name));
  }

  private heard(text: string): void {
    this.said += text;
    for (const [, id, how] of text.matchAll(/^([\w-]+): the process ended (.*?); it is started again/gm)) {
      const due = this.killed.get(id!) ?? 0;
      if (how === 'by SIGKILL' && due > 0) this.killed.set(id!, due - 1);
      else this.deaths.push({ id: id!, how: how! });
    }
  }

  // ── What it does ──────────────────────────────────────────────────────────────────────────────────────────────────

  async view(): Promise<View> {
    const statuses = await this.operator!.statuses(STATUS_MS);
    return { statuses, vm: groupsOf(statuses)[0] };
  }

  /** All processes that run now. */
  processes(): ProcessOf[] {
    const { pid } = this.up;
    if (pid === undefined || this.ended !== undefined) return [];
    const own = childrenOf(pid).map((child) => ({ id: idOf(commandOf(child)), pid: child }));
    const passt = own
      .filter(({ id }) => id === 'switch')
      .flatMap((edge) => childrenOf(edge.pid).map((child) => ({ id: idOf(commandOf(child)), pid: child })));
    const all = [{ id: 'up', pid }, ...own, ...passt].filter(({ id }) => id !== '');
    for (const one of all) {
      const command = commandOf(one.pid).join(' ');
      // One that has ended meanwhile has none.
      if (command !== '') this.seen.set(one.pid, command);
    }
    return all;
  }

  pidOf(id: string): number | undefined {
    return this.processes().find((one) => one.id === id)?.pid;
  }

  /** The port of a host. */
  portOf(name: string): number {
    return this.operator!.configuration.hosts.find((one) => one.name === name)!.port;
  }

  /** Sends a signal; whether there was a process. */
  signal(id: string, signal: 'SIGKILL' | 'SIGSTOP' | 'SIGCONT'): boolean {
    const pid = this.pidOf(id);
    if (pid === undefined) return false;
    if (signal === 'SIGKILL') this.killed.set(id, (this.killed.get(id) ?? 0) + 1);
    process.kill(pid, signal);
    return true;
  }

  /** A command that works on the cluster. */
  vmft(...args: string[]): Promise<Result> {
    return run([...args, '--dir', 'cluster'], this.directory, END_MS);
  }

  // ── Its end ───────────────────────────────────────────────────────────────────────────────────────────────────────

  /** Waits for the end of `vmft up`; false if it does not end in time. */
  async hasEnded(limitMs: number): Promise<boolean> {
    return Promise.race([this.code.then(() => true), sleep(limitMs, false, { ref: false })]);
  }

  /** Ends what still runs. Returns what was wrong with that: nothing may be left behind. */
  async end(): Promise<string[]> {
    this.operator?.close();
    const wrong: string[] = [];
    if (this.ended === undefined) {
      this.processes();
      this.up.kill('SIGTERM');
      if (!(await this.hasEnded(END_MS))) wrong.push('`vmft up` does not end on SIGTERM');
      this.up.kill('SIGKILL');
      await this.code;
    }
    for (const { pid, command } of await this.left()) {
      wrong.push(`process ${pid} is left behind: ${command}`);
      killIfAny(pid);
    }
    if (this.operator) writeFileSync(join(this.directory, 'logs/up.log'), this.printed + this.said);
    return wrong;
  }

  /** Processes that run although all have ended. A child of a killed process takes a moment to learn of that. */
  private async left(): Promise<{ pid: number; command: string }[]> {
    for (let ms = 0; ; ms += POLL_MS) {
      const left = [...this.seen].filter(([pid, command]) => commandOf(pid).join(' ') === command);
      if (left.length === 0 || ms > END_MS) return left.map(([pid, command]) => ({ pid, command }));
      await sleep(POLL_MS);
    }
  }

  /** After the end: the verdict on its evidence. */
  judge(): Promise<Result> {
    return run(['judge', 'evidence', '--json'], this.directory, JUDGE_MS);
  }

  remove(): void {
    rmSync(this.directory, { recursive: true, force: true });
  }
}

/** It may have ended meanwhile. */
function killIfAny(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

/** A process by its command line: `node bin/vmft.js host --name a …`, or passt. */
function idOf([program = '', , command = '', , name = '']: readonly string[]): string {
  if (program.includes('passt')) return 'passt';
  if (command === 'host') return `host-${name}`;
  return command === 'storage' || command === 'switch' ? command : '';
}
