/**
 * The frame that a replica sends when it goes live, so that switches learn the new port of the guest's address: a
 * reverse ARP request (RFC 903) from the guest's MAC address to broadcast, as hypervisors send it after a migration.
 */
export function announcement(mac: Uint8Array): Uint8Array {
  const frame = new Uint8Array(60);
  frame.fill(0xff, 0, 6);
  frame.set(mac, 6);
  // EtherType RARP; Ethernet and IPv4; request reverse; sender and target are this MAC, the IP addresses are zero.
  frame.set([0x80, 0x35, 0, 1, 0x08, 0x00, 6, 4, 0, 3], 12);
  frame.set(mac, 22);
  frame.set(mac, 32);
  return frame;
}
