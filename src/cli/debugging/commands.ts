/** The commands that look into recordings, as commander declares them. */
import { type Command, InvalidArgumentError, Option } from 'commander';
import { modes } from '../../debug/trace/events.ts';
import { instructionKinds } from '../../debug/trace/instruction.ts';
import { takesEngine } from '../engine.ts';
import { options, wholeNumber } from '../options.ts';
import type { IndexOptions } from './index-recording.ts';
import type { SymbolsOptions } from './kernel-symbols.ts';
import { takesSymbols } from './options.ts';
import { POSITION_FORMS, parsePosition } from './position.ts';
import { logItems, type TraceOptions } from './trace-options.ts';

/** A parser of a list of some of these words, separated by commas. */
const someOf =
  <T extends string>(words: readonly T[], what: string) =>
  (text: string): T[] =>
    text.split(',').map((word) => {
      const found = words.find((one) => one.toLowerCase() === word.trim().toLowerCase());
      if (found === undefined)
        throw new InvalidArgumentError(`"${word}" is no ${what}; there are ${words.join(', ')}.`);
      return found;
    });

const collect = (text: string, before: string[] = []): string[] => [...before, text];

/** Declares `vmft index`. `finish` sets the exit code. */
export function addIndexCommand(
  program: Command,
  finish: (code: Promise<number | undefined>) => Promise<void>,
): void {
  takesEngine(program.command('index'))
    .description(
      'write snapshots of a recording beside it, from which `vmft debug` reaches any position at once',
    )
    .argument('<log>', 'a file made by `vmft run --record`, `vmft record` or `vmft judge --record`')
    .addOption(options.keep())
    .option(
      '-f, --follow',
      'go on while the recording grows, until it is complete or Ctrl-C; the file is replaced now and then',
    )
    .option('-q, --quiet', 'nothing on stderr')
    .addHelpText(
      'after',
      `
The file is LOG.snapshots. It holds nothing that a replay does not give: it can be removed, and made again.

Examples:
  vmft index kernel.log
  vmft index kernel.log --keep 128M       fewer snapshots: a position takes longer to reach
  vmft index kernel.log --follow          beside the \`vmft run --record kernel.log\` that writes it`,
    )
    .action(async (path: string, given: IndexOptions) =>
      finish((await import('./index-recording.ts')).index(path, given)),
    );
}

/** Declares `vmft trace`. `finish` sets the exit code. */
export function addTraceCommand(
  program: Command,
  finish: (code: Promise<number | undefined>) => Promise<void>,
): void {
  takesSymbols(
    program
      .command('trace')
      .description(
        'print what the guest of a recording executed: instructions, with what they changed, and traps',
      )
      .argument('<log>', 'a file made by `vmft run --record`, `vmft record` or `vmft judge --record`'),
  )
    .addOption(new Option('--from <icount>', 'only from this step on').argParser(wholeNumber(0)).default(0))
    .addOption(
      new Option('--to <icount>', 'only up to this step')
        .argParser(wholeNumber(0))
        .default(Number.MAX_SAFE_INTEGER, 'the end'),
    )
    .addOption(
      new Option(
        '--pc <range>',
        'only instructions at these addresses: ADDRESS, FIRST..LAST, or a symbol, which is all of a function (repeatable)',
      ).argParser(collect),
    )
    .addOption(
      new Option('--memory <range>', 'only instructions that access these addresses (repeatable)').argParser(
        collect,
      ),
    )
    .addOption(
      new Option('--mode <mode,...>', `only instructions in these modes: ${modes.join(', ')}`).argParser(
        someOf(modes, 'mode'),
      ),
    )
    .addOption(
      new Option(
        '--kind <kind,...>',
        `only instructions of these kinds: ${instructionKinds.join(', ')}`,
      ).argParser(someOf(instructionKinds, 'kind of instruction')),
    )
    .addOption(
      new Option('--limit <n>', 'maximum number of events')
        .argParser(wholeNumber(1))
        .default(Number.MAX_SAFE_INTEGER, 'all'),
    )
    .addOption(
      new Option(
        '-d <item,...>',
        'instead, as QEMU: `in_asm` each block of code when it is first executed, `int` exceptions and interrupts, `exec` each block that is executed',
      ).argParser(someOf(logItems, 'item')),
    )
    .option('--json', 'one JSON document per line')
    .option(
      '--profile <file>',
      'instead, write how many instructions each function executed, by its callers, for flame graphs: folded stacks, or a document of speedscope if the name ends with .json',
    )
    .option('--pcap <file>', "instead, write the guest's Ethernet frames in both directions as pcapng")
    .addHelpText('after', HELP)
    .action(async (path: string, given: TraceOptions) =>
      finish((await import('./trace.ts')).trace(path, given)),
    );
}

/** Declares `vmft symbols`. `finish` sets the exit code. */
export function addSymbolsCommand(
  program: Command,
  finish: (code: Promise<number | undefined>) => Promise<void>,
): void {
  takesEngine(program.command('symbols'))
    .description("write the symbols of a Linux guest's kernel, from the table that it carries in its memory")
    .argument('<guest>', 'a recording, a program such as `debian`, or a kernel: an Image, also compressed')
    .addOption(
      new Option(
        '--at <position>',
        `the position in a recording: ${POSITION_FORMS} (default: end)`,
      ).argParser(parsePosition),
    )
    .option('-o, --output <file>', 'an ELF file if its name ends with .elf, else a System.map', '-')
    .option('-q, --quiet', 'nothing on stderr')
    .addHelpText('after', SYMBOLS_HELP)
    .action(async (path: string, given: SymbolsOptions) =>
      finish((await import('./kernel-symbols.ts')).symbols(path, given)),
    );
}

const SYMBOLS_HELP = `
The kernel need not have been compiled for debugging: it carries this table for its own messages (CONFIG_KALLSYMS). From
a recording the addresses are those at which it runs. Modules have their symbols elsewhere: not in this table.

Examples:
  vmft run debian --memory 160M --max-steps 300000000 --record boot.log </dev/null
  vmft symbols boot.log -o kernel.elf
  gdb-multiarch kernel.elf -ex 'target remote :1234'
  vmft symbols debian -o System.map
  vmft trace boot.log --symbols System.map -d int --limit 20`;

const HELP = `
A line has the step, the mode, the address, with --symbols its name, the instruction, and the registers, CSRs and memory
that it changed. Exceptions, interrupts, log entries and outputs have lines of their own at their positions; with --pc,
--memory, --mode or --kind only the exceptions of the instructions that are chosen. What devices and page-table walks
write to memory is not shown.

Examples:
  vmft run bank --record bank.log </dev/null
  vmft trace bank.log --symbols bank --limit 30
  vmft trace bank.log --symbols bank --pc putc --kind store,branch
  vmft trace bank.log --from 100000 --to 100100 --json
  vmft trace kernel.log --symbols System.map -d int
  vmft trace bank.log --symbols bank --profile bank.folded
  vmft trace bank.log --symbols bank --profile bank.json && npx speedscope bank.json
  vmft trace kv.log --pcap kv.pcapng`;
