/** Basic blocks, as they begin while the guest runs. */
import type { BlockEvent, Mode } from './events.ts';
import { type Decoded, decodeWord } from './instruction.ts';

/** The longest block that is listed, in instructions: data is no code that ends somewhere. */
const MAX_INSTRUCTIONS = 512;
const PAGE_BITS = 12n;

/**
 * Says of each instruction whether a block begins there. A block ends with an instruction after which
 * execution may go on elsewhere, or at the end of a page, as in QEMU's translator; and where a trap leads
 * away from it.
 */
export class Blocks {
  /** Where the next instruction of the present block is; undefined when it has ended. */
  private next: bigint | undefined;
  private readonly listed = new Set<string>();

  /** @param read the instruction at a virtual address; undefined when it can't be read */
  constructor(private readonly read: (address: bigint) => number | undefined) {}

  /** Whether the instruction that is executed now begins a block. */
  begins(pc: bigint, decoded: Decoded | undefined): boolean {
    const isFirst = pc !== this.next;
    const after = pc + BigInt(decoded?.sizeBytes ?? 0);
    const isLast = !decoded || decoded.endsBlock || after >> PAGE_BITS !== pc >> PAGE_BITS;
    this.next = isLast ? undefined : after;
    return isFirst;
  }

  /**
   * The instructions of a block that begins here, the first time.
   * @param space what distinguishes address spaces: the same address may be other code in another one
   */
  list(pc: bigint, mode: Mode, space: bigint): BlockEvent['instructions'] {
    const key = `${mode} ${space} ${pc}`;
    if (this.listed.has(key)) return undefined;
    this.listed.add(key);
    const instructions: { pc: bigint; decoded: Decoded }[] = [];
    for (let at = pc; instructions.length < MAX_INSTRUCTIONS; ) {
      const word = this.read(at);
      if (word === undefined) break;
      const decoded = decodeWord(word);
      instructions.push({ pc: at, decoded });
      const after = at + BigInt(decoded.sizeBytes);
      if (decoded.endsBlock || after >> PAGE_BITS !== pc >> PAGE_BITS) break;
      at = after;
    }
    return instructions;
  }
}
