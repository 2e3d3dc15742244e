/** Two replicas on real hosts, in this process: what only real time shows. */
import { afterEach, describe, expect, test } from 'vitest';
import type { Ports } from '../../src/cluster/ports.ts';
import type { HostName, ReplicaEvent } from '../../src/ft/effects.ts';
import { encodeMessage, type Message } from '../../src/ft/messages.ts';
import type { Tuning } from '../../src/ft/rules.ts';
import { GroupHost, realTuning } from '../../src/host/group-host.ts';
import { machineOf } from '../ft/guest.ts';

const hosts: GroupHost[] = [];
afterEach(() => {
  for (const host of hosts.splice(0)) host.close();
});

/** A host and the events that it has noted. */
interface Watched {
  host: GroupHost;
  events: ReplicaEvent[];
  /** The silence after each suspicion that was false. */
  silencesNs: number[];
}

/** A primary `a` and its backup `b`, whose messages pass by function calls. */
function pair(tuning: Partial<Tuning> = {}): { primary: Watched; backup: Watched } {
  const record = { primary: 'a', backups: ['b'] };
  const all = new Map<HostName, GroupHost>();
  const make = (name: HostName): Watched => {
    const events: ReplicaEvent[] = [];
    const silencesNs: number[] = [];
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
      ...{ tuning: { ...realTuning, ...tuning }, replication: 'lockstep', disk: 'shared', unsafe: new Set() },
      ...{ onEvent: (event) => events.push(event), stuck: () => {}, stopped: () => {}, failed: fail },
      suspectedFalsely: (_, silenceNs) => silencesNs.push(silenceNs),
    });
    all.set(name, host);
    hosts.push(host);
    return { host, events, silencesNs };
  };
  return { primary: make('a'), backup: make('b') };
}

function fail(error: unknown): void {
  throw error;
}

/** Lets the hosts run until a condition holds. */
async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await new Promise((resolve) => setImmediate(resolve));
}

test('a backup measures how long its steps take, as a primary does', async () => {
  const { primary, backup } = pair();
  const before = backup.host.clock.nsPerStep;
  primary.host.start();
  await until(() => (backup.host.replica.vmm?.icount ?? 0) >= 10_000_000);
  for (const { clock } of [primary.host, backup.host]) {
    expect(clock.nsPerStep).not.toBe(before);
    expect(clock.nsPerStep).toBeGreaterThan(0);
  }
});

test('a host that has suspected another one which lives waits longer the next time', async () => {
  const suspectNs = 50e6;
  const { primary, backup } = pair({ suspectNs });
  const { host, events, silencesNs } = primary;
  // What the backup would send comes from here.
  backup.host.close();
  const hear = (message: Message) =>
    host.deliver({ kind: 'message', from: 'b', bytes: encodeMessage(message) });
  const silences = () => events.flatMap((event) => (event.kind === 'suspected' ? [event.silentNs] : []));
  host.start();
  await until(() => silences().length === 1 && host.replica.record.backups.length === 0);
  const { generation } = host.replica;
  hear({ kind: 'resume', generation, log: 1, received: 0, consumed: 0, token: 1 });
  expect(silencesNs).toEqual([2 * suspectNs]);
  await until(() => {
    const { generation, logEnd, record } = host.replica;
    if (record.backups.length > 0) return true;
    hear({ kind: 'ack', generation, received: logEnd, consumed: 0, icount: 0 });
    return false;
  });
  await until(() => silences().length === 2);
  expect(silences()[1]).toBeGreaterThanOrEqual(2 * suspectNs);
});

describe('a flipped bit', () => {
  const CHECK_STEPS = 50_000;
  const compared = ({ events }: Watched) => events.filter(({ kind }) => kind === 'checked').length;
  const divergence = ({ events }: Watched) => events.find((event) => event.kind === 'diverged')?.divergence;

  test.each(['primary', 'backup'] as const)(
    'in the machine of the %s is found by the next comparison of the states, at the backup',
    async (where) => {
      // No host is suspected, however busy this machine is.
      const suspectNs = 3_600_000 * 1e6;
      const both = pair({ checkNs: 1, checkSteps: CHECK_STEPS, checkStepsPerPage: 0, suspectNs });
      const { primary, backup } = both;
      primary.host.start();
      await until(() => compared(backup) >= 3);
      expect(divergence(backup)).toBeUndefined();
      const { machine } = both[where].host.replica.vmm!;
      const { icount } = machine;
      // On the page of the program, behind its two instructions: the guest runs on as before.
      machine.hart.ram[0x800]! ^= 1 << 5;
      const isPast = () => backup.host.replica.vmm!.icount > icount + 2 * CHECK_STEPS;
      await until(() => divergence(backup) !== undefined || isPast());
      const { message } = divergence(backup)!;
      const [, at] = /the state has the hash \w{16}, but the log says check \w{16} at (\d+)$/.exec(message)!;
      expect(Number(at)).toBeGreaterThanOrEqual(icount);
      expect(Number(at)).toBeLessThanOrEqual(icount + CHECK_STEPS);
      expect([backup.host.replica.role, primary.host.replica.role]).toEqual(['stopped', 'primary']);
      expect(divergence(primary)).toBeUndefined();
    },
  );
});
