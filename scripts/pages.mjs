// Writes the pages: of a run, without its data (dist/report.html), and the playground (dist/web/index.html).
// Each is one file with all it needs, and a policy that lets it load and run nothing else.

import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { bundled } from './bundled.mjs';

/** @typedef {typeof import('esbuild').build} Bundle */

const root = dirname(import.meta.dirname);

/**
 * Bundles for browsers; returns the texts, which end no element of a page.
 * @param {Bundle} bundle
 * @param {string[]} entryPoints
 */
async function texts(bundle, entryPoints) {
  const { version } = JSON.parse(readFileSync(`${root}/package.json`, 'utf8'));
  const { outputFiles } = await bundle({
    absWorkingDir: root,
    entryPoints,
    bundle: true,
    minify: true,
    format: 'iife',
    target: 'es2022',
    jsx: 'automatic',
    jsxImportSource: 'preact',
    legalComments: 'none',
    define: { VMFT_VERSION: JSON.stringify(version) },
    outdir: 'dist/page',
    write: false,
    logLevel: 'warning',
  });
  return ['.js', '.css'].map((end) => {
    const { text = '' } = outputFiles.find(({ path }) => path.endsWith(end)) ?? {};
    if (/<\/(script|style)/i.test(text)) throw new Error(`the page's ${end} would end its element`);
    return text;
  });
}

/** @param {string} text of a script or of styles, as a page's policy admits it */
const hash = (text) => `'sha256-${createHash('sha256').update(text).digest('base64')}'`;

/**
 * Puts the parts of a page into its text.
 * @param {string} folder of `page.html`
 * @param {Record<string, string>} parts by the names that the text has between two underscores on each side
 */
function filled(folder, parts) {
  const { SCRIPT = '', STYLE = '' } = parts;
  const all = { ...parts, SCRIPT_HASH: hash(SCRIPT), STYLE_HASH: hash(STYLE) };
  return readFileSync(`${folder}/page.html`, 'utf8').replaceAll(
    new RegExp(`__(${Object.keys(all).join('|')})__`, 'g'),
    (_, name) => all[/** @type {keyof typeof all} */ (name)],
  );
}

/** @param {readonly string[]} names of packages */
// Two dashes would end the comment that they stand in.
const licenseComment = (names) => licenseTexts(names).replaceAll('--', '- -');

/**
 * The page of a run without its data.
 * @param {Bundle} bundle
 */
export async function writeReport(bundle) {
  const folder = `${root}/src/web/report`;
  const [SCRIPT = '', STYLE = ''] = await texts(bundle, [`${folder}/main.tsx`, `${folder}/style.css`]);
  const LICENSES = licenseComment(['preact', '@preact/signals', 'fflate']);
  writeFileSync(`${root}/dist/report.html`, filled(folder, { SCRIPT, STYLE, LICENSES }));
}

/** The packages in the playground and its worker. */
const inPlayground = bundled.filter((name) => !['commander', 'prom-client'].includes(name));

/**
 * The playground. Its archive has the worker, the editor of code, the interpreter, the bundled programs and stories.
 * @param {Bundle} bundle
 */
export async function writePlayground(bundle) {
  const { strToU8, zipSync } = await import('fflate');
  const folder = `${root}/src/web/play`;
  const [SCRIPT = '', STYLE = ''] = await texts(bundle, [`${folder}/main.tsx`, `${folder}/style.css`]);
  const [worker = ''] = await texts(bundle, [`${folder}/worker/main.ts`]);
  const [editor = ''] = await texts(bundle, [`${root}/src/web/editor/code-mirror.ts`]);
  const files = {
    'worker.js': strToU8(worker),
    'editor.js': strToU8(editor),
    'interpreter.wasm': new Uint8Array(readFileSync(`${root}/dist/interpreter.wasm`)),
    ...Object.fromEntries(
      bundledFiles().map((name) => [name, new Uint8Array(readFileSync(`${root}/${name}`))]),
    ),
  };
  // The same bytes in each build.
  const archive = zipSync(files, { level: 9, mtime: new Date(1980, 0, 1) });
  const ARCHIVE = Buffer.from(archive).toString('base64');
  const LICENSES = licenseComment(inPlayground);
  mkdirSync(`${root}/dist/web`, { recursive: true });
  writeFileSync(
    `${root}/dist/web/index.html`,
    filled(folder, { SCRIPT, STYLE, ARCHIVE, LICENSES, EDITOR_HASH: hash(editor) }),
  );
}

/** The stories, and the programs that need no further files. */
function bundledFiles() {
  const inFolder = (/** @type {string} */ folder, /** @type {RegExp} */ pattern) =>
    readdirSync(`${root}/${folder}`)
      .filter((name) => pattern.test(name))
      .map((name) => `${folder}/${name}`)
      .sort();
  return [
    ...inFolder('programs', /\.(s|input|guest\.json)$/),
    ...inFolder('programs/lib', /\.s$/),
    ...inFolder('programs/kv', /\.(elf|guest\.json)$/),
    ...inFolder('stories', /\.story$/),
  ];
}

/**
 * The licenses of packages, as they require.
 * @param {readonly string[]} names
 */
export function licenseTexts(names) {
  const all = names.map((name) => {
    const folder = `${root}/node_modules/${name}`;
    const file = readdirSync(folder).find((one) => /^licen[cs]e/i.test(one));
    const { version, license } = JSON.parse(readFileSync(`${folder}/package.json`, 'utf8'));
    const text = file ? readFileSync(`${folder}/${file}`, 'utf8').trim() : license;
    return `${name} ${version}\n\n${text}\n`;
  });
  return all.join(`\n${'-'.repeat(80)}\n\n`);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { build } = await import('esbuild');
  await writePlayground(build);
  console.log('dist/web: put it on any static host, or open dist/web/index.html');
}
