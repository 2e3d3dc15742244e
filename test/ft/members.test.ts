/** Several hosts, shared storage and a console: who is a member, who goes live, and how a host gets in sync. */
import { describe, expect, test } from 'vitest';
import type { Message } from '../../src/ft/messages.ts';
import { decodeMessage } from '../../src/ft/messages.ts';
import type { Tuning } from '../../src/ft/rules.ts';
import { diskGuest } from './guest.ts';
import { alphabet, type Effects, Group, MS, sleeper, TestHost } from './hosts.ts';

const source = alphabet;
const letters = (count: number) =>
  Array.from({ length: count }, (_, index) => String.fromCharCode(97 + (index % 26))).join('');

/** The state of a replica, in short. */
const stateOf = (group: Group, name: string) => {
  const { role, phase, generation, isEligible } = group.replica(name);
  return { role, phase, generation, isEligible };
};

/** Lets every host work for some rounds. */
function workRounds(group: Group, rounds = 6): void {
  for (let round = 0; round < rounds; round++) {
    group.beat(2);
    group.work(1);
  }
}

describe('the members', () => {
  const two = { source, record: { primary: 'primary', backups: ['backup', 'backup2'] }, backups: 2 };

  test('must all hold an entry before an output leaves', () => {
    const primary = new TestHost('primary', 'primary', two);
    const { last } = primary.cpu(20);
    expect(primary.ack(last, { from: 'backup' }).released).toBe('');
    expect(primary.ack(last - 1, { from: 'backup2' }).released).toBe('');
    expect(primary.ack(last, { from: 'stranger' }).released).toBe('');
    expect(primary.ack(last, { from: 'backup2' }).released).toBe('a');
  });

  test('are evicted at once when their process ends, unless they are heard again first', () => {
    const primary = new TestHost('primary', 'primary', two);
    const { last } = primary.cpu(20);
    primary.ack(last, { from: 'backup' });
    const closed = primary.do({ kind: 'closed', peer: 'backup2' });
    expect(closed.event('suspected')).toMatchObject({ host: 'backup2', silentNs: 0, closed: true });
    expect(closed.of('claim')).toMatchObject([{ record: { backups: ['backup'] } }]);
    expect([closed.released, primary.storage(2, 'primary', 'backup').released]).toEqual(['', 'a']);
    expect(primary.do({ kind: 'closed', peer: 'backup2' }).all).toEqual([]);
    // While a claim is under way no other begins.
    const second = new TestHost('primary', 'primary', two);
    second.do({ kind: 'closed', peer: 'backup2' });
    expect(second.do({ kind: 'closed', peer: 'backup' }).of('claim')).toEqual([]);
    second.storage(2, 'primary', 'backup');
    second.hear('backup', { kind: 'heartbeat', generation: 2, domain: 'x', ticks: 0 });
    expect(second.timer('suspect', MS).of('claim')).toEqual([]);
  });

  test('are silent since their last message, or since one was waited for', () => {
    const primary = new TestHost('primary', 'primary', two);
    const { last } = primary.cpu(20);
    primary.ack(last, { from: 'backup' });
    const events = primary
      .timer('suspect', 11 * MS)
      .all.flatMap((effect) =>
        effect.do === 'note' && effect.event.kind === 'suspected' ? [effect.event] : [],
      );
    expect(events).toMatchObject([
      { host: 'backup', silentNs: 11 * MS, heard: true },
      { host: 'backup2', silentNs: 11 * MS, heard: false },
    ]);
    // A backup waits for messages of each primary anew.
    const backup = new TestHost('backup', 'backup', two);
    backup.hear('primary', { kind: 'heartbeat', generation: 1, domain: '', ticks: 0 });
    backup.nowNs = 5 * MS;
    backup.storage(2, 'backup2', 'backup');
    expect(backup.timer('suspect', 11 * MS).event('suspected')).toMatchObject({
      host: 'backup2',
      silentNs: 11 * MS,
      heard: false,
    });
  });

  test('lose a suspected backup only when the claim is won', () => {
    const primary = new TestHost('primary', 'primary', two);
    const { last } = primary.cpu(20);
    primary.nowNs = 9 * MS;
    primary.ack(last, { from: 'backup' });
    const suspected = primary.timer('suspect', 2 * MS);
    expect(suspected.event('suspected')).toEqual({
      kind: 'suspected',
      host: 'backup2',
      silentNs: 11 * MS,
      heard: false,
      closed: false,
    });
    expect(suspected.of('claim')).toEqual([
      { do: 'claim', generation: 2, record: { primary: 'primary', backups: ['backup'] } },
    ]);
    expect(suspected.released).toBe('');
    const won = primary.storage(2, 'primary', 'backup');
    expect(won.released).toBe('a');
    expect(won.messages).toEqual([
      {
        kind: 'members',
        generation: 2,
        record: { primary: 'primary', backups: ['backup'] },
        starts: [
          { generation: 1, first: 1 },
          { generation: 2, first: last + 1 },
        ],
      },
    ]);
    // From now on the acknowledgement of the remaining one is necessary and sufficient.
    const next = primary.cpu(212);
    expect(next.released).toBe('');
    expect(primary.ack(next.last, { from: 'backup', generation: 2 }).released).toBe('bc');
  });

  test('that are evicted learn of it, and the others run on', () => {
    const group = new Group(2, 0, { source });
    group.work(3);
    group.cut.add('backup2');
    group.beat(7);
    expect(group.storage.get(2)).toEqual({ primary: 'primary', backups: ['backup'] });
    group.work(3);
    expect(group.printed).toBe(letters(6));
    expect(group.replica('backup').phase).toBe('backup');
    // The host that was cut off loses its claim.
    group.cut.delete('backup2');
    group.timer('backup2', 'heartbeat');
    expect(group.notes('backup2')).toContain('evicted');
    expect(group.replica('backup2').generation).toBeGreaterThanOrEqual(2);
  });

  test('that were evicted by mistake rejoin, and are members again', () => {
    const group = new Group(1, 0, { source });
    group.work(3);
    group.cut.add('backup');
    group.beat(7);
    expect(group.replica('primary').phase).toBe('alone');
    group.work(3);
    group.cut.delete('backup');
    workRounds(group, 5);
    expect(group.replica('backup').phase).toBe('backup');
    expect(group.replica('primary').record).toEqual({ primary: 'primary', backups: ['backup'] });
    expect(group.event('primary', 'joining')).toMatchObject({ host: 'backup', how: 'entries' });
    expect(group.host('backup').hash).toBe(group.host('primary').hash);
  });
});

