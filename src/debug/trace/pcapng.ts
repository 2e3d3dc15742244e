/**
 * Files of captured frames in pcapng. Source: draft-ietf-opsawg-pcapng, "PCAP Next Generation Capture File
 * Format".
 */
import { Writer } from '../../base/codec.ts';

const BLOCK = { section: 0x0a0d0d0a, interface: 1, packet: 6 } as const;
const BYTE_ORDER = 0x1a2b3c4d;
/** Link type of Ethernet. */
const ETHERNET = 1;
/** Options of an interface and of a packet; `end` comes last. */
const OPTION = { end: 0, interfaceName: 2, timeResolution: 9, packetFlags: 2 } as const;
/** Units of 10^-7 s: the ticks of the guest's clock. */
const TICK_EXPONENT = 7;
/** The direction in the flags of a packet. */
const DIRECTION = { in: 1, out: 2 } as const;
/** No limit to the length of captured packets. */
const NO_LIMIT = 0;

/** A frame that was sent or received. */
export interface CapturedFrame {
  /** The direction, as the guest sees it. */
  direction: 'in' | 'out';
  /** In units of 100 ns since 1970. */
  atTicks: bigint;
  frame: Uint8Array;
}

const padding = (length: number): Uint8Array => new Uint8Array(-length & 3);

function option(out: Writer, code: number, value: Uint8Array): void {
  out.u16(code);
  out.u16(value.length);
  out.raw(value);
  out.raw(padding(value.length));
}

/** A block: its type, its length, its content, and its length again. */
function block(type: number, write: (out: Writer) => void): Uint8Array {
  const body = new Writer();
  write(body);
  const content = body.take();
  const out = new Writer();
  out.u32(type);
  out.u32(content.length + 12);
  out.raw(content);
  out.u32(content.length + 12);
  return out.take();
}

/** The beginning of a file: a section with one interface, the guest's network card. */
export function pcapngHead(): Uint8Array {
  const section = block(BLOCK.section, (out) => {
    out.u32(BYTE_ORDER);
    out.u16(1);
    out.u16(0);
    // The length of the section is not given.
    out.u64(2n ** 64n - 1n);
  });
  const card = block(BLOCK.interface, (out) => {
    out.u16(ETHERNET);
    out.u16(0);
    out.u32(NO_LIMIT);
    option(out, OPTION.interfaceName, new TextEncoder().encode('guest'));
    option(out, OPTION.timeResolution, Uint8Array.of(TICK_EXPONENT));
    option(out, OPTION.end, new Uint8Array(0));
  });
  const head = new Uint8Array(section.length + card.length);
  head.set(section);
  head.set(card, section.length);
  return head;
}

/** A frame as a block of the file. */
export const pcapngFrame = ({ direction, atTicks, frame }: CapturedFrame): Uint8Array =>
  block(BLOCK.packet, (out) => {
    out.u32(0);
    out.u32(Number(atTicks >> 32n));
    out.u32(Number(atTicks & 0xffff_ffffn));
    out.u32(frame.length);
    out.u32(frame.length);
    out.raw(frame);
    out.raw(padding(frame.length));
    option(out, OPTION.packetFlags, Uint8Array.of(DIRECTION[direction], 0, 0, 0));
    option(out, OPTION.end, new Uint8Array(0));
  });
