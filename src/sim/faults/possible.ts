/** Which faults a cluster and its guest can have. */
import { OperatingError } from '../../base/errors.ts';
import { faultText } from './fault-text.ts';
import { type Fault, type HostId, hostsOf, STORAGE, SWITCH } from './faults.ts';

/** What faults strike: hosts, the failure domains that they are in, and a guest with so much memory, where that is known. */
interface Cluster {
  hosts: readonly HostId[];
  memorySizeBytes?: number;
  domains?: Readonly<Partial<Record<HostId, string>>>;
}

/** @throws {OperatingError} for a host that is not there */
export function mustExist(named: readonly HostId[], hosts: readonly HostId[]): void {
  const missing = named.find((host) => !hosts.includes(host));
  if (missing !== undefined)
    throw new OperatingError(`"${missing}" is no host here; they are ${hosts.join(', ')}`);
}

/** @throws {OperatingError} for a fault that can't be had there */
export function mustBePossible(
  faults: readonly Fault[],
  { hosts, memorySizeBytes, domains = {} }: Cluster,
): void {
  mustExist(faults.flatMap(hostsOf), hosts);
  // Where nothing else is said, each host is a failure domain of its own.
  mustExist(
    faults.flatMap((fault) => (fault.kind === 'domain' ? [fault.domain] : [])),
    hosts.map((host) => domains[host] ?? host),
  );
  const added = faults.map((fault) =>
    fault.kind === 'command' && fault.command.kind === 'memory' ? fault.command.sizeBytes : 0,
  );
  const memory =
    memorySizeBytes === undefined
      ? undefined
      : { least: memorySizeBytes, most: Math.max(memorySizeBytes, ...added) };
  for (const fault of faults) {
    const why = obstacle(fault, hosts, memory);
    if (why !== undefined) throw new OperatingError(`"${faultText(fault)}": ${why}`);
  }
}

/** Why a fault can't be had, if it can't. */
function obstacle(
  fault: Fault,
  hosts: readonly HostId[],
  memory: { least: number; most: number } | undefined,
): string | undefined {
  switch (fault.kind) {
    case 'flip':
      return !memory || fault.offset < memory.most
        ? undefined
        : `the guest's memory has the offsets 0 to ${memory.most - 1}`;
    case 'command':
      if (fault.command.kind === 'memory')
        return !memory || fault.command.sizeBytes > memory.least
          ? undefined
          : `the guest has ${memory.least} bytes of memory, and an operator can only add to it`;
      return hosts.length > 1 || ['reset', 'speed'].includes(fault.command.kind)
        ? undefined
        : 'there is only one host, and no backup';
    default:
      return 'from' in fault && [fault.from, fault.to].every((node) => node === STORAGE || node === SWITCH)
        ? 'one end of a link is a host'
        : undefined;
  }
}
