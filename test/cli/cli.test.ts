import { readFileSync, writeFileSync } from 'node:fs';
import { beforeAll, describe, expect, test } from 'vitest';
import { faultKinds } from '../../src/sim/campaign/draw.ts';
import { parseFault } from '../../src/sim/faults/fault-text.ts';
import { program, workplace } from './command.ts';

const { file, vmft } = workplace();

/** Powers off with exit code 7. */
const SEVEN = `li t0, 0x100000
li t1, (7 << 16) | 0x3333
sw t1, 0(t0)
`;
/** Echoes every byte, until a q. */
const ECHO = `li s0, 0x10000000
li t0, 1
sb t0, 2(s0)
1: lbu t0, 5(s0)
andi t0, t0, 1
beqz t0, 1b
lbu t0, 0(s0)
sb t0, 0(s0)
li t1, 'q'
bne t0, t1, 1b
li t0, 0x100000
li t1, 0x5555
sw t1, 0(t0)
`;
const BROKEN = 'add a0, a1\nnop\nfrobnicate a0\nj nowhere\n';

beforeAll(() => {
  writeFileSync(file('seven.s'), SEVEN);
  writeFileSync(file('echo.s'), ECHO);
  writeFileSync(file('broken.s'), BROKEN);
  const elf = new Uint8Array(64);
  elf.set([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1]);
  elf.set([2, 0, 62, 0, 1, 0, 0, 0], 16);
  writeFileSync(file('foreign.elf'), elf);
});

const hashIn = (text: string) => /state hash ([0-9a-f]{16})/.exec(text)?.[1];
const primesText = readFileSync(program('expected/primes.txt'), 'utf8');

describe('run', () => {
  test.each([
    ['primes.s', 'primes.txt'],
    ['hello.s', 'hello.txt'],
  ])('stdout is exactly what the console of %s printed', async (name, expected) => {
    const text = readFileSync(program(`expected/${expected}`), 'utf8');
    const [ft, alone, crashed] = await Promise.all([
      vmft(['run', program(name)]),
      vmft(['run', program(name), '--no-ft', '--quiet']),
      vmft(['run', program(name), '--crash', 'primary@output=3']),
    ]);
    for (const { code, stdout } of [ft, alone, crashed]) expect([code, stdout]).toEqual([0, text]);
    expect(ft.stderr).toContain('completed with exit code 0');
    expect(alone.stderr).toBe('');
    expect(crashed.stderr).toMatch(/CRASH[\s\S]*goes live/);
  });

  test("the command exits with the guest's exit code", async () => {
    const results = await Promise.all([
      vmft(['run', 'seven.s']),
      vmft(['run', 'seven.s', '--no-ft']),
      vmft(['run', 'seven.s', '--json']),
    ]);
    expect(results.map(({ code }) => code)).toEqual([7, 7, 7]);
    expect(JSON.parse(results[2].stdout)).toMatchObject({ outcome: 'completed', exitCode: 7, console: '' });
  });

  test('the loss of both hosts, and a limit, have distinct exit codes', async () => {
    const [lost, limit] = await Promise.all([
      vmft(['run', program('primes.s'), '--crash', 'primary@icount=1000', '--crash', 'backup@t=100us']),
      vmft(['run', program('primes.s'), '--max-steps', '1000']),
    ]);
    expect([lost.code, limit.code]).toEqual([5, 4]);
    expect(limit.stderr).toContain('stopped at --max-steps 1000');
  });

  test('piped stdin reaches the guest, and so does --input', async () => {
    writeFileSync(file('typed'), 'from a file q');
    const [piped, named, failover] = await Promise.all([
      vmft(['run', 'echo.s', '--no-ft'], 'from a pipe q and more'),
      vmft(['run', 'echo.s', '--no-ft', '--input', 'typed'], 'not this q'),
      vmft(['run', program('bank.s'), '--crash', 'primary@icount=3000'], 'open me\nquit\n'),
    ]);
    expect([piped.stdout, named.stdout]).toEqual(['from a pipe q', 'from a file q']);
    expect(failover.code).toBe(0);
    expect(failover.stdout).toContain('me');
    expect(failover.stderr).toContain('goes live');
  });

  test('two runs with the same seed print the same, and another seed prints something else', async () => {
    const dice = ['run', program('dice.s'), '--verbose', '--crash', 'primary@output=30', '--seed'];
    const [first, second, other] = await Promise.all(['x', 'x', 'y'].map((seed) => vmft([...dice, seed])));
    expect(second).toEqual(first);
    expect(other!.stdout).not.toBe(first!.stdout);
  });
});

