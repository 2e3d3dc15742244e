/** Input that would have no effect, or not the intended one, is refused with the reason. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { InvalidArgumentError } from 'commander';
import { describe, expect, test } from 'vitest';
import { options } from '../../src/cli/options.ts';
import { parseFault } from '../../src/sim/faults/fault-text.ts';
import { mustBePossible } from '../../src/sim/faults/possible.ts';
import { parseScenario } from '../../src/sim/story/scenario.ts';
import { program, workplace } from './command.ts';

const { file, vmft } = workplace();

describe('meaningless faults', () => {
  test.each([
    ['partition:primary-primary@5ms+5ms', /two ends/],
    ['delay:storage-storage@5ms+5ms=1ms', /two ends/],
    ['reset:backup-backup@5ms', /two ends/],
    ['crash:primary@output=0', /from 1 to/],
    ['crash:primary@entry=0', /from 1 to/],
    ['pause:primary@sent=0+5ms', /from 1 to/],
    ['slow:backup@5ms+5ms=0x1', /0x1 is not from/],
    ['lose:primary-backup@5ms+5ms= ', /is not from/],
    ['duplicate:primary-backup@5ms+5ms=1e0', /is not from/],
    ['command:memory=4096M@5ms', /whole number of MiB up to 2048/],
    ['command:memory=0M@5ms', /whole number of MiB/],
    ['command:speed=0x1@5ms', /share of the processor/],
  ])('%s', (text, message) => {
    expect(() => parseFault(text)).toThrow(message);
  });

  test.each([
    ['flip:backup@20ms=99999999999.3', /offsets 0 to 1048575/],
    ['flip:backup@20ms=1048576.0', /offsets 0 to 1048575/],
    ['command:memory=1M@5ms', /can only add/],
    ['partition:storage-switch@5ms+5ms', /one end of a link is a host/],
    ['crash:spare@5ms', /"spare" is no host here/],
  ])('%s on this cluster', (text, message) => {
    const cluster = { hosts: ['primary', 'backup'], memorySizeBytes: 1 << 20 };
    expect(() => mustBePossible([parseFault(text)], cluster)).toThrow(message);
  });

  test('a bit of added memory may flip; a single host can not switch over', () => {
    const hosts = ['primary', 'backup'];
    const faults = ['flip:backup@20ms=1048576.0', 'command:memory=2M@5ms'].map(parseFault);
    mustBePossible(faults, { hosts, memorySizeBytes: 1 << 20 });
    for (const name of ['switch-over', 'protect', 'unprotect'])
      expect(() =>
        mustBePossible([parseFault(`command:${name}@5ms`)], { hosts: ['primary'], memorySizeBytes: 1 << 20 }),
      ).toThrow(/only one host/);
  });
});

describe('invalid values of options', () => {
  const refused: [keyof typeof options, string, unknown, RegExp][] = [
    ['memory', '3G', undefined, /the size of the memory is a multiple of 4K up to 2G/],
    ['diskSize', '5', undefined, /the size of a disk is a multiple of 4K/],
    ['speed', 'primary=0x10', undefined, /a factor from 0.001 to 1000/],
    ['speed', 'primary=1e9', undefined, /a factor from 0.001 to 1000/],
    ['speed', 'primary=2', [['primary', 1]], /primary is given twice/],
    ['defsym', 'N=99999999999999999999999', undefined, /does not fit in 64 bits/],
    ['defsym', 'N=-99999999999999999999', undefined, /does not fit in 64 bits/],
    ['defsym', 'N=2', [['N', 1n]], /N is given twice/],
    ['include', 'no/such/place', undefined, /no such directory/],
    ['include', 'x'.repeat(300), undefined, /no such directory/],
    ['crash', 'x', undefined, /like crash:primary@20ms; here without the "crash:"/],
    ['delay', '5ms+5ms', undefined, /like delay:.*"delay:primary-backup@" may be omitted/],
    ['fault', 'boom', undefined, /like crash:primary@20ms/],
  ];
  test.each(refused)('--%s %s', (name, text, before, message) => {
    const parse = options[name]().parseArg!;
    expect(() => parse(text, before)).toThrow(InvalidArgumentError);
    expect(() => parse(text, before)).toThrow(message);
  });
});

describe('lines of a story', () => {
  const story = (...lines: string[]) => parseScenario(['# T', 'guest hello', ...lines].join('\n'), 'f');
  test.each([
    ['a second guest', ['guest bank'], /f:3: "guest" is given twice: line 2 has it, too$/],
    ['a second seed', ['seed 1', 'seed 2'], /f:4: "seed" is given twice: line 3/],
    ['a symbol twice', ['define A 1', 'define A 2'], /"define A" is given twice/],
    ['a speed twice', ['speed backup 1', 'speed backup 2'], /"speed backup" is given twice/],
    ['a number that is too large', ['define A 99999999999999999999999'], /does not fit in 64 bits/],
    ['heartbeats without a pause', ['tuning heartbeatNs 0ms'], /"0ms" is no time from 10us to 10s/],
    ['checks at every step', ['tuning checkSteps 1'], /"1" is no whole number from 100/],
    ['buffers without size', ['tuning sendBufferBytes 0'], /"0" is no whole number from 64/],
    ['no pages in a message', ['tuning copyPages 0'], /"0" is no whole number from 1/],
    ['an epoch that is too long', ['tuning epochNs 1000s'], /is no time from 100us to 400ms/],
    ['a factor in hexadecimal', ['speed backup 0x1'], /is no number/],
  ])('%s', (_, lines, message) => {
    expect(() => story(...lines)).toThrow(message);
  });

  test('may differ only in a name', () => {
    story('define A 1', 'define B 2', 'speed primary 1', 'speed backup 1', 'fault crash:primary@1ms');
  });
});

describe('commands', () => {
  const hello = program('hello.s');
  const files = () => {
    writeFileSync(file('notes.md'), '# What I thought\n\nAbout machines.\n');
    writeFileSync(file('notes.bin'), '# What I thought\n\nAbout machines.\n');
    writeFileSync(file('image'), Uint8Array.of(0x13, 0, 0, 0, 0x73, 0, 0x10, 0));
    mkdirSync(file('folder'), { recursive: true });
  };
  test.each<[string, string[], RegExp]>([
    ['text as a program', ['run', 'notes.md'], /notes\.md: text, which is no program/],
    ['text with the suffix of an image', ['run', 'notes.bin'], /notes\.bin: text/],
    [
      'bytes of no known format',
      ['run', 'image'],
      /a raw image has the suffix .bin, .img or .raw, or is given with --raw/,
    ],
    ['bytes as an assembly source', ['asm', process.execPath], /not text|larger than/],
    ['no name', ['run', ''], /an empty text/],
    ['a name that is too long', ['run', 'x'.repeat(300)], /no bundled program of that name/],
    ['an unknown name', ['run', 'helo'], /no bundled program of that name; there are: bank, /],
    [
      'backups without fault tolerance',
      ['run', hello, '--no-ft', '--backups', '2'],
      /--backups has no effect here/,
    ],
    [
      'a rule without the protocol',
      ['run', hello, '--no-ft', '--unsafe', 'dedup'],
      /--unsafe has no effect here/,
    ],
    [
      'disks that checkpoints do not include',
      ['run', hello, '--replication', 'checkpoint', '--disk', 'private'],
      /--disk private: a checkpoint carries memory and devices, and no disk/,
    ],
    [
      'spares without backups',
      ['run', hello, '--backups', '0', '--spares', '2'],
      /--spares has no effect here/,
    ],
    [
      'an unknown replication',
      ['run', hello, '--no-ft', '--replication', 'checkpoint'],
      /--replication has no effect/,
    ],
    [
      'a switch-over without a backup',
      ['run', hello, '--no-ft', '--fault', 'command:switch-over@1ms'],
      /only one host/,
    ],
    ['a RAM disk without a kernel', ['run', hello, '--initrd', 'image'], /--initrd is for a kernel/],
    ['a command line without a kernel', ['run', hello, '--append', 'quiet'], /--append is for a kernel/],
    [
      'symbols without a source',
      ['run', program('kv/kv.elf'), '--defsym', 'A=1'],
      /--defsym is for the assembler/,
    ],
    [
      'symbols to disassemble without a source',
      ['disasm', program('kv/kv.elf'), '--defsym', 'A=1'],
      /--defsym is for the assembler/,
    ],
    ['a source to disassemble as a raw image', ['disasm', hello, '--raw'], /--raw is for a raw image/],
    ['a word to disassemble as a raw image', ['disasm', '0x13', '--raw'], /--raw has no effect on/],
    [
      'a word to disassemble with symbols',
      ['disasm', '0x13', '--defsym', 'A=1'],
      /--defsym has no effect on/,
    ],
    ['a source as a raw image', ['run', hello, '--raw'], /--raw is for a raw image, and none is given/],
    ['a prompt to type after without input', ['run', hello, '--type-after', '>'], /and console input/],
  ])('%s', async (_, args, message) => {
    files();
    const { code, stdout, stderr } = await vmft(args);
    expect(stderr).toMatch(message);
    expect(stderr).toMatch(/^vmft: [^\n]+\n$/);
    expect([code, stdout]).toEqual([2, '']);
  });

  test('recordings and saved machines are no programs; a stop needs a step', async () => {
    await vmft(['run', hello, '-q', '--record', 'hello.log', '--save-states', 'states']);
    const [log, state, often] = await Promise.all([
      vmft(['run', 'hello.log']),
      vmft(['run', 'states/primary.vm', '--raw']),
      vmft(['replay', 'hello.log', '--restore', '1000000']),
    ]);
    expect([log.code, log.stderr]).toEqual([2, expect.stringContaining('vmft replay hello.log')]);
    expect([state.code, state.stderr]).toEqual([2, expect.stringContaining('a saved machine')]);
    expect([often.code, often.stderr]).toEqual([2, expect.stringContaining('only 706 steps')]);
  });

  test('a raw image is recognized by its name or by --raw', async () => {
    await vmft(['asm', hello, '-o', 'hello.bin']);
    await vmft(['asm', hello, '-o', 'hello']);
    const [named, marked] = await Promise.all([
      vmft(['run', 'hello.bin', '-q']),
      vmft(['run', './hello', '--raw', '-q']),
    ]);
    expect(named.stdout).toMatch(/^Hello!/);
    expect(marked).toEqual(named);
  });
});
