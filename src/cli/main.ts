import { Command, CommanderError, Option } from 'commander';
import { addChaosCommand } from './chaos/chaos-command.ts';
import { addClusterCommands } from './cluster/commands.ts';
import { mustHaveEffect } from './combinations.ts';
import type { CompareOptions } from './compare.ts';
import type { ConformanceOptions } from './conformance/conformance.ts';
import { addBisectCommands } from './debugging/bisect-commands.ts';
import { addIndexCommand, addSymbolsCommand, addTraceCommand } from './debugging/commands.ts';
import type { DebugOptions } from './debugging/debug.ts';
import { takesSymbols } from './debugging/options.ts';
import { POSITION_FORMS, parsePosition } from './debugging/position.ts';
import type { DiffOptions } from './diff.ts';
import { takesEngine } from './engine.ts';
import { EXIT_CODE } from './exit-codes.ts';
import { exitOnBrokenPipe } from './exit-on-broken-pipe.ts';
import { codeOf, endWithFailures } from './failures.ts';
import { faultHelp } from './fault-help.ts';
import { addForkCommand } from './fork-command.ts';
import type { JudgeOptions } from './judge.ts';
import type { AsmOptions, DisasmOptions } from './listing.ts';
import type { LogOptions } from './log.ts';
import { options, type RunOptions, takesGuest, wholeNumber } from './options.ts';
import type { PackOptions } from './pack.ts';
import type { PageOptions } from './page.ts';
import type { StoryOptions } from './play.ts';
import type { PlayOptions } from './playground.ts';
import { DEFAULT_PORT } from './playground-address.ts';
import { fromQemu } from './qemu/command-line.ts';
import type { RecordOptions } from './record.ts';
import type { ReplayOptions } from './replay.ts';
import { takesSpec } from './spec-options.ts';

/** Defined by the build, from package.json. */
declare const VMFT_VERSION: string;

const program = new Command('vmft')
  .description(
    'Runs a RISC-V guest program on two machines in lockstep, so that it survives the failure of one.',
  )
  .version(VMFT_VERSION)
  .showSuggestionAfterError()
  .configureOutput({ outputError: (text, write) => write(text.replace(/^error: /, 'vmft: ')) })
  .exitOverride()
  .addHelpText(
    'after',
    `
Examples:
  vmft demo                                                 a failover, explained step by step
  vmft run bank                                             use its console; Ctrl-A c crashes the primary
  vmft run bank --crash primary@icount=100000 --diff </dev/null
  vmft run hello --no-ft --record hello.log
  vmft replay hello.log
  vmft fork bank.log --at output=99 --crash primary@output=100    what if? of a recorded run

The exit code is the guest's, or: 2 wrong usage or input, 3 a divergence or a violated invariant, 4 stopped by a limit,
5 no eligible replica, 6 a fault not triggered (--strict), 70 a bug in vmft, 130 interrupted, 141 broken pipe;
1 from vmft diff and bisect for a difference, from vmft conformance for a program that does not pass.`,
  );

/** Sets the exit code of a command. Commands are imported on demand, so that none loads the code of the others. */
const finish = async (code: number | undefined | Promise<number | undefined>) => {
  process.exitCode = (await code) ?? 0;
};

const runs = (command: Command, memory?: Option) => takesEngine(takesGuest(command, memory));

