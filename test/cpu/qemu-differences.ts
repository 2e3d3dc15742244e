/**
 * Differences from QEMU 7.2 in the cases of the goldens, with the reason and the outcome here. "The manual" is the
 * RISC-V Instruction Set Manual, volume I or II.
 */
import { machine } from '../goldens/make/cpu.mjs';

export interface Difference {
  why: string;
  /** The cases: `instructions : input`. */
  of: RegExp;
  /**
   * @param qemu the outcome there
   * @param about the case
   * @param outcomeOf the outcome of another case there
   */
  ours(
    qemu: string,
    input: Record<string, bigint>,
    about: string,
    outcomeOf: (about: string) => string,
  ): string;
}

const hex = (value: bigint) => BigInt.asUintN(64, value).toString(16);
const withTval = (outcome: string, tval: bigint) => outcome.replace(/\btval=\w+/, `tval=${hex(tval)}`);
/** The instruction is not one: its word is in mtval. */
const illegal = (word: number) => `cause=2 epc=${hex(BigInt(machine.code))} tval=${word.toString(16)}`;

const accesses: Difference[] = [
  {
    why: 'QEMU cuts a load outside RAM into aligned pieces, and gives the address of the first in mtval',
    of: /^l[bhwd]u? \w+, 4\(x10\) : x10=(1000000|1000001|f\w+8|8\w+|4000000)$/,
    ours: (qemu, { x10 }) => withTval(qemu, x10! + 4n),
  },
  {
    why: 'an AMO never gets a load fault; QEMU makes a load and a store of it outside RAM',
    of: /(^|; )amo/,
    ours: (qemu) => qemu.replace(/cause=5\b/, 'cause=7'),
  },
  {
    why: 'SC checks its address first; in QEMU one without a reservation fails whatever its address is',
    of: /^sc\.\w x12, x11, \(x10\) : x10=(?!83fffff)/,
    ours(qemu, { x10 }, about) {
      const aligned = x10! % (about.startsWith('sc.w') ? 4n : 8n) === 0n;
      if (aligned && x10! >> 28n === 8n && x10! < machine.ram + machine.ramSizeBytes) return qemu;
      return `cause=${aligned ? 7 : 6} epc=${hex(BigInt(machine.code))} tval=${hex(x10!)}`;
    },
  },
  {
    why: 'SC faults where a store would, with or without a reservation',
    of: /mret; sc\.d x12/,
    ours(qemu, _, about, outcomeOf) {
      const stored = outcomeOf(about.replace('sc.d x12, x11, (x10)', 'sd x11, 0(x10)'));
      return stored.startsWith('cause=') ? stored : qemu;
    },
  },
  {
    why: "a hart's own store leaves its reservation alone; QEMU's SC fails when the value has changed",
    of: /^lr\.\w x12, \(x10\); sd x14, 0\(x10\); sc/,
    ours(qemu, { x11, x14 }, about) {
      const stored = about.startsWith('lr.w') ? (x14! & ~0xffff_ffffn) | (x11! & 0xffff_ffffn) : x11!;
      return qemu.replace(/x15=1 m0=\w+/, `x15=0 m0=${hex(stored)}`);
    },
  },
];

