/** `virtio-blk-device,drive=x0,bus=virtio-mmio-bus.0`: how QEMU writes settings down. */
import { OperatingError } from '../../base/errors.ts';

/** What an option says. Both are in the order in which they were given. */
export interface Properties {
  /** As it was written. */
  text: string;
  /** What comes first without a name, where that is understood: a driver, a type. */
  first: string | undefined;
  settings: Readonly<Record<string, string>>;
}

/**
 * Takes `FIRST,name=value,...` apart; a comma in a value is written twice. A name alone switches on. `firstName` is the name that the
 * first one has when it is written out, like `driver`; without it each has to have its name.
 * @throws {OperatingError} when something is said twice, or nothing
 */
export function parseProperties(text: string, firstName?: string): Properties {
  const parts = text
    .replaceAll(',,', '\0')
    .split(',')
    .map((part) => part.replaceAll('\0', ','));
  const settings: Record<string, string> = {};
  for (const [index, part] of parts.entries()) {
    const [name, value] = named(part, index === 0 ? firstName : undefined);
    if (name === '') throw new OperatingError('something is missing beside a comma.');
    if (Object.hasOwn(settings, name)) throw new OperatingError(`"${name}" is said twice.`);
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

/** Refuses settings whose names or values are not among these. @throws {OperatingError} */
export function mustKnow(
  { settings }: Pick<Properties, 'settings'>,
  known: Readonly<Record<string, RegExp>>,
  what: string,
): void {
  for (const [name, value] of Object.entries(settings)) {
    const pattern = Object.hasOwn(known, name) ? known[name] : undefined;
    if (!pattern)
      throw new OperatingError(`${what} has no "${name}" here; it has ${Object.keys(known).join(', ')}.`);
    if (!pattern.test(value)) throw new OperatingError(`"${name}=${value}" is not understood.`);
  }
}