test('an evicted host that reads the shared disk is copied: others may have written to it', () => {
  const group = new Group(1, 0, { source, disk: 'shared-backup-reads' });
  group.work(3);
  group.cut.add('backup');
  group.beat(7);
  group.work(3);
  group.cut.delete('backup');
  workRounds(group, 5);
  expect(group.event('primary', 'joining')).toMatchObject({ host: 'backup', how: 'copy' });
  expect(group.host('backup').hash).toBe(group.host('primary').hash);
});

describe('after a failover', () => {
  /** The primary is cut off; the first backup takes over. */
  function failover(backups: number, spares = 0): Group {
    const group = new Group(backups, spares, { source });
    group.work(3);
    group.cut.add('primary');
    group.wait(11 * MS);
    group.timer('backup', 'suspect');
    group.drain();
    return group;
  }

  test('the other backup is a member of the next generation', () => {
    const group = failover(2);
    expect(group.storage.get(2)).toEqual({ primary: 'backup', backups: ['backup2'] });
    expect(group.replica('backup').role).toBe('primary');
    expect(group.replica('backup2').phase).toBe('backup');
    group.work(3);
    expect(group.printed).toBe(letters(6));
    expect(group.host('backup2').hash).toBe(group.host('backup').hash);
  });

  test('no output leaves before the other backup holds its entry', () => {
    const group = failover(2);
    group.cut.add('backup2');
    group.cpu('backup', 212);
    expect(group.printed).toBe(letters(3));
    group.beat(7);
    expect(group.printed).toBe(letters(5));
    expect(group.storage.get(3)).toEqual({ primary: 'backup', backups: [] });
  });

  test('a member that has not heard from its new primary may go live', () => {
    const group = new Group(2, 0, { source });
    group.work(3);
    group.cut.add('primary');
    group.cut.add('backup2');
    group.wait(11 * MS);
    group.timer('backup', 'suspect');
    group.drain();
    expect(group.replica('backup').role).toBe('primary');
    group.cut.add('backup');
    group.cut.delete('backup2');
    group.timer('backup2', 'suspect');
    // It loses its claim; the record that it reads names it.
    expect(stateOf(group, 'backup2')).toEqual({
      role: 'backup',
      phase: 'between',
      generation: 2,
      isEligible: true,
    });
    group.beat(7);
    group.drain();
    expect(group.storage.get(3)).toEqual({ primary: 'backup2', backups: [] });
    expect(group.replica('backup2').role).toBe('primary');
    group.work(3);
    expect(group.printed).toBe(letters(6));
  });

  test('a primary that was only cut off follows, if all that it has executed is in the log', () => {
    const group = failover(1);
    expect(group.replica('backup').phase).toBe('alone');
    group.cut.delete('primary');
    workRounds(group, 5);
    expect(group.replica('primary').phase).toBe('backup');
    expect(group.event('backup', 'joining')).toMatchObject({ host: 'primary', how: 'entries' });
    expect(group.host('primary').hash).toBe(group.host('backup').hash);
  });

  test('a primary that ran on before it learned of the failover is copied', () => {
    const group = failover(1);
    group.cpu('primary', 1000);
    group.cut.delete('primary');
    workRounds(group, 8);
    expect(group.event('primary', 'evicted')).toMatchObject({ primary: 'backup' });
    expect(group.event('backup', 'joining')).toMatchObject({ host: 'primary', how: 'copy' });
    expect(group.event('primary', 'installed')).toMatchObject({ from: 'backup' });
    expect(group.replica('primary').phase).toBe('backup');
    group.work(2);
    expect(group.host('primary').hash).toBe(group.host('backup').hash);
    expect(group.printed).toBe(letters(group.printed.length));
  });
});

