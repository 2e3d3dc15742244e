import { createServer } from 'node:net';
import { expect, test } from 'vitest';
import { hostNames, localConfiguration } from '../../src/cli/cluster/local-cluster.ts';

const LOWEST_OUTGOING_PORT = 32_768;

test('the ports of a local cluster are free, and never those of outgoing connections', async () => {
  const portsOf = async () => {
    const { storage, switch: edge, hosts } = await localConfiguration(hostNames(16), {}, []);
    return [storage!, edge, ...hosts].map(({ port }) => port);
  };
  const ports = await portsOf();
  expect(new Set(ports).size).toBe(18);
  expect(Math.max(...ports)).toBeLessThan(LOWEST_OUTGOING_PORT);
  const taken = createServer().listen(ports[3], '127.0.0.1');
  await new Promise((resolve) => taken.once('listening', resolve));
  try {
    expect(await portsOf()).not.toContain(ports[3]);
  } finally {
    taken.close();
  }
});
