/** A primary that re-protects its VM: how it handles failures meanwhile. */
import { describe, expect, test } from 'vitest';
import type { MessageOf } from '../../src/ft/messages.ts';
import { descriptionHash } from '../../src/vmm/description.ts';
import { diskGuest } from './guest.ts';
import { alphabet, type Effects, Group, MS, type Setting, TestHost } from './hosts.ts';

const SUSPECT_NS = 10 * MS;

/** A primary that has lost its backup, with a spare. */
const unprotected = (setting: Setting = {}): TestHost =>
  new TestHost('primary', 'primary', {
    source: alphabet,
    hosts: ['primary', 'backup', 'spare'],
    record: { primary: 'primary', backups: [] },
    tuning: { copyPages: 1, copyWindow: 1, stopPages: 0 },
    ...setting,
  });

/** The spare reports that it has room; generation 0 means that it has just restarted empty. */
const available = (primary: TestHost, generation = 1): Effects =>
  primary.hear('spare', { kind: 'available', generation, load: 0, domain: 'spare' });
const beat = (primary: TestHost, ns = 2 * MS): Effects => primary.timer('heartbeat', ns);
const resume = (primary: TestHost): Effects =>
  primary.hear('spare', { kind: 'resume', generation: 1, log: 0, received: 0, consumed: 0, token: 1 });
const pagesAck = (primary: TestHost): Effects =>
  primary.hear('spare', { kind: 'pages-ack', generation: 1, copy: 1 });

/** In the middle of a copy: one page is in flight, and others wait. */
function copying(setting?: Setting): TestHost {
  const primary = unprotected(setting);
  primary.cpu(106);
  available(primary);
  beat(primary);
  expect(resume(primary).event('joining')).toMatchObject({ host: 'spare', how: 'copy' });
  return primary;
}

/** Completes the copy up to the message with the machine's state. */
function copied(primary: TestHost): MessageOf<'state'> {
  for (let page = 0; page < 100; page++)
    for (const message of pagesAck(primary).messages) if (message.kind === 'state') return message;
  throw new Error('no end');
}

describe('a member', () => {
  test('that reports that it has no VM is evicted at once', () => {
    const primary = new TestHost('primary', 'primary');
    const heard = primary.hear('backup', { kind: 'available', generation: 0, load: 0, domain: 'backup' });
    expect(heard.of('claim')).toEqual([
      { do: 'claim', generation: 2, record: { primary: 'primary', backups: [] } },
    ]);
  });
});

describe('a copy is given up', () => {
  test('when the host has restarted meanwhile', () => {
    const primary = copying();
    expect(available(primary, 0).event('join-ended')).toMatchObject({
      host: 'spare',
      why: 'it restarted empty',
    });
    // It may try again.
    available(primary, 0);
    beat(primary);
    expect(resume(primary).event('joining')).toMatchObject({ host: 'spare', how: 'copy' });
  });

  test('when its stream breaks', () => {
    const ended = copying().do({ kind: 'reset', peer: 'spare' });
    expect(ended.event('join-ended')).toMatchObject({ why: 'the channel broke' });
  });

  test('when it makes no progress, though the host answers', () => {
    const primary = copying();
    const ends: (string | undefined)[] = [];
    for (let time = 0; time < 12; time++) {
      available(primary);
      ends.push(beat(primary, SUSPECT_NS).event('join-ended')?.why);
    }
    expect(ends.filter(Boolean)).toEqual(['it makes no progress']);
    expect(ends.slice(0, 9)).toEqual(Array(9).fill(undefined));
  });

  test('but not once the host is named in a claim', () => {
    const primary = copying();
    const { entry } = copied(primary);
    expect(primary.ack(entry, { from: 'spare' }).of('claim')).toMatchObject([
      { record: { primary: 'primary', backups: ['spare'] } },
    ]);
    for (let time = 0; time < 12; time++) {
      available(primary);
      expect(beat(primary, SUSPECT_NS).notes).not.toContain('join-ended');
    }
    // From the claim on, outputs wait for it, too: the claim may have been won already.
    const { last } = primary.cpu(106);
    expect(primary.ack(last - 1, { from: 'spare' }).released).toBe('');
    expect(primary.ack(last, { from: 'spare' }).released).toBe('b');
  });
});

test('a copy does not restart once the host is named in a claim: it may be a backup already', () => {
  const primary = copying();
  const { entry } = copied(primary);
  expect(primary.ack(entry, { from: 'spare' }).of('claim')).toHaveLength(1);
  // It has lost the machine, and must be evicted; but only storage knows whether it is a backup.
  expect([resume(primary).messages, resume(primary).of('claim')]).toEqual([[], []]);
  primary.storage(2, 'primary', 'spare');
  const resumed = primary.hear('spare', {
    kind: 'resume',
    generation: 2,
    log: 0,
    received: 0,
    consumed: 0,
    token: 1,
  });
  expect(resumed.of('claim')).toMatchObject([{ generation: 3, record: { primary: 'primary', backups: [] } }]);
});

test('no new backup joins while a claim is in flight', () => {
  // One backup is missing before the other is suspected.
  const primary = unprotected({ record: { primary: 'primary', backups: ['backup'] }, backups: 2 });
  primary.cpu(106);
  primary.timer('suspect', SUSPECT_NS);
  available(primary);
  beat(primary);
  expect([resume(primary).notes, resume(primary).messages]).toEqual([[], []]);
  primary.storage(2, 'primary');
  available(primary, 2);
  expect(beat(primary).messages).toMatchObject([{ kind: 'members', generation: 2 }]);
});

