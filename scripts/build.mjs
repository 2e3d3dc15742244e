// Bundles the program and its tools into dist/, with interpreters and V8's code cache generated ahead of time.

import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { COMPILED } from '../bin/program.js';
import { bundled } from './bundled.mjs';
import { licenseTexts, writePlayground, writeReport } from './pages.mjs';

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

/**
 * What a short run does without, and takes long to evaluate: fflate makes tables, and cryptography and workers are modules
 * of Node's that need many others.
 */
const EVALUATED_ON_USE = ['fflate', 'node:crypto', 'node:worker_threads'];

// The module's exports are getters, of which the first evaluates it.
const onUse = /** @type {import('esbuild').Plugin} */ ({
  name: 'modules that are evaluated on their first use',
  setup: ({ onResolve, onLoad, resolve }) => {
    const filter = new RegExp(`^(${EVALUATED_ON_USE.join('|')})$`);
    onResolve({ filter }, ({ path, namespace }) =>
      namespace === 'on-use' ? undefined : { path, namespace: 'on-use' },
    );
    onLoad({ filter, namespace: 'on-use' }, async ({ path }) => {
      const names = Object.keys(await import(path)).filter((name) => name !== 'default');
      // The module that import finds: require may find another.
      const options = /** @type {const} */ ({
        kind: 'import-statement',
        resolveDir: root,
        namespace: 'on-use',
      });
      const found = await resolve(path, options);
      const getters = names.map((name) => `get ${name}() { return load().${name}; },`);
      return {
        contents: [
          'let loaded;',
          `const load = () => (loaded ??= require(${JSON.stringify(found.path)}));`,
          `module.exports = { ${getters.join('\n')} };`,
        ].join('\n'),
        resolveDir: root,
      };
    });
  },
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
    plugins: [withoutProcesses, onUse],
    outExtension: { '.js': '.cjs' },
    define: { ...programs.define, 'import.meta.url': 'metaUrl' },
    banner: { js: "const metaUrl = require('node:url').pathToFileURL(__filename).href;" },
  });
  const others = {
    'chaos-worker': 'src/cli/chaos/worker.ts',
    'conformance-worker': 'src/cli/conformance/worker.ts',
    'datagram-worker': 'src/host/wire/datagram-worker.ts',
    'image-worker': 'src/lib/image-worker.ts',
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
  await writeReport(bundle);
  writeLicenses();
  await writeInterpreters(bundle, shared);
  await writePlayground(bundle);
  execFileSync(process.execPath, [`${root}/scripts/compile.mjs`], { stdio: ['ignore', 'ignore', 'inherit'] });
}

/** Writes the licenses of the bundled packages, as they require. */
function writeLicenses() {
  writeFileSync(`${root}/dist/licenses.txt`, licenseTexts(bundled));
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
