/** Boot images outside of recordings: the same recording as with them inside; whatever is missing or damaged is refused. */
import { createHash } from 'node:crypto';
import { mkdtempSync, readdirSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import fc from 'fast-check';
import { afterAll, describe, expect, test } from 'vitest';
import { sameBytes } from '../../src/base/bytes.ts';
import { OperatingError } from '../../src/base/errors.ts';
import { IMAGES_DIRECTORY, ImageFiles } from '../../src/lib/images.ts';
import {
  type ImageReference,
  type Images,
  type KeptImages,
  MIN_IMAGE_BYTES,
} from '../../src/replay/images.ts';
import { LogReader, LogWriter, readLog } from '../../src/replay/log-file.ts';
import type { MachineDescription } from '../../src/vmm/description.ts';
import type { Entry } from '../../src/vmm/entries.ts';
import { entryLists } from '../ft/arbitraries.ts';
import { machineOf } from '../ft/guest.ts';
import { examples } from '../thorough.ts';

const directories: string[] = [];
const temporary = (): string => {
  const directory = mkdtempSync(join(tmpdir(), 'vmft-images-'));
  directories.push(directory);
  return directory;
};
afterAll(() => {
  for (const directory of directories) rmSync(directory, { recursive: true });
});

const sha256 = (content: Uint8Array) => createHash('sha256').update(content).digest('hex');

/** The model: images in memory. */
class InMemory implements Images {
  readonly kept = new Map<string, Uint8Array>();
  put(images: readonly Uint8Array[]): KeptImages {
    for (const image of images) this.kept.set(sha256(image), image.slice());
    return { isReady: true, names: images.map(sha256) };
  }
  get({ sha256: name }: ImageReference): Uint8Array {
    return this.kept.get(name)!;
  }
}

/** Sizes around the limit, so that some segments are in images and others not. */
const segments = fc.array(
  fc.record({
    sizeBytes: fc.constantFrom(0, 5, MIN_IMAGE_BYTES - 1, MIN_IMAGE_BYTES, MIN_IMAGE_BYTES + 1),
    fill: fc.nat(3),
  }),
  { maxLength: 4 },
);
const descriptions = segments.map(
  (all): MachineDescription => ({
    ...machineOf('_start: j _start'),
    segments: all.map(({ sizeBytes, fill }, index) => ({
      address: 0x8000_0000 + index * 0x2_0000,
      bytes: new Uint8Array(sizeBytes).fill(fill),
      memorySizeBytes: sizeBytes,
    })),
  }),
);

function written(description: MachineDescription, entries: readonly Entry[], images?: Images): Uint8Array {
  const writer = new LogWriter(description, { images });
  for (const entry of entries) writer.append(entry);
  return writer.take();
}
const large = { ...machineOf('_start: j _start') };
large.segments = [
  ...large.segments,
  { address: 0x8001_0000, bytes: new Uint8Array(MIN_IMAGE_BYTES).fill(7), memorySizeBytes: MIN_IMAGE_BYTES },
];

describe('a recording whose large images are elsewhere', () => {
  test('is read as the one that has everything; their entries are the same bytes', () => {
    fc.assert(
      fc.property(descriptions, entryLists(10), (description, entries) => {
        const images = new InMemory();
        const apart = written(description, entries, images);
        const whole = written(description, entries);
        const read = readLog(apart, 'x.log', images);
        const isLarge = description.segments.some(({ bytes }) => bytes.length >= MIN_IMAGE_BYTES);
        expect(apart.length < whole.length).toBe(isLarge);
        const bodyBytes = whole.length - written(description, []).length;
        const entriesOf = (log: Uint8Array) => log.subarray(log.length - bodyBytes);
        expect(sameBytes(entriesOf(apart), entriesOf(whole))).toBe(true);
        // Written again from what was read, everything is inside: `vmft pack`.
        expect(sameBytes(written(read.description, read.entries), whole)).toBe(true);
        // Snapshots know a recording by these.
        const count = entries.length;
        expect(new LogReader(apart, 'x').checksumAfter(count)).toBe(
          new LogReader(whole, 'x').checksumAfter(count),
        );
      }),
      { numRuns: examples(40) },
    );
  });

  test('with its head cut or changed anywhere is refused', () => {
    const images = new InMemory();
    const content = written(large, [], images);
    for (let at = 0; at < content.length; at++) {
      expect(() => readLog(content.slice(0, at), 'x.log', images)).toThrow(OperatingError);
      const changed = content.slice();
      changed[at]! ^= 1 << (at % 8);
      expect(() => readLog(changed, 'x.log', images)).toThrow(OperatingError);
    }
  });

  test('needs them only for its machine, and says so when it was given without them', () => {
    const entries: Entry[] = [{ kind: 'clock', icount: 3, ticks: 1 }];
    const read = readLog(written(large, entries, new InMemory()), 'x.log');
    expect(read.entries).toEqual(entries);
    expect(() => read.description.segments[1]!.bytes).toThrow(/^x\.log: its boot images are in files of/);
  });
});

describe('files of images', () => {
  const bytes = fc.uint8Array({ minLength: 1, maxLength: 300 });
  const referenceTo = (content: Uint8Array): ImageReference => ({
    segment: 0,
    sizeBytes: content.length,
    sha256: sha256(content),
  });

  test('are those of the model, each once, whatever is put in which order and was there before', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.nat(3), bytes), { maxLength: 12 }), (steps) => {
        const directory = temporary();
        const model = new InMemory();
        const known: Uint8Array[] = [];
        for (const [action, content] of steps) {
          const old = known[content[0]! % Math.max(1, known.length)];
          const path = old && join(directory, IMAGES_DIRECTORY, sha256(old));
          // Damage, or a missing file: what is put again replaces it.
          if (action === 1 && path) writeFileSync(path, content);
          if (action === 2 && path) truncateSync(path, old.length >> 1);
          if (action === 3 && path) rmSync(path, { force: true });
          const image = old && action > 0 ? old : content;
          expect(new ImageFiles(directory).put([image]).names).toEqual(model.put([image]).names);
          known.push(image);
        }
        const files = new ImageFiles(directory);
        for (const content of model.kept.values())
          expect(files.get(referenceTo(content), 'x.log')).toEqual(content);
        const names = known.length > 0 ? readdirSync(join(directory, IMAGES_DIRECTORY)) : [];
        expect(names.sort()).toEqual([...model.kept.keys()].sort());
      }),
      { numRuns: examples(60) },
    );
  });

  test('are the same ones when threads write them, whoever comes first', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(bytes, { minLength: 1, maxLength: 3 }), fc.nat(2), async (images, waits) => {
        const directory = temporary();
        const kept = [0, 0, 1000].map((minThreadBytes) =>
          new ImageFiles(directory, minThreadBytes).put(images),
        );
        // The names may be needed before the threads have begun, or after they have ended.
        for (const one of kept.slice(0, waits)) while (!one.isReady) await setTimeout(1);
        for (const one of kept) expect(one.names).toEqual(images.map(sha256));
        expect(readdirSync(join(directory, IMAGES_DIRECTORY)).sort()).toEqual(
          [...new Set(images.map(sha256))].sort(),
        );
        for (const content of images)
          expect(new ImageFiles(directory).get(referenceTo(content), 'x.log')).toEqual(content);
      }),
      { numRuns: examples(6) },
    );
  });

  test.each([0, 1])('that a thread can not write are refused as others (waits: %i)', async (waits) => {
    const directory = temporary();
    writeFileSync(join(directory, IMAGES_DIRECTORY), 'a file');
    const put = (minThreadBytes: number) => new ImageFiles(directory, minThreadBytes).put([Uint8Array.of(1)]);
    const kept = put(0);
    while (waits > 0 && !kept.isReady) await setTimeout(1);
    expect(() => kept.names).toThrow(OperatingError);
    expect(() => kept.names).toThrow(/vmft-images\/[0-9a-f]{64}: .*; choose a place that can be written/);
    expect(() => put(1000)).toThrow(OperatingError);
  });

  test('cut anywhere or with a bit flipped are refused with their names and what to do', () => {
    const directory = temporary();
    const content = new Uint8Array(200).map((_, index) => index * 7);
    const path = join(directory, IMAGES_DIRECTORY, new ImageFiles(directory).put([content]).names[0]!);
    const get = () => new ImageFiles(directory).get(referenceTo(content), 'x.log');
    const damaged = `x.log: its boot image ${path} is damaged; copy it again`;
    for (let at = 0; at < content.length; at++) {
      writeFileSync(path, content.subarray(0, at));
      expect(get).toThrow(damaged);
      writeFileSync(
        path,
        content.map((byte, index) => (index === at ? byte ^ (1 << (at % 8)) : byte)),
      );
      expect(get).toThrow(damaged);
    }
    writeFileSync(path, Buffer.concat([content, content]));
    expect(get).toThrow(damaged);
    rmSync(path);
    expect(get).toThrow(
      `x.log: its boot image ${path} is missing; copy the directory ${IMAGES_DIRECTORY} along with`,
    );
  });
});