describe('a backup whose log differs from that of the new primary', () => {
  /** A primary with two backups; the second has the entries of `more` slices more than the first, which goes live. */
  function diverging(
    more: number,
    others: string[] = [],
  ): { primary: TestHost; backup: TestHost; backup2: TestHost } {
    const backups = ['backup', 'backup2', ...others];
    const setting = {
      source,
      hosts: ['primary', ...backups],
      record: { primary: 'primary', backups },
      backups: backups.length,
    };
    const primary = new TestHost('primary', 'primary', setting);
    const [backup, backup2] = [
      new TestHost('backup', 'backup', setting),
      new TestHost('backup2', 'backup', setting),
    ];
    const slices = Array.from({ length: 3 + more }, () => primary.cpu(106));
    for (const { all } of slices.slice(0, 3))
      for (const effect of all)
        for (const host of [backup, backup2])
          if (effect.do === 'send' && effect.to === host.name)
            host.do({ kind: 'message', from: 'primary', bytes: effect.bytes });
    for (const { all } of slices.slice(3))
      for (const effect of all)
        if (effect.do === 'send' && effect.to === 'backup2')
          backup2.do({ kind: 'message', from: 'primary', bytes: effect.bytes });
    backup.timer('suspect', 11 * MS);
    backup.storage(2, 'backup', 'backup2', ...others);
    return { primary, backup, backup2 };
  }
  const of = (effects: Effects, to: string): Message[] =>
    effects.of('send').flatMap((sent) => (sent.to === to ? [decodeMessage(sent.bytes)] : []));
  const only = (messages: readonly Message[]): Message => {
    expect(messages).toHaveLength(1);
    return messages[0]!;
  };

  test.each([0, 4])('drops entries that it has not consumed, %i slices later', (later) => {
    const { backup, backup2 } = diverging(2);
    expect([backup.replica.logEnd, backup2.replica.logEnd]).toEqual([3, 5]);
    const goesLive = backup.cpu(1000);
    expect(goesLive.notes).toContain('live');
    for (let slice = 0; slice < later; slice++) backup.cpu(100);
    const asked = backup2.hear('backup', only(goesLive.messages));
    expect(asked.messages).toMatchObject([
      { kind: 'resume', generation: 2, log: 1, received: 5, consumed: 0, token: 1 },
    ]);
    const answered = backup.hear('backup2', asked.messages[0]!);
    expect(answered.messages).toMatchObject([{ kind: 'entries', first: 4, answers: 1 }]);
    const following = backup2.hear('backup', only(answered.messages));
    expect(following.notes).toContain('following');
    expect([backup2.replica.logEnd, backup2.replica.backlog]).toEqual([3 + later, 3 + later]);
    expect(following.messages).toMatchObject([
      { kind: 'ack', generation: 2, received: 3 + later, consumed: 0 },
    ]);
    // Its old position releases nothing; its acknowledgement in the log of this generation does.
    expect(answered.released).toBe('');
    const acked = backup.hear('backup2', following.messages[0]!);
    // It replays what the new primary does instead.
    const next = backup.cpu(150);
    for (const message of next.messages) backup2.hear('backup', message);
    backup2.cpu(10_000);
    expect(backup2.hash).toBe(backup.hash);
    const rest = backup.ack(next.last, { from: 'backup2', generation: 2 });
    expect([acked.released, rest.released]).toEqual(later ? ['abcdefg', 'hi'] : ['abc', 'de']);
    // Its log belongs to this generation now, which its next request shows.
    const broken = backup2.do({ kind: 'reset', peer: 'backup' });
    expect(broken.messages).toMatchObject([{ kind: 'resume', log: 2, received: backup2.replica.logEnd }]);
  });

  test('is evicted and copied if it has consumed entries that are not in the log', () => {
    const { backup, backup2 } = diverging(2);
    backup2.cpu(1000);
    const goesLive = backup.cpu(1000);
    const asked = backup2.hear('backup', only(goesLive.messages));
    expect(asked.messages).toMatchObject([{ kind: 'resume', received: 5, consumed: 5 }]);
    const refused = backup.hear('backup2', asked.messages[0]!);
    expect(refused.messages).toEqual([]);
    expect(refused.of('claim')).toEqual([
      { do: 'claim', generation: 3, record: { primary: 'backup', backups: [] } },
    ]);
    expect(refused.released).toBe('');
    expect(backup.storage(3, 'backup').released).toBe('abc');
    // Now it is a spare, and needs a copy.
    const answered = backup.hear('backup2', { kind: 'heartbeat', generation: 2, domain: 'x', ticks: 0 });
    const again = backup2.hear('backup', only(answered.messages));
    expect(again.notes).toEqual(['evicted']);
    const resumed = backup.hear('backup2', only(again.messages));
    expect(resumed.messages[0]).toMatchObject({ kind: 'prepare', generation: 3, copy: 1 });
  });

  test('drops entries that covered its outputs: these then wait for the last entry that is left', () => {
    const { backup, backup2 } = diverging(2, ['backup3']);
    // It has made an output, and takes the last entry received so far as the one that covers it.
    backup2.cpu(50);
    const asked = backup2.hear('backup', only(of(backup.cpu(1000), 'backup2')));
    backup2.hear('backup', only(backup.hear('backup2', asked.messages[0]!).messages));
    expect(backup2.replica.logEnd).toBe(3);
    backup2.timer('suspect', 11 * MS);
    backup2.cpu(1000);
    expect(backup2.storage(3, 'backup2', 'backup3').notes).toContain('live');
    const position = { kind: 'resume', generation: 3, log: 1, received: 2, consumed: 0, token: 1 } as const;
    expect(backup2.hear('backup3', position).messages).toMatchObject([{ kind: 'entries', first: 3 }]);
    expect(backup2.ack(2, { from: 'backup3', generation: 3 }).released).toBe('');
    expect(backup2.ack(3, { from: 'backup3', generation: 3 }).released).toBe('abc');
  });

  test('ignores an answer to a request that it has not sent', () => {
    const { backup, backup2 } = diverging(1);
    const asked = backup2.hear('backup', only(backup.cpu(1000).messages));
    const answer = only(backup.hear('backup2', asked.messages[0]!).messages);
    if (answer.kind !== 'entries') throw new Error('no entries');
    for (const answers of [0, 7]) expect(backup2.hear('backup', { ...answer, answers }).all).toEqual([]);
    expect(backup2.hear('stranger', answer).all).toEqual([]);
    expect(backup2.hear('backup', answer).notes).toContain('following');
  });
});

