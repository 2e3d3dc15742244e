import { expect, test } from 'vitest';
import { attack, attacked } from '../../tools/testing/devices/hostile.ts';

const ATTACKS = 6000;

test('devices survive whatever a guest does to them, and copies stay equal', () => {
  const seen = new Map<string, { attacks: number; broken: number; outputs: number; accesses: number }>();
  for (let n = 0; n < ATTACKS; n++) {
    const { device, broken, outputs, accesses } = attack(`test ${n}`);
    const sum = seen.get(device) ?? { attacks: 0, broken: 0, outputs: 0, accesses: 0 };
    seen.set(device, {
      attacks: sum.attacks + 1,
      broken: sum.broken + Number(broken),
      outputs: sum.outputs + outputs,
      accesses: sum.accesses + accesses,
    });
  }
  // The attacks reach the interesting states: every device, and those with queues both at work and broken.
  expect([...seen.keys()].sort()).toEqual(Object.keys(attacked).sort());
  for (const name of ['entropy', 'net', 'console', 'disk', 'read-only disk']) {
    const { attacks, broken, outputs, accesses } = seen.get(name)!;
    expect(broken).toBeGreaterThan(attacks / 10);
    expect(broken).toBeLessThan(attacks);
    expect(accesses).toBeGreaterThan(attacks);
    if (name !== 'entropy') expect(outputs).toBeGreaterThan(attacks / 5);
  }
});
