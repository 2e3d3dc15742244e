/**
 * The virtio slots of the requested devices. A device that names a bus, `bus=virtio-mmio-bus.N`, gets slot N; any other
 * gets the highest free slot, because QEMU's bus search finds the slot that was created last first. Devices are placed
 * in the order in which they are given, so a slot can be taken before it is named.
 *
 * A `--drive` that no device refers to is a disk in slot 0, where kernels written for QEMU's `virt` machine expect
 * their only disk. On QEMU such a drive is in no slot: alone it has no device, and with `if=virtio` it is on PCI, which
 * this machine does not have.
 */
import { OperatingError } from '../../base/errors.ts';
import { SECTOR_BYTES } from '../../devices/device.ts';
import { sectorsOf, type VirtioDescription, virtioOf } from '../description.ts';
import { VIRTIO_SLOTS } from '../memory-map.ts';
import { type Backend, type DeviceRequest, type Drive, parseDevice } from './device-options.ts';

/** The options that request devices, named as on QEMU's command line. */
export interface DeviceOptions {
  drive?: Drive[];
  device?: DeviceRequest[];
  netdev?: Backend[];
  object?: Backend[];
  chardev?: Backend[];
  /** The size of an initially empty disk in slot 0, in bytes; 0 for no disk, whatever the guest file names. */
  diskSize?: number;
  console?: 'uart' | 'virtio';
  /** The number of simulated clients; with any there is a network card. */
  clients?: number;
  /** From the program's guest file: each is used when no other device of its kind is requested. */
  own?: { devices: DeviceRequest[]; diskSize?: number };
}

/** The devices in their slots, with the content of disks. */
export interface Placement {
  virtio: (VirtioDescription | undefined)[];
  /** The initial content of the disks, concatenated in the order of their slots. */
  diskContent: Uint8Array;
  /** The file of each disk, in the order of their slots; undefined for a disk of zeros. */
  diskFiles: (string | undefined)[];
}

/** The slot of a disk for which no device was named. */
const DISK_SLOT = 0;
const BUS = 'virtio-mmio-bus.';
/** The address that QEMU gives its first card. */
const MAC = Uint8Array.of(0x52, 0x54, 0x00, 0x12, 0x34, 0x56);

const kinds = {
  'virtio-blk-device': 'blk',
  'virtio-net-device': 'net',
  'virtio-rng-device': 'entropy',
  'virtio-serial-device': 'console',
} as const;

/** The bytes of a file. @throws {OperatingError} when it can't be read */
export type ReadFile = (name: string) => Uint8Array;

/**
 * Assigns the requested devices to slots.
 * @param read gives the initial content of disks
 * @throws {OperatingError} when a device's slot is taken or does not exist, it refers to nothing, or its kind exists
 * already
 */
export function placeDevices(options: DeviceOptions, read: ReadFile): Placement {
  const { device = [] } = options;
  checkReferences(options);
  const slots = new Slots();
  const disk = diskWithoutDevice(options, read);
  if (disk) slots.put(disk, { at: DISK_SLOT, what: 'the disk that no device was named for' });
  const place = (request: DeviceRequest) => placeRequest(slots, request, options, read);
  for (const request of device) place(request);
  const isMissing = (kind: VirtioDescription['kind']) => !slots.has(kind);
  for (const request of options.own?.devices ?? [])
    if (request.driver !== 'virtconsole' && isMissing(kinds[request.driver])) place(request);
  if (options.console === 'virtio' && isMissing('console')) place(CONSOLE);
  if ((options.clients ?? 0) > 0 && isMissing('net')) place(CARD);
  return slots.placement();
}

const CONSOLE = parseDevice('virtio-serial-device');
const CARD = parseDevice('virtio-net-device');

/** A disk, and its initial content. */
interface DiskInSlot {
  device: VirtioDescription & { kind: 'blk' };
  content: Uint8Array;
  file?: string;
}
type InSlot =
  | DiskInSlot
  | { device: Exclude<VirtioDescription, { kind: 'blk' }>; content?: undefined; file?: undefined };

