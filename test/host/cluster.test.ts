/** A protected VM on real sockets and clocks: hosts, storage and switch in one process, each with links of its own. */
import { expect, test } from 'vitest';
import { arp, parse } from '../../src/sim/world/packets.ts';
import { guest } from '../sim/support.ts';
import { cluster, GROUP, type TestHost } from './cluster-rig.ts';
import { until } from './wire-parts.ts';

test('the bank goes on when its primaries fail, with every receipt once and in order', async () => {
  const { description, input } = guest('bank');
  const { hosts, terminal, shown } = await cluster(description);
  const [a, b, c] = hosts as [TestHost, TestHost, TestHost];
  const text = new TextDecoder().decode(input);
  const half = text.indexOf('\n', text.length / 2) + 1;
  void terminal.type(new TextEncoder().encode(text.slice(0, 40)));
  await until(() => shown().includes('#1 '));
  await a.crash();
  await until(() => b.happened('live'));
  void terminal.type(new TextEncoder().encode(text.slice(40, half)));
  // The spare becomes a backup, and then the primary.
  await until(() => c.happened('following'));
  while (!(await b.status()).record.backups.includes('c'));
  await b.crash();
  await until(() => c.happened('live'));
  void terminal.type(new TextEncoder().encode(text.slice(half)));
  await until(() => c.happened('off'));
  const receipts = [...shown().matchAll(/^#(\d+) /gm)].map(([, number]) => Number(number));
  expect(receipts.length).toBeGreaterThan(3);
  expect(receipts).toEqual(receipts.map((_, index) => index + 1));
});

test('a host that has restarted does not boot the VM again: it is a spare, and becomes the backup', async () => {
  const { description, input } = guest('bank');
  const { hosts, group, terminal, shown } = await cluster(description);
  const [a, b, c] = hosts as [TestHost, TestHost, TestHost];
  await expect(a.ask({ kind: 'prepare', description: group })).rejects.toThrow(
    'host a runs group g1 already',
  );
  await expect(a.ask({ kind: 'command', group: 'other', command: { kind: 'reset' } })).rejects.toThrow(
    'does not run group other',
  );
  await expect(b.ask({ kind: 'command', group: GROUP, command: { kind: 'reset' } })).rejects.toThrow(
    'host b is not the primary of g1, but a backup; try a',
  );
  // Nobody else can take its place.
  await c.ask({ kind: 'remove', group: GROUP });
  const text = new TextDecoder().decode(input);
  void terminal.type(new TextEncoder().encode(text.slice(0, 40)));
  await until(() => shown().includes('#1 '));
  const { port } = a.address;
  await a.crash();
  await until(() => b.happened('live'));
  a.events.length = 0;
  await a.open(port);
  await expect(a.ask({ kind: 'prepare', description: group })).rejects.toThrow(
    'host a runs group g1 already',
  );
  await until(() => a.happened('following'));
  while (!(await b.status()).record.backups.includes('a'));
  await b.ask({ kind: 'command', group: GROUP, command: { kind: 'switch-over', to: 'a' } });
  await until(() => a.happened('live'));
  void terminal.type(new TextEncoder().encode(text.slice(40)));
  await until(() => a.happened('off'));
  const receipts = [...shown().matchAll(/^#(\d+) /gm)].map(([, number]) => Number(number));
  expect(receipts).toEqual(receipts.map((_, index) => index + 1));
});

test('a guest that only answers is reached from the start, without a failover', async () => {
  const { edge } = await cluster(guest('kv').description);
  const answers: string[] = [];
  const port = {
    description: 'a client',
    send: (frame: Uint8Array) => answers.push(parse(frame).kind),
    onFrame: (_: Uint8Array) => {},
    onClose: () => {},
    close: () => {},
  };
  edge.connect(GROUP, port);
  const client = { mac: [2, 0, 0, 0, 0, 7], ip: [10, 0, 2, 7] };
  // What comes before the announcement is lost, as on any network.
  await until(() => {
    port.onFrame(arp(1, client, { ip: [10, 0, 2, 15] }));
    return answers.includes('arp-reply');
  });
});
