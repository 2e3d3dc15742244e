/** What the evidence of a switch says of frames for the guest. */
import { expect, test } from 'vitest';
import type { EvidenceFile } from '../../src/cli/judging/files.ts';
import { SwitchEvidence } from '../../src/cli/judging/outside.ts';
import type { EvidenceRecord } from '../../src/host/evidence/format.ts';
import type { Entry } from '../../src/vmm/entries.ts';

const frame = (value: number) => Uint8Array.of(value);
const file = (end: 'closed' | 'cut', ...numbers: [number: number, value: number][]): EvidenceFile => {
  const records = numbers.map(
    ([number, value]): EvidenceRecord => ({ kind: 'inbound', number, frame: frame(value) }),
  );
  return Object.assign(records, { end }) as unknown as EvidenceFile;
};
const taken = (...values: number[]): Entry[] =>
  values.map((value, icount) => ({ kind: 'net', device: 0, icount, frame: frame(value) }) as Entry);
const judged = (files: EvidenceFile[], history: Entry[]) =>
  [...new SwitchEvidence(files, 0).inbound(history)].map(([value]) => value);

test('a switch that was killed may have sent frames that it had not written down', () => {
  const files = [file('cut', [1, 11], [2, 12]), file('closed', [4, 14], [5, 15])];
  expect(judged(files, taken(11, 12, 13, 14, 15))).toEqual([11, 12, 13, 14, 15]);
});

test('its successor gives the numbers of frames that no log has again', () => {
  const files = [file('cut', [1, 11], [2, 12]), file('closed', [2, 22], [3, 23])];
  expect(judged(files, taken(11, 22, 23))).toEqual([11, 22, 23]);
});

test('a switch that ended in order has written all down', () => {
  const files = [file('closed', [1, 11], [2, 12]), file('closed', [4, 14])];
  expect(judged(files, taken(11, 12, 13, 14))).toEqual([11, 12, 14]);
});
