import { assert } from '../../base/assert.ts';
import { record } from '../../base/codec.ts';
import type { DeviceContext } from '../device.ts';
import { MAX_QUEUE_SIZE } from './registers.ts';
import type { VirtioDevice, VirtioPort } from './transport.ts';

/** The most random bytes for one request: a larger buffer is filled in part, as the specification allows. */
const REQUEST_LIMIT_BYTES = 4096;

/** The entropy device (virtio 1.2, section 5.4): fills the buffers in its queue when it is notified. */
export class VirtioEntropy implements VirtioDevice {
  readonly name = 'entropy';
  readonly deviceId = 4;
  readonly features = 0n;
  readonly queueSizes = [MAX_QUEUE_SIZE];
  /** The specification's limit (section 2.7.4); only {@link REQUEST_LIMIT_BYTES} of a chain are written. */
  readonly chainLimitBytes = 2 ** 32;
  readonly schema = record<object>({});
  state: object = {};

  config(): Uint8Array {
    return new Uint8Array(0);
  }

  notify(queue: number, port: VirtioPort, context: DeviceContext): void {
    port.take(queue, context, (chain) => {
      const sizeBytes = Math.min(chain.writableBytes, REQUEST_LIMIT_BYTES);
      if (sizeBytes === 0) return 0;
      const bytes = context.entropy(sizeBytes);
      assert(
        bytes.length === sizeBytes,
        `${bytes.length} bytes of entropy where ${sizeBytes} were asked for`,
      );
      chain.write(bytes);
      return sizeBytes;
    });
  }
}
