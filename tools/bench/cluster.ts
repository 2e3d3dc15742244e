/** A cluster of `vmft up`, for benchmarks. */
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { setTimeout } from 'node:timers/promises';
import { ClusterDirectory } from '../../src/cli/cluster/directory.ts';
import { groupsOf, identity, Operator } from '../../src/cli/cluster/operator.ts';
import { ConsoleClient } from '../../src/host/switch/console-client.ts';
import { Dialer } from '../../src/host/wire/dialer.ts';
import { file } from './measure.ts';

const POLL_MS = 20;
/** Linux counts a process's time in ticks of this length. */
const TICK_MS = 10;

/** See the head of this file. */
export class Cluster {
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

  /** A terminal at the console of a VM; `shown` receives what it shows. */
  terminal(group: string, shown: (text: string) => void): { type(text: string): void; close(): void } {
    const client = new ConsoleClient({
      ...{ group, session: 1n, gap: () => {}, broken: () => {} },
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

/** A host at one moment. */
export interface Sampled {
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
export function cpuMs(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8')
    .replace(/^.*\) /, '')
    .split(' ');
  return (Number(fields[11]) + Number(fields[12])) * TICK_MS;
}

/**
 * The bytes of messages that hosts have sent to backups with log entries. `metricsPort`: that of `--metrics`; the first
 * two ports are of storage and switch.
 */
export async function channelBytes(metricsPort: number, hosts: number): Promise<number> {
  const texts = await Promise.all(
    Array.from({ length: hosts }, async (_, host) => {
      const answer = await fetch(`http://127.0.0.1:${metricsPort + 2 + host}/metrics`);
      return answer.text();
    }),
  );
  return texts.reduce(
    (sum, text) => sum + Number(/^vmft_channel_bytes_total{.*} (\d+)/m.exec(text)?.[1] ?? 0),
    0,
  );
}
