/** Positions in a program, values, and the scopes in which positions have values. */

/** A position in a section that stays valid while the layout changes. */
export interface Position {
  section: { readonly address: number };
  /**
   * The part of the section around it within which all distances are fixed; its `offset` is from the section's start.
   */
  zone: { readonly offset: number };
  /** In bytes from the start of the zone. */
  offset: number;
}

/** A signed 64-bit number. */
export interface Value {
  value: bigint;
  /** For an address, what it is relative to: the difference of two addresses with one base is a number. */
  base?: object;
}

/** What the value of an expression depends on. */
export interface Scope {
  /** Whether all addresses are known, so that an address counts as a number. */
  placed: boolean;
  position(position: Position): Value;
  symbol(name: string, column: number): Value;
  /** The target of the `%pcrel_hi` of the instruction at this address. */
  pcrelTarget(address: bigint, column: number): Value;
}
