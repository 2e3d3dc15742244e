/** Separate processes, killed and stopped by signals while a client uses the guest. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { Cluster, until } from './processes.ts';

/** The numbers of the receipts that the bank has printed. */
const receipts = (shown: string): number[] =>
  [...shown.matchAll(/^#(\d+) /gm)].map(([, number]) => Number(number));
const countedTo = (count: number): number[] => Array.from({ length: count }, (_, index) => index + 1);

/** The guest has ended in order, and the checkers find nothing in what the processes have written down. */
async function clean(cluster: Cluster): Promise<void> {
  expect(await cluster.code).toBe(0);
  expect(await cluster.judge()).toMatchObject({ code: 0, stdout: expect.stringContaining('no violations') });
}

test('the bank, whose primary is killed five times in a row, prints every receipt once and in order', async () => {
  const cluster = await Cluster.start(['bank']);
  const terminal = cluster.console();
  terminal.type('open alice\n');
  for (let round = 1; round <= 5; round++) {
    terminal.type('deposit alice 1\n');
    await until(() => receipts(terminal.stdout).length === 2 * round);
    // What is typed while nobody is live is not lost.
    const killed = cluster.kill('primary');
    terminal.type('deposit alice 1\n');
    await killed;
  }
  terminal.type('balance alice\nquit\n');
  expect(await terminal.code).toBe(0);
  expect(receipts(terminal.stdout)).toEqual(countedTo(11));
  expect(terminal.stdout).toContain('alice 10');
  await clean(cluster);
  expect(existsSync(join(cluster.directory, '.vmft'))).toBe(false);
});

test('a primary that is stopped for a while has nothing to say when it goes on', async () => {
  const cluster = await Cluster.start(['bank']);
  const terminal = cluster.console();
  terminal.type('open alice\n');
  await until(() => receipts(terminal.stdout).length === 1);
  const { groups } = await cluster.protected();
  const { primary } = groups[0]!;
  const pid = await cluster.pidOf(primary);
  process.kill(pid, 'SIGSTOP');
  terminal.type('deposit alice 1\n');
  await until(() => receipts(terminal.stdout).length === 2);
  process.kill(pid, 'SIGCONT');
  // It learns that it was evicted, and may be a backup by now.
  await cluster.when(
    ({ groups: [vm] }) => vm!.members.find(({ host }) => host === primary)?.role !== 'primary',
  );
  terminal.type('deposit alice 1\nquit\n');
  expect(await terminal.code).toBe(0);
  expect(receipts(terminal.stdout)).toEqual(countedTo(3));
  await clean(cluster);
});

test('a backup that is killed is replaced, and a switch-over moves the VM to the new one', async () => {
  const cluster = await Cluster.start(['bank', '--hosts', '4', '--backups', '2']);
  const terminal = cluster.console();
  terminal.type('open alice\n');
  await until(() => receipts(terminal.stdout).length === 1);
  const before = (await cluster.protected(2)).groups[0]!;
  const pid = await cluster.pidOf(before.backups[0]!);
  process.kill(pid, 'SIGKILL');
  await cluster.when(({ groups: [vm] }) => vm!.generation > before.generation);
  // On a busy machine a false suspicion may come first.
  for (let code = 1; code !== 0; ) {
    const [vm] = (await cluster.protected(2)).groups;
    const to = vm!.backups.find((name) => !before.backups.includes(name)) ?? vm!.backups[0]!;
    const moved = await cluster.vmft('move', '--to', to);
    code = moved.code;
    if (code === 0)
      expect(moved.stdout).toBe(`${to} is the primary of bank now, before it was ${vm!.primary}\n`);
  }
  terminal.type('deposit alice 1\nquit\n');
  expect(await terminal.code).toBe(0);
  expect(receipts(terminal.stdout)).toEqual(countedTo(2));
  await clean(cluster);
});

test('a host that is told to end moves its primary first', async () => {
  const cluster = await Cluster.start(['bank']);
  const terminal = cluster.console();
  terminal.type('open alice\n');
  await until(() => receipts(terminal.stdout).length === 1);
  const { primary } = (await cluster.protected()).groups[0]!;
  process.kill(await cluster.pidOf(primary), 'SIGTERM');
  await cluster.when(({ groups: [vm] }) => vm!.primary !== primary);
  expect(cluster.logs).toContain(`host-${primary}: bank: planned switch-over to`);
  terminal.type('deposit alice 1\nquit\n');
  expect(await terminal.code).toBe(0);
  expect(receipts(terminal.stdout)).toEqual(countedTo(2));
  await clean(cluster);
});

test('a guest whose storage and switch are killed goes on when they are back', async () => {
  const cluster = await Cluster.start(['bank']);
  const terminal = cluster.console();
  terminal.type('open alice\n');
  await until(() => receipts(terminal.stdout).length === 1);
  cluster.killService('switch');
  cluster.killService('storage');
  terminal.type('deposit alice 1\n');
  await until(() => receipts(terminal.stdout).length === 2);
  await cluster.kill('primary');
  terminal.type('deposit alice 1\nquit\n');
  expect(await terminal.code).toBe(0);
  expect(receipts(terminal.stdout)).toEqual(countedTo(3));
  await clean(cluster);
});
