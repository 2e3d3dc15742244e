/** The part of the WebAssembly JavaScript interface that vmft uses, which neither ES nor Node types declare. */
declare namespace WebAssembly {
  class Memory {
    constructor(descriptor: { initial: number; maximum?: number });
    readonly buffer: ArrayBuffer;
    /** By so many units of 64 KiB; `buffer` is another one afterwards. */
    grow(delta: number): number;
  }
  /** Functions that generated code calls by their places. */
  class Table {
    constructor(descriptor: { element: 'anyfunc'; initial: number });
    get(index: number): unknown;
    set(index: number, value: unknown): void;
    /** @returns how many there were before. */
    grow(delta: number): number;
  }
  class Module {
    constructor(bytes: Uint8Array<ArrayBuffer>);
  }
  class Instance {
    constructor(module: Module, imports: Record<string, Record<string, unknown>>);
    readonly exports: Record<string, unknown>;
  }
}
