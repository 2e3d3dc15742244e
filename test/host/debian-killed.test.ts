/** Debian writes a journal to an ext4 disk while its primaries are killed, on our storage and on engines of others. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, expect } from 'vitest';
import { thorough } from '../thorough.ts';
import { debianFolder } from './debian.ts';
import { EtcdMembers } from './etcd-members.ts';
import { journalOf } from './ext4-image.ts';
import { Cluster, isProtected, type Running, until } from './processes.ts';
import { real } from './real.ts';
import { StorageDaemon } from './storage-daemon.ts';

const DISK_MIB = 16;
const HOSTS = ['a', 'b', 'c'];
/** How often a claim that can't be answered is looked at. */
const LOOKS = 20;

const after: (() => void)[] = [];
afterEach(() => {
  for (const action of after.splice(0)) action();
});

/** The number of the last record that the guest has announced. */
const announced = ({ stdout }: Running): number =>
  Number([...stdout.matchAll(/^written (\d+)\r?$/gm)].at(-1)?.[1] ?? 0);

/** A guest that writes, and its console. */
async function journal(options: readonly string[]): Promise<{ cluster: Cluster; terminal: Running }> {
  const vm = [debianFolder, '--memory', '160M', '--append', 'SERVICE=journal', '--group', 'journal'];
  const cluster = await Cluster.start([...vm, '--disk-size', `${DISK_MIB}M`, ...options]);
  const terminal = cluster.console();
  await until(() => announced(terminal) >= 5);
  return { cluster, terminal };
}

/** Kills the primary. When its successor writes, all that was announced is on the disk, which is sound. */
async function kill(
  cluster: Cluster,
  terminal: Running,
  disk: { image: string; pid: number },
): Promise<void> {
  await cluster.kill('primary');
  const before = announced(terminal);
  await until(() => announced(terminal) >= before + 3);
  const shown = announced(terminal);
  expect(await journalOf(disk.image, disk.pid)).toBeGreaterThanOrEqual(shown);
}

/** Ends the guest, which checks its disk and all that it has announced. */
async function end(cluster: Cluster, terminal: Running): Promise<void> {
  terminal.type('stop\n');
  expect(await terminal.code).toBe(0);
  expect(terminal.stdout).toContain('fsck of /dev/vda ended with code 0');
  expect(terminal.stdout).toContain(`all ${announced(terminal)} announced records are there`);
  expect(terminal.stdout).not.toContain('WRONG');
  // Each was announced once, and in order.
  const numbers = [...terminal.stdout.matchAll(/^written (\d+)\r?$/gm)].map(([, number]) => Number(number));
  expect(numbers).toEqual(numbers.map((_, index) => index + 1));
  expect(await cluster.code).toBe(0);
}

real(
  'ext4 has every record that was announced, after each kill of the primary',
  async () => {
    const { cluster, terminal } = await journal([]);
    const disk = {
      image: join(cluster.directory, '.vmft/state/storage/disks/journal.disk'),
      pid: cluster.pidOfService('storage'),
    };
    for (let round = 0; round < thorough(2, 20); round++) await kill(cluster, terminal, disk);
    await end(cluster, terminal);
  },
  900_000,
);

real(
  'the same on etcd and NBD, whose members and leader are killed, and then most of them',
  async () => {
    const etcd = await EtcdMembers.start();
    const daemon = await StorageDaemon.start(DISK_MIB << 20, HOSTS.length);
    after.push(
      () => etcd.end(),
      () => daemon.end(),
    );
    const { cluster, terminal } = await journal([
      ...['--store', `etcd:${etcd.endpoints.join(',')}`, '--disk', `nbd:${daemon.nbd},node=${daemon.node}`],
      ...HOSTS.flatMap((host, index) => ['--qmp', `${host}=${daemon.monitors[index]}`]),
    ]);
    await kill(cluster, terminal, daemon);
    const follower = ((await etcd.leader()) + 1) % HOSTS.length;
    await etcd.kill(follower);
    await kill(cluster, terminal, daemon);
    await etcd.restart(follower);
    const leader = await etcd.leader();
    await etcd.kill(leader);
    await kill(cluster, terminal, daemon);

    // Without a majority nobody may take over: what the guest does waits.
    const second = await etcd.leader();
    for (;;) {
      await cluster.protected();
      await etcd.kill(second);
      const { hosts, groups } = await cluster.status();
      const primary = hosts.find(({ name }) => name === groups[0]!.primary);
      // On a busy machine it may have lost its backup just before, by a false suspicion.
      if (isProtected({ hosts, groups })) {
        process.kill(primary!.pid, 'SIGKILL');
        break;
      }
      await etcd.restart(second);
    }
    await cluster.when(({ groups: [vm] }) => vm!.members.some(({ phase }) => phase === 'claiming'));
    const shown = announced(terminal);
    for (let look = 0; look < LOOKS; look++) {
      const { groups } = await cluster.status();
      expect(groups.flatMap(({ members }) => members)).not.toContainEqual(
        expect.objectContaining({ role: 'primary' }),
      );
      await cluster.poll();
    }
    await etcd.restart(leader);
    await until(() => announced(terminal) >= shown + 3);
    await etcd.restart(second);
    await kill(cluster, terminal, daemon);
    await end(cluster, terminal);
    expect(readFileSync(daemon.image).length).toBe(DISK_MIB << 20);
  },
  900_000,
);
