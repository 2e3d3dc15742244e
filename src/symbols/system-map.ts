import { OperatingError } from '../base/errors.ts';
import type { ProgramSymbol, SymbolBinding, SymbolKind } from './symbol-table.ts';

/** Address, type and name; in /proc/kallsyms also the module. */
const LINE = /^([0-9a-f]{1,16})\s+([a-z?-])\s+(\S+)(?:\s+\[\S+\])?$/i;
/** A symbol of another file, which has no address here. */
const UNDEFINED = /^[Uvw]\s+\S+$/;

/** Whether a text begins as a System.map does. */
export const isSystemMap = (text: string): boolean =>
  LINE.test(text.slice(0, 4096).split('\n', 1)[0]!.trim());

/** The types that nm prints (its manual in GNU binutils), in lower case; all others are labels. */
const kinds: Record<string, SymbolKind> = {
  ...Object.fromEntries([...'tiw'].map((type) => [type, 'function' as const])),
  ...Object.fromEntries([...'dbrgsvu'].map((type) => [type, 'object' as const])),
  a: 'value',
};

/** A symbol as nm prints it: the type is a letter, in upper case for a global one. */
export interface NmSymbol {
  /** An unsigned 64-bit number. */
  address: bigint;
  type: string;
  name: string;
}

/** What nm's letter says. The size is not known. */
export const programSymbol = ({ address, type, name }: NmSymbol): ProgramSymbol => ({
  name,
  address,
  sizeBytes: 0,
  kind: kinds[type.toLowerCase()] ?? 'label',
  binding: bindingOf(type),
});

/**
 * The symbols of a System.map, which the build of Linux writes with nm: lines such as `ffffffff80000000 T _start`. They
 * have no sizes: each extends to the next.
 * @param name of the file, for messages
 * @throws {OperatingError} at a line that is none of a System.map
 */
export function systemMapSymbols(text: string, name: string): ProgramSymbol[] {
  const symbols: ProgramSymbol[] = [];
  for (const [index, untrimmed] of text.split('\n').entries()) {
    const line = untrimmed.trim();
    if (line === '' || UNDEFINED.test(line)) continue;
    const [, address, type, symbol] = LINE.exec(line) ?? [];
    if (address === undefined || type === undefined || symbol === undefined)
      throw new OperatingError(
        `'${name}', line ${index + 1}: an address, a type and a name belong here, and it is ` +
          `'${line.slice(0, 60)}'; take the System.map again from the kernel's build.`,
      );
    symbols.push(programSymbol({ address: BigInt(`0x${address}`), type, name: symbol }));
  }
  return symbols;
}

/** The text of a System.map. */
export const systemMap = (symbols: readonly NmSymbol[]): string =>
  symbols
    .map(({ address, type, name }) => `${address.toString(16).padStart(16, '0')} ${type} ${name}\n`)
    .join('');

/** Upper case is global; `v`, `w` are weak and `u` is global in either case. */
function bindingOf(type: string): SymbolBinding {
  if (/[vw]/i.test(type)) return 'weak';
  return type === 'u' || type !== type.toLowerCase() ? 'global' : 'local';
}
