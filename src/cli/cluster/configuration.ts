/** What makes up a cluster: the addresses of its processes, in a file that people may write. */

import type { NetConnectOpts } from 'node:net';
import { OperatingError } from '../../base/errors.ts';
import { addressText, parseAddress, type ServiceAddress } from '../../host/address.ts';
import { GROUP_NAME } from '../../host/groups.ts';
import type { Engines, NbdLocation } from '../../host/shared-storage.ts';
import { type Forward, parseForward } from '../../host/switch/forwards.ts';
import type { StreamAddress } from '../../host/switch/qemu-stream.ts';
import type { GroupNetwork } from '../../host/switch-process.ts';
import { isProcessName } from '../../host/wire/identity.ts';

/** A host of a cluster. */
export interface HostConfiguration extends ServiceAddress {
  name: string;
  /** Its failure domain: a VM's machines are placed in different ones where that is possible. */
  domain: string;
}

/** See the head of this file. */
export interface ClusterConfiguration {
  /** The storage service; absent when {@link engines} has all. */
  storage: ServiceAddress | undefined;
  engines: Engines;
  switch: ServiceAddress;
  hosts: HostConfiguration[];
  networks: GroupNetwork[];
}

/** The most hosts of a cluster. */
export const MAX_HOSTS = 16;

type Fields = Record<string, unknown>;

/** Reads the fields of an object in the file; an error names their path. */
class Section {
  constructor(
    private readonly where: string,
    private readonly fields: Fields,
    known: readonly string[],
  ) {
    for (const name of Object.keys(fields))
      if (!known.includes(name))
        this.refuse(name, `there is no such field; the fields are ${known.join(', ')}`);
  }

  refuse(name: string, why: string): never {
    throw new OperatingError(`${(this.where + name).replace(/\.$/, '')}: ${why}`);
  }

  text(name: string, preset?: string): string {
    const value = this.fields[name] ?? preset;
    return typeof value === 'string' ? value : this.refuse(name, 'a text is expected');
  }

  has(name: string): boolean {
    return this.fields[name] !== undefined;
  }

  /** An object with known fields. */
  section(name: string, known: readonly string[]): Section {
    return new Section(`${this.where}${name}.`, objectAt(this.fields[name], this.where + name), known);
  }

  /** An object of texts. */
  named(name: string): [string, string][] {
    const found = Object.entries(objectAt(this.fields[name] ?? {}, this.where + name));
    if (found.some(([, value]) => typeof value !== 'string')) this.refuse(name, 'its members must be texts');
    return found as [string, string][];
  }

  address(name: string): ServiceAddress {
    return parseAddress(this.text(name), `${this.where}${name}`);
  }

  texts(name: string): string[] {
    const value = this.fields[name] ?? [];
    if (!Array.isArray(value) || value.some((one) => typeof one !== 'string'))
      this.refuse(name, 'a list of texts is expected');
    return value as string[];
  }

  /** The members of an object, each of them an object. */
  members(name: string, known: readonly string[]): [string, Section][] {
    return Object.entries(objectAt(this.fields[name] ?? {}, this.where + name)).map(([member, fields]) => {
      const where = `${this.where}${name}.${member}`;
      return [member, new Section(`${where}.`, objectAt(fields, where), known)];
    });
  }
}

function objectAt(value: unknown, where: string): Fields {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Fields;
  throw new OperatingError(`${where}: an object is expected`);
}

/** Reads a configuration. `path`: for errors. @throws {OperatingError} when it is none */
export function parseConfiguration(path: string, text: string): ClusterConfiguration {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new OperatingError(`${path}: not JSON: ${(error as Error).message}`);
  }
  const file = new Section(`${path}: `, objectAt(value, path), [
    ...['storage', 'etcd', 'nbd', 'switch', 'hosts', 'networks'],
  ]);
  const hosts = file.members('hosts', ['address', 'domain']).map(([name, host]) => {
    if (!isProcessName(name)) host.refuse('', 'a name has letters, digits, `.`, `_` and `-`, at most 64');
    return { name, ...host.address('address'), domain: host.text('domain', name) };
  });
  if (hosts.length === 0 || hosts.length > MAX_HOSTS) file.refuse('hosts', `1 to ${MAX_HOSTS} are expected`);
  const engines = enginesOf(file);
  return {
    storage: file.has('storage') || !engines.etcd ? file.address('storage') : undefined,
    ...{ engines, switch: file.address('switch'), hosts },
    networks: file
      .members('networks', ['forwards', 'outside', 'taps', 'streams'])
      .map(([group, network]) => networkOf(group, network)),
  };
}

function enginesOf(file: Section): Engines {
  const etcd = file.has('etcd') ? file.texts('etcd') : undefined;
  if (!file.has('nbd')) return { ...(etcd && { etcd }) };
  const nbd = file.section('nbd', ['server', 'node', 'monitors']);
  const monitors = nbd.named('monitors').map(([host, at]) => [host, parseSocket(at)] as const);
  return {
    ...(etcd && { etcd }),
    nbd: {
      ...{ server: parseSocket(nbd.text('server')), node: nbd.text('node') },
      monitors: Object.fromEntries(monitors),
    },
  };
}

