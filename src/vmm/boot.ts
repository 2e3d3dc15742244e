/**
 * Booting: the content of RAM and the state of the hart at power-on. There are three ways, those of QEMU's `virt`
 * machine: firmware, or a bare-metal program, starts in machine mode, with a kernel in RAM as its next stage if one is
 * given; a kernel alone starts in supervisor mode, and the VMM is its SBI implementation; a kernel that is its own
 * firmware (`-bios none`) starts in machine mode.
 */
import { assert } from '../base/assert.ts';
import { Writer } from '../base/codec.ts';
import { OperatingError } from '../base/errors.ts';
import { CAUSE, COUNTERS, ENVCFG, MSTATUS, PMP, PRIVILEGE, S_INTERRUPTS } from '../cpu/csrs.ts';
import { type HartWord, PAGE_BYTES, RAM_BASE } from '../cpu/layout.ts';
import type { MachineDescription } from './description.ts';
import { deviceTree } from './device-tree.ts';
import { endOf, type Image, type ImageSegment } from './image.ts';
import { type BootFile, KERNEL_OFFSET } from './kernel-image.ts';

/** The options of {@link boot}. At least a firmware or a kernel must be given. */
export interface BootOptions {
  memorySizeBytes: number;
  /** What starts in machine mode. */
  firmware?: Image;
  kernel?: Image;
  /** The kernel starts in machine mode, without firmware or SBI. */
  bare?: boolean;
  /** The kernel's initial RAM disk. */
  initrd?: BootFile;
  /** The kernel's command line. */
  append: string;
}

/** The part of a description that says how the machine boots. */
export type Boot = Pick<MachineDescription, 'segments' | 'start' | 'sbi' | 'tohost' | 'fromhost'>;

type Range = Pick<ImageSegment, 'address' | 'memorySizeBytes'>;

/** The device tree ends below this: some kernels can't address more when they start. */
const TREE_LIMIT = 0xc000_0000;
/** Kernels map the tree with large pages, so it is aligned to one unless RAM is too small. */
const LARGE_PAGE_BYTES = 2 << 20;
const LARGE_PAGES_FROM_BYTES = 16 << 20;
/** What OpenSBI reserves for itself at the start of RAM. */
const FIRMWARE_BYTES = 512 << 10;
/** Firmware extends the tree in place. */
const TREE_ROOM_BYTES = 4 << 10;

/**
 * The seed of the kernel's random number generator is constant, since a machine is determined by its description. What
 * is to differ from run to run comes through the entropy door.
 */
const RNG_SEED = Uint8Array.from({ length: 32 }, (_, index) => (index * 151 + 89) % 256);

/**
 * The boot state for these options.
 * @throws {OperatingError} when something doesn't fit into RAM, or needs a kernel and there is none
 */
export function boot(options: BootOptions): Boot {
  const { firmware, kernel, initrd } = options;
  const bare = !firmware && options.bare;
  const sbi = !firmware && !bare;
  if (initrd && !kernel)
    throw new OperatingError(
      `'${initrd.name}' is the initial RAM disk of a kernel; name the kernel with --kernel.`,
    );
  mustNotOverlap(firmware, kernel);
  if (sbi && kernel) mustLeaveRoomForFirmware(kernel);
  const images = [...(firmware?.segments ?? []), ...(kernel?.segments ?? [])];
  const data = layOutData(options, images);
  const first = firmware ?? kernel;
  assert(first, 'there is something to boot');
  const pc = BigInt(bare ? resetEntry(first) : first.entry);
  const words = {
    pc,
    privilege: BigInt(sbi ? PRIVILEGE.S : PRIVILEGE.M),
    x10: 0n,
    x11: BigInt(data.tree),
    ...(sbi ? kernelEntryState(pc) : { x12: BigInt(data.info) }),
  };
  const { tohost, fromhost } = first;
  return {
    segments: [
      ...images,
      ...data.segments.map((segment) => ({ ...segment, memorySizeBytes: segment.bytes.length })),
    ],
    start: (Object.entries(words) as [HartWord, bigint][]).map(([word, value]) => ({ word, value })),
    sbi,
    tohost: tohost === undefined ? [] : [tohost],
    fromhost: fromhost === undefined ? [] : [fromhost],
  };
}

/**
 * Where the machine starts without firmware. As on QEMU, at the start of RAM whatever an ELF file's entry is; at the
 * entry only when the file loads nothing there.
 */
const resetEntry = ({ entry, segments }: Image): number =>
  segments.some(({ address, memorySizeBytes }) => address <= RAM_BASE && RAM_BASE < address + memorySizeBytes)
    ? RAM_BASE
    : entry;

const bits = (...numbers: number[]): bigint => numbers.reduce((all, bit) => all | (1n << BigInt(bit)), 0n);
const { ecallFromS, ecallFromM, ...toSupervisor } = CAUSE;

/**
 * The state in which firmware hands the hart to a kernel, as OpenSBI 1.1 and 1.6 do: traps are delegated to supervisor
 * mode, except its own calls; all counters are enabled for it and the first three for user mode; the floating-point
 * state is on; a trap before it has set `stvec` restarts it; Sstc is enabled, with the timer off. PMP gives it all of
 * memory: nothing in RAM belongs to firmware.
 *
 * OpenSBI takes misaligned accesses, access faults and illegal instructions itself, and redirects to supervisor mode
 * what it does not emulate. Nothing needs emulation here, so supervisor mode sees the same.
 */
