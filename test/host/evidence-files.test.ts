/** Files of evidence: written beside the work, and read up to the last whole record. */

import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { OperatingError } from '../../src/base/errors.ts';
import { EvidenceFile } from '../../src/cli/judging/files.ts';
import { EvidenceDirectory } from '../../src/host/evidence/directory.ts';
import type { EvidenceRecord } from '../../src/host/evidence/format.ts';
import { EvidenceStream } from '../../src/host/evidence/reader.ts';
import { EvidenceWriter } from '../../src/host/evidence/writer.ts';
import { examples } from '../thorough.ts';
import { unheard, untimed } from './earlier-evidence.ts';

const directory = mkdtempSync(join(tmpdir(), 'vmft-'));
afterAll(() => rmSync(directory, { recursive: true, force: true }));

const head = { role: 'host', name: 'a', group: 'g1', number: 1 } as const;
const inPieces = (bytes: Uint8Array, size: number) => {
  let at = 0;
  return () => {
    const piece = bytes.subarray(at, at + size);
    at += piece.length;
    return piece.length > 0 ? piece : undefined;
  };
};

function read(bytes: Uint8Array, size = 100) {
  const stream = new EvidenceStream(inPieces(bytes, size), 'the file');
  const records = [...stream];
  return { head: stream.head, records, end: stream.end };
}

const record = (index: number): EvidenceRecord => ({
  kind: 'released',
  first: index * 1000,
  last: index * 1000,
  generation: index,
});
let whole: { bytes: Uint8Array; records: EvidenceRecord[] };
beforeAll(async () => {
  const path = join(directory, 'whole');
  const writer = new EvidenceWriter(path, head, () => {});
  for (let index = 1; index < 40; index++) {
    writer.append(record(index));
    writer.entry({ kind: 'clock', icount: index * 100, ticks: index });
    writer.entry({ kind: 'console', icount: index * 100 + 1, data: new Uint8Array(index) });
    if (index % 10 === 0) await writer.flushed();
  }
  await writer.close();
  const bytes = new Uint8Array(readFileSync(path));
  whole = { bytes, records: read(bytes).records };
});

test('a file has all that was appended, in order', () => {
  expect(read(whole.bytes)).toMatchObject({ head, end: 'closed' });
  const [first, second] = whole.records;
  expect([first, second]).toEqual([
    record(1),
    {
      kind: 'entries',
      tookUs: expect.any(Number),
      entries: [
        { kind: 'clock', icount: 100, ticks: 1 },
        { kind: 'console', icount: 101, data: new Uint8Array(1) },
      ],
    },
  ]);
  expect(whole.records.filter(({ kind }) => kind === 'released')).toEqual(
    Array.from({ length: 39 }, (_, index) => record(index + 1)),
  );
});

test('each record has its time, by the wall clock, and what came through the doors how long it took', async () => {
  const path = join(directory, 'times');
  const beginUs = Date.now() * 1000;
  const writer = new EvidenceWriter(path, head, () => {});
  writer.append(record(1));
  await setTimeout(20);
  writer.entry({ kind: 'clock', icount: 1, ticks: 1 });
  // It is written when the turn is over.
  const turnUs = performance.now() * 1000;
  while (performance.now() * 1000 < turnUs + 3000);
  writer.append(record(2));
  await writer.close();
  const endUs = (Date.now() + 1) * 1000;
  const stream = new EvidenceStream(inPieces(readFileSync(path), 100), 'the file');
  const times = [stream.timeUs];
  const took: number[] = [];
  for (const one of stream) {
    times.push(stream.timeUs);
    if (one.kind === 'entries') took.push(one.tookUs);
  }
  const [headUs, first, entries, second] = times;
  expect(headUs).toBeGreaterThan(beginUs - 5000);
  expect(stream.timeUs).toBeLessThan(endUs + 5000);
  expect(entries! - first!).toBeGreaterThan(19_000);
  expect(second! - entries!).toBeGreaterThanOrEqual(0);
  expect(took).toEqual([expect.any(Number)]);
  expect(took[0]).toBeGreaterThan(2900);
});

test('a process that has nothing to write says once in a while that it is there', async () => {
  const path = join(directory, 'alive');
  const writer = new EvidenceWriter(path, head, () => {});
  writer.alive();
  writer.append(record(1));
  writer.alive();
  writer.alive();
  writer.append(record(2));
  await writer.close();
  expect(read(readFileSync(path)).records).toEqual([record(1), { kind: 'alive' }, record(2)]);
});

test('a file of the version without times is read, and has none', () => {
  const records = whole.records.map(
    (one): EvidenceRecord =>
      one.kind === 'entries'
        ? { ...one, tookUs: 0 }
        : one.kind === 'released'
          ? { ...one, first: one.last }
          : one,
  );
  const bytes = untimed([{ kind: 'head', ...head }, ...records, { kind: 'closed' }]);
  expect(read(bytes)).toEqual({ head: { kind: 'head', ...head }, records, end: 'closed' });
  const stream = new EvidenceStream(inPieces(bytes, 50), 'the file');
  for (const _ of stream) expect(stream.timeUs).toBe(0);
  const path = join(directory, 'untimed');
  writeFileSync(path, bytes);
  expect(new EvidenceFile(path).beginUs).toBeUndefined();
});

