/** A page walk independent of the CPU's, to find out why the two machines may differ. */

import type { AnyHart } from '../../src/cpu/checked-hart.ts';
import { MSTATUS, PMP, PRIVILEGE } from '../../src/cpu/csrs.ts';
import { type HartWord, RAM_BASE } from '../../src/cpu/layout.ts';
import { RAM_END } from './layout.ts';

export type Walk =
  /** Not translated, or translated by a leaf. */
  { to: bigint; leaf?: bigint } | { fault: 'no page' | 'table outside RAM' };

export const wordAt = (hart: AnyHart, address: bigint): bigint =>
  new DataView(hart.ram.buffer, hart.ram.byteOffset).getBigUint64(Number(address) - RAM_BASE, true);

export const isRam = (address: bigint): boolean => address >= BigInt(RAM_BASE) && address < BigInt(RAM_END);

/** The mode in which loads and stores are made. */
export function dataPrivilege(hart: AnyHart): number {
  const [privilege, mstatus] = [Number(hart.get('privilege')), hart.get('mstatus')];
  return privilege === PRIVILEGE.M && (mstatus & MSTATUS.MPRV) !== 0n
    ? Number((mstatus >> 11n) & 3n)
    : privilege;
}

export function walk(hart: AnyHart, va: bigint, privilege: number): Walk {
  const satp = hart.get('satp');
  if (privilege === PRIVILEGE.M || satp >> 60n === 0n) return { to: va };
  if (BigInt.asUintN(64, BigInt.asIntN(39, va)) !== va) return { fault: 'no page' };
  let table = (satp & (2n ** 44n - 1n)) << 12n;
  for (let level = 2; level >= 0; level--) {
    const shift = BigInt(12 + 9 * level);
    const at = table + 8n * ((va >> shift) & 511n);
    if (!isRam(at)) return { fault: 'table outside RAM' };
    const entry = wordAt(hart, at);
    if ((entry & 1n) === 0n) return { fault: 'no page' };
    table = ((entry >> 10n) & (2n ** 44n - 1n)) << 12n;
    if ((entry & 10n) === 0n) continue;
    return { to: table + (va & ((1n << shift) - 1n)), leaf: entry };
  }
  return { fault: 'no page' };
}

/** An active PMP entry: its number, and its range of addresses, `end` excluded. */
export interface PmpRange {
  entry: number;
  isTor: boolean;
  from: bigint;
  end: bigint;
}

export function pmpRanges(hart: AnyHart): PmpRange[] {
  const address = (entry: number) => (entry < 0 ? 0n : hart.get(`pmpaddr${entry}` as HartWord));
  return Array.from({ length: 16 }, (_, entry): PmpRange[] => {
    const mode = Number(
      (hart.get(entry < 8 ? 'pmpcfg0' : 'pmpcfg2') >> BigInt(8 * (entry % 8))) & BigInt(PMP.A),
    );
    const own = address(entry);
    if (mode === 0) return [];
    if (mode === PMP.TOR) return [{ entry, isTor: true, from: address(entry - 1) << 2n, end: own << 2n }];
    const ones = mode === PMP.NA4 ? 0n : own ^ (own + 1n);
    const from = (own & ~ones) << 2n;
    return [{ entry, isTor: false, from, end: from + ((ones + 1n) << 2n) }];
  }).flat();
}

/** Whether one of the ranges begins or ends in the page of an address, other than at its edges. */
export const isCut = (ranges: readonly PmpRange[], address: bigint): boolean =>
  ranges
    .flatMap(({ from, end }) => [from, end])
    .some((edge) => (edge & 0xfffn) !== 0n && edge >> 12n === address >> 12n);
