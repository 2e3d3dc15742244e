import { createSocket, type Socket } from 'node:dgram';
import { isIPv6 } from 'node:net';

/** A UDP socket of the kind of this IP address. It sends to IP addresses only: no name is looked up. */
export function datagramSocket(address: string): Socket {
  const family = isIPv6(address) ? 6 : 4;
  return createSocket({
    type: `udp${family}`,
    lookup: (name, _options, found) => found(null, name, family),
  });
}