/**
 * The initial content of the disks, concatenated in the order of their slots.
 * @param contents of each disk, in the same order; zeros follow
 */
export function diskContentOf(
  virtio: (VirtioDescription | undefined)[],
  contents: readonly Uint8Array[],
): Uint8Array {
  const all = new Uint8Array(sectorsOf({ virtio }) * SECTOR_BYTES);
  let at = 0;
  for (const [index, { sectors }] of virtioOf({ virtio }, 'blk').entries()) {
    all.set(contents[index] ?? new Uint8Array(0), at);
    at += sectors * SECTOR_BYTES;
  }
  return all;
}

class Slots {
  private readonly slots: ({ content: InSlot; what: string } | undefined)[] =
    Array(VIRTIO_SLOTS).fill(undefined);

  /** Puts a device into slot `at`, or the highest free one; `what` names it in messages. */
  put(content: InSlot, { at, what }: { at?: number; what: string }): void {
    const slot = at ?? this.slots.lastIndexOf(undefined);
    if (slot < 0) throw new OperatingError(`${what}: all ${VIRTIO_SLOTS} slots are taken`);
    const there = this.slots[slot];
    if (there)
      throw new OperatingError(
        `${what}: bus ${BUS}${slot} is taken by ${there.what}; devices are placed in the order in which they are given`,
      );
    this.slots[slot] = { content, what };
  }

  has(kind: VirtioDescription['kind']): boolean {
    return this.slots.some((one) => one?.content.device.kind === kind);
  }

  placement(): Placement {
    const virtio = this.slots.map((one) => one?.content.device);
    const disks = this.slots.flatMap((one) => (one?.content.device.kind === 'blk' ? [one.content] : []));
    return {
      virtio,
      diskContent: diskContentOf(
        virtio,
        disks.map(({ content }) => content!),
      ),
      diskFiles: disks.map(({ file }) => file),
    };
  }
}

function placeRequest(slots: Slots, request: DeviceRequest, options: DeviceOptions, read: ReadFile): void {
  const { driver, text } = request;
  if (driver === 'virtconsole') {
    if (!slots.has('console'))
      throw new OperatingError(
        `--device ${text}: a console needs its device before it: --device virtio-serial-device`,
      );
    return;
  }
  const kind = kinds[driver];
  if (kind !== 'blk' && slots.has(kind))
    throw new OperatingError(`--device ${text}: only one ${driver} is possible`);
  const at = slotOf(request);
  slots.put(built(request, options, read), { ...(at !== undefined && { at }), what: `--device ${text}` });
}

function built({ driver, settings, text }: DeviceRequest, options: DeviceOptions, read: ReadFile): InSlot {
  switch (driver) {
    case 'virtio-blk-device': {
      const drive = options.drive?.find(({ id }) => id !== undefined && id === settings.drive);
      if (!drive)
        throw new OperatingError(
          `--device ${text}: no drive is set; give it one: --drive file=FILE,if=none,id=x0 --device ${driver},drive=x0`,
        );
      return diskOf(drive, read);
    }
    case 'virtio-net-device': {
      const { mac } = settings;
      return { device: { kind: 'net', mac: mac === undefined ? MAC : macAddress(mac) } };
    }
    case 'virtio-rng-device':
      return { device: { kind: 'entropy' } };
    default:
      return { device: { kind: 'console' } };
  }
}

const macAddress = (text: string): Uint8Array =>
  Uint8Array.from(text.split(':'), (part) => Number.parseInt(part, 16));