describe('the cluster', () => {
  const bank = program('bank.s');
  const journal = program('journal.s');
  const bankText = readFileSync(program('expected/bank.txt'), 'utf8');
  const receipts = (text: string) => text.split('\n').filter((line) => /^#\d+ /.test(line)).length;

  test('--backups and --spares: the VM survives as many failures in a row as there are other hosts', async () => {
    const crashes = ['20ms', '40ms', '60ms'].flatMap((time) => ['--fault', `crash:live@${time}`]);
    const [three, spares, two] = await Promise.all([
      vmft(['run', bank, '--backups', '3', '--spares', '0', ...crashes]),
      vmft(['run', bank, '--backups', '1', '--spares', '2', ...crashes]),
      vmft(['run', bank, '--backups', '2', '--spares', '0', ...crashes]),
    ]);
    for (const { code, stdout, stderr } of [three, spares]) {
      expect([code, receipts(stdout)]).toEqual([0, receipts(bankText)]);
      expect(stderr.match(/goes live/g)).toHaveLength(3);
    }
    expect(three.stderr).not.toContain('re-protection');
    expect(spares.stderr).toMatch(/re-protection[\s\S]*backup with spare[\s\S]*spare with spare2/);
    expect(two.code).toBe(5);
  });

  test('--backups 0 is one host, like --no-ft', async () => {
    const [none, alone] = await Promise.all([
      vmft(['run', bank, '--backups', '0', '-q']),
      vmft(['run', bank, '--no-ft', '-q']),
    ]);
    expect(none).toEqual(alone);
  });

  test('--fault takes the long form of the shorthands, and operator commands', async () => {
    const [short, long, switched] = await Promise.all([
      vmft(['run', bank, '--crash', 'primary@20ms', '--partition', '40ms+3ms']),
      vmft(['run', bank, '--fault', 'crash:primary@20ms', '--fault', 'partition:primary-backup@40ms+3ms']),
      vmft(['run', bank, '--fault', 'command:switch-over@20ms']),
    ]);
    expect(long).toEqual(short);
    expect([switched.code, switched.stderr.includes('suspected')]).toEqual([0, false]);
    expect(switched.stderr).toContain('planned switch-over to backup');
    expect(switched.stderr).toMatch(/generation 2 from icount [\d ]+: backup with primary/);
  });

  test('--replication checkpoint prints the same receipts', async () => {
    const { code, stdout } = await vmft([
      'run',
      bank,
      '--replication',
      'checkpoint',
      '--crash',
      'primary@30ms',
    ]);
    expect([code, receipts(stdout)]).toEqual([0, receipts(bankText)]);
  });

  test.each(['shared', 'shared-backup-reads', 'private'])(
    '--disk %s: the journal loses no record',
    async (disk) => {
      const { code, stdout } = await vmft(['run', journal, '--disk', disk, '--fault', 'crash:primary@8ms']);
      expect([code, stdout]).toEqual([0, expect.stringContaining('journal: 12 records, all sound')]);
    },
  );

  test('--disk-size sets the size of the disk, and 0 leaves the machine without one', async () => {
    const [small, none, full] = await Promise.all([
      vmft(['run', journal, '--disk-size', '8K', '-q']),
      vmft(['run', journal, '--disk-size', '0', '-q']),
      vmft(['run', journal, '--disk-size', '4K', '-q']),
    ]);
    expect([small.code, none.code, full.code]).toEqual([0, 1, 1]);
    expect(small.stdout).toContain('12 records');
  });

  test.each([
    ['crash:spare@5s', 'the run ended before, at '],
    ['crash:primary@icount=999999999', 'primary did not reach it; its machine is at icount '],
  ])(
    '%s is not triggered: a warning, an entry in the report, and code 6 with --strict',
    async (fault, why) => {
      const given = ['run', program('hello.s'), '-q', '--fault', fault];
      const [plain, strict, json] = await Promise.all([
        vmft(given),
        vmft([...given, '--strict']),
        vmft([...given, '--json']),
      ]);
      expect([plain.code, plain.stderr]).toEqual([
        0,
        expect.stringContaining(`warning: ${fault} was not triggered: ${why}`),
      ]);
      expect([strict.code, strict.stdout]).toEqual([6, plain.stdout]);
      expect(JSON.parse(json.stdout).faults).toEqual([
        { fault, triggered: false, why: expect.stringContaining(why) },
      ]);
    },
  );

  test('--strict accepts a fault that took effect; the report has its time and host', async () => {
    const given = ['run', program('hello.s'), '-q', '--strict', '--json', '--crash', 'primary@icount=100'];
    const { code, stdout, stderr } = await vmft(given);
    expect([code, stderr]).toEqual([0, '']);
    expect(JSON.parse(stdout).faults).toEqual([
      { fault: 'crash:primary@icount=100', triggered: true, atMs: 0.001, host: 'primary', icount: 100 },
    ]);
  });
});

describe('--json', () => {
  test('prints one document with these keys', async () => {
    const { code, stdout } = await vmft([
      'run',
      program('dice.s'),
      '--json',
      '--diff',
      '--crash',
      'primary@output=30',
    ]);
    expect(code).toBe(0);
    const report = JSON.parse(stdout);
    expect(report).toMatchObject({
      program: program('dice.s'),
      seed: '1',
      outcome: 'completed',
      exitCode: 0,
      console: expect.stringMatching(/^rolled( \d){20}\nface 1: \d+\n/),
      consoleTruncated: false,
      verified: false,
      steps: expect.any(Number),
      virtualMs: expect.any(Number),
      stateHash: expect.stringMatching(/^[0-9a-f]{16}$/),
      violations: [],
      log: {
        entries: expect.any(Number),
        entriesByKind: { entropy: expect.any(Number) },
        bytes: expect.any(Number),
        channelBytes: expect.any(Number),
        bytesPerKilostep: expect.any(Number),
        mbitPerSecond: expect.any(Number),
      },
      diff: { icount: expect.any(Number), equal: true, devicesDiffering: [], pagesDiffering: [] },
    });
    const { failovers, log, diff, steps, virtualMs } = report;
    expect(failovers).toEqual([
      {
        from: 'primary',
        to: 'backup',
        crashIcount: expect.any(Number),
        liveIcount: expect.any(Number),
        detectMs: expect.any(Number),
        downMs: expect.any(Number),
        firstOutputMs: expect.any(Number),
        outputsReleasedAgain: expect.any(Number),
      },
    ]);
    expect(failovers[0].liveIcount).toBe(diff.icount);
    expect(Object.values<number>(log.entriesByKind).reduce((a, b) => a + b)).toBe(log.entries);
    expect(log.bytesPerKilostep).toBeCloseTo((log.bytes / steps) * 1000);
    expect(log.mbitPerSecond).toBeCloseTo((log.channelBytes * 8) / virtualMs / 1000);
    expect(diff.registers).toContainEqual({
      name: 'sp',
      primary: expect.stringMatching(/^0x[0-9a-f]+$/),
      backup: expect.stringMatching(/^0x[0-9a-f]+$/),
      equal: true,
    });
  });

  test('has no comparison without fault tolerance', async () => {
    const { stdout, stderr } = await vmft(['run', program('dice.s'), '--json', '--no-ft', '-q']);
    const report = JSON.parse(stdout);
    expect(report).toMatchObject({ outcome: 'completed', failovers: [], diff: null });
    expect(report.log.entriesByKind.entropy).toBeGreaterThan(19);
    expect(stderr).toBe('');
  });
});

describe('wrong usage: exit code 2, one line on stderr, nothing on stdout', () => {
  const bank = program('bank.s');
  test.each<[string, string[], RegExp]>([
    ['an unknown option', ['run', bank, '--zzzzzzzz'], /unknown option '--zzzzzzzz'/],
    ['an unknown command', ['zzzzzzzz'], /unknown command 'zzzzzzzz'/],
    ['no program', ['run'], /no program given; name one/],
    ['a bad number', ['run', bank, '--max-steps', 'many'], /'--max-steps <n>' argument 'many' is invalid/],
    ['a number out of range', ['run', bank, '--clients', '65'], /a whole number from 0 to 64/],
    ['a bad memory size', ['run', bank, '--memory', '5K'], /a multiple of 4K up to 2G/],
    ['a missing file', ['run', 'nothing.s'], /^vmft: nothing\.s: no such file or directory; check the path$/],
    ['a directory', ['run', '.'], /^vmft: \.: a directory; name a file in it$/],
    ['a missing input', ['run', bank, '--input', 'nothing'], /^vmft: nothing: no such file/],
    ['a foreign ELF', ['run', 'foreign.elf'], /'foreign\.elf'.*x86-64/],
    [
      'a crash of an unknown host',
      ['run', bank, '--crash', 'nobody@icount=5'],
      /^vmft: "nobody" is no host here; they are primary, backup, spare$/,
    ],
    [
      'a crash of a host that only other clusters have',
      ['run', bank, '--backups', '2', '--spares', '0', '--crash', 'backup3@5ms'],
      /"backup3" is no host here; they are primary, backup, backup2$/,
    ],
    [
      'a crash of the backup where there is none',
      ['run', bank, '--no-ft', '--crash', 'backup@5ms'],
      /"backup"/,
    ],
    [
      'a crash at an invalid time',
      ['run', bank, '--crash', 'primary@noon'],
      /"noon" is no time; write it like 5ms/,
    ],
    [
      'a crash without a time',
      ['run', bank, '--crash', 'primary'],
      /no place or no moment; it has the form crash:HOST@WHEN\[\+LENGTH\], like crash:primary@20ms/,
    ],
    ['a crash at a time without a unit', ['run', bank, '--crash', 'primary@t=5'], /"5" is no time/],
    [
      'a position with too many parts',
      ['run', bank, '--crash', 'primary@icount=5=6'],
      /"5=6" is no whole number/,
    ],
    [
      'an unknown kind of fault',
      ['run', bank, '--fault', 'boom:primary@5ms'],
      /"boom" is no fault; they are crash,/,
    ],
    ['a fault without place and time', ['run', bank, '--fault', 'boom'], /it has the form KIND:WHERE@WHEN/],
    ['a pause without a length', ['run', bank, '--fault', 'pause:primary@5ms'], /pause \w+ a length/],
    ['a slow-down without a value', ['run', bank, '--fault', 'slow:backup@5ms+5ms'], /slow needs a value/],
    ['an outage of a host', ['run', bank, '--fault', 'outage:backup@5ms+5ms'], /only storage can have that/],
    [
      'an unknown command',
      ['run', bank, '--fault', 'command:dance@5ms'],
      /"dance" is no command; they are reset/,
    ],
    [
      'a switch-over to an unknown host',
      ['run', bank, '--fault', 'command:switch-over=nobody@5ms'],
      /^vmft: "nobody" is no host here; they are primary, backup, spare$/,
    ],
    [
      'a switch-over to the live host',
      ['run', bank, '--fault', 'command:switch-over=live@5ms'],
      /^vmft: "live" is no host here; they are primary, backup, spare$/,
    ],
    [
      'a move of a backup that does not exist',
      ['run', bank, '--fault', 'command:move-backup=backup2@5ms'],
      /^vmft: "backup2" is no host here; they are primary, backup, spare$/,
    ],
    [
      'a link to an unknown host',
      ['run', bank, '--fault', 'partition:primary-moon@5ms+5ms'],
      /"moon" is no host here/,
    ],
    [
      'a domain without hosts',
      ['run', bank, '--fault', 'domain:rack@5ms'],
      /"rack" is no failure domain here/,
    ],
    ['too many backups', ['run', bank, '--backups', '4'], /a whole number from 0 to 3/],
    ['too many spares', ['run', bank, '--spares', '9'], /a whole number from 0 to 8/],
    [
      'a number of backups that is not a number',
      ['run', bank, '--backups', 'two'],
      /a whole number from 0 to 3/,
    ],
    ['unknown replication', ['run', bank, '--replication', 'none'], /choices are lockstep, checkpoint/],
    ['an unknown disk', ['run', bank, '--disk', 'ram'], /choices are shared, shared-backup-reads, private/],
    ['a bad disk size', ['run', bank, '--disk-size', '5'], /'--disk-size <size>' argument '5' is invalid/],
    ['a delay with too many parts', ['run', bank, '--delay', '5ms+5ms=1ms=1ms'], /"1ms=1ms" is no time/],
    ['a speed of an unknown host', ['run', bank, '--speed', 'nobody=2'], /"nobody" is no host/],
    ['an unknown rule', ['run', bank, '--unsafe', 'nothing'], /the rules are output-rule/],
    [
      'a rule named like a property of Object.prototype',
      ['run', bank, '--unsafe', 'toString'],
      /the rules are output-rule/,
    ],
    ['options that exclude each other', ['run', bank, '-q', '-v'], /cannot be used with option/],
    [
      'a recording in a missing directory',
      ['run', bank, '--record', 'no/where'],
      /no directory no; create it first/,
    ],
    ['a file that is not a log', ['replay', 'seven.s'], /^vmft: seven\.s: not a vmft log/],
    [
      'a file that is not a saved machine',
      ['diff', 'seven.s', 'seven.s'],
      /^vmft: seven\.s: not a saved machine/,
    ],
  ])('%s', async (_, args, message) => {
    const { code, stdout, stderr } = await vmft(args);
    expect(stderr.trimEnd()).toMatch(message);
    expect(stderr).toMatch(/^vmft: [^\n]+\n$/);
    expect([code, stdout]).toEqual([2, '']);
  });

  test('a source with errors: all errors, each with its line', async () => {
    for (const args of [
      ['run', 'broken.s'],
      ['asm', 'broken.s'],
    ]) {
      const { code, stdout, stderr } = await vmft(args);
      expect([code, stdout]).toEqual([2, '']);
      for (const place of ['broken.s:1', 'broken.s:3', 'broken.s:4']) expect(stderr).toContain(place);
      expect(stderr).toContain('frobnicate');
      expect(stderr).not.toContain('    at ');
    }
  });
});

describe('record and replay', () => {
  test('--restore: a machine saved and restored during a replay has the same state', async () => {
    await vmft(['run', program('dice.s'), '--no-ft', '--record', 'restored.log']);
    const { code, stdout } = await vmft(['replay', 'restored.log', '--restore', '4']);
    expect(code).toBe(0);
    const lines = stdout.trimEnd().split('\n');
    expect(lines).toHaveLength(5);
    for (const line of lines)
      expect(line).toMatch(/^\d+ {2}(\w{16}) = \1 {2}\d+ registers, 5 devices, \d+ pages in use: equal$/);
  });

  test.each([
    ['one machine', ['--no-ft']],
    ['a pair', []],
    ['a pair that lost its primary', ['--crash', 'primary@output=30']],
  ])('%s: the replay prints the same bytes and ends in the same state', async (_, options) => {
    const log = `${options.length}${options[0] ?? ''}.log`;
    const run = await vmft(['run', program('dice.s'), '--record', log, ...options]);
    const [replay, json] = await Promise.all([vmft(['replay', log]), vmft(['replay', log, '--json'])]);
    expect([run.code, replay.code]).toEqual([0, 0]);
    expect(replay.stdout).toBe(run.stdout);
    expect(hashIn(replay.stderr)).toBe(hashIn(run.stderr));
    expect(hashIn(run.stderr)).toBeDefined();
    expect(JSON.parse(json.stdout)).toMatchObject({
      console: run.stdout,
      exitCode: 0,
      stateHash: hashIn(run.stderr),
    });
  });

  test('a damaged and a truncated log are replayed up to the damage, which is reported', async () => {
    await vmft(['run', program('dice.s'), '--no-ft', '--record', 'whole.log']);
    const whole = readFileSync(file('whole.log'));
    const middle = whole.length - 100;
    writeFileSync(file('cut.log'), whole.subarray(0, middle));
    writeFileSync(file('damaged.log'), whole.with(middle, whole[middle]! ^ 1));
    const [good, cut, damaged] = await Promise.all([
      vmft(['replay', 'whole.log']),
      vmft(['replay', 'cut.log']),
      vmft(['replay', 'damaged.log']),
    ]);
    const place =
      /the last good entry is number \d+, at icount (\d+); replayed up to there \(icount (\d+), state hash/;
    expect(cut.stderr).toMatch(/^vmft: cut\.log: the log is cut short; [^\n]+\n$/);
    expect(damaged.stderr).toMatch(/^vmft: damaged\.log: the log is damaged at byte \d+; [^\n]+\n$/);
    for (const { code, stdout, stderr } of [cut, damaged]) {
      expect(code).toBe(2);
      expect(stderr).toMatch(place);
      expect(Number(place.exec(stderr)![1])).toBeGreaterThan(0);
      expect(good.stdout.startsWith(stdout)).toBe(true);
    }
  });

  test('a replay has the exit code of the guest', async () => {
    await vmft(['run', 'seven.s', '--record', 'seven.log']);
    expect((await vmft(['replay', 'seven.log', '--quiet'])).code).toBe(7);
  });
});

describe('diff', () => {
  test('exits with 0 for equal machines, with 1 for others', async () => {
    await Promise.all([
      vmft(['run', program('dice.s'), '--crash', 'primary@output=30', '--save-states', 'one']),
      vmft(['run', program('dice.s'), '--seed', '2', '--save-states', 'two']),
    ]);
    const [same, other] = await Promise.all([
      vmft(['diff', 'one/primary.vm', 'one/backup.vm']),
      vmft(['diff', 'one/primary.vm', 'two/primary.vm']),
    ]);
    expect([same.code, other.code]).toEqual([0, 1]);
    expect(same.stdout).toContain('the machines are equal in every bit');
    expect(same.stdout).not.toContain('≠');
    expect(other.stdout).toMatch(/≠ icount[\s\S]*≠ memory pages: 0x8[\s\S]*≠ the machines differ/);
  });

  test('machines that diverge: exit code 3, the first entry that differs, and both states', async () => {
    const { code, stderr } = await vmft(['run', program('dice.s'), '--unsafe', 'log-entropy']);
    expect(code).toBe(3);
    expect(stderr).toContain('DIVERGED');
    expect(stderr).toMatch(
      /the first entry that differs is number \d+: entropy at \d+ \(data [0-9a-f]+\) on the primary, entropy at \d+ \(data [0-9a-f]+\) on the backup/,
    );
    const kept = await vmft(['diff', 'vmft-states/primary.vm', 'vmft-states/backup.vm']);
    expect(kept.code).toBe(1);
  });
});

describe('help', () => {
  test.each(['run', 'replay', 'asm', 'disasm', 'diff'])('%s -h shows examples', async (command) => {
    const { code, stdout, stderr } = await vmft([command, '-h']);
    expect([code, stderr]).toEqual([0, '']);
    const [usage, examples = ''] = stdout.split(/^Examples?:$/m);
    expect(usage).toMatch(new RegExp(`^Usage: vmft ${command} `));
    expect(examples).toContain(`\n  vmft ${command} `);
  });

  test('chaos -h shows random defaults for what campaigns draw', async () => {
    const { stdout } = await vmft(['chaos', '-h']);
    const text = stdout.replaceAll(/\s+/g, ' ');
    for (const name of ['backups', 'spares', 'replication', 'disk'])
      expect(text).toMatch(new RegExp(`--${name} <((?! --).)*\\(default: random\\b`));
  });

  test('-h shows the commands and examples, --version a version', async () => {
    const [help, version] = await Promise.all([vmft(['-h']), vmft(['--version'])]);
    for (const command of ['run', 'replay', 'asm', 'disasm', 'diff', 'demo', 'story', 'chaos', 'compare'])
      expect(help.stdout).toMatch(new RegExp(`^  ${command}`, 'm'));
    expect(help.stdout).toContain('Examples:');
    expect(version).toEqual({ code: 0, stdout: expect.stringMatching(/^\d+\.\d+\.\d+\n$/), stderr: '' });
  });
});

describe('help faults', () => {
  test('lists every fault, each with an example that vmft run accepts', async () => {
    const [run, help] = await Promise.all([vmft(['run', '-h']), vmft(['help', 'faults'])]);
    expect(run.stdout.replace(/\s+/g, ' ')).toContain('`vmft help faults` lists them');
    expect([help.code, help.stderr]).toEqual([0, '']);
    const rows = [...help.stdout.matchAll(/^ {2}([a-z-]+):\S+ +(\S+) {2}/gm)];
    expect(rows.map(([, kind]) => kind).sort()).toEqual([...faultKinds].sort());
    for (const [, kind, example] of rows) expect(parseFault(example!).kind).toBe(kind);
    const { code } = await vmft([
      'run',
      program('primes.s'),
      '-q',
      ...rows.flatMap(([, kind, example]) =>
        ['flip', 'pause'].includes(kind!) ? [] : ['--fault', example!],
      ),
    ]);
    expect(code).toBe(0);
  });

  test('lists every command', async () => {
    const { stdout } = await vmft(['help', 'faults']);
    const [, list] = /^NAME +(.*)$/m.exec(stdout)!;
    const acts = { SIZE: '128M', SHARE: '0.5', HOST: 'backup' };
    for (const form of list!.split(', '))
      for (const text of [form.replace(/\[.*\]/, ''), form.replace(/[[\]]/g, '')]) {
        const act = text.replace(/[A-Z]+$/, (name) => acts[name as keyof typeof acts]);
        expect(parseFault(`command:${act}@5ms`).kind).toBe('command');
      }
  });
});

describe('asm and disasm', () => {
  test('make a listing, an image that runs like its source, and one instruction', async () => {
    const [listing, image, word] = await Promise.all([
      vmft(['asm', 'seven.s']),
      vmft(['asm', 'seven.s', '-o', 'seven.bin']),
      vmft(['disasm', '0x00a50513']),
    ]);
    expect(listing.stdout.split('\n')[0]).toMatch(/^80000000 {2}[0-9a-f]{8} +li t0, 0x100000$/);
    expect([image.code, image.stdout]).toEqual([0, '']);
    expect((await vmft(['run', 'seven.bin'])).code).toBe(7);
    expect(word.stdout).toBe('addi a0, a0, 10\n');
  });
});

test('disasm advances by two or four bytes, and restarts at every symbol', async () => {
  writeFileSync(file('mixed.s'), '_start: c.li a0, 5\n addi a0, a0, 1\n .half 0xffff\nend: c.jr ra\n');
  const { stdout } = await vmft(['disasm', 'mixed.s']);
  expect(stdout.trim().split('\n')).toEqual([
    '80000000 <_start>:',
    '80000000  4515      c.li a0, 5',
    '80000002  00150513  addi a0, a0, 1',
    '80000006  ffff      .half 0xffff',
    '',
    '80000008 <end>:',
    '80000008  8082      c.jr ra',
    '8000000a  0001      c.addi zero, 0',
  ]);
});

test('--defsym sets the limit of primes', async () => {
  const { stdout } = await vmft(['run', program('primes.s'), '--defsym', 'LIMIT=100', '--no-ft']);
  expect(stdout).toContain('primes below 100: 25\n');
  expect(stdout).not.toBe(primesText);
});
