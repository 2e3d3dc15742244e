import { bool, record, u64, type ValueOf } from '../base/codec.ts';
import type { Device, DeviceContext } from './device.ts';

/** The device of a command, in bits 63:56 of `tohost`; bits 55:48 are the command. */
export const HTIF = { SYSTEM: 0, CONSOLE: 1 } as const;
const SYSTEM = { SYSCALL: 0 } as const;
/** The commands of the console. */
export const HTIF_CONSOLE = { GETC: 0, PUTC: 1 } as const;
const PAYLOAD = 2n ** 48n - 1n;

/** System calls of the proxy kernel, with the numbers and errors of Linux. */
const SYSCALL = { WRITE: 64n, EXIT: 93n } as const;
const EBADF = 9n;
const EFAULT = 14n;
const ENOSYS = 38n;
const STDOUT = 1n;
const STDERR = 2n;
/** A system call's block of eight words: its number, which the result replaces, and its arguments. */
const BLOCK_BYTES = 64;
/** The most that one call writes; its result is the number written. */
const WRITE_BYTES_MAX = 1 << 16;

const htifSchema = record({
  /** A GETC waits for a typed byte. */
  reading: bool,
  /** The first command that is not implemented; 0 for none. */
  unanswered: u64,
});
type HtifState = ValueOf<typeof htifSchema>;

/**
 * The host-target interface of riscv-isa-sim, as far as QEMU has it: two words in RAM. The guest writes a command to
 * `tohost`, which is cleared when the command is taken, and reads the result in `fromhost`. Device 0 ends the machine,
 * and prints for programs made for the proxy kernel; device 1 is the console.
 */
export class Htif implements Pick<Device<HtifState>, 'name' | 'schema' | 'state'> {
  readonly name = 'htif';
  readonly schema = htifSchema;
  state: HtifState = { reading: false, unanswered: 0n };

  /** @param fromhost undefined when the program has no such word, and waits for no results */
  constructor(
    private readonly tohost: number,
    private readonly fromhost: number | undefined,
  ) {}

  /**
   * The guest has written to the page of `tohost`. `typed` takes the next typed byte. Returns whether there was a
   * command.
   */
  written(context: DeviceContext, typed: () => number | undefined): boolean {
    const [command] = wordsAt(context, this.tohost, 1) ?? [0n];
    if (command === 0n) return false;
    const [device, operation] = [Number(command! >> 56n), Number((command! >> 48n) & 0xffn)];
    const payload = command! & PAYLOAD;
    if (device === HTIF.SYSTEM && operation === SYSTEM.SYSCALL) this.system(command!, payload, context);
    else if (device === HTIF.CONSOLE && operation === HTIF_CONSOLE.PUTC) {
      const byte = Number(payload & 0xffn);
      context.output({ kind: 'console', byte });
      this.answer(command!, 0x100n | BigInt(byte), context);
    } else if (device === HTIF.CONSOLE && operation === HTIF_CONSOLE.GETC) {
      this.state.reading = true;
      this.writeWord(this.tohost, 0n, context);
      this.offer(context, typed);
    } else this.rejectCommand(command!, context);
    return true;
  }

  /** Completes a waiting GETC if a byte was typed. */
  offer(context: DeviceContext, typed: () => number | undefined): void {
    if (!this.state.reading) return;
    const byte = typed();
    if (byte === undefined) return;
    this.state.reading = false;
    if (this.fromhost !== undefined)
      this.writeWord(this.fromhost, (BigInt(HTIF.CONSOLE) << 56n) | 0x100n | BigInt(byte), context);
  }

  private system(command: bigint, payload: bigint, context: DeviceContext): void {
    if (payload & 1n) return exit(payload >> 1n, context);
    const block = wordsAt(context, Number(payload), BLOCK_BYTES / 8);
    if (!block) return this.rejectCommand(command, context);
    const [number, file, from, sizeBytes] = block as [bigint, bigint, bigint, bigint];
    if (number === SYSCALL.EXIT) return exit(file, context);
    const result = number === SYSCALL.WRITE ? write(context, file, from, sizeBytes) : -ENOSYS;
    this.writeWord(Number(payload), result, context);
    if (result === -ENOSYS) this.rejectCommand(command, context, 1n);
    else this.answer(command, 1n, context);
  }

  /** Answers a command that is not implemented, and records the first. */
  private rejectCommand(command: bigint, context: DeviceContext, answer = 0n): void {
    if (this.state.unanswered === 0n) this.state.unanswered = command;
    this.answer(command, answer, context);
  }

  private answer(command: bigint, payload: bigint, context: DeviceContext): void {
    if (this.fromhost !== undefined) this.writeWord(this.fromhost, (command & ~PAYLOAD) | payload, context);
    this.writeWord(this.tohost, 0n, context);
  }

  private writeWord(address: number, value: bigint, { memory }: DeviceContext): void {
    const bytes = new Uint8Array(8);
    new DataView(bytes.buffer).setBigInt64(0, value, true);
    memory.write(address, bytes);
  }
}

function wordsAt({ memory }: DeviceContext, address: number, count: number): bigint[] | undefined {
  const bytes = memory.read(address, 8 * count);
  if (!bytes) return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  return Array.from({ length: count }, (_, index) => view.getBigUint64(8 * index, true));
}

const exit = (code: bigint, context: DeviceContext): void => {
  context.output({ kind: 'power', action: 'off', code: Number(code & 0xffff_ffffn) });
};

/** Prints, and returns the number of bytes, or a negative error number. */
function write(context: DeviceContext, file: bigint, from: bigint, sizeBytes: bigint): bigint {
  if (file !== STDOUT && file !== STDERR) return -EBADF;
  const count = Number(sizeBytes < WRITE_BYTES_MAX ? sizeBytes : WRITE_BYTES_MAX);
  const bytes = context.memory.read(Number(from), count);
  if (!bytes) return -EFAULT;
  for (const byte of bytes) context.output({ kind: 'console', byte });
  return BigInt(count);
}
