/** `vmft bisect` as users run it: recordings, engines, saved machines, and other builds. */
import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { PROTOCOL } from '../../src/cli/debugging/answers.ts';
import { and, choose, constant, eq, rd, rs1, rs2, xor } from '../../src/cpu/expr.ts';
import { instructions } from '../../src/cpu/instructions.ts';
import { interpreterModule } from '../../src/cpu/interpreter.ts';
import { LogWriter, readLog } from '../../src/replay/log-file.ts';
import type { Entry } from '../../src/vmm/entries.ts';
import { program, root, workplace } from './command.ts';

const { file, vmft } = workplace();

const record = (name: string, path: string, ...more: string[]) =>
  vmft(['run', program(name), '--no-ft', '-q', '--record', path, ...more]);

/** Copies a recording with other entries. */
function rewrite(from: string, to: string, change: (entry: Entry) => Entry): void {
  const { description, entries } = readLog(readFileSync(file(from)), from);
  const writer = new LogWriter(description);
  for (const entry of entries) writer.append(change(entry));
  writeFileSync(file(to), writer.take());
}

describe('two recordings', () => {
  test('that are equal', async () => {
    await record('dice.s', 'dice.log');
    const { code, stdout } = await vmft(['bisect', 'dice.log', 'dice.log']);
    expect(stdout).toMatch(/the same inputs\nequal up to icount \d+\n$/);
    expect(code).toBe(0);
  });

  test('with different random numbers differ in the step that gets the first of them', async () => {
    await Promise.all([record('dice.s', 'a.log'), record('dice.s', 'b.log', '--seed', '2')]);
    const { description, entries } = readLog(readFileSync(file('a.log')), 'a.log');
    const [index, entry] = [...entries.entries()].find(([, { kind }]) => kind === 'entropy')!;
    const { code, stdout } = await vmft(['bisect', 'a.log', 'b.log']);
    expect(stdout).toContain(
      `equal up to icount ${entry.icount}; the states differ after step ${entry.icount}:`,
    );
    expect(stdout).toMatch(/csrrw \w+, seed, zero/);
    expect(stdout).toContain(`cause: the logs differ from entry ${index + 1} on`);
    expect(code).toBe(1);
    const json = await vmft(['bisect', 'a.log', 'b.log', '--json']);
    expect(JSON.parse(json.stdout)).toMatchObject({
      program: description.program,
      difference: { during: 'step', icount: entry.icount, cause: 'log' },
    });
    expect((await vmft(['bisect', 'a.log', 'b.log', '-q'])).stdout).toBe('');
  });

  test('of which one is the beginning of the other are equal as far as both go', async () => {
    await record('dice.s', 'whole.log');
    const { description, entries } = readLog(readFileSync(file('whole.log')), 'whole.log');
    const writer = new LogWriter(description);
    for (const entry of entries.slice(0, 3)) writer.append(entry);
    writeFileSync(file('short.log'), writer.take());
    const { code, stdout, stderr } = await vmft(['bisect', 'whole.log', 'short.log']);
    expect(stderr).toMatch(
      /^vmft: warning: short\.log: the log is cut short;.*only that much is compared\n$/,
    );
    expect(stdout).toContain('the log of one goes on where that of the other ends:');
    expect(stdout).toContain('B  nothing more');
    expect(stdout).toContain(`equal up to icount ${entries[2]!.icount}`);
    expect(code).toBe(1);
  });
});

test('an input that only the longer log has, where the shorter one ends, is no difference of states', async () => {
  await vmft(['run', program('bank.s'), '-q', '--record', 'bank.log']);
  const { description, entries } = readLog(readFileSync(file('bank.log')), 'bank.log');
  const first = entries[0]!;
  const more: Entry = { kind: 'control', icount: first.icount, action: 'memory', value: 1 << 27 };
  for (const [name, log] of Object.entries({ 'one.log': [first], 'two.log': [first, more] })) {
    const writer = new LogWriter(description);
    for (const entry of log) writer.append(entry);
    writeFileSync(file(name), writer.take());
  }
  const { code, stdout } = await vmft(['bisect', 'one.log', 'two.log']);
  expect(stdout).toContain('A  nothing more');
  expect(stdout).toContain(`equal up to icount ${first.icount}\n`);
  expect(code).toBe(1);
});