describe('the end of a copy', () => {
  test('carries the generation of the log, so that the new backup can resume if the stream breaks right after it', () => {
    const setting = { record: { primary: 'primary', backups: ['backup'] } };
    const primary = unprotected(setting);
    const spare = new TestHost('spare', 'spare', {
      source: alphabet,
      hosts: ['primary', 'backup', 'spare'],
      ...setting,
    });
    primary.timer('suspect', SUSPECT_NS);
    primary.storage(2, 'primary');
    primary.cpu(106);
    available(primary);
    const waiting = [...beat(primary).messages];
    for (let message = waiting.shift(); message; message = waiting.shift()) {
      const answers = spare.hear('primary', message).messages;
      if (message.kind === 'state') break;
      for (const answer of answers) waiting.push(...primary.hear('spare', answer).messages);
    }
    expect(spare.do({ kind: 'reset', peer: 'primary' }).messages).toMatchObject([
      { kind: 'resume', log: 2, received: 1, consumed: 1 },
    ]);
  });

  test('carries the speed that an operator has set, and the outputs that may not have been delivered', () => {
    const source = diskGuest([{ operation: 'write', sector: 1 }]);
    const primary = copying({ source, diskSectors: 8 });
    primary.command({ kind: 'speed', perMille: 500 });
    primary.cpu(300);
    const { speed, outputs } = copied(primary);
    expect(speed).toBe(500);
    expect(outputs).toMatchObject([{ kind: 'disk', first: 1, request: { operation: 'write', sector: 1 } }]);
  });
});

describe('a private disk', () => {
  const setting: Setting = { disk: 'private', diskSectors: 8 };
  const data = (byte: number) => new Uint8Array(8 * 512).fill(byte);
  const done = (host: TestHost, id: number, read = new Uint8Array(0)): Effects =>
    host.do({ kind: 'disk-done', id, status: 0, data: read });

  test('ignores the reads of an earlier copy: the guest may have written since', () => {
    const primary = unprotected(setting);
    primary.cpu(106);
    /** Begins a copy; returns the number of its first read. */
    const begin = (): number => {
      available(primary);
      beat(primary);
      return resume(primary).of('disk')[0]!.id;
    };
    const earlier = begin();
    primary.do({ kind: 'reset', peer: 'spare' });
    const later = begin();
    expect(done(primary, earlier, data(1)).messages).toEqual([]);
    expect(done(primary, later, data(2)).messages).toMatchObject([
      { kind: 'sectors', copy: 2, data: data(2) },
    ]);
  });

  test('is written by one copy after the other; only the later one is acknowledged', () => {
    const primary = unprotected(setting);
    const spare = new TestHost('spare', 'spare', {
      ...setting,
      source: alphabet,
      hosts: ['primary', 'spare'],
    });
    /** The sectors of a copy arrive at the spare. */
    const arrive = (copy: number): Effects => {
      const description = descriptionHash(primary.replica.vmm!.machine.description);
      spare.hear('primary', { kind: 'prepare', generation: 1, copy, description });
      return spare.hear('primary', { kind: 'sectors', generation: 1, copy, sector: 0, data: data(copy) });
    };
    const [first] = arrive(1).of('disk');
    expect(first).toMatchObject({ request: { operation: 'write', data: data(1) } });
    // The disk might reorder two writes of the same sectors.
    expect(arrive(2).of('disk')).toEqual([]);
    const next = done(spare, first!.id);
    expect(next.messages).toEqual([]);
    expect(next.of('disk')).toMatchObject([{ request: { operation: 'write', data: data(2) } }]);
    expect(done(spare, next.of('disk')[0]!.id).messages).toMatchObject([
      { kind: 'sectors-ack', copy: 2, sector: 0 },
    ]);
  });
});

test('a new backup has the share of the processor that an operator has set', () => {
  const group = new Group(0, 1, { source: alphabet, backups: 1 });
  group.do('primary', { kind: 'command', command: { kind: 'speed', perMille: 250 } });
  for (let round = 0; round < 20 && !group.storage.has(2); round++) {
    group.beat(1);
    group.work(1);
  }
  expect(group.storage.get(2)).toEqual({ primary: 'primary', backups: ['spare'] });
  for (const message of group.host('primary').cpu(100).messages) group.host('spare').hear('primary', message);
  expect(group.host('spare').cpu(1000).of('ran')).toEqual([{ do: 'ran', steps: 100, restNs: 3000 }]);
});

test('a host with another boot image refuses a copy, and reports it', () => {
  const hashOf = (host: TestHost) => descriptionHash(host.replica.vmm!.machine.description);
  const spare = new TestHost('spare', 'spare', { hosts: ['primary', 'spare'] });
  const prepare = (description: number) =>
    spare.hear('primary', { kind: 'prepare', generation: 1, copy: 1, description });
  expect(prepare(hashOf(unprotected())).notes).toContain('void');
  expect(spare.replica.phase).toBe('spare');
  expect(prepare(hashOf(new TestHost('primary', 'primary'))).notes).not.toContain('void');
  expect(spare.replica.phase).toBe('being-copied');
});
