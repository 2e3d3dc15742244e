/** Ethernet, ARP, IPv4 and UDP of the simulated clients (RFC 826, 791, 768). */

/** A MAC or IPv4 address, byte by byte. */
export type Address = readonly number[];
/** The MAC address of all stations. */
export const BROADCAST: Address = [0xff, 0xff, 0xff, 0xff, 0xff, 0xff];

const ETHER_HEADER_BYTES = 14;
const IP_HEADER_BYTES = 20;
const UDP_HEADER_BYTES = 8;
const ETHERTYPE = { ipv4: 0x0800, arp: 0x0806 } as const;
const UDP = 17;
const MIN_FRAME_BYTES = 60;

/** One end of a UDP datagram. */
export interface Endpoint {
  mac: Address;
  ip: Address;
  port: number;
}

/** A parsed frame; `other`: one that the clients ignore. */
export type Packet =
  | { kind: 'arp-request'; senderMac: Address; senderIp: Address; targetIp: Address }
  | { kind: 'arp-reply'; senderMac: Address; senderIp: Address; targetIp: Address }
  | { kind: 'udp'; source: Endpoint; target: Endpoint; payload: Uint8Array }
  | { kind: 'other' };

const u16 = (value: number): number[] => [(value >> 8) & 0xff, value & 0xff];
const read16 = (bytes: Uint8Array, at: number): number => (bytes[at]! << 8) | bytes[at + 1]!;
const ether = (target: Address, source: Address, type: number): number[] => [
  ...target,
  ...source,
  ...u16(type),
];
const padded = (bytes: number[]): Uint8Array =>
  Uint8Array.from([...bytes, ...new Array<number>(Math.max(0, MIN_FRAME_BYTES - bytes.length)).fill(0)]);

/** The internet checksum (RFC 1071). */
export function checksum(bytes: readonly number[]): number {
  let sum = 0;
  for (let i = 0; i < bytes.length; i += 2) sum += (bytes[i]! << 8) | (bytes[i + 1] ?? 0);
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16);
  return ~sum & 0xffff;
}

/** An ARP packet; operation 1: request, 2: reply. */
export function arp(
  operation: 1 | 2,
  sender: Pick<Endpoint, 'mac' | 'ip'>,
  target: { mac?: Address; ip: Address },
): Uint8Array {
  return padded([
    ...ether(target.mac ?? BROADCAST, sender.mac, ETHERTYPE.arp),
    ...[0, 1, 8, 0, 6, 4, ...u16(operation)],
    ...[...sender.mac, ...sender.ip, ...(target.mac ?? [0, 0, 0, 0, 0, 0]), ...target.ip],
  ]);
}

/** A UDP datagram in an IPv4 packet in an Ethernet frame, padded to the minimum length. */
export function udp(source: Endpoint, target: Endpoint, payload: Uint8Array): Uint8Array {
  const length = UDP_HEADER_BYTES + payload.length;
  const ports = [...u16(source.port), ...u16(target.port), ...u16(length)];
  const pseudo = [...source.ip, ...target.ip, 0, UDP, ...u16(length)];
  const sum = checksum([...pseudo, ...ports, 0, 0, ...payload]) || 0xffff;
  const ip = [
    0x45,
    0,
    ...u16(IP_HEADER_BYTES + length),
    0,
    0,
    0x40,
    0,
    64,
    UDP,
    0,
    0,
    ...source.ip,
    ...target.ip,
  ];
  ip.splice(10, 2, ...u16(checksum(ip)));
  return padded([...ether(target.mac, source.mac, ETHERTYPE.ipv4), ...ip, ...ports, ...u16(sum), ...payload]);
}

/** Parses a frame; corrupted and unknown ones are `other`. */
export function parse(frame: Uint8Array): Packet {
  const type = read16(frame, 12);
  if (type === ETHERTYPE.arp && frame.length >= 42) return parseArp(frame);
  if (type === ETHERTYPE.ipv4 && frame.length >= 42) return parseUdp(frame);
  return { kind: 'other' };
}

function parseArp(frame: Uint8Array): Packet {
  const operation = read16(frame, 20);
  const part = (at: number, size: number): Address => [...frame.subarray(at, at + size)];
  const packet = { senderMac: part(22, 6), senderIp: part(28, 4), targetIp: part(38, 4) };
  if (operation === 1) return { kind: 'arp-request', ...packet };
  return operation === 2 ? { kind: 'arp-reply', ...packet } : { kind: 'other' };
}

function parseUdp(frame: Uint8Array): Packet {
  const ip = frame.subarray(ETHER_HEADER_BYTES);
  const total = read16(ip, 2);
  const headerBytes = (ip[0]! & 15) * 4;
  if (ip[0]! >> 4 !== 4 || ip[9] !== UDP || total > ip.length || headerBytes + UDP_HEADER_BYTES > total)
    return { kind: 'other' };
  const segment = ip.subarray(headerBytes, total);
  const pseudo = [...ip.subarray(12, 20), 0, UDP, ...u16(segment.length)];
  if (checksum([...ip.subarray(0, headerBytes)]) !== 0) return { kind: 'other' };
  // Zero: the sender has computed no checksum.
  if (read16(segment, 6) !== 0 && checksum([...pseudo, ...segment]) !== 0) return { kind: 'other' };
  const part = (at: number, size: number): Address => [...frame.subarray(at, at + size)];
  return {
    kind: 'udp',
    source: { mac: part(6, 6), ip: [...ip.subarray(12, 16)], port: read16(segment, 0) },
    target: { mac: part(0, 6), ip: [...ip.subarray(16, 20)], port: read16(segment, 2) },
    payload: segment.slice(UDP_HEADER_BYTES, read16(segment, 4)),
  };
}