test('a file of the version that does not say what a silence began with is read as one in which it was a message', () => {
  const suspected = { kind: 'suspected', host: 'h', silentNs: 5, closed: false } as const;
  const bytes = unheard([{ kind: 'head', ...head }, record(1), suspected, { kind: 'closed' }]);
  const records = [record(1), { ...suspected, heard: true }];
  expect(read(bytes)).toEqual({ head: { kind: 'head', ...head }, records, end: 'closed' });
  expect(new EvidenceStream(inPieces(bytes, 50), 'the file').timeUs).toBe(7);
});

test('any prefix of a file reads as a prefix of its records, or says that it has none', () => {
  fc.assert(
    fc.property(fc.nat(whole.bytes.length - 1), fc.integer({ min: 1, max: 500 }), (length, size) => {
      let prefix: ReturnType<typeof read>;
      try {
        prefix = read(whole.bytes.subarray(0, length), size);
      } catch (error) {
        expect(error).toBeInstanceOf(OperatingError);
        expect((error as Error).message).toBe('the file: cut short within its head');
        return;
      }
      expect(prefix.end).toBe('cut');
      expect(prefix.records).toEqual(whole.records.slice(0, prefix.records.length));
    }),
    { numRuns: examples(300) },
  );
});

test('a changed byte is found, and what is before it is read', () => {
  fc.assert(
    fc.property(fc.nat(whole.bytes.length - 1), fc.integer({ min: 1, max: 255 }), (at, change) => {
      const bytes = Uint8Array.from(whole.bytes);
      bytes[at]! ^= change;
      let changed: ReturnType<typeof read>;
      try {
        changed = read(bytes);
      } catch (error) {
        expect(error).toBeInstanceOf(OperatingError);
        return;
      }
      // A changed length may point behind the end.
      expect(changed.end).not.toBe('closed');
      expect(changed.records).toEqual(whole.records.slice(0, changed.records.length));
      expect(changed.records.length).toBeLessThan(whole.records.length + 1);
    }),
    { numRuns: examples(300) },
  );
});

test('a process that starts again begins a new file, whoever else writes to the directory', async () => {
  const place = join(directory, 'shared');
  const live = async (role: 'host' | 'switch', name: string) => {
    const evidence = new EvidenceDirectory(place, role, name, () => {});
    evidence.group('g1').append(record(1));
    evidence.group('g2').append(record(2));
    await evidence.end('g1');
    await evidence.close();
  };
  await live('host', 'a');
  await live('switch', 'a');
  await live('host', 'a');
  expect(readdirSync(place).sort()).toEqual([
    'g1.host-a.1.evidence',
    'g1.host-a.3.evidence',
    'g1.switch-a.1.evidence',
    'g2.host-a.2.evidence',
    'g2.host-a.4.evidence',
    'g2.switch-a.2.evidence',
  ]);
});

test('a disk that is too slow ends the evidence with one line, and with bounded memory', async () => {
  const lines: string[] = [];
  const path = join(directory, 'slow');
  const writer = new EvidenceWriter(path, head, (line) => lines.push(line), { waitingBytes: 10_000 });
  // Nothing is written within one turn.
  for (let index = 0; index < 5000; index++) writer.append(record(index));
  await writer.flushed();
  await writer.close();
  expect(lines).toEqual([
    expect.stringMatching(/slow is incomplete from now on: the disk is too slow: \d+ bytes wait for it/),
  ]);
  const { records, end } = read(readFileSync(path));
  expect(end).toEqual({ incomplete: expect.stringContaining('too slow') });
  expect(records).toEqual(records.map((_, index) => record(index)));
  expect(readFileSync(path).length).toBeLessThan(11_000);
});

test('a file that cannot be written ends the evidence with one line, and nobody waits for it', async () => {
  const lines: string[] = [];
  const writer = new EvidenceWriter('/dev/full/none', head, (line) => lines.push(line));
  for (let index = 0; index < 10; index++) {
    writer.append(record(index));
    await writer.flushed();
  }
  await writer.close();
  expect(lines).toEqual([expect.stringContaining('/dev/full/none is incomplete from now on')]);
});

test('what was appended is in the file at once, without a flush', async () => {
  const path = join(directory, 'prompt');
  const writer = new EvidenceWriter(path, head, () => {});
  writer.entry({ kind: 'clock', icount: 1, ticks: 1 });
  while (!existsSync(path) || readFileSync(path).length === 0) await setTimeout(1);
  expect(read(readFileSync(path))).toMatchObject({ records: [{ kind: 'entries' }], end: 'cut' });
  await writer.close();
});

test('another version is refused', () => {
  const bytes = Uint8Array.from(whole.bytes);
  bytes[8] = 99;
  writeFileSync(join(directory, 'version'), bytes);
  expect(() => read(bytes)).toThrow('the file: evidence of format 99, and this vmft reads up to 3');
});
