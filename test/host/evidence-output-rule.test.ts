/** The output rule, judged by the evidence of one host. */
import { expect, test } from 'vitest';
import { OutputRule } from '../../src/cli/judging/output-rule.ts';
import type { ReplicaEvent } from '../../src/ft/effects.ts';
import { encodeMessage } from '../../src/ft/messages.ts';
import type { Replica } from '../../src/ft/replica.ts';
import type { EvidenceRecord } from '../../src/host/evidence/format.ts';
import { ReplicaEvidence } from '../../src/host/evidence/replica-evidence.ts';
import type { EvidenceWriter } from '../../src/host/evidence/writer.ts';

function messages(...records: EvidenceRecord[]): string[] {
  const rule = new OutputRule('a');
  for (const record of records) rule.take(record);
  return rule.violations.map(({ message }) => message);
}

const booted: EvidenceRecord = { kind: 'booted', role: 'primary', first: { primary: 'a', backups: ['b'] } };
const backup: EvidenceRecord = {
  kind: 'booted',
  role: 'backup',
  first: { primary: 'b', backups: ['a', 'c'] },
};
const sent = (entry: number, made: number): EvidenceRecord => ({ kind: 'sent', covers: [{ entry, made }] });
const ack = (from: string, received: number, generation = 1): EvidenceRecord => ({
  ...{ kind: 'ack', from, generation, received },
});
const released = (last: number, generation = 1): EvidenceRecord => ({
  kind: 'released',
  first: last,
  last,
  generation,
});
const claim = (kind: 'claimed' | 'won', generation: number, backups: string[]): EvidenceRecord => ({
  ...{ kind, generation, record: { primary: 'a', backups } },
});
const arrived = (first: number, last: number, made: number): EvidenceRecord => ({
  ...{ kind: 'arrived', first, last, covers: [{ entry: last, made }] },
});

test('outputs leave when the backup has acknowledged the entry that covers them', () => {
  expect(messages(booted, sent(3, 10), ack('b', 3), released(10))).toEqual([]);
  const early = 'output 10 left a, but b holds entries only for outputs up to 0';
  expect(messages(booted, sent(3, 10), released(10), ack('b', 3))).toEqual([early]);
  expect(messages(booted, sent(3, 10), ack('b', 2), released(10))).toEqual([early]);
  expect(messages(booted, sent(3, 10), ack('b', 3, 2), released(10))).toEqual([early]);
  expect(messages(booted, sent(3, 10), ack('b', 3), released(11))).toEqual([
    'output 11 left a, but b holds entries only for outputs up to 10',
  ]);
});

test('a primary that is alone waits for nobody, but for the answer to its claim', () => {
  const alone = [claim('claimed', 2, []), claim('won', 2, [])];
  expect(messages(booted, sent(3, 10), ...alone, released(10, 2))).toEqual([]);
  expect(messages(booted, sent(3, 10), alone[0]!, released(10))).toHaveLength(1);
});

test('a replica that joins counts from the claim on, with what its copy holds', () => {
  const alone = [claim('claimed', 2, []), claim('won', 2, []), released(10, 2)];
  const joins = claim('claimed', 3, ['c']);
  const copied = sent(7, 10);
  expect(messages(booted, ...alone, copied, joins, released(10, 2))).toEqual([
    'output 10 left a, but c holds entries only for outputs up to 0',
  ]);
  expect(messages(booted, ...alone, copied, ack('c', 7, 2), joins, released(10, 2))).toEqual([]);
  expect(
    messages(booted, ...alone, copied, ack('c', 7, 2), joins, claim('won', 3, ['c']), released(11, 3)),
  ).toEqual(['output 11 left a, but c holds entries only for outputs up to 10']);
});

test('a backup that goes live knows what its log covers', () => {
  const live: EvidenceRecord = { kind: 'live', generation: 2, icount: 5, history: 1, from: 'b' };
  const takesOver = [backup, arrived(1, 4, 10), claim('won', 2, ['c']), live];
  expect(messages(...takesOver, ack('c', 4, 2), released(10, 2))).toEqual([]);
  expect(messages(...takesOver, ack('c', 3, 2), released(10, 2))).toHaveLength(1);
  // The machine may have been behind its log, which ends with an entry that covers nothing more.
  const log: EvidenceRecord = { kind: 'arrived', first: 1, last: 5, covers: [{ entry: 4, made: 10 }] };
  const following: EvidenceRecord = { kind: 'following', primary: 'b', entry: 5, made: 2 };
  const later = [claim('won', 2, ['c']), live, ack('c', 5, 2), released(10, 2)];
  expect(messages(backup, log, following, ...later)).toEqual([]);
});

test('entries of a new primary replace those from their first number on', () => {
  const live: EvidenceRecord = { kind: 'live', generation: 2, icount: 5, history: 1, from: 'b' };
  const replaced = [backup, arrived(1, 4, 10), arrived(3, 5, 12), claim('won', 2, ['c']), live];
  expect(messages(...replaced, ack('c', 4, 2), released(10, 2))).toHaveLength(1);
  expect(messages(...replaced, ack('c', 5, 2), released(12, 2))).toEqual([]);
});

test('a backup acknowledges only what has arrived', () => {
  const acked = (received: number): EvidenceRecord => ({ kind: 'acked', generation: 1, received });
  expect(messages(backup, arrived(1, 4, 10), acked(4))).toEqual([]);
  expect(messages(backup, arrived(1, 4, 10), acked(5))).toEqual([
    'a acknowledged log entries up to 5, when only those up to 4 had reached it',
  ]);
});

test('the message that continues a log brings entries, which arrive after the replica has begun to follow', () => {
  const records: EvidenceRecord[] = [];
  const evidence = new ReplicaEvidence({
    append: (record: EvidenceRecord) => records.push(record),
  } as unknown as EvidenceWriter);
  const record = { primary: 'b', backups: ['a', 'c'] };
  evidence.begin({ record, generation: 1, logEnd: 1 } as unknown as Replica, 'backup');
  const following: ReplicaEvent = { kind: 'following', primary: 'b', entry: 0 };
  const message = {
    ...({
      kind: 'entries',
      generation: 1,
      first: 1,
      delivered: 0,
      lowWater: 0,
      answers: 1,
      ticks: 0,
    } as const),
    entries: [{ kind: 'output', icount: 5, made: 10 } as const],
  };
  evidence.handled({ kind: 'message', from: 'b', bytes: encodeMessage(message) }, [
    { do: 'note', event: following },
  ]);
  evidence.noted(following);
  expect(records.map(({ kind }) => kind)).toEqual(['booted', 'following', 'arrived']);
  const live: EvidenceRecord = { kind: 'live', generation: 2, icount: 5, history: 1, from: 'b' };
  expect(messages(...records, claim('won', 2, ['c']), live, ack('c', 1, 2), released(10, 2))).toEqual([]);
});
