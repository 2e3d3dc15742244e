/** The decoder: jump tables made from the rows' match and mask, emitted as WebAssembly. */
import { type Instruction, instructions } from './instructions.ts';
import type { Body, Label } from './wasm/module.ts';

/** The bits that distinguish rows, in the order in which the decoder tests them: opcode and funct3, then funct7. */
const levels = [
  { sizeBits: 10, mask: 0x707f },
  { sizeBits: 7, mask: 0xfe00_0000 },
] as const;

/** Up to this many rows are distinguished by sequential comparison instead of a jump table. */
const CHAIN = 4;

/**
 * Emits the dispatch on the instruction in the local `word` (i32) to the code of its row; if there is none, to
 * `illegal`. Each row's code, written by `emitRow`, ends with a branch.
 */
export function emitDecoder(
  body: Body,
  word: number,
  illegal: Label,
  emitRow: (row: Instruction) => void,
): void {
  new Decoder(body, word, illegal, emitRow).dispatch(instructions, 0);
}

class Decoder {
  constructor(
    private readonly body: Body,
    private readonly word: number,
    private readonly illegal: Label,
    private readonly emitRow: (row: Instruction) => void,
  ) {}

  dispatch(rows: readonly Instruction[], level: number): void {
    const { body, illegal } = this;
    const at = levels[level];
    if (!at || (level > 0 && rows.length <= CHAIN)) return this.chain(rows);
    const arms: Instruction[][] = [];
    const armOf = new Map<string, number>();
    const table = Array.from({ length: 2 ** at.sizeBits }, (_, index) => {
      const found = rows.filter((row) => couldBe(row, at, index));
      if (found.length === 0) return -1;
      const key = found.map(({ mnemonic }) => mnemonic).join();
      if (!armOf.has(key)) armOf.set(key, arms.push(found) - 1);
      return armOf.get(key)!;
    });
    const labels: Label[] = [];
    const open = (arm: number) => {
      body.block((label) => {
        labels.push(label);
        if (arm + 1 < arms.length) return open(arm + 1);
        this.pushIndex(level);
        body.brTable(
          table.map((index) => labels[index] ?? illegal),
          illegal,
        );
      });
      this.dispatch(arms[arm]!, level + 1);
    };
    open(0);
  }

  /** Pushes the bits of the word at this level, concatenated: `couldBe` is the inverse. */
  private pushIndex(level: number): void {
    const { body, word } = this;
    if (level === 1) body.get(word).i32(25).op('i32.shr_u');
    else {
      body.get(word).i32(0x7f).op('i32.and');
      body.get(word).i32(5).op('i32.shr_u').i32(0x380).op('i32.and', 'i32.or');
    }
  }

  private chain(rows: readonly Instruction[]): void {
    const { body, word } = this;
    for (const row of rows) {
      if ((row.mask & ~levels[0].mask) === 0) return this.emitRow(row);
      body.get(word).i32(row.mask).op('i32.and').i32(row.match).op('i32.eq');
      body.if(() => this.emitRow(row));
    }
    body.br(this.illegal);
  }
}

/** Whether an instruction word whose bits at this level are `index` could be the row. */
function couldBe(row: Instruction, level: (typeof levels)[number], index: number): boolean {
  const bits = level.sizeBits === 7 ? index << 25 : (index & 0x7f) | ((index & 0x380) << 5);
  return ((bits ^ row.match) & row.mask & level.mask) === 0;
}
