/** The pieces of generated programs: instructions, and short sequences of related ones. */

import { csrNumbers } from '../../src/cpu/csrs.ts';
import { type Field, type FieldName, type Format, fields, formats, insert } from '../../src/cpu/formats.ts';

import { type Instruction, instructions } from '../../src/cpu/instructions.ts';
import type { Chance } from '../testing/random-words.ts';
import { type Context, holding, op, parcels } from './context.ts';
import { csrPiece } from './csr-pieces.ts';
import { randomPmp, randomPte } from './memory-plan.ts';

const OPCODE = {
  load: 0x03,
  loadFloat: 0x07,
  store: 0x23,
  storeFloat: 0x27,
  amo: 0x2f,
  branch: 0x63,
  jalr: 0x67,
  jal: 0x6f,
  system: 0x73,
};
const opcodeOf = ({ match }: Instruction): number => match & 0x7f;
const of = (...opcodes: number[]) =>
  instructions.filter((row) => row.match % 4 === 3 && opcodes.includes(opcodeOf(row)));
const memoryRows = of(OPCODE.load, OPCODE.store, OPCODE.loadFloat, OPCODE.storeFloat);
const amoRows = of(OPCODE.amo).filter(({ mnemonic }) => !mnemonic.startsWith('sc.'));
const controlRows = of(OPCODE.branch, OPCODE.jal);
const systemRows = of(OPCODE.system).filter(({ extension }) => extension === 'Privileged');
/** WFI is for cases with an interrupt that ends it: QEMU would wait endlessly. */
const runningRows = systemRows.filter(({ mnemonic }) => mnemonic !== 'wfi');
const computingRows = instructions.filter(
  (row) => row.match % 4 === 3 && !Object.values(OPCODE).includes(opcodeOf(row)),
);
const floatRows = computingRows.filter(({ match }) => [0x43, 0x47, 0x4b, 0x4f, 0x53].includes(match & 0x7f));
const integerRows = computingRows.filter((row) => !floatRows.includes(row));

/** Registers that a program writes: those for pointers and operands seldom. */
const destination = (chance: Chance): number => (chance.chance(0.95) ? chance.below(16) : chance.below(32));
const pointer = (chance: Chance): number => chance.pick([16, 17, 18, 19, 31]);

const fieldNames = ({ format }: Instruction): FieldName[] => {
  const { syntax, suffix }: Format = formats[format];
  return [...(syntax.match(/\w+/g) ?? []), ...(suffix ? [suffix] : [])] as FieldName[];
};

/** Any value of a field, but registers that are written are mostly the lower ones, and jumps are short. */
function fieldValue(chance: Chance, name: FieldName, field: Field): number {
  if (name === 'rd') return destination(chance);
  if (field.kind === 'target') return 2 * (chance.chance(0.9) ? 1 + chance.below(12) : chance.below(40) - 20);
  // Most rounding modes that there are; 5 and 6 are reserved.
  if ((name as string) === 'rm')
    return chance.chance(0.95) ? chance.pick([0, 1, 2, 3, 4, 7]) : chance.below(8);
  const bits = Math.max(...field.pieces.map(({ to, width }) => to + width));
  return field.signed && chance.chance(0.3) ? chance.below(16) - 8 : chance.below(2 ** bits);
}

function instruction(
  { chance }: Context,
  row: Instruction,
  given: { [F in FieldName]?: number } = {},
): number[] {
  let word = row.match;
  for (const name of fieldNames(row))
    word |= insert(fields[name], given[name] ?? fieldValue(chance, name, fields[name]));
  return parcels(word >>> 0);
}

const smallOffset = (chance: Chance): number =>
  chance.chance(0.8) ? chance.below(24) - 8 : chance.below(4096) - 2048;

function access(context: Context): number[] {
  const { chance } = context;
  const offset = smallOffset(chance);
  const rs1 = chance.chance(0.95) ? pointer(chance) : chance.below(32);
  return instruction(context, chance.pick(memoryRows), { rs1, immI: offset, immS: offset });
}

function atomic(context: Context): number[] {
  const { chance, plan, state } = context;
  const rs1 = pointer(chance);
  if (chance.chance(0.7)) state[`x${rs1}`] = plan.data() & ~7n;
  if (chance.chance(0.85)) return instruction(context, chance.pick(amoRows), { rs1 });
  const suffix = chance.pick(['.w', '.d']);
  const row = (name: string) => instructions.find(({ mnemonic }) => mnemonic === name)!;
  return [
    ...instruction(context, row(`lr${suffix}`), { rs1 }),
    ...instruction(context, row(`sc${suffix}`), { rs1 }),
  ];
}

