/** Parsers of `--drive`, `--device`, `--netdev`, `--object` and `--chardev` with commander's error type. */
import { InvalidArgumentError } from 'commander';
import { OperatingError } from '../../base/errors.ts';
import * as qemu from '../../vmm/guest/device-options.ts';

/** Adapts a parser to commander: turns its {@link OperatingError} into an {@link InvalidArgumentError}. */
export const argument =
  <T>(parse: (text: string) => T) =>
  (text: string): T => {
    try {
      return parse(text);
    } catch (error) {
      if (error instanceof OperatingError) throw new InvalidArgumentError(error.message);
      throw error;
    }
  };

/** The value of `--drive`. */
export const parseDrive = argument(qemu.parseDrive);
/** The value of `--device`. */
export const parseDevice = argument(qemu.parseDevice);
/** The value of `--netdev`. */
export const parseNetdev = argument(qemu.parseNetdev);
/** The value of `--object`. */
export const parseObject = argument(qemu.parseObject);
/** The value of `--chardev`. */
export const parseChardev = argument(qemu.parseChardev);
