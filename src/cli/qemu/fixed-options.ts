/** QEMU options that choose a machine: accepted if they choose the only one that vmft has. */
import { type Command, InvalidArgumentError, Option } from 'commander';
import { parseProperties } from '../../vmm/guest/properties.ts';
import { argument } from './device-options.ts';

interface Fixed {
  flags: string;
  /** Whether the value describes this machine. */
  accepts: (value: string) => boolean;
  /** The error message otherwise. */
  otherwise: string;
}

const oneOf =
  (...values: string[]) =>
  (value: string) =>
    values.includes(value);

/** A check that the first property is `first`, and all others match `rest`. */
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
/** The CPU properties, by QEMU's names, that this hart has; all others are off. */
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
  { flags: '--accel <name>', accepts: exactly('accel', 'tcg'), otherwise: 'only tcg is supported.' },
  {
    flags: '--cpu <model>',
    accepts: isThisHart,
    otherwise: `the hart is rv64 with ${HAS.join(', ')}; no other extension can be switched on, and none of these off.`,
  },
  {
    flags: '--smp <n>',
    accepts: exactly('cpus', '1', { sockets: /^1$/, cores: /^1$/, threads: /^1$/, maxcpus: /^1$/ }),
    otherwise:
      'there is one hart: a log cannot record how several race for memory, so a backup could not replay it.',
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
    otherwise: "QEMU's virt machine has no card for it either; use --device virtio-net-device.",
  },
  { flags: '--net <model>', accepts: oneOf('none'), otherwise: 'use --device virtio-net-device.' },
  {
    flags: '--global <property>',
    accepts: (text) => /^virtio-mmio\.force-legacy=(off|false)$/.test(text),
    otherwise: 'virtio-mmio.force-legacy is always false, and no other property can be set.',
  },
];

/** Adds them to a command, hidden from its help. */
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

/** The names of those with a value. */
export const fixedNames: readonly string[] = fixed.map(({ flags }) => /^--(\S+)/.exec(flags)![1]!);
