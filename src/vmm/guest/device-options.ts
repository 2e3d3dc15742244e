/** `--drive`, `--device`, `--netdev`, `--object` and `--chardev`, as QEMU takes them. */
import { OperatingError } from '../../base/errors.ts';
import { checkSettings, type Properties, parseProperties } from './properties.ts';

/** A file with a disk's initial content. */
export interface Drive {
  /** As given on the command line. */
  text: string;
  file: string;
  readOnly: boolean;
  /** The name by which a device refers to it. */
  id: string | undefined;
  /** `if=none`: for a device that refers to it. */
  forDevice: boolean;
}

const FORM = 'it has the form file=FILE[,format=raw][,readonly=on|off][,if=none,id=NAME]';

/** Parses a value of `--drive`. @throws {OperatingError} when it is not a drive of a raw image */
export function parseDrive(text: string): Drive {
  const given = parseProperties(text);
  const { settings } = given;
  if (settings.format !== undefined && settings.format !== 'raw')
    throw new OperatingError(
      `"format=${settings.format}" is not read here; make a raw image of it: qemu-img convert -O raw.`,
    );
  checkSettings(given, known, 'a drive');
  const { file, id } = settings;
  if (!file) throw new OperatingError(`no file is named; ${FORM}.`);
  return { text, file, readOnly: settings.readonly === 'on', id, forDevice: settings.if === 'none' };
}

const known = {
  file: /./,
  format: /^raw$/,
  readonly: /^(on|off)$/,
  id: /./,
  if: /^(none|virtio)$/,
  media: /^disk$/,
  // Accepted because the file is never written.
  snapshot: /^on$/,
  cache: /./,
};

/** A requested device. */
export interface DeviceRequest {
  /** As given on the command line. */
  text: string;
  driver: Driver;
  settings: Readonly<Record<string, string>>;
}

const ID = /^[A-Za-z][\w.-]*$/;
const common = { id: ID, bus: /./ };

/** The drivers of QEMU's virtio-mmio devices that this machine has, and of a console's port, with their properties. */
const drivers = {
  'virtio-blk-device': { ...common, drive: /./ },
  'virtio-net-device': { ...common, netdev: /./, mac: /^[\da-f]{2}(:[\da-f]{2}){5}$/i },
  'virtio-rng-device': { ...common, rng: /./ },
  'virtio-serial-device': common,
  virtconsole: { ...common, chardev: /./ },
} as const;
/** The name of a driver in `--device`. */
export type Driver = keyof typeof drivers;

const isDriver = (name: string): name is Driver => Object.hasOwn(drivers, name);

/** Parses a value of `--device`. @throws {OperatingError} for an unknown device or property */
export function parseDevice(text: string): DeviceRequest {
  const given = parseProperties(text, 'driver');
  const { first = '' } = given;
  if (!isDriver(first)) {
    const onMmio = first.replace(/-pci$/, '-device');
    const hint =
      onMmio !== first && isDriver(onMmio)
        ? `there is no PCI here; ${onMmio} is the same on virtio-mmio`
        : `they are ${Object.keys(drivers).join(', ')}`;
    throw new OperatingError(`"${first}" is no device of this machine; ${hint}.`);
  }
  checkSettings(given, drivers[first], first);
  return { text, driver: first, settings: given.settings };
}

/** A device's back end, named by an id: a network, a source of randomness, a terminal. */
export interface Backend {
  text: string;
  id: string;
}

const backend = (what: string, types: RegExp, properties: Readonly<Record<string, RegExp>>) => {
  const refuse = (given: Properties): never => {
    throw new OperatingError(`"${given.first ?? ''}" is no ${what} here; ${hints[what]}.`);
  };
  return (text: string): Backend => {
    const given = parseProperties(text, 'type');
    if (!types.test(given.first ?? '')) refuse(given);
    if (given.settings.hostfwd !== undefined || given.settings.guestfwd !== undefined)
      throw new OperatingError(
        'nothing is forwarded: the network is simulated, and its clients come from --clients.',
      );
    checkSettings(given, { id: ID, ...properties }, what);
    const { id } = given.settings;
    if (id === undefined) throw new OperatingError(`the ${what} needs a name: id=NAME.`);
    return { text, id };
  };
};

const hints: Record<string, string> = {
  network: 'there is `user`, the simulated one',
  'source of randomness': 'there are rng-random and rng-builtin, and both are the door for entropy',
  terminal: 'there is `stdio`',
};

/** Parses a value of `--netdev`. @throws {OperatingError} for an unknown type or property */
export const parseNetdev = backend('network', /^user$/, {});
/** Parses a value of `--object`. @throws {OperatingError} for an unknown type or property */
export const parseObject = backend('source of randomness', /^rng-(random|builtin)$/, { filename: /./ });
/** Parses a value of `--chardev`. @throws {OperatingError} for an unknown type or property */
export const parseChardev = backend('terminal', /^stdio$/, { mux: /^(on|off)$/, signal: /^(on|off)$/ });
