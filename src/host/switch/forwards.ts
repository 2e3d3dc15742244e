/** Port forwards: connections to an address of this machine that lead into the guest. */
import { isIPv4 } from 'node:net';
import { OperatingError } from '../../base/errors.ts';

/** A forward of a TCP or UDP port. */
export interface Forward {
  protocol: 'tcp' | 'udp';
  hostAddress: string;
  hostPort: number;
  guestPort: number;
}

const FORM = 'write HOSTPORT:GUESTPORT or HOSTADDR:HOSTPORT:GUESTPORT, with /udp after it for UDP';

/**
 * Reads `[HOSTADDR:]HOSTPORT:GUESTPORT[/tcp|/udp]`; the address is IPv4, by default 127.0.0.1.
 * @throws {OperatingError} when it is not of this form
 */
export function parseForward(text: string): Forward {
  const match = /^(?:([^:/]+):)?(\d{1,5}):(\d{1,5})(?:\/(tcp|udp))?$/.exec(text);
  const [, hostAddress = '127.0.0.1', host = '', guest = '', protocol = 'tcp'] = match ?? [];
  if (!match) throw new OperatingError(`forward '${text}': ${FORM}`);
  if (!isIPv4(hostAddress))
    throw new OperatingError(`forward '${text}': ${hostAddress} is not an IPv4 address; ${FORM}`);
  const [hostPort, guestPort] = [Number(host), Number(guest)];
  for (const port of [hostPort, guestPort])
    if (port < 1 || port > 65_535)
      throw new OperatingError(`forward '${text}': ${port} is not a port; ports are 1 to 65535`);
  return { protocol: protocol as Forward['protocol'], hostAddress, hostPort, guestPort };
}
