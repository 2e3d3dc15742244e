/** The input of a command is bounded, and its output damages no existing file. */
import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { describe, expect, test } from 'vitest';
import { LIMIT_BYTES, makeDirectory, OutputFile, readBytes } from '../../src/cli/files.ts';
import { program, workplace } from './command.ts';

const { file, directory, vmft, shell } = workplace();
const put = (name: string, content: string) => {
  writeFileSync(file(name), content);
  return file(name);
};
const text = (name: string) => readFileSync(file(name), 'utf8');

describe('an output file', () => {
  test('that does not exist is created; an existing one is replaced as a whole, with its mode', () => {
    OutputFile.at(file('new')).write('made');
    expect(text('new')).toBe('made');
    chmodSync(put('old', 'a long content'), 0o640);
    const before = statSync(file('old')).ino;
    OutputFile.at(file('old')).write('short');
    expect([text('old'), statSync(file('old')).mode & 0o777]).toEqual(['short', 0o640]);
    expect(statSync(file('old')).ino).not.toBe(before);
    expect(readdirSync(directory).filter((name) => name.includes('tmp'))).toEqual([]);
  });

  test('that is a link is written through, to an existing file and to a new one', () => {
    put('target', 'before');
    symlinkSync('target', file('link'));
    symlinkSync('later', file('dangling'));
    OutputFile.at(file('link')).write('after');
    OutputFile.at(file('dangling')).write('made');
    expect([text('target'), text('later')]).toEqual(['after', 'made']);
    for (const name of ['link', 'dangling']) expect(lstatSync(file(name)).isSymbolicLink()).toBe(true);
  });

  test('that is a device or a pipe stays one', async () => {
    execFileSync('mkfifo', [file('pipe')]);
    symlinkSync('/dev/null', file('null'));
    OutputFile.at(file('null')).write('gone');
    const reader = shell('cat pipe');
    const { code } = await vmft(['asm', program('hello.s'), '-o', 'pipe']);
    expect([code, (await reader).stdout.length > 100]).toEqual([0, true]);
    expect(statSync(file('pipe')).isFIFO()).toBe(true);
    expect(statSync('/dev/null').isCharacterDevice()).toBe(true);
  });

  test.each([
    ['no name', () => '', /an empty text is no file name/],
    ['a directory', () => directory, /a directory; name a file/],
    ['a name that ends like that of a directory', () => `${file('x')}/`, /a directory; name a file/],
    ['in a missing directory', () => file('no/where'), /no directory .*no; create it first/],
    ['below a file', () => `${put('plain', '')}/x`, /a part of the path is not a directory/],
    ['where no file can be created', () => '/proc/x', /^\/proc\/x: /],
    ['with a name that is too long', () => file('x'.repeat(300)), /the name is too long/],
  ])('%s: refused before the work', (_, path, message) => {
    expect(() => OutputFile.at(path())).toThrow(message);
  });

  test('can not be an input of the same command, by any name, except a device', () => {
    readBytes(put('source', 'x'));
    symlinkSync('source', file('alias'));
    for (const name of ['source', './source', 'alias'])
      expect(() => OutputFile.at(`${directory}/${name}`)).toThrow(/this command reads it/);
    readBytes('/dev/null');
    OutputFile.at('/dev/null');
  });

  test('can not be the same for two outputs', () => {
    OutputFile.at(file('both'));
    expect(() => OutputFile.at(`${directory}/./both`)).toThrow(/two outputs/);
  });

  test('in a new directory is created with its parents; where that is impossible, an error is reported', () => {
    makeDirectory(file('one/two/three'));
    makeDirectory(file('one/two/three'));
    expect(statSync(file('one/two/three')).isDirectory()).toBe(true);
    for (const path of ['/proc/x', '/proc/x/y', `${put('flat', '')}/x`, '', put('flat', '')])
      expect(() => makeDirectory(path)).toThrow();
  });
});

describe('a file that is read', () => {
  test('has a limit, also when it is endless', () => {
    put('ten', '0123456789');
    expect(readBytes(file('ten'), 10)).toHaveLength(10);
    expect(() => readBytes(file('ten'), 9)).toThrow(/larger than/);
    expect(() => readBytes('/dev/zero', 1 << 20)).toThrow(/\/dev\/zero: larger than 1 MiB/);
    expect(LIMIT_BYTES.source).toBeLessThan(1 << 25);
  });

  test('is read completely when its size is not known', () => {
    expect(new TextDecoder().decode(readBytes('/proc/self/status'))).toMatch(/^Name:[\s\S]*VmRSS/);
  });

  test.each([
    ['a source', ['asm', '/dev/zero']],
    ['a file that is included', ['asm', 'zero.s']],
    ['an input', ['run', program('hello.s'), '--input', '/dev/zero']],
    ['a story', ['story', '/dev/zero']],
  ])('%s without an end', async (_, args) => {
    put('zero.s', '.include "/dev/zero"\n');
    const { code, stderr } = await vmft(args);
    expect([code, stderr]).toEqual([2, expect.stringMatching(/^vmft: \/dev\/zero: larger than \d+ MiB/)]);
  });

  test('may not be an endless standard input', async () => {
    const { code, stderr } = await shell(`$VMFT run ${program('hello.s')} < /dev/zero`);
    expect([code, stderr]).toEqual([2, expect.stringContaining('standard input: larger than')]);
  });
});

