/** The last heartbeat of a series, in memory that two threads share: one writes, the other may repeat it. */
import { assert } from '../../base/assert.ts';
import { MAX_PAYLOAD_BYTES } from './datagram-format.ts';

const VERSION = 0;
const LENGTH = 1;
const HEAD_WORDS = 2;
const TIME_BYTES = 8;
const HEAD_BYTES = HEAD_WORDS * 4 + TIME_BYTES;

/** The time of a clock that all threads of the process share, in ms. */
export function sharedMs(): number {
  const [seconds, ns] = process.hrtime();
  return seconds * 1e3 + ns / 1e6;
}

/** A heartbeat, and when it was written by {@link sharedMs}. */
export interface Heartbeat {
  payload: Uint8Array;
  atMs: number;
}

/** A sequence lock: the version is odd while the payload is written. */
export class HeartbeatSlot {
  private readonly head: Int32Array;
  private readonly time: Float64Array;
  private readonly bytes: Uint8Array;

  /** `memory`: of another thread's slot; without it the slot is new, and empty. */
  constructor(readonly memory = new SharedArrayBuffer(HEAD_BYTES + MAX_PAYLOAD_BYTES)) {
    this.head = new Int32Array(memory, 0, HEAD_WORDS);
    this.time = new Float64Array(memory, HEAD_WORDS * 4, 1);
    this.bytes = new Uint8Array(memory, HEAD_BYTES);
  }

  /** Grows with each write; 0: there was none. */
  get version(): number {
    return Atomics.load(this.head, VERSION);
  }

  /** Replaces the heartbeat; by one thread only. */
  write(payload: Uint8Array): void {
    assert(payload.length <= MAX_PAYLOAD_BYTES, () => `a heartbeat of ${payload.length} bytes`);
    Atomics.add(this.head, VERSION, 1);
    this.bytes.set(payload);
    this.time[0] = sharedMs();
    Atomics.store(this.head, LENGTH, payload.length);
    Atomics.add(this.head, VERSION, 1);
  }

  /** A copy of the heartbeat; undefined while it is written. */
  read(): Heartbeat | undefined {
    const { version } = this;
    const payload = this.bytes.slice(0, Atomics.load(this.head, LENGTH));
    const atMs = this.time[0]!;
    return version % 2 === 0 && version === this.version ? { payload, atMs } : undefined;
  }
}
