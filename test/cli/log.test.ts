/** `vmft log`: the entries of a recording. */
import { readFileSync, writeFileSync } from 'node:fs';
import fc from 'fast-check';
import { beforeAll, describe, expect, test } from 'vitest';
import { LogStream, readLog } from '../../src/replay/log-file.ts';
import { examples } from '../thorough.ts';
import { program, workplace } from './command.ts';

const { file, vmft, shell } = workplace();
const content = () => new Uint8Array(readFileSync(file('dice.log')));

beforeAll(async () => {
  await vmft(['run', program('dice.s'), '-q', '--no-ft', '--record', 'dice.log']);
});

describe('reading in pieces', () => {
  const inPieces = (bytes: Uint8Array, sizes: readonly number[]) => {
    let [at, index] = [0, 0];
    const reader = new LogStream(() => {
      if (at >= bytes.length) return undefined;
      const piece = bytes.subarray(at, at + sizes[index++ % sizes.length]!);
      at += piece.length;
      return piece;
    }, 'x');
    const entries = [...reader.entries()];
    return { description: reader.description, entries, damage: reader.damage?.message };
  };
  const outcome = (read: () => unknown) => {
    try {
      return read();
    } catch (error) {
      return (error as Error).message;
    }
  };
  const sizes = fc.array(fc.integer({ min: 1, max: 300 }), { minLength: 1, maxLength: 5 });

  test('gives the same as reading at once, for complete, damaged and truncated logs', () => {
    const whole = content();
    fc.assert(
      fc.property(
        sizes,
        fc.nat(whole.length),
        fc.option(fc.nat(whole.length - 1)),
        (pieces, length, flip) => {
          const bytes = whole.slice(0, length);
          if (flip !== null && flip < length) bytes[flip]! ^= 4;
          const atOnce = outcome(() => {
            const { description, entries, damage } = readLog(bytes, 'x');
            return { description, entries, damage: damage?.message };
          });
          expect(outcome(() => inPieces(bytes, pieces))).toEqual(atOnce);
        },
      ),
      { numRuns: examples(60) },
    );
  });
});

describe('vmft log', () => {
  test('prints every entry, in text and in JSON', async () => {
    const { entries } = readLog(content(), 'x');
    const [text, json] = await Promise.all([vmft(['log', 'dice.log']), vmft(['log', 'dice.log', '--json'])]);
    const lines = text.stdout.trimEnd().split('\n');
    const documents = json.stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect([lines.length, documents.length]).toEqual([entries.length, entries.length]);
    for (const [index, { kind, icount }] of entries.entries()) {
      expect(documents[index]).toMatchObject({ number: index + 1, kind, icount });
      expect(lines[index]!.trim().split(/\s+/).slice(0, 3)).toEqual([`${index + 1}`, `${icount}`, kind]);
    }
    expect(documents.find(({ kind }) => kind === 'entropy').data).toMatch(/^[0-9a-f]{4}$/);
    expect(documents.find(({ kind }) => kind === 'check').hash).toMatch(/^[0-9a-f]{16}$/);
  });

  test('prints the given kinds, from one step to another, and at most a given number', async () => {
    const { entries } = readLog(content(), 'x');
    const wanted = entries.filter(
      ({ kind, icount }) => kind === 'entropy' && icount >= 500 && icount <= 2000,
    );
    const all = await vmft([
      'log',
      'dice.log',
      '--kind',
      'entropy',
      '--from',
      '500',
      '--to',
      '2000',
      '--json',
    ]);
    const two = await vmft([
      'log',
      'dice.log',
      '--kind',
      'entropy',
      '--from',
      '500',
      '--limit',
      '2',
      '--json',
    ]);
    expect(all.stdout.trimEnd().split('\n')).toHaveLength(wanted.length);
    expect(all.stdout.startsWith(two.stdout)).toBe(true);
    expect(two.stdout.trimEnd().split('\n')).toHaveLength(2);
  });

  test('prints the intact part of a damaged log, and reports its end, as replay does', async () => {
    writeFileSync(file('cut.log'), content().subarray(0, content().length - 40));
    const [log, replay, none, kind, piped] = await Promise.all([
      vmft(['log', 'cut.log']),
      vmft(['replay', 'cut.log']),
      vmft(['log', program('hello.s')]),
      vmft(['log', 'dice.log', '--kind', 'tea']),
      shell('$VMFT log /dev/stdin < dice.log | tail -1'),
    ]);
    expect([log.code, none.code, kind.code]).toEqual([2, 2, 2]);
    const end = /cut short; the last good entry is number (\d+)/;
    expect(end.exec(log.stderr)![1]).toBe(end.exec(replay.stderr)![1]);
    expect(log.stdout.trimEnd().split('\n')).toHaveLength(Number(end.exec(log.stderr)![1]));
    expect(none.stderr).toContain('not a vmft log');
    expect(kind.stderr).toContain('no kind "tea"; the kinds are clock');
    expect(piped.stdout).toMatch(/control +action end, value 0$/m);
  });
});
