import { assert } from '../../base/assert.ts';
import { bytes, record, type ValueOf } from '../../base/codec.ts';
import type { DeviceContext } from '../device.ts';
import type { Chain } from './queue.ts';
import { MAX_QUEUE_SIZE, VIRTIO_F_VERSION_1 } from './registers.ts';
import type { VirtioDevice, VirtioPort } from './transport.ts';

/** Feature bit (virtio 1.2, section 5.1.3): the configuration has the MAC address. */
export const VIRTIO_NET_F_MAC = 1n << 5n;
/** Feature bit: the configuration has `status`. */
export const VIRTIO_NET_F_STATUS = 1n << 16n;
/** A bit of `status` (virtio 1.2, section 5.1.4). */
export const VIRTIO_NET_S_LINK_UP = 1;

/** The receive queue (section 5.1.2). */
export const RECEIVEQ = 0;
/** The transmit queue. */
export const TRANSMITQ = 1;

/** The smallest Ethernet frame: its addresses and type. */
export const MIN_FRAME_BYTES = 14;
/** The largest Ethernet frame without its checksum: addresses and type, one VLAN tag, 1500 bytes of payload. */
export const MAX_FRAME_BYTES = 1518;

/** `virtio_net_hdr`; drivers before virtio 1.0 don't have its last field, `num_buffers`. */
const HEADER_BYTES = 12;
const LEGACY_HEADER_BYTES = 10;
const NUM_BUFFERS = 10;

const MAC_BYTES = 6;

const schema = record({
  /** The MAC address, from the machine's description. */
  mac: bytes(MAC_BYTES),
});

/**
 * The network card (virtio 1.2, section 5.1) with one pair of queues and no offloads, so the header before each frame
 * is all defaults. Frames longer than {@link MAX_FRAME_BYTES} or shorter than their addresses are dropped both ways.
 */
export class VirtioNet implements VirtioDevice<ValueOf<typeof schema>> {
  readonly name = 'net';
  readonly deviceId = 1;
  readonly features = VIRTIO_NET_F_MAC | VIRTIO_NET_F_STATUS;
  readonly queueSizes = [MAX_QUEUE_SIZE, MAX_QUEUE_SIZE];
  readonly chainLimitBytes: number;
  readonly schema = schema;
  state: ValueOf<typeof schema>;

  constructor(mac: Uint8Array, chainLimitBytes = 65536 + HEADER_BYTES) {
    assert(mac.length === MAC_BYTES, () => `a MAC address of ${mac.length} bytes`);
    this.state = { mac: mac.slice() };
    this.chainLimitBytes = chainLimitBytes;
  }

  config(): Uint8Array {
    return Uint8Array.of(...this.state.mac, VIRTIO_NET_S_LINK_UP, 0);
  }

  /** Sends the frames in the transmit queue. New receive buffers wait for {@link receive}. */
  notify(queue: number, port: VirtioPort, context: DeviceContext): void {
    if (queue !== TRANSMITQ) return;
    port.take(TRANSMITQ, context, (chain) => {
      this.transmit(chain, headerBytes(port), context);
      return 0;
    });
  }

  private transmit(chain: Chain, header: number, context: DeviceContext): void {
    const sizeBytes = chain.readableBytes - header;
    if (!isFrame(sizeBytes)) {
      const limits = `a frame has ${MIN_FRAME_BYTES} to ${MAX_FRAME_BYTES}`;
      return context.warn(this.name, `drops ${sizeBytes} bytes that its driver sends: ${limits}`);
    }
    context.output({ kind: 'frame', frame: chain.read().slice(header) });
  }

  /**
   * Input from the network: puts the frame into the next receive buffer. Returns false when it was dropped: the driver
   * isn't ready, has no buffer or one too small, or the frame's size is not one of Ethernet.
   */
  receive(frame: Uint8Array, port: VirtioPort, context: DeviceContext): boolean {
    if (!isFrame(frame.length)) return false;
    const packet = withHeader(frame, headerBytes(port));
    const put = (chain: Chain): number | undefined => {
      if (chain.writableBytes < packet.length) return undefined;
      chain.write(packet);
      return packet.length;
    };
    return port.fillNext(RECEIVEQ, context, put);
  }
}

const isFrame = (sizeBytes: number): boolean => sizeBytes >= MIN_FRAME_BYTES && sizeBytes <= MAX_FRAME_BYTES;

const headerBytes = (port: VirtioPort): number =>
  port.negotiated & VIRTIO_F_VERSION_1 ? HEADER_BYTES : LEGACY_HEADER_BYTES;

function withHeader(frame: Uint8Array, header: number): Uint8Array {
  const packet = new Uint8Array(header + frame.length);
  if (header === HEADER_BYTES) packet[NUM_BUFFERS] = 1;
  packet.set(frame, header);
  return packet;
}
