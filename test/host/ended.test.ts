/** A cluster that is ended while its VM runs. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { Cluster, isProtected, until } from './processes.ts';

/** A bank that has printed a receipt, with a host whose earlier life was killed: of that one, evidence is cut short. */
async function bank(): Promise<Cluster> {
  const cluster = await Cluster.start(['bank']);
  const terminal = cluster.console();
  terminal.type('open alice\n');
  await until(() => terminal.stdout.includes('#1 '));
  await cluster.kill('primary');
  await cluster.when((view) => isProtected(view) && view.hosts.every(({ up }) => up));
  return cluster;
}

/** The checkers have seen all, up to the end: no host took over meanwhile. */
async function isWhole(cluster: Cluster): Promise<void> {
  const { code, stdout } = await cluster.vmft('judge', 'evidence', '--json');
  const [verdict] = JSON.parse(stdout) as object[];
  expect(code).toBe(0);
  expect(verdict).toMatchObject({
    outcome: 'open',
    violations: [],
    missing: [],
    stateHash: expect.any(String),
  });
}

test('a VM that is ended by `vmft down` is judged to its end, and what follows it ends too', async () => {
  const cluster = await bank();
  const following = cluster.vmft('record', 'evidence', '--follow', '-o', 'bank.log');
  await until(() => existsSync(join(cluster.directory, 'bank.log')));
  expect(await cluster.vmft('down')).toMatchObject({ code: 0 });
  expect(await cluster.code).toBe(130);
  await isWhole(cluster);
  expect(await following).toMatchObject({ code: 0 });
  expect(await cluster.vmft('replay', 'bank.log', '--quiet')).toMatchObject({ code: 0 });
  expect(existsSync(join(cluster.directory, '.vmft'))).toBe(false);
});

test('a host that does not answer is killed, and the others end in order', async () => {
  const cluster = await bank();
  const { hosts, groups } = await cluster.when(({ hosts }) => hosts.every(({ up }) => up));
  const { primary, backups } = groups[0]!;
  const spare = hosts.find(({ name }) => name !== primary && !backups.includes(name))!;
  process.kill(spare.pid, 'SIGSTOP');
  process.kill(cluster.pid, 'SIGTERM');
  expect(await cluster.code).toBe(130);
  expect(() => process.kill(spare.pid, 0)).toThrow('ESRCH');
  await isWhole(cluster);
});
