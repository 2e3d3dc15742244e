/** Snapshots of whole machines: taking and restoring them, their file format, and comparing two. */
import { deflateSync, inflateSync } from 'fflate';
import { sameBytes } from '../base/bytes.ts';
import {
  bytes,
  type Codec,
  decode,
  encode,
  list,
  Reader,
  type RecordCodec,
  record,
  uint,
  Writer,
} from '../base/codec.ts';
import { FormatError, OperatingError } from '../base/errors.ts';
import { xxh32 } from '../base/xxh32.ts';
import type { AnyHart } from '../cpu/checked-hart.ts';
import { hartWords, PAGE_BYTES, RAM_BASE } from '../cpu/layout.ts';
import { abiNames } from '../cpu/registers.ts';
import { descriptionSchema, type MachineDescription } from './description.ts';
import type { Machine } from './machine.ts';
import { type MachineState, machineSchema } from './machine-state.ts';

/** A page of RAM. */
export interface Page {
  index: number;
  bytes: Uint8Array;
}

/** The complete state of a machine. */
export interface Snapshot {
  description: MachineDescription;
  state: MachineState;
  /** The pages of RAM that are not all zeros. */
  pages: Page[];
}

/** A copy of a machine's complete state. */
export function takeSnapshot(machine: Machine): Snapshot {
  const { hart } = machine;
  const pages = hart.usedPages().map((index) => ({
    index,
    bytes: hart.ram.slice(index * PAGE_BYTES, (index + 1) * PAGE_BYTES),
  }));
  const state = decode(machine.schema, encode(machine.schema, machine.state));
  return { description: machine.description, state, pages };
}

/** Restores a snapshot in a machine of the same description. */
export function restoreSnapshot(machine: Machine, { state, pages }: Snapshot): void {
  machine.hart.clearRam();
  if (state.ramSizeBytes > machine.hart.ramSizeBytes) machine.hart.growRam(state.ramSizeBytes);
  for (const { index, bytes: content } of pages) machine.hart.write(RAM_BASE + index * PAGE_BYTES, content);
  machine.state = decode(machine.schema, encode(machine.schema, state));
}

const MAGIC = new TextEncoder().encode('VMFT-VM\n');
const VERSION = 5;
const pageList: Codec<Page[]> = list(record({ index: uint, bytes: bytes(PAGE_BYTES) }));

/** The maximum size of a page's header: its number and its length. */
const PAGE_HEAD_BYTES = 8;
const packed = record({ sizeBytes: uint, deflated: bytes() });

/** Raw DEFLATE (RFC 1951). Two implementations may compress to different bytes; each reads the other's. */
export interface Compressor {
  deflate(plain: Uint8Array): Uint8Array;
  /** The bytes that were compressed, of which there are `sizeBytes`. Throws for bytes that are damaged. */
  inflate(deflated: Uint8Array, sizeBytes: number): Uint8Array;
}

/** A compressor that runs anywhere, and always makes the same bytes. */
const portable: Compressor = {
  deflate: (plain) => deflateSync(plain, { level: 1 }),
  inflate: (deflated, sizeBytes) => inflateSync(deflated, { out: new Uint8Array(sizeBytes) }),
};

/** These pages, compressed. */
export function packPages(
  { hart }: Machine,
  indexes: readonly number[],
  compressor: Compressor = portable,
): Uint8Array {
  const pages = indexes.map((index) => ({
    index,
    bytes: hart.ram.subarray(index * PAGE_BYTES, (index + 1) * PAGE_BYTES),
  }));
  const plain = encode(pageList, pages);
  return encode(packed, { sizeBytes: plain.length, deflated: compressor.deflate(plain) });
}

/** Writes packed pages into a machine's RAM. @throws {FormatError} when {@link packPages} did not make the content */
export function unpackPages({ hart }: Machine, content: Uint8Array, compressor = portable): void {
  writePages(hart, readPages(content, hart.ramSizeBytes, compressor));
}

/** The packed pages, checked to lie within a RAM of this size. */
function readPages(content: Uint8Array, ramSizeBytes: number, compressor: Compressor): Page[] {
  const { sizeBytes, deflated } = decode(packed, content);
  if (sizeBytes > (ramSizeBytes / PAGE_BYTES) * (PAGE_BYTES + PAGE_HEAD_BYTES) + PAGE_HEAD_BYTES)
    throw new FormatError('more pages than the machine has', 0);
  let plain: Uint8Array;
  try {
    plain = compressor.inflate(deflated, sizeBytes);
  } catch {
    throw new FormatError('compressed pages are damaged', 0);
  }
  if (plain.length !== sizeBytes) throw new FormatError('compressed pages of another size', 0);
  const pages = decode(pageList, plain);
  for (const page of pages)
    if ((page.index + 1) * PAGE_BYTES > ramSizeBytes || page.bytes.length !== PAGE_BYTES)
      throw new FormatError(`page ${page.index} is not one of this machine's`, 0);
  return pages;
}

function writePages(hart: AnyHart, pages: readonly Page[]): void {
  for (const page of pages) hart.write(RAM_BASE + page.index * PAGE_BYTES, page.bytes);
}

const delta = record({ state: bytes(), pages: bytes() });

/** A delta: the state without RAM, and these pages. It brings a machine with equal other pages to this one's state. */
export function takeDelta(machine: Machine, indexes: readonly number[], compressor?: Compressor): Uint8Array {
  return encode(delta, {
    state: encode(machine.schema, machine.state),
    pages: packPages(machine, indexes, compressor),
  });
}

