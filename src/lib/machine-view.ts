/** A machine, as the library presents it. */
import { disassemble } from '../asm/disassembler.ts';
import { OperatingError } from '../base/errors.ts';
import { sizeOf } from '../cpu/formats.ts';
import { type HartWord, hartWords, RAM_BASE } from '../cpu/layout.ts';
import { abiNames, floatRegisterNumbers, registerNumbers } from '../cpu/registers.ts';
import type { Machine as Inside } from '../vmm/machine.ts';
import { encodeSnapshot, type Snapshot, takeSnapshot } from '../vmm/snapshot.ts';
import type { Machine } from './types.ts';

/** A state hash as the commands print it. */
export const hashText = (hash: bigint): string => hash.toString(16).padStart(16, '0');

/** Words of the hart that are no registers. */
const hidden: ReadonlySet<string> = new Set(['icount', 'waiting', 'reservation', 'lines']);
const shown = ['pc', ...hartWords.filter((word) => word !== 'pc' && !hidden.has(word))] as HartWord[];

const abiName = (word: HartWord): string => (word.startsWith('x') ? abiNames[Number(word.slice(1))]! : word);

/** The word of a register, by any of its names: `a0`, `x10`. */
const wordNamed = (name: string): HartWord | undefined => {
  const x = registerNumbers.get(name);
  if (x !== undefined) return `x${x}`;
  const f = floatRegisterNumbers.get(name);
  return f === undefined ? shown.find((word) => word === name) : `f${f}`;
};

/** A view of the machine that `current` returns. */
export class MachineView implements Machine {
  /** `current` returns the machine, which is another one after a replay went back. */
  constructor(private readonly current: () => Inside) {}

  get icount(): number {
    return this.current().hart.icount;
  }

  get pc(): bigint {
    return this.current().hart.get('pc');
  }

  get isOff(): boolean {
    return this.current().power.off;
  }

  get stateHash(): string {
    return hashText(this.current().hash());
  }

  register(name: string): bigint {
    const word = wordNamed(name);
    if (word === undefined)
      throw new OperatingError(`"${name}" is no register; there are ${shown.map(abiName).join(', ')}`);
    return this.current().hart.get(word);
  }

  registers(): Record<string, bigint> {
    const { hart } = this.current();
    return Object.fromEntries(shown.map((word) => [abiName(word), hart.get(word)]));
  }

  memory(address: number | bigint, sizeBytes: number): Uint8Array {
    const { hart } = this.current();
    const at = Number(address) - RAM_BASE;
    if (!Number.isSafeInteger(at) || !Number.isSafeInteger(sizeBytes) || at < 0 || sizeBytes < 0)
      throw outside(address, sizeBytes, hart.ramSizeBytes);
    if (at + sizeBytes > hart.ramSizeBytes) throw outside(address, sizeBytes, hart.ramSizeBytes);
    return hart.ram.slice(at, at + sizeBytes);
  }

  instruction(address: number | bigint = this.pc): string {
    // The last instruction of RAM may be compressed.
    const [low, high] = this.memory(address, 2);
    const parcel = low! | (high! << 8);
    if (sizeOf(parcel) === 2) return disassemble(parcel, Number(address));
    const [, , third, fourth] = this.memory(address, 4);
    return disassemble(parcel | (third! << 16) | (fourth! << 24), Number(address));
  }

  /** A copy of the machine's state. */
  snapshot(): Snapshot {
    return takeSnapshot(this.current());
  }

  save(): Uint8Array {
    return encodeSnapshot(this.snapshot());
  }
}

const outside = (address: number | bigint, sizeBytes: number, ramSizeBytes: number): OperatingError => {
  const hex = (value: number | bigint) => `0x${value.toString(16)}`;
  return new OperatingError(
    `${sizeBytes} bytes at ${hex(address)} are not all in RAM, which is from ${hex(RAM_BASE)} to ` +
      hex(RAM_BASE + ramSizeBytes),
  );
};
