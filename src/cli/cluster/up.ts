/** `vmft up`: a protected VM on real processes of this machine. */
import { spawn } from 'node:child_process';
import { existsSync, openSync } from 'node:fs';
import { setTimeout } from 'node:timers/promises';
import { OperatingError } from '../../base/errors.ts';
import { addressText } from '../../host/address.ts';
import { parseForward } from '../../host/switch/forwards.ts';
import type { GroupNetwork } from '../../host/switch-process.ts';
import { EXIT_CODE, exitCodeOf } from '../exit-codes.ts';
import { EndingSignal } from '../interruption.ts';
import { StatusLine } from '../terminal/status-line.ts';
import {
  type ClusterConfiguration,
  type EngineOptions,
  forwardText,
  parseEngines,
  parseStream,
  parseTap,
} from './configuration.ts';
import { ClusterDirectory } from './directory.ts';
import { hostNames, LocalCluster, localConfiguration } from './local-cluster.ts';
import type { LogFormat } from './names.ts';
import { type GroupView, groupsOf, type HostStatus, Operator } from './operator.ts';
import { mustSuitNetwork, type NewVm, newVm, startVm, type VmOptions } from './start.ts';
import { stepsText, summary } from './status.ts';

/** The options of `vmft up`, as commander parses them. */
export interface UpOptions extends VmOptions, EngineOptions {
  hosts: number;
  forward?: string[];
  outside?: boolean;
  tap?: string[];
  stream?: string[];
  detach?: boolean;
  restart: boolean;
  log: LogFormat;
  metrics?: number;
  evidence?: string;
}

const POLL_MS = 250;
/** For so long no host may have a machine before the VM counts as lost. */
const LOST_MS = 3000;
/** Set for the process that `--detach` leaves behind. */
const DETACHED = 'VMFT_DETACHED';

function networkOf(group: string, given: UpOptions): GroupNetwork[] {
  const { forward = [], outside = false, tap = [], stream = [] } = given;
  if (!outside && forward.length + tap.length + stream.length === 0) return [];
  const forwards = forward.map(parseForward);
  return [{ group, forwards, outside, taps: tap.map(parseTap), streams: stream.map(parseStream) }];
}

function mustBeFree(directory: ClusterDirectory): void {
  if (!directory.exists) return;
  const how = existsSync(directory.owner)
    ? 'end it with `vmft down`'
    : 'start its processes, and `vmft start`';
  throw new OperatingError(`there is a cluster in ${directory.path}: ${how}, or name another --dir`);
}

/** `vmft up`. */
export async function up(program: string | undefined, given: UpOptions): Promise<number> {
  const vm = newVm(program, given);
  if (given.backups >= given.hosts)
    throw new OperatingError(`--backups ${given.backups}: needs --hosts ${given.backups + 1} or more`);
  const networks = networkOf(vm.group, given);
  mustSuitNetwork(vm, networks);
  const directory = new ClusterDirectory(given.dir);
  mustBeFree(directory);
  if (given.detach && !process.env[DETACHED]) return detach(directory);
  const names = hostNames(given.hosts);
  const configuration = await localConfiguration(names, parseEngines(given, names), networks);
  try {
    return await serve(directory, configuration, vm, given);
  } catch (error) {
    if (error instanceof OperatingError) process.send?.({ failed: error.message });
    throw error;
  }
}

/** Runs the cluster until its VM ends or a signal comes. Long: what it starts it also ends. */
async function serve(
  directory: ClusterDirectory,
  configuration: ClusterConfiguration,
  vm: NewVm,
  { restart, log: logFormat, metrics, evidence }: UpOptions,
): Promise<number> {
  const signal = new EndingSignal();
  let live: StatusLine | undefined;
  const say = (line: string) => {
    live?.clear();
    process.stderr.write(`${line}\n`);
  };
  const cluster = await LocalCluster.start(directory, configuration, {
    ...{ restart, logFormat, log: say },
    ...(metrics !== undefined && { metrics }),
    ...(evidence !== undefined && { evidence }),
  });
  let operator: Operator | undefined;
  try {
    operator = new Operator(directory);
    await cluster.ready(operator);
    await startVm(operator, vm);
    process.stdout.write(`${introduction(directory, configuration, vm).join('\n')}\n`);
    process.send?.({ ready: true });
    const watch = new Watch(say);
    live = new StatusLine(process.stderr, () => watch.line);
    const code = await follow(operator, watch, live, signal);
    // A second signal ends this process, and with it the others.
    signal.release();
    await cluster.endVms(operator);
    return code;
  } finally {
    live?.clear();
    signal.release();
    operator?.close();
    await cluster.end();
  }
}

