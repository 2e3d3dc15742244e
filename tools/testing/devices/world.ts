import type { DeviceContext, DeviceOutput, GuestMemory } from '../../../src/devices/device.ts';

export const RAM_BASE = 0x8000_0000;
export const RAM_BYTES = 0x1_0000;

/** A small guest RAM that counts accesses. */
export class Ram implements GuestMemory {
  readonly bytes: Uint8Array;
  accesses = 0;
  /** Accesses outside RAM. */
  refused = 0;

  constructor(bytes = new Uint8Array(RAM_BYTES)) {
    this.bytes = bytes;
  }

  private at(address: number, sizeBytes: number): number | undefined {
    this.accesses++;
    const at = address - RAM_BASE;
    if (Number.isInteger(at) && at >= 0 && at + sizeBytes <= this.bytes.length) return at;
    this.refused++;
    return undefined;
  }

  read(address: number, sizeBytes: number): Uint8Array | undefined {
    const at = this.at(address, sizeBytes);
    return at === undefined ? undefined : this.bytes.slice(at, at + sizeBytes);
  }

  write(address: number, bytes: Uint8Array): boolean {
    const at = this.at(address, bytes.length);
    if (at !== undefined) this.bytes.set(bytes, at);
    return at !== undefined;
  }
}

/** DeviceContext whose clock and entropy are counters, and which remember the outputs. */
export class World implements DeviceContext {
  readonly outputs: DeviceOutput[] = [];
  ticks = 1000;
  clockReads = 0;
  private drawn = 0;

  constructor(readonly memory = new Ram()) {}

  clock(): number {
    this.clockReads++;
    this.ticks += 7;
    return this.ticks;
  }

  entropy(sizeBytes: number): Uint8Array {
    return Uint8Array.from({ length: sizeBytes }, () => ++this.drawn & 0xff);
  }

  readonly warnings: string[] = [];

  warn(device: string, message: string): void {
    this.warnings.push(`${device}: ${message}`);
  }

  output(output: DeviceOutput): number {
    const count = this.outputs.push(output);
    return output.kind === 'power' ? 0 : count;
  }

  /** A copy without outputs. */
  clone(): World {
    const copy = new World(new Ram(this.memory.bytes.slice()));
    copy.ticks = this.ticks;
    copy.drawn = this.drawn;
    return copy;
  }
}
