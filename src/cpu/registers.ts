/** The ABI names of x0 to x31, in order (RISC-V ELF psABI, "Integer Register Convention"). */
export const abiNames = [
  'zero',
  'ra',
  'sp',
  'gp',
  'tp',
  't0',
  't1',
  't2',
  's0',
  's1',
  'a0',
  'a1',
  'a2',
  'a3',
  'a4',
  'a5',
  'a6',
  'a7',
  's2',
  's3',
  's4',
  's5',
  's6',
  's7',
  's8',
  's9',
  's10',
  's11',
  't3',
  't4',
  't5',
  't6',
] as const;

/** Register numbers by every name that assembly accepts: x0–x31, the ABI names, and `fp` for s0. */
export const registerNumbers: ReadonlyMap<string, number> = new Map<string, number>([
  ...abiNames.map((name, index): [string, number] => [name, index]),
  ...abiNames.map((_, index): [string, number] => [`x${index}`, index]),
  ['fp', 8],
]);

/** The ABI names of f0 to f31, in order (RISC-V ELF psABI, "Floating-point Register Convention"). */
export const floatAbiNames = [
  ...['ft0', 'ft1', 'ft2', 'ft3', 'ft4', 'ft5', 'ft6', 'ft7', 'fs0', 'fs1'],
  ...['fa0', 'fa1', 'fa2', 'fa3', 'fa4', 'fa5', 'fa6', 'fa7'],
  ...['fs2', 'fs3', 'fs4', 'fs5', 'fs6', 'fs7', 'fs8', 'fs9', 'fs10', 'fs11'],
  ...['ft8', 'ft9', 'ft10', 'ft11'],
] as const;

/** Register numbers by every name that assembly accepts for floating-point registers. */
export const floatRegisterNumbers: ReadonlyMap<string, number> = new Map(
  floatAbiNames.flatMap((name, index): [string, number][] => [
    [name, index],
    [`f${index}`, index],
  ]),
);
