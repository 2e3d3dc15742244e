/**
 * The session with gdb that docs/debugging.md shows: its commands print what is shown. Addresses may differ with another
 * compiler. With VMFT_WRITE_DOCS=1 the page is written anew instead.
 */
import { spawn } from 'node:child_process';
import { copyFileSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, expect } from 'vitest';
import { BIN, root, workplace } from '../../cli/command.ts';
import { real } from '../../host/real.ts';

const PAGE = join(root, 'docs/debugging.md');
const SOURCES = join(root, 'examples/debugging');
const BLOCK = /```console\n([^`]*)```/g;
const MARK = '@@ end of output';

const { directory, shell } = workplace();

/** What differs with the compiler or the port: addresses, and a recording's steps. */
const comparable = (text: string): string[] =>
  text
    .split('\n')
    .map((line) =>
      line
        .trim()
        .replaceAll(/0x[0-9a-f]+/g, '0x…')
        .replaceAll(/\b\d{5,}\b/g, 'N')
        .replace(/127\.0\.0\.1:\w+/, 'ADDRESS'),
    )
    .filter((line) => line !== '');

/** A program that is asked line by line. */
class Dialogue {
  private output = '';
  private readonly child;

  constructor(command: string, args: readonly string[]) {
    this.child = spawn(command, args, { cwd: directory, env: { ...process.env, NO_COLOR: '1' } });
    for (const stream of [this.child.stdout, this.child.stderr])
      stream.setEncoding('utf8').on('data', (text: string) => {
        this.output += text;
      });
  }

  async until(end: string): Promise<string> {
    while (!this.output.includes(end)) await new Promise((resolve) => setTimeout(resolve, 10));
    const [before = '', after = ''] = this.output.split(end, 2);
    this.output = after;
    return before;
  }

  /** The output of a command of gdb. */
  async ask(command: string): Promise<string> {
    this.child.stdin.write(`${command}\necho ${MARK}\\n\n`);
    return (await this.until(`${MARK}\n`)).replaceAll('(gdb) ', '').trimEnd();
  }

  end(): void {
    this.child.kill('SIGKILL');
  }
}

real('docs/debugging.md shows what its commands print', async () => {
  for (const name of readdirSync(SOURCES)) copyFileSync(join(SOURCES, name), join(directory, name));
  let server: Dialogue | undefined;
  let gdb: Dialogue | undefined;
  let port = '';
  afterAll(() => {
    server?.end();
    gdb?.end();
  });
  const perform = async (line: string): Promise<string> => {
    if (line.startsWith('(gdb) ')) {
      const output = await gdb!.ask(line.slice(6).replace(':1234', `:${port}`));
      return output.replaceAll(`:${port}`, ':1234');
    }
    const command = line.slice(2);
    if (command.startsWith('gdb-multiarch')) {
      gdb = new Dialogue('gdb-multiarch', ['-nx', '-q', ...command.split(' ').slice(1)]);
      await gdb.ask('set confirm off');
      await gdb.ask('set width 0');
      return '';
    }
    if (command.startsWith('vmft debug')) {
      const args = command.replace(/^vmft | &$/g, '').split(' ');
      server = new Dialogue(process.execPath, [BIN, ...args, '--listen', '127.0.0.1:0']);
      const said = await server.until('target remote 127.0.0.1:');
      port = (await server.until('\n')).trim();
      return `${said}target remote 127.0.0.1:1234`;
    }
    const { code, stdout, stderr } = await shell(command.replace(/^vmft/, '$VMFT'));
    expect([command, code, code === 0 ? '' : stderr]).toEqual([command, 0, '']);
    return (stdout + stderr).trimEnd();
  };
  const page = readFileSync(PAGE, 'utf8');
  let written = page;
  for (const [, block = ''] of page.matchAll(BLOCK)) {
    let now = '';
    for (const part of block.split(/^(?=\$ |\(gdb\) )/m)) {
      const [line = '', ...shown] = part.split('\n');
      const output = await perform(line);
      now += `${line}\n${output === '' ? '' : `${output}\n`}`;
      if (!process.env.VMFT_WRITE_DOCS)
        expect([line, comparable(output)]).toEqual([line, comparable(shown.join('\n'))]);
    }
    written = written.replace(block, () => now);
  }
  if (process.env.VMFT_WRITE_DOCS) writeFileSync(PAGE, written);
});
