import { chmodSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createKey, derivedKey, readKey } from '../../src/host/wire/key.ts';

let dir: string;
let path: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'vmft-key-'));
  path = join(dir, 'key');
});
afterEach(() => rmSync(dir, { recursive: true }));

test('a key is kept in a file that only its owner may read', () => {
  const key = createKey(path);
  expect(key).toHaveLength(32);
  expect(readKey(path)).toEqual(key);
  expect(statSync(path).mode & 0o777).toBe(0o600);
  expect(readFileSync(path, 'latin1')).toMatch(/^[0-9a-f]{64}\n$/);
  expect(createKey(join(dir, 'other'))).not.toEqual(key);
});

test('an existing key is not overwritten', () => {
  const key = createKey(path);
  expect(() => createKey(path)).toThrow(`${path} exists`);
  expect(readKey(path)).toEqual(key);
});

test('what is no key is refused, and the error does not show it', () => {
  expect(() => readKey(path)).toThrow(`there is no cluster key ${path}`);
  expect(() => readKey(dir)).toThrow('is not a file');
  expect(() => createKey(join(dir, 'missing', 'key'))).toThrow("can't be written: ENOENT");
  const good = 'ab'.repeat(32);
  for (const content of [
    '',
    good.slice(1),
    `${good}0`,
    good.toUpperCase(),
    `${good}\n${good}`,
    `secret ${good}`,
  ]) {
    writeFileSync(path, content, { mode: 0o600 });
    expect(() => readKey(path), content).toThrow('one line of 64 hexadecimal digits');
    expect(() => readKey(path), content).not.toThrow('abab');
  }
});

test('a key that others may read is refused', () => {
  createKey(path);
  for (const mode of [0o640, 0o604, 0o620, 0o601]) {
    chmodSync(path, mode);
    expect(() => readKey(path)).toThrow(`chmod 600 ${path}`);
  }
  chmodSync(path, 0o400);
  expect(readKey(path)).toHaveLength(32);
});

test('links and datagrams have keys of their own', () => {
  const key = new Uint8Array(32);
  expect(derivedKey(key, 'links')).toHaveLength(32);
  expect(derivedKey(key, 'links')).not.toEqual(derivedKey(key, 'datagrams'));
});
