import { bool, record, u64, type ValueOf } from '../base/codec.ts';
import type { Device, DeviceContext } from './device.ts';

/** Whom a command is for, in the upper eight bits of what is written to `tohost`; the eight below say what is to be done. */
export const HTIF = { SYSTEM: 0, CONSOLE: 1 } as const;
const SYSTEM = { SYSCALL: 0 } as const;
export const HTIF_CONSOLE = { GETC: 0, PUTC: 1 } as const;
const PAYLOAD = 2n ** 48n - 1n;

/** Calls of the proxy kernel, with the numbers and errors of Linux. */
const SYSCALL = { WRITE: 64n, EXIT: 93n } as const;
const EBADF = 9n;
const EFAULT = 14n;
const ENOSYS = 38n;
const STDOUT = 1n;
const STDERR = 2n;
/** A call is a block of eight words: its number, where the result goes, and its arguments. */
const BLOCK_BYTES = 64;
/** What one call writes at most; it is told how much that was. */
const WRITE_BYTES_MAX = 1 << 16;

const htifSchema = record({
  /** A byte that is typed was asked for. */
  reading: bool,
  /** The first command that nobody here answers; 0 for none. */
  unanswered: u64,
});
type HtifState = ValueOf<typeof htifSchema>;

/**
 * The host-target interface of riscv-isa-sim, as far as QEMU has it: two words in RAM. The guest writes a command to `tohost`, which is
 * cleared when it was taken, and finds the answer in `fromhost`. Device 0 ends the machine, and prints for programs made for the proxy
 * kernel; device 1 is the console.
 */
export class Htif implements Pick<Device<HtifState>, 'name' | 'schema' | 'state'> {
  readonly name = 'htif';
  readonly schema = htifSchema;
  state: HtifState = { reading: false, unanswered: 0n };

  /** @param fromhost undefined where the program has no such word, and waits for no answers */
  constructor(
    private readonly tohost: number,
    private readonly fromhost: number | undefined,
  ) {}

  /** The page of `tohost` was written to. `typed` takes the next byte that was typed. */
  written(around: DeviceContext, typed: () => number | undefined): void {
    const [command] = wordsAt(around, this.tohost, 1) ?? [0n];
    if (command === 0n) return;
    const [device, operation] = [Number(command! >> 56n), Number((command! >> 48n) & 0xffn)];
    const payload = command! & PAYLOAD;
    if (device === HTIF.SYSTEM && operation === SYSTEM.SYSCALL) this.system(command!, payload, around);
    else if (device === HTIF.CONSOLE && operation === HTIF_CONSOLE.PUTC) {
      const byte = Number(payload & 0xffn);
      around.output({ kind: 'console', byte });
      this.answer(command!, 0x100n | BigInt(byte), around);
    } else if (device === HTIF.CONSOLE && operation === HTIF_CONSOLE.GETC) {
      this.state.reading = true;
      this.set(this.tohost, 0n, around);
      this.offer(around, typed);
    } else this.leave(command!, around);
  }

  /** Answers a GETC that waits, if there is something to answer it with. */
  offer(around: DeviceContext, typed: () => number | undefined): void {
    if (!this.state.reading) return;
    const byte = typed();
    if (byte === undefined) return;
    this.state.reading = false;
    if (this.fromhost !== undefined)
      this.set(this.fromhost, (BigInt(HTIF.CONSOLE) << 56n) | 0x100n | BigInt(byte), around);
  }

  private system(command: bigint, payload: bigint, around: DeviceContext): void {
    if (payload & 1n) return exit(payload >> 1n, around);
    const block = wordsAt(around, Number(payload), BLOCK_BYTES / 8);
    if (!block) return this.leave(command, around);
    const [number, file, from, sizeBytes] = block as [bigint, bigint, bigint, bigint];
    if (number === SYSCALL.EXIT) return exit(file, around);
    const result = number === SYSCALL.WRITE ? write(around, file, from, sizeBytes) : -ENOSYS;
    this.set(Number(payload), result, around);
    if (result === -ENOSYS) this.leave(command, around, 1n);
    else this.answer(command, 1n, around);
  }

  /** A command that there is no answer to. */
  private leave(command: bigint, around: DeviceContext, answer = 0n): void {
    if (this.state.unanswered === 0n) this.state.unanswered = command;
    this.answer(command, answer, around);
  }

  private answer(command: bigint, payload: bigint, around: DeviceContext): void {
    if (this.fromhost !== undefined) this.set(this.fromhost, (command & ~PAYLOAD) | payload, around);
    this.set(this.tohost, 0n, around);
  }

  private set(address: number, value: bigint, { memory }: DeviceContext): void {
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

const exit = (code: bigint, around: DeviceContext): void => {
  around.output({ kind: 'power', action: 'off', code: Number(code & 0xffff_ffffn) });
};

/** Prints, and says how many bytes, or the negative number of an error. */
function write(around: DeviceContext, file: bigint, from: bigint, sizeBytes: bigint): bigint {
  if (file !== STDOUT && file !== STDERR) return -EBADF;
  const count = Number(sizeBytes < WRITE_BYTES_MAX ? sizeBytes : WRITE_BYTES_MAX);
  const bytes = around.memory.read(Number(from), count);
  if (!bytes) return -EFAULT;
  for (const byte of bytes) around.output({ kind: 'console', byte });
  return BigInt(count);
}
