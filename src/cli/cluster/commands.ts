/** The commands for protected VMs on real processes. */
import { type Command, Option } from 'commander';
import { options, takesGuest, wholeNumber } from '../options.ts';
import { DEFAULT_DIRECTORY, logFormats } from './names.ts';

type Finish = (code: number | undefined | Promise<number | undefined>) => Promise<void>;

const dir = () => new Option('--dir <dir>', 'the directory of the cluster').default(DEFAULT_DIRECTORY);
const group = () => new Option('--group <name>', 'the VM; needed where the cluster runs several');
const collect = (value: string, before: string[] = []): string[] => [...before, value];
const forward = () =>
  new Option(
    '--forward <ports>',
    "[ADDRESS:]PORT:GUESTPORT[/udp]: connections to this machine's port lead to the guest's, through passt (repeatable)",
  ).argParser(collect);
const store = () =>
  new Option(
    '--store <etcd:url,...>',
    'keep generations in etcd, with these client URLs (default: in the storage process)',
  );
const disk = () =>
  new Option(
    '--disk <nbd:server,node=name>',
    "the guest's disk is this block node of qemu-storage-daemon, at the address or socket of its NBD server (default: in the storage process)",
  );
const qmp = () =>
  new Option(
    '--qmp <host=address>',
    'a QMP monitor of that daemon, for one host; needed for each with --disk nbd: (repeatable)',
  ).argParser(collect);
const evidence = () =>
  new Option(
    '--evidence <dir>',
    'write down what happens, for `vmft judge`: it grows as long as the VM runs',
  );
const log = () =>
  new Option('--log <format>', 'what it prints on stderr').choices(logFormats).default('text');

/** Adds them to the program. */
export function addClusterCommands(program: Command, finish: Finish): void {
  addUp(program, finish);
  addOperators(program, finish);
  addServices(program, finish);
}

const takesVm = (command: Command): Command =>
  takesGuest(command)
    .addOption(options.backups())
    .option('--group <name>', 'the name of the VM (default: that of the program)');

/** Long: its options and examples. */
function addUp(program: Command, finish: Finish): void {
  takesVm(program.command('up'))
    .description('run a program, or boot a kernel, under fault tolerance on real processes of this machine')
    .addOption(dir())
    .addOption(
      new Option('--hosts <n>', 'processes that can run the VM: primary, backups, and spares')
        .argParser(wholeNumber(1, 16))
        .default(3),
    )
    .addOption(forward())
    .option('--outside', 'let the guest reach the network of this machine, through passt')
    .addOption(
      new Option(
        '--tap <name[=address/bits]>',
        "a TAP device on the guest's network, through socat (repeatable)",
      ).argParser(collect),
    )
    .addOption(
      new Option(
        '--stream <path>',
        'a socket, or ADDRESS:PORT, for machines with `-netdev stream` of QEMU (repeatable)',
      ).argParser(collect),
    )
    .addOption(store())
    .addOption(disk())
    .addOption(qmp())
    .option('-d, --detach', 'return when the VM runs; `vmft down` ends it')
    .addOption(
      new Option(
        '--metrics <port>',
        'serve figures for Prometheus: those of storage at this port, of the switch at the next, then of the hosts',
      ).argParser(wholeNumber(1, 65_000)),
    )
    .addOption(log())
    .addOption(evidence())
    .option('--no-restart', 'leave processes that have died as they are')
    .addHelpText(
      'after',
      `
Starts a process for storage, one for the switch, and one for each host; restarts those that die. Ctrl-C ends them all,
as the end of the guest does, and removes the directory.

Examples:
  vmft up bank                      in another terminal: vmft console, vmft crash primary, vmft status --watch
  vmft up kv --hosts 3 --detach     runs until \`vmft down\`
  vmft up --kernel Image --initrd initrd --append console=ttyS0 --device virtio-net-device --forward 8080:80`,
    )
    .action(async (path: string | undefined, given) => finish((await import('./up.ts')).up(path, given)));

  program
    .command('down')
    .description('end the processes that `vmft up` has started, and remove their directory')
    .addOption(dir())
    .addHelpText('after', '\nExamples:\n  vmft down\n  vmft down --dir /tmp/other')
    .action(async (given) => finish((await import('./down.ts')).down(given)));
}

