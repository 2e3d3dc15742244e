import type { Bus } from '../../src/cpu/hart.ts';

/** A bus without devices: every access outside RAM is an access fault. */
export const noDevices: Bus = {
  load: () => undefined,
  store: () => false,
  clock: () => 0,
  entropy: () => 0,
  watched() {},
};
