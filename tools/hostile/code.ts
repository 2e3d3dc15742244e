/** The code of a hostile guest. Half of it is valid, so that the other half is reached. */

import { csrs } from '../../src/cpu/csrs.ts';
import { type Field, type FieldName, type Format, fields, formats, insert } from '../../src/cpu/formats.ts';
import { type Instruction, instructions } from '../../src/cpu/instructions.ts';
import { VIRTIO_MMIO } from '../../src/devices/virtio/registers.ts';
import type { Chance } from '../testing/random-words.ts';
import { DESCRIPTORS, EIDS, POOL_WORDS, RING } from './memory.ts';
import { instruction, parcelsOf } from './words.ts';

/** Registers that hold addresses when a case begins. Others are written more often. */
export const POINTER = {
  data: 18,
  rings: 19,
  tables: 20,
  slot: 21,
  otherSlot: 22,
  device: 23,
  code: 25,
  ends: 26,
  anywhere: 27,
  /** The middle of the pool. */
  pool: 28,
} as const;
const pointers = Object.values(POINTER);

const destination = (chance: Chance): number => (chance.chance(0.97) ? chance.below(16) : chance.below(32));
const pointer = (chance: Chance): number => chance.pick(pointers);

const fieldsOf = ({ format }: Instruction): FieldName[] => {
  const { syntax, suffix }: Format = formats[format];
  return [...(syntax.match(/\w+/g) ?? []), ...(suffix ? [suffix] : [])] as FieldName[];
};
interface Row {
  match: number;
  operands: readonly { name: FieldName; field: Field; bits: number }[];
}
const rowOf = (one: Instruction): Row => ({
  match: one.match,
  operands: fieldsOf(one).map((name) => ({
    name,
    field: fields[name],
    bits: Math.max(...fields[name].pieces.map(({ to, width }) => to + width)),
  })),
});
const rowsOf = (...formatNames: string[]): Row[] =>
  instructions.filter(({ format }) => formatNames.includes(format)).map(rowOf);
const any = instructions.map(rowOf);
const loads = rowsOf('L', 'S', 'FLoad', 'FStore');
const atomics = rowsOf('Amo', 'Lr');
const jumps = rowsOf('B', 'J');

function fieldValue(chance: Chance, { name, field, bits }: Row['operands'][number]): number {
  if (name === 'rd') return destination(chance);
  if (field.kind === 'target')
    return 2 * (chance.chance(0.9) ? chance.below(24) - 8 : chance.below(2000) - 1000);
  if (field.signed && chance.chance(0.6)) return chance.below(64) - 16;
  return chance.below(2 ** bits);
}

function random(chance: Chance, row: Row, given: { [F in FieldName]?: number } = {}): number[] {
  let word = row.match;
  for (const operand of row.operands)
    word |= insert(operand.field, given[operand.name] ?? fieldValue(chance, operand));
  return parcelsOf(word >>> 0);
}

/** A register gets a value of the pool. */
const load = (chance: Chance, rd: number, index = chance.below(POOL_WORDS)): number[] =>
  parcelsOf(instruction('ld', { rd, rs1: POINTER.pool, immI: 8 * index - 4 * POOL_WORDS }));

const li = (rd: number, immI: number): number => instruction('addi', { rd, immI });

const changing = csrs.filter(({ access }) => access.is !== 'constant');

/** CSRs of interrupts. */
const interrupting = csrs.filter(({ name }) => /^[ms](status|ie|ip)$/.test(name));

/** Makes interrupts pending, or enables them. */
const interrupt = (chance: Chance): number[] => {
  const mnemonic = chance.pick(['csrrsi', 'csrrsi', 'csrrs', 'csrrw']);
  const { number: csr } = chance.pick(interrupting);
  if (mnemonic === 'csrrsi')
    return parcelsOf(instruction(mnemonic, { csr, zimm: chance.pick([2, 8, 10, 31]) }));
  return [
    ...parcelsOf(li(5, chance.pick([2, 8, 0x20, 0x200, 0x222, -1]))),
    ...parcelsOf(instruction(mnemonic, { csr, rs1: 5 })),
  ];
};