takesSymbols(
  takesSpec(
    runs(program.command('run').description('run a program, or boot a kernel, on a simulated cluster')),
  ),
)
  .hook('preAction', mustHaveEffect)
  .option(
    '--input <file>',
    'console input (default: the terminal, or stdin when it is none; `NAME.input` when that is empty)',
  )
  .addOption(
    new Option(
      '--terminal <how>',
      'on a terminal: `line` echoes, edits and sends whole lines (default for a program); `raw` sends every key (default for a kernel)',
    ).choices(['line', 'raw']),
  )
  .option('--type-after <text>', 'type when the console has shown this, for example a prompt')
  .option('--diff', 'compare both machines at the last position that both reached')
  .option(
    '--verify',
    'after the run, replay it on a fresh machine and check all delivered outputs (on with --unsafe)',
  )
  .option('--diagram', 'after the run, draw it as a sequence diagram on stderr')
  .option(
    '--record <file>',
    'write the history of the last primary, for `vmft replay`; boot images of 64 KiB and more go into vmft-images beside it',
  )
  .option('--save-states <dir>', 'save both machines at the position of --diff, for `vmft diff`')
  .option(
    '--report <file>',
    'write a page that shows the run, for any browser; switches --verify on (docs/report.md)',
  )
  .option('--json', 'print one JSON document on stdout instead of the console output')
  .addOption(new Option('-q, --quiet', 'no events on stderr').conflicts('verbose'))
  .option('--strict', 'exit with code 6 when a requested fault was not triggered')
  .option('-v, --verbose', 'print every log entry and acknowledgement on stderr')
  .addHelpText(
    'after',
    `
stdout has exactly the released console output, each byte once; events go to stderr.

Examples:
  vmft run bank --crash primary@icount=100000 --diff </dev/null
  vmft run bank --spares 0 --crash primary@20ms --crash backup@60ms    both crash: lost
  vmft run dice --crash primary@output=10 --unsafe output-rule    what the rule prevents
  vmft run bank --crash primary@icount=100000 --report out.html </dev/null
  vmft run kv --clients 3 --pause primary@t=9ms+30ms
  vmft run primes --defsym LIMIT=1000000 --no-ft
  vmft run --kernel Image --initrd initrd --append console=ttyS0 --memory 128M --no-ft
  vmft run --kernel Image --symbols System.map --no-ft    names of functions for a raw image
  vmft run --bios fw_dynamic.bin --kernel Image --append root=/dev/vda --drive file=root.img
  vmft run -machine virt -bios none -kernel kernel -m 128M -nographic \\
    -drive file=fs.img,if=none,id=x0 -device virtio-blk-device,drive=x0,bus=virtio-mmio-bus.0      as on QEMU
  printf 'open me\\nquit\\n' | vmft run bank --quiet`,
  )
  .action(async (path: string | undefined, given: RunOptions) =>
    finish((await import('./run.ts')).run(path, given)),
  );

takesSymbols(takesEngine(program.command('replay')))
  .description('replay a recording, bit for bit')
  .argument('<log>', 'a file made by `vmft run --record`, `vmft record` or `vmft judge --record`')
  .option('--json', 'print one JSON document on stdout instead of the console output')
  .option('-q, --quiet', 'nothing on stderr')
  .addOption(
    new Option('--from <position>', `print only what comes after ${POSITION_FORMS}`).argParser(parsePosition),
  )
  .addOption(
    new Option('--to <position>', 'replay only up to there').argParser(parsePosition).conflicts('restore'),
  )
  .addOption(options.restore().conflicts('from'))
  .addHelpText(
    'after',
    '\nExamples:\n  vmft run dice --no-ft --record dice.log\n  vmft replay dice.log\n  vmft replay dice.log --restore 5    compares restored machines\n  vmft replay dice.log --from output=100 --to time=10ms\n  vmft replay kernel.log --symbols System.map    names what a stuck guest repeats',
  )
  .action(async (path: string, given: ReplayOptions) =>
    finish((await import('./replay.ts')).replay(path, given)),
  );

addForkCommand(program, finish);

takesSymbols(
  takesSpec(
    runs(
      program
        .command('debug')
        .description(
          'debug a recording, or a program as it runs on a simulated cluster, with gdb: also backwards',
        ),
    ),
  ),
)
  .option('--listen <address:port>', 'where gdb connects', '127.0.0.1:1234')
  .option('--input <file>', 'console input (default: the terminal, or stdin when it is none)')
  .option('--type-after <text>', 'type when the console has shown this, for example a prompt')
  .option('-f, --follow', 'a recording is still written: go on as it grows')
  .option('-q, --quiet', 'only the console output and errors')
  .addHelpText(
    'after',
    `
Instead of a program, a recording: a file made by "vmft run --record", "vmft record" or "vmft judge --record". In gdb,
all commands for recorded programs work: reverse-step, reverse-next, reverse-continue, reverse-finish, also to
breakpoints and watchpoints; "monitor help" lists more. The machine follows its log: nothing in it can be changed.

Examples:
  vmft debug kernel.elf --crash primary@20ms
  vmft run kernel.elf --crash primary@20ms --record kernel.log
  vmft debug kernel.log
  vmft debug kernel.log --follow          while kernel.log is written
  gdb-multiarch kernel.elf -ex 'target remote :1234'`,
  )
  .action(async (path: string | undefined, given: DebugOptions) =>
    finish((await import('./debugging/debug.ts')).debug(path, given).then(() => undefined)),
  );

