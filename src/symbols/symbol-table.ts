/** The symbols of a program, found by address and by name. */
import { type Interval, Intervals } from './intervals.ts';

/** What a symbol names. `value`: a number that is no place in memory, found by name only. */
export type SymbolKind = 'function' | 'object' | 'label' | 'value';

/** How visible a symbol is to other files of its program. */
export type SymbolBinding = 'local' | 'weak' | 'global';

/** A symbol of a program. */
export interface ProgramSymbol {
  name: string;
  /** As linked, an unsigned 64-bit number. */
  address: bigint;
  /** 0 when it is not known: then the symbol extends to the next one, and no further than `limit`. */
  sizeBytes: number;
  kind: SymbolKind;
  binding: SymbolBinding;
  /** The end of its section, if known. */
  limit?: bigint;
}

/** A symbol that contains an address, and how many bytes after its start that address is. */
export interface SymbolPlace {
  symbol: ProgramSymbol;
  offset: number;
}

/** From the least preferred: at the same address, a function rather than a label, a global one rather than a local. */
const KINDS: readonly SymbolKind[] = ['value', 'label', 'object', 'function'];
const BINDINGS: readonly SymbolBinding[] = ['local', 'weak', 'global'];

/** `$x` and `$d`: where code and data begin (RISC-V ELF psABI, "Mapping Symbol"). `.L`: labels of the compiler. */
const NOT_NAMES = /^$|^\.L|^\$[dx](\.|$)|^\$xrv\d/;

/** Symbols of one program. Mapping symbols and the compiler's own labels are left out. */
export class SymbolTable {
  /** Those that give their size. */
  private readonly sized: Intervals<ProgramSymbol>;
  /** Those that do not, with their ends derived from what follows. */
  private readonly labels: Intervals<ProgramSymbol>;
  private readonly byName = new Map<string, ProgramSymbol>();

  /** @param symbols in any order; of equals, the first is preferred */
  constructor(symbols: readonly ProgramSymbol[]) {
    const preferredLast = symbols
      .filter(({ name }) => !NOT_NAMES.test(name))
      .toReversed()
      .sort((a, b) => rank(a) - rank(b));
    for (const symbol of preferredLast) this.byName.set(symbol.name, symbol);
    const places = preferredLast.filter(({ kind }) => kind !== 'value');
    this.sized = new Intervals(places.filter(({ sizeBytes }) => sizeBytes > 0).map(sizedInterval));
    this.labels = new Intervals(labelIntervals(places));
  }

  /** How many names there are. */
  get size(): number {
    return this.byName.size;
  }

  /**
   * The symbol that contains an address: of those that give their size the one that starts last; of the others the one
   * before the address, up to the next symbol. undefined when none contains it.
   */
  at(address: bigint): SymbolPlace | undefined {
    const found = this.sized.at(address) ?? this.labels.at(address);
    return found && { symbol: found.value, offset: Number(address - found.start) };
  }

  /** The addresses of what a name means, from `start` to before `end`; undefined when it is no place in memory. */
  extentOf(name: string): { start: bigint; end: bigint } | undefined {
    const symbol = this.named(name);
    if (!symbol || symbol.kind === 'value') return undefined;
    const { address: start, sizeBytes } = symbol;
    if (sizeBytes > 0) return { start, end: start + BigInt(sizeBytes) };
    // Of labels at one address all extend to the next one.
    const label = this.labels.at(start);
    return label && { start, end: label.end };
  }

  /** The symbol of a name; of several, a global function rather than others. */
  named(name: string): ProgramSymbol | undefined {
    return this.byName.get(name);
  }

  /**
   * The address that a text such as `main`, `main+0x10` or `main-4` means, modulo 2^64; undefined when there is no such
   * symbol.
   */
  addressOf(text: string): bigint | undefined {
    const exact = this.named(text);
    if (exact) return exact.address;
    const [, name, sign, distance] = /^(.+?)\s*([+-])\s*(0x[0-9a-f]+|\d+)$/i.exec(text) ?? [];
    const symbol = name === undefined ? undefined : this.named(name);
    if (!symbol) return undefined;
    const bytes = BigInt(distance!);
    return BigInt.asUintN(64, symbol.address + (sign === '-' ? -bytes : bytes));
  }
}

const rank = ({ kind, binding }: ProgramSymbol): number =>
  KINDS.indexOf(kind) * BINDINGS.length + BINDINGS.indexOf(binding);

const sizedInterval = (symbol: ProgramSymbol): Interval<ProgramSymbol> => ({
  start: symbol.address,
  end: symbol.address + BigInt(symbol.sizeBytes),
  value: symbol,
});

/** The ranges of the symbols without a size. The last one, if nothing limits it, is its first byte only. */
function labelIntervals(symbols: readonly ProgramSymbol[]): Interval<ProgramSymbol>[] {
  const descending = symbols.toSorted((a, b) => (a.address > b.address ? -1 : a.address < b.address ? 1 : 0));
  const intervals: Interval<ProgramSymbol>[] = [];
  let [next, current]: (bigint | undefined)[] = [];
  for (const symbol of descending) {
    const { address, sizeBytes, limit } = symbol;
    if (address !== current) [next, current] = [current, address];
    const ends = [next, limit].filter((end) => end !== undefined);
    const end = ends.length === 0 ? address + 1n : ends.reduce((a, b) => (a < b ? a : b));
    if (sizeBytes === 0) intervals.push({ start: address, end, value: symbol });
  }
  return intervals;
}
