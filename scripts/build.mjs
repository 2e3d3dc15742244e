// Bundles the program, and the benchmarks when there are any, into dist/.

import { existsSync, readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(import.meta.dirname);

/** Whether the build tools are installed: `npm ci --omit=dev` leaves them out. */
export const canBuild = () => existsSync(`${root}/node_modules/esbuild`);

export async function build() {
  const { build: bundle } = await import('esbuild');
  const { version } = JSON.parse(readFileSync(`${root}/package.json`, 'utf8'));
  const entries = {
    vmft: 'src/cli/main.ts',
    'chaos-worker': 'src/cli/chaos/worker.ts',
    'conformance-worker': 'src/cli/conformance/worker.ts',
    bench: 'bench/main.ts',
    fuzz: 'fuzz/main.ts',
    hostile: 'hostile/main.ts',
  };
  await bundle({
    absWorkingDir: root,
    entryPoints: Object.fromEntries(
      Object.entries(entries).filter(
        ([name, file]) => !['bench', 'fuzz', 'hostile'].includes(name) || existsSync(`${root}/${file}`),
      ),
    ),
    outdir: 'dist',
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node20',
    sourcemap: true,
    define: { VMFT_VERSION: JSON.stringify(version) },
    logLevel: 'warning',
    // The CommonJS packages in the bundle call require() for Node's own modules.
    banner: {
      js: "import { createRequire as $createRequire } from 'node:module'; const require = $createRequire(import.meta.url);",
    },
  });
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  if (canBuild()) await build();
  else console.error('esbuild is not installed: nothing built');
}
