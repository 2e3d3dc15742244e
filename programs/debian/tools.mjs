// What the other files here share: messages, the host's tools, unpacking.

import { execFileSync } from 'node:child_process';
import { accessSync, constants, mkdirSync } from 'node:fs';
import { delimiter, join } from 'node:path';

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

/** Runs a tool and gives back what it printed; `null` when it failed and `mayFail` is set. */
export function run(tool, args, { input, binary = false, mayFail = false, ...rest } = {}) {
  try {
    const output = execFileSync(tool, args, {
      input,
      maxBuffer: 2 ** 30,
      stdio: ['pipe', 'pipe', 'pipe'],
      ...rest,
      env: { ...process.env, LC_ALL: 'C', ...rest.env },
    });
    return binary ? output : output.toString();
  } catch (error) {
    if (mayFail) return null;
    const told = String(error.stderr ?? error.message)
      .trim()
      .split('\n')
      .slice(-6)
      .join('\n');
    throw new BuildError(`${tool} ${args.filter((arg) => !arg.startsWith('-')).join(' ')} failed:\n${told}`);
  }
}

/** Unpacks packages into one folder. Their maintainer scripts do not run. */
export function unpack(debs, folder) {
  mkdirSync(folder, { recursive: true });
  for (const deb of debs) run('dpkg-deb', ['-x', deb, folder]);
}
