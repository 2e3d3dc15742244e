/** `vmft asm` and `vmft disasm`. */

import { disassemble, symbolizer } from '../asm/disassembler.ts';
import { OperatingError } from '../base/errors.ts';
import { sizeOf } from '../cpu/formats.ts';
import { RAM_BASE } from '../cpu/layout.ts';
import { findProgram } from '../lib/programs.ts';
import { firstFile } from '../vmm/guest/guest.ts';
import { assembleFile, isSource, loadImage, type SourceOptions } from '../vmm/guest/image-file.ts';
import { OutputFile } from './files.ts';
import { guestFiles, type ProgramOptions } from './program.ts';

const hex = (value: number, digits: number): string => value.toString(16).padStart(digits, '0');

/** The options of `vmft asm`. */
export interface AsmOptions extends SourceOptions {
  output?: string;
}

/** Writes a raw image, or prints a listing of address, bytes and source line. */
export function asm(source: string, options: AsmOptions): void {
  const path = findProgram(source);
  const { segments, lines, origin } = assembleFile(path, options, guestFiles);
  const output = options.output === undefined ? undefined : OutputFile.at(options.output);
  if (output) {
    const last = segments.at(-1);
    const end = last ? last.address + last.bytes.length : origin;
    const image = new Uint8Array(end - origin);
    for (const { address, bytes } of segments) image.set(bytes, address - origin);
    return output.write(image);
  }
  for (const { address, sizeBytes, text } of lines) {
    const segment = segments.find(
      (held) => address >= held.address && address < held.address + held.bytes.length,
    );
    const bytes = segment
      ? segment.bytes.subarray(address - segment.address, address - segment.address + sizeBytes)
      : [];
    const shown = [...bytes].slice(0, 8).map((byte) => hex(byte, 2));
    process.stdout.write(`${hex(address, 8)}  ${shown.join('').padEnd(16)}  ${text.trim()}\n`);
  }
}

/** The options of `vmft disasm`. */
export interface DisasmOptions extends ProgramOptions {
  /** Whether pseudo-instructions are shown, such as `ret`. */
  aliases: boolean;
}

/** Maximum number of equal instructions printed in a row. */
const REPEAT = 3;

/** Prints the instructions of an ELF, a raw image or a source file, with its symbols. */
export function disasm(target: string, options: DisasmOptions): void {
  if (/^0x[\da-f]{1,8}$/i.test(target)) {
    const useless = (['raw', 'defsym', 'include'] as const).find((name) => options[name] !== undefined);
    if (useless) throw new OperatingError(`--${useless} has no effect on an instruction word; leave it out`);
    process.stdout.write(`${disassemble(Number(target), RAM_BASE, { aliases: options.aliases })}\n`);
    return;
  }
  const path = firstFile(findProgram(target), options);
  const image = loadImage(path, options, guestFiles);
  const names = new Map(image.symbols.map(({ name, address }) => [address, name]));
  const code = codeRanges(path, options, image.segments);
  if (code.length === 0) throw new OperatingError(`${target}: nothing to disassemble`);
  const symbols = symbolizer(image.symbols.filter(({ address }) => address >= RAM_BASE));
  for (const range of code) {
    let repeated = 0;
    let before: number | undefined;
    for (const { address, sizeBytes, value } of instructionsIn(range, names)) {
      const name = names.get(address);
      repeated = !name && value === before ? repeated + 1 : 0;
      before = value;
      if (name) process.stdout.write(`\n${hex(address, 8)} <${name}>:\n`);
      if (repeated === REPEAT) process.stdout.write('        …\n');
      if (repeated >= REPEAT) continue;
      const digits = hex(value, 2 * sizeBytes);
      const text =
        sizeBytes === sizeOf(value)
          ? disassemble(value, address, { symbols, aliases: options.aliases })
          : `.half 0x${digits}`;
      process.stdout.write(`${hex(address, 8)}  ${digits.padEnd(8)}  ${text}\n`);
    }
  }
}

/** Consecutive instructions. Before a symbol or the end, 16 bits may be half an instruction. */
function* instructionsIn(
  { address: start, bytes }: { address: number; bytes: Uint8Array },
  names: ReadonlyMap<number, string>,
): Generator<{ address: number; sizeBytes: 2 | 4; value: number }> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  for (let at = 0, sizeBytes: 2 | 4; at + 2 <= bytes.length; at += sizeBytes) {
    const address = start + at;
    const isCut = at + 4 > bytes.length || names.has(address + 2);
    sizeBytes = isCut ? 2 : sizeOf(view.getUint16(at, true));
    yield {
      address,
      sizeBytes,
      value: sizeBytes === 2 ? view.getUint16(at, true) : view.getUint32(at, true),
    };
  }
}

/** The code sections of a source file; all segments of other files. */
function codeRanges(
  path: string,
  options: DisasmOptions,
  segments: readonly { address: number; bytes: Uint8Array }[],
): readonly { address: number; bytes: Uint8Array }[] {
  if (!isSource(path)) return segments;
  const text = assembleFile(path, options, guestFiles).sections.filter(({ name }) =>
    name.startsWith('.text'),
  );
  return segments.filter(({ address }) => text.some((section) => section.address === address));
}
