/** Typed bytes reach the guest as fast as the serial line and the guest allow, not one byte per slice. */
import { describe, expect, it } from 'vitest';
import { LiveDoors, RecordingDoors } from '../../src/vmm/doors.ts';
import type { Entry } from '../../src/vmm/entries.ts';
import { Vmm } from '../../src/vmm/vmm.ts';
import { consoleGuest, machineOf, withConsole } from '../ft/guest.ts';
import { FakeWorld, replayRun } from '../ft/world.ts';
import { faults, result, simulate, sound } from './support.ts';

/** Polls the UART, with its FIFO off. Sums up what it reads; `q` ends it, with exit code 0 if the sum is right. */
const polls = (sum: number) => `
    li      s0, 0x10000000
    li      s1, 0
1:  lbu     t0, 5(s0)
    andi    t0, t0, 1
    beqz    t0, 1b
    lbu     t0, 0(s0)
    li      t1, 'q'
    beq     t0, t1, quit
    add     s1, s1, t0
    j       1b
quit:
    li      t0, 0x100000
    li      t1, ${sum}
    li      t2, 0x5555
    beq     s1, t1, 2f
    li      t2, 0x13333
2:  sw      t2, 0(t0)
end: j      end
`;
const BYTES = 400;
const bytes = new Uint8Array(BYTES).map((_, index) => 0x20 + (index % 64));
const typed = Uint8Array.from([...bytes, 0x71]);
const description = machineOf(polls(bytes.reduce((sum, byte) => sum + byte, 0)));
/** 115,200 baud, ten bits to a byte. */
const NS_PER_BYTE = 1e9 / 11_520;

describe('a guest that polls a UART without FIFO gets 11.5 kB/s', () => {
  it.each(['lockstep', 'checkpoint'] as const)('with %s, also across a crash', (replication) => {
    for (const crash of [[], faults('crash:primary@15ms')]) {
      const run = simulate('hello', { description, input: typed, replication, faults: crash });
      expect(result(run)).toEqual(sound);
      const lineNs = BYTES * NS_PER_BYTE;
      expect(run.simulation.nowNs).toBeLessThan(lineNs + 15e6);
      expect(run.simulation.nowNs).toBeGreaterThan(lineNs - 5e6);
    }
  });
});

describe('pending input arrives in the step in which the guest makes room, even inside a slice', () => {
  const consoles = {
    'the UART': description,
    'the virtio console': withConsole(machineOf(consoleGuest)),
  };
  it.each(Object.entries(consoles))('through %s, and on replay', (_, guest) => {
    const live = new LiveDoors(new FakeWorld('typing'));
    const entries: Entry[] = [];
    const vmm = new Vmm(guest, new RecordingDoors(live, (entry) => entries.push(entry)));
    // The guest's driver is ready.
    vmm.run(1000);
    live.type(typed);
    const pause = vmm.run(1_000_000);
    expect([pause, vmm.machine.consoleReceived]).toEqual(['off', typed.length]);
    const given = entries.filter(({ kind }) => kind === 'console');
    expect(new Set(given.map(({ icount }) => icount)).size).toBeGreaterThan(5);
    const { icount } = vmm;
    entries.push({ kind: 'check', icount, hash: vmm.machine.hash() });
    for (const slices of [[1_000_000], [1, 7, 50]]) {
      const replay = replayRun(guest, entries, slices);
      expect([replay.icount, replay.hash]).toEqual([icount, vmm.machine.hash()]);
    }
  });
});
