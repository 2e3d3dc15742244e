/** Validates faults against a cluster and its guest. */
import { OperatingError } from '../../base/errors.ts';
import { faultText } from './fault-text.ts';
import { type Fault, type HostId, hostsOf, STORAGE, SWITCH } from './faults.ts';

/** Targets of faults: hosts, their failure domains, and the guest's memory, if its size is known. */
interface Cluster {
  hosts: readonly HostId[];
  memorySizeBytes?: number;
  domains?: Readonly<Partial<Record<HostId, string>>>;
}

/** @throws {OperatingError} for a host that the cluster does not have */
export function mustExist(named: readonly HostId[], hosts: readonly HostId[]): void {
  mustBeAmong('host', named, hosts);
}

function mustBeAmong(what: string, named: readonly string[], existing: readonly string[]): void {
  const missing = named.find((name) => !existing.includes(name));
  if (missing !== undefined)
    throw new OperatingError(`"${missing}" is no ${what} here; they are ${existing.join(', ')}`);
}

/** @throws {OperatingError} for a fault that is impossible there */
export function mustBePossible(
  faults: readonly Fault[],
  { hosts, memorySizeBytes, domains = {} }: Cluster,
): void {
  mustExist(faults.flatMap(hostsOf), hosts);
  // By default each host is a failure domain.
  mustBeAmong(
    'failure domain',
    faults.flatMap((fault) => (fault.kind === 'domain' ? [fault.domain] : [])),
    [...new Set(hosts.map((host) => domains[host] ?? host))],
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

/** Why a fault is impossible; undefined if it is possible. */
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