/** Applies a delta. @throws {FormatError} when {@link takeDelta} did not make it from a machine of this description */
export function applyDelta(machine: Machine, content: Uint8Array, compressor = portable): void {
  const { state, pages } = decode(delta, content);
  const next = decode(machine.schema, state);
  const changed = readPages(pages, next.ramSizeBytes, compressor);
  if (next.ramSizeBytes > machine.hart.ramSizeBytes) machine.hart.growRam(next.ramSizeBytes);
  writePages(machine.hart, changed);
  machine.state = next;
}

/** A file of one machine: magic, version, description, state, pages, checksum. */
export function encodeSnapshot({ description, state, pages }: Snapshot): Uint8Array {
  const out = new Writer();
  out.raw(MAGIC);
  out.u16(VERSION);
  descriptionSchema.write(out, description);
  machineSchema(description).write(out, state);
  pageList.write(out, pages);
  out.u32(xxh32(out.bytes()));
  return out.bytes();
}

/**
 * Reads a snapshot file.
 * @throws {OperatingError} when {@link encodeSnapshot} did not make it; `name` is for the message
 */
export function decodeSnapshot(content: Uint8Array, name: string): Snapshot {
  const refuse = (reason: string): never => {
    throw new OperatingError(`${name}: ${reason}`);
  };
  if (content.length < MAGIC.length + 6 || MAGIC.some((byte, index) => content[index] !== byte))
    refuse('not a saved machine; make one with `vmft run PROGRAM --save-states DIR`');
  const body = content.subarray(0, -4);
  if (new Reader(content.subarray(-4)).u32() !== xxh32(body))
    refuse('the file is damaged or cut short; save it again');
  const input = new Reader(body);
  input.raw(MAGIC.length);
  const version = input.u16();
  if (version !== VERSION) refuse(`format ${version}, and this vmft reads ${VERSION}; save it again`);
  try {
    const description = descriptionSchema.read(input);
    const state = machineSchema(description).read(input);
    const pages = pageList.read(input);
    if (input.remaining > 0) input.fail('bytes too many');
    return { description, state, pages };
  } catch (error) {
    if (error instanceof FormatError) refuse(`not a machine of this vmft (${error.message}); save it again`);
    throw error;
  }
}

/** A word of the hart that differs. */
export interface RegisterDifference {
  /** The ABI name, the CSR, or another word of hart state. */
  name: string;
  a: bigint;
  b: bigint;
  equal: boolean;
}

/** How two machines differ. */
export interface Difference {
  icount: number;
  equal: boolean;
  registers: RegisterDifference[];
  /**
   * Names of the devices whose state differs, or that only one machine has; `outputs` is the count of outputs made,
   * `memory size` the size of RAM, `clock` the time at which a derived clock was last set, `power` whether the machine
   * is off.
   */
  devices: string[];
  /** Physical addresses of the pages that differ. */
  pages: number[];
}

/** Compares two machines: pc, x0–x31, the CSRs and the rest of the hart, each device, and each page of RAM. */
export function compareSnapshots(a: Snapshot, b: Snapshot): Difference {
  const { hart: left } = a.state;
  const { hart: right } = b.state;
  const names = ['pc', ...hartWords.filter((name) => name !== 'pc')];
  const registers = names.map((word) => ({
    name: word.startsWith('x') ? abiNames[Number(word.slice(1))]! : word,
    a: left[word]!,
    b: right[word]!,
    equal: left[word] === right[word],
  }));
  const devices = differingParts(a, b);
  const pages = differingPages(a.pages, b.pages);
  const equal = registers.every((register) => register.equal) && devices.length === 0 && pages.length === 0;
  return { icount: Number(left.icount), equal, registers, devices, pages };
}

/** The devices whose state differs, or that only one machine has, and the other differing parts of the state. */
function differingParts(a: Snapshot, b: Snapshot): string[] {
  const [left, right] = [a, b].map(({ description, state }) => {
    const { hart: _, devices, ...others } = machineSchema(description).fields;
    // A name stands for the same kind of device in both: it has the kind, and the slot.
    const parts = (devices as RecordCodec<MachineState['devices']>).fields;
    return new Map<string, Uint8Array>([
      ...Object.entries(parts).map(([name, codec]) => [name, encode(codec, state.devices[name]!)] as const),
      ...Object.entries(others).map(
        ([name, codec]) =>
          [partNames[name as OtherPart], encode(codec as Codec<unknown>, state[name as OtherPart])] as const,
      ),
    ]);
  });
  return [...new Set([...left!.keys(), ...right!.keys()])].filter((name) => {
    const [one, other] = [left!.get(name), right!.get(name)];
    return !one || !other || !sameBytes(one, other);
  });
}

type OtherPart = Exclude<keyof MachineState, 'hart' | 'devices'>;
/** The parts of a machine besides the hart, the devices and RAM, as a difference names them. */
const partNames: Record<OtherPart, string> = {
  outputsMade: 'outputs',
  ramSizeBytes: 'memory size',
  clock: 'clock',
  power: 'power',
};

function differingPages(a: readonly Page[], b: readonly Page[]): number[] {
  const left = new Map(a.map(({ index, bytes: content }) => [index, content]));
  const right = new Map(b.map(({ index, bytes: content }) => [index, content]));
  const indexes = [...new Set([...left.keys(), ...right.keys()])].sort((x, y) => x - y);
  const zeros = new Uint8Array(PAGE_BYTES);
  return indexes
    .filter((index) => !sameBytes(left.get(index) ?? zeros, right.get(index) ?? zeros))
    .map((index) => RAM_BASE + index * PAGE_BYTES);
}
