/** gdb, with commands from a script, on what `vmft debug` serves. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { BIN } from '../../cli/command.ts';

/** `vmft debug` of a recording: the port that it listens on, and what it has said so far. */
export interface Served {
  port: string;
  said(): string;
  end(): void;
}

/** Starts `vmft debug` in a directory. */
export async function serve(directory: string, recording: string): Promise<Served> {
  const server = spawn(process.execPath, [BIN, 'debug', recording, '--listen', '127.0.0.1:0'], {
    cwd: directory,
  });
  let said = '';
  const port = await new Promise<string>((resolve, reject) => {
    server.stderr.setEncoding('utf8').on('data', (text: string) => {
      said += text;
      const [, found] = /target remote 127\.0\.0\.1:(\d+)/.exec(said) ?? [];
      if (found) resolve(found);
    });
    server.on('close', () => reject(new Error(said)));
  });
  return { port, said: () => said, end: () => server.kill('SIGKILL') };
}

/** Runs gdb in a directory on a recording, with these commands; returns what it prints. */
export async function gdb(
  directory: string,
  recording: string,
  program: string,
  commands: readonly string[],
): Promise<string> {
  const { port, end } = await serve(directory, recording);
  try {
    const script = ['set confirm off', 'set pagination off', `target remote :${port}`, ...commands];
    writeFileSync(join(directory, 'script.gdb'), `${script.join('\n')}\n`);
    const args = ['-nx', '-q', '-batch', '-x', 'script.gdb', program];
    const child = spawn('gdb-multiarch', args, { cwd: directory });
    let output = '';
    for (const stream of [child.stdout, child.stderr])
      stream.setEncoding('utf8').on('data', (text: string) => {
        output += text;
      });
    await once(child, 'close');
    return output;
  } finally {
    end();
  }
}

/** The values that {@link show} has printed under a name, in order. */
export const values = (output: string, name: string): string[] =>
  [...output.matchAll(new RegExp(`^${name}=(.*)$`, 'gm'))].map(([, value]) => value!);

/** A command that prints the value of an expression. */
export const show = (name: string, expression: string, format = '%ld'): string =>
  `printf "${name}=${format}\\n", ${expression}`;
