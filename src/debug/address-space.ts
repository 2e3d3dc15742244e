/**
 * A machine's memory as a debugger sees it: through the page tables of the present mode, without any effect on the
 * machine. Source: Privileged Architecture, "Virtual Address Translation Process".
 */

import type { AnyHart } from '../cpu/checked-hart.ts';
import { PRIVILEGE, SATP } from '../cpu/csrs.ts';
import { PAGE_BYTES, RAM_BASE } from '../cpu/layout.ts';

/** Whether addresses are translated as the guest's are, or are physical. */
export type Addressing = 'virtual' | 'physical';

const PTE = { V: 1n, R: 2n, X: 8n } as const;
const LEVELS = 3;
const U64 = 2n ** 64n - 1n;

/** The offset in RAM of a physical address; undefined when it is outside. */
function ramOffset({ ramSizeBytes }: AnyHart, physical: bigint): number | undefined {
  const offset = physical - BigInt(RAM_BASE);
  return offset >= 0n && offset < BigInt(ramSizeBytes) ? Number(offset) : undefined;
}

/**
 * The physical address of a virtual one; undefined when no page is mapped there. Permissions do not count: a debugger
 * in S-mode also sees pages of U-mode.
 * @param privilege the mode whose address it is; by default the present one
 */
export function translate(
  hart: AnyHart,
  address: bigint,
  privilege = Number(hart.get('privilege')),
): bigint | undefined {
  const satp = hart.get('satp');
  if (privilege === PRIVILEGE.M || satp >> 60n !== SATP.SV39) return address;
  if (BigInt.asUintN(64, BigInt.asIntN(39, address)) !== address) return undefined;
  let table = (satp & SATP.PPN) << 12n;
  for (let level = LEVELS - 1; level >= 0; level--) {
    const shift = BigInt(12 + 9 * level);
    const at = ramOffset(hart, table + ((address >> shift) & 511n) * 8n);
    if (at === undefined) return undefined;
    const pte = new DataView(hart.ram.buffer, hart.ram.byteOffset + at, 8).getBigUint64(0, true);
    if ((pte & PTE.V) === 0n) return undefined;
    const page = ((pte >> 10n) & SATP.PPN) << 12n;
    if ((pte & (PTE.R | PTE.X)) !== 0n) {
      const within = (1n << shift) - 1n;
      return (page & within) === 0n ? page | (address & within) : undefined;
    }
    table = page;
  }
  return undefined;
}

/** The parts of a range of addresses that lie in one page each, with their offset in RAM. */
function* parts(
  hart: AnyHart,
  address: bigint,
  sizeBytes: number,
  addressing: Addressing,
): Generator<{ offset: number | undefined; at: number; sizeBytes: number }> {
  for (let at = 0; at < sizeBytes; ) {
    const here = (address + BigInt(at)) & U64;
    const size = Math.min(sizeBytes - at, PAGE_BYTES - Number(here % BigInt(PAGE_BYTES)));
    const physical = addressing === 'physical' ? here : translate(hart, here);
    yield { offset: physical === undefined ? undefined : ramOffset(hart, physical), at, sizeBytes: size };
    at += size;
  }
}

/**
 * Up to `sizeBytes` bytes of RAM from an address on: fewer when what follows is not mapped or is no RAM. Reading a
 * device could change it, so devices are not read.
 */
export function readMemory(
  hart: AnyHart,
  address: bigint,
  sizeBytes: number,
  addressing: Addressing = 'virtual',
): Uint8Array {
  const content = new Uint8Array(sizeBytes);
  for (const { offset, at, sizeBytes: size } of parts(hart, address, sizeBytes, addressing)) {
    if (offset === undefined) return content.subarray(0, at);
    content.set(hart.ram.subarray(offset, offset + size), at);
  }
  return content;
}