test('entries that another member may lack are kept, although this host has consumed them', () => {
  const backups = ['backup', 'backup2'];
  const setting = {
    source,
    hosts: ['primary', ...backups],
    record: { primary: 'primary', backups },
    backups: 2,
  };
  const primary = new TestHost('primary', 'primary', setting);
  const backup = new TestHost('backup', 'backup', setting);
  for (let slice = 0; slice < 300; slice++) {
    for (const message of primary.cpu(106).messages.slice(0, 1)) backup.hear('primary', message);
    backup.cpu(1000);
  }
  backup.timer('suspect', 11 * MS);
  backup.storage(2, 'backup', 'backup2');
  const position = { kind: 'resume', generation: 2, log: 1, received: 5, consumed: 5, token: 1 } as const;
  expect(backup.hear('backup2', position).messages).toMatchObject([{ kind: 'entries', first: 6 }]);
});

describe('a stream that breaks', () => {
  test('makes the backup ask again, since the answer may be lost', () => {
    const backup = new TestHost('backup', 'backup', { source });
    const asked = backup.do({ kind: 'reset', peer: 'primary' });
    expect(asked.messages).toMatchObject([{ kind: 'resume', token: 1 }]);
    expect(backup.timer('retry', 10 * MS).messages).toMatchObject([{ kind: 'resume', token: 2 }]);
  });

  test('is resumed at the position of the backup', () => {
    const setting = { source };
    const primary = new TestHost('primary', 'primary', setting);
    const backup = new TestHost('backup', 'backup', setting);
    backup.hear('primary', primary.cpu(106).messages[0]!);
    primary.cpu(106);
    expect(primary.do({ kind: 'reset', peer: 'backup' }).messages).toEqual([]);
    expect(backup.do({ kind: 'reset', peer: 'stranger' }).messages).toEqual([]);
    const asked = backup.do({ kind: 'reset', peer: 'primary' });
    expect([asked.messages[0], backup.replica.wantsCpu]).toMatchObject([
      { kind: 'resume', received: 1, consumed: 0 },
      false,
    ]);
    const answered = primary.hear('backup', asked.messages[0]!);
    expect(answered.messages).toMatchObject([{ kind: 'entries', first: 2, answers: 1 }]);
    const acked = backup.hear('primary', answered.messages[0]!);
    expect(acked.messages).toMatchObject([{ kind: 'ack', received: 2 }]);
    expect(primary.hear('backup', acked.messages[0]!).released).toBe('ab');
  });
});

