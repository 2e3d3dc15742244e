/**
 * Where the generations and disks of a cluster's VMs are: the storage service, or etcd and qemu-storage-daemon. Hosts get
 * the ports of their replicas here; control creates and removes VMs.
 */
import type { NetConnectOpts } from 'node:net';
import { OperatingError } from '../base/errors.ts';
import type { DiskPort, GenerationStore } from '../cluster/ports.ts';
import type { GenerationRecord } from '../ft/effects.ts';
import type { Log } from './limited-log.ts';
import { EtcdGenerations } from './storage/etcd.ts';
import { NbdDisk } from './storage/nbd-disk.ts';
import { NbdFence } from './storage/nbd-fence.ts';
import type { StorageClient } from './storage/storage-client.ts';

/** A disk that qemu-storage-daemon serves: it is that of one VM. */
export interface NbdLocation {
  /** Its NBD server. */
  server: NetConnectOpts;
  /** Its block node. */
  node: string;
  /** Its QMP monitors, one for each host: a monitor serves one client at a time. */
  monitors: Readonly<Record<string, NetConnectOpts>>;
}

/** How long a member of etcd may take to answer control, which has nobody else to ask. */
const CONTROL_MS = 5000;

/** What is not at the storage service. */
export interface Engines {
  /** Client URLs of the members of etcd, for generations. */
  etcd?: readonly string[];
  nbd?: NbdLocation;
}

/** What a group's replica needs. */
export interface GroupStorage {
  generations: GenerationStore;
  disk: DiskPort;
  /** Ends what is under way; nothing is answered any more. */
  close(): void;
}

/** The storage of one group, for its replica on `host`. @throws {OperatingError} when the host has no monitor */
export function groupStorage(
  group: string,
  host: string,
  engines: Engines,
  service: StorageClient,
  log: Log,
): GroupStorage {
  const served = service.group(group);
  const { etcd, nbd } = engines;
  const generations = etcd && new EtcdGenerations({ endpoints: etcd, group, log });
  const disk = nbd && new NbdDisk(fenceOf(nbd, group, host), log);
  return {
    generations: generations ?? served,
    disk: disk ?? served,
    close: () => {
      generations?.close();
      disk?.close();
    },
  };
}

function fenceOf({ server, node, monitors }: NbdLocation, group: string, host: string): NbdFence {
  const monitor = monitors[host];
  if (!monitor) throw new OperatingError(`the disk has no monitor for host ${host}: name one`);
  return new NbdFence({ nbd: server, monitor, node, prefix: group });
}

const etcdOf = (endpoints: readonly string[], group: string): EtcdGenerations =>
  new EtcdGenerations({ endpoints, group, memberMs: CONTROL_MS });

/** Control's view: creates VMs and removes them. */
export class SharedStorage {
  /** `service`: the storage service, which is not asked when the engines have all. */
  constructor(
    private readonly engines: Engines,
    private readonly service: () => Promise<StorageClient>,
  ) {}

  /** Whether there is a VM of this name. */
  async has(group: string): Promise<boolean> {
    const { etcd } = this.engines;
    if (etcd) return (await etcdOf(etcd, group).describe()) !== undefined;
    return (await (await this.service()).groups()).some((one) => one.group === group);
  }

  /**
   * Creates a VM's first record, then its disk of `sizeBytes`: `content` and zeros. A disk behind NBD is as it is.
   * @throws {OperatingError} when there is one of this name
   */
  async create(
    group: string,
    record: GenerationRecord,
    sizeBytes: number,
    content: Uint8Array,
  ): Promise<void> {
    const { etcd, nbd } = this.engines;
    const nothing = new Uint8Array(0);
    // The service fences its disks by the generations that it has itself.
    if (etcd && sizeBytes > 0 && !nbd)
      throw new OperatingError('with --store etcd:… the disk must be one behind NBD: add --disk nbd:…');
    const isSame = etcd
      ? await etcdOf(etcd, group).createGroup(record, nothing)
      : await (await this.service()).createGroup(group, record, nothing);
    if (!isSame)
      throw new OperatingError(`a VM ${group} was started at the same moment; name another --group`);
    if (sizeBytes > 0 && !nbd) await (await this.service()).uploadDisk(group, sizeBytes, [content]);
  }

  /** Forgets a VM, and its disk unless that is behind NBD. */
  async remove(group: string): Promise<void> {
    const { etcd } = this.engines;
    if (etcd) await etcdOf(etcd, group).remove();
    else await (await this.service()).removeGroup(group);
  }
}