describe('one recording', () => {
  test('whose check is not met: between which positions, and what would narrow it', async () => {
    const run = ['run', program('bank.s'), '--crash', 'primary@icount=100000', '-q'];
    await vmft([...run, '--record', 'bank.log', '--save-states', 'states']);
    rewrite('bank.log', 'broken.log', (entry) => (entry.kind === 'check' ? { ...entry, hash: 1n } : entry));
    const alone = await vmft([
      'bisect',
      'broken.log',
      '--engine',
      'translator',
      '--state',
      'states/backup.vm',
    ]);
    const end = /bank\.s, (\d+) steps/.exec(alone.stdout)![1];
    expect(alone.stdout).toContain('states/backup.vm: at icount 100000 the replay is in this state');
    const prose = alone.stdout.replaceAll('\n', ' ');
    expect(prose).toContain('another one than the replay after icount 100000, ');
    expect(prose).toContain(`and at the latest at icount ${end}.`);
    expect(alone.code).toBe(1);
    const both = await vmft(['bisect', 'broken.log', '--json']);
    expect(JSON.parse(both.stdout)).toMatchObject({
      difference: null,
      unknownBetween: { after: 0, until: Number(end) },
      sides: [{ name: 'interpreter' }, { name: 'translator' }],
    });
    expect(both.code).toBe(1);
  });

  test('that lacks an input', async () => {
    await record('dice.s', 'full.log');
    const { description, entries } = readLog(readFileSync(file('full.log')), 'full.log');
    const writer = new LogWriter(description);
    const missing = entries.find(({ kind }) => kind === 'entropy')!;
    for (const entry of entries) if (entry !== missing) writer.append(entry);
    writeFileSync(file('lacks.log'), writer.take());
    const { code, stdout } = await vmft(['bisect', 'lacks.log']);
    expect(stdout).toContain(
      `both replays contradict their log at ${missing.icount}: the guest asked for entropy`,
    );
    expect(stdout).toContain('an input that the log does not have');
    expect(code).toBe(1);
  });

  test('by every engine', async () => {
    await record('dice.s', 'engines.log');
    for (const engine of ['interpreter', 'translator', 'check', 'check,interpreter']) {
      const { code, stderr } = await vmft(['bisect', 'engines.log', '--engine', engine]);
      expect([code, stderr]).toEqual([0, '']);
    }
  });
});

/** Every step of the loop leaves a bit in s2, of which s0 is a multiple of 3. */
const LOOP = `
_start:
  li s0, 0
  li s1, 1000
loop:
  addi s0, s0, 3
  xor s2, s0, s2
  addi s1, s1, -1
  bnez s1, loop
  li t0, 0x100000
  li t1, 0x5555
  sw t1, 0(t0)
1: j 1b
`;

/** The interpreter of a build whose XOR gives a wrong bit when rs1 is 300. */
function wrongInterpreter(): Uint8Array {
  const row = instructions.find(({ mnemonic }) => mnemonic === 'xor')!;
  const right = row.meaning;
  const isWrong = eq(and(rs1, constant(-1)), constant(300));
  row.meaning = [rd(choose(isWrong, xor(xor(rs1, rs2), constant(16)), xor(rs1, rs2)))];
  const generated = interpreterModule(false);
  row.meaning = right;
  return generated;
}

