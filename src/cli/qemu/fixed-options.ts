/** Options of QEMU's that choose among machines. There is one machine here: they are accepted when they choose it. */
import { type Command, InvalidArgumentError, Option } from 'commander';
import { parseProperties } from '../../vmm/guest/properties.ts';
import { argument } from './device-options.ts';

interface Fixed {
  flags: string;
  /** Whether the value is what this machine is. */
  accepts: (value: string) => boolean;
  /** What to say otherwise. */
  otherwise: string;
}

const oneOf =
  (...values: string[]) =>
  (value: string) =>
    values.includes(value);

/** Whether the first is `first`, and all the others are as in `rest`. */
const exactly =
  (firstName: string, first: string, rest: Readonly<Record<string, RegExp>> = {}) =>
  (text: string): boolean => {
    const given = parseProperties(text, firstName);
    return (
      given.first === first &&
      Object.entries(given.settings).every(([name, value]) => rest[name]?.test(value) ?? false)
    );
  };

const ON = /^(on|true|yes)$/;
const OFF = /^(off|false|no)$/;
/** Of the CPU's properties, as QEMU names them, those that this hart has; any other is off. */
const HAS = ['g', 'i', 'm', 'a', 'f', 'd', 'c', 's', 'u', 'mmu', 'pmp', 'sstc'].concat([
  'zba',
  'zbb',
  'zbs',
  'zkr',
  'Counters',
  'Zifencei',
  'Zicsr',
]);

const isThisHart = (text: string): boolean => {
  const { first, settings } = parseProperties(text, 'model');
  return (
    first === 'rv64' &&
    Object.entries(settings).every(([name, value]) => (HAS.includes(name) ? ON : OFF).test(value))
  );
};

const fixed: readonly Fixed[] = [
  {
    flags: '--machine <type>',
    accepts: exactly('type', 'virt', { accel: /^tcg$/, aclint: OFF, aia: /^none$/ }),
    otherwise: 'the machine is `virt`, without options.',
  },
  { flags: '--accel <name>', accepts: exactly('accel', 'tcg'), otherwise: 'there is no other than tcg.' },
  {
    flags: '--cpu <model>',
    accepts: isThisHart,
    otherwise: `the hart is rv64 with ${HAS.join(', ')}; no other extension can be switched on, and none of these off.`,
  },
  {
    flags: '--smp <n>',
    accepts: exactly('cpus', '1', { sockets: /^1$/, cores: /^1$/, threads: /^1$/, maxcpus: /^1$/ }),
    otherwise:
      'there is one hart: how several race for memory is no input that a log could hold, so a backup could not follow.',
  },
  {
    flags: '--serial <device>',
    accepts: oneOf('stdio', 'mon:stdio'),
    otherwise: 'the UART is on stdin and stdout.',
  },
  { flags: '--display <type>', accepts: oneOf('none'), otherwise: 'there is no display.' },
  { flags: '--vga <type>', accepts: oneOf('none'), otherwise: 'there is no display.' },
  { flags: '--monitor <device>', accepts: oneOf('none', 'null'), otherwise: 'there is no monitor.' },
  {
    flags: '--nic <model>',
    accepts: oneOf('none'),
    otherwise: "QEMU's virt machine makes no card of it either; take --device virtio-net-device.",
  },
  { flags: '--net <model>', accepts: oneOf('none'), otherwise: 'take --device virtio-net-device.' },
  {
    flags: '--global <property>',
    accepts: (text) => /^virtio-mmio\.force-legacy=(off|false)$/.test(text),
    otherwise: 'virtio-mmio.force-legacy=false is how it is, and no other property can be set.',
  },
];

/** Adds them to a command, out of sight of its help. */
export function takesFixed(command: Command): Command {
  for (const { flags, accepts, otherwise } of fixed)
    command.addOption(
      new Option(flags)
        .argParser(
          argument((text) => {
            if (!accepts(text)) throw new InvalidArgumentError(otherwise);
            return text;
          }),
        )
        .hideHelp(),
    );
  return command.addOption(new Option('--nographic').hideHelp());
}

/** The names of those that take a value. */
export const fixedNames: readonly string[] = fixed.map(({ flags }) => /^--(\S+)/.exec(flags)![1]!);
