/** The field's words: phrases that docs/glossary.md replaces appear nowhere else. */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';

const root = join(import.meta.dirname, '..');

const replaced =
  /\b(no side is left|protection again|stands? still|stood still|lets? go of|is let go|knows nothing|horizon|by chance|moment did not come|battlefield|surroundings|complaints?|dropped ?again|exit ?with ?reader|changed by itself|slow way|kinds of wrong|what was tried|by the least|left-out|(LEAST|MOST)_[A-Z]+)\b/i;

/** Where they may be: the glossary, a generated table that quotes old mutations, recorded output of other programs, and here. */
const exempt =
  /^(docs\/glossary\.md|docs\/mutations\.md|test\/goldens\/|test\/words\.test\.ts|programs\/expected\/)/;

test('no replaced phrase is used', () => {
  const files = execFileSync('git', ['ls-files'], { cwd: root, encoding: 'utf8' }).trim().split('\n');
  const texts = files.filter((file) => /\.(ts|mjs|md|story|txt)$/.test(file) && !exempt.test(file));
  const found = texts.flatMap((file) =>
    readFileSync(join(root, file), 'utf8')
      .split('\n')
      .flatMap((line, index) => (replaced.test(line) ? [`${file}:${index + 1}: ${line.trim()}`] : [])),
  );
  expect(texts.length).toBeGreaterThan(300);
  expect(found).toEqual([]);
});
