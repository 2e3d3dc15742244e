/** Two replicas on real hosts, in this process: what only real time shows. */
import { afterEach, expect, test } from 'vitest';
import type { Ports } from '../../src/cluster/ports.ts';
import type { HostName } from '../../src/ft/effects.ts';
import { GroupHost, realTuning } from '../../src/host/group-host.ts';
import { machineOf } from '../ft/guest.ts';

const hosts: GroupHost[] = [];
afterEach(() => {
  for (const host of hosts.splice(0)) host.close();
});

/** A primary `a` and its backup `b`, whose messages pass by function calls. */
function pair(): { primary: GroupHost; backup: GroupHost } {
  const record = { primary: 'a', backups: ['b'] };
  const all = new Map<HostName, GroupHost>();
  const make = (name: HostName): GroupHost => {
    const send = (to: HostName, bytes: Uint8Array) =>
      setImmediate(() => all.get(to)!.deliver({ kind: 'message', from: name, bytes }));
    const ports: Omit<Ports, 'clock'> = {
      transport: { stream: send, datagram: send, restored: () => {} },
      generations: {
        claim: (_, claimed, answer) => setImmediate(() => answer(claimed)),
        read: (_, answer) => setImmediate(() => answer(undefined)),
      },
      edge: {
        release: ({ outputs }, delivered) => setImmediate(() => outputs.forEach(delivered)),
        ...{ listen: () => {}, announce: () => {}, inputsHeld: () => {} },
      },
      disk: { perform: () => {} },
    };
    const host = new GroupHost({
      ...{ name, domain: name, load: 0, hosts: ['a', 'b'], record, backups: 1, ports },
      ...{
        description: machineOf('_start: addi t0, t0, 1\n j _start\n'),
        role: name === 'a' ? 'primary' : 'backup',
      },
      ...{ tuning: realTuning, replication: 'lockstep', disk: 'shared', unsafe: new Set() },
      ...{ onEvent: () => {}, stuck: () => {}, stopped: () => {}, failed: fail },
    });
    all.set(name, host);
    hosts.push(host);
    return host;
  };
  return { primary: make('a'), backup: make('b') };
}

function fail(error: unknown): void {
  throw error;
}

test('a backup measures how long its steps take, as a primary does', async () => {
  const { primary, backup } = pair();
  const before = backup.clock.nsPerStep;
  primary.start();
  while ((backup.replica.vmm?.icount ?? 0) < 10_000_000)
    await new Promise((resolve) => setImmediate(resolve));
  for (const { clock } of [primary, backup]) {
    expect(clock.nsPerStep).not.toBe(before);
    expect(clock.nsPerStep).toBeGreaterThan(0);
  }
});
