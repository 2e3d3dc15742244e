/** Names of addresses, from the symbols of all programs of a guest. */
import { lineText, placeText, type Symbols } from './symbols.ts';

/** Names addresses: `main+0x12 (main.c:34)`, or `main.c:34` where there is no symbol; undefined for what no program knows. */
export type Naming = (address: bigint) => string | undefined;

/** Knows no names. */
export const UNNAMED: Naming = () => undefined;

/**
 * Names addresses by the first program that knows them.
 * @param read gives the programs; called when the first address is named, since many commands never name one
 */
export function namingOf(read: () => readonly Symbols[]): Naming {
  let programs: readonly Symbols[] | undefined;
  return (address) => {
    programs ??= read();
    for (const program of programs) {
      const place = program.describe(address);
      const name = place.symbol === undefined ? lineText(place) : placeText(place);
      if (name !== undefined) return name;
    }
    return undefined;
  };
}

/** An address with its name: `0x80000012 <main+0x12 (main.c:34)>`, or the address alone. */
export function addressText(address: bigint, naming: Naming): string {
  const name = naming(address);
  const hex = `0x${address.toString(16)}`;
  return name === undefined ? hex : `${hex} <${name}>`;
}
