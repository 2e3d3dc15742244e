/** QEMU's syntax of settings, such as `virtio-blk-device,drive=x0,bus=virtio-mmio-bus.0`. */
import { OperatingError } from '../../base/errors.ts';

/** The parsed value of an option. Settings keep their order. */
export interface Properties {
  /** As it was written. */
  text: string;
  /** The leading value without a name, where one is allowed: a driver, a type. */
  first: string | undefined;
  settings: Readonly<Record<string, string>>;
}

/**
 * Parses `FIRST,name=value,...`; a comma in a value is doubled. A name alone means `on`. `firstName` is the name that
 * the first value has when written out, such as `driver`; without it every value needs a name.
 * @throws {OperatingError} when a setting is given twice, or is empty
 */
export function parseProperties(text: string, firstName?: string): Properties {
  const parts = text
    .replaceAll(',,', '\0')
    .split(',')
    .map((part) => part.replaceAll('\0', ','));
  const settings: Record<string, string> = {};
  for (const [index, part] of parts.entries()) {
    const [name, value] = named(part, index === 0 ? firstName : undefined);
    if (name === '') throw new OperatingError('a setting is empty: there is a comma too many.');
    if (Object.hasOwn(settings, name)) throw new OperatingError(`"${name}" is given twice.`);
    settings[name] = value;
  }
  if (firstName === undefined) return { text, first: undefined, settings };
  const { [firstName]: first, ...rest } = settings;
  return { text, first, settings: rest };
}

function named(part: string, otherwise: string | undefined): [string, string] {
  const index = part.indexOf('=');
  if (index >= 0) return [part.slice(0, index), part.slice(index + 1)];
  return otherwise === undefined ? [part, part === '' ? '' : 'on'] : [part === '' ? '' : otherwise, part];
}

/** @throws {OperatingError} when a setting's name or value is not among the known ones */
export function checkSettings(
  { settings }: Pick<Properties, 'settings'>,
  known: Readonly<Record<string, RegExp>>,
  what: string,
): void {
  for (const [name, value] of Object.entries(settings)) {
    const pattern = Object.hasOwn(known, name) ? known[name] : undefined;
    if (!pattern)
      throw new OperatingError(`${what} has no "${name}" here; it has ${Object.keys(known).join(', ')}.`);
    if (!pattern.test(value)) throw new OperatingError(`"${name}=${value}" is not a valid setting.`);
  }
}
