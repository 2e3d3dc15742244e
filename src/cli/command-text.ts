/** Command lines, as text that can be typed: what a report names so that a run can be seen again. */
import type { ProgramOptions } from './program.ts';

/** An option with its value, if it has one. */
export const given = (name: string, value: string | number | undefined): string[] =>
  value === undefined ? [] : [name, String(value)];

/** The arguments that say which guest runs on which machine, but for its memory and its input. */
export const guestArguments = (path: string | undefined, options: ProgramOptions): string[] => [
  ...(path === undefined ? [] : [path]),
  ...given('--kernel', options.kernel),
  ...given('--initrd', options.initrd),
  ...given('--append', options.append),
  ...given('--bios', options.bios),
  ...deviceArguments(options),
  ...(options.console === 'virtio' ? ['--console', 'virtio'] : []),
  ...(options.clock === 'derived' ? ['--clock', 'derived'] : []),
  ...(options.include ?? []).flatMap((folder) => ['--include', folder]),
  ...(options.raw ? ['--raw'] : []),
  ...(options.defsym ?? []).flatMap(([name, value]) => ['--defsym', `${name}=${value}`]),
];

/** The options that ask for devices. */
function deviceArguments(options: ProgramOptions): string[] {
  const { drive = [], netdev = [], object = [], chardev = [], device = [], diskSize } = options;
  const all = Object.entries({ drive, netdev, object, chardev, device });
  return [
    ...all.flatMap(([name, given]) => given.flatMap(({ text }) => [`--${name}`, text])),
    ...(diskSize === undefined ? [] : ['--disk-size', sizeText(diskSize)]),
  ];
}

/** A size as `--memory` reads it. */
export const sizeText = (sizeBytes: number): string =>
  sizeBytes > 0 && sizeBytes % 2 ** 20 === 0
    ? `${sizeBytes / 2 ** 20}M`
    : `${sizeBytes / 1024}K`.replace(/^0K$/, '0');

/** A command line that a shell takes apart into these arguments. */
export const shellText = (args: readonly string[]): string =>
  ['vmft', ...args]
    .map((arg) => (/^[\w@%+=:,./-]+$/.test(arg) ? arg : `'${arg.replaceAll("'", "'\\''")}'`))
    .join(' ');
