/**
 * The package is complete: packed, installed in an empty folder without a network, and used there as the demo
 * suggests.
 */
import { execFileSync } from 'node:child_process';
import { readdirSync, writeFileSync } from 'node:fs';
import { beforeAll, describe, expect, test } from 'vitest';
import { root, workplace } from './command.ts';

const { directory, file, shell } = workplace();
const MIB = 1 << 20;
let packed: { filename: string; size: number; files: { path: string }[] };

beforeAll(() => {
  // The build of the tests is packed; another build would remove it under other tests.
  const npm = ['pack', '--ignore-scripts', '--json', '--pack-destination', directory];
  [packed] = JSON.parse(execFileSync('npm', npm, { cwd: root, encoding: 'utf8' }));
  writeFileSync(file('package.json'), '{ "private": true }');
  const quiet = ['--offline', '--no-audit', '--no-fund', '--loglevel=error'];
  execFileSync('npm', ['install', ...quiet, `./${packed.filename}`], { cwd: directory });
});

describe('the package', () => {
  test('has no dependencies, and no files that users do not need', () => {
    expect(readdirSync(file('node_modules')).filter((name) => !name.startsWith('.'))).toEqual(['vmft']);
    expect(packed.size).toBeLessThan(MIB);
    const folders = new Set(packed.files.map(({ path }) => path.split('/')[0]));
    expect([...folders].sort()).toEqual(
      ['LICENSE', 'README.md', 'bin', 'dist', 'package.json', 'programs', 'stories'].sort(),
    );
    const built = packed.files.flatMap(({ path }) => (path.startsWith('dist/') ? [path.slice(5)] : []));
    expect(built.filter((name) => /^(bench|fuzz|hostile|mutate|mutant)|\.map$/.test(name))).toEqual([]);
  });

  test.each([
    ['npx vmft run hello', 'Hello! I run on two machines'],
    ['npx vmft demo', 'the machines are equal in every bit'],
    ['$VMFT run dice --crash primary@output=30 --verify', 'rolled'],
    ['$VMFT run kv --clients 3 --crash primary@t=10ms', 'completed with exit code 0'],
    ['$VMFT story two-backups', '✓'],
    ['$VMFT chaos hello --runs 4 --jobs 2', '0  VIOLATED'],
    ['$VMFT asm node_modules/vmft/programs/hello.s', '80000000'],
  ])('%s', async (line, shown) => {
    const { code, stdout } = await shell(`VMFT=node_modules/.bin/vmft; ${line} </dev/null 2>&1`);
    expect(stdout).toContain(shown);
    expect(code).toBe(0);
  });
});