describe('a spare', () => {
  /** The backup is cut off, and a spare has room. */
  function withoutBackup(tuning: Partial<Tuning> = {}): Group {
    const group = new Group(1, 1, {
      source,
      tuning: { copyPages: 2, copyWindow: 1, stopPages: 1, ...tuning },
    });
    group.work(3);
    for (const name of ['backup', 'spare']) group.cut.add(name);
    group.beat(7);
    group.cut.delete('spare');
    return group;
  }

  test('is copied to while the guest runs, and a member once it has all entries of released outputs', () => {
    const group = withoutBackup();
    for (let round = 0; round < 3; round++) {
      group.beat(1);
      group.work(1);
    }
    expect(group.event('primary', 'joining')).toMatchObject({ host: 'spare', how: 'copy' });
    expect(group.event('spare', 'installed')).toMatchObject({ from: 'primary' });
    expect(group.storage.get(3)).toEqual({ primary: 'primary', backups: ['spare'] });
    expect(group.replica('spare').phase).toBe('backup');
    expect(group.host('spare').hash).toBe(group.host('primary').hash);
    // The primary dies: the copy goes live, and prints each letter once.
    group.work(2);
    group.cut.add('primary');
    group.beat(7);
    group.work(5);
    expect(group.replica('spare').role).toBe('primary');
    expect(group.printed).toBe(letters(group.printed.length));
    expect(group.printed.length).toBeGreaterThan(10);
  });

  test('that was never recorded may not go live', () => {
    const group = withoutBackup();
    group.storageAnswers = false;
    group.beat(2);
    group.work(1);
    expect(group.event('spare', 'installed')).toBeDefined();
    group.cut.add('primary');
    // Its primary claimed the record, but here the request never reached storage.
    group.storage.delete(3);
    group.storageAnswers = true;
    group.beat(20);
    expect(stateOf(group, 'spare')).toEqual({
      role: 'backup',
      phase: 'catching-up',
      generation: 2,
      isEligible: false,
    });
    expect(group.storage.get(3)).toBeUndefined();
  });

  test('that was recorded but not notified learns of it from storage', () => {
    const group = withoutBackup();
    group.storageAnswers = false;
    group.beat(2);
    group.work(1);
    expect(group.storage.get(3)).toEqual({ primary: 'primary', backups: ['spare'] });
    expect(group.replica('spare').isEligible).toBe(false);
    // The claim may have been won: from the claim on, outputs wait for the new backup, too.
    const before = group.printed;
    group.cut.add('spare');
    group.work(2);
    expect(group.printed).toBe(before);
    group.cut.delete('spare');
    group.cut.add('primary');
    group.storageAnswers = true;
    group.beat(20);
    group.work(2);
    expect(group.storage.get(4)).toEqual({ primary: 'spare', backups: [] });
    expect(group.replica('spare').role).toBe('primary');
    expect(group.printed).toBe(letters(group.printed.length));
  });

  test('whose process ends while it joins is given up', () => {
    const group = withoutBackup();
    group.timer('spare', 'heartbeat');
    const primary = group.host('primary');
    primary.timer('heartbeat', 2 * MS);
    expect(primary.do({ kind: 'closed', peer: 'other' }).all).toEqual([]);
    expect(primary.do({ kind: 'closed', peer: 'spare' }).event('join-ended')).toMatchObject({
      host: 'spare',
    });
    expect(primary.replica.phase).toBe('alone');
  });

  test('that falls silent while it joins is given up', () => {
    const group = withoutBackup();
    group.timer('spare', 'heartbeat');
    const primary = group.host('primary');
    // What is sent from here on does not arrive.
    const begun = primary.timer('heartbeat', 2 * MS);
    expect(begun.of('send').map(({ bytes }) => decodeMessage(bytes).kind)).toEqual(['members']);
    expect(primary.replica.phase).toBe('joining');
    const ended = primary.timer('suspect', 11 * MS);
    expect(ended.event('join-ended')).toMatchObject({ host: 'spare', why: 'it is silent' });
    expect(primary.replica.phase).toBe('alone');
    expect(primary.timer('heartbeat', MS).of('datagram')).toEqual([]);
  });

  test('may be silent for longer while no output waits for it, unless its process has ended', () => {
    const begin = () => {
      const group = withoutBackup({ joinPatience: 3 });
      group.timer('spare', 'heartbeat');
      const primary = group.host('primary');
      primary.timer('heartbeat', 2 * MS);
      expect(primary.timer('suspect', 27 * MS).event('join-ended')).toBeUndefined();
      expect(primary.replica.phase).toBe('joining');
      return primary;
    };
    expect(
      begin()
        .timer('suspect', 3 * MS)
        .event('join-ended'),
    ).toMatchObject({ why: 'it is silent' });
    const ended = begin().do({ kind: 'closed', peer: 'spare' });
    expect(ended.event('join-ended')).toMatchObject({ host: 'spare', why: 'it is silent' });
  });

  test('that outputs wait for may not be silent for longer', () => {
    const { primary, spare, installed } = copied({ joinPatience: 3 });
    primary.cpu(106);
    // The acknowledgement does not cover the letter that has left: from now on outputs wait for the next one.
    primary.hear('spare', installed.messages[0]!);
    expect(primary.timer('suspect', 9 * MS).event('join-ended')).toBeUndefined();
    expect(primary.timer('suspect', 2 * MS).event('join-ended')).toMatchObject({ host: spare.name });
  });

  /** A primary without a backup, and a spare that has just been copied to; its acknowledgement is not delivered yet. */
  function copied(tuning: Partial<Tuning> = {}) {
    const record = { primary: 'primary', backups: [] };
    const shared = { source, hosts: ['primary', 'spare'], record, tuning };
    const primary = new TestHost('primary', 'primary', shared);
    const spare = new TestHost('spare', 'spare', shared);
    // The letter has left; its delivery is not confirmed.
    expect(primary.cpu(106).released).toBe('a');
    const forward = (from: TestHost, to: TestHost, effects: Effects) =>
      effects.messages.map((message) => to.hear(from.name, message));
    primary.hear('spare', spare.timer('heartbeat').datagrams[0]!);
    const [asked] = forward(primary, spare, primary.timer('heartbeat'));
    let [answer] = forward(spare, primary, asked!);
    let acks: Effects[] = [];
    while (!spare.replica.vmm) {
      acks = forward(primary, spare, answer!);
      if (spare.replica.vmm) break;
      [answer] = acks.flatMap((ack) => forward(spare, primary, ack)).slice(-1);
    }
    return { primary, spare, installed: acks.at(-1)! };
  }

  test('is a member only when it has the entries of all outputs released meanwhile', () => {
    const { primary, spare, installed } = copied();
    const run = primary.cpu(106);
    expect(run.released).toBe('b');
    // The first acknowledgement does not cover that letter.
    expect(primary.hear('spare', installed.messages[0]!).of('claim')).toEqual([]);
    const acked = spare.hear('primary', run.messages[0]!);
    expect(primary.hear('spare', acked.messages[0]!).of('claim')).toEqual([
      { do: 'claim', generation: 2, record: { primary: 'primary', backups: ['spare'] } },
    ]);
  });

  test('gets with the copy the released outputs whose delivery is not confirmed', () => {
    const { primary, spare, installed } = copied();
    expect(primary.hear('spare', installed.messages[0]!).of('claim')).toHaveLength(1);
    spare.hear('primary', primary.storage(2, 'primary', 'spare').messages[0]!);
    expect(spare.replica.phase).toBe('backup');
    spare.timer('suspect', 60 * MS);
    expect(spare.storage(3, 'spare').released).toBe('a');
    expect(spare.cpu(106).released).toBe('b');
  });
});

