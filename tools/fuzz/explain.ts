/** The known differences between QEMU 7.2 and this machine: implementation-defined behaviour, and bugs of QEMU. */
import { COUNTERS, csrNames, MSTATUS } from '../../src/cpu/csrs.ts';
import { extract, fields } from '../../src/cpu/formats.ts';
import { ARENA, ARENA_BYTES, HARNESS, SAVE } from './layout.ts';
import { isDevice } from './ours.ts';
import type { Step } from './trace.ts';
import { isCut, isRam } from './walk.ts';

/** The number of a CSR that this machine does not have, so that it has no name here. */
const VSTIMECMP = 0x24d;

interface Rule {
  why: string;
  /** Whether the rule can apply at a step, given the next one and the whole case. */
  at(step: Step, next: Step | undefined, all: readonly Step[], index: number): boolean;
}

const mnemonic = (step: Step | undefined): string => step?.row?.mnemonic ?? '';
const isCsr = ({ row }: Step): boolean => row?.extension === 'Zicsr';
const csrName = ({ word }: Step): string => csrNames.get(extract(fields.csr, word!)) ?? '';
/** Whether it compares or converts to an integer: its only floating-point effect may be flags. */
const setsFlagsOnly = ({ word }: Step): boolean =>
  word !== undefined && (word & 0x7f) === 0x53 && [0b10100, 0b11000].includes(word >>> 27);
/** Whether a physical address is of RAM that is not the case's own. */
const isHarness = (address: bigint | undefined): boolean =>
  address !== undefined &&
  isRam(address) &&
  (address < BigInt(ARENA) || address >= BigInt(ARENA + ARENA_BYTES));
/** Whether two ranges of addresses share a page. */
const sharePage = (a: bigint, aBytes: number, b: bigint, bBytes: number): boolean =>
  a >> 12n <= (b + BigInt(bBytes - 1)) >> 12n && b >> 12n <= (a + BigInt(aBytes - 1)) >> 12n;

/** The bits that may be written to CSRs with the same effect. */
const agreed: Record<string, bigint> = {
  mstatus: 0x7e_79aan,
  sstatus: 0xc_6122n,
  medeleg: 0xb3ffn,
  mideleg: 0x222n,
  mie: 0xaaan,
  mip: 0xaaan,
  sie: 0xaaan,
  sip: 0xaaan,
  satp: (8n << 60n) | (2n ** 44n - 1n),
  mepc: ~1n,
  sepc: ~1n,
  stvec: ~2n,
  mtvec: ~2n,
  mcounteren: COUNTERS,
  scounteren: COUNTERS,
  menvcfg: (1n << 63n) | 1n,
  senvcfg: 1n,
  mseccfg: 0x300n,
  fcsr: 0xffn,
};

function writesMore(step: Step): boolean {
  const name = csrName(step);
  const immediate = mnemonic(step).endsWith('i');
  const operand = immediate ? BigInt(extract(fields.zimm, step.word!)) : step.rs1;
  if (name === 'mstatus' && (operand & MSTATUS.MPP) === 2n << 11n) return true;
  if (name.startsWith('pmpaddr')) return operand >> 54n !== 0n;
  if (name.startsWith('pmpcfg'))
    return Array.from({ length: 8 }, (_, i) => (operand >> BigInt(8 * i)) & 0xffn).some(
      (setting) => (setting & 0x60n) !== 0n || (setting & 3n) === 2n,
    );
  const bits = agreed[name];
  return bits !== undefined && BigInt.asUintN(64, operand & ~bits) !== 0n;
}