/** Long: the options and examples of several commands. */
function addOperators(program: Command, finish: Finish): void {
  program
    .command('status')
    .description('the hosts of a cluster and what its VMs do')
    .addOption(dir())
    .option('-w, --watch', 'show it again every half second')
    .option('--json', 'print one JSON document (with --watch: one a line)')
    .addHelpText(
      'after',
      '\nThe exit code is 5 when a VM has no primary.\n\nExamples:\n  vmft status\n  vmft status --watch',
    )
    .action(async (given) => finish((await import('./status.ts')).status(given)));

  program
    .command('crash')
    .description('kill the process of a host by SIGKILL')
    .argument('<who>', '`primary`, `backup`, or the name of a host')
    .addOption(dir())
    .addOption(group())
    .addHelpText('after', '\nExamples:\n  vmft crash primary\n  vmft crash b')
    .action(async (who: string, given) => finish((await import('./operate.ts')).crash(who, given)));

  program
    .command('move')
    .description("make a backup the primary, in order: nothing is lost and the guest's pause is short")
    .addOption(dir())
    .addOption(group())
    .option('--to <host>', 'which backup (default: the first)')
    .addHelpText(
      'after',
      '\nThe exit code is 1 when it does not become the primary.\n\nExamples:\n  vmft move\n  vmft move --to c',
    )
    .action(async (given) => finish((await import('./operate.ts')).move(given)));

  program
    .command('console')
    .description("connect this terminal, or stdin and stdout, to a guest's console")
    .addOption(dir())
    .addOption(group())
    .addHelpText(
      'after',
      '\nOn a terminal, Ctrl-A x detaches. Piped input is typed, and the command ends with the guest.\n\nExamples:\n  vmft console\n  vmft console --group bank < input.txt',
    )
    .action(async (given) => finish((await import('./console.ts')).console(given)));

  takesVm(program.command('start'))
    .description('start another VM on the hosts of a cluster')
    .addOption(dir())
    .addHelpText(
      'after',
      '\nThe hosts with the fewest VMs run it. Its network is in the configuration file of the cluster.\n\nExamples:\n  vmft start kv --group g2\n  vmft start bank --backups 2',
    )
    .action(async (path: string | undefined, given) =>
      finish((await import('./start.ts')).start(path, given)),
    );

  program
    .command('remove')
    .description('end a VM, and forget it and its disk')
    .argument('<group>', 'the name of the VM')
    .addOption(dir())
    .addHelpText('after', '\nExamples:\n  vmft remove g2')
    .action(async (name: string, given) => finish((await import('./operate.ts')).remove(name, given)));
}

/** Long: the options and examples of several commands. */
function addServices(program: Command, finish: Finish): void {
  program
    .command('init')
    .description('make the key and the configuration of a cluster on several machines')
    .addOption(dir())
    .option('--storage <address:port>', 'where `vmft storage` will listen; needed unless --store has etcd')
    .requiredOption('--switch <address:port>', 'where `vmft switch` will listen')
    .addOption(
      new Option('--host <name=address:port>', 'where a `vmft host` will listen (repeatable)')
        .argParser(collect)
        .makeOptionMandatory(),
    )
    .addOption(store())
    .addOption(disk())
    .addOption(qmp())
    .addHelpText(
      'after',
      `
Copy the directory to each machine, safely: who has the key is trusted by all processes. Then start them.

Example:
  vmft init --storage 10.0.0.9:7000 --switch 10.0.0.9:7001 \\
    --host a=10.0.0.1:7100 --host b=10.0.0.2:7100 --host c=10.0.0.3:7100
  vmft storage & vmft switch &      on 10.0.0.9
  vmft host --name a                on 10.0.0.1, and likewise on the others
  vmft start kv --group g1          anywhere`,
    )
    .action(async (given) => finish((await import('./init.ts')).init(given)));

  const service = (name: string, description: string) =>
    program
      .command(name)
      .description(description)
      .addOption(dir())
      .option('--listen <address>', 'the address to listen on (default: that of the configuration)')
      .option('--metrics <address:port>', 'serve figures for Prometheus there, at /metrics')
      .addOption(evidence())
      .addOption(log());
  const ends = 'SIGTERM and Ctrl-C end it.';
  service('storage', 'the process of a cluster that stores generations and disks')
    .addHelpText(
      'after',
      `\n${ends} What it has acknowledged survives a crash.\n\nExamples:\n  vmft storage --log json`,
    )
    .action(async (given) => finish((await import('./service.ts')).storage(given)));
  service('switch', 'the process of a cluster that has the consoles and networks of its guests')
    .addHelpText(
      'after',
      `\n${ends} The guests go on, and wait for it with their outputs.\n\nExamples:\n  vmft switch`,
    )
    .action(async (given) => finish((await import('./service.ts')).switchService(given)));
  service('host', 'a process of a cluster that runs machines')
    .requiredOption('--name <name>', 'which host of the configuration it is')
    .addHelpText(
      'after',
      `\n${ends} It moves primaries to their backups first.\n\nExamples:\n  vmft host --name a`,
    )
    .action(async (given) => finish((await import('./service.ts')).host(given)));
}
