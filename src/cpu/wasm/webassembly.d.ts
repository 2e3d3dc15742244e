/** The part of the WebAssembly JavaScript interface that vmft uses, which neither ES nor Node types declare. */
declare namespace WebAssembly {
  class Memory {
    constructor(descriptor: { initial: number; maximum?: number });
    readonly buffer: ArrayBuffer;
    /** @param delta in pages of 64 KiB; `buffer` is a new object afterwards */
    grow(delta: number): number;
  }
  /** Functions that generated code calls by index. */
  class Table {
    constructor(descriptor: { element: 'anyfunc'; initial: number });
    get(index: number): unknown;
    set(index: number, value: unknown): void;
    /** @returns the previous length */
    grow(delta: number): number;
  }
  /** Whether these bytes are a module that can be compiled here. */
  function validate(bytes: Uint8Array<ArrayBuffer>): boolean;
  class Module {
    constructor(bytes: Uint8Array<ArrayBuffer>);
  }
  class Instance {
    constructor(module: Module, imports: Record<string, Record<string, unknown>>);
    readonly exports: Record<string, unknown>;
  }
}
