/** A case and the difference of two results, as text. */
import { disassemble } from '../../src/asm/disassembler.ts';
import { expand } from '../../src/cpu/table/compressed.ts';
import type { Case } from './case.ts';
import { ARENA, resultFields, resultWord, TRAP_WORDS } from './layout.ts';

const hex = (value: bigint | number): string => value.toString(16);

function listing({ start, pieces }: Case): string[] {
  const parcels = pieces.flat();
  const lines: string[] = [];
  for (let at = 0; at < parcels.length; ) {
    const address = start + 2 * at;
    const low = parcels[at]!;
    const isLong = (low & 3) === 3;
    const word = isLong ? (low | ((parcels[at + 1] ?? 0) << 16)) >>> 0 : low;
    const text = isLong ? disassemble(word, address) : shortText(low, address);
    lines.push(
      `    ${hex(address)}: ${hex(word)
        .padStart(isLong ? 8 : 4, '0')
        .padEnd(8)}  ${text}`,
    );
    at += isLong ? 2 : 1;
  }
  return lines;
}

/** A compressed instruction, disassembled by its expansion. */
function shortText(parcel: number, address: number): string {
  const word = expand(parcel);
  return word === 0 ? 'not an instruction' : `${disassemble(word, address)} (compressed)`;
}

export function caseText(one: Case): string {
  const state = Object.entries(one.state).filter(([, value]) => value !== 0n);
  const memory = Object.entries(one.memory).filter(([, value]) => value !== 0n);
  const pairs = (all: [string, bigint][], name: (key: string) => string) =>
    all.map(([key, value]) => `${name(key)}=${hex(value)}`).join(' ');
  return [
    `  seed ${one.seed}, case ${one.index}, at most ${one.traps} traps`,
    `  ${pairs(state, (name) => name)}`,
    `  ${pairs(memory, (address) => hex(Number(address)))}`,
    ...listing(one),
  ].join('\n');
}

interface Decoded {
  fields: Record<string, string>;
}

/** A result's words by name. */
function decoded(words: BigUint64Array): Decoded {
  const fields: Record<string, string> = {};
  resultFields.forEach((name, index) => {
    fields[name] = hex(words[index]!);
  });
  const traps = Number(words[resultWord.get('traps')!]!);
  let at = resultFields.length;
  for (let trap = 0; trap < traps; trap++, at += TRAP_WORDS)
    ['cause', 'epc', 'tval', 'mstatus'].forEach((name, index) => {
      fields[`trap ${trap} ${name}`] = hex(words[at + index]!);
    });
  for (; at < words.length; at += 2)
    fields[`memory ${hex(ARENA + Number(words[at]!))}`] = hex(words[at + 1]!);
  delete fields.words;
  return { fields };
}

/** The differences of two results, a line each. */
export function differenceText(ours: BigUint64Array, qemu: BigUint64Array | undefined): string {
  if (!qemu) return '  QEMU does not terminate';
  const [a, b] = [decoded(ours).fields, decoded(qemu).fields];
  return [...new Set([...Object.keys(a), ...Object.keys(b)])]
    .filter((name) => a[name] !== b[name])
    .map((name) => `  ${name}: ${a[name] ?? 'as it was'} here, ${b[name] ?? 'as it was'} on QEMU`)
    .join('\n');
}