const csrs: Difference[] = [
  {
    why: 'CSRRS and CSRRC write unless rs1 is x0: to a read-only CSR, that is illegal even if x10 holds zero',
    of: /^csrr[sc] x0, (mhartid|cycle|time|instret), x10 : x10=0/,
    ours(_, __, about) {
      const [, operation, name] = /^csrr([sc]) x0, (\w+)/.exec(about)!;
      const number = { mhartid: 0xf14, cycle: 0xc00, time: 0xc01, instret: 0xc02 }[name!]!;
      return illegal(((number << 20) | (10 << 15) | ((operation === 's' ? 2 : 3) << 12) | 0x73) >>> 0);
    },
  },
  {
    why: 'event counters that count nothing exist, as the manual requires; with pmu-num=0 QEMU has none',
    of: /^csrrs x(12, mhpmcounter|0, 0xc03)/,
    ours: (_, __, about) => (about.startsWith('csrrs x12') ? 'x12=0' : ''),
  },
  {
    why: 'the trigger CSRs exist and read as no trigger; with debug=false QEMU has no such CSRs',
    of: /^csrrs x0, (tselect|tdata1), x0/,
    ours: () => '',
  },
  {
    why: 'bit 0 of mepc and sepc is always zero; QEMU keeps what is written to it',
    of: /^csrrw x9, [ms]epc, x10; csrrw x12.* x10=ffffffffffffffff/,
    ours: (qemu) => qemu.replace('x12=ffffffffffffffff', 'x12=fffffffffffffffe'),
  },
  {
    why: 'MRET and SRET go to an even address; QEMU to mepc or sepc, odd or not',
    of: /^csrrw x0, (sepc, x6; sret : x6=80200011|mepc, x11; mret : x11=8020001[13])/,
    ours(_, { x6, x11 }) {
      if (x6) return 'at=80200010 sepc=80200010 mstatus=a00000020';
      // The word there is an EBREAK, whose upper half is no instruction.
      return `${x11 === 0x8020_0011n ? 'at=80200010' : 'cause=2 epc=80200012 tval=10'} mstatus=a00000080`;
    },
  },
  {
    why: 'a reserved mode of mtvec or stvec becomes direct or vectored (WARL); QEMU ignores the write',
    of: /^csrrw x12, [ms]tvec.*x10=\w*[23]$/,
    ours: (qemu, { x10 }) => qemu.replace(/x13=\w+/, `x13=${hex(x10! & ~2n)}`),
  },
  {
    why: 'a mode that does not exist cannot be written to MPP (WARL); QEMU keeps it',
    of: /^csrrw x0, mstatus, x10; .* : x10=1000 /,
    ours: (qemu) => qemu.replace(/a00001000/, 'a00000000'),
  },
  {
    why: 'of the modes of satp only Sv39 is here; QEMU has Sv48 and Sv57, too',
    of: /^csrrw x0, satp, x11; csrrw x0, satp, x10.* : x10=[9a]0/,
    ours: (qemu, { x11 }) => qemu.replace(/x12=\w+/, `x12=${hex(x11!)}`),
  },
  {
    why: 'an ASID cannot be written, as there are none; QEMU keeps 16 bits',
    of: /^csrrw x0, satp, x10; .*x10=8f/,
    ours: (qemu) => qemu.replace(/x12=\w+/, 'x12=80000fffffffffff'),
  },
  {
    why: 'MRET and SRET to a lower mode than M clear MPRV (Privileged Architecture 1.12)',
    of: /^csrrw x0, mstatus, x(10; csrrw x0, mepc, x11; mret : x10=20080|4; csrrw x0, sepc, x6; sret)/,
    ours: (qemu) => qemu.replace(/mstatus=a0002/, 'mstatus=a0000'),
  },
  {
    why: 'stimecmp has an effect only with menvcfg.STCE; in QEMU always',
    of: /^csrrw x0, menvcfg, x10; csrrw x0, stimecmp, x11; csrrs x12, mip, .* x10=0 x11=0 /,
    ours: (qemu) => qemu.replace('x12=20', 'x12=0'),
  },
  {
    why: 'a setting of a PMP entry with W but without R is reserved, and bits 6:5 are zero (WARL); QEMU keeps all',
    of: /^csrrw x0, pmpcfg0, x10; csrrs x12/,
    ours(qemu, { x10 }) {
      const settings = [56n, 48n, 40n, 32n, 24n, 16n, 8n, 0n].map((at) => ((x10! >> at) & 0x9fn) << at);
      const legal = settings.filter(
        (setting) => !/[26ae]$/.test((setting === 0n ? '0' : hex(setting)).replace(/(00)*$/, '')),
      );
      return qemu.replace(/x12=\w+/, `x12=${hex(legal.reduce((all, one) => all | one, 0n))}`);
    },
  },
  {
    why: 'a PMP address is one of 56 bits, without its lowest two; QEMU keeps 64',
    of: /^csrrw x12, pmpaddr3, x10; csrrw x13, pmpaddr3, x0 : x10=f/,
    ours: (qemu) => qemu.replace(/x13=\w+/, `x13=${hex(2n ** 54n - 1n)}`),
  },
];

/** The pending interrupts of a case, of which QEMU takes the one with the lowest number. */
const byPriority = [11, 3, 7, 9, 1, 5];

const traps: Difference[] = [
  {
    why: 'interrupts have an order, external, software, timer; QEMU takes the lowest number',
    of: /^(sw x7, 0\(x6\); sd x0, 0\(x8\).* x10=8[08]8 |csrrw x0, mideleg, x3; csrrw x0, mie, x6; csrrw x0, mip, x7)/,
    ours(qemu, { x3, x6, x7 }, about) {
      if (about.startsWith('sw')) return qemu.replace('8000000000000003', '800000000000000b');
      return qemu.replace(/(s?)cause=8000000000000(\w+)/, (same, delegated) => {
        const pending = x6! & x7! & (delegated ? x3! : ~x3!);
        const first = byPriority.find((number) => (pending >> BigInt(number)) & 1n);
        return first ? `${delegated}cause=800000000000000${first.toString(16)}` : same;
      });
    },
  },
];

const memory: Difference[] = [
  {
    why: 'a page table outside RAM is an access fault, as the memory there cannot be read; in QEMU it is a page fault',
    of: /^csrrw x0, satp, x3; .*(=400001 | x3=8000000000001000 )/,
    ours: (qemu) =>
      qemu.replace(/cause=([cdf])/, (_, cause) => `cause=${{ c: 1, d: 5, f: 7 }[cause as 'c' | 'd' | 'f']}`),
  },
  {
    why: 'a PMP entry that matches a byte of an access must match all; QEMU checks the first and the last',
    of: /(ld x12|sd x11), 0\(x10\) : .* x10=80400005 .* x8=11$/,
    ours(_, { x4, x5, x10 }, about) {
      return `cause=${about.includes('ld x12') ? 5 : 7} epc=${hex(x5!)} tval=${hex(x10!)} mstatus=${hex(0xa_0000_0000n | x4!)}`;
    },
  },
];

const bits: Difference[] = [
  {
    why: 'CTZW counts in 32 bits, so for a word of zeros it is 32; QEMU 7.2 continues in the upper half',
    of: /^ctzw x12, x10 : x10=8000000000000000/,
    ours: () => 'x12=20',
  },
];

export const differences: readonly Difference[] = [...bits, ...accesses, ...csrs, ...traps, ...memory];