addIndexCommand(program, finish);
addTraceCommand(program, finish);
addSymbolsCommand(program, finish);

addBisectCommands(program, finish);

takesEngine(program.command('judge'))
  .description('check the evidence of a run on real hosts, as the simulator checks its own runs')
  .argument('<dir>', 'the directory to which hosts, switch and storage wrote their evidence')
  .option('--group <name>', 'only this group')
  .option('--record <file>', 'write the history of the last primary, for `vmft replay`')
  .option('--json', 'print one JSON document on stdout instead of the verdict')
  .addHelpText(
    'after',
    `
The exit code is 0 when everything was checked and is right, 3 for a violation, 2 when evidence is missing or damaged.

Examples:
  vmft judge evidence
  vmft judge evidence --group kv --record kv.log
  vmft replay kv.log`,
  )
  .action(async (directory: string, given: JudgeOptions) =>
    finish((await import('./judge.ts')).judge(directory, given)),
  );

program
  .command('record')
  .description('record a protected VM while it runs on real hosts, out of the evidence that they write')
  .argument('<dir>', 'the directory to which the hosts write their evidence')
  .requiredOption('-o, --output <file>', 'the recording, for `vmft replay` and all other commands')
  .option('--group <name>', 'the VM; needed where the directory has several')
  .option('-f, --follow', 'go on until the VM has ended, or Ctrl-C')
  .addOption(options.limit())
  .option('-q, --quiet', 'nothing on stderr')
  .addHelpText(
    'after',
    `
The recording has the history of the machine that is live, from boot on. At a failover it goes on with the history of the
survivor, and what only the failed machine did is cut off. It can be read meanwhile, also with \`vmft index --follow\` and
\`vmft debug --follow\`. Nothing is asked of the hosts: they must have been started with --evidence.

The exit code is 0 when all there is was recorded, 2 when evidence is missing or damaged, 4 at --limit, 130 after Ctrl-C;
the recording can be replayed in each case.

Examples:
  vmft up bank --evidence evidence
  vmft record evidence -o bank.log --follow
  vmft debug bank.log --follow`,
  )
  .action(async (directory: string, given: RecordOptions) =>
    finish((await import('./record.ts')).record(directory, given)),
  );

program
  .command('log')
  .description('print the entries of a recording: the inputs of the machine, each with its step')
  .argument('<log>', 'a file made by `vmft run --record`, `vmft record` or `vmft judge --record`')
  .addOption(options.kinds())
  .addOption(new Option('--from <icount>', 'only from this step on').argParser(wholeNumber(0)).default(0))
  .addOption(
    new Option('--to <icount>', 'only up to this step')
      .argParser(wholeNumber(0))
      .default(Number.MAX_SAFE_INTEGER, 'the end'),
  )
  .addOption(
    new Option('--limit <n>', 'maximum number of entries')
      .argParser(wholeNumber(1))
      .default(Number.MAX_SAFE_INTEGER, 'all'),
  )
  .option('--json', 'one JSON document per line')
  .addHelpText(
    'after',
    `
Columns: the number of the entry, the step, the kind, and what it holds. Steps are those of --crash primary@icount=N.

Examples:
  vmft run bank --record bank.log </dev/null
  vmft log bank.log --kind console,entropy --limit 20
  vmft log bank.log --from 100000 --to 110000 --json`,
  )
  .action(async (path: string, given: LogOptions) => (await import('./log.ts')).log(path, given));

