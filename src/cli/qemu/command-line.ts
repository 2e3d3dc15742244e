/** Accepts QEMU's spelling of options, with one dash, so that QEMU command lines can be pasted. */
import { fixedNames } from './fixed-options.ts';

/** QEMU options with a value that have the same name here, with two dashes. */
const NAMES: ReadonlySet<string> = new Set([
  ...['kernel', 'initrd', 'append', 'bios', 'drive', 'device', 'netdev', 'object', 'chardev'],
  ...fixedNames,
]);

/** Adds the unit to QEMU's size in MiB; other forms are checked by the option itself. */
const memory = (size: string): string => {
  const text = size.replace(/^size=/, '');
  return /^\d+$/.test(text) ? `${text}M` : text;
};

/** Converts arguments to vmft's spelling: `-kernel x` to `--kernel x`, `-m 128` to `--memory 128M`. */
export function fromQemu(args: readonly string[]): string[] {
  const out: string[] = [];
  for (let index = 0; index < args.length; index++) {
    const arg = args[index]!;
    // No options follow.
    if (arg === '--') return [...out, ...args.slice(index)];
    const name = arg === '-M' ? 'machine' : arg.slice(1);
    if (arg === '-nographic') out.push('--nographic');
    else if (arg === '-m') {
      out.push('--memory');
      if (index + 1 < args.length) out.push(memory(args[++index]!));
    } else if (/^-[A-Za-z]/.test(arg) && NAMES.has(name)) {
      out.push(`--${name}`);
      // A value may look like an option.
      if (index + 1 < args.length) out.push(args[++index]!);
    } else out.push(arg);
  }
  return out;
}
