/** A cluster of separate processes, as `vmft up` makes it, for tests that kill, stop and cut them. */
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { afterEach } from 'vitest';
import { ClusterDirectory } from '../../src/cli/cluster/directory.ts';
import { identity, Operator } from '../../src/cli/cluster/operator.ts';
import { document } from '../../src/cli/cluster/status.ts';
import { StorageClient } from '../../src/host/storage/storage-client.ts';
import { Dialer } from '../../src/host/wire/dialer.ts';
import { cut } from '../../tools/soak/partition.ts';
import { BIN, type Result } from '../cli/command.ts';

const POLL_MS = 20;
/** The lines of each source that the report of a failure has. */
const REPORTED_LINES = 100;

/** A host in the document of `vmft status --json`. */
export interface HostView {
  name: string;
  up: boolean;
  pid: number;
}

/** The document of `vmft status --json`. */
export interface View {
  hosts: HostView[];
  groups: {
    group: string;
    generation: number;
    primary: string;
    backups: string[];
    members: { host: string; role: string; phase: string; icount?: number; stopped?: string }[];
  }[];
}

const clusters: Cluster[] = [];
afterEach(async ({ task }) => {
  for (const cluster of clusters.splice(0)) {
    // A test that fails at its time limit says nothing else of where it stood.
    if (task.result?.state === 'fail') console.error(await cluster.report());
    await cluster.end();
  }
});

/** A command that runs, and what it has printed. */
export class Running {
  readonly child: ChildProcess;
  stdout = '';
  stderr = '';
  /** Its exit code, or the signal that has ended it. */
  readonly code: Promise<number | string>;

  constructor(args: readonly string[], cwd: string) {
    this.child = spawn(process.execPath, [BIN, ...args], { cwd, env: { ...process.env, NO_COLOR: '1' } });
    this.child.stdout!.setEncoding('utf8').on('data', (text: string) => {
      this.stdout += text;
    });
    this.child.stderr!.setEncoding('utf8').on('data', (text: string) => {
      this.stderr += text;
    });
    this.child.stdin!.on('error', () => {});
    this.code = new Promise((resolve) => this.child.on('close', (code, signal) => resolve(code ?? signal!)));
  }

  type(text: string): void {
    this.child.stdin!.write(text);
  }
}

/** See the head of this file. All of it ends with the test. */
export class Cluster {
  private up!: Running;
  private readonly others: Running[] = [];
  private operator: Operator | undefined;
  private storage: { client: StorageClient; dialer: Dialer } | undefined;
  private endedWith: number | string | undefined;

  private constructor(readonly directory: string) {}

  /** Starts `vmft up` in a directory, and waits until the VM is protected. */
  static async start(
    args: readonly string[],
    directory = mkdtempSync(join(tmpdir(), 'vmft-up-')),
  ): Promise<Cluster> {
    const cluster = new Cluster(directory);
    clusters.push(cluster);
    cluster.up = new Running(['up', ...args, '--evidence', 'evidence'], cluster.directory);
    void cluster.up.code.then((code) => {
      cluster.endedWith = code;
    });
    while (!cluster.up.stdout.includes('runs; its processes')) await cluster.poll();
    return cluster;
  }

  /** A command of the cluster, to its end. */
  async vmft(...args: string[]): Promise<Result> {
    const command = new Running(args, this.directory);
    command.child.stdin!.end();
    const code = await command.code;
    return { code: Number(code), stdout: command.stdout, stderr: command.stderr };
  }

  /** `vmft console`, with what is typed through the pipe. */
  console(): Running {
    const console = new Running(['console'], this.directory);
    this.others.push(console);
    return console;
  }

  /** What `vmft status --json` prints, without a process for each call. */
  async status(): Promise<View> {
    this.operator ??= new Operator(new ClusterDirectory(join(this.directory, '.vmft')));
    return document(await this.operator.statuses(1000)) as View;
  }

  /** Waits for a view of the cluster. */
  async when(holds: (view: View) => boolean): Promise<View> {
    for (;;) {
      const view = await this.status();
      if (view.groups[0] && holds(view)) return view;
      await this.poll();
    }
  }

  /** A moment. @throws {Error} when `vmft up` has ended: what is waited for will not come */
  async poll(): Promise<void> {
    if (this.endedWith !== undefined)
      throw new Error(`vmft up has ended with ${this.endedWith}: ${this.said}`);
    await setTimeout(POLL_MS);
  }

  /** Waits until the VM is protected by `count` backups that run. */
  protected(count = 1): Promise<View> {
    return this.when((view) => isProtected(view, count));
  }

  /** The process of a host. */
  async pidOf(name: string): Promise<number> {
    return (await this.status()).hosts.find((host) => host.name === name)!.pid;
  }

