/** Programs for `vmft conformance`. */
import { assemble } from '../../src/asm/assemble.ts';
import { elf } from '../vmm/elf.ts';

/** A program that does something and then stores a value in `tohost`. */
export const saying = (value: number | string, before = '') => `
  .globl tohost
_start:
  ${before}
  li t0, ${value}
  la t1, tohost
  sd t0, 0(t1)
  j .
  .balign 8
tohost: .dword 0
`;
/** As an ELF file. */
export function executable(source: string): Uint8Array {
  const { segments, symbols } = assemble(source, { file: 'test.s' });
  return elf(
    segments.map(({ address, bytes }) => ({ address: BigInt(address), bytes: [...bytes] })),
    [...symbols].map(([name, value]) => ({ name, value: BigInt(value) })),
  ).bytes;
}
