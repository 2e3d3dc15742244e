import { test } from 'vitest';

/**
 * A test with programs of others: etcd, qemu-storage-daemon, passt, socat, QEMU, GCC. It is run in the project `real` only
 * (`npm run test:real`), and fails there when a program is missing. `limitMs`: for a hang, if it is not the usual one.
 */
export const real = (name: string, run: () => Promise<void>, limitMs?: number): void => {
  if (process.env.VMFT_REAL) test(name, run, limitMs);
};
