/** Port forwards: connections to an address of this machine that lead into the guest. */
import { createSocket } from 'node:dgram';
import { createServer, isIPv4 } from 'node:net';
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

/**
 * Why a forward's address can't be used; undefined when it can. passt only leaves out those that it can't use, and says
 * nothing.
 */
export async function unusable(forward: Forward): Promise<string | undefined> {
  const { protocol, hostAddress, hostPort } = forward;
  const why = await (protocol === 'tcp' ? tryTcp : tryUdp)(hostAddress, hostPort);
  if (why === undefined) return undefined;
  const address = `${hostAddress}:${hostPort}/${protocol}`;
  if (why === 'EADDRINUSE') return `${address} is in use by another program; forward another port`;
  if (why === 'EADDRNOTAVAIL') return `${hostAddress} is not an address of this machine; forward another one`;
  return `${address} can't be used (${why}); forward another port`;
}

const tryTcp = (host: string, port: number): Promise<string | undefined> =>
  new Promise((resolve) => {
    const server = createServer();
    server.on('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
    server.listen({ host, port }, () => server.close(() => resolve(undefined)));
  });

const tryUdp = (host: string, port: number): Promise<string | undefined> =>
  new Promise((resolve) => {
    const socket = createSocket('udp4');
    socket.on('error', (error: NodeJS.ErrnoException) => {
      socket.close();
      resolve(error.code ?? error.message);
    });
    socket.bind(port, host, () => socket.close(() => resolve(undefined)));
  });