test('a backup that was recorded but not notified is eligible as soon as it follows the next primary', () => {
  const group = new Group(1, 1, { source, backups: 2 });
  group.storageAnswers = false;
  for (let beat = 0; beat < 20 && !group.storage.has(2); beat++) {
    group.beat(1);
    group.work(1);
  }
  expect(group.storage.get(2)).toEqual({ primary: 'primary', backups: ['backup', 'spare'] });
  expect(group.replica('spare').phase).toBe('catching-up');
  group.cut.add('primary');
  group.storageAnswers = true;
  // The backup loses its claim of generation 2, and claims the next; meanwhile the spare has not read storage.
  for (const _ of [2, 3]) {
    group.wait(11 * MS);
    group.timer('backup', 'suspect');
    group.drain();
  }
  expect(group.storage.get(3)).toEqual({ primary: 'backup', backups: ['spare'] });
  group.work(2);
  expect([group.replica('spare').phase, group.replica('spare').isEligible]).toEqual(['backup', true]);
});

describe('an operator', () => {
  test('switches over: the backup goes live, and the primary becomes its backup', () => {
    const group = new Group(1, 0, { source });
    group.work(3);
    group.cpu('primary', 106);
    group.do('primary', { kind: 'command', command: { kind: 'switch-over' } });
    expect(group.replica('primary').phase).toBe('switching');
    workRounds(group);
    expect(group.storage.get(2)).toEqual({ primary: 'backup', backups: ['primary'] });
    expect([group.replica('backup').phase, group.replica('primary').phase]).toEqual(['primary', 'backup']);
    expect(group.host('primary').hash).toBe(group.host('backup').hash);
    expect(group.printed).toBe(letters(group.printed.length));
    // No host had to be suspected.
    expect([...group.notes('primary'), ...group.notes('backup')]).not.toContain('suspected');
  });

  test('switches over only when every output was delivered', () => {
    const primary = new TestHost('primary', 'primary', { source });
    const { last } = primary.cpu(20);
    expect(primary.command({ kind: 'switch-over' }).notes).toEqual(['command', 'switching']);
    const paused = primary.cpu(1000);
    expect([paused.of('ran')[0]!.steps, paused.entries, primary.replica.wantsCpu]).toEqual([0, [], false]);
    expect(primary.ack(last).entries).toEqual([]);
    expect(primary.delivered(1).entries).toMatchObject([
      { kind: 'control', action: 'switch-over', value: 1 },
    ]);
    expect(primary.cpu(1000).of('ran')[0]!.steps).toBe(0);
  });

  test('switches over: the old primary takes no more input, or it would be ahead of its log', () => {
    const group = new Group(1, 0, { source: sleeper });
    group.work(3);
    group.cut.add('backup');
    group.do('primary', { kind: 'command', command: { kind: 'switch-over' } });
    group.cpu('primary', 100);
    const { logEnd } = group.replica('primary');
    group.do('primary', { kind: 'typed', offset: 0, data: Uint8Array.of(0x61) });
    group.timer('primary', 'guest');
    expect(group.replica('primary').wantsCpu).toBe(false);
    expect(group.replica('primary').logEnd).toBe(logEnd);
    // It takes the input if the other host fails.
    group.beat(7);
    expect(group.replica('primary').phase).toBe('alone');
    group.work(1);
    expect(group.replica('primary').vmm!.machine.consoleReceived).toBe(1);
  });

  test('switches over only when no disk operation is in flight', () => {
    const source = diskGuest([{ operation: 'write', sector: 1 }]);
    const primary = new TestHost('primary', 'primary', { source, diskSectors: 8 });
    const { last } = primary.cpu(200);
    expect(primary.ack(last).of('disk')).toHaveLength(1);
    expect(primary.command({ kind: 'switch-over' }).entries).toEqual([]);
    expect(primary.cpu(1000).entries).toEqual([]);
    const done = primary.do({ kind: 'disk-done', id: 1, status: 0, data: new Uint8Array(0) });
    expect([...done.entries, ...primary.cpu(1000).entries].map(({ kind }) => kind)).toEqual([
      'disk',
      'control',
    ]);
  });

  test('switches over only when no claim is in flight', () => {
    const hosts = ['primary', 'backup', 'backup2'];
    const record = { primary: 'primary', backups: ['backup', 'backup2'] };
    const primary = new TestHost('primary', 'primary', { source, hosts, record, backups: 2 });
    primary.nowNs = 11 * MS;
    primary.ack(0, { from: 'backup2' });
    expect(primary.timer('suspect').of('claim')).toMatchObject([{ record: { backups: ['backup2'] } }]);
    expect(primary.command({ kind: 'switch-over', to: 'backup2' }).entries).toEqual([]);
    expect(primary.cpu(1000).entries).toEqual([]);
    const claimed = primary.storage(2, 'primary', 'backup2');
    expect([...claimed.entries, ...primary.cpu(1000).entries]).toContainEqual(
      expect.objectContaining({ kind: 'control', action: 'switch-over', value: 2 }),
    );
  });

  test('switches over to a backup that then dies: the primary runs on', () => {
    const group = new Group(1, 0, { source });
    group.work(3);
    group.cut.add('backup');
    group.do('primary', { kind: 'command', command: { kind: 'switch-over' } });
    group.beat(7);
    expect(group.replica('primary').phase).toBe('alone');
    const before = group.printed.length;
    group.work(3);
    expect(group.printed).toBe(letters(before + 3));
  });

  test('switches over although another backup dies meanwhile', () => {
    const group = new Group(2, 0, { source });
    group.work(3);
    group.do('primary', { kind: 'command', command: { kind: 'switch-over', to: 'backup2' } });
    group.cpu('primary', 106);
    group.cut.add('backup');
    group.beat(7);
    expect(group.storage.get(2)).toEqual({ primary: 'primary', backups: ['backup2'] });
    workRounds(group);
    expect(group.storage.get(3)).toEqual({ primary: 'backup2', backups: ['primary'] });
    expect([group.replica('backup2').phase, group.replica('primary').phase]).toEqual(['primary', 'backup']);
    expect(group.printed).toBe(letters(group.printed.length));
  });

  test('switches over to a backup that loses its claim: it does not claim again', () => {
    const primary = new TestHost('primary', 'primary', { source });
    const backup = new TestHost('backup', 'backup', { source });
    primary.command({ kind: 'switch-over' });
    backup.hear('primary', primary.cpu(106).messages[0]!);
    const claimed = backup.cpu(1000);
    expect(claimed.of('claim')).toEqual([
      { do: 'claim', generation: 2, record: { primary: 'backup', backups: ['primary'] } },
    ]);
    expect(backup.storage(2, 'primary', 'backup').notes).toEqual(['lost']);
    expect(backup.cpu(1000).of('claim')).toEqual([]);
    expect([backup.replica.phase, backup.replica.generation]).toEqual(['backup', 2]);
  });

  test('can not switch over to a host that is not a backup', () => {
    const primary = new TestHost('primary', 'primary', { source });
    expect(primary.command({ kind: 'switch-over', to: 'spare' }).notes).toEqual(['command']);
    expect(primary.replica.phase).toBe('primary');
  });

  test('switches protection off and on', () => {
    const group = new Group(1, 0, { source });
    group.work(3);
    group.do('primary', { kind: 'command', command: { kind: 'unprotect' } });
    expect(group.storage.get(2)).toEqual({ primary: 'primary', backups: [] });
    workRounds(group);
    expect([group.replica('primary').phase, group.replica('backup').isEligible]).toEqual(['alone', false]);
    expect(group.storage.size).toBe(2);
    group.do('primary', { kind: 'command', command: { kind: 'protect' } });
    workRounds(group);
    expect([group.replica('primary').phase, group.replica('backup').phase]).toEqual(['primary', 'backup']);
    expect(group.storage.get(3)).toEqual({ primary: 'primary', backups: ['backup'] });
    expect(group.printed).toBe(letters(group.printed.length));
  });

  test('switches protection off and on: the backup ignores the eviction once it is a member again', () => {
    const group = new Group(1, 0, { source });
    group.work(3);
    // The backup doesn't run, so it replays these entries when it is a member again.
    const command = (kind: 'unprotect' | 'protect') =>
      group.do('primary', { kind: 'command', command: { kind } });
    command('unprotect');
    command('protect');
    group.beat(4);
    expect(group.storage.get(3)).toEqual({ primary: 'primary', backups: ['backup'] });
    group.work(1);
    expect(stateOf(group, 'backup')).toMatchObject({ phase: 'backup', isEligible: true });
  });

  test('switches over to a backup that is evicted before it replays the entry: it does not go live', () => {
    const group = new Group(1, 0, { source });
    group.work(3);
    group.do('primary', { kind: 'command', command: { kind: 'switch-over' } });
    // The backup has the entry of the switch-over, and is cut off before it replays it.
    group.cpu('primary', 106);
    expect(group.replica('backup').backlog).toBe(1);
    group.cut.add('backup');
    group.beat(7);
    group.cut.delete('backup');
    workRounds(group);
    expect(group.storage.size).toBe(3);
    expect(stateOf(group, 'primary')).toMatchObject({ role: 'primary', phase: 'primary', generation: 3 });
    expect(stateOf(group, 'backup')).toMatchObject({ role: 'backup', phase: 'backup', generation: 3 });
  });

  test('switches protection off by a claim: until it is won, the backup may go live', () => {
    const group = new Group(1, 0, { source });
    group.work(3);
    group.storageAnswers = false;
    group.do('primary', { kind: 'command', command: { kind: 'unprotect' } });
    group.drain();
    group.cut.add('primary');
    expect(group.replica('backup').isEligible).toBe(true);
  });

  test('moves the backup: the new one is a member before the old one is dropped', () => {
    const group = new Group(1, 1, { source });
    group.work(3);
    group.do('primary', { kind: 'command', command: { kind: 'move-backup', from: 'backup' } });
    workRounds(group);
    expect(group.storage.get(2)).toEqual({ primary: 'primary', backups: ['spare'] });
    expect(group.replica('spare').phase).toBe('backup');
    expect(group.replica('backup').isEligible).toBe(false);
  });

  test('resets the guest on both hosts', () => {
    const group = new Group(1, 0, { source });
    group.work(3);
    group.do('primary', { kind: 'command', command: { kind: 'reset' } });
    group.work(2);
    expect(group.printed).toMatch(/^abcab$/);
    expect(group.host('backup').hash).toBe(group.host('primary').hash);
  });

  test('gives the VM a share of the processor on every host', () => {
    const primary = new TestHost('primary', 'primary', { source });
    const backup = new TestHost('backup', 'backup', { source });
    const set = primary.command({ kind: 'speed', perMille: 250 });
    expect(set.entries).toEqual([{ kind: 'control', icount: 0, action: 'speed', value: 250 }]);
    const ran = primary.cpu(100);
    expect(ran.of('ran')).toEqual([{ do: 'ran', steps: 100, restNs: 3000 }]);
    for (const message of [...set.messages, ...ran.messages]) backup.hear('primary', message);
    expect(backup.cpu(1000).of('ran')).toEqual([{ do: 'ran', steps: 100, restNs: 3000 }]);
  });
});
