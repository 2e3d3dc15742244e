/**
 * The package is complete: it is packed, installed in an empty folder without a network, and used there as documented.
 */
import { execFileSync } from 'node:child_process';
import { copyFileSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { writeDeclarations } from '../../scripts/declarations.mjs';
import { root, workplace } from './command.ts';

const { directory, file, shell } = workplace();
const MIB = 1 << 20;
const TSC = join(root, 'node_modules/typescript/bin/tsc');
const examples = readdirSync(join(root, 'examples')).filter((name) => name.endsWith('.mjs'));
let packed: { filename: string; size: number; files: { path: string }[] };

beforeAll(async () => {
  // As `npm pack` does. No other test reads the declarations.
  await writeDeclarations();
  // The build of the tests is packed; another build would remove it under other tests.
  const npm = ['pack', '--ignore-scripts', '--json', '--pack-destination', directory];
  [packed] = JSON.parse(execFileSync('npm', npm, { cwd: root, encoding: 'utf8' }));
  writeFileSync(file('package.json'), '{ "private": true }');
  const quiet = ['--offline', '--no-audit', '--no-fund', '--loglevel=error'];
  for (const name of examples) copyFileSync(join(root, 'examples', name), file(name));
  execFileSync('npm', ['install', ...quiet, `./${packed.filename}`], { cwd: directory });
});

describe('the package', () => {
  test('has no dependencies, and no files that users do not need', () => {
    expect(readdirSync(file('node_modules')).filter((name) => !name.startsWith('.'))).toEqual(['vmft']);
    // Half of it is the playground, which holds all programs.
    expect(packed.size).toBeLessThan(2 * MIB);
    const folders = new Set(packed.files.map(({ path }) => path.split('/')[0]));
    expect([...folders].sort()).toEqual(
      ['LICENSE', 'README.md', 'bin', 'dist', 'examples', 'package.json', 'programs', 'stories'].sort(),
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
    ['node failover.mjs', 'The checkers find no violation.'],
    ['node time-travel.mjs', 'the same state as recorded: true'],
    ['node own-guest.mjs', 'equal to one with a backup: true'],
  ])('%s', async (line, shown) => {
    const { code, stdout } = await shell(`VMFT=node_modules/.bin/vmft; ${line} </dev/null 2>&1`);
    expect(stdout).toContain(shown);
    expect(code).toBe(0);
  });
});

/** Programs in the documentation, each followed by its output. */
const shown = ['README.md', 'docs/library.md'].flatMap((page) => {
  const text = readFileSync(join(root, page), 'utf8');
  return [...text.matchAll(/```js\n(.*?)```\n\n```text\n(.*?)```/gs)].map(([, code, output], index) => {
    const title = text.slice(0, text.indexOf(code!)).split('\n## ').at(-1)!.split('\n')[0]!;
    return { page, index, title, code: code!, output: output! };
  });
});

describe('the documentation', () => {
  test('shows no program without its output', () => {
    const page = readFileSync(join(root, 'docs/library.md'), 'utf8');
    expect(shown.length).toBe(page.split('```js').length);
  });

  test.each(shown)('$page: $title', async ({ index, code, output }) => {
    writeFileSync(file(`shown${index}.mjs`), code);
    expect(await shell(`node shown${index}.mjs`)).toEqual({ code: 0, stdout: output, stderr: '' });
  });
});

test('the library works in a worker thread, also without the generated files beside it', async () => {
  const code = `
    import { copyFileSync } from 'node:fs';
    import { isMainThread, Worker } from 'node:worker_threads';
    import { fileURLToPath } from 'node:url';
    if (isMainThread) new Worker(new URL(import.meta.url));
    else {
      copyFileSync(fileURLToPath(import.meta.resolve('vmft')), 'lib.mjs');
      const alone = await import(new URL('lib.mjs', import.meta.url));
      const source = '_start: li a0, 5\\n li t0, 0x100000\\n li t1, 0x5555\\n sw t1, (t0)';
      for (const { run, loadGuest } of [await import('vmft'), alone])
        process.stdout.write(run(loadGuest({ source })).machine.register('a0') + ' ');
    }`;
  writeFileSync(file('worker.mjs'), code);
  expect(await shell('node worker.mjs')).toEqual({ code: 0, stdout: '5 5 ', stderr: '' });
});

/** A program that uses the package, checked without the types of Node. */
const consumer = `
import { type EventContent, judge, loadGuest, OperatingError, type Run, run, type RunOptions } from 'vmft';
const options: RunOptions = { backups: 1, unsafe: ['log-clock'], tuning: { suspectNs: 1e7 }, onEvent: (event) => {
  if (event.kind === 'live') { const at: number = event.icount; void at; }
  // @ts-expect-error a held event has no icount
  if (event.kind === 'held') void event.icount;
} };
const finished: Run = run(loadGuest({ source: 'nop' }), options);
const code: number | undefined = finished.exitCode;
const a0: bigint = finished.machine.register('a0');
const first: EventContent['kind'] | undefined = finished.events[0]?.kind;
void [code, a0, first, judge(finished).map(({ invariant, message }) => invariant + message)];
// @ts-expect-error not the name of a rule
run(loadGuest('bank'), { unsafe: ['everything'] });
// @ts-expect-error results are read-only
finished.steps = 5;
// @ts-expect-error other files of the package are not exported
import 'vmft/dist/lib.js';
export { OperatingError };
`;

describe('the declarations', () => {
  /** As in a new project: without the types of Node. Also checks the declarations themselves. */
  const compile = (line: string) =>
    shell(`node ${TSC} --noEmit --skipLibCheck false --module nodenext --target es2022 ${line}`);

  test('compile in a project with the strictest settings', async () => {
    writeFileSync(file('consumer.mts'), consumer);
    const strict = '--strict --noUncheckedSideEffectImports --exactOptionalPropertyTypes';
    expect(await compile(`${strict} consumer.mts`)).toMatchObject({ stdout: '', code: 0 });
  });

  test('agree with the examples', async () => {
    const line = `--lib es2022,dom --allowJs --checkJs --strict false ${examples.join(' ')}`;
    expect(await compile(line)).toMatchObject({ stdout: '', code: 0 });
  });
});
