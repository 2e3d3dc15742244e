/** The test bench of a device under attack: a context that checks outputs, and the steps of an attack. */
import {
  type Device,
  type DeviceContext,
  type DeviceOutput,
  SECTOR_BYTES,
} from '../../../src/devices/device.ts';
import { MAX_FRAME_BYTES, MIN_FRAME_BYTES } from '../../../src/devices/virtio/net.ts';
import type { VirtioMmio } from '../../../src/devices/virtio/transport.ts';
import { Ram } from './world.ts';

export const CAPACITY_SECTORS = 64;

export class Violation extends Error {
  override name = 'Violation';
}
export function must(condition: boolean, what: string): asserts condition {
  if (!condition) throw new Violation(what);
}

/** The most random bytes that a device may request at once. */
const MAX_ENTROPY_BYTES = 4096;

/** More accesses than any step may make: the device hangs. */
const HANGS = 1e6;

/** RAM that counts how many bytes were moved. */
class MeteredRam extends Ram {
  moved = 0;

  override read(address: number, sizeBytes: number): Uint8Array | undefined {
    must(this.accesses < HANGS, 'it does not terminate');
    const bytes = super.read(address, sizeBytes);
    this.moved += bytes?.length ?? 0;
    return bytes;
  }

  override write(address: number, bytes: Uint8Array): boolean {
    this.moved += bytes.length;
    return super.write(address, bytes);
  }
}

/** A context that checks outputs, and keeps only their number and a digest. */
export class StrictWorld implements DeviceContext {
  made = 0;
  digest = 0;
  ticks = 1000;
  readOnly = false;

  constructor(readonly memory = new MeteredRam()) {}

  clock(): number {
    this.ticks += 7;
    return this.ticks;
  }

  entropy(sizeBytes: number): Uint8Array {
    must(sizeBytes > 0 && sizeBytes <= MAX_ENTROPY_BYTES, `${sizeBytes} random bytes are requested`);
    return new Uint8Array(sizeBytes).fill(this.ticks++ & 0xff);
  }

  warnings = 0;

  warn(): void {
    this.warnings++;
  }

  output(output: DeviceOutput): number {
    this.mix(output.kind.length);
    switch (output.kind) {
      case 'console':
        must(Number.isInteger(output.byte) && output.byte >= 0 && output.byte < 256, 'no byte is printed');
        this.mix(output.byte);
        break;
      case 'frame':
        must(output.frame.length >= MIN_FRAME_BYTES && output.frame.length <= MAX_FRAME_BYTES, 'no frame');
        for (const byte of output.frame) this.mix(byte);
        break;
      case 'disk':
        this.request(output.request);
        break;
      case 'power':
        this.mix(output.code);
        return 0;
    }
    return ++this.made;
  }

  private request(request: (DeviceOutput & { kind: 'disk' })['request']): void {
    this.mix(request.operation.length);
    if (request.operation === 'flush') return;
    const sizeBytes = request.operation === 'read' ? request.sizeBytes : request.data.length;
    must(sizeBytes % SECTOR_BYTES === 0, 'a part of a sector');
    must(
      request.sector + sizeBytes / SECTOR_BYTES <= CAPACITY_SECTORS,
      'a sector beyond the end of the disk',
    );
    must(request.operation === 'read' || !this.readOnly, 'a write to a disk that may only be read');
    this.mix(request.sector);
    this.mix(sizeBytes);
  }

  private mix(value: number): void {
    this.digest = (Math.imul(this.digest, 31) + value) | 0;
  }

  clone(): StrictWorld {
    const copy = new StrictWorld(new MeteredRam(this.memory.bytes.slice()));
    return Object.assign(copy, {
      made: this.made,
      digest: this.digest,
      ticks: this.ticks,
      readOnly: this.readOnly,
    });
  }
}

/** A device under attack, and its context. */
export interface Bench {
  device: Device;
  /** The device as a virtio device, if it is one. */
  slot?: VirtioMmio;
  world: StrictWorld;
  /** An input from the VMM, chosen by a number; returns what the device answers. */
  input?: (choice: number) => unknown;
  /** What the VMM sees of the device between accesses. */
  lines?: () => unknown;
  /** Whether the device's own state agrees with its queues. */
  consistent?: () => boolean;
}

/** One action of the guest or of the outside, with all random numbers drawn: equal on every bench. */
export interface Step {
  name: string;
  run(bench: Bench): unknown;
}