const rules: Rule[] = [
  {
    why: 'devices are not the same on the two machines',
    at: ({ trap }) => trap?.to !== undefined && isDevice(trap.to),
  },
  {
    why: 'what the harness keeps is not the same on the two machines',
    at: ({ at, to, toHarness }) => toHarness || isHarness(at) || isHarness(to),
  },
  {
    why: 'an access across two pages is two accesses to PMP; on QEMU one, which one entry must hold',
    at: ({ address, sizeBytes, pmp }) =>
      address !== undefined && pmp.length > 1 && (address & 0xfffn) + BigInt(sizeBytes) > 0x1000n,
  },
  {
    why: 'PMP entries smaller than a page: QEMU 7.2 ignores them in a page that its TLB holds',
    at: ({ to, pmp }, _, all, index) =>
      to !== undefined &&
      isCut(pmp, to) &&
      all.slice(0, index).some((one) => one.to !== undefined && one.to >> 12n === to >> 12n),
  },
  {
    why: 'a PMP entry that holds some byte of an access must hold all; QEMU looks at the first and the last',
    at: ({ to, sizeBytes, pmp }) =>
      to !== undefined &&
      pmp.some(({ from, end }) => from > to && end < to + BigInt(sizeBytes) && from < end),
  },
  {
    why: 'a PMP entry whose top of range is 0 holds nothing; in QEMU 7.2 all from its start on',
    at: (step, next) => isCsr(step) && !!next?.pmp.some(({ isTor, end }) => isTor && end === 0n),
  },
  {
    why: 'the bottom of a PMP range is the address of the entry before; QEMU 7.2 uses its earlier value',
    at: (step, next) =>
      isCsr(step) && !!next?.pmp.some(({ entry, isTor }) => isTor && csrName(step) === `pmpaddr${entry - 1}`),
  },
  {
    why: 'CTZW of a word of zeros is 32; QEMU 7.2 continues in the upper half',
    at: (step) => mnemonic(step) === 'ctzw' && (step.rs1 & 0xffff_ffffn) === 0n,
  },
  {
    why: 'to set A or D PMP must let S-mode write the PTE, or it is an access fault; QEMU 7.2 does not ask',
    at: ({ trap }) =>
      trap?.leaf !== undefined &&
      [1, 5, 7].includes(trap.cause) &&
      (trap.leaf & (trap.cause === 7 ? 0xc0n : 0x40n)) !== (trap.cause === 7 ? 0xc0n : 0x40n),
  },
  {
    why: 'a page table outside RAM is an access fault; in QEMU a page fault',
    at: ({ trap }) => trap?.fault === 'table outside RAM' && [1, 5, 7].includes(trap.cause),
  },
  {
    why: 'page tables changed without SFENCE.VMA: QEMU may use the old ones',
    at: (step, next) => step.wroteTables && (mnemonic(next) !== 'sfence.vma' || next?.trap !== undefined),
  },
  {
    why: 'after SFENCE.VMA the next instruction is fetched by the new page tables; QEMU 7.2 has decoded it already',
    at: (step, next, all, index) =>
      mnemonic(step) === 'sfence.vma' &&
      !step.trap &&
      step.privilege !== 3 &&
      next?.pc !== undefined &&
      sharePage(step.pc, 1, next.pc, 1) &&
      !!all[index - 1]?.wroteTables,
  },
  {
    why: 'with MPRV M-mode accesses memory as another mode; QEMU 7.2 accesses pages that it has fetched from as M-mode',
    at: ({ privilege, dataPrivilege, address, sizeBytes }, _, all) =>
      address !== undefined &&
      privilege !== dataPrivilege &&
      (sharePage(BigInt(HARNESS), SAVE - HARNESS, address, sizeBytes) ||
        all.some((one) => one.privilege === privilege && sharePage(one.pc, 4, address, sizeBytes))),
  },
  {
    why: 'an instruction whose second half lies outside RAM is an access fault; QEMU 7.2 hangs there',
    at: ({ trap, pc }) =>
      trap?.cause === 1 && trap.to !== undefined && !isRam(trap.to) && trap.tval === pc + 2n,
  },
  {
    why: 'S-mode never fetches from a page for U-mode; QEMU 7.2 does from one where SUM has let it load or store',
    at: ({ trap, privilege, pc }, _, all, index) =>
      trap?.cause === 12 &&
      privilege === 1 &&
      ((trap.leaf ?? 0n) & 0x10n) !== 0n &&
      all
        .slice(0, index)
        .some(
          ({ dataPrivilege, to, address, sizeBytes }) =>
            dataPrivilege === 1 && to !== undefined && sharePage(address!, sizeBytes, pc, 4),
        ),
  },
  {
    why: 'FS may be dirty sooner than it must: an instruction that only sets flags makes it so here, not in QEMU',
    at: (step) => setsFlagsOnly(step) && [1n, 2n].includes((step.mstatus >> 13n) & 3n),
  },
  {
    why: 'instructions changed without FENCE.I: QEMU may use the old ones',
    at: (step, next) => step.wroteCode && mnemonic(next) !== 'fence.i',
  },
  {
    why: 'SC faults where a store would; in QEMU one without a reservation just fails',
    at: (step) => mnemonic(step).startsWith('sc.') && step.trap !== undefined,
  },
  {
    why: 'a reservation outlives traps and stores of the hart itself; in QEMU it ends with a trap or a new value',
    at(step, _, all, index) {
      if (!mnemonic(step).startsWith('sc.')) return false;
      const before = all.slice(0, index);
      const from = before.findLastIndex((one) => mnemonic(one).startsWith('lr.') && !one.trap);
      return (
        from >= 0 &&
        before.slice(from + 1).some((one) => one.trap || one.privilege !== step.privilege || isStore(one))
      );
    },
  },
  {
    why: 'an SC may be wider than its LR; QEMU compares all that it writes with what the LR has loaded',
    at(step, _, all, index) {
      if (!mnemonic(step).startsWith('sc.d')) return false;
      const latest = all.slice(0, index).findLast((one) => mnemonic(one).startsWith('lr.') && !one.trap);
      return mnemonic(latest).startsWith('lr.w');
    },
  },
  {
    why: 'an AMO never gets a load fault; in QEMU it may',
    at: (step) =>
      mnemonic(step).startsWith('amo') && step.trap !== undefined && [5, 7].includes(step.trap.cause),
  },
  {
    why: 'QEMU cuts a misaligned access that faults into aligned ones, and gives the address of the first of them',
    at: ({ trap, address, sizeBytes }) =>
      trap?.to !== undefined &&
      !isRam(trap.to) &&
      [5, 7].includes(trap.cause) &&
      address! % BigInt(sizeBytes) !== 0n,
  },
  {
    why: 'MRET and SRET to a lower mode than M clear MPRV; not in QEMU 7.2',
    at: (step, next) =>
      ['mret', 'sret'].includes(mnemonic(step)) &&
      (step.mstatus & MSTATUS.MPRV) !== 0n &&
      !step.trap &&
      next?.privilege !== 3,
  },
  {
    why: 'with no PMP entry on the fetch after an MRET to a lower mode fails; in QEMU the MRET, which is illegal',
    at: (step, next) =>
      mnemonic(step) === 'mret' && !step.trap && step.pmp.length === 0 && next?.privilege !== 3,
  },
  {
    why: 'interrupts have an order, external, software, timer; QEMU takes the lowest number',
    at: ({ interrupted, pending }) => interrupted && (pending & (pending - 1n)) !== 0n,
  },
  {
    why: 'of a CSR only the bits that exist can be written; QEMU has others',
    at: (step) => isCsr(step) && !step.trap && writesMore(step),
  },
  {
    why: 'counters run with the host in QEMU',
    at: (step) =>
      isCsr(step) && /^(m?cycle|m?instret|time|seed)$/.test(csrName(step)) && (step.word! & 0xf80) !== 0,
  },
  {
    why: 'a CSR that one of the two machines does not have',
    at: (step) => isCsr(step) && /^(m?hpm|tselect|tdata|mseccfg|mcountinhibit)/.test(csrName(step)),
  },
  {
    why: 'without the hypervisor extension there is no vstimecmp; QEMU 7.2 lets M-mode have it for Sstc',
    at: (step) => isCsr(step) && extract(fields.csr, step.word!) === VSTIMECMP,
  },
  {
    why: 'CSRRS and CSRRC write unless rs1 is x0; QEMU 7.2 looks at the value',
    at: (step) =>
      isCsr(step) &&
      /^csrr[sc]$/.test(mnemonic(step)) &&
      step.rs1 === 0n &&
      extract(fields.rs1, step.word!) !== 0 &&
      // To a read-only CSR it is illegal, to one of floating point it makes FS dirty.
      (extract(fields.csr, step.word!) >> 10 === 3 || /^(fflags|frm|fcsr)$/.test(csrName(step))),
  },
  {
    why: 'PMP changed without SFENCE.VMA: QEMU may use the old entries',
    at: (step, next) =>
      isCsr(step) && !step.trap && csrName(step).startsWith('pmpcfg') && mnemonic(next) !== 'sfence.vma',
  },
];

const isStore = (step: Step): boolean =>
  ((step.word ?? 0) & 0x7f) === 0x23 || ((step.word ?? 0) & 0x7f) === 0x27;

export interface Explanation {
  why: string;
  /** The step that the rule applies to. */
  step: Step;
}

/** The first step that a rule applies to; undefined when the difference is unknown. */
export function explain(steps: readonly Step[]): Explanation | undefined {
  for (const [index, step] of steps.entries())
    for (const { why, at } of rules) if (at(step, steps[index + 1], steps, index)) return { why, step };
  return undefined;
}
