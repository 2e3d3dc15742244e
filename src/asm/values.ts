/** Places in a program, values, and the worlds in which the former become the latter. */

/** A place in a section that keeps its meaning while the layout changes. */
export interface Position {
  section: { readonly address: number };
  /** The part of the section around it within which all distances are fixed; its `offset` is from the section's start. */
  zone: { readonly offset: number };
  /** In bytes from the start of the zone. */
  offset: number;
}

/** A signed 64-bit number. */
export interface Value {
  value: bigint;
  /** What the value counts from, when it is an address: differences of addresses with one base are numbers. */
  base?: object;
}

/** What an expression's value depends on. */
export interface Scope {
  /** All addresses are known, so that an address is a number like any other. */
  placed: boolean;
  position(position: Position): Value;
  symbol(name: string, column: number): Value;
  /** What the `%pcrel_hi` of the instruction at this address refers to. */
  pcrelTarget(address: bigint, column: number): Value;
}
