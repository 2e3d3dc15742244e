/** Three members of etcd on this machine, for tests that kill them. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';

const NAMES = ['m0', 'm1', 'm2'];
const POLL_MS = 50;

/** See the head of this file. A member that is started again has what it had. */
export class EtcdMembers {
  private readonly directory = mkdtempSync(join(tmpdir(), 'vmft-etcd-'));
  private readonly processes: (ChildProcess | undefined)[] = NAMES.map(() => undefined);
  readonly endpoints: string[];

  private constructor(private readonly basePort: number) {
    this.endpoints = NAMES.map((_, member) => `http://127.0.0.1:${basePort + member}`);
  }

  /** Starts three, and waits until they have a leader. */
  static async start(basePort = 20_000 + (process.pid % 10_000)): Promise<EtcdMembers> {
    const members = new EtcdMembers(basePort);
    await Promise.all(NAMES.map((_, member) => members.restart(member)));
    await members.leader();
    return members;
  }

  private peer(member: number): string {
    return `http://127.0.0.1:${this.basePort + 10 + member}`;
  }

  async restart(member: number): Promise<void> {
    const options = {
      name: NAMES[member],
      'data-dir': join(this.directory, NAMES[member]!),
      'listen-client-urls': this.endpoints[member],
      'advertise-client-urls': this.endpoints[member],
      'listen-peer-urls': this.peer(member),
      'initial-advertise-peer-urls': this.peer(member),
      'initial-cluster': NAMES.map((name, index) => `${name}=${this.peer(index)}`).join(','),
    };
    const args = Object.entries(options).map(([option, value]) => `--${option}=${value}`);
    const child = spawn('etcd', args, {
      stdio: 'ignore',
      env: { ...process.env, ETCD_UNSUPPORTED_ARCH: process.arch },
    });
    this.processes[member] = child;
    await once(child, 'spawn');
  }

  async kill(member: number): Promise<void> {
    const child = this.processes[member]!;
    this.processes[member] = undefined;
    child.kill('SIGKILL');
    await once(child, 'exit');
  }

  /** The number of the leader, once most members know it. */
  async leader(): Promise<number> {
    for (;;) {
      const known = await Promise.all(this.endpoints.map((endpoint) => status(endpoint)));
      const leaders = known.flatMap((one) => (one?.leader ? [one.leader] : []));
      const [leader] = leaders;
      const agreed = leaders.length >= 2 && leaders.every((one) => one === leader);
      const member = known.findIndex((one) => one?.member === leader);
      if (agreed && member >= 0) return member;
      await setTimeout(POLL_MS);
    }
  }

  end(): void {
    for (const child of this.processes) child?.kill('SIGKILL');
    rmSync(this.directory, { recursive: true, force: true });
  }
}

/** Who a member is, and whom it takes for the leader; undefined if it does not answer. */
async function status(endpoint: string): Promise<{ member: string; leader: string } | undefined> {
  try {
    const response = await fetch(`${endpoint}/v3/maintenance/status`, {
      method: 'POST',
      body: '{}',
      signal: AbortSignal.timeout(1000),
    });
    const { header, leader } = (await response.json()) as { header: { member_id: string }; leader: string };
    return { member: header.member_id, leader };
  } catch {
    return undefined;
  }
}