program
  .command('pack')
  .description('make one file of a recording and its boot images, to take it elsewhere')
  .argument('<log>', 'a file made by `vmft run --record`, `vmft record` or `vmft judge --record`')
  .requiredOption('-o, --output <file>', 'the file to write; - for stdout')
  .addHelpText(
    'after',
    `
Boot images of 64 KiB and more are not in a recording but in the directory vmft-images beside it, which all recordings
there share. The packed file needs no other, and is replayed in the same way; snapshots of the one are good for the other.

Examples:
  vmft pack debian.log -o elsewhere.log
  vmft pack debian.log -o - | ssh host 'cat > debian.log'`,
  )
  .action(async (path: string, given: PackOptions) => (await import('./pack.ts')).pack(path, given));

runs(
  program
    .command('compare')
    .description(
      'costs and recovery of each replication mode for a program: lockstep, and checkpoints of the state',
    ),
)
  .addOption(options.epochs())
  .addOption(options.links())
  .addOption(
    new Option('--crashes <n>', 'crashes of the primary in each setup, one per run')
      .argParser(wholeNumber(0, 1000))
      .default(10),
  )
  .addOption(options.seed('the seed of all randomness: the same seed gives the same table to the byte'))
  .addOption(options.maxSteps('stop a run after this many steps (default: no limit)'))
  .option(
    '--input <file>',
    'console input (default: stdin when it is not a terminal; `NAME.input` when that is empty)',
  )
  .addOption(options.clients())
  .option('--json', 'print one JSON document on stdout instead of the table')
  .option('-q, --quiet', 'show no progress')
  .addHelpText(
    'after',
    `
docs/compare.md explains the table.

Examples:
  vmft compare bank
  vmft compare kv --clients 3
  vmft compare primes --defsym LIMIT=1000000 --epochs 10 --links 1G`,
  )
  .action(async (path: string | undefined, given: CompareOptions) =>
    finish((await import('./compare.ts')).compare(path, given)),
  );

program
  .command('asm')
  .description('assemble a source file: print a listing, or write a raw image')
  .argument('<source>', 'a file in the syntax of GNU as, or the name of a bundled program')
  .option('-o, --output <file>', 'write a raw image that starts at 0x80000000')
  .addOption(options.defsym())
  .addOption(options.include())
  .addHelpText('after', '\nExamples:\n  vmft asm hello\n  vmft asm primes --defsym LIMIT=1000 -o primes.bin')
  .action(async (path: string, given: AsmOptions) => (await import('./listing.ts')).asm(path, given));

program
  .command('disasm')
  .description('print the instructions of a program, or of one instruction word')
  .argument(
    '<program>',
    'a .s source, an RV64 ELF, a raw image (.bin), the name of a bundled program, or a word like 0x00a50513',
  )
  .option('--no-aliases', 'canonical instructions only: `jalr zero, 0(ra)` instead of `ret`')
  .addOption(options.memory())
  .addOption(options.defsym())
  .addOption(options.include())
  .addOption(options.raw())
  .addHelpText('after', '\nExamples:\n  vmft disasm kv\n  vmft disasm 0x00a50513')
  .action(async (target: string, given: DisasmOptions) =>
    (await import('./listing.ts')).disasm(target, given),
  );

takesSymbols(
  program
    .command('diff')
    .description(
      'compare two saved machines: registers, CSRs, devices and memory pages; exit code 1 when they differ',
    )
    .argument('<a>', 'a file made by `vmft run --save-states`')
    .argument('<b>', 'another'),
)
  .addHelpText(
    'after',
    '\nExample:\n  vmft run bank --crash primary@icount=100000 --save-states states </dev/null\n  vmft diff states/primary.vm states/backup.vm',
  )
  .option('-q, --quiet', 'no table, only the exit code')
  .action(async (a: string, b: string, given: DiffOptions) =>
    finish((await import('./diff.ts')).diff(a, b, given)),
  );

program
  .command('demo')
  .description('a failover of the bank, explained step by step')
  .action(async () => finish((await import('./demo.ts')).demo()));

addChaosCommand(program, finish);

