/** The outcome of each fault of a schedule: when and where it took effect, or why it was not triggered. */
import { describe, expect, it } from 'vitest';
import { faults, happened, ms, result, type Setup, simulate, sound } from './support.ts';

const outcomes = (texts: string[], options: Setup = {}) => {
  const run = simulate('dice', { faults: faults(...texts), ...options });
  return run.simulation.injector.outcomes.map((outcome) =>
    'injected' in outcome ? outcome.injected : outcome.notTriggered,
  );
};

it('an injected fault has a time, a host and the position of its machine', () => {
  expect(outcomes(['crash:primary@icount=1000'])).toEqual([{ atNs: 10_000, host: 'primary', icount: 1000 }]);
  expect(
    outcomes(['outage:storage@5us+1us', 'clock:backup@6us=1ms', 'lose:primary-backup@7us+1us=0.5']),
  ).toEqual([
    { atNs: 5_000, host: undefined, icount: undefined },
    { atNs: 6_000, host: 'backup', icount: 0 },
    { atNs: 7_000, host: undefined, icount: undefined },
  ]);
});

describe("a pause ends with its host's power", () => {
  const pauses = (...texts: string[]) =>
    happened(simulate('bank', { faults: faults(...texts) }), 'fault', 'backup').flatMap(
      ({ fault, phase, atNs }) => (fault.kind === 'pause' ? [`${phase} ${atNs / 1e6}`] : []),
    );

  it('a host that crashes while it is paused does not resume', () => {
    expect(pauses('pause:backup@1ms+20ms', 'crash:backup@5ms')).toEqual(['begins 1']);
  });

  it('a host that restarted, and is paused again, does not resume early', () => {
    const texts = ['pause:backup@1ms+20ms', 'crash:backup@5ms+1ms', 'pause:backup@10ms+30ms'];
    expect(pauses(...texts)).toEqual(['begins 1', 'begins 10', 'ends 40']);
    const run = simulate('bank', { faults: faults(...texts) }, ({ hosts, nowNs }) => {
      if (nowNs > ms(10) && nowNs < ms(40)) expect(hosts.get('backup')!.power).toBe('paused');
    });
    expect(result(run)).toEqual(sound);
  });
});

describe('a fault that was not triggered has a reason', () => {
  it.each<[string, string[], RegExp]>([
    [
      'a step that is not taken',
      ['crash:primary@icount=999999999'],
      /^primary did not reach it; its machine is at icount 3225$/,
    ],
    [
      'an output that is not made',
      ['crash:primary@output=108'],
      /^primary did not reach it; its machine has made 107 outputs$/,
    ],
    [
      'an entry that is not logged',
      ['crash:primary@entry=9999'],
      /^primary did not reach it; its log ends with entry \d+$/,
    ],
    [
      'a message that is not sent',
      ['pause:backup@sent=9999+1ms'],
      /^backup did not reach it; it has sent \d+ messages$/,
    ],
    ['a position of the primary', ['crash:live@icount=4000'], /^no live host reached it$/],
    ['a time after the end', ['crash:primary@1s'], /^the run ended before, at \d+\.\d{3} ms$/],
    [
      'a host that is dead already',
      ['crash:primary@10us', 'crash:primary@20us'],
      /^primary was dead already, since 0\.010 ms$/,
    ],
    [
      'a host that is dead before it reaches the position',
      ['crash:primary@icount=1000', 'crash:primary@icount=2000'],
      /^primary was dead already, since 0\.010 ms; its machine is at icount 1000$/,
    ],
    [
      'a host that is paused already',
      ['pause:primary@10us+1ms', 'pause:primary@20us+1ms'],
      /^primary was paused already$/,
    ],
    ['a host without a machine', ['flip:spare@10us=0.0'], /^spare has no machine$/],
    [
      'a position on a host without a machine',
      ['crash:spare@output=1'],
      /^spare did not reach it; it has no machine$/,
    ],
    ['a command without a live host', ['crash:primary@10us', 'command:reset@20us'], /^no host was live$/],
    [
      'a slow-down without a live host',
      ['crash:primary@10us', 'slow:live@20us+1ms=0.5'],
      /^no host was live$/,
    ],
    [
      'a domain that is dead already',
      ['domain:backup@10us', 'domain:backup@20us'],
      /^every host in the domain was dead already$/,
    ],
  ])('%s', (_, texts, why) => {
    expect(outcomes(texts, { spares: 1 }).at(-1)).toMatch(why);
  });

  it('a machine that has ended', () => {
    // The primary runs on until the backup has acknowledged the end.
    const [end] = simulate('dice').events.filter(({ event }) => event.kind === 'ended');
    const after = Math.floor(end!.atNs) + 1_000;
    expect(outcomes([`crash:backup@${after}ns`])).toEqual(['the machine of backup had ended already']);
  });
});

it('each fault of a schedule has one outcome, in order, and those not triggered are listed', () => {
  const schedule = faults('crash:primary@1s', 'crash:backup@10us', 'pause:primary@icount=3+1us');
  const { injector } = simulate('dice', { faults: schedule }).simulation;
  expect(injector.outcomes.map(({ fault }) => fault)).toEqual(schedule);
  expect(injector.notTriggered.map(({ fault }) => fault)).toEqual([schedule[0]]);
});