describe('another build', () => {
  test('with a wrong instruction differs in the first step in which it is wrong', async () => {
    writeFileSync(file('loop.s'), LOOP);
    await vmft(['run', 'loop.s', '--no-ft', '-q', '--record', 'loop.log']);
    for (const part of ['bin', 'dist', 'package.json'])
      cpSync(join(root, part), file(`other/${part}`), { recursive: true });
    writeFileSync(file('other/dist/interpreter-only.wasm'), wrongInterpreter());
    const { code, stdout } = await vmft([
      'bisect',
      'loop.log',
      '--build',
      'other',
      '--engine',
      'interpreter',
    ]);
    // Two steps, then four for each of 99 rounds, then the second one of the round in which s0 becomes 300.
    const step = 2 + 4 * 99 + 1;
    expect(stdout).toContain(`equal up to icount ${step}; the states differ after step ${step}:`);
    expect(stdout).toContain('xor s2, s0, s2');
    expect(stdout).toMatch(/\n≠ s2 +[0-9a-f]{16} +[0-9a-f]{16} +[0-9a-f]{16}\n/);
    expect(stdout).toContain('cause: the builds differ in this instruction; B is the one');
    expect(code).toBe(1);
    const engines = ['bisect', 'loop.log', '--build', 'other', '--engine', 'translator'];
    expect((await vmft(engines)).code).toBe(0);
    rmSync(file('other'), { recursive: true });
  });

  test.each([
    [
      'without the command',
      'console.error("vmft: unknown command \'bisect-answer\'")',
      /older than `vmft bisect`/,
    ],
    [
      'of another version',
      `console.log('{"protocol":${PROTOCOL + 1}}')`,
      /answers in version 2, and .* version 1/,
    ],
    ['that says something else', 'console.log("hello")', /answers in version \?/],
    ['that fails', 'console.error("no room"); process.exit(1)', /the other vmft ended: no room/],
  ])('%s is refused', async (_, script, message) => {
    await record('hello.s', 'hello.log');
    mkdirSync(file('fake/bin'), { recursive: true });
    writeFileSync(file('fake/package.json'), '{"type":"module"}');
    writeFileSync(file('fake/bin/vmft.js'), script);
    const { code, stdout, stderr } = await vmft(['bisect', 'hello.log', '--build', 'fake']);
    expect(stderr).toMatch(message);
    expect(stderr).toMatch(/^vmft: [^\n]+\n$/);
    expect([code, stdout]).toEqual([2, '']);
  });
});

test('--symbols names addresses', async () => {
  const elf = program('kv/kv.elf');
  const run = ['run', elf, '-q', '--clients', '1', '--no-ft'];
  await Promise.all(['1', '2'].map((seed) => vmft([...run, '--seed', seed, '--record', `kv${seed}.log`])));
  const { code, stdout } = await vmft(['bisect', 'kv1.log', 'kv2.log', '--symbols', elf]);
  expect(stdout).toMatch(/\n {2}[0-9a-f]{16}.* {3}[a-z_]+\+0x[0-9a-f]+\n/);
  expect(code).toBe(1);
});

describe('wrong input is refused', () => {
  beforeAll(async () => {
    writeFileSync(file('loop.bin'), Uint8Array.of(1, 2, 3));
    await Promise.all([
      record('hello.s', 'hello.log'),
      record('hello.s', 'small.log', '--memory', '1M'),
      record('dice.s', 'dice.log'),
      vmft(['run', program('dice.s'), '--save-states', 'states', '-q']),
    ]);
  });

  test.each<[string, string[], RegExp]>([
    ['no recording', ['loop.bin'], /loop\.bin: not a vmft log/],
    ['a file that is not there', ['missing.log'], /missing\.log: no such file/],
    [
      'recordings of two machines',
      ['hello.log', 'small.log'],
      /different machines \(bytes of memory: 67108864 \/ 1048576; the registers at boot; the image: /,
    ],
    ['recordings of two guests', ['hello.log', 'dice.log'], /different machines \(.*the image: /],
    ['two recordings for another build', ['hello.log', 'dice.log', '--build', '.'], /give one recording/],
    ['a build that is none', ['hello.log', '--build', 'nowhere'], /no bin\/vmft\.js/],
    ['an unknown engine', ['hello.log', '--engine', 'fast'], /"fast" is no engine; there are: interpreter/],
    ['three engines', ['hello.log', '--engine', 'check,check,check'], /give one engine or two/],
    [
      'a state of another machine',
      ['hello.log', '--state', 'states/backup.vm'],
      /the state of another machine/,
    ],
    ['a recording as a state', ['hello.log', '--state', 'hello.log'], /not a saved machine/],
    [
      'a recording as symbols',
      ['hello.log', '--symbols', 'hello.log'],
      /neither an ELF file nor a System\.map/,
    ],
  ])('%s', async (_, args, message) => {
    const { code, stdout, stderr } = await vmft(['bisect', ...args]);
    expect(stderr).toMatch(message);
    expect(stderr).toMatch(/^vmft: [^\n]+\n$/);
    expect([code, stdout]).toEqual([2, '']);
  });
});
