/** The configuration of a cluster, and how a VM is placed on its hosts. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  type ClusterConfiguration,
  configurationText,
  parseConfiguration,
  parseEngines,
} from '../../src/cli/cluster/configuration.ts';
import type { HostStatus } from '../../src/cli/cluster/operator.ts';
import { placement } from '../../src/cli/cluster/start.ts';
import { examples } from '../thorough.ts';

const port = fc.integer({ min: 1, max: 65_535 });
const at = fc.record({ address: fc.constantFrom('127.0.0.1', 'host.example', '::1', 'fe80::2'), port });
const socket = fc.oneof(
  fc.constantFrom({ path: '/run/a' }, { path: './b' }),
  fc.record({ host: fc.constantFrom('10.0.0.1', 'h'), port }),
);
const names = fc.uniqueArray(fc.stringMatching(/^[a-z][a-z0-9._-]{0,5}$/), { minLength: 1, maxLength: 5 });

const configuration: fc.Arbitrary<ClusterConfiguration> = names.chain((hosts) =>
  fc.record({
    storage: at,
    engines: fc.record(
      {
        etcd: fc.array(fc.webUrl(), { minLength: 1 }),
        nbd: fc.record({
          ...{ server: socket, node: fc.stringMatching(/^[a-z]+$/) },
          monitors: fc.constant(Object.fromEntries(hosts.map((name) => [name, { path: `/run/${name}` }]))),
        }),
      },
      { requiredKeys: [] },
    ),
    switch: at,
    hosts: fc.tuple(
      ...hosts.map((name) => at.map((where) => ({ name, ...where, domain: `rack-${where.port % 3}` }))),
    ),
    networks: fc.uniqueArray(fc.constantFrom('g1', 'g-2', 'kv')).chain((groups) =>
      fc.tuple(
        ...groups.map((group) =>
          fc.record({
            ...{ group: fc.constant(group), outside: fc.boolean() },
            forwards: fc.array(
              fc.record({
                protocol: fc.constantFrom('tcp' as const, 'udp' as const),
                ...{ hostAddress: fc.constant('127.0.0.1'), hostPort: port, guestPort: port },
              }),
            ),
            taps: fc.constantFrom([], [{ name: 'tap0' }], [{ name: 'tap0', address: '10.0.0.1/24' }]),
            streams: fc.array(socket),
          }),
        ),
      ),
    ),
  }),
);

describe('a configuration', () => {
  test('is read as it was written', () => {
    fc.assert(
      fc.property(configuration, (one) => {
        expect(parseConfiguration('cluster.json', configurationText(one))).toEqual(one);
      }),
      { numRuns: examples(100) },
    );
  });

  const valid = {
    ...{ storage: '127.0.0.1:7000', switch: '127.0.0.1:7001' },
    hosts: { a: { address: '127.0.0.1:7002' } },
  };
  test.each([
    ['', 'cluster.json: not JSON'],
    [[], 'cluster.json: an object is expected'],
    [{ ...valid, host: {} }, 'cluster.json: host: there is no such field; the fields are storage,'],
    [{ ...valid, storage: undefined }, 'cluster.json: storage: a text is expected'],
    [{ ...valid, switch: 7 }, 'cluster.json: switch: a text is expected'],
    [{ ...valid, switch: '10.0.0.1' }, "cluster.json: switch '10.0.0.1': write ADDRESS:PORT"],
    [{ ...valid, hosts: {} }, 'cluster.json: hosts: 1 to 16 are expected'],
    [{ ...valid, hosts: { a: 'x' } }, 'cluster.json: hosts.a: an object is expected'],
    [{ ...valid, hosts: { a: {} } }, 'cluster.json: hosts.a.address: a text is expected'],
    [{ ...valid, hosts: { 'a b': valid.hosts.a } }, 'cluster.json: hosts.a b: a name has letters'],
    [{ ...valid, networks: { G: {} } }, 'cluster.json: networks.G: a group has lower case letters'],
    [{ ...valid, networks: { g: { forwards: '1:2' } } }, 'networks.g.forwards: a list of texts is expected'],
    [{ ...valid, networks: { g: { forwards: ['1'] } } }, "forward '1': write HOSTPORT:GUESTPORT"],
    [{ ...valid, nbd: { server: '/run/s' } }, 'cluster.json: nbd.node: a text is expected'],
  ])('that is none is refused with its place: %j', (file, why) => {
    const text = file === '' ? '{' : JSON.stringify(file);
    expect(() => parseConfiguration('cluster.json', text)).toThrow(why);
  });

  test.each([
    [{ store: 'http://a' }, '--store http://a: write etcd:URL,URL'],
    [{ disk: 'nbd:/run/s' }, '--disk nbd:/run/s: write nbd:ADDRESS:PORT,node=NAME'],
    [{ disk: 'nbd:/run/s,node=d' }, 'each host needs a QMP monitor of its own: add --qmp a=ADDRESS:PORT'],
    [{ disk: 'nbd:/run/s,node=d', qmp: ['c=/x'] }, '--qmp c=/x: write HOST=ADDRESS:PORT'],
    [{ qmp: ['a=/x'] }, '--qmp: is for a disk behind NBD'],
  ])('of engines is refused: %j', (options, why) => {
    expect(() => parseEngines(options, ['a', 'b'])).toThrow(why);
  });
});

describe('a new VM', () => {
  const status = (name: string, domain: string, vms: number | undefined): HostStatus => {
    const host = { name, domain, address: '127.0.0.1', port: 1 };
    if (vms === undefined) return { host, status: undefined, why: 'down' };
    return { host, status: { groups: Array.from({ length: vms }) } } as HostStatus;
  };

  test('runs on the hosts with the fewest VMs', () => {
    const hosts = [status('a', 'a', 2), status('b', 'b', 0), status('c', 'c', 1)];
    expect(placement(hosts, 1)).toMatchObject({ primary: 'b', backups: ['c'] });
  });

  test('has its backups in other failure domains, if there are any', () => {
    const hosts = [status('a', 'r1', 0), status('b', 'r1', 1), status('c', 'r2', 2)];
    expect(placement(hosts, 1)).toMatchObject({ primary: 'a', backups: ['c'] });
    expect(placement(hosts, 2)).toMatchObject({ primary: 'a', backups: ['c', 'b'] });
  });

  test('needs as many reachable hosts as it has replicas', () => {
    const hosts = [status('a', 'a', 0), status('b', 'b', undefined)];
    expect(() => placement(hosts, 1)).toThrow('--backups 1: 1 of 2 hosts can be reached, and 2 are needed');
  });
});