  /** Cuts the connection between the primary and its backup, in both directions, until `heal()` of the soak. */
  async cut(): Promise<void> {
    const { hosts, groups } = await this.protected();
    const { configuration } = new ClusterDirectory(join(this.directory, '.vmft'));
    const side = (name: string) => ({
      name,
      pid: hosts.find((host) => host.name === name)!.pid,
      port: configuration.hosts.find((host) => host.name === name)!.port,
    });
    cut(side(groups[0]!.primary), side(groups[0]!.backups[0]!));
  }

  /** Kills the process of a host, by SIGKILL; returns its name. */
  async kill(role: 'primary' | 'backup'): Promise<string> {
    for (;;) {
      const { hosts, groups } = await this.protected();
      const { group, generation, primary, backups } = groups[0]!;
      const name = role === 'primary' ? primary : backups[0]!;
      const { pid } = hosts.find((host) => host.name === name)!;
      process.kill(pid, 'SIGSTOP');
      const isProtected = role === 'backup' || (await this.isNewest(group, generation));
      process.kill(pid, isProtected ? 'SIGKILL' : 'SIGCONT');
      if (isProtected) return name;
    }
  }

  /**
   * Whether storage has no later generation. A primary that has just evicted its backup, as on a busy machine by a false
   * suspicion, is alone: with it the VM would be lost, and rightly.
   */
  private async isNewest(group: string, generation: number): Promise<boolean> {
    const { configuration, key } = new ClusterDirectory(join(this.directory, '.vmft'));
    if (!configuration.storage) return true;
    if (!this.storage) {
      const client = new StorageClient();
      const connect = { ...configuration.storage, key, self: identity('control') };
      this.storage = {
        client,
        dialer: new Dialer({ ...connect, random: { below: () => 0 }, onUp: (link) => client.attach(link) }),
      };
    }
    const { client, dialer } = this.storage;
    while (!dialer.link) await this.poll();
    // Storage may be being started again: then it is not known.
    const known = await client.groups().catch(() => undefined);
    return known?.some((one) => one.group === group && one.generation === generation) ?? false;
  }

  /** Kills the process of storage or of the switch, by SIGKILL. */
  killService(role: 'storage' | 'switch'): void {
    process.kill(this.pidOfService(role), 'SIGKILL');
  }

  /** The process of storage or of the switch. */
  pidOfService(role: 'storage' | 'switch'): number {
    const log = readFileSync(join(this.directory, '.vmft/log', `${role}.log`), 'utf8');
    return Number([...log.matchAll(/process (\d+) listens/g)].at(-1)![1]);
  }

  /** What all processes have printed, for the message of a failure. */
  get logs(): string {
    const logs = join(this.directory, '.vmft/log');
    if (!existsSync(logs)) return '';
    const lines = readdirSync(logs).flatMap((name) => readFileSync(join(logs, name), 'utf8').split('\n'));
    return lines
      .filter((line) => line !== '')
      .sort()
      .join('\n');
  }

  /** After the end: what the checkers say of all that happened. */
  judge(): Promise<Result> {
    return this.vmft('judge', 'evidence');
  }

  /** What `vmft up` has said. */
  get said(): string {
    return this.up.stderr;
  }

  /** The process of `vmft up`. */
  get pid(): number {
    return this.up.child.pid!;
  }

  /** The exit code of `vmft up`. */
  get code(): Promise<number | string> {
    return this.up.code;
  }

  /** What is known of the cluster, for the message of a failure: views, and the last lines of logs and commands. */
  async report(): Promise<string> {
    const tail = (text: string) => text.split('\n').slice(-REPORTED_LINES).join('\n');
    const commands = this.others.map(
      ({ stdout, stderr }, index) => `command ${index}:\n${tail(stdout)}${tail(stderr)}`,
    );
    return [JSON.stringify(await this.status()), tail(this.logs), ...commands].join('\n');
  }

  async end(): Promise<void> {
    this.operator?.close();
    this.storage?.dialer.close();
    for (const { child } of this.others) child.kill('SIGKILL');
    this.up.child.kill('SIGTERM');
    await this.up.code;
    rmSync(this.directory, { recursive: true, force: true });
  }
}

/** Whether the VM is protected by `count` backups that run, and no change of that is under way. */
export function isProtected({ groups: [vm] }: View, count = 1): boolean {
  const inPhase = (phase: string) => vm!.members.filter((one) => one.phase === phase).length;
  return vm!.backups.length === count && inPhase('primary') === 1 && inPhase('backup') === count;
}

/** Waits until a condition holds; the test's own limit ends a wait for what never comes. */
export async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await setTimeout(POLL_MS);
}
