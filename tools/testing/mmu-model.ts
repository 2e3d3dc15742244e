/** A model of memory accesses that follows the manual step by step: Sv39 and PMP, without a TLB. */
import { CAUSE, MSTATUS, PMP, PMP_ENTRIES, PRIVILEGE } from '../../src/cpu/csrs.ts';
import { PAGE_BYTES, RAM_BASE } from '../../src/cpu/layout.ts';

export type Kind = 'load' | 'store' | 'fetch';
const pageFault: Record<Kind, number> = {
  load: CAUSE.loadPageFault,
  store: CAUSE.storePageFault,
  fetch: CAUSE.instructionPageFault,
};
const accessFault: Record<Kind, number> = {
  load: CAUSE.loadFault,
  store: CAUSE.storeFault,
  fetch: CAUSE.instructionFault,
};

export interface Fault {
  cause: number;
  at: bigint;
}

/** A PTE in which an access has set A or D: its offset in RAM, and its old value. */
export interface Update {
  at: number;
  before: bigint;
}

const [A, D] = [1n << 6n, 1n << 7n];

export class MmuModel {
  /** Whether an access sets A and D; false for an access that may not be made. */
  marks = true;
  /** Since the last {@link undo}. */
  updates: Update[] = [];
  mstatus = 0n;
  satp = 0n;
  pmp = Array.from({ length: PMP_ENTRIES }, () => ({ settings: 0, address: 0n }));

  /** @param ram the guest's RAM, or a copy */
  constructor(readonly ram: DataView) {}

  private get ramBytes(): number {
    return this.ram.byteLength;
  }

  /** Reverts the A and D bits that accesses have set. */
  undo(): void {
    for (const { at, before } of this.updates.splice(0).reverse()) this.ram.setBigUint64(at, before, true);
  }

  /** The physical address, or the cause of a fault. Sets A and D. "Virtual Address Translation Process". */
  translate(va: bigint, kind: Kind, privilege: number): bigint | number {
    if (privilege === PRIVILEGE.M || this.satp >> 60n === 0n) return va;
    const fault = pageFault[kind];
    if (BigInt.asIntN(39, va) !== BigInt.asIntN(64, va)) return fault;
    let table = (this.satp & (2n ** 44n - 1n)) << 12n;
    for (let level = 2; level >= 0; level--) {
      const shift = BigInt(12 + 9 * level);
      const address = table + ((va >> shift) & 511n) * 8n;
      const offset = Number(address) - RAM_BASE;
      if (offset < 0 || offset >= this.ramBytes) return accessFault[kind];
      if (!this.permits(address, 8n, PMP.R, PRIVILEGE.S)) return accessFault[kind];
      const pte = this.ram.getBigUint64(offset, true);
      const [v, r, w, x, u, a, d] = [0n, 1n, 2n, 3n, 4n, 6n, 7n].map((bit) => (pte >> bit) & 1n);
      if (!v || (!r && w) || pte >> 54n !== 0n) return fault;
      const ppn = (pte >> 10n) & (2n ** 44n - 1n);
      if (!r && !x) {
        if (u || a || d || level === 0) return fault;
        table = ppn << 12n;
        continue;
      }
      const sum = (this.mstatus & MSTATUS.SUM) !== 0n;
      if (privilege === PRIVILEGE.U ? !u : u && (kind === 'fetch' || !sum)) return fault;
      const readable = r || ((this.mstatus & MSTATUS.MXR) !== 0n && x);
      if (!{ load: readable, store: w, fetch: x }[kind]) return fault;
      const within = (1n << shift) - 1n;
      if (((ppn << 12n) & within) !== 0n) return fault;
      const marked = pte | A | (kind === 'store' ? D : 0n);
      if (marked !== pte && this.marks) {
        if (!this.permits(address, 8n, PMP.W, PRIVILEGE.S)) return accessFault[kind];
        this.updates.push({ at: offset, before: pte });
        this.ram.setBigUint64(offset, marked, true);
      }
      return (ppn << 12n) | (va & within);
    }
    throw new Error('a leaf or a fault by now');
  }

  /** "Physical Memory Protection": the entry with the lowest number that holds any byte decides, and must hold all. */
  permits(address: bigint, sizeBytes: bigint, permission: number, privilege: number): boolean {
    for (const [index, { settings, address: word }] of this.pmp.entries()) {
      const mode = settings & PMP.A;
      if (mode === 0) continue;
      let first = word << 2n;
      let end = first + 4n;
      if (mode === PMP.TOR) {
        first = index === 0 ? 0n : this.pmp[index - 1]!.address << 2n;
        end = word << 2n;
      } else if (mode === PMP.NAPOT) {
        let ones = 0n;
        while ((word >> ones) & 1n) ones++;
        const size = 8n << ones;
        first = (word << 2n) & ~(size - 1n);
        end = first + size;
      }
      const any = first < end && address < end && first < address + sizeBytes;
      if (!any) continue;
      const all = first <= address && address + sizeBytes <= end;
      const free = privilege === PRIVILEGE.M && (settings & PMP.L) === 0;
      return all && (free || (settings & permission) !== 0);
    }
    return privilege === PRIVILEGE.M || this.pmp.every(({ settings }) => settings === 0) === false
      ? privilege === PRIVILEGE.M
      : false;
  }

  get dataPrivilege(): number {
    return this.mstatus & MSTATUS.MPRV ? Number((this.mstatus >> 11n) & 3n) : PRIVILEGE.M;
  }

  /** The physical address of one part of an access that lies within a page, or its fault. */
  part(va: bigint, sizeBytes: bigint, kind: Kind, privilege: number): { to: bigint } | Fault {
    const to = this.translate(va, kind, privilege);
    if (typeof to === 'number') return { cause: to, at: va };
    const permission = { load: PMP.R, store: PMP.W, fetch: PMP.X }[kind];
    const offset = to - BigInt(RAM_BASE);
    const isRam = offset >= 0n && offset < this.ramBytes;
    if (!this.permits(to, sizeBytes, permission, privilege) || !isRam)
      return { cause: accessFault[kind], at: va };
    return { to };
  }

  /** As {@link access}, with A and D unchanged. */
  accessOnly(...access: Parameters<MmuModel['access']>): number[] | Fault {
    this.marks = false;
    const found = this.access(...access);
    this.marks = true;
    return found;
  }

  /** The bytes of an access by their place in RAM, or the fault of the first part that has one. */
  access(va: bigint, sizeBytes: number, kind: Kind, privilege: number): number[] | Fault {
    const left = PAGE_BYTES - Number(va & 4095n);
    const parts =
      sizeBytes <= left
        ? [[va, sizeBytes] as const]
        : [[va, left] as const, [va + BigInt(left), sizeBytes - left] as const];
    const bytes: number[] = [];
    for (const [start, count] of parts) {
      const found = this.part(BigInt.asUintN(64, start), BigInt(count), kind, privilege);
      if ('cause' in found) return found;
      for (let index = 0; index < count; index++) bytes.push(Number(found.to) - RAM_BASE + index);
    }
    return bytes;
  }
}
