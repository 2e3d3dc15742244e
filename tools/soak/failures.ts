/** The failures that a soak draws: one at a time, each of which a protected VM survives. */
import type { Random } from '../../src/base/random.ts';
import type { Cluster, View } from './cluster.ts';
import { cut, heal } from './partition.ts';

/** A failure, drawn for a cluster as it is. */
export interface Failure {
  /** Its row in the report. */
  kind: string;
  /** What happens to whom, for the log. */
  text: string;
  /** Hosts that lose their machines. */
  killed: readonly string[];
  /** Causes the failure; resolves when the failure is over, before the cluster has recovered. */
  happen(): Promise<void>;
  /** Whether the cluster can have noticed by now: a killed process has a successor. */
  isOver(): boolean;
}

/** Waits, and returns early when the soak is to end. */
export type Sleep = (ms: number) => Promise<void>;

/** How long a process is stopped, or a link cut. */
const STOPPED_MS = { least: 50, most: 5000 };
const CUT_MS = { least: 50, most: 3000 };

/** A random time with a uniform logarithm: short times are drawn as often as long ones. */
const between = ({ least, most }: { least: number; most: number }, random: Random): number =>
  Math.round(least * (most / least) ** (random.below(1 << 20) / (1 << 20)));

type Role = 'primary' | 'backup' | 'spare';

/** Draws failures for one cluster. */
export class Failures {
  /** @param canCut whether hosts can be cut off from each other here */
  constructor(
    private readonly cluster: Cluster,
    private readonly random: Random,
    private readonly canCut: boolean,
    private readonly sleep: Sleep,
  ) {}

  /** A failure for a cluster whose VM is protected. */
  draw({ vm }: View): Failure {
    const { primary, backups } = vm!.newest.record;
    const spares = vm!.members
      .map(({ host }) => host)
      .filter((host) => host !== primary && !backups.includes(host));
    const hosts: Record<Role, readonly string[]> = { primary: [primary], backup: backups, spare: spares };
    const possible = this.kinds(hosts);
    return possible[this.random.below(possible.length)]!();
  }

  private kinds(hosts: Record<Role, readonly string[]>): (() => Failure)[] {
    const kinds: (() => Failure)[] = [
      () => this.killService('storage'),
      () => this.killService('switch'),
      () => this.stop('storage', 'storage'),
      () => this.stop('switch', 'switch'),
      () => this.move(hosts.backup),
    ];
    for (const role of ['primary', 'backup', 'spare'] as const) {
      if (hosts[role].length === 0) continue;
      kinds.push(() => this.killHost(role, this.one(hosts[role])));
      kinds.push(() => this.stop(role, `host-${this.one(hosts[role])}`));
    }
    if (!this.canCut) return kinds;
    for (const [a, b] of [
      ['primary', 'backup'],
      ['primary', 'spare'],
      ['backup', 'spare'],
    ] as const)
      if (hosts[b].length > 0)
        kinds.push(() => this.cut(`${a}–${b}`, this.one(hosts[a]), this.one(hosts[b])));
    const [first, second] = hosts.backup;
    if (second !== undefined) kinds.push(() => this.cut('backup–backup', first!, second));
    return kinds;
  }

  private one(names: readonly string[]): string {
    return names[this.random.below(names.length)]!;
  }

  private killHost(role: Role, name: string): Failure {
    return { ...this.kill(role, `host-${name}`), killed: [name] };
  }

  private killService(id: 'storage' | 'switch'): Failure {
    return this.kill(id, id);
  }

  private kill(who: string, id: string): Failure {
    let pid: number | undefined;
    return {
      ...{ kind: `kill ${who}`, text: `kill ${who} (${id})`, killed: [] },
      happen: async () => {
        pid = this.cluster.pidOf(id);
        this.cluster.signal(id, 'SIGKILL');
      },
      isOver: () => {
        const now = this.cluster.pidOf(id);
        return now !== undefined && now !== pid;
      },
    };
  }

  private stop(who: string, id: string): Failure {
    const ms = between(STOPPED_MS, this.random);
    return {
      ...{ kind: `stop ${who}`, text: `stop ${who} (${id}) for ${ms} ms`, killed: [], isOver: () => true },
      happen: async () => {
        this.cluster.signal(id, 'SIGSTOP');
        try {
          await this.sleep(ms);
        } finally {
          this.cluster.signal(id, 'SIGCONT');
        }
      },
    };
  }

  private move(backups: readonly string[]): Failure {
    const to = this.one(backups);
    return {
      ...{ kind: 'move', text: `move to ${to}`, killed: [], isOver: () => true },
      // On a busy machine a false suspicion may come first: then it is refused, or another host is the primary.
      happen: async () => void (await this.cluster.vmft('move', '--to', to)),
    };
  }

  private cut(kind: string, a: string, b: string): Failure {
    const ms = between(CUT_MS, this.random);
    const side = (name: string) => ({
      ...{ name, pid: this.cluster.pidOf(`host-${name}`)!, port: this.cluster.portOf(name) },
    });
    return {
      ...{
        kind: `cut ${kind}`,
        text: `cut ${kind} (${a}, ${b}) for ${ms} ms`,
        killed: [],
        isOver: () => true,
      },
      happen: async () => {
        cut(side(a), side(b));
        try {
          await this.sleep(ms);
        } finally {
          heal();
        }
      },
    };
  }
}
