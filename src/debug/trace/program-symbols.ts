/** The symbols of all programs of a guest: firmware, kernel, processes. */
import { OperatingError } from '../../base/errors.ts';
import type { Symbols } from '../../symbols/symbols.ts';
import type { AddressRange } from './filter.ts';

const U64 = 2n ** 64n - 1n;

/** Several programs' symbols, of which the first that knows an address names it. */
export class ProgramSymbols {
  private readonly names = new Map<bigint, string | undefined>();
  /** Names of containing symbols; empty for addresses that are in none. */
  private readonly containing = new Map<bigint, string>();

  constructor(private readonly programs: readonly Symbols[]) {}

  /** Whether there are none. */
  get isEmpty(): boolean {
    return this.programs.length === 0;
  }

  /** The name of an address: `main`, `main+0x10`; undefined when it has none. */
  nameOf(address: bigint): string | undefined {
    if (this.names.has(address)) return this.names.get(address);
    if (this.names.size >= MAX_NAMES) this.names.clear();
    const name = this.find(address);
    this.names.set(address, name);
    return name;
  }

  /** The name of the symbol that contains an address; undefined when none does. */
  symbolAt(address: bigint): string | undefined {
    if (this.isEmpty) return undefined;
    const known = this.containing.get(address);
    if (known !== undefined) return known === '' ? undefined : known;
    if (this.containing.size >= MAX_NAMES) this.containing.clear();
    const symbol = this.placeOf(address)?.symbol;
    this.containing.set(address, symbol ?? '');
    return symbol;
  }

  private find(address: bigint): string | undefined {
    const place = this.placeOf(address);
    if (!place) return undefined;
    const { symbol, offset } = place;
    return offset === 0 ? symbol : `${symbol}+0x${offset.toString(16)}`;
  }

  /** The symbol that contains an address; undefined when none does. */
  placeOf(address: bigint): { symbol: string; offset: number } | undefined {
    for (const program of this.programs) {
      const { symbol, offset } = program.describe(address);
      if (symbol !== undefined) return { symbol, offset: offset ?? 0 };
    }
    return undefined;
  }

  /**
   * The addresses that a text means: a symbol, with all that belongs to it; an address, or a symbol and a
   * distance: that address; with `..` and another one of these, all from the first to the second address.
   * @param what the option that it was given to, for messages
   * @throws {OperatingError} when it is none of these
   */
  range(text: string, what: string): AddressRange {
    const [start, end, more] = text.split('..');
    if (start === undefined || start === '' || end === '' || more !== undefined)
      throw new OperatingError(
        `${what} ${text}: an address, a symbol, or two of them with .. between belong here, like 0x80000000..0x800000ff`,
      );
    if (end === undefined) {
      const extent = this.extentOf(start);
      if (extent) return extent;
      const first = this.address(start, what);
      return { first, last: first };
    }
    const range = { first: this.address(start, what), last: this.address(end, what) };
    if (range.first > range.last)
      throw new OperatingError(`${what} ${text}: it ends before it begins; give the lower address first`);
    return range;
  }

  private extentOf(name: string): AddressRange | undefined {
    for (const { table, distance } of this.programs) {
      const extent = table.extentOf(name);
      if (!extent) continue;
      const first = (extent.start + distance) & U64;
      return { first, last: first + (extent.end - extent.start) - 1n };
    }
    return undefined;
  }

  private address(text: string, what: string): bigint {
    if (/^(0x[\da-f]+|\d+)$/i.test(text)) {
      const address = BigInt(text);
      if (address <= U64) return address;
      throw new OperatingError(`${what} ${text}: an address has 64 bits; give a smaller one`);
    }
    for (const program of this.programs) {
      const address = program.addressOf(text);
      if (address !== undefined) return address;
    }
    const hint = this.isEmpty ? 'give the program that has it with --symbols' : 'no file of --symbols has it';
    throw new OperatingError(
      `${what}: there is no symbol '${text}'; ${hint}, or give an address like 0x80000000`,
    );
  }
}

/** The most names of addresses that are remembered. */
const MAX_NAMES = 1 << 17;
