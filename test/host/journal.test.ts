/** A journal keeps every acknowledged record, whatever happens; and never takes a damaged file for a shorter one. */
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { FormatError, OperatingError } from '../../src/base/errors.ts';
import { Random } from '../../src/base/random.ts';
import { Journal, type JournalOwner } from '../../src/host/storage/journal.ts';
import { HEADER_BYTES } from '../../src/host/storage/journal-format.ts';
import { examples } from '../thorough.ts';
import { CrashFiles } from './crash-files.ts';

const PATH = '/store/journal';

/** A journal's owner: the last `keep` records. */
class Lines implements JournalOwner {
  lines: string[] = [];
  constructor(private readonly keep = Number.POSITIVE_INFINITY) {}
  add(line: string): void {
    this.lines = [...this.lines, line].slice(-this.keep);
  }
  replay(record: Uint8Array): void {
    const line = new TextDecoder().decode(record);
    if (line === 'alien') throw new FormatError('what is that', 0);
    this.add(line);
  }
  *snapshot(): Iterable<Uint8Array> {
    for (const line of this.lines) yield new TextEncoder().encode(line);
  }
  get liveBytes(): number {
    return this.lines.reduce((sum, line) => sum + line.length, 0);
  }
  append(journal: Journal, line: string): Promise<void> {
    return journal.append(new TextEncoder().encode(line), () => this.add(line));
  }
}

async function opened(files: CrashFiles, keep?: number) {
  const owner = new Lines(keep);
  return { owner, journal: await Journal.open(PATH, owner, files) };
}

/** A file with a frame for each group. */
async function written(...groups: string[][]) {
  const files = new CrashFiles();
  const { owner, journal } = await opened(files);
  const ends = [journal.sizeBytes];
  for (const group of groups) {
    // The first append of a turn is a frame by itself.
    await Promise.all(group.map((line) => owner.append(journal, line)));
    ends.push(journal.sizeBytes);
  }
  return { content: files.content(PATH)!.slice(), ends, owner };
}

const reopened = async (content: Uint8Array) => {
  const files = new CrashFiles();
  files.put(PATH, content);
  return (await opened(files)).owner.lines;
};

