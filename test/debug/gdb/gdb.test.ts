/** Scripts of the real gdb drive recordings of guests: an assembler guest, and a C guest across a failover. */
import { execFileSync, spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { describe, expect } from 'vitest';
import { Random } from '../../../src/base/random.ts';
import { BIN, workplace } from '../../cli/command.ts';
import { real } from '../../host/real.ts';

const { directory, file, vmft } = workplace();

/** A list whose end is written over the neighbour of the array: the wrong value is noticed much later. */
const SOURCE = `
static volatile unsigned char *const uart = (void *)0x10000000;
struct node { struct node *next; int value; };
struct node nodes[16];
int total, broken = 7;
static void print(const char *text) { while (*text) *uart = *text++; }
__attribute__((noinline)) int add(int a, int b) { return a + b; }
__attribute__((noinline)) void corrupt(struct node *n) {
  n[15].value = 0;
  *(int *)((char *)&broken + (n != nodes)) = 99;
}
__attribute__((noinline)) int sum(struct node *n) {
  int s = 0;
  for (; n; n = n->next)
    s = add(s, n->value);
  return s;
}
int main(void) {
  for (int i = 0; i < 16; i++) {
    nodes[i].value = i;
    nodes[i].next = i < 15 ? &nodes[i + 1] : 0;
  }
  for (int round = 0; round < 2000; round++) {
    total = sum(nodes);
    if (round == 300)
      corrupt(nodes);
  }
  print(broken == 7 ? "fine\\n" : "broken\\n");
  return broken;
}
`;
const START = `
.globl _start
_start:
  la sp, stack
  call main
  li t0, 0x100000
  slli a0, a0, 16
  li t1, 0x3333
  or a0, a0, t1
  sw a0, 0(t0)
1: j 1b
.bss
.balign 16
.space 4096
stack:
`;

/** The C guest, recorded while its primary crashes after the variable is broken. */
async function recorded(): Promise<void> {
  writeFileSync(file('guest.c'), SOURCE);
  writeFileSync(file('start.S'), START);
  const options = [
    '-g',
    '-O1',
    '-march=rv64gc',
    '-mabi=lp64d',
    '-mcmodel=medany',
    '-nostdlib',
    '-ffreestanding',
  ];
  execFileSync(
    'riscv64-unknown-elf-gcc',
    [...options, '-Ttext=0x80000000', 'start.S', 'guest.c', '-o', 'guest.elf'],
    {
      cwd: directory,
    },
  );
  const run = await vmft(['run', 'guest.elf', '--crash', 'primary@icount=100000', '--record', 'guest.log']);
  expect(run.stderr).toContain('goes live');
  expect(run.code).toBe(99);
}

/** Runs gdb on a recording with these commands; returns what it prints. */
async function gdb(recording: string, program: string, commands: readonly string[]): Promise<string> {
  const server = spawn(process.execPath, [BIN, 'debug', recording, '--listen', '127.0.0.1:0'], {
    cwd: directory,
  });
  try {
    let said = '';
    const port = await new Promise<string>((resolve, reject) => {
      server.stderr.setEncoding('utf8').on('data', (text: string) => {
        said += text;
        const [, found] = /target remote 127\.0\.0\.1:(\d+)/.exec(said) ?? [];
        if (found) resolve(found);
      });
      server.on('close', () => reject(new Error(said)));
    });
    const script = ['set confirm off', 'set pagination off', `target remote :${port}`, ...commands];
    writeFileSync(file('script.gdb'), `${script.join('\n')}\n`);
    return await new Promise((resolve) => {
      const child = spawn('gdb-multiarch', ['-nx', '-q', '-batch', '-x', 'script.gdb', program], {
        cwd: directory,
      });
      let output = '';
      for (const stream of [child.stdout, child.stderr])
        stream.setEncoding('utf8').on('data', (text: string) => {
          output += text;
        });
      child.on('close', () => resolve(output));
    });
  } finally {
    server.kill('SIGKILL');
  }
}

/** The values that \`printf "NAME=…"\` has printed, in order. */
const values = (output: string, name: string): string[] =>
  [...output.matchAll(new RegExp(`^${name}=(.*)$`, 'gm'))].map(([, value]) => value!);
const show = (name: string, expression: string, format = '%ld') =>
  `printf "${name}=${format}\\n", ${expression}`;

describe('gdb', () => {
  real('goes to breakpoints and watchpoints and back, across a failover, in a C program', async () => {
    await recorded();
    const output = await gdb('guest.log', 'guest.elf', [
      'tbreak main',
      'continue',
      'watch broken',
      'continue',
      show('after', 'broken'),
      'backtrace 1',
      'delete',
      'monitor goto end',
      'maintenance flush register-cache',
      show('end', 'broken'),
      'watch broken',
      'reverse-continue',
      show('before', 'broken'),
      'info line *$pc',
      'delete',
      'break corrupt',
      'reverse-continue',
      'backtrace',
      'finish',
      show('finished', 'broken'),
      'delete',
      'tbreak add',
      'continue',
      'reverse-finish',
      'info line *$pc',
      'info registers misa priv mstatus',
      'kill',
    ]);
    expect(values(output, 'after')).toEqual(['99']);
    expect(values(output, 'end')).toEqual(['99']);
    expect(values(output, 'before')).toEqual(['7']);
    expect(output).toMatch(/Old value = 7\s+New value = 99/);
    expect(output).toMatch(/Old value = 99\s+New value = 7/);
    expect(output).toMatch(/#0 {2}corrupt \(.*\) at guest\.c/);
    expect(output).toMatch(/#1 .*main \(\) at guest\.c/);
    expect(values(output, 'finished')).toEqual(['99']);
    expect(output).toMatch(/in sum \(.*\) at guest\.c:15\s+15\s/);
    expect(output).toContain('RV64ACDFIMSU');
  });

  real('a thousand random steps forwards and back lead to the same registers and memory', async () => {
    await recorded();
    const random = new Random('gdb');
    const state = 'printf "state=%lx %lx %lx %lx %d %d\\n", $pc, $sp, $a0, $s1, total, broken';
    const commands = [`monitor goto ${10_000}`, 'maintenance flush register-cache'];
    const there: string[] = [];
    const back: string[] = [];
    for (let walk = 0; walk < 40; walk++) {
      const count = 1 + random.below(25);
      for (const [direction, states] of [
        ['stepi', there],
        ['reverse-stepi', back],
      ] as const) {
        for (let step = 0; step < count; step++) {
          commands.push(`printf "${direction}="`, state, direction);
          states.push(direction);
        }
      }
      commands.push(`stepi ${random.below(60)}`);
    }
    const output = await gdb('guest.log', 'guest.elf', [...commands, 'kill']);
    const walked = [...output.matchAll(/^(stepi|reverse-stepi)=state=(.*)$/gm)].map(([, how, at]) => ({
      how,
      at,
    }));
    expect(walked.length).toBe(there.length + back.length);
    // Each walk is printed before every step: forwards a, b, c to d, then backwards d, c, b to a.
    for (let from = 0; from < walked.length; ) {
      const turn = walked.findIndex(({ how }, index) => index >= from && how === 'reverse-stepi');
      const count = turn - from;
      const forwards = walked.slice(from, turn).map(({ at }) => at);
      const backwards = walked.slice(turn, turn + count).map(({ at }) => at);
      expect(backwards.slice(1).reverse()).toEqual(forwards.slice(1));
      from = turn + count;
    }
  });

  real('an assembler guest, by addresses', async () => {
    const run = await vmft(['run', 'primes', '--no-ft', '--record', 'primes.log']);
    expect(run.code).toBe(0);
    const output = await gdb('primes.log', 'none', [
      'set architecture riscv:rv64',
      'stepi 100',
      show('pc', '$pc', '%lx'),
      show('x', '$x5', '%lx'),
      'hbreak *$pc',
      'monitor goto end',
      'maintenance flush register-cache',
      'reverse-continue',
      show('pc', '$pc', '%lx'),
      'reverse-stepi 5',
      'stepi 5',
      show('pc', '$pc', '%lx'),
      'delete',
      'reverse-continue',
      show('start', '$pc', '%lx'),
      'monitor icount',
      'kill',
    ]);
    const [first, ...others] = values(output, 'pc');
    expect(others).toEqual([first, first]);
    expect(values(output, 'start')).toEqual(['80000000']);
    expect(output).toContain('No more reverse-execution history');
  });

  real('a second one is refused in words', async () => {
    await recorded();
    const server = spawn(process.execPath, [BIN, 'debug', 'guest.log', '--listen', '127.0.0.1:0'], {
      cwd: directory,
    });
    let said = '';
    server.stderr.setEncoding('utf8').on('data', (text: string) => {
      said += text;
    });
    const port = await new Promise<string>((resolve) => {
      const look = setInterval(() => {
        const [, found] = /target remote 127\.0\.0\.1:(\d+)/.exec(said) ?? [];
        if (!found) return;
        clearInterval(look);
        resolve(found);
      }, 20);
    });
    const args = (commands: string[]) => ['-nx', '-q', '-batch', ...commands.flatMap((one) => ['-ex', one])];
    const first = spawn('gdb-multiarch', args([`target remote :${port}`, 'shell sleep 1000']), {
      stdio: 'ignore',
    });
    while (!said.includes('gdb has connected')) await new Promise((resolve) => setTimeout(resolve, 20));
    const second = execFileSync('sh', [
      '-c',
      `gdb-multiarch -nx -q -batch -ex 'target remote :${port}' 2>&1 || true`,
    ]);
    expect(second.toString()).toContain('another debugger is connected');
    first.kill('SIGKILL');
    execFileSync('pkill', ['-f', 'sleep 1000']);
    server.kill('SIGKILL');
  });
});