export const kernelEntryState = (entry: bigint) => ({
  medeleg: bits(...Object.values(toSupervisor)),
  mideleg: S_INTERRUPTS,
  mcounteren: COUNTERS,
  // cycle, time, instret.
  scounteren: 7n,
  mstatus: MSTATUS.FS,
  stvec: entry,
  menvcfg: ENVCFG.STCE,
  stimecmp: 2n ** 64n - 1n,
  // One entry for the whole address space.
  pmpaddr0: 2n ** 54n - 1n,
  pmpcfg0: BigInt(PMP.R | PMP.W | PMP.X | PMP.NAPOT),
});

// ── The layout of RAM ───────────────────────────────────────────────────────────────────────────────────────────────

interface BootData {
  segments: { address: number; bytes: Uint8Array }[];
  /** Where the device tree is, or 0. */
  tree: number;
  /** Where `struct fw_dynamic_info` is, or 0. */
  info: number;
}

/**
 * Places the device tree at the end of RAM, followed by the information for firmware, and the initial RAM disk below.
 * Both lie above the kernel. A program that leaves no room gets no tree.
 */
function layOutData(options: BootOptions, images: readonly ImageSegment[]): BootData {
  const { kernel, initrd, memorySizeBytes, append } = options;
  const treeWith = (initrdAddress: number) =>
    deviceTree({
      memorySizeBytes,
      bootargs: append,
      rngSeed: RNG_SEED,
      ...(initrd && { initrd: { address: initrdAddress, sizeBytes: initrd.bytes.length } }),
    });
  const info = fwDynamicInfo(kernel?.entry ?? 0);
  const infoAt = Math.ceil(treeWith(0).length / 8) * 8;
  const lowest = kernel ? endOf(kernel) : RAM_BASE;
  const alignment = memorySizeBytes >= LARGE_PAGES_FROM_BYTES ? LARGE_PAGE_BYTES : PAGE_BYTES;
  const room = infoAt + info.length + TREE_ROOM_BYTES;
  const tree = placeBelow(Math.min(RAM_BASE + memorySizeBytes, TREE_LIMIT), room, alignment, images);
  if (tree === undefined || tree < lowest) {
    if (kernel) throw noRoom('the device tree', room, options);
    return { segments: [], tree: 0, info: 0 };
  }
  const initrdAt = initrd ? placeBelow(tree, initrd.bytes.length, PAGE_BYTES, images) : 0;
  if (initrd && (initrdAt === undefined || initrdAt < lowest))
    throw noRoom(`'${initrd.name}'`, initrd.bytes.length, options);
  const segments = [
    ...(initrd ? [{ address: initrdAt!, bytes: initrd.bytes }] : []),
    { address: tree, bytes: treeWith(initrdAt!) },
    { address: tree + infoAt, bytes: info },
  ];
  return { segments, tree, info: tree + infoAt };
}

/** The highest address below `limit` that overlaps none of the ranges. */
function placeBelow(
  limit: number,
  sizeBytes: number,
  alignment: number,
  ranges: readonly Range[],
): number | undefined {
  const below = (end: number) => Math.floor((end - sizeBytes) / alignment) * alignment;
  let at = below(limit);
  for (const range of ranges.toSorted((a, b) => b.address - a.address))
    if (range.address < at + sizeBytes && range.address + range.memorySizeBytes > at)
      at = below(range.address);
  return at >= RAM_BASE ? at : undefined;
}

/**
 * `struct fw_dynamic_info`, which OpenSBI's fw_dynamic finds at the address in a2 (include/sbi/fw_dynamic.h): magic,
 * version, the next stage's address and mode (supervisor), no options, boot hart 0.
 */
function fwDynamicInfo(next: number): Uint8Array {
  const out = new Writer();
  for (const field of [0x4942_534fn, 2n, BigInt(next), BigInt(PRIVILEGE.S), 0n, 0n]) out.u64(field);
  return out.bytes();
}

function mustNotOverlap(firmware: Image | undefined, kernel: Image | undefined): void {
  for (const a of firmware?.segments ?? [])
    for (const b of kernel?.segments ?? [])
      if (a.address < b.address + b.memorySizeBytes && b.address < a.address + a.memorySizeBytes)
        throw new OperatingError(
          `the kernel at 0x${b.address.toString(16)} overlaps the firmware at 0x${a.address.toString(16)}; link it to another address.`,
        );
}

function mustLeaveRoomForFirmware({ segments }: Image): void {
  const low = segments.find(({ address }) => address < RAM_BASE + FIRMWARE_BYTES);
  if (low)
    throw new OperatingError(
      `the kernel is at 0x${low.address.toString(16)}, in the memory of the firmware; if it starts in machine mode, as its own firmware, add --bios none; if it is a kernel for supervisor mode, link it to 0x${(RAM_BASE + KERNEL_OFFSET).toString(16)} or above.`,
    );
}

function noRoom(what: string, sizeBytes: number, { kernel, memorySizeBytes }: BootOptions): OperatingError {
  const end = endOf(kernel!);
  return new OperatingError(
    `${what} takes ${sizeBytes} bytes, and the kernel leaves ${RAM_BASE + memorySizeBytes - end} of ${memorySizeBytes} bytes of RAM above itself; give the machine more with --memory.`,
  );
}