describe('a journal that is opened again', () => {
  test('has every record, on a real file system', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'vmft-journal-'));
    const path = join(directory, 'journal');
    try {
      for (let round = 0; round < 3; round++) {
        const owner = new Lines();
        const journal = await Journal.open(path, owner);
        expect(owner.lines).toEqual(Array.from({ length: round * 100 }, (_, line) => `line ${line}`));
        const first = owner.lines.length;
        await Promise.all(Array.from({ length: 100 }, (_, n) => owner.append(journal, `line ${first + n}`)));
        await journal.close();
        await expect(owner.append(journal, 'late')).rejects.toThrow(/closed/);
      }
      expect((await readFile(path)).length).toBeGreaterThan(300 * 8);
    } finally {
      await rm(directory, { recursive: true });
    }
  });

  test('cut at any byte, has the records of every whole frame, or says that it is no journal', async () => {
    const { content, ends } = await written(['a'], ['b', 'cc', ''], ['ddd'], ['e'.repeat(100)]);
    const lines = [['a'], ['b', 'cc', ''], ['ddd'], ['e'.repeat(100)]].flat();
    const perFrame = [0, 1, 2, 4, 5, 6];
    let seen = 0;
    for (let cut = 0; cut <= content.length; cut++) {
      if (cut < HEADER_BYTES) {
        await expect(reopened(content.slice(0, cut))).rejects.toThrow(OperatingError);
        continue;
      }
      const found = await reopened(content.slice(0, cut));
      expect(found).toEqual(lines.slice(0, found.length));
      const whole = ends.filter((end) => end <= cut).length;
      // Groups end at the ends that were noted; inside a group there may be one more frame.
      expect(perFrame).toContain(found.length);
      expect(found.length).toBeGreaterThanOrEqual([0, 0, 1, 4, 5, 6][whole]!);
      expect(found.length).toBeGreaterThanOrEqual(seen);
      seen = found.length;
    }
    expect(seen).toBe(lines.length);
  });

  test('with a changed byte in a frame before the last, is refused; in the last, is cut', async () => {
    const { content, ends } = await written(['a'], ['bb'], ['ccc']);
    for (let at = 0; at < content.length; at++) {
      const damaged = content.slice();
      damaged[at]! ^= 1 << (at % 8);
      const lines = reopened(damaged);
      if (at < ends[2]!)
        await expect(lines, `byte ${at}`).rejects.toThrow(/damaged|not a journal|has format/);
      else expect(await lines, `byte ${at}`).toEqual(['a', 'bb']);
    }
  });

  test('with any damage, has a prefix of its records or is refused', async () => {
    const { content, owner } = await written(['a', 'b'], ['cc'.repeat(300)], ['d'], ['e', 'f']);
    const damage = fc.record({
      at: fc.nat(content.length - 1),
      bytes: fc.uint8Array({ minLength: 1, maxLength: 40 }),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(damage, { maxLength: 3 }), fc.nat(content.length), async (hits, cut) => {
        const damaged = content.slice(0, cut);
        for (const { at, bytes } of hits) if (at + bytes.length <= cut) damaged.set(bytes, at);
        try {
          const lines = await reopened(damaged);
          expect(lines).toEqual(owner.lines.slice(0, lines.length));
        } catch (error) {
          if (!(error instanceof OperatingError)) throw error;
        }
      }),
      { numRuns: examples(1000) },
    );
  });

  test('is not deceived by a record that contains a frame of another journal', async () => {
    const inner = await written(['x'], ['y']);
    const files = new CrashFiles();
    const { journal } = await opened(files);
    await journal.append(inner.content, () => {});
    const content = files.content(PATH)!.slice();
    content[content.length - 1]! ^= 1;
    expect(await reopened(content)).toEqual([]);
  });

  test('says so when a record is none of its owner', async () => {
    const { content } = await written(['a'], ['alien']);
    await expect(reopened(content)).rejects.toThrow(/no record of this program at byte \d+: what is that/);
  });
});

/** Appends to a journal until its power fails; returns what was acknowledged, and all that was appended. */
async function appendUntilCrash(files: CrashFiles, sizes: number[]) {
  const acknowledged: string[] = [];
  const tried: string[] = [];
  const run = async () => {
    const { owner, journal } = await opened(files);
    const before = owner.lines.length;
    for (const [index, size] of sizes.entries()) {
      const line = `${before + index}:${'.'.repeat(size)}`;
      tried.push(line);
      const done = owner.append(journal, line).then(() => acknowledged.push(line));
      if (index % 3 === 2) await done;
    }
    await journal.close();
  };
  await Promise.race([run(), new Promise((resolve) => setTimeout(resolve, 20))]);
  return { acknowledged, tried };
}

describe('a journal whose power fails', () => {
  test('has every acknowledged record afterwards, and invents none', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.nat(1500), { minLength: 1, maxLength: 12 }),
        fc.array(fc.tuple(fc.nat(40), fc.boolean()), { minLength: 1, maxLength: 4 }),
        fc.string(),
        async (sizes, crashes, seed) => {
          const random = new Random(seed);
          let files = new CrashFiles();
          let durable: string[] = [];
          for (const [after, power] of crashes) {
            files.powerFailsAfter = files.operations + after;
            const { acknowledged, tried } = await appendUntilCrash(files, sizes);
            files = power ? files.afterCrash(random) : files.afterKill();
            const { owner } = await opened(files);
            const must = [...durable, ...acknowledged];
            expect(owner.lines.slice(0, must.length)).toEqual(must);
            expect([...durable, ...tried].slice(0, owner.lines.length)).toEqual(owner.lines);
            durable = owner.lines;
          }
        },
      ),
      { numRuns: examples(200) },
    );
  });
});

