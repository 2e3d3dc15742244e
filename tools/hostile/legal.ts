/** The bits of the hart's words that can be set, from the CSR table. */

import type { AnyHart } from '../../src/cpu/checked-hart.ts';
import {
  type Csr,
  type CsrWord,
  csrs,
  csrWords,
  INTERRUPT,
  MSTATUS,
  PMP,
  S_INTERRUPTS,
  SATP,
} from '../../src/cpu/csrs.ts';
import { type HartWord, NO_RESERVATION, RAM_BASE } from '../../src/cpu/layout.ts';

const ALL = 2n ** 64n - 1n;

/** The bits that can be set in the word behind a CSR. */
function bitsOf({ access }: Csr): [CsrWord, bigint] | undefined {
  switch (access.is) {
    case 'word':
      return [access.word, access.writable];
    case 'status':
      return ['mstatus', access.writable];
    case 'counter':
      return [access.word, ALL];
    case 'mip':
      return ['mip', S_INTERRUPTS];
    case 'satp':
      return ['satp', (SATP.SV39 << 60n) | SATP.PPN];
    case 'fcsr':
      return ['fcsr', ((1n << BigInt(access.bits)) - 1n) << BigInt(access.shift)];
    case 'pmpcfg':
      return [access.word, 0x9f9f_9f9f_9f9f_9f9fn];
    case 'pmpaddr':
      return [`pmpaddr${access.index}` as CsrWord, 2n ** 54n - 1n];
    default:
      return undefined;
  }
}

export const legalBits: ReadonlyMap<CsrWord, bigint> = (() => {
  const legal = new Map<CsrWord, bigint>();
  for (const csr of csrs) {
    const [word, bits] = bitsOf(csr) ?? [];
    if (word !== undefined) legal.set(word, (legal.get(word) ?? 0n) | bits!);
  }
  // A word without a CSR would never be checked.
  for (const word of csrWords) if (!legal.has(word)) throw new Error(`no CSR shows ${word}`);
  return legal;
})();

const LINES = [INTERRUPT.MSI, INTERRUPT.MTI, INTERRUPT.STI, INTERRUPT.SEI, INTERRUPT.MEI].reduce(
  (all, bit) => all | (1n << BigInt(bit)),
  0n,
);

/** Whether a setting is one that a PMP entry can have: W without R is reserved. */
const pmpIsLegal = (settings: bigint): boolean => {
  for (let at = 0n; at < 64n; at += 8n)
    if (((settings >> at) & BigInt(PMP.R | PMP.W)) === BigInt(PMP.W)) return false;
  return true;
};

/** The words of which not all bits can be set. */
const limited = [...legalBits].filter(([, bits]) => bits !== ALL);

/** Why the words of a hart are not reachable by instructions; undefined when they are. */
export function illegalWord(hart: AnyHart): string | undefined {
  const word = (name: HartWord) => hart.get(name);
  for (const [name, bits] of limited)
    if ((word(name) & ~bits) !== 0n) return `${name} is 0x${word(name).toString(16)}`;
  if (word('x0') !== 0n) return 'x0 is not zero';
  if ((word('mstatus') & MSTATUS.MPP) >> 11n === 2n) return 'MPP is a mode that does not exist';
  if (![0n, 1n, 3n].includes(word('privilege'))) return `the mode is ${word('privilege')}`;
  if (word('waiting') > 1n) return 'waiting is no bit';
  if ((word('pc') & 1n) !== 0n) return 'pc is odd';
  if ((word('lines') & ~LINES) !== 0n) return `lines are 0x${word('lines').toString(16)}`;
  if (![0n, SATP.SV39].includes(word('satp') >> 60n)) return 'satp has a mode that does not exist';
  if (!pmpIsLegal(word('pmpcfg0')) || !pmpIsLegal(word('pmpcfg2'))) return 'a PMP entry has W without R';
  const reserved = word('reservation');
  const offset = reserved - BigInt(RAM_BASE);
  if (
    reserved !== NO_RESERVATION &&
    (offset < 0n || offset >= BigInt(hart.ramSizeBytes) || (reserved & 3n) !== 0n)
  )
    return `0x${reserved.toString(16)} is reserved`;
  return undefined;
}
