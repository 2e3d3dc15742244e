/** Branches and jumps whose size depends on the distance to their target. */
import { type Field, fields, insert, range, sizeOf } from '../cpu/formats.ts';
import { decode, instructions } from '../cpu/instructions.ts';
import { compressed, decodeCompressed, expand } from '../cpu/table/compressed.ts';
import type { Assembly } from './assembly.ts';
import { evaluate } from './expression.ts';
import type { Section } from './layout.ts';
import { inField, type Parsed } from './operands.ts';
import type { Scope } from './values.ts';

/** The target operand of a branch or jump. */
export interface Target extends Parsed {
  field: Field;
}

/** An instruction with a target; the target field of the word is still zero. */
interface Transfer {
  mnemonic: string;
  word: number;
  field: Field;
}

/** One encoding of a transfer: an instruction to the target, optionally after the inverse branch that skips it. */
interface Way {
  over?: Transfer;
  transfer: Transfer;
}

const words = new Map([...instructions, ...compressed].map(({ mnemonic, match }) => [mnemonic, match]));
const jump: Transfer = { mnemonic: 'jal', word: words.get('jal')!, field: fields.immJ };

/** Each conditional branch with its inverse. */
const inverses = new Map(
  [
    ['beq', 'bne'],
    ['blt', 'bge'],
    ['bltu', 'bgeu'],
    ['c.beqz', 'c.bnez'],
  ].flatMap(([a, b]): [string, string][] => [
    [a!, b!],
    [b!, a!],
  ]),
);

function inverse({ mnemonic, word, field }: Transfer): Transfer {
  const opposite = inverses.get(mnemonic)!;
  return { mnemonic: opposite, word: word ^ words.get(mnemonic)! ^ words.get(opposite)!, field };
}

const bytesOf = ({ over, transfer }: Way): number => sizeOf(transfer.word) + (over ? sizeOf(over.word) : 0);

/** The encodings of an instruction from the shortest to the longest, and the one for a target in another section. */
function waysOf(word: number): { near: Way[]; elsewhere: Way } {
  const own = transferOf(word);
  if (sizeOf(word) === 2) {
    const whole = { transfer: transferOf(expand(word)) };
    if (!inverses.has(own.mnemonic)) return { near: [{ transfer: own }, whole], elsewhere: whole };
    const { elsewhere } = waysOf(whole.transfer.word);
    return { near: [{ transfer: own }, whole, { over: inverse(own), transfer: jump }], elsewhere };
  }
  if (!inverses.has(own.mnemonic)) return { near: [{ transfer: own }], elsewhere: { transfer: own } };
  const long = { over: inverse(own), transfer: jump };
  return { near: [{ transfer: own }, long], elsewhere: long };
}

function transferOf(word: number): Transfer {
  if (sizeOf(word) === 4) {
    const { mnemonic, format } = decode(word)!;
    return { mnemonic, word, field: format === 'J' ? fields.immJ : fields.immB };
  }
  const { mnemonic } = decodeCompressed(word)!;
  return { mnemonic, word, field: mnemonic === 'c.j' ? fields.immCJ : fields.immCB };
}

/**
 * Assembles a branch or jump in its shortest encoding. As in GNU as, a conditional branch becomes the inverse branch
 * over a jump when its target is too far away or in another section. An encoding never gets shorter again. (GNU as
 * makes some transfers longer than necessary when several just reach their target.)
 * @param word the instruction with a target of zero
 */
export function assembleTransfer(assembly: Assembly, word: number, target: Target): void {
  const { section } = assembly;
  const { near, elsewhere } = waysOf(word);
  const write = (way: Way, out: DataView, at: number, scope: Scope) => {
    const skipped = way.over ? sizeOf(way.over.word) : 0;
    if (way.over) put(out, at, way.over.word | insert(way.over.field, bytesOf(way)));
    const { mnemonic, word: bits, field } = way.transfer;
    const distance = inField(field, target.value(scope) - BigInt(skipped), target.column, mnemonic);
    put(out, at + skipped, bits | insert(field, distance));
  };
  if (near.length === 1) {
    assembly.append(sizeOf(word), (out, at, scope) => write(near[0]!, out, at, scope));
    return;
  }
  const wayOf = (sizeBytes: number) => near.find((way) => bytesOf(way) === sizeBytes) ?? elsewhere;
  assembly.appendVariable({
    sizeBytes: sizeOf(word),
    measure(scope, sizeBytes) {
      const distance = target.value(scope);
      if (isElsewhere(target, section, scope)) return bytesOf(elsewhere);
      const reaching = near.find((way) => bytesOf(way) >= sizeBytes && reaches(way, distance));
      return bytesOf(reaching ?? near.at(-1)!);
    },
    write: (out, at, scope, sizeBytes) => write(wayOf(sizeBytes), out, at, scope),
  });
}

function reaches({ over, transfer }: Way, distance: bigint): boolean {
  const { min, max } = range(transfer.field);
  const skipped = over ? sizeOf(over.word) : 0;
  return distance - BigInt(skipped) >= min && distance - BigInt(skipped) <= max;
}

function isElsewhere({ expression }: Target, section: Section, scope: Scope): boolean {
  const base = expression && evaluate(expression, scope).base;
  return base !== undefined && base !== section;
}

/** Writes an instruction in the size that its low bits encode. */
export function put(out: DataView, at: number, word: number): void {
  if (sizeOf(word) === 2) out.setUint16(at, word, true);
  else out.setUint32(at, word, true);
}
