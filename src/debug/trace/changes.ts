/** What a step has changed, in the names of assembly. */
import type { AnyHart } from '../../cpu/checked-hart.ts';
import { type Csr, csrs, MSTATUS, PRIVILEGE } from '../../cpu/csrs.ts';
import type { HartWord } from '../../cpu/layout.ts';
import { abiNames, floatAbiNames } from '../../cpu/registers.ts';
import type { Machine } from '../../vmm/machine.ts';
import { readMemory, translate } from '../address-space.ts';
import { csrValue } from '../csr-values.ts';
import type { Change, MemoryAccess } from './events.ts';
import { type HartImage, PLACE, shownWords } from './hart-image.ts';
import type { AccessForm, Decoded } from './instruction.ts';

const U64 = 2n ** 64n - 1n;

const csrByName = new Map(csrs.map((csr) => [csr.name, csr]));
/** The words that have another name than the CSR that they hold. */
const csrNamesOfWords: Partial<Record<HartWord, string>> = {
  mcycleBias: 'mcycle',
  minstretBias: 'minstret',
};

interface Shown {
  name: string;
  csr: Csr | undefined;
}

const shown = new Map<HartWord, Shown>(
  shownWords.map((word) => {
    const register = /^([xf])(\d+)$/.exec(word);
    if (register) {
      const names = register[1] === 'x' ? abiNames : floatAbiNames;
      return [word, { name: names[Number(register[2])]!, csr: undefined }];
    }
    const name = csrNamesOfWords[word] ?? word;
    return [word, { name, csr: csrByName.get(name)! }];
  }),
);

/** The present values of these words, CSRs as they are read. */
export const changesOf = (machine: Machine, words: readonly HartWord[]): Change[] =>
  words.map((word) => {
    const { name, csr } = shown.get(word)!;
    return { name, value: csr ? csrValue(machine, csr) : machine.hart.get(word) };
  });

/** The mode whose addresses data accesses use: with MPRV that of MPP. */
function dataPrivilege(before: HartImage): number {
  const privilege = before.low(PLACE.privilege);
  const status = before.low(PLACE.mstatus);
  const hasMprv = (status & Number(MSTATUS.MPRV)) !== 0;
  return privilege === PRIVILEGE.M && hasMprv ? (status >> 11) & 3 : privilege;
}

/** Whether an SC stored: whether its address is the reserved one. */
function reserved(hart: AnyHart, before: HartImage, { base }: AccessForm): boolean {
  return before.get('reservation') === translate(hart, before.get(base), dataPrivilege(before));
}

/**
 * The accesses of an instruction that was executed without a trap.
 * @param before the hart before the step
 * @param hart the same one after it
 */
export function accessesOf(hart: AnyHart, before: HartImage, decoded: Decoded): MemoryAccess[] {
  const accesses: MemoryAccess[] = [];
  for (const form of decoded.accesses) {
    if (decoded.isConditional && !reserved(hart, before, form)) continue;
    const { access, sizeBytes, base, offset, from } = form;
    const address = (before.get(base) + offset) & U64;
    if (access === 'load') accesses.push({ access, address, sizeBytes });
    else {
      const value = from === undefined ? stored(hart, before, address, sizeBytes) : before.get(from);
      accesses.push({ access, address, sizeBytes, value: BigInt.asUintN(8 * sizeBytes, value) });
    }
  }
  return accesses;
}

/** What an atomic operation has stored: those are in RAM always. */
function stored(hart: AnyHart, before: HartImage, address: bigint, sizeBytes: number): bigint {
  const physical = translate(hart, address, dataPrivilege(before)) ?? 0n;
  return readMemory(hart, physical, sizeBytes, 'physical').reduceRight(
    (value, byte) => (value << 8n) | BigInt(byte),
    0n,
  );
}
