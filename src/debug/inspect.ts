/** What a machine shows at its present position, as plain data: registers, CSRs, the instructions round `pc`. */
import { disassemble } from '../asm/disassembler.ts';
import { csrs } from '../cpu/csrs.ts';
import { sizeOf } from '../cpu/formats.ts';
import type { HartWord } from '../cpu/layout.ts';
import { abiNames, floatAbiNames } from '../cpu/registers.ts';
import type { Machine } from '../vmm/machine.ts';
import { readMemory } from './address-space.ts';
import { csrValue } from './csr-values.ts';
import { decodeWord } from './trace/instruction.ts';

/** A register or CSR. */
export interface NamedValue {
  name: string;
  value: bigint;
}

/** An instruction in memory. */
export interface DisassembledLine {
  address: bigint;
  /** As it is in memory: 16 bits when it is compressed. */
  word: number;
  sizeBytes: 2 | 4;
  text: string;
  isPc: boolean;
}

/** `pc`, the integer registers by their ABI names, and those of F and D. */
export function registersOf({ hart }: Machine): NamedValue[] {
  const named = (names: readonly string[], letter: 'x' | 'f') =>
    names.map((name, index) => ({ name, value: hart.get(`${letter}${index}` as HartWord) }));
  return [{ name: 'pc', value: hart.get('pc') }, ...named(abiNames, 'x'), ...named(floatAbiNames, 'f')];
}

/** All CSRs: see {@link csrValue}. */
export const csrsOf = (machine: Machine): NamedValue[] =>
  csrs.map((csr) => ({ name: csr.name, value: csrValue(machine, csr) }));

/**
 * The instructions round `pc`: up to `before` in front of it, the one at it, and up to `after` behind. Instructions have
 * 16 or 32 bits, so where one in front begins can only be guessed: as far back as all are valid up to `pc`.
 */
export function disassemblyOf(machine: Machine, before: number, after: number): DisassembledLine[] {
  const pc = machine.hart.get('pc');
  const behind = instructionsFrom(machine, pc, after + 1);
  for (let back = 4 * before; back > 0; back -= 2) {
    if (BigInt(back) > pc) continue;
    const front = instructionsFrom(machine, pc - BigInt(back), 2 * before, pc);
    const last = front.at(-1);
    const leads = last !== undefined && last.address + BigInt(last.sizeBytes) === pc;
    if (leads && front.every(({ word }) => decodeWord(word).row)) return [...front.slice(-before), ...behind];
  }
  return behind;
}

/** Up to `count` instructions from an address on, before another. */
function instructionsFrom(machine: Machine, from: bigint, count: number, end?: bigint): DisassembledLine[] {
  const { hart } = machine;
  const pc = hart.get('pc');
  const lines: DisassembledLine[] = [];
  for (let address = from; lines.length < count && (end === undefined || address < end); ) {
    const [a, b, c, d] = readMemory(hart, address, 4);
    if (b === undefined) break;
    const low = a! | (b << 8);
    const sizeBytes = sizeOf(low) === 2 ? 2 : 4;
    if (sizeBytes === 4 && d === undefined) break;
    const word = sizeBytes === 2 ? low : (low | (c! << 16) | (d! << 24)) >>> 0;
    lines.push({ address, word, sizeBytes, text: disassemble(word, address), isPc: address === pc });
    address += BigInt(sizeBytes);
  }
  return lines;
}
