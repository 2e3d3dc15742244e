/** The ABI names of x0 to x31, in order (RISC-V ELF psABI, "Integer Register Convention"). */
export const abiNames = [
  'zero', 'ra', 'sp', 'gp', 'tp', 't0', 't1', 't2', 's0', 's1', 'a0', 'a1', 'a2', 'a3', 'a4', 'a5',
  'a6', 'a7', 's2', 's3', 's4', 's5', 's6', 's7', 's8', 's9', 's10', 's11', 't3', 't4', 't5', 't6',
] as const;

/** Register numbers by every name that assembly accepts: x0–x31, the ABI names, and `fp` for s0. */
export const registerNumbers: ReadonlyMap<string, number> = new Map<string, number>([
  ...abiNames.map((name, index): [string, number] => [name, index]),
  ...abiNames.map((_, index): [string, number] => [`x${index}`, index]),
  ['fp', 8],
]);
