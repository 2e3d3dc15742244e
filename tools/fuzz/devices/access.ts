/** The cases of the device fuzzer, and their encoding for the harness. */

/** One access of the guest to a device. `settle`: time passes, so that QEMU's deferred work is done. */
export type Access =
  | { kind: 'load'; sizeBytes: number; address: number }
  | { kind: 'store'; sizeBytes: number; address: number; value: bigint }
  | { kind: 'settle' };

/** Accesses that belong together: a failing case is shrunk by whole pieces. */
export type Piece = readonly Access[];

export interface Case {
  seed: string;
  index: number;
  pieces: readonly Piece[];
}

/** The result of an access. */
export interface Result {
  /** The value read. */
  value: bigint;
  /** `mcause` of the fault, 0 for none. */
  cause: number;
  /** The interrupts that are pending afterwards, as `mip` shows them. */
  mip: number;
}

/** 64-bit words of an access, which its result overwrites. The number of accesses precedes all of them. */
export const ACCESS_WORDS = 3;

const SIZES = [1, 2, 4, 8];

export function operationOf(access: Access): number {
  if (access.kind === 'settle') return 0;
  return 1 + SIZES.indexOf(access.sizeBytes) + (access.kind === 'store' ? SIZES.length : 0);
}

export const accessesOf = ({ pieces }: Case): Access[] => pieces.flat();

/** The words of a case. */
export function encodeCase(one: Case): BigUint64Array {
  const accesses = accessesOf(one);
  const words = new BigUint64Array(1 + ACCESS_WORDS * accesses.length);
  words[0] = BigInt(accesses.length);
  accesses.forEach((access, index) => {
    const at = 1 + ACCESS_WORDS * index;
    words[at] = BigInt(operationOf(access));
    if (access.kind !== 'settle') words[at + 1] = BigInt(access.address);
    if (access.kind === 'store') words[at + 2] = access.value;
  });
  return words;
}

/** The results, which have overwritten the accesses of a case. */
export function decodeResults(words: BigUint64Array): Result[] {
  return Array.from({ length: Number(words[0]!) }, (_, index) => {
    const at = 1 + ACCESS_WORDS * index;
    return { value: words[at]!, cause: Number(words[at + 1]!), mip: Number(words[at + 2]!) };
  });
}
