// Prepares a checkout: installs the dependencies when they are missing or out of date, then builds.

import { execSync } from 'node:child_process';
import { statSync } from 'node:fs';
import { dirname } from 'node:path';
import { build, canBuild } from './build.mjs';

const root = dirname(import.meta.dirname);

/** @param {string} file */
const modified = (file) => statSync(`${root}/${file}`, { throwIfNoEntry: false })?.mtimeMs ?? 0;

// npm writes this file last.
const installed = () => modified('node_modules/.package-lock.json');

function install() {
  console.error('Installing the dependencies (npm ci) ...');
  const quiet = '--no-audit --no-fund --no-update-notifier --loglevel=error';
  execSync(`npm ci --include=dev ${quiet}`, { cwd: root, stdio: ['ignore', 'ignore', 'inherit'] });
  if (!installed()) throw new Error('npm ci left no complete installation');
}

try {
  if (!canBuild() || installed() < modified('package-lock.json')) install();
  await build();
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