takesEngine(program.command('conformance'))
  .description('run conformance tests, each on a machine without fault tolerance, and report which pass')
  .argument('<folder>', 'a folder of ELF files that report their result in `tohost`, as riscv-tests do')
  .option('--only <pattern>', 'only programs with this in their names; * matches anything')
  .addOption(
    new Option('--max-steps <n>', 'stop a program after n steps')
      .argParser(wholeNumber(1))
      .default(10_000_000, '10 million'),
  )
  .addOption(
    new Option('--jobs <n>', 'worker threads (default: one per core)').argParser(wholeNumber(1, 256)),
  )
  .addOption(options.memory().default(16 << 20, '16M'))
  .option('--json', 'print one JSON document on stdout instead of the table')
  .option(
    '-q, --quiet',
    'print only programs that do not pass; show no progress (--json prints its document all the same)',
  )
  .addHelpText(
    'after',
    `
The exit code is 1 when one does not pass.

Examples:
  vmft conformance riscv-tests/isa
  vmft conformance riscv-tests/isa --only 'rv64ui-p-*'`,
  )
  .action(async (folder: string, given: ConformanceOptions) =>
    finish((await import('./conformance/conformance.ts')).conformance(folder, given)),
  );

program
  .command('story')
  .description('run a scenario with explanations, and check its expectations; without a name: list them')
  .argument('[name]', 'a bundled story, or a path to your own')
  .option('--diagram', 'draw a sequence diagram instead of printing the events')
  .option('-q, --quiet', 'print only failed expectations; of the list, only the names')
  .addHelpText(
    'after',
    '\nThe exit code is 3 when an expectation fails.\n\nExamples:\n  vmft story\n  vmft story primary-dies-before-output\n  vmft story my.story --diagram',
  )
  .action(async (name: string | undefined, given: StoryOptions) =>
    finish((await import('./play.ts')).story(name, given)),
  );

program
  .command('report')
  .description('write a page that shows a run, for any browser: of a scenario, or of real hosts')
  .argument('<story|dir>', 'a bundled story, a path to your own, or a folder of evidence (--evidence DIR)')
  .option('--group <name>', 'of the evidence only this group')
  .option('-o, --output <file>', 'the page (default: NAME.html, GROUP.html)')
  .option('-q, --quiet', 'print only what is wrong')
  .addHelpText(
    'after',
    `
The page is one file, and needs no network. For the run of a program: vmft run PROGRAM --report FILE.
Of evidence, it shows what has been written so far, with the verdict of \`vmft judge\`.
The exit code is 3 when an expectation fails, or for a violation; 2 when evidence is missing or damaged. The page is
written all the same.

Examples:
  vmft report primary-dies-before-output
  vmft report my.story -o my.html
  vmft report evidence
  vmft report evidence --group kv -o kv.html`,
  )
  .action(async (what: string, given: PageOptions) =>
    finish(await (await import('./report-page.ts')).report(what, given)),
  );

program
  .command('play')
  .description('serve the playground: the simulated cluster in a browser tab')
  .addOption(
    new Option('--port <n>', 'of 127.0.0.1; 0 for any that is free')
      .argParser(wholeNumber(0, 65_535))
      .default(DEFAULT_PORT),
  )
  .addHelpText(
    'after',
    `
It prints the address, and serves one page, which runs everything in the browser, until Ctrl-C. The same page is the file
dist/web/index.html, which needs no server (docs/playground.md).

Examples:
  vmft play
  vmft play --port 0`,
  )
  .action(async (given: PlayOptions) => finish((await import('./playground.ts')).servePlayground(given)));

addClusterCommands(program, finish);

// A hidden command, for `vmft help faults`.
const faults = program.command('faults', { hidden: true }).action(() => {
  process.stdout.write(faultHelp());
});
faults.helpInformation = faultHelp;

exitOnBrokenPipe();
endWithFailures(VMFT_VERSION);

async function main(): Promise<void> {
  try {
    await program.parseAsync(fromQemu(process.argv.slice(2)), { from: 'user' });
  } catch (error) {
    if (error instanceof CommanderError) {
      process.exitCode = error.exitCode === 0 ? 0 : EXIT_CODE.usage;
    } else process.exitCode = codeOf(error, VMFT_VERSION);
  }
}

void main();
