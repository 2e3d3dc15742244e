/** `vmft trace`: what the guest of a recording executed. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { beforeAll, describe, expect, test } from 'vitest';
import { LogReader } from '../../src/replay/log-file.ts';
import { Timeline } from '../../src/replay/timeline.ts';
import { eventsOf, follow } from '../debug/trace/model.ts';
import { readPcapng } from '../debug/trace/pcapng-reader.ts';
import { BIN, program, root, workplace } from './command.ts';

const { directory, file, vmft, shell } = workplace();
const recording = (name: string) => {
  const log = new LogReader(new Uint8Array(readFileSync(file(name))), name);
  return { description: log.description, entries: log };
};
const KERNEL = `${root}/test/guests/small-unix.s`;

beforeAll(async () => {
  await vmft(['run', program('dice.s'), '-q', '--no-ft', '--record', 'dice.log']);
  await vmft(['run', 'kv', '-q', '--clients', '2', '--record', 'kv.log']);
  const disk = Buffer.alloc(8 * 512);
  disk.write('sector 1 says hello\n', 512);
  writeFileSync(file('disk.img'), disk);
  const line = `-machine virt -bios none -kernel ${KERNEL} -m 1M -smp 1 -nographic -global virtio-mmio.force-legacy=false -drive file=disk.img,if=none,format=raw,id=x0 -device virtio-blk-device,drive=x0,bus=virtio-mmio-bus.0 --no-ft -q --record unix.log`;
  await vmft(['run', ...line.split(' ')], 'hello\n');
});

describe('vmft trace', () => {
  test('prints each step, and what happens between steps', async () => {
    const { code, stdout, stderr } = await vmft(['trace', 'dice.log', '--symbols', 'dice']);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    const lines = stdout.trimEnd().split('\n');
    expect(lines[0]).toMatch(/^ {11}0 M 0x80000000 _start +\S.* {2}\w+=0x[\da-f]+$/);
    const events = eventsOf(recording('dice.log'));
    expect(lines.length).toBe(events.length);
    for (const [index, { icount }] of events.entries())
      expect(Number(/^ *(\d+) /.exec(lines[index]!)![1])).toBe(icount);
    expect(stdout).toMatch(/ entry: entropy 2 bytes at \d+\n/);
    expect(stdout).toMatch(/ store 1 at 0x10000000 = 0x[\da-f]{2}\n +\d+ {3}output \d+: console "/);
  });

  test('--json prints a document for each event', async () => {
    const { stdout } = await vmft(['trace', 'dice.log', '--json', '--limit', '200', '--symbols', 'dice']);
    const documents = stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(documents.length).toBe(200);
    expect(documents[0]).toMatchObject({
      kind: 'step',
      icount: 0,
      mode: 'M',
      pc: '0x80000000',
      symbol: '_start',
    });
    expect(documents.find(({ kind }) => kind === 'entry')).toMatchObject({
      entry: { kind: expect.any(String) },
    });
  });

  test('tells all of a kernel with three modes and translated addresses', async () => {
    const source = recording('unix.log');
    const events = eventsOf(source);
    // Its disk and its page tables write to memory.
    follow(source, events, false);
    const { stdout } = await vmft(['trace', 'unix.log', '--symbols', KERNEL, '-d', 'int']);
    const traps = stdout.trimEnd().split('\n');
    expect(traps.length).toBe(events.filter(({ kind }) => kind === 'trap').length);
    expect(stdout).toContain('exception: environment call from U-mode, epc 0x4000');
    expect(stdout).toMatch(/interrupt: supervisor external interrupt, .* to S-mode at 0x\w+ <\w+>\n/);
    const inUser = await vmft(['trace', 'unix.log', '--mode', 'U', '--json']);
    const users = events.filter((event) => event.kind === 'step' && event.mode === 'U');
    const steps = inUser.stdout.split('\n').filter((line) => line.startsWith('{"kind":"step"'));
    expect(steps.length).toBe(users.length);
    expect(users.length).toBeGreaterThan(20);
  });

  test('a symbol of --pc is the whole function, and --memory what accesses it', async () => {
    const source = recording('kv.log');
    const elf = program('kv/kv.elf');
    const { stdout } = await vmft(['trace', 'kv.log', '--symbols', elf, '--pc', 'begin_packet', '--json']);
    const symbols = new Set(
      stdout
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line).symbol.split('+')[0]),
    );
    expect([...symbols]).toEqual(['begin_packet']);
    expect(JSON.parse(stdout.split('\n', 1)[0]!).symbol).toBe('begin_packet');
    const uart = await vmft(['trace', 'kv.log', '--memory', '0x10000000..0x100000ff', '--kind', 'store']);
    const stores = eventsOf(source).filter(
      (event) =>
        event.kind === 'step' &&
        event.accesses.some(({ access, address }) => access === 'store' && address >> 8n === 0x100000n),
    );
    expect(uart.stdout.split('\n').length - 1).toBe(stores.length);
  });

  test('a closed pipe ends it quietly', async () => {
    const { code, stdout, stderr } = await shell('$VMFT trace kv.log | head -n 3');
    expect({ code, stderr, lines: stdout.split('\n').length }).toEqual({ code: 141, stderr: '', lines: 4 });
  });

  test('a signal ends it after whole lines', async () => {
    const child = spawn(process.execPath, [BIN, 'trace', 'kv.log', '--json'], { cwd: directory });
    let stdout = '';
    child.stdout.setEncoding('utf8').on('data', (part: string) => {
      if (stdout === '') child.kill('SIGINT');
      stdout += part;
    });
    const [code] = await once(child, 'close');
    expect(code).toBe(130);
    const lines = stdout.trimEnd().split('\n');
    expect(JSON.parse(lines.at(-1)!).kind).toBe('step');
    expect(lines.length).toBeLessThan(100_000);
  });
});

describe('vmft trace refuses', () => {
  test.each([
    [['--pc', 'nothing'], "--pc: there is no symbol 'nothing'; give the program that has it with --symbols"],
    [['--pc', '0x1..'], '--pc 0x1..: an address, a symbol, or two of them with .. between belong here'],
    [['--memory', '9..8'], '--memory 9..8: it ends before it begins'],
    [['--pc', '0x10000000000000000'], 'an address has 64 bits'],
    [['--symbols', 'dice.log'], "'dice.log' is neither an ELF file nor a System.map"],
    [['--symbols', 'missing.elf'], 'missing.elf'],
    [['--kind', 'loads'], '"loads" is no kind of instruction; there are load, store'],
    [['--mode', 'H'], '"H" is no mode; there are M, S, U'],
    [['-d', 'cpu'], '"cpu" is no item; there are in_asm, int, exec'],
    [['-d', 'int', '--kind', 'load'], '-d prints blocks and traps'],
    [['--from', '5', '--to', '4'], '--from 5 is after --to 4'],
    [['--from', '99999999'], '--from 99999999: the recording ends at step'],
    [['--profile', 'x', '--json'], '--profile and --pcap write files of all steps'],
    [['--profile', 'dice.log'], 'this command reads it'],
    [['--profile', 'x', '--pcap', 'x'], 'two outputs of this command would go there'],
    [['--pcap', 'no/such/x'], 'no directory'],
  ])('%j', async (options, message) => {
    const { code, stderr, stdout } = await vmft(['trace', 'dice.log', ...options]);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toContain(message);
  });

  test('a damaged recording at its end, after what is good', async () => {
    writeFileSync(file('cut.log'), readFileSync(file('dice.log')).subarray(0, -20));
    const { code, stderr, stdout } = await vmft(['trace', 'cut.log']);
    expect(code).toBe(2);
    expect(stderr).toMatch(/^vmft: cut\.log: the log is cut short/);
    expect(stdout.split('\n').length).toBeGreaterThan(1000);
    expect((await vmft(['trace', program('dice.s')])).code).toBe(2);
  });
});

describe('files', () => {
  test('--profile counts every step', async () => {
    const { code } = await vmft([
      'trace',
      'kv.log',
      '--symbols',
      program('kv/kv.elf'),
      '--profile',
      'kv.folded',
    ]);
    expect(code).toBe(0);
    const lines = readFileSync(file('kv.folded'), 'utf8').trimEnd().split('\n');
    const counts = lines.map((line) => Number(/ (\d+)$/.exec(line)![1]));
    const end = [...recording('kv.log').entries].at(-1)!.icount;
    expect(counts.reduce((a, b) => a + b, 0)).toBe(end);
    // The program's start calls main, and nothing else is at the root but what it was booted by.
    expect(lines.some((line) => /^_start;main;\w+;/.test(line))).toBe(true);
    expect(new Set(lines.map((line) => line.split(/[; ]/)[0]))).toEqual(new Set(['_start']));
  });

  test('--pcap has the frames of the log, and those that the guest sent', async () => {
    const { code, stderr } = await vmft(['trace', 'kv.log', '--pcap', 'kv.pcapng']);
    const source = recording('kv.log');
    const sent: Uint8Array[] = [];
    const timeline = new Timeline(source.description, source.entries, {
      made: (output) => {
        if (output.kind === 'frame') sent.push(output.frame);
      },
    });
    timeline.run(Number.MAX_SAFE_INTEGER);
    const received = [...source.entries].flatMap((entry) => (entry.kind === 'net' ? [entry.frame] : []));
    const { frames, linkType } = readPcapng(new Uint8Array(readFileSync(file('kv.pcapng'))));
    expect({ code, linkType, stderr }).toEqual({
      code: 0,
      linkType: 1,
      stderr: `${frames.length} frames written to kv.pcapng\n`,
    });
    const of = (direction: string) =>
      frames.filter((one) => one.direction === direction).map(({ frame }) => frame);
    expect(of('in')).toEqual(received);
    expect(of('out')).toEqual(sent);
    expect(sent.length).toBeGreaterThan(10);
  });
});
