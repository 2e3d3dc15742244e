/** Frames of a guest: those of its log and its outputs, as a capture file. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { joined } from '../../../src/base/bytes.ts';
import { frames } from '../../../src/debug/trace/frames.ts';
import { type CapturedFrame, pcapngFrame, pcapngHead } from '../../../src/debug/trace/pcapng.ts';
import type { TraceSource } from '../../../src/debug/trace/recorded-steps.ts';
import { Timeline } from '../../../src/replay/timeline.ts';
import { LiveDoors, RecordingDoors } from '../../../src/vmm/doors.ts';
import type { Entry } from '../../../src/vmm/entries.ts';
import { Vmm } from '../../../src/vmm/vmm.ts';
import { Chance } from '../../../tools/testing/random-words.ts';
import { machineOf } from '../../ft/guest.ts';
import { FakeWorld } from '../../ft/world.ts';
import { examples } from '../../thorough.ts';
import { readPcapng } from './pcapng-reader.ts';

const captured: fc.Arbitrary<CapturedFrame> = fc.record({
  direction: fc.constantFrom('in', 'out'),
  atTicks: fc.bigInt({ min: 0n, max: 2n ** 60n }),
  frame: fc.uint8Array({ maxLength: 1600 }),
});

test('a capture file has the frames that were written', () => {
  fc.assert(
    fc.property(fc.array(captured, { maxLength: 20 }), (written) => {
      const file = joined([pcapngHead(), ...written.map(pcapngFrame)]);
      expect(readPcapng(file)).toEqual({ linkType: 1, frames: written });
    }),
    { numRuns: examples(100) },
  );
});

/**
 * Offers one buffer for frames, sends back each that comes, and reads the clock for each; prints a dot for
 * each, too. Queue 0 is at 0x80004000 and queue 1 at 0x80005000: descriptors, available ring at +0x100, used
 * ring at +0x200.
 */
const echoGuest = `
.equ NET, 0x10001000
.equ UART, 0x10000000
_start:
    li      s0, NET
    li      t0, 11
    sw      t0, 0x70(s0)
    li      t1, 1
    sw      t1, 0x24(s0)            # VERSION_1
    sw      t1, 0x20(s0)
    li      t0, 11
    sw      t0, 0x70(s0)
    li      a0, 0
    li      a1, 0x80004000
    call    queue
    li      a0, 1
    li      a1, 0x80005000
    call    queue
    li      t0, 15
    sw      t0, 0x70(s0)
    li      s1, 0                   # how many have come
    li      s2, 0x80004000
    li      s3, 0x80005000
    li      s4, UART
offer:
    li      t0, 0x80006000
    sd      t0, 0(s2)
    li      t0, 2048
    sw      t0, 8(s2)
    li      t0, 2
    sh      t0, 12(s2)
    addi    s1, s1, 1
    sh      s1, 0x102(s2)
    sw      zero, 0x50(s0)
wait:
    lhu     t0, 0x202(s2)
    slli    t1, s1, 48
    srli    t1, t1, 48
    bne     t0, t1, wait
    rdtime  t2
    addi    t3, s1, -1
    andi    t3, t3, 7
    slli    t3, t3, 3
    add     t3, t3, s2
    lw      t4, 0x208(t3)           # its length
    li      t0, 0x80006000
    sd      t0, 0(s3)
    sw      t4, 8(s3)
    sh      zero, 12(s3)
    sh      s1, 0x102(s3)
    li      t0, 1
    sw      t0, 0x50(s0)
    li      t0, '.'
    sb      t0, 0(s4)
    j       offer

queue:
    sw      a0, 0x30(s0)
    li      t0, 8
    sw      t0, 0x38(s0)
    sw      a1, 0x80(s0)
    addi    t0, a1, 0x100
    sw      t0, 0x90(s0)
    addi    t0, a1, 0x200
    sw      t0, 0xa0(s0)
    li      t0, 1
    sw      t0, 0x44(s0)
    ret
`;

function echoed(seed: string): { source: TraceSource; icount: number } {
  const description = machineOf(echoGuest);
  const random = new Chance(seed);
  const entries: Entry[] = [];
  const world = new FakeWorld(seed);
  const live = new LiveDoors(world);
  const vmm = new Vmm(description, new RecordingDoors(live, (entry) => entries.push(entry)));
  for (let slice = 0; slice < 60; slice++) {
    vmm.run(1 + random.below(200));
    vmm.machine.takeOutputs();
    world.advance(random.below(1000));
    if (random.chance(0.4)) live.frame(random.bytes(60 + random.below(200)));
  }
  entries.push({ kind: 'control', icount: vmm.icount, action: 'end', value: 0 });
  return { source: { description, entries }, icount: vmm.icount };
}

function framesOf(source: TraceSource, from = 0, to = Number.MAX_SAFE_INTEGER): CapturedFrame[] {
  const found: CapturedFrame[] = [];
  for (const _ of frames(source, { from, to }, (frame) => found.push(frame)));
  return found;
}

/** The same by single steps: with the position of each. */
function byStep({ description, entries }: TraceSource): (CapturedFrame & { icount: number })[] {
  const found: (CapturedFrame & { icount: number })[] = [];
  const ticks = () => description.bootEpochNs / 100n + BigInt(timeline.machine.lastKnownTicks);
  let icount = 0;
  const timeline: Timeline = new Timeline(description, entries, {
    passed: (entry) => {
      if (entry.kind === 'net')
        found.push({ direction: 'in', atTicks: ticks(), frame: entry.frame, icount: entry.icount });
    },
    made: (output) => {
      if (output.kind === 'frame')
        found.push({ direction: 'out', atTicks: ticks(), frame: output.frame, icount });
    },
  });
  for (; ; icount++) {
    const before = icount;
    timeline.run(1, () => timeline.icount > before);
    if (timeline.icount === before) return found;
  }
}

test('the frames are those that came and those that were sent, each with its time', () => {
  let sent = 0;
  fc.assert(
    fc.property(fc.string(), (seed) => {
      const { source } = echoed(seed);
      const expected = byStep(source);
      sent += expected.filter(({ direction }) => direction === 'out').length;
      const plain = (list: typeof expected) => list.map(({ icount: _, ...frame }) => frame);
      expect(framesOf(source)).toEqual(plain(expected));
      // Ranges that begin and end with one of them, or just miss it.
      for (const [index, { icount }] of expected.entries()) {
        if (index % 5 !== 0) continue;
        const [from, to] = [icount + (index % 3) - 1, icount + 300 + (index % 2)];
        const within = expected.filter((one) => one.icount >= from && one.icount <= to);
        expect(framesOf(source, from, to)).toEqual(plain(within));
        expect(framesOf(source, 0, icount)).toEqual(plain(expected.filter((one) => one.icount <= icount)));
      }
    }),
    { numRuns: examples(12) },
  );
  expect(sent).toBeGreaterThan(50);
});