function slotOf({ settings: { bus }, text }: DeviceRequest): number | undefined {
  if (bus === undefined) return undefined;
  const slot = bus.startsWith(BUS) ? bus.slice(BUS.length) : '';
  if (!/^\d$/.test(slot) || Number(slot) >= VIRTIO_SLOTS)
    throw new OperatingError(
      `--device ${text}: there is no bus ${bus}; they are ${BUS}0 to ${BUS}${VIRTIO_SLOTS - 1}`,
    );
  return Number(slot);
}

// ── Disks ───────────────────────────────────────────────────────────────────────────────────────────────────────────

const isUsed = ({ id }: Drive, { device = [] }: DeviceOptions): boolean =>
  id !== undefined && device.some(({ settings: { drive } }) => drive === id);

/** The disk of a `--drive` that no device refers to, or an initially empty one. */
function diskWithoutDevice(options: DeviceOptions, read: ReadFile): DiskInSlot | undefined {
  const { drive = [], diskSize } = options;
  const [first, second] = drive.filter((one) => !isUsed(one, options));
  if (second)
    throw new OperatingError(
      `--drive ${second.text}: a second disk needs a device, which has its slot: add ,if=none,id=x1 and --device virtio-blk-device,drive=x1`,
    );
  if (first?.forDevice)
    throw new OperatingError(
      `--drive ${first.text}: no device refers to it; add --device virtio-blk-device,drive=${first.id ?? 'NAME'}, or leave out if=none`,
    );
  if (first) return diskOf(first, read);
  const sizeBytes = diskSize ?? (drive.length > 0 ? 0 : (options.own?.diskSize ?? 0));
  const sectors = Math.ceil(sizeBytes / SECTOR_BYTES);
  return sectors > 0
    ? { device: { kind: 'blk', sectors, readOnly: false }, content: new Uint8Array(0) }
    : undefined;
}

function diskOf({ file, readOnly }: Drive, read: ReadFile): DiskInSlot {
  const content = read(file);
  if (content.length === 0)
    throw new OperatingError(`${file}: the file is empty; a disk has at least one sector of 512 bytes`);
  const sectors = Math.ceil(content.length / SECTOR_BYTES);
  return { device: { kind: 'blk', sectors, readOnly }, content, file };
}

// ── What refers to what ─────────────────────────────────────────────────────────────────────────────────────────────

/** Checks that ids are unique and references resolve. @throws {OperatingError} */
function checkReferences({
  drive = [],
  device = [],
  netdev = [],
  object = [],
  chardev = [],
}: DeviceOptions): void {
  const named = { drive, netdev, rng: object, chardev };
  const options = { drive: '--drive', netdev: '--netdev', rng: '--object', chardev: '--chardev' };
  checkUnique(
    device.map(({ settings, text }) => ({ id: settings.id, text })),
    '--device',
  );
  for (const [property, option] of Object.entries(options)) {
    const all = named[property as keyof typeof named];
    checkUnique(all, option);
    for (const { settings, text, driver } of device) {
      const id = settings[property];
      if (id !== undefined && !all.some((one) => one.id === id))
        throw new OperatingError(
          `--device ${text}: there is no ${property} "${id}" for ${driver}; name it with ${option} ...,id=${id}`,
        );
    }
  }
  const drives = device.flatMap(({ settings: { drive: id }, text }) =>
    id === undefined ? [] : [{ id, text }],
  );
  checkUnique(drives, '--device', (id) => `drive "${id}" is already used by another device`);
  const unused = netdev.find(({ id }) => !device.some(({ settings }) => settings.netdev === id));
  if (unused)
    throw new OperatingError(
      `--netdev ${unused.text}: no card uses it; add --device virtio-net-device,netdev=${unused.id}`,
    );
}

function checkUnique(
  all: readonly { id: string | undefined; text: string }[],
  option: string,
  message = (id: string) => `the id "${id}" is given twice`,
): void {
  const seen = new Set<string>();
  for (const { id, text } of all) {
    if (id === undefined) continue;
    if (seen.has(id)) throw new OperatingError(`${option} ${text}: ${message(id)}`);
    seen.add(id);
  }
}