describe('commands that write', () => {
  test('- and /dev/stdout are stdout', async () => {
    const hello = program('hello.s');
    const [named, dash, device] = await Promise.all([
      shell(`$VMFT asm ${hello} -o image && cat image`),
      vmft(['asm', hello, '-o', '-']),
      vmft(['asm', hello, '-o', '/dev/stdout']),
    ]);
    expect(named.stdout.length).toBeGreaterThan(100);
    expect([dash, device]).toEqual([named, named]);
    expect(existsSync(file('-'))).toBe(false);
  });

  test('a recording on stdout is the only output there', async () => {
    const piped = `$VMFT run ${program('hello.s')} -q --no-ft --record - | $VMFT replay /dev/stdin`;
    const { code, stdout, stderr } = await shell(piped);
    expect([code, stdout]).toEqual([0, expect.stringMatching(/^Hello! .*\n$/)]);
    expect(stderr).toContain('as recorded');
  });

  test.each([
    ['the source', ['asm', 'own.s', '-o', 'own.s']],
    ['the program', ['run', 'own.s', '--record', 'own.s']],
    ['an included file', ['run', 'outer.s', '--record', 'own.s']],
    ['the input', ['run', program('hello.s'), '--input', 'own.s', '--record', './own.s']],
    ['the disk', ['run', program('hello.s'), '--drive', 'file=own.s', '--record', 'own.s']],
  ])('%s of a command is not overwritten by it', async (_, args) => {
    put('own.s', '.text\nnop\n');
    put('outer.s', '.include "own.s"\n');
    const { code, stderr } = await vmft(args);
    expect([code, stderr]).toEqual([2, expect.stringMatching(/own\.s: this command reads it/)]);
    expect(text('own.s')).toBe('.text\nnop\n');
  });

  test('two outputs on stdout, and an empty name, are refused', async () => {
    const [both, none, states] = await Promise.all([
      vmft(['run', program('hello.s'), '--json', '--record', '-']),
      vmft(['run', program('hello.s'), '--record', '']),
      vmft(['run', program('hello.s'), '--save-states', '']),
    ]);
    for (const { code, stdout } of [both, none, states]) expect([code, stdout]).toEqual([2, '']);
  });

  test('a failed write at the end hides neither the result nor the exit code of a divergence', async () => {
    mkdirSync(file('occupied'), { recursive: true });
    put('occupied/vmft-states', '');
    const diverging = `$VMFT run ${program('dice.s')} --unsafe log-entropy`;
    const [full, diverged] = await Promise.all([
      vmft(['run', program('hello.s'), '--record', '/dev/full']),
      shell(`cd occupied && ${diverging}`),
    ]);
    expect([full.code, full.stderr]).toEqual([2, expect.stringContaining('completed with exit code 0')]);
    expect(full.stderr).toContain('vmft: /dev/full: no space left');
    expect([diverged.code, diverged.stderr]).toEqual([3, expect.stringContaining('DIVERGED')]);
    expect(diverged.stderr).toMatch(/vmft: vmft-states: .*choose a place/);
  });
});

describe('output that can not be written', () => {
  test.each(['run $HELLO -q', 'story', 'asm $HELLO', '--help', 'help faults', 'replay --help'])(
    '%s to a full disk: one line, code 2',
    async (args) => {
      const { code, stderr } = await shell(`HELLO=${program('hello.s')}; $VMFT ${args} > /dev/full`);
      expect([code, stderr]).toEqual([2, 'vmft: stdout: no space left\n']);
    },
  );

  test('a closed pipe: exit code 141, and no message', async () => {
    const [stdout, stderr] = await Promise.all([
      shell(`$VMFT asm ${program('bank.s')} | true`),
      shell(`$VMFT run ${program('bank.s')} -v 2>&1 >/dev/null | true`),
    ]);
    expect(stdout).toEqual({ code: 141, stdout: '', stderr: '' });
    expect(stderr).toEqual({ code: 141, stdout: '', stderr: '' });
  });

  test('error output to a full disk ends the command, too', async () => {
    const { code } = await shell(`$VMFT run ${program('hello.s')} 2> /dev/full`);
    expect(code).toBe(2);
  });
});
