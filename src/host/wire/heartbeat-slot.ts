/** The last heartbeat of a series, in memory that two threads share: one writes, the other may repeat it. */
import { assert } from '../../base/assert.ts';
import { MAX_PAYLOAD_BYTES } from './datagram-format.ts';

const VERSION = 0;
const LENGTH = 1;
const HEAD_WORDS = 2;

/** A sequence lock: the version is odd while the payload is written. */
export class HeartbeatSlot {
  private readonly head: Int32Array;
  private readonly bytes: Uint8Array;

  /** `memory`: of another thread's slot; without it the slot is new, and empty. */
  constructor(readonly memory = new SharedArrayBuffer(HEAD_WORDS * 4 + MAX_PAYLOAD_BYTES)) {
    this.head = new Int32Array(memory, 0, HEAD_WORDS);
    this.bytes = new Uint8Array(memory, HEAD_WORDS * 4);
  }

  /** Grows with each write; 0: there was none. */
  get version(): number {
    return Atomics.load(this.head, VERSION);
  }

  /** Replaces the payload; by one thread only. */
  write(payload: Uint8Array): void {
    assert(payload.length <= MAX_PAYLOAD_BYTES, () => `a heartbeat of ${payload.length} bytes`);
    Atomics.add(this.head, VERSION, 1);
    this.bytes.set(payload);
    Atomics.store(this.head, LENGTH, payload.length);
    Atomics.add(this.head, VERSION, 1);
  }

  /** A copy of the payload; undefined while it is written. */
  read(): Uint8Array | undefined {
    const { version } = this;
    const payload = this.bytes.slice(0, Atomics.load(this.head, LENGTH));
    return version % 2 === 0 && version === this.version ? payload : undefined;
  }
}