describe('a journal on a failing disk', () => {
  for (const [kind, code] of [
    ['write', 'ENOSPC'],
    ['write', 'EIO'],
    ['sync', 'EIO'],
    ['sync', 'ENOSPC'],
  ] as const)
    test(`acknowledges nothing after ${code} of ${kind}, until it has a new file`, async () => {
      const files = new CrashFiles();
      const { owner, journal } = await opened(files);
      await owner.append(journal, 'kept');
      files.fails[kind].push(code);
      const first = owner.append(journal, 'one');
      const second = owner.append(journal, 'two');
      await expect(first).rejects.toThrow(new RegExp(`cannot write: ${code}`));
      await expect(second).rejects.toThrow(code);
      await expect(owner.append(journal, 'three')).rejects.toThrow(code);
      expect(owner.lines).toEqual(['kept']);
      files.fails.open.push('ENOSPC');
      await expect(journal.renew()).rejects.toThrow('ENOSPC');
      await expect(owner.append(journal, 'four')).rejects.toThrow(code);
      await Promise.all([journal.renew(), journal.renew()]);
      await owner.append(journal, 'five');
      for (let seed = 0; seed < 20; seed++) {
        const left = await opened(files.afterCrash(new Random(`${seed}`)));
        expect(left.owner.lines).toEqual(['kept', 'five']);
      }
    });

  test('does not acknowledge, after a restart, what only the page cache holds', async () => {
    const files = new CrashFiles();
    const { owner, journal } = await opened(files);
    files.fails.sync.push('EIO');
    await expect(owner.append(journal, 'cached')).rejects.toThrow('EIO');
    // The file has the record, as programs see it: what a reader was told must stay true.
    const restarted = files.afterKill();
    const { lines } = (await opened(restarted)).owner;
    expect(lines).toEqual(['cached']);
    for (let seed = 0; seed < 20; seed++)
      expect((await opened(restarted.afterCrash(new Random(`${seed}`)))).owner.lines).toEqual(lines);
  });
});

describe('a large journal', () => {
  const line = (n: number) => `${n}:${'.'.repeat(100_000)}`;

  test('is compacted when more than half of it is dead', async () => {
    const files = new CrashFiles();
    const { owner, journal } = await opened(files, 3);
    let largest = 0;
    for (let n = 0; n < 100; n++) {
      await owner.append(journal, line(n));
      largest = Math.max(largest, journal.sizeBytes);
    }
    expect(largest).toBeLessThan(1_300_000);
    expect((await opened(files.afterCrash(new Random('large')), 3)).owner.lines).toEqual(
      [97, 98, 99].map(line),
    );
  });

  test('goes on when compaction fails, and does not try at once again', async () => {
    const files = new CrashFiles();
    const { owner, journal } = await opened(files, 3);
    for (let n = 0; n < 10; n++) await owner.append(journal, line(n));
    files.fails.open.push('ENOSPC');
    for (let n = 10; n < 20; n++) await owner.append(journal, line(n));
    expect(files.fails.open).toEqual([]);
    expect(journal.sizeBytes).toBeGreaterThan(1_900_000);
    for (let n = 20; n < 40; n++) await owner.append(journal, line(n));
    expect(journal.sizeBytes).toBeLessThan(2_300_000);
    expect((await opened(files, 3)).owner.lines).toEqual([37, 38, 39].map(line));
  });

  test('is closed when it is not known which file has the name', async () => {
    const files = new CrashFiles();
    const { owner, journal } = await opened(files, 3);
    for (let n = 0; n < 10; n++) await owner.append(journal, line(n));
    files.fails.rename.push('EIO');
    await owner.append(journal, line(10));
    await expect(owner.append(journal, line(11))).rejects.toThrow('EIO');
    await journal.renew();
    await owner.append(journal, line(12));
    expect((await opened(files, 3)).owner.lines).toEqual([9, 10, 12].map(line));
  });
});
