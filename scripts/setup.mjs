// Makes a checkout ready to run: installs the dependencies when they are missing or out of date, then builds.

import { execSync } from 'node:child_process';
import { statSync } from 'node:fs';
import { dirname } from 'node:path';
import { build, canBuild } from './build.mjs';

const root = dirname(import.meta.dirname);

/** @param {string} file */
const modified = (file) => statSync(`${root}/${file}`, { throwIfNoEntry: false })?.mtimeMs ?? 0;

if (!canBuild() || modified('node_modules/.package-lock.json') < modified('package-lock.json')) {
  console.error('Installing the dependencies (npm ci) ...');
  try {
    execSync('npm ci --include=dev --no-audit --no-fund --loglevel=error', {
      cwd: root,
      stdio: ['ignore', 'ignore', 'inherit'],
    });
  } catch {
    console.error('npm ci failed: the dependencies could not be installed');
    process.exit(1);
  }
}

await build();
