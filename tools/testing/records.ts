/** What the interpreter's records of instructions must say, computed with the decoder of the other tools. */
import { extract, type FieldName, fields, formats } from '../../src/cpu/formats.ts';
import { decode, immediateOf } from '../../src/cpu/instructions.ts';
import {
  type HartWord,
  offsetOf,
  RECORD,
  RECORD_BYTES,
  RECORD_COUNT,
  RECORDS,
  SCRATCH_WORDS,
} from '../../src/cpu/layout.ts';
import { ILLEGAL, operationOf } from '../../src/cpu/records.ts';
import { expand } from '../../src/cpu/table/compressed.ts';

/** The number of the record of an instruction at an address. */
export const recordNumber = (pc: number): number => (pc / 2) % RECORD_COUNT;

/** How a record contradicts its bits, if it does. @param memory a hart's memory, from its first byte */
export function wrongRecord(memory: DataView, number: number): string | undefined {
  const at = RECORDS + number * RECORD_BYTES;
  const bits = memory.getUint32(at + RECORD.bits, true);
  const operation = memory.getUint8(at + RECORD.operation);
  const isCompressed = (bits & 3) !== 3;
  const word = isCompressed ? expand(bits & 0xffff) : bits;
  const row = word === 0 ? undefined : decode(word);
  const wrong = (what: string) => `the record of 0x${bits.toString(16)} has a wrong ${what}`;
  if (operation !== (row ? operationOf(row) : ILLEGAL)) return wrong('operation');
  if (!row) return undefined;
  if (memory.getUint8(at + RECORD.length) !== (isCompressed ? 2 : 4)) return wrong('length');
  const immediate = immediateOf(row);
  if (immediate && memory.getInt32(at + RECORD.immediate, true) !== (extract(immediate, word) | 0))
    return wrong('immediate');
  for (const name of (formats[row.format].syntax.match(/\w+/g) ?? []) as FieldName[]) {
    const place = placeOf[name];
    if (place && memory.getUint16(at + RECORD[place], true) !== offsetOfOperand(name, word))
      return wrong(name);
  }
  return undefined;
}

const placeOf: Partial<Record<FieldName, 'rd' | 'rs1' | 'rs2'>> = {
  rd: 'rd',
  fd: 'rd',
  rs1: 'rs1',
  fs1: 'rs1',
  rs2: 'rs2',
  fs2: 'rs2',
};

function offsetOfOperand(name: FieldName, word: number): number {
  const register = `${fields[name].kind}${extract(fields[name], word)}`;
  return name === 'rd' && register === 'x0' ? SCRATCH_WORDS.SINK : offsetOf(register as HartWord);
}
