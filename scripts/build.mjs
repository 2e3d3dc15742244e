// Bundles the program and its tools into dist/, with interpreters and V8's code cache generated ahead of time.

import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { COMPILED } from '../bin/program.js';
import { bundled } from './bundled.mjs';

const root = dirname(import.meta.dirname);

/** Whether the build tools are installed: `npm ci --omit=dev` omits them. */
export const canBuild = () => existsSync(`${root}/node_modules/esbuild`);

// Commander needs it only for commands that are executables. Loading it takes longer than most guests run.
const withoutProcesses = /** @type {import('esbuild').Plugin} */ ({
  name: 'commander without child processes',
  setup: ({ onResolve }) =>
    onResolve({ filter: /^node:child_process$/ }, ({ importer, path }) => ({
      path: importer.includes('/commander/') ? 'node:events' : path,
      external: true,
    })),
});

export async function build() {
  const { build: bundle } = await import('esbuild');
  const { version } = JSON.parse(readFileSync(`${root}/package.json`, 'utf8'));
  const shared = /** @type {const} */ ({
    absWorkingDir: root,
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node20',
    logLevel: 'warning',
  });
  const programs = /** @type {const} */ ({
    ...shared,
    outdir: 'dist',
    sourcemap: true,
    // Shorter code is parsed sooner; names stay for stack traces.
    minifyWhitespace: true,
    minifySyntax: true,
    define: { VMFT_VERSION: JSON.stringify(version) },
  });
  // V8 would accept the cache of an earlier bundle of the same length.
  rmSync(COMPILED, { force: true });
  await bundle({
    ...programs,
    entryPoints: { vmft: 'src/cli/main.ts' },
    // A script: V8's code cache does not support modules.
    format: 'cjs',
    plugins: [withoutProcesses],
    outExtension: { '.js': '.cjs' },
    define: { ...programs.define, 'import.meta.url': 'metaUrl' },
    banner: { js: "const metaUrl = require('node:url').pathToFileURL(__filename).href;" },
  });
  const others = {
    'chaos-worker': 'src/cli/chaos/worker.ts',
    'conformance-worker': 'src/cli/conformance/worker.ts',
    'datagram-worker': 'src/host/wire/datagram-worker.ts',
    bench: 'tools/bench/main.ts',
    fuzz: 'tools/fuzz/main.ts',
    hostile: 'tools/hostile/main.ts',
    mutate: 'tools/mutate/main.ts',
    soak: 'tools/soak/main.ts',
  };
  await bundle({
    ...programs,
    entryPoints: Object.fromEntries(
      Object.entries(others).filter(([, file]) => existsSync(`${root}/${file}`)),
    ),
    // tools/mutate bundles at run time.
    external: ['esbuild'],
    // The CommonJS packages in the bundle call require() for Node's own modules.
    banner: {
      js: "import { createRequire as $createRequire } from 'node:module'; const require = $createRequire(import.meta.url);",
    },
  });
  // Of the packages it has seedrandom and fflate: no command line, no colours.
  await bundle({ ...programs, entryPoints: { lib: 'src/lib/index.ts' } });
  await writePage(bundle);
  writeLicenses();
  await writeInterpreters(bundle, shared);
  execFileSync(process.execPath, [`${root}/scripts/compile.mjs`], { stdio: ['ignore', 'ignore', 'inherit'] });
}

/**
 * Writes the page of a run without its data: one file with script and styles, which may load and run nothing else.
 * @param {typeof import('esbuild').build} bundle
 */
async function writePage(bundle) {
  const folder = `${root}/src/web/report`;
  const { outputFiles } = await bundle({
    absWorkingDir: root,
    bundle: true,
    minify: true,
    format: 'iife',
    target: 'es2022',
    jsx: 'automatic',
    jsxImportSource: 'preact',
    legalComments: 'none',
    outdir: 'dist/page',
    entryPoints: [`${folder}/main.tsx`, `${folder}/style.css`],
    write: false,
    logLevel: 'warning',
  });
  const [script = '', style = ''] = ['.js', '.css'].map((end) => {
    const { text } = /** @type {{ text: string }} */ (outputFiles.find(({ path }) => path.endsWith(end)));
    if (/<\/(script|style)/i.test(text)) throw new Error(`the page's ${end} would end its element`);
    return text;
  });
  const hash = (/** @type {string} */ text) =>
    `'sha256-${createHash('sha256').update(text).digest('base64')}'`;
  const parts = {
    ...{ SCRIPT: script, STYLE: style, SCRIPT_HASH: hash(script), STYLE_HASH: hash(style) },
    // Two dashes would end the comment that they stand in.
    LICENSES: licenseTexts(['preact', '@preact/signals', 'fflate']).replaceAll('--', '- -'),
  };
  const html = readFileSync(`${folder}/page.html`, 'utf8').replaceAll(
    /__(SCRIPT_HASH|STYLE_HASH|SCRIPT|STYLE|LICENSES)__/g,
    (_, name) => parts[/** @type {keyof parts} */ (name)],
  );
  writeFileSync(`${root}/dist/report.html`, html);
}

/** Writes the licenses of the bundled packages, as they require. */
function writeLicenses() {
  writeFileSync(`${root}/dist/licenses.txt`, licenseTexts(bundled));
}

/** @param {readonly string[]} names */
function licenseTexts(names) {
  const texts = names.map((name) => {
    const folder = `${root}/node_modules/${name}`;
    const file = readdirSync(folder).find((one) => /^licen[cs]e/i.test(one));
    const { version, license } = JSON.parse(readFileSync(`${folder}/package.json`, 'utf8'));
    const text = file ? readFileSync(`${folder}/${file}`, 'utf8').trim() : license;
    return `${name} ${version}\n\n${text}\n`;
  });
  return texts.join(`\n${'-'.repeat(80)}\n\n`);
}

/**
 * Generates the interpreters, which the program would otherwise generate at start.
 * @param {typeof import('esbuild').build} bundle
 * @param {import('esbuild').BuildOptions} shared
 */
async function writeInterpreters(bundle, shared) {
  const { outputFiles = [] } = await bundle({
    ...shared,
    entryPoints: ['src/cpu/interpreter.ts'],
    write: false,
  });
  const source = Buffer.concat(outputFiles.map(({ contents }) => contents)).toString('base64');
  const { interpreterModule } = await import(`data:text/javascript;base64,${source}`);
  for (const translates of [true, false])
    writeFileSync(
      `${root}/dist/${translates ? 'interpreter' : 'interpreter-only'}.wasm`,
      interpreterModule(translates),
    );
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  if (canBuild()) await build();
  else console.error('esbuild is not installed: nothing built');
}
