/** Drivers of the CLINT, the real-time clock and the finisher that make random accesses. */
import { CLINT } from '../../../src/devices/clint.ts';
import { FINISHER } from '../../../src/devices/finisher.ts';
import { RTC } from '../../../src/devices/rtc.ts';
import { memoryMap } from '../../../src/vmm/memory-map.ts';
import type { Piece } from './access.ts';
import { load, type Script, settle, store } from './script.ts';

/** A time that is long past or far off, so that it does not matter how long a case takes. */
const farTime = ({ chance }: Script): bigint =>
  chance.chance(0.5)
    ? BigInt(chance.below(4))
    : (1n << BigInt(40 + chance.below(24))) + BigInt(chance.word32());

/** Later than all times that are long past. */
const LATER = 16n;

export function clintAccess(script: Script): Piece {
  const { chance } = script;
  const { base } = memoryMap.clint;
  const mtimecmp = base + CLINT.mtimecmp;
  const mtime = base + CLINT.mtime;
  const register = chance.pick([mtimecmp, mtime]);
  const half = register + 4 * chance.below(2);
  // The upper half alone says whether a time is past.
  const upper = chance.chance(0.5) ? 0 : chance.word32();
  return chance.weighted<() => Piece>([
    [3, () => [store(base + CLINT.msip, 4, chance.value())]],
    [2, () => [load(base + CLINT.msip, 4)]],
    [4, () => [store(mtimecmp, 8, farTime(script))]],
    [2, () => [store(mtime, 8, farTime(script) + LATER)]],
    [3, () => [load(register, 8)]],
    [3, () => [store(mtimecmp + 4, 4, upper), store(mtimecmp, 4, chance.below(4))]],
    [2, () => [store(mtime, 4, LATER + BigInt(chance.below(2 ** 31))), store(mtime + 4, 4, upper)]],
    [3, () => [load(half, 4)]],
    [1, () => [load(half, chance.pick([1, 2, 8]))]],
    [1, () => [store(half, chance.pick([1, 2]), chance.value())]],
    [1, () => script.wild(chance.pick([base + CLINT.msip, mtimecmp, mtime]), 16)],
    [1, () => [load(base + 4 * chance.below(0x4000), 4)]],
  ])();
}

const rtcBase = memoryMap.rtc.base;

/** The clocks of both machines started at different times. */
export const startRtc = ({ chance }: Script): Piece => [
  store(rtcBase + RTC.TIME_HIGH, 4, 0x1000_0000 + chance.below(0x1000_0000)),
  store(rtcBase + RTC.TIME_LOW, 4, chance.below(0x4000_0000)),
];

export function rtcAccess(script: Script): Piece {
  const { chance } = script;
  const write = (offset: number, value: number | bigint): Piece => [store(rtcBase + offset, 4, value)];
  return chance.weighted<() => Piece>([
    // An alarm in the past goes off at once, one in the future not within a case.
    [
      4,
      () => [
        ...write(
          RTC.ALARM_HIGH,
          chance.chance(0.5) ? chance.below(0x1000_0000) : 0x4000_0000 + chance.below(0x4000_0000),
        ),
        ...write(RTC.ALARM_LOW, chance.word32()),
      ],
    ],
    [3, () => write(RTC.IRQ_ENABLED, chance.below(4))],
    [2, () => write(RTC.CLEAR_INTERRUPT, chance.value())],
    [2, () => write(RTC.CLEAR_ALARM, chance.value())],
    [1, () => startRtc(script)],
    [1, () => [load(rtcBase + RTC.TIME_LOW, 4), load(rtcBase + RTC.TIME_HIGH, 4)]],
    [
      5,
      () => [
        load(
          rtcBase +
            chance.pick([
              RTC.ALARM_LOW,
              RTC.ALARM_HIGH,
              RTC.IRQ_ENABLED,
              RTC.CLEAR_ALARM,
              RTC.ALARM_STATUS,
              RTC.CLEAR_INTERRUPT,
            ]),
          4,
        ),
      ],
    ],
    [1, () => write(RTC.ALARM_STATUS, chance.value())],
    [1, () => [settle]],
    [1, () => script.wild(rtcBase + RTC.ALARM_LOW, 0x20)],
  ])();
}

export function finisherAccess(script: Script): Piece {
  const { chance } = script;
  const { base } = memoryMap.finisher;
  const size = chance.pick([1, 2, 4, 8]);
  const value = chance.value() & ~0xffffn;
  return chance.weighted<() => Piece>([
    [2, () => script.wild(base, 32)],
    [1, () => [store(base, size, value | BigInt(chance.pick([0, 1, 0x5554, 0x3332, 0xffff])))]],
    [1, () => [store(base + size * (1 + chance.below(4)), size, value | BigInt(FINISHER.PASS))]],
    [1, () => [load(base + 0x1000 - size, size)]],
  ])();
}
