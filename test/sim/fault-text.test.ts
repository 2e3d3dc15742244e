import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { OperatingError } from '../../src/base/errors.ts';
import {
  durationText,
  faultText,
  parseDuration,
  parseFault,
  parseWhen,
  whenText,
} from '../../src/sim/faults/fault-text.ts';
import type { Fault } from '../../src/sim/faults/faults.ts';
import { examples } from '../thorough.ts';
import { faultsOf, kinds, ns } from './arbitraries.ts';

describe.each(kinds)('a fault of kind %s', (kind) => {
  test('is read as it was written', () => {
    fc.assert(
      fc.property(faultsOf(kind), (fault) => {
        const text = faultText(fault);
        expect(parseFault(text)).toEqual(fault);
        expect(faultText(parseFault(text))).toBe(text);
      }),
      { numRuns: examples(300) },
    );
  });

  test('with a part of its text changed is another fault, or is refused with a message', () => {
    const noise = fc.constantFrom(
      '',
      ':',
      '@',
      '+',
      '=',
      '-',
      '>',
      'x',
      '5',
      'ms',
      '.',
      ' ',
      '9'.repeat(400),
    );
    fc.assert(
      fc.property(faultsOf(kind), fc.nat(), fc.nat(4), noise, (fault, place, length, piece) => {
        const text = faultText(fault);
        const at = place % (text.length + 1);
        const changed = text.slice(0, at) + piece + text.slice(at + length);
        const other = readOrRefuse(changed);
        if (!other) return;
        const again = faultText(other);
        expect(parseFault(again), `${changed} and ${again}`).toEqual(other);
      }),
      { numRuns: examples(500) },
    );
  });
});

/** The fault, or undefined when the text is refused with a proper message. */
function readOrRefuse(text: string): Fault | undefined {
  try {
    return parseFault(text);
  } catch (error) {
    if (!(error instanceof OperatingError)) throw error;
    expect(error.message.length).toBeGreaterThan(15);
    return undefined;
  }
}

test.each<[string, Fault]>([
  [
    'crash:primary@icount=100_000',
    { kind: 'crash', who: 'primary', when: { at: 'icount', icount: 100_000 } },
  ],
  ['crash:live@t=20ms+50ms', { kind: 'crash', who: 'live', when: { at: 'time', ns: 20e6 }, forNs: 50e6 }],
  ['crash:primary@output=10', { kind: 'crash', who: 'primary', when: { at: 'output', number: 10 } }],
  ['pause:primary@9ms+1.5s', { kind: 'pause', who: 'primary', when: { at: 'time', ns: 9e6 }, forNs: 1.5e9 }],
  [
    'flip:backup@5ms=4096.3',
    { kind: 'flip', who: 'backup', when: { at: 'time', ns: 5e6 }, offset: 4096, bit: 3 },
  ],
  [
    'flip:backup@icount=77=4096',
    { kind: 'flip', who: 'backup', when: { at: 'icount', icount: 77 }, offset: 4096, bit: 0 },
  ],
  ['slow:backup@5ms+20ms=0.05', { kind: 'slow', who: 'backup', atNs: 5e6, forNs: 20e6, factor: 0.05 }],
  ['clock:primary@5ms=-3ms', { kind: 'clock', who: 'primary', atNs: 5e6, jumpNs: -3e6 }],
  ['domain:rack-1@5ms', { kind: 'domain', domain: 'rack-1', atNs: 5e6 }],
  [
    'partition:primary-storage@5ms+20ms',
    { kind: 'partition', from: 'primary', to: 'storage', both: true, atNs: 5e6, forNs: 20e6 },
  ],
  [
    'partition:primary>backup@5ms+20ms',
    { kind: 'partition', from: 'primary', to: 'backup', both: false, atNs: 5e6, forNs: 20e6 },
  ],
  [
    'delay:primary-backup@5ms+250us=2ms',
    { kind: 'delay', from: 'primary', to: 'backup', atNs: 5e6, forNs: 250e3, extraNs: 2e6 },
  ],
  [
    'lose:primary-backup@0ms+1s=0.5',
    { kind: 'lose', from: 'primary', to: 'backup', atNs: 0, forNs: 1e9, probability: 0.5 },
  ],
  ['outage:storage@5ms+20ms', { kind: 'outage', atNs: 5e6, forNs: 20e6 }],
  ['command:switch-over@5ms', { kind: 'command', command: { kind: 'switch-over' }, atNs: 5e6 }],
  ['command:speed=0.5@5ms', { kind: 'command', command: { kind: 'speed', perMille: 500 }, atNs: 5e6 }],
])('%s', (text, fault) => {
  expect(parseFault(text)).toEqual(fault);
});

