/** The command, run as users run it, in a temporary directory. */
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll } from 'vitest';

export const root = join(import.meta.dirname, '../..');
/** The command as it is installed. */
export const BIN = join(root, 'bin/vmft.js');
/** The path of a bundled program. */
export const program = (name: string) => join(root, 'programs', name);

/** Exit code and output of a command. */
export interface Result {
  code: number;
  stdout: string;
  stderr: string;
}

/** A temporary directory that is removed after the tests of a file, and the command in it. */
export function workplace(): {
  directory: string;
  file: (name: string) => string;
  vmft: (args: readonly string[], input?: string) => Promise<Result>;
  interrupted: (args: readonly string[], orders: number) => Promise<Result>;
  shell: (line: string) => Promise<Result>;
} {
  const directory = mkdtempSync(join(tmpdir(), 'vmft-test-'));
  afterAll(() => rmSync(directory, { recursive: true, force: true }));
  const execute = (command: string, args: readonly string[], input: string) =>
    new Promise<Result>((resolve) => {
      const env = { ...process.env, NO_COLOR: '1', VMFT: `${process.execPath} ${BIN}` };
      const child = spawn(command, args, { cwd: directory, env, timeout: 240_000 });
      const text = { stdout: '', stderr: '' };
      for (const name of ['stdout', 'stderr'] as const)
        child[name].setEncoding('utf8').on('data', (part: string) => {
          text[name] += part;
        });
      child.on('close', (code) => resolve({ code: code ?? -1, ...text }));
      child.stdin.on('error', () => {});
      child.stdin.end(input);
    });
  return {
    directory,
    file: (name) => join(directory, name),
    vmft: (args, input = '') => execute(process.execPath, [BIN, ...args], input),
    /** Sends SIGINT when the workers have received this number of orders. */
    interrupted: (args, orders) => {
      const code = `import { Worker } from 'node:worker_threads';
        const { postMessage } = Worker.prototype;
        let orders = 0;
        Worker.prototype.postMessage = function (...given) {
          postMessage.apply(this, given);
          if (++orders === ${orders}) process.kill(process.pid, 'SIGINT');
        };`;
      const hook = ['--import', `data:text/javascript,${encodeURIComponent(code)}`];
      return execute(process.execPath, [...hook, BIN, ...args], '');
    },
    /** `$VMFT` is the command. */
    shell: (line) => execute('bash', ['-o', 'pipefail', '-c', line], ''),
  };
}
