/** `--drive`, `--device`, `--netdev`, `--object` and `--chardev`: what is wrong with one is commander's to show. */
import { InvalidArgumentError } from 'commander';
import { OperatingError } from '../../base/errors.ts';
import * as qemu from '../../vmm/guest/device-options.ts';

/** Makes a parser one of commander's. */
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

export const parseDrive = argument(qemu.parseDrive);
export const parseDevice = argument(qemu.parseDevice);
export const parseNetdev = argument(qemu.parseNetdev);
export const parseObject = argument(qemu.parseObject);
export const parseChardev = argument(qemu.parseChardev);