function csr(chance: Chance): number[] {
  const number = chance.chance(0.97)
    ? chance.pick(chance.chance(0.9) ? changing : csrs).number
    : chance.below(4096);
  const mnemonic = chance.pick(['csrrw', 'csrrs', 'csrrc', 'csrrwi', 'csrrsi', 'csrrci']);
  const rd = destination(chance);
  if (mnemonic.endsWith('i'))
    return parcelsOf(instruction(mnemonic, { rd, csr: number, zimm: chance.below(32) }));
  const rs1 = chance.below(16);
  return [
    ...(chance.chance(0.7) ? load(chance, rs1) : []),
    ...parcelsOf(instruction(mnemonic, { rd, csr: number, rs1 })),
  ];
}

/** A call of the SBI with valid or invalid arguments. */
function sbi(chance: Chance): number[] {
  const argument = (rd: number) =>
    chance.chance(0.6) ? parcelsOf(li(rd, chance.pick([0, 1, 1, 2, -1, 3, 17, 300]))) : load(chance, rd);
  return [
    ...load(chance, 17, chance.below(EIDS.length)),
    ...parcelsOf(li(16, chance.below(chance.chance(0.9) ? 4 : 2048))),
    ...argument(10),
    ...(chance.chance(0.5) ? load(chance, 11) : argument(11)),
    ...(chance.chance(0.7) ? parcelsOf(li(12, 0)) : argument(12)),
    ...parcelsOf(instruction('ecall')),
  ];
}

const slot = (chance: Chance): number => (chance.chance(0.8) ? POINTER.slot : POINTER.otherSlot);
const registers = Object.values(VIRTIO_MMIO);

const notify = (chance: Chance): number[] =>
  parcelsOf(
    li(5, chance.chance(0.9) ? chance.below(2) : chance.below(2048)),
    instruction('sw', { rs1: slot(chance), rs2: 5, immS: VIRTIO_MMIO.QueueNotify }),
  );

/** Changes something in the rings, and usually notifies the device. */
function queue(chance: Chance): number[] {
  const at = RING.queueBytes * chance.below(2);
  const change = (): number[] => {
    switch (chance.below(4)) {
      case 0:
        return [
          ...load(chance, 5),
          ...parcelsOf(
            instruction('sd', { rs1: POINTER.rings, rs2: 5, immS: at + 8 * chance.below(2 * DESCRIPTORS) }),
          ),
        ];
      case 1:
        return parcelsOf(
          li(5, chance.below(DESCRIPTORS + 1)),
          instruction('sh', {
            rs1: POINTER.rings,
            rs2: 5,
            immS: at + RING.driver + 4 + 2 * chance.below(DESCRIPTORS),
          }),
        );
      default:
        return parcelsOf(
          instruction('lhu', { rd: 5, rs1: POINTER.rings, immI: at + RING.driver + 2 }),
          instruction('addi', { rd: 5, rs1: 5, immI: 1 + chance.below(3) }),
          instruction('sh', { rs1: POINTER.rings, rs2: 5, immS: at + RING.driver + 2 }),
        );
    }
  };
  return [...change(), ...(chance.chance(0.7) ? notify(chance) : [])];
}

function virtioRegister(chance: Chance): number[] {
  const register = chance.pick(registers) & 0x7fc;
  if (chance.chance(0.3))
    return parcelsOf(instruction('lw', { rd: destination(chance), rs1: slot(chance), immI: register }));
  return [
    ...(chance.chance(0.6) ? parcelsOf(li(5, chance.pick([0, 1, 2, 3, 8, 11, 15, 16]))) : load(chance, 5)),
    ...parcelsOf(instruction('sw', { rs1: slot(chance), rs2: 5, immS: register })),
  ];
}

const access = (chance: Chance): number[] => {
  const offset = chance.chance(0.8) ? 4 * chance.below(16) : chance.below(4096) - 2048;
  return random(chance, chance.pick(loads), { rs1: pointer(chance), immI: offset, immS: offset });
};

