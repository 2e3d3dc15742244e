import { existsSync } from 'node:fs';
import { basename, dirname, resolve } from 'node:path';
import { OperatingError } from '../base/errors.ts';
import { assemble } from '../cpu/asm/assemble.ts';
import { RAM_BASE } from '../cpu/layout.ts';
import { SECTOR_BYTES } from '../devices/device.ts';
import { type Image, isElf, loadElf, loadRaw } from '../vmm/image.ts';
import type { MachineDescription } from '../vmm/machine.ts';
import { readBytes } from './files.ts';

export interface ProgramOptions {
  memory: number;
  /** How large the guest's disk is, in bytes. */
  diskSize: number;
  defsym?: [string, bigint][];
}

/** 2010-12-01 00:00 UTC: what the guest's real-time clock shows at boot, so that two runs with one seed are equal. */
const BOOT_EPOCH_NS = 1_291_161_600_000_000_000n;
/** The address that QEMU gives its first card. */
const MAC = Uint8Array.of(0x52, 0x54, 0x00, 0x12, 0x34, 0x56);

const decoder = new TextDecoder();

/** Assembles a source file; what it includes is looked for beside it. */
export function assembleFile(path: string, { defsym = [] }: Pick<ProgramOptions, 'defsym'>) {
  return assemble(decoder.decode(readBytes(path)), {
    file: path,
    define: Object.fromEntries(defsym),
    readFile: (included, from) => {
      const file = resolve(dirname(from), included);
      return existsSync(file) ? decoder.decode(readBytes(file)) : undefined;
    },
  });
}

/** What a file is decides how it is loaded: `.s` and `.S` are assembled, ELF is linked, anything else is a raw image. */
export function loadImage(path: string, { memory, defsym }: Omit<ProgramOptions, 'diskSize'>): Image {
  const ram = { base: RAM_BASE, sizeBytes: memory };
  if (/\.s$/i.test(path)) {
    const { segments, entry, symbols, sections } = assembleFile(path, { ...(defsym && { defsym }) });
    const end = Math.max(...sections.map(({ address, sizeBytes }) => address + sizeBytes), RAM_BASE);
    if (end > RAM_BASE + memory)
      throw new OperatingError(
        `${path}: the program ends at 0x${end.toString(16)}, beyond the end of RAM at 0x${(RAM_BASE + memory).toString(16)}; give it more with --memory`,
      );
    const tohost = symbols.get('tohost');
    return {
      entry,
      segments: segments.map((segment) => ({ ...segment, memorySizeBytes: segment.bytes.length })),
      symbols: [...symbols].map(([name, address]) => ({ name, address: Number(address), sizeBytes: 0 })),
      ...(tohost !== undefined && { tohost: Number(tohost) }),
    };
  }
  const content = readBytes(path);
  return isElf(content) ? loadElf(content, path, ram) : loadRaw(content, path, ram);
}

/** The machine that runs a program. */
export function describeMachine(path: string, options: ProgramOptions): MachineDescription {
  const { entry, segments, tohost } = loadImage(path, options);
  return {
    program: basename(path),
    memorySizeBytes: options.memory,
    bootEpochNs: BOOT_EPOCH_NS,
    mac: MAC,
    entry,
    diskSectors: options.diskSize / SECTOR_BYTES,
    diskReadOnly: false,
    console: 'uart',
    segments: segments.map(({ address, bytes }) => ({ address, bytes })),
    tohost: tohost === undefined ? [] : [tohost],
  };
}

/** The input that a program brings along: `bank.input` beside `bank.s`. */
export function ownInput(path: string): Uint8Array {
  const file = path.replace(/\.[^./]+$/, '.input');
  return file !== path && existsSync(file) ? readBytes(file) : new Uint8Array(0);
}
