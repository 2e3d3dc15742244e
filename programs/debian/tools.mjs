// What the other files here share: messages, the host's tools, unpacking.

import { execFile } from 'node:child_process';
import { accessSync, constants, mkdirSync } from 'node:fs';
import { basename, delimiter, join } from 'node:path';

/** Something that whoever runs the script can put right: printed without a stack, exit code 2. */
export class BuildError extends Error {}

export const say = (line) => process.stdout.write(`${line}\n`);

export function needTools(names) {
  const missing = names.filter((name) => !onPath(name));
  if (missing.length > 0) {
    throw new BuildError(
      `Not found: ${missing.join(', ')}. This script needs a Debian-like machine with apt.`,
    );
  }
}

function onPath(name) {
  return (process.env.PATH ?? '').split(delimiter).some((folder) => {
    try {
      accessSync(join(folder, name), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}

/** So many lines of what a tool says at its end explain why it failed. */
const LINES_TOLD = 8;

/**
 * Runs a tool and gives back what it printed: text, or a buffer with `binary`.
 * @throws {BuildError} with the end of what it complained of
 */
export function run(tool, args, { input, binary = false, cwd } = {}) {
  return new Promise((resolve, reject) => {
    const options = {
      cwd,
      env: { ...process.env, LC_ALL: 'C' },
      encoding: binary ? 'buffer' : 'utf8',
      maxBuffer: 2 ** 30,
    };
    const child = execFile(tool, args, options, (error, output, errors) => {
      if (!error) return resolve(output);
      const lines = (String(errors) || error.message).trim().split('\n');
      const told = lines.slice(-LINES_TOLD).join('\n');
      reject(new BuildError(`${basename(tool)} failed:\n${told}`));
    });
    child.stdin.on('error', () => {}); // A tool that ends early says why in its own words.
    child.stdin.end(input);
  });
}

/** Unpacks packages into one folder. Their maintainer scripts do not run. */
export async function unpack(debs, folder) {
  mkdirSync(folder, { recursive: true });
  for (const deb of debs) await run('dpkg-deb', ['-x', deb, folder]);
}
