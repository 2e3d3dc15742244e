/** Branches and jumps whose size depends on how far their target is. */
import { type Field, fields, insert, range, sizeOf } from '../cpu/formats.ts';
import { decode, instructions } from '../cpu/instructions.ts';
import { compressed, decodeCompressed, expand } from '../cpu/table/compressed.ts';
import type { Assembly } from './assembly.ts';
import { evaluate } from './expression.ts';
import type { Section } from './layout.ts';
import { inField, type Parsed } from './operands.ts';
import type { Scope } from './values.ts';

/** The operand that says where a branch or jump goes. */
export interface Target extends Parsed {
  field: Field;
}

/** An instruction with a target, which is still zero in its word. */
interface Transfer {
  mnemonic: string;
  word: number;
  field: Field;
}

/** One way to get to a target: an instruction that goes there, perhaps behind the opposite branch, which leads past it. */
interface Way {
  over?: Transfer;
  transfer: Transfer;
}

const words = new Map([...instructions, ...compressed].map(({ mnemonic, match }) => [mnemonic, match]));
const jump: Transfer = { mnemonic: 'jal', word: words.get('jal')!, field: fields.immJ };

/** Each conditional branch with the one that is taken when it is not. */
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

/** The ways of an instruction from the shortest to the longest, and the one to a target in another section. */
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
 * Assembles a branch or jump in the shortest way to its target. As GNU as does, a conditional branch becomes the opposite branch
 * over a jump when its target is too far away or in another section. What has become long stays so. (Of several that just
 * reach their target GNU as makes some longer than need be.)
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

/** Writes an instruction in the size that it says itself. */
export function put(out: DataView, at: number, word: number): void {
  if (sizeOf(word) === 2) out.setUint16(at, word, true);
  else out.setUint32(at, word, true);
}
