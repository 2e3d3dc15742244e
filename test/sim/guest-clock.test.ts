import { describe, expect, it } from 'vitest';
import { machineOf } from '../ft/guest.ts';
import { faults, happened, ms, result, type Setup, simulate, sound } from './support.ts';

const powerOff = `
    rdtime  s1
    li      t0, 0x100000
    li      t1, 0x5555
    sw      t1, 0(t0)
end: j      end
`;
/** Reads the clock, and again after 98 ms: 4.9 million rounds of a loop. */
const computes = `
    rdtime  s0
    li      t0, 4900000
1:  addi    t0, t0, -1
    bnez    t0, 1b
    ${powerOff}
`;
/** Reads the clock, and sleeps until 100 ms later. */
const sleeps = `
    rdtime  s0
    li      t0, 1000000
    add     t0, t0, s0
    li      t1, 0x2004000
    sd      t0, 0(t1)
    li      t0, 1 << 7
    csrw    mie, t0
1:  wfi
    csrr    t0, mip
    andi    t0, t0, 1 << 7
    beqz    t0, 1b
    ${powerOff}
`;

const guests = { computes, sleeps } as const;
const histories: Record<string, Setup> = {
  'nothing happens': {},
  'there is no other host': { backups: 0, spares: 0 },
  'the primary dies at 90 ms': { faults: faults('crash:primary@90ms') },
  'two of them die': { faults: faults('crash:primary@50ms', 'crash:live@85ms'), spares: 1 },
  'both backups take over in turn': { faults: faults('crash:primary@50ms', 'crash:live@80ms'), backups: 2 },
  'a switch-over at 95 ms': { faults: faults('command:switch-over@95ms') },
  'three switch-overs': {
    faults: faults('command:switch-over@30ms', 'command:switch-over@60ms', 'command:switch-over@95ms'),
  },
  'the backup moves, and then the primary dies': {
    faults: faults('command:move-backup=backup@20ms', 'crash:primary@85ms'),
    spares: 1,
  },
  'protection is switched off and on, and then the primary dies': {
    faults: faults('command:unprotect@20ms', 'command:protect@40ms', 'crash:primary@85ms'),
    spares: 1,
  },
  'the primary is paused and replaced': { faults: faults('pause:primary@60ms+30ms') },
  'the primary is paused for a short time': { faults: faults('pause:primary@90ms+4ms') },
  'the backup rejoins by entries, and then the primary dies': {
    faults: faults('reset:primary-backup@40ms', 'crash:primary@85ms'),
  },
  'a backup on a slow host takes over': { faults: faults('crash:primary@85ms'), speeds: { backup: 0.9 } },
  "the hosts' wall clocks are set": {
    faults: faults('clock:primary@10ms=3600000ms', 'clock:backup@20ms=-3600000ms', 'crash:primary@85ms'),
  },
};

describe.each(Object.entries(histories))('the guest clock shows the right time when %s', (_, history) => {
  describe.each(['lockstep', 'checkpoint'] as const)('with %s', (replication) => {
    it.each([
      ['computes', 'logged'],
      ['sleeps', 'logged'],
      ['computes', 'derived'],
      ['sleeps', 'derived'],
    ] as const)('and it %s, with a %s clock', (name, clock) => {
      const description = { ...machineOf(guests[name]), clock };
      const run = simulate('hello', { description, input: new Uint8Array(0), replication, ...history });
      expect(result(run)).toEqual(sound);
      const [off] = happened(run, 'off').slice(-1);
      const behindNs = off!.atNs - run.simulation.machine.lastKnownTicks * 100;
      // The guest has just read the clock. Each new primary had the time from a message that took 50 µs or more; a
      // derived clock is corrected at the end of a slice when it is a millisecond behind.
      expect(Math.abs(behindNs)).toBeLessThan(clock === 'logged' ? 400_000 : 2_000_000);
      // A sleep is prolonged by no more than the time without a live host.
      if (name === 'sleeps') expect(off!.atNs).toBeLessThan(ms(100.4));
    });
  });
});
