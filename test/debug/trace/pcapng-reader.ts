/** Reads pcapng as its specification says, independently of what writes it: draft-ietf-opsawg-pcapng. */
import type { CapturedFrame } from '../../../src/debug/trace/pcapng.ts';

/** The frames of a file with one section in this byte order. @throws {Error} when it is not well formed */
export function readPcapng(bytes: Uint8Array): { linkType: number; frames: CapturedFrame[] } {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const u32 = (at: number) => view.getUint32(at, true);
  const u16 = (at: number) => view.getUint16(at, true);
  const options = (from: number, to: number) => {
    const found = new Map<number, Uint8Array>();
    for (let at = from; at < to; ) {
      const [code, length] = [u16(at), u16(at + 2)];
      found.set(code, bytes.subarray(at + 4, at + 4 + length));
      at += 4 + Math.ceil(length / 4) * 4;
      if (code === 0 && at !== to) throw new Error('something follows the end of the options');
    }
    return found;
  };
  const frames: CapturedFrame[] = [];
  let linkType = -1;
  let ticksPerSecond = 0n;
  for (let at = 0, length = 0; at < bytes.length; at += length) {
    length = u32(at + 4);
    if (length % 4 !== 0 || u32(at + length - 4) !== length)
      throw new Error(`block at ${at} has two lengths`);
    const end = at + length - 4;
    switch (u32(at)) {
      case 0x0a0d0d0a:
        if (at !== 0 || u32(8) !== 0x1a2b3c4d || u16(12) !== 1 || u16(14) !== 0) throw new Error('section');
        break;
      case 1:
        linkType = u16(at + 8);
        ticksPerSecond = 10n ** BigInt(options(at + 16, end).get(9)![0]!);
        break;
      case 6: {
        const captured = u32(at + 20);
        if (u32(at + 8) !== 0 || u32(at + 24) !== captured) throw new Error('interface or length');
        const found = options(at + 28 + Math.ceil(captured / 4) * 4, end);
        const direction = (['', 'in', 'out'] as const)[found.get(2)![0]! & 3];
        if (!direction) throw new Error('direction');
        const time = (BigInt(u32(at + 12)) << 32n) | BigInt(u32(at + 16));
        frames.push({
          direction,
          atTicks: (time * 10_000_000n) / ticksPerSecond,
          frame: bytes.slice(at + 28, at + 28 + captured),
        });
        break;
      }
      default:
        throw new Error(`block of type ${u32(at)}`);
    }
  }
  return { linkType, frames };
}
