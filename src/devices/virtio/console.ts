import { bytes, record, uint, type ValueOf } from '../../base/codec.ts';
import type { DeviceContext } from '../device.ts';
import { BrokenQueue, type Chain } from './queue.ts';
import { MAX_QUEUE_SIZE } from './registers.ts';
import type { VirtioDevice, VirtioPort } from './transport.ts';

/** Feature bit (virtio 1.2, section 5.3.3): `cols` and `rows` are valid. */
export const VIRTIO_CONSOLE_F_SIZE = 1n << 0n;
/** Feature bit: more than one port. Not offered. */
export const VIRTIO_CONSOLE_F_MULTIPORT = 1n << 1n;
/** Feature bit: `emerg_wr` prints a byte. */
export const VIRTIO_CONSOLE_F_EMERG_WRITE = 1n << 2n;

/** The receive queue of port 0, the only port (section 5.3.2). */
export const RECEIVEQ = 0;
/** The transmit queue of port 0. */
export const TRANSMITQ = 1;

/** Offsets in the configuration space. */
export const CONFIG = { cols: 0, rows: 2, max_nr_ports: 4, emerg_wr: 8 } as const;
const CONFIG_BYTES = 12;

const COLUMNS = 80;
const ROWS = 25;

/** The most that one notification can print; more breaks the queue. Without a limit its chains could hold terabytes. */
const MAX_PRINTED_BYTES = 2 ** 21;
/** The capacity for typed bytes that wait for a buffer of the driver. */
const INPUT_BYTES = 256;

const schema = record({
  /** Typed bytes that the driver does not have yet. */
  input: bytes(INPUT_BYTES),
  /** The number of bytes taken from outside since boot: the position in the console input. */
  received: uint,
});

/**
 * The console device (virtio 1.2, section 5.3) with one port. It has a fixed size, and `emerg_wr` prints a byte at any
 * time, even before there is a driver. Typed bytes wait in the device for the driver's buffers, also across a reset by
 * the driver, so that none is lost when one driver takes over from another.
 */
export class VirtioConsole implements VirtioDevice<ValueOf<typeof schema>> {
  readonly name = 'console';
  readonly deviceId = 3;
  readonly features = VIRTIO_CONSOLE_F_SIZE | VIRTIO_CONSOLE_F_EMERG_WRITE;
  readonly queueSizes = [MAX_QUEUE_SIZE, MAX_QUEUE_SIZE];
  readonly chainLimitBytes = MAX_PRINTED_BYTES;
  readonly schema = schema;
  state: ValueOf<typeof schema> = { input: new Uint8Array(0), received: 0 };

  /** `max_nr_ports` is QEMU's, although MULTIPORT is not offered; `emerg_wr` reads as zero. */
  config(): Uint8Array {
    const view = new DataView(new ArrayBuffer(CONFIG_BYTES));
    view.setUint16(CONFIG.cols, COLUMNS, true);
    view.setUint16(CONFIG.rows, ROWS, true);
    view.setUint32(CONFIG.max_nr_ports, 1, true);
    return new Uint8Array(view.buffer);
  }

  /** The low byte written to `emerg_wr` is printed, whatever the width of the access. */
  writeConfig(offset: number, value: bigint, context: DeviceContext): void {
    if (offset === CONFIG.emerg_wr) context.output({ kind: 'console', byte: Number(value & 0xffn) });
  }

  notify(queue: number, port: VirtioPort, context: DeviceContext): void {
    if (queue === RECEIVEQ) this.deliver(port, context);
    else this.print(port, context);
  }

  private print(port: VirtioPort, context: DeviceContext): void {
    let leftBytes = MAX_PRINTED_BYTES;
    port.take(TRANSMITQ, context, (chain) => {
      leftBytes -= chain.readableBytes;
      if (leftBytes < 0) throw new BrokenQueue(`more than ${MAX_PRINTED_BYTES} bytes to print at once`);
      for (const byte of chain.read()) context.output({ kind: 'console', byte });
      return 0;
    });
  }

  /** How many bytes {@link receive} would take now: none before the receive queue may be served. */
  room(port: VirtioPort): number {
    return port.serves(RECEIVEQ) ? INPUT_BYTES - this.state.input.length : 0;
  }

  /** Input from outside: takes the first bytes, as many as there is room for, and returns their number. */
  receive(input: Uint8Array, port: VirtioPort, context: DeviceContext): number {
    const { state } = this;
    const taken = input.subarray(0, this.room(port));
    const all = new Uint8Array(state.input.length + taken.length);
    all.set(state.input);
    all.set(taken, state.input.length);
    state.input = all;
    state.received += taken.length;
    this.deliver(port, context);
    return taken.length;
  }

  /**
   * Moves waiting bytes into the driver's buffers: at most as many buffers as its queue has, however it changes the
   * rings.
   */
  private deliver(port: VirtioPort, context: DeviceContext): void {
    const { state } = this;
    const fill = (chain: Chain): number => {
      const part = state.input.subarray(0, chain.writableBytes);
      chain.write(part);
      // Only now: if the buffer was not RAM, the bytes wait until after the reset.
      state.input = state.input.slice(part.length);
      return part.length;
    };
    for (let turn = 0; turn < MAX_QUEUE_SIZE && state.input.length > 0; turn++) {
      if (!port.fillNext(RECEIVEQ, context, fill)) return;
    }
  }
}