/** A jump through a register to a place a little further on. */
function indirectJump({ chance }: Context): number[] {
  const register = 1 + chance.below(15);
  return [
    ...parcels(op('auipc', { rd: register })),
    ...parcels(
      op('jalr', {
        rd: destination(chance),
        rs1: register,
        immI: 8 + 2 * chance.below(12) + (chance.chance(0.1) ? 1 : 0),
      }),
    ),
  ];
}

/** Changes a page table, then SFENCE.VMA. */
function remap(context: Context): number[] {
  const { chance, plan } = context;
  const target = holding(context, plan.tables());
  const entry = holding(context, randomPte(chance, context.privilege === 0));
  const fence = chance.chance(0.8) ? op('sfence.vma') : op('sfence.vma', { rs1: 16, rs2: chance.below(2) });
  return [...parcels(op('sd', { rs1: target, rs2: entry })), ...parcels(fence)];
}

/** Changes an instruction some way ahead, then FENCE.I. */
function rewrite(context: Context): number[] {
  const { chance, plan } = context;
  const target = holding(context, plan.code + BigInt(4 * chance.below(40)));
  const [low, high] = instruction(context, chance.pick(integerRows));
  const word = holding(context, BigInt((low! | (high! << 16)) >>> 0));
  return [
    ...parcels(op(chance.pick(['sw', 'sw', 'sh', 'sd']), { rs1: target, rs2: word })),
    ...parcels(op('fence.i')),
  ];
}

/** MRET or SRET to the instruction that follows. */
function goBack(context: Context): number[] {
  const { chance } = context;
  const [name, epc] = chance.pick([
    ['mret', 'mepc'],
    ['sret', 'sepc'],
  ] as const);
  const register = 1 + chance.below(15);
  return [
    ...parcels(op('auipc', { rd: register })),
    ...parcels(op('addi', { rd: register, rs1: register, immI: 16 })),
    ...parcels(op('csrrw', { rs1: register, csr: csrNumbers.get(epc)! })),
    ...parcels(op(name)),
  ];
}

/** Changes a PMP entry, then SFENCE.VMA. */
function protect(context: Context): number[] {
  const [index, address, setting] = randomPmp(context.chance);
  const register = holding(context, address);
  const settings = holding(context, (setting << BigInt(8 * (index % 8))) | (index >= 8 ? 0x1fn << 56n : 0n));
  return [
    ...parcels(op('csrrw', { rs1: register, csr: csrNumbers.get(`pmpaddr${index}`)! })),
    ...parcels(
      op('csrrw', {
        rd: destination(context.chance),
        rs1: settings,
        csr: csrNumbers.get(index < 8 ? 'pmpcfg0' : 'pmpcfg2')!,
      }),
    ),
    ...parcels(op('sfence.vma')),
  ];
}

/** Not a parcel that begins a longer instruction. */
const compressed = ({ chance }: Context): number[] => {
  const parcel = chance.below(0x1_0000);
  return [(parcel & 3) === 3 ? parcel & ~(1 + chance.below(2)) : parcel];
};

const anything = ({ chance }: Context): number[] => parcels((chance.word32() | 3) >>> 0);

/** A row with one bit wrong. */
const nearly = ({ chance }: Context): number[] => {
  const { match, mask } = chance.pick(instructions);
  const word = (match | (chance.word32() & ~mask)) ^ (1 << chance.below(32));
  return parcels(word >>> 0);
};

const isPending = ({ state }: Context): boolean => ((state.mip ?? 0n) & (state.mie ?? 0n)) !== 0n;

const kinds = (privilege: number): (readonly [number, (context: Context) => number[]])[] => [
  [24, (context) => instruction(context, context.chance.pick(integerRows))],
  [24, (context) => instruction(context, context.chance.pick(floatRows))],
  [22, access],
  [8, atomic],
  [8, (context) => instruction(context, context.chance.pick(controlRows))],
  [2, indirectJump],
  [privilege === 0 ? 3 : 10, csrPiece],
  [14, compressed],
  [2, anything],
  [2, nearly],
  [privilege === 0 ? 0 : 4, remap],
  [2, rewrite],
  [privilege === 0 ? 1 : 4, goBack],
  [privilege === 3 ? 4 : 0, protect],
  [3, (context) => instruction(context, context.chance.pick(isPending(context) ? systemRows : runningRows))],
];
const kindsByPrivilege = new Map([0, 1, 3].map((privilege) => [privilege, kinds(privilege)]));

export function piece(context: Context): number[] {
  return context.chance.weighted(kindsByPrivilege.get(context.privilege)!)(context);
}
