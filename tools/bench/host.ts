/** Real processes: what protection costs a guest, what idle guests cost, and how long a failover takes. */
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { ClusterDirectory } from '../../src/cli/cluster/directory.ts';
import { groupsOf, identity, Operator } from '../../src/cli/cluster/operator.ts';
import { ConsoleClient } from '../../src/host/switch/console-client.ts';
import { Dialer } from '../../src/host/wire/dialer.ts';
import { file, ratios, type Spread, spreadOf } from './measure.ts';

const SAMPLE_MS = 4000;
const IDLE_MS = 10_000;
const KILLS = 5;
const POLL_MS = 20;
/** Linux counts a process's time in ticks of this length. */
const TICK_MS = 10;
/** The client's pause between two questions. */
const THINKING_MS = 2;

/** See the head of this file. Times of processors are of the thread that runs the guest and all others of its process. */
export interface HostFigures {
  /** Million steps a second of the primary's processor time, with a backup and alone. */
  protectedRate: Spread;
  aloneRate: Spread;
  /** The first by the second, round by round. */
  compute: Spread;
  /** Processor time of primary and backup while the guest sleeps, as a share of a core. */
  idlePrimary: number;
  idleBackup: number;
  /** From a `kill -9` of the primary to the next answer at the console, in ms. */
  gapMs: Spread;
}

/** A cluster of `vmft up`. */
class Cluster {
  readonly operator: Operator;
  private readonly directory: ClusterDirectory;

  constructor(
    private readonly path: string,
    args: readonly string[],
  ) {
    vmft(['up', ...args, '--detach', '--dir', path]);
    this.directory = new ClusterDirectory(path);
    this.operator = new Operator(this.directory);
  }

  /** Waits until the VM has so many backups, and says who is what. */
  async protected(
    backups: number,
  ): Promise<{ primary: Sampled; backup: Sampled | undefined; generation: number }> {
    for (;;) {
      const statuses = await this.operator.statuses();
      const [view] = groupsOf(statuses);
      const by = (phase: string): Sampled | undefined => {
        const member = view?.members.find(({ status }) => status.phase === phase);
        const host = statuses.find(({ host: { name } }) => name === member?.host);
        return member && host?.status && { pid: host.status.pid, icount: member.status.icount ?? 0 };
      };
      const primary = by(backups > 0 ? 'primary' : 'alone');
      const backup = by('backup');
      if (primary && (backups === 0 || backup))
        return { primary, backup, generation: view!.newest.generation };
      await setTimeout(POLL_MS);
    }
  }

  /** A terminal at the console; `shown` receives what it shows. */
  terminal(shown: (text: string) => void): { type(text: string): void; close(): void } {
    const client = new ConsoleClient({
      ...{ group: 'bank', session: 1n, gap: () => {}, broken: () => {} },
      output: (data) => shown(new TextDecoder().decode(data)),
    });
    const dialer = new Dialer({
      ...{ ...this.operator.configuration.switch, key: this.directory.key, self: identity('terminal') },
      ...{ random: { below: () => 0 }, onUp: (link) => client.attach(link) },
    });
    return {
      type: (text) => void client.type(new TextEncoder().encode(text)),
      close: () => dialer.close(),
    };
  }

  end(): void {
    this.operator.close();
    vmft(['down', '--dir', this.path]);
  }
}

interface Sampled {
  pid: number;
  icount: number;
}

function vmft(args: readonly string[]): void {
  const { status, stderr } = spawnSync(process.execPath, [file('bin/vmft.js'), ...args], {
    encoding: 'utf8',
  });
  if (status !== 0) throw new Error(`vmft ${args.join(' ')}: ${stderr}`);
}

/** The processor time that a process has used, in ms. */
function cpuMs(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8')
    .replace(/^.*\) /, '')
    .split(' ');
  return (Number(fields[11]) + Number(fields[12])) * TICK_MS;
}

/** Million steps in a second of the primary's processor time. */
async function rateOf(path: string, hosts: readonly string[], backups: number): Promise<number> {
  const cluster = new Cluster(path, [file('tools/bench/busy.s'), ...hosts]);
  try {
    await cluster.protected(backups);
    // The translator has done its work by then.
    await setTimeout(SAMPLE_MS / 4);
    const before = await cluster.protected(backups);
    const startMs = cpuMs(before.primary.pid);
    await setTimeout(SAMPLE_MS);
    const after = await cluster.protected(backups);
    if (after.primary.pid !== before.primary.pid) throw new Error('a failover disturbed the measurement');
    return (after.primary.icount - before.primary.icount) / 1000 / (cpuMs(after.primary.pid) - startMs);
  } finally {
    cluster.end();
  }
}

async function idleShares(path: string): Promise<{ primary: number; backup: number }> {
  const cluster = new Cluster(path, [file('tools/bench/idle.s'), '--hosts', '2', '--defsym', 'SECONDS=600']);
  try {
    const { primary, backup } = await cluster.protected(1);
    const startMs = [primary, backup!].map(({ pid }) => cpuMs(pid));
    await setTimeout(IDLE_MS);
    const [one, other] = [primary, backup!].map(({ pid }, index) => (cpuMs(pid) - startMs[index]!) / IDLE_MS);
    return { primary: one!, backup: other! };
  } finally {
    cluster.end();
  }
}

/** The longest waits of a closed loop at the console, one for each kill. */
async function gaps(path: string): Promise<number[]> {
  const cluster = new Cluster(path, ['bank']);
  let shown = '';
  let answered = () => {};
  const terminal = cluster.terminal((text) => {
    shown += text;
    if (!shown.endsWith('\n')) return;
    shown = '';
    answered();
  });
  const ask = async (text: string): Promise<number> => {
    const startMs = performance.now();
    const answer = new Promise<void>((resolve) => {
      answered = resolve;
    });
    terminal.type(`${text}\n`);
    await answer;
    return performance.now() - startMs;
  };
  try {
    await ask('open me');
    const found: number[] = [];
    for (let kill = 0; kill < KILLS; kill++) {
      const { primary, generation } = await cluster.protected(1);
      process.kill(primary.pid, 'SIGKILL');
      let longest = 0;
      while ((await cluster.protected(1)).generation === generation || longest === 0) {
        longest = Math.max(longest, await ask('balance me'));
        await setTimeout(THINKING_MS);
      }
      found.push(longest);
    }
    return found;
  } finally {
    terminal.close();
    cluster.end();
  }
}

/** Measures; protected and alone by turns. */
export async function hostFigures(times: number, folder: string): Promise<HostFigures> {
  const path = (name: string) => join(folder, `vmft-${name}`);
  const withBackup: number[] = [];
  const alone: number[] = [];
  for (let round = 0; round < times; round++) {
    const runs = [
      async () => withBackup.push(await rateOf(path('two'), ['--hosts', '2'], 1)),
      async () => alone.push(await rateOf(path('one'), ['--hosts', '1', '--backups', '0'], 0)),
    ];
    for (const run of round % 2 === 0 ? runs : runs.toReversed()) await run();
  }
  const idle = await idleShares(path('idle'));
  return {
    ...{
      protectedRate: spreadOf(withBackup),
      aloneRate: spreadOf(alone),
      compute: ratios(withBackup, alone),
    },
    ...{ idlePrimary: idle.primary, idleBackup: idle.backup, gapMs: spreadOf(await gaps(path('gaps'))) },
  };
}
