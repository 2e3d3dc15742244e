import type { Bus } from '../../src/cpu/hart.ts';

/** A bus with nothing on it: what is not RAM is an access fault. */
export const noDevices: Bus = {
  load: () => undefined,
  store: () => false,
  clock: () => 0,
  entropy: () => 0,
  watched() {},
};
