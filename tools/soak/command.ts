/** The command, as it is installed. */
import { type ChildProcess, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

/** This file is bundled into dist/. */
const BIN = fileURLToPath(new URL('../bin/vmft.js', import.meta.url));

/**
 * Starts a command of vmft in a session of its own: a Ctrl-C on the terminal is for the soak, which ends all in order.
 */
export const vmft = (args: readonly string[], cwd: string): ChildProcess =>
  spawn(process.execPath, [BIN, ...args], {
    ...{ cwd, detached: true, stdio: ['pipe', 'pipe', 'pipe'] },
    env: { ...process.env, NO_COLOR: '1' },
  });

/** What a command has left. */
export interface Result {
  code: number | string;
  stdout: string;
  stderr: string;
}

/** Runs a command to its end; after `limitMs` it is killed. */
export function run(args: readonly string[], cwd: string, limitMs: number): Promise<Result> {
  const child = vmft(args, cwd);
  child.stdin!.end();
  const text = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'] as const)
    child[name]!.setEncoding('utf8').on('data', (part: string) => {
      text[name] += part;
    });
  const limit = setTimeout(() => child.kill('SIGKILL'), limitMs);
  return new Promise((resolve) =>
    child.on('close', (code, signal) => {
      clearTimeout(limit);
      resolve({ code: code ?? signal ?? 'not started', ...text });
    }),
  );
}