test.each<[string, RegExp]>([
  ['', /"" is no fault; it has the form KIND:WHERE@WHEN/],
  ['crash', /"crash" is no fault; it has the form/],
  [
    'crash:primary',
    /has no place or no moment; it has the form crash:HOST@WHEN\[\+LENGTH\], like crash:primary@20ms/,
  ],
  ['crash:primary@', /has no place or no moment/],
  ['crash:primary@+5ms', /"" is no time; write it like 5ms/],
  ['crash:primary@5', /"5" is no time; write it like 5ms/],
  ['crash:primary@5min', /"5min" is no time/],
  ['crash:primary@step=5', /"step=5" is no moment; it is icount=N, t=5ms, output=N, entry=N or sent=N/],
  ['crash:primary@icount=many', /"many" is no whole number/],
  ['crash:primary@icount=-1', /"-1" is no whole number/],
  ['crash:primary@5ms+', /"" is no time/],
  ['crash:primary@5ms+soon', /"soon" is no time/],
  ['crush:primary@5ms', /"crush" is no fault; they are crash, kill, pause, .*, command/],
  ['pause:primary@5ms', /needs a length; it has the form pause:HOST@WHEN/],
  ['slow:backup@5ms+20ms', /needs a value; it has the form/],
  ['slow:backup@5ms+20ms=0', /0 is not from 0\.001 to 1000/],
  ['slow:backup@5ms+20ms=quick', /quick is not from/],
  ['slow:backup@icount=5+20ms=0.5', /"icount=5" is no time/],
  ['lose:primary-backup@5ms+20ms=1.5', /1\.5 is not from 0 to 1/],
  ['clock:primary@5ms', /needs a value/],
  ['clock:primary@5ms=late', /"late" is no time/],
  ['partition:primary@5ms+20ms', /"primary" is no link; write primary-backup, or primary>backup/],
  ['reset:primary@5ms', /"primary" is no link/],
  ['flip:backup@5ms', /needs a value/],
  ['flip:backup@5ms=here', /"here" is no whole number/],
  ['flip:backup@5ms=1.x', /"x" is no whole number/],
  ['command:dance@5ms', /"dance" is no command; they are reset, memory=128M, speed=F/],
  ['command:speed=2@5ms', /a speed is a share of the processor, like speed=0\.5/],
  ['command:speed@5ms', /a speed is a share/],
  ['command:move-backup@5ms', /move-backup=HOST names the backup to move/],
])('%s is refused with what is wrong, and what is right', (text, message) => {
  expect(() => parseFault(text)).toThrow(OperatingError);
  expect(() => parseFault(text)).toThrow(message);
});

/** Texts whose obvious reading would not be what the author meant. */
test.each([
  'crash:@5ms',
  'crash:primary@-5ms',
  'crash:primary@99999999999s',
  'crash:primary@icount=9007199254740993',
  'crash:primary@5ms+-5ms',
  'crash:primary@5ms=3',
  'crash:primary@5ms+20ms=3',
  'pause:primary@5ms+20ms=3',
  'slow:backup@5ms+20ms=',
  'lose:primary-backup@5ms+20ms=',
  'flip:backup@5ms=8.9',
  'flip:backup@5ms+20ms=8.3',
  'partition:primary-backup@5ms+20ms=3',
  'reset:primary-backup@5ms+20ms',
  'outage:primary@5ms+20ms',
  'outage:storage@5ms=3+20ms',
  'clock:primary@5ms+20ms=3ms',
  'delay:primary>backup@5ms+20ms=2ms',
  'delay:primary-backup@5ms+20ms=-2ms',
  'command:reset=now@5ms',
  'command:switch-over=@5ms',
  'command:move-backup=@5ms',
  'command:reset@5ms+20ms',
])('%s is refused', (text) => {
  expect(() => parseFault(text)).toThrow(OperatingError);
});

describe('times', () => {
  test('are written in their shortest form, and read back', () => {
    fc.assert(
      fc.property(ns, (time) => {
        expect(parseDuration(durationText(time))).toBe(time);
        expect(parseWhen(whenText({ at: 'time', ns: time }))).toEqual({ at: 'time', ns: time });
      }),
    );
    expect([0, 1, 1500, 2_000_000, 3e9, -4e6].map(durationText)).toEqual([
      '0ms',
      '1ns',
      '1500ns',
      '2ms',
      '3s',
      '-4ms',
    ]);
    expect(['1.5s', '250us', '7ns', '0.5ms'].map(parseDuration)).toEqual([1.5e9, 250e3, 7, 5e5]);
  });

  test.each(['', '5', 'ms', '5 ms', '5m', '1e3ms', '.5ms', '+5ms', '5ms '])('refuse "%s"', (text) => {
    expect(() => parseDuration(text)).toThrow(`"${text}" is no time; write it like 5ms, 250us or 1.5s`);
  });
});
