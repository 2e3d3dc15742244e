/** CSR instructions. Only bits that both machines implement are written: other differences are known. */
import { csrNumbers, csrs, PRIVILEGE } from '../../src/cpu/csrs.ts';
import type { Chance } from '../testing/random-words.ts';
import { type Context, holding, op, parcels } from './context.ts';
import { ROOT, SUPERVISOR_HANDLER } from './layout.ts';

/** CSRs whose values are no state of the case: reads of these go to x0. */
const counters = new Set(['mcycle', 'minstret', 'cycle', 'time', 'instret', 'seed']);
/** CSRs that the harness uses, or that QEMU's machine does not have in the same form. */
const left = /^(mtvec|mscratch|mseccfg|stimecmp|mhpm.*|tselect|tdata.|pmp.*|mcountinhibit)$/;
const usable = csrs.filter(({ name }) => !left.test(name));
const byPrivilege = new Map(
  [PRIVILEGE.U, PRIVILEGE.S, PRIVILEGE.M].map((privilege) => [
    privilege as number,
    usable.filter(({ number }) => ((number >> 8) & 3) <= privilege),
  ]),
);

const floatStatus = (chance: Chance): bigint => BigInt(chance.pick([0, 3, 3, 3, 3, 3])) << 13n;

/** Values that can be written to a CSR and mean the same on both machines. */
function valueFor(chance: Chance, name: string, start: bigint): bigint {
  const masked = (mask: bigint) => chance.word64() & mask;
  switch (name) {
    case 'mstatus': {
      const mpp = chance.pick([0n, 1n, 3n]) << 11n;
      const rest = masked(0x7e_01a2n) & (chance.chance(0.7) ? ~0x70_0000n : ~0n);
      return mpp | rest | floatStatus(chance);
    }
    case 'sstatus':
      return masked(0xc_0122n) | floatStatus(chance);
    case 'medeleg':
      return masked(0xb3f7n);
    case 'mideleg':
    case 'mie':
    case 'mip':
    case 'sie':
    case 'sip':
      return masked(0x222n);
    case 'satp':
      return chance.chance(0.6) ? (8n << 60n) | BigInt(ROOT >>> 12) : 0n;
    case 'mepc':
    case 'sepc':
      return chance.chance(0.5) ? start + BigInt(2 * chance.below(64)) : chance.word64() & ~1n;
    case 'stvec':
      return chance.chance(0.5) ? BigInt(SUPERVISOR_HANDLER) : chance.word64() & ~2n;
    case 'mcounteren':
    case 'scounteren':
      return BigInt(chance.below(8));
    case 'menvcfg':
      return masked((1n << 63n) | 1n);
    case 'senvcfg':
    case 'fflags':
    case 'frm':
    case 'fcsr':
      return name === 'senvcfg'
        ? masked(1n)
        : name === 'frm'
          ? masked(7n)
          : name === 'fflags'
            ? masked(31n)
            : masked(255n);
    default:
      return chance.value();
  }
}

const immediates: Record<string, number[]> = {
  mstatus: [0, 2],
  sstatus: [0, 2],
  mideleg: [0, 2],
  mie: [0, 2],
  mip: [0, 2],
  sie: [0, 2],
  sip: [0, 2],
  mepc: [0, 2, 4],
  sepc: [0, 2, 4],
  medeleg: [0, 4, 16],
  satp: [0],
  stvec: [0, 1, 4],
  mcounteren: [0, 1, 7],
  scounteren: [0, 1, 7],
  menvcfg: [0, 1],
  senvcfg: [0, 1],
};

export function csrPiece(context: Context): number[] {
  const { chance, privilege } = context;
  const { name } = chance.pick(chance.chance(0.9) ? byPrivilege.get(privilege)! : usable);
  const csr = csrNumbers.get(name)!;
  const rd = counters.has(name) || chance.chance(0.2) ? 0 : chance.below(16);
  const operation = chance.pick(['csrrw', 'csrrs', 'csrrc']);
  if (chance.chance(0.2)) {
    const zimm = chance.pick(immediates[name] ?? [0, 1, 31, 21]);
    return parcels(op(`${operation}i`, { rd, csr, zimm }));
  }
  // CSRs are mostly read.
  const rs1 = chance.chance(0.3) ? 0 : holding(context, valueFor(chance, name, context.plan.code));
  return parcels(op(operation, { rd, csr, rs1 }));
}
