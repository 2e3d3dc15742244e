/** Builds the page of the parts: one file under a policy that admits its own scripts and styles, and nothing else. */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { build } from 'esbuild';
import { program, root } from '../../cli/command.ts';

const included = ['machine', 'console', 'trap', 'input', 'seed'].map((name) => `lib/${name}.s`);
const names = ['bank.s', 'dice.s', 'hello.s', ...included];

/** The text that the browser bundles of these files have. */
async function bundle(...files: string[]): Promise<string> {
  const { outputFiles } = await build({
    absWorkingDir: root,
    entryPoints: files,
    bundle: true,
    minify: true,
    format: 'iife',
    target: 'es2022',
    jsx: 'automatic',
    jsxImportSource: 'preact',
    legalComments: 'none',
    outdir: 'parts',
    write: false,
  });
  return outputFiles.map(({ text }) => text).join('\n');
}

const hash = (text: string): string => `'sha256-${createHash('sha256').update(text).digest('base64')}'`;

/** The page, as a text. */
export async function partsPage(): Promise<string> {
  const [script, editor, style] = await Promise.all([
    bundle('test/web/parts/page.tsx'),
    bundle('src/web/editor/code-mirror.ts'),
    bundle('src/web/report/style.css', 'src/web/editor/style.css', 'src/web/search/style.css'),
  ]);
  for (const text of [script, editor])
    if (/<\/script/i.test(text)) throw new Error('a script would end its element');
  const sources = Object.fromEntries(names.map((name) => [name, readFileSync(program(name), 'utf8')]));
  const policy = [
    "default-src 'none'; img-src data:",
    `script-src ${hash(script)} ${hash(editor)} 'wasm-unsafe-eval'`,
    `style-src ${hash(style)}`,
    "base-uri 'none'; form-action 'none'",
  ];
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="${policy.join('; ')}">
<title>Parts</title>
<link rel="icon" href="data:,">
<style>${style}</style>
<div id="page"></div>
<script id="sources" type="application/json">${JSON.stringify(sources).replaceAll('<', '\\u003c')}</script>
<script id="editor-script" type="text/plain">${editor}</script>
<script>${script}</script>
</html>
`;
}
