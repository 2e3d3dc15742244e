/** Addresses of processes, as users write them. */
import { OperatingError } from '../base/errors.ts';

/** Where a process listens. */
export interface ServiceAddress {
  /** A host name or an IP address. */
  address: string;
  port: number;
}

/**
 * Reads `ADDRESS:PORT`; an IPv6 address stands in brackets. `what` names it in the error.
 * @throws {OperatingError} when it is not of this form
 */
export function parseAddress(text: string, what = 'address'): ServiceAddress {
  const match = /^(?:\[([^\]]+)\]|([^:[\]]+)):(\d{1,5})$/.exec(text);
  const [, ipv6, name, port = ''] = match ?? [];
  const address = ipv6 ?? name;
  if (address === undefined || Number(port) > 65_535)
    throw new OperatingError(`${what} '${text}': write ADDRESS:PORT, like 127.0.0.1:7000 or [::1]:7000`);
  return { address, port: Number(port) };
}

/** The form that {@link parseAddress} reads. */
export const addressText = ({ address, port }: ServiceAddress): string =>
  address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`;
