/** Command lines that reproduce a run, as text for a shell. */
import type { ProgramOptions } from './program.ts';

/** An option with its value, if it has one. */
export const given = (name: string, value: string | number | undefined): string[] =>
  value === undefined ? [] : [name, String(value)];

/** The arguments for the guest and its machine, without memory and input. */
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

/** The device options. */
function deviceArguments(options: ProgramOptions): string[] {
  const { drive = [], netdev = [], object = [], chardev = [], device = [], diskSize } = options;
  const all = Object.entries({ drive, netdev, object, chardev, device });
  return [
    ...all.flatMap(([name, given]) => given.flatMap(({ text }) => [`--${name}`, text])),
    ...(diskSize === undefined ? [] : ['--disk-size', sizeText(diskSize)]),
  ];
}

/** A size in the syntax of `--memory`. */
export const sizeText = (sizeBytes: number): string =>
  sizeBytes > 0 && sizeBytes % 2 ** 20 === 0
    ? `${sizeBytes / 2 ** 20}M`
    : `${sizeBytes / 1024}K`.replace(/^0K$/, '0');
