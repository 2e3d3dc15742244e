import { describe, expect, test } from 'vitest';
import { OperatingError } from '../../../src/base/errors.ts';
import {
  campaignDefaults,
  defaults,
  mustSuit,
  type RunSpec,
  storyDefaults,
  validated,
} from '../../../src/sim/spec/spec.ts';
import { storyLines } from '../../../src/sim/spec/story-lines.ts';
import { parseScenario } from '../../../src/sim/story/scenario.ts';
import { everySpec } from '../arbitraries.ts';
import { faults } from '../support.ts';

const read = (lines: readonly string[]) =>
  parseScenario(['# T', 'guest hello', ...lines].join('\n'), 'f').spec;

describe('a specification', () => {
  test('that is valid and canonical is not changed by validation', () => {
    everySpec((spec) => expect(validated(spec)).toEqual(spec));
  });

  test('that is empty means the defaults, of a run, of a story and of a campaign', () => {
    for (const base of [defaults, storyDefaults, campaignDefaults]) {
      expect(validated({}, base)).toEqual(base);
      expect(validated(validated({}, base), base)).toEqual(base);
      expect(validated(base)).toEqual(base);
    }
  });

  test('is read from a story as it was written', () => {
    everySpec((spec) => expect(read(storyLines(spec))).toEqual(spec));
  });

  test('survives JSON: it is plain data', () => {
    everySpec((spec) => expect(validated(JSON.parse(JSON.stringify(spec)))).toEqual(spec));
  });

  test('that is the default needs no line in a story', () => {
    expect(storyLines(storyDefaults)).toEqual([]);
  });

  test('is canonical: no spares without backups, and no rule twice', () => {
    expect(validated({ backups: 0 })).toEqual({ ...defaults, backups: 0, spares: 0 });
    expect(validated({ unsafe: ['drain', 'dedup', 'drain'] }).unsafe).toEqual(['drain', 'dedup']);
  });
});

describe('an invalid specification is refused, with the reason and the valid values', () => {
  const wild = (spec: object) => () => validated(spec as Partial<RunSpec>);
  test.each<[object, RegExp]>([
    [{ backup: 2 }, /^a run has no "backup"; it has seed, backups, spares, /],
    [{ seed: 7 }, /^seed 7: it must be a text$/],
    [{ backups: 4 }, /^backups 4: it must be a whole number from 0 to 3$/],
    [{ backups: 1.5 }, /^backups 1.5: it must be a whole number/],
    [{ spares: -1 }, /^spares -1: it must be a whole number from 0 to 8$/],
    [{ clients: Number.NaN }, /^clients NaN: it must be a whole number from 0 to 64$/],
    [{ maxSteps: 0 }, /^max-steps 0: it must be a whole number from 1 to/],
    [{ bitsPerSecond: 9600 }, /^link 9600: it must be a whole number from 1000000 to 1000000000000$/],
    [{ replication: 'hope' }, /^replication hope: it must be one of lockstep, checkpoint$/],
    [{ disk: 'floppy' }, /^disk floppy: it must be one of shared, shared-backup-reads, private$/],
    [{ unsafe: ['everything'] }, /^unsafe everything: it must be one of output-rule, /],
    [
      { replication: 'checkpoint', disk: 'private' },
      /^disk private: a checkpoint carries memory and devices/,
    ],
    [{ speeds: { backup: 0 } }, /^speed backup=0: it must be a number from 0.001 to 1000$/],
    [{ speeds: { backup2: 1 } }, /^"backup2" is no host here; they are primary, backup, spare$/],
    [{ loads: { spare: 1001 } }, /^load spare=1001: it must be a number from 0 to 1000$/],
    [{ speeds: { backup: '2' } }, /^speed backup=2: it must be a number from 0.001 to 1000$/],
    [{ loads: { nobody: 1 } }, /^"nobody" is no host here/],
    [{ domains: { primary: 'rack a' } }, /^domain primary=rack a: a failure domain is named by a word/],
    [{ tuning: { patience: 5 } }, /^"patience" is none of heartbeatNs, suspectNs/],
    [{ tuning: { suspectNs: 1 } }, /^"suspectNs=1" is no time from 10us to 100s$/],
    [{ tuning: { copyPages: 1.5 } }, /^"copyPages=1.5" is no whole number from 1 to 4096$/],
    [{ faults: [{ kind: 'meteor' }] }, /^fault meteor: the kinds are crash, kill, pause, /],
    [{ faults: [{ kind: 'slow', who: 'backup', atNs: 5, forNs: 5, factor: -1 }] }, /-1 is not from 0.001/],
    [{ faults: [{ kind: 'outage', atNs: -5, forNs: 5 }] }, /is no time; write it like 5ms/],
    [{ faults: faults('crash:backup2@5ms') }, /^"backup2" is no host here/],
    [{ faults: faults('crash:storage@5ms') }, /^"storage" is no host here; they are primary, backup, spare$/],
    [{ faults: faults('slow:switch@5ms+1ms=0.5') }, /^"switch" is no host here/],
    [{ faults: faults('crash:primary@storage:alone:1ms') }, /^"storage" is no host here/],
    [{ faults: faults('partition:live-backup@5ms+1ms') }, /^"live" is no host here/],
    [
      { faults: faults('domain:rack-a@5ms') },
      /^"rack-a" is no failure domain here; they are primary, backup, spare$/,
    ],
    [
      { domains: { primary: 'a', backup: 'a' }, faults: faults('domain:backup@5ms') },
      /^"backup" is no failure domain here; they are a, spare$/,
    ],
    [{ backups: 0, spares: 2 }, /^spares has no effect here: one machine without backups.*; leave it out$/],
    [{ backups: 0, unsafe: ['drain'] }, /^unsafe has no effect here/],
    [{ backups: 0, replication: 'checkpoint' }, /^replication has no effect here/],
    [{ backups: 0, tuning: { suspectNs: 2e7 } }, /^tuning has no effect here/],
    [{ backups: 0, faults: faults('command:switch-over@1ms') }, /there is only one host/],
  ])('%j', (spec, message) => {
    expect(wild(spec)).toThrow(OperatingError);
    expect(wild(spec)).toThrow(message);
  });

  test('with the name of its story and, where it is a single line, its number', () => {
    expect(() => read(['backups 0', 'unsafe drain'])).toThrow(/^f: unsafe has no effect here/);
    expect(() => read(['link 9600'])).toThrow(/^f:3: the speed of a link is 1M to 1000G bits a second/);
    expect(() => read(['max-steps 0'])).toThrow(/^f:3: "0" is no number from 1/);
    expect(() => read(['seed "7'])).toThrow(/^f:3: "7 must end with a quotation mark/);
    expect(() => read(['fault flip:backup@5ms=1048576.0'])).toThrow(/^f: "flip:.*the offsets 0 to 1048575/);
  });

  test('if it does not suit the guest, once that is known', () => {
    const flip = validated({ faults: faults('flip:backup@5ms=4096.0') });
    mustSuit(flip, 8192);
    expect(() => mustSuit(flip, 4096)).toThrow(/the offsets 0 to 4095/);
  });
});