/** Resolves with the exit code when the VM is over, or a signal has come. */
async function follow(
  operator: Operator,
  watch: Watch,
  live: StatusLine,
  signal: EndingSignal,
): Promise<number> {
  for (;;) {
    if (signal.received) return EXIT_CODE.interrupted;
    const code = watch.take(await operator.statuses(1000));
    if (code !== undefined) {
      // Consoles learn of the end from the hosts.
      await setTimeout(2 * POLL_MS);
      return code;
    }
    live.show();
    await setTimeout(POLL_MS);
  }
}

function introduction(
  { path }: ClusterDirectory,
  { storage, switch: edge, hosts, networks }: ClusterConfiguration,
  { group }: NewVm,
): string[] {
  const forwards = networks.flatMap(({ forwards: all }) => all.map(forwardText));
  return [
    `${group} runs; its processes:`,
    ...(storage ? [`  storage  ${addressText(storage)}`] : []),
    `  switch   ${addressText(edge)}`,
    ...hosts.map((host) => `  host ${host.name}   ${addressText(host)}`),
    ...forwards.map((text) => `  forward  ${text}`),
    `key, configuration, state and logs: ${path}`,
    'vmft console, status --watch, crash primary, move and down work on it',
  ];
}

/** Follows what the hosts say. */
class Watch {
  line: string | undefined;
  private shown = '';
  private lostSinceMs: number | undefined;
  private before: { icount: number; ms: number } | undefined;

  constructor(private readonly say: (line: string) => void) {}

  /** Says what has changed; the exit code when the VM is over. */
  take(statuses: readonly HostStatus[]): number | undefined {
    const [view] = groupsOf(statuses);
    if (!view) return this.lost(statuses, true);
    const text = summary(view);
    if (text !== this.shown) this.say(text);
    this.shown = text;
    this.line = `${text}, ${this.progress(view)}`;
    const { stopped, exitCode } = view.newest;
    if (stopped === 'completed') return exitCodeOf(exitCode ?? 0);
    if (stopped !== undefined) return EXIT_CODE.diverged;
    return this.lost(
      statuses,
      view.members.every(({ status }) => status.role === 'spare'),
    );
  }

  private progress({ members }: GroupView): string {
    const icount = Math.max(0, ...members.map(({ status }) => status.icount ?? 0));
    const ms = performance.now();
    const rate = this.before ? ((icount - this.before.icount) / (ms - this.before.ms)) * 1000 : 0;
    this.before = { icount, ms };
    return `${stepsText(icount)} steps, ${Math.max(0, rate / 1e6).toFixed(0)} million per second`;
  }

  private lost(statuses: readonly HostStatus[], isGone: boolean): number | undefined {
    const now = performance.now();
    // A host that does not answer may have the machine.
    if (!isGone || statuses.some(({ status }) => !status)) this.lostSinceMs = undefined;
    else this.lostSinceMs ??= now;
    if (this.lostSinceMs === undefined || now - this.lostSinceMs < LOST_MS) return undefined;
    this.say('the VM is lost: no host has a machine of it any more');
    return EXIT_CODE.lost;
  }
}

/** Runs the same command in the background, and returns when its VM runs. */
async function detach(directory: ClusterDirectory): Promise<number> {
  const log = openSync(directory.logOf('up'), 'a', 0o600);
  const child = spawn(process.execPath, process.argv.slice(1), {
    ...{ detached: true, stdio: ['ignore', log, log, 'ipc'] },
    env: { ...process.env, [DETACHED]: '1' },
  });
  const outcome = await new Promise<{ ready?: true; failed?: string }>((resolve) => {
    child.on('message', resolve as (message: unknown) => void);
    child.on('exit', (code) =>
      resolve({ failed: `the process in the background has ended with code ${code}` }),
    );
  });
  if (outcome.failed !== undefined) {
    directory.remove();
    throw new OperatingError(outcome.failed);
  }
  child.disconnect();
  child.unref();
  process.stdout.write(
    `it runs in the background, as process ${child.pid}: \`vmft status\`, \`vmft down\`\n`,
  );
  return 0;
}
