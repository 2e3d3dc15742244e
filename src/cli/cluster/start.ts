/** `vmft start`: another VM on the hosts of a cluster. */
import { OperatingError } from '../../base/errors.ts';
import { SECTOR_BYTES } from '../../devices/device.ts';
import type { GenerationRecord } from '../../ft/effects.ts';
import { GROUP_NAME } from '../../host/groups.ts';
import type { GroupDescription } from '../../host/host-messages.ts';
import type { GroupNetwork } from '../../host/switch-process.ts';
import { sectorsOf, virtioOf } from '../../vmm/description.ts';
import { type Guest, type ProgramOptions, programPath, readGuest } from '../program.ts';
import type { HostConfiguration } from './configuration.ts';
import { ClusterDirectory } from './directory.ts';
import { type HostStatus, Operator } from './operator.ts';

/** The options of a VM, besides its guest's. */
export interface VmOptions extends ProgramOptions {
  dir: string;
  group?: string;
  backups: number;
}

/** A VM to be started. */
export interface NewVm {
  group: string;
  backups: number;
  guest: Guest;
}

/** Reads a VM's guest from its files. @throws {OperatingError} */
export function newVm(program: string | undefined, given: VmOptions): NewVm {
  const group = given.group ?? nameFor(programPath(program, given));
  if (!GROUP_NAME.test(group))
    throw new OperatingError(`--group ${group}: a name has lower case letters, digits and \`-\`, at most 32`);
  const guest = readGuest(program, given);
  if (guest.description.clock === 'derived')
    throw new OperatingError('--clock derived: only for simulated hosts, whose speed does not vary');
  return { group, backups: given.backups, guest };
}

/** The program's file name as the name of a VM. */
function nameFor(path: string): string {
  const name = path
    .split('/')
    .at(-1)!
    .replace(/\.[^.]*$/, '')
    .toLowerCase();
  return (
    name
      .replace(/[^a-z0-9]+/g, '-')
      .replace(/^-+|-+$/g, '')
      .slice(0, 32) || 'vm'
  );
}

/** Whether the guest can use what leads out of its network. @throws {OperatingError} when it has no card */
export function mustSuitNetwork({ group, guest }: NewVm, networks: readonly GroupNetwork[]): void {
  const network = networks.find((one) => one.group === group);
  if (network && virtioOf(guest.description, 'net').length === 0)
    throw new OperatingError(`the guest ${group} has no network card: add --device virtio-net-device`);
}

/** Where a new VM runs: on the hosts with the fewest VMs, its backups in other failure domains if there are any. */
export function placement(
  statuses: readonly HostStatus[],
  backups: number,
): GenerationRecord & { hosts: HostConfiguration[] } {
  const alive = statuses.flatMap(({ host, status }) =>
    status ? [{ host, load: status.groups.length }] : [],
  );
  const [primary, ...others] = alive.sort((a, b) => a.load - b.load).map(({ host }) => host);
  if (!primary || others.length < backups)
    throw new OperatingError(
      `--backups ${backups}: ${alive.length} of ${statuses.length} hosts can be reached, and ${backups + 1} are needed`,
    );
  const chosen: HostConfiguration[] = [];
  const used = new Set([primary.domain]);
  for (const isStrict of [true, false])
    for (const host of others) {
      if (chosen.length >= backups || chosen.includes(host) || (isStrict && used.has(host.domain))) continue;
      chosen.push(host);
      used.add(host.domain);
    }
  return {
    primary: primary.name,
    backups: chosen.map(({ name }) => name),
    hosts: statuses.map(({ host }) => host),
  };
}

/** Starts a VM: first its record and its disk on storage, then its replicas. @throws {OperatingError} */
export async function startVm(operator: Operator, { group, backups, guest }: NewVm): Promise<void> {
  const { description: machine, diskContent } = guest;
  const statuses = await operator.statuses();
  const { hosts, ...first } = placement(statuses, backups);
  const { storage } = operator;
  if (await storage.has(group))
    throw new OperatingError(
      `there is a VM ${group} already; end it with \`vmft remove ${group}\`, or name another --group`,
    );
  await storage.create(group, first, sectorsOf(machine) * SECTOR_BYTES, diskContent);
  const description: GroupDescription = {
    ...{ group, backups, replication: 'lockstep', disk: 'shared', machine },
    first: { primary: first.primary, backups: [...first.backups] },
    hosts: hosts.map(({ name, address, port }) => ({ name, address, port })),
  };
  const isMember = (name: string) => name === first.primary || first.backups.includes(name);
  const clients = await Promise.all(
    statuses
      .filter(({ host, status }) => status || isMember(host.name))
      .map(({ host }) => operator.host(host.name)),
  );
  // A host that boots is silent: all are ready before one runs.
  await Promise.all(clients.map((client) => client.ask({ kind: 'prepare', description })));
  await Promise.all(clients.map((client) => client.ask({ kind: 'run', group })));
}

/** `vmft start`. */
export async function start(program: string | undefined, given: VmOptions): Promise<number> {
  const vm = newVm(program, given);
  const operator = new Operator(new ClusterDirectory(given.dir));
  try {
    mustSuitNetwork(vm, operator.configuration.networks);
    await startVm(operator, vm);
    process.stdout.write(`${vm.group} runs\n`);
    return 0;
  } finally {
    operator.close();
  }
}
