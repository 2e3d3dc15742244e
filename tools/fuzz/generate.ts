/** Makes a case from a seed. */
import { PRIVILEGE } from '../../src/cpu/csrs.ts';
import { Chance } from '../testing/random-words.ts';
import { type Case, EBREAK } from './case.ts';
import type { Context } from './context.ts';
import { MAX_TRAPS } from './layout.ts';
import { planMemory } from './memory-plan.ts';
import { piece } from './pieces.ts';

/** Registers that hold addresses of data when a case starts, and those with operands for CSRs and page tables. */
const POINTERS = [16, 17, 18, 19, 31];
const PIECES_MAX = 40;

export function generate(seed: string, index: number): Case {
  const chance = new Chance(`${seed}/${index}`);
  const privilege = chance.weighted([
    [25, PRIVILEGE.M],
    [40, PRIVILEGE.S],
    [35, PRIVILEGE.U],
  ] as const);
  const plan = planMemory(chance, privilege);
  const state: Record<string, bigint> = { ...plan.state };
  for (let n = 1; n < 32; n++) state[`x${n}`] = chance.chance(0.1) ? plan.data() : chance.value();
  for (const n of POINTERS) state[`x${n}`] = plan.data();
  // The supervisor's handler counts in it.
  state.x30 = 0n;
  for (let n = 0; n < 32; n++) state[`f${n}`] = chance.float();
  state.fcsr = BigInt(chance.below(chance.chance(0.9) ? 5 * 32 : 256));
  Object.assign(state, csrState(chance, privilege, plan.code));

  const context: Context = {
    chance,
    privilege,
    plan,
    state,
    memory: plan.memory,
    free: [20, 21, 22, 23, 24, 25, 26, 27],
  };
  const pieces = Array.from({ length: 4 + chance.below(PIECES_MAX) }, () => piece(context));
  return {
    seed,
    index,
    start: Number(plan.code),
    pieces: [...pieces, [EBREAK & 0xffff, EBREAK >>> 16]],
    state,
    memory: plan.memory,
    traps: 1 + chance.below(MAX_TRAPS),
  };
}

function csrState(chance: Chance, privilege: number, code: bigint): Record<string, bigint> {
  const bit = (at: number, probability: number) => (chance.chance(probability) ? 1n << BigInt(at) : 0n);
  const mstatus =
    (BigInt(privilege) << 11n) |
    bit(1, 0.5) |
    bit(5, 0.5) |
    bit(7, 0.5) |
    bit(8, 0.5) |
    (privilege === PRIVILEGE.M ? bit(17, 0.2) : 0n) |
    bit(18, 0.5) |
    bit(19, 0.3) |
    bit(20, 0.05) |
    bit(21, 0.05) |
    bit(22, 0.05) |
    (BigInt(chance.pick([...Array<number>(16).fill(3), 0, 0, 0, 1, 2])) << 13n);
  const interrupts = chance.chance(0.2);
  return {
    mstatus,
    medeleg: chance.pick([0n, 0xb1f7n, 0xb1f7n, BigInt(chance.word32()) & 0xb3f7n]),
    mideleg: chance.pick([0n, 0x222n, BigInt(chance.word32()) & 0x222n]),
    mie: interrupts ? BigInt(chance.word32()) & 0x222n : 0n,
    mip: interrupts ? chance.pick([0n, 0x2n, 0x20n, 0x200n]) : 0n,
    mcounteren: BigInt(chance.below(8)),
    scounteren: BigInt(chance.below(8)),
    menvcfg: bit(0, 0.3) | bit(63, 0.3),
    senvcfg: bit(0, 0.3),
    sscratch: chance.value(),
    sepc: code + BigInt(2 * chance.below(64)),
    scause: chance.value(),
    stval: chance.value(),
    mcause: chance.value(),
    mtval: chance.value(),
  };
}
