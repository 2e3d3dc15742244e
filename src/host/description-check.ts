/** What control says of a group must make sense before a replica hears of it. */
import { isIP } from 'node:net';
import { OperatingError } from '../base/errors.ts';
import { MAX_RAM_BYTES, PAGE_BYTES } from '../cpu/layout.ts';
import type { Command, HostName } from '../ft/effects.ts';
import type { GroupDescription, HostCommand } from './host-messages.ts';
import { isProcessName } from './wire/identity.ts';

/** How a replica names the switch when its stream was reset: no host has this name. */
export const SWITCH = 'switch';

const MAX_PORT = 65_535;
const DNS_NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,252}$/;

/** Checks the hosts of a group, for `self`. @throws {OperatingError} when they can't be used */
export function checkHosts({ group, hosts, first, backups }: GroupDescription, self: HostName): void {
  const refuse = (why: string) => {
    throw new OperatingError(`group ${group}: ${why}`);
  };
  const names = hosts.map(({ name }) => name);
  const members = [first.primary, ...first.backups];
  for (const { name, address, port } of hosts) {
    if (!isProcessName(name) || name === SWITCH) refuse(`'${name.slice(0, 64)}' is not the name of a host`);
    if (isIP(address) === 0 && !DNS_NAME.test(address)) refuse(`host ${name} has no address`);
    if (port < 1 || port > MAX_PORT) refuse(`host ${name} has port ${port}; ports are 1 to ${MAX_PORT}`);
  }
  if (new Set(names).size < names.length) refuse('two of its hosts have the same name');
  if (!names.includes(self)) refuse(`${self} is not one of its hosts`);
  if (new Set(members).size < members.length || members.some((name) => !names.includes(name)))
    refuse('its members are not among its hosts, or one is named twice');
  if (backups >= hosts.length) refuse(`${hosts.length} hosts have no room for ${backups} backups`);
}

/** An operator's command. @throws {OperatingError} when no machine can carry it out */
export function commandOf(command: HostCommand): Command {
  switch (command.kind) {
    case 'switch-over':
      return command.to === undefined ? { kind: 'switch-over' } : { kind: 'switch-over', to: command.to };
    case 'speed':
      if (command.perMille < 1 || command.perMille > 1000)
        throw new OperatingError(`a speed of ${command.perMille} per mille: it is a share of a processor`);
      return command;
    case 'memory':
      if (command.sizeBytes % PAGE_BYTES !== 0 || command.sizeBytes > MAX_RAM_BYTES)
        throw new OperatingError(
          `memory of ${command.sizeBytes} bytes: it has whole pages of ${PAGE_BYTES}, and up to ${MAX_RAM_BYTES} bytes`,
        );
      return command;
    default:
      return command;
  }
}
