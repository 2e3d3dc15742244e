// Writes the library's type declarations into dist/types: of its index, and of each module that a declaration names.
// Each is made from its own source alone, which is fast, but requires that every export has an explicit type
// (TypeScript's isolatedDeclarations).

import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(import.meta.dirname);
const INDEX = join(root, 'src/lib/index.ts');

/** @returns the modules whose declarations were written, relative to `src` */
export async function writeDeclarations() {
  const { default: ts } = await import('typescript');
  const types = join(root, 'dist/types');
  rmSync(types, { recursive: true, force: true });
  const written = new Set([INDEX]);
  // The set grows in the loop.
  for (const file of written) {
    const text = declarationOf(file, ts);
    for (const [, path] of text.matchAll(/from '(\..*?)\.js'/g))
      written.add(join(dirname(file), `${path}.ts`));
    const place = join(types, relative(join(root, 'src'), file)).replace(/\.ts$/, '.d.ts');
    mkdirSync(dirname(place), { recursive: true });
    writeFileSync(place, text);
  }
  return [...written].map((file) => relative(join(root, 'src'), file));
}

/** @param {string} file @param {import('typescript')} ts */
function declarationOf(file, ts) {
  const { outputText, diagnostics = [] } = ts.transpileDeclaration(readFileSync(file, 'utf8'), {
    fileName: file,
    reportDiagnostics: true,
    compilerOptions: {
      target: ts.ScriptTarget.ES2022,
      module: ts.ModuleKind.NodeNext,
      strict: true,
      exactOptionalPropertyTypes: true,
      isolatedDeclarations: true,
      rewriteRelativeImportExtensions: true,
    },
  });
  if (diagnostics.length > 0) throw new Error(ts.formatDiagnostics(diagnostics, ts.createCompilerHost({})));
  return outputText
    .replaceAll(/(from ['"]\..*?)\.ts(['"])/g, '$1.js$2')
    .replaceAll(/from "(.*?)"/g, "from '$1'");
}

// `npm ci --omit=dev` leaves the compiler out.
if (process.argv[1] === fileURLToPath(import.meta.url) && existsSync(`${root}/node_modules/typescript`))
  await writeDeclarations();