/** Changes a page-table entry, sometimes with SFENCE.VMA. */
const remap = (chance: Chance): number[] => [
  ...load(chance, 6),
  ...parcelsOf(
    instruction(chance.pick(['sd', 'sd', 'sb', 'sw']), {
      rs1: POINTER.tables,
      rs2: 6,
      immS: 8 * chance.below(20) + (chance.chance(0.1) ? chance.below(8) : 0),
    }),
  ),
  ...(chance.chance(0.5) ? parcelsOf(instruction('sfence.vma')) : []),
];

/** Changes an instruction some way ahead. */
const rewrite = (chance: Chance): number[] => [
  ...load(chance, 6),
  ...parcelsOf(
    instruction(chance.pick(['sh', 'sw', 'sd']), { rs1: POINTER.code, rs2: 6, immS: 2 * chance.below(1000) }),
  ),
];

/** MRET or SRET to the next instruction, possibly in another mode. */
function goOn(chance: Chance): number[] {
  const [name, epc] = chance.pick([
    ['mret', 'mepc'],
    ['sret', 'sepc'],
  ] as const);
  const number = csrs.find((one) => one.name === epc)!.number;
  return parcelsOf(
    instruction('auipc', { rd: 5 }),
    instruction('addi', { rd: 5, rs1: 5, immI: 16 }),
    instruction('csrrw', { rs1: 5, csr: number }),
    instruction(name),
  );
}

const jumpAway = (chance: Chance): number[] => [
  ...load(chance, 5),
  ...parcelsOf(instruction('jalr', { rd: destination(chance), rs1: 5, immI: chance.below(16) })),
];

const compressed = (chance: Chance): number[] => {
  const parcel = chance.below(0x1_0000);
  return [(parcel & 3) === 3 ? parcel ^ (1 + chance.below(2)) : parcel];
};

const pieces: readonly (readonly [number, (chance: Chance) => number[]])[] = [
  [16, (chance) => random(chance, chance.pick(any))],
  [20, access],
  [10, (chance) => random(chance, chance.pick(atomics), { rs1: pointer(chance) })],
  [6, (chance) => random(chance, chance.pick(jumps))],
  [1, jumpAway],
  [10, csr],
  [6, interrupt],
  [8, sbi],
  [16, queue],
  [10, virtioRegister],
  [10, (chance) => load(chance, destination(chance))],
  [3, (chance) => load(chance, chance.pick([POINTER.device, POINTER.anywhere]))],
  [5, remap],
  [2, rewrite],
  [5, goOn],
  [12, compressed],
  [4, (chance) => parcelsOf(chance.word32())],
  [1, () => parcelsOf(instruction('wfi'))],
];

export function program(chance: Chance, parcels: number): number[] {
  const code: number[] = [];
  while (code.length < parcels) code.push(...chance.weighted(pieces)(chance));
  return code;
}

const number = (name: string): number => csrs.find((one) => one.name === name)!.number;

/** A trap handler that resumes after the trap, or anywhere in the program. `mode`: whose traps it handles. */
export function handler(chance: Chance, mode: 'm' | 's'): number[] {
  const [scratch, epc] = [number(`${mode}scratch`), number(`${mode}epc`)];
  const away = [
    instruction('csrrs', { rd: 31, csr: number(mode === 'm' ? 'mcycle' : 'cycle') }),
    instruction('andi', { rd: 31, rs1: 31, immI: 0x3fe }),
    instruction('add', { rd: 31, rs1: 31, rs2: POINTER.code }),
  ];
  const onward = [
    instruction('csrrs', { rd: 31, csr: epc }),
    instruction('addi', { rd: 31, rs1: 31, immI: chance.chance(0.8) ? 4 : 2 }),
  ];
  return parcelsOf(
    ...(chance.chance(0.6) ? [instruction('csrrw', { csr: number(`${mode}ie`) })] : []),
    instruction('csrrw', { rd: 31, csr: scratch, rs1: 31 }),
    ...(chance.chance(0.8) ? away : onward),
    instruction('csrrw', { csr: epc, rs1: 31 }),
    instruction('csrrw', { rd: 31, csr: scratch, rs1: 31 }),
    instruction(`${mode}ret`),
  );
}
