/** A fault whose moment is a position takes effect in the very step that reaches it. */
import { describe, expect, it } from 'vitest';
import { faults, happened, ms, result, type Setup, simulate, sound } from './support.ts';

const variants: Record<string, Setup> = {
  lockstep: {},
  checkpoint: { replication: 'checkpoint' },
  alone: { backups: 0 },
  'two backups': { backups: 2, spares: 1 },
};

/** The state of the machine when the first fault took effect. */
const firstOf = (fault: string, options: Setup = {}) => {
  const run = simulate('dice', { faults: faults(fault), ...options });
  const [first] = happened(run, 'fault');
  return { run, icount: first?.icount, made: first?.made, at: first?.at };
};

describe.each(Object.entries(variants))('with %s', (name, options) => {
  it('at output N takes effect right after the step that makes it', () => {
    const at = [1, 30, 106].map((number) => firstOf(`crash:primary@output=${number}`, options));
    expect(at.map(({ made }) => made)).toEqual([1, 30, 106]);
    for (const { icount, run } of at) {
      const before = firstOf(`crash:primary@icount=${icount! - 1}`, options);
      const [here] = at.filter((other) => other.icount === icount);
      expect([before.made, before.icount]).toEqual([here!.made! - 1, icount! - 1]);
      expect(result(run).violations).toEqual([]);
      if (name !== 'alone') expect(result(run)).toEqual(sound);
    }
  });

  it('at output N hits the primary if it names the live host', () => {
    expect(firstOf('crash:live@output=31', options)).toMatchObject({ made: 31, at: 'primary' });
  });

  it('at output N takes effect in that step for a pause, too', () => {
    expect(firstOf('pause:primary@output=31+1ms', options)).toMatchObject({ made: 31 });
  });
});

it('a fault at output N hits a backup in the step that makes the output', () => {
  const { run, made, at } = firstOf('crash:backup@output=30');
  expect([made, at]).toEqual([30, 'backup']);
  expect(result(run)).toEqual(sound);
});

it('a fault at output N hits a spare that has become a backup', () => {
  const run = simulate('bank', {
    spares: 1,
    faults: faults('crash:primary@20ms', 'crash:spare@output=3000'),
  });
  expect(happened(run, 'fault', 'spare')).toMatchObject([{ made: 3000 }]);
  expect(result(run)).toEqual(sound);
});

it('a crash at entry N comes right after the step that appends it', () => {
  // The dice ask for random numbers, each of them an entry.
  const run = simulate('dice');
  const log = happened(run, 'sent', 'primary').flatMap(({ entries }) => entries);
  for (const number of [1, 2, 7, 20]) {
    const entry = log[number - 1]!;
    expect(entry.kind).toBe('entropy');
    expect(firstOf(`crash:primary@entry=${number}`).icount).toBe(entry.icount + 1);
  }
});

it('a crash at an entry with typed input comes before any later step', () => {
  const run = simulate('bank');
  const log = happened(run, 'sent', 'primary').flatMap(({ entries }) => entries);
  const number = log.findIndex(({ kind }) => kind === 'console') + 1;
  const crashed = simulate('bank', { faults: faults(`crash:primary@entry=${number}`) });
  expect(happened(crashed, 'fault')).toMatchObject([{ icount: log[number - 1]!.icount }]);
});

it('a pause after N messages delays the rest until the host resumes', () => {
  // Every message goes to both backups, so one more follows the fifth.
  const crash = simulate('bank', { backups: 2, faults: faults('crash:primary@sent=5') });
  expect(crash.simulation.hosts.get('primary')!.sent).toBe(5);
  const sent = new Set<number>();
  const pause = simulate('bank', { backups: 2, faults: faults('pause:primary@sent=5+1ms') }, ({ hosts }) => {
    const { power, sent: count } = hosts.get('primary')!;
    if (power === 'paused') sent.add(count);
  });
  expect([...sent]).toEqual([5]);
  expect(result(pause)).toEqual(sound);
});

it('several faults of one host take effect each at its own position', () => {
  const run = simulate('dice', {
    faults: faults(
      'pause:primary@output=50+1ms',
      'pause:primary@output=20+1ms',
      'pause:primary@output=21+1ms',
    ),
  });
  const begun = happened(run, 'fault').filter(({ phase }) => phase === 'begins');
  expect(begun.map(({ made }) => made)).toEqual([20, 21, 50]);
  expect(result(run)).toEqual(sound);
});

describe('a time counted from a phase', () => {
  /** For each phase: the host that enters it, and the fault that leads to it, with two backups and two spares. */
  const leads: [phase: string, who: string, opener: string][] = [
    ['claiming', 'backup', 'crash:primary@10ms'],
    ['primary-claiming', 'live', 'crash:backup@10ms'],
    ['joining', 'live', 'crash:backup@10ms'],
    ['copying', 'live', 'crash:backup@10ms'],
    ['being-copied', 'spare', 'crash:backup@10ms'],
    ['catching-up', 'spare', 'crash:backup@10ms'],
    ['switching', 'live', 'command:switch-over@10ms'],
  ];

  it.each(leads)('%s: a fault hits %s in this phase', (phase, who, opener) => {
    const options = { backups: 2, spares: 2 };
    const run = simulate('bank', {
      ...options,
      faults: faults(opener, `pause:${who}@${who}:${phase}:0ms+200us`),
    });
    const [begun] = happened(run, 'fault').filter(
      ({ fault, phase: part }) => fault.kind === 'pause' && part === 'begins',
    );
    expect(begun).toMatchObject({ during: phase });
    expect(result(run)).toEqual(sound);
  });

  it('is an offset from its start', () => {
    const first = simulate('bank', {
      faults: faults('crash:primary@10ms', 'pause:backup@backup:claiming:0ms+1us'),
    });
    const later = simulate('bank', {
      faults: faults('crash:primary@10ms', 'pause:backup@backup:claiming:70us+1us'),
    });
    const at = (run: typeof first) =>
      happened(run, 'fault').find(({ fault }) => fault.kind === 'pause')!.atNs;
    expect(at(later) - at(first)).toBe(70_000);
  });

  it('is not triggered in a phase that no host enters; how often it was entered is reported', () => {
    const run = simulate('bank', {
      faults: faults('crash:primary@10ms', 'pause:backup@backup:claiming.2:0ms+1us'),
    });
    expect(run.simulation.injector.notTriggered).toMatchObject([
      { notTriggered: 'backup was claiming 1 times' },
    ]);
  });
});

it('a killed process is noticed when its connections close, and a host without power by its silence', () => {
  const suspicion = (fault: string) => {
    const run = simulate('bank', { faults: faults(fault) });
    expect(result(run)).toEqual(sound);
    const [begin] = happened(run, 'fault');
    const [suspected] = happened(run, 'suspected', 'backup');
    return { closed: suspected!.closed, afterNs: suspected!.atNs - begin!.atNs };
  };
  const killed = suspicion('kill:primary@icount=100000');
  expect(killed.closed).toBe(true);
  expect(killed.afterNs).toBeLessThan(ms(0.2));
  expect(suspicion('crash:primary@icount=100000')).toMatchObject({ closed: false });
  // Its last messages arrive before the close; a kill loses no more than a crash.
  const again = simulate('bank', { faults: faults('kill:primary@20ms+1ms', 'kill:live@40ms+10ms') });
  expect(result(again)).toEqual(sound);
});