/** The options that name engines, as commander parses them. */
export interface EngineOptions {
  store?: string;
  disk?: string;
  qmp?: string[];
}

/** Reads `etcd:URL,URL`, `nbd:SERVER,node=NODE` and `HOST=MONITOR`. @throws {OperatingError} */
export function parseEngines({ store, disk, qmp = [] }: EngineOptions, hosts: readonly string[]): Engines {
  const [, urls] = store === undefined ? [] : (/^etcd:(.+)$/.exec(store) ?? []);
  if (store !== undefined && urls === undefined)
    throw new OperatingError(`--store ${store}: write etcd:URL,URL like etcd:http://127.0.0.1:2379`);
  const etcd = urls?.split(',');
  if (disk === undefined) {
    if (qmp.length > 0) throw new OperatingError('--qmp: is for a disk behind NBD; add --disk nbd:…');
    return { ...(etcd && { etcd }) };
  }
  const [, server, node] = /^nbd:([^,]+),node=([^,]+)$/.exec(disk) ?? [];
  if (server === undefined || node === undefined)
    throw new OperatingError(
      `--disk ${disk}: write nbd:ADDRESS:PORT,node=NAME, or nbd:/path/of/socket,node=NAME`,
    );
  const monitors = Object.fromEntries(
    qmp.map((text) => {
      const [, host = '', at = ''] = /^([^=]+)=(.+)$/.exec(text) ?? [];
      if (!hosts.includes(host))
        throw new OperatingError(
          `--qmp ${text}: write HOST=ADDRESS:PORT or HOST=PATH, for ${hosts.join(', ')}`,
        );
      return [host, parseSocket(at)];
    }),
  );
  const missing = hosts.filter((host) => !monitors[host]);
  if (missing.length > 0)
    throw new OperatingError(
      `--disk ${disk}: each host needs a QMP monitor of its own: add --qmp ${missing[0]}=ADDRESS:PORT`,
    );
  return { ...(etcd && { etcd }), nbd: { server: parseSocket(server), node, monitors } };
}

/** Reads the path of a Unix socket, which has a slash, or `ADDRESS:PORT`. */
export function parseSocket(text: string): NetConnectOpts {
  if (text.includes('/')) return { path: text };
  const { address, port } = parseAddress(text);
  return { host: address, port };
}

const socketText = (at: NetConnectOpts): string =>
  'path' in at ? at.path : addressText({ address: at.host ?? 'localhost', port: at.port });

function networkOf(group: string, network: Section): GroupNetwork {
  if (!GROUP_NAME.test(group))
    network.refuse('', 'a group has lower case letters, digits and `-`, at most 32');
  const outside = network.text('outside', 'no');
  if (outside !== 'yes' && outside !== 'no') network.refuse('outside', '"yes" or "no" is expected');
  return {
    ...{ group, outside: outside === 'yes' },
    forwards: network.texts('forwards').map(parseForward),
    taps: network.texts('taps').map(parseTap),
    streams: network.texts('streams').map(parseStream),
  };
}

/** Reads `NAME` or `NAME=ADDRESS/BITS`. */
export function parseTap(text: string): { name: string; address?: string } {
  const [name = '', address] = text.split('=');
  return address === undefined ? { name } : { name, address };
}

/** Reads the path of a socket, or `ADDRESS:PORT`. */
export function parseStream(text: string): StreamAddress {
  if (text.includes('/')) return { path: text };
  const { address, port } = parseAddress(text, 'QEMU stream');
  return { host: address, port };
}

/** The form that `parseForward` reads. */
export const forwardText = ({ protocol, hostAddress, hostPort, guestPort }: Forward): string =>
  `${hostAddress}:${hostPort}:${guestPort}${protocol === 'udp' ? '/udp' : ''}`;

const tapText = ({ name, address }: { name: string; address?: string }): string =>
  address === undefined ? name : `${name}=${address}`;

const streamText = (stream: StreamAddress): string =>
  'path' in stream ? stream.path : addressText({ address: stream.host, port: stream.port });

const nbdFields = ({ server, node, monitors }: NbdLocation) => ({
  ...{ server: socketText(server), node },
  monitors: Object.fromEntries(Object.entries(monitors).map(([host, at]) => [host, socketText(at)])),
});

/** The text that {@link parseConfiguration} reads. */
export function configurationText(configuration: ClusterConfiguration): string {
  const { storage, engines, switch: edge, hosts, networks } = configuration;
  const { etcd, nbd } = engines;
  const file = {
    ...(storage && { storage: addressText(storage) }),
    ...(etcd && { etcd }),
    ...(nbd && { nbd: nbdFields(nbd) }),
    switch: addressText(edge),
    hosts: Object.fromEntries(
      hosts.map((host) => [host.name, { address: addressText(host), domain: host.domain }]),
    ),
    networks: Object.fromEntries(
      networks.map(({ group, forwards, outside, taps, streams }) => [
        group,
        {
          ...(forwards.length > 0 && { forwards: forwards.map(forwardText) }),
          ...(outside && { outside: 'yes' }),
          ...(taps.length > 0 && { taps: taps.map(tapText) }),
          ...(streams.length > 0 && { streams: streams.map(streamText) }),
        },
      ]),
    ),
  };
  return `${JSON.stringify(file, null, 2)}\n`;
}
