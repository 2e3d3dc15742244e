/** Runs a case on this machine: the same program that QEMU runs, on the whole machine. */
import { RAM_BASE } from '../../../src/cpu/layout.ts';
import type { MachineDescription } from '../../../src/vmm/description.ts';
import { type Environment, LiveDoors } from '../../../src/vmm/doors.ts';
import { Vmm } from '../../../src/vmm/vmm.ts';
import { ACCESS_WORDS, accessesOf, type Case, decodeResults, encodeCase, type Result } from './access.ts';
import { CASES, CLOCK_SHIFT, CURSOR } from './harness.ts';

/** Enough for the longest case. */
const STEPS_MAX = 10_000_000;
const RAM_BYTES = 1 << 16;

/** When both machines' real-time clocks start. */
export const BOOT_EPOCH = '2030-01-01T00:00:00';
export const MAC = '52:54:00:00:00:01';
export const DISK_SECTORS = 1024;

/** The same devices in the same slots as in `qemu.ts`. */
const description = (harness: Uint8Array): MachineDescription => ({
  program: 'devices',
  memorySizeBytes: RAM_BYTES,
  bootEpochNs: BigInt(Date.parse(`${BOOT_EPOCH}Z`)) * 1_000_000n,
  start: [{ word: 'pc', value: BigInt(RAM_BASE) }],
  sbi: false,
  segments: [{ address: RAM_BASE, bytes: harness, memorySizeBytes: harness.length }],
  virtio: [
    { kind: 'net', mac: Uint8Array.from(MAC.split(':'), (byte) => Number.parseInt(byte, 16)) },
    { kind: 'entropy' },
    { kind: 'blk', sectors: DISK_SECTORS, readOnly: false },
    { kind: 'console' },
  ],
  clock: 'logged',
  tohost: [],
  fromhost: [],
});

/** Time goes on with the steps, about as fast as on QEMU, from the start of each case. */
class SteadyWorld implements Environment {
  start = 0;
  private readonly ticksPerStep = 2 ** CLOCK_SHIFT / 100;

  clock(icount: number): number {
    return Math.floor((icount - this.start) * this.ticksPerStep);
  }
  icountAt(ticks: number): number {
    return this.start + Math.ceil(ticks / this.ticksPerStep);
  }
  entropy(sizeBytes: number): Uint8Array {
    return new Uint8Array(sizeBytes);
  }
}

export class Ours {
  private readonly world = new SteadyWorld();
  private readonly vmm: Vmm;

  constructor(harness: Uint8Array) {
    this.vmm = new Vmm(description(harness), new LiveDoors(this.world));
  }

  run(one: Case): Result[] {
    const { machine } = this.vmm;
    machine.apply({ kind: 'control', icount: machine.icount, action: 'reset', value: 0 });
    this.world.start = machine.icount;
    const words = encodeCase(one);
    machine.hart.write(CASES, new Uint8Array(words.buffer));
    machine.hart.write(CURSOR, new Uint8Array(BigUint64Array.of(BigInt(CASES), 1n).buffer));
    const pause = this.vmm.run(STEPS_MAX);
    if (pause !== 'off')
      throw new Error(`case ${one.index} of seed ${one.seed} does not terminate here: ${pause}`);
    machine.takeOutputs();
    const at = CASES - RAM_BASE;
    const results = machine.hart.ram.slice(at, at + words.byteLength);
    // The count before them is not overwritten.
    return decodeResults(new BigUint64Array(results.buffer)).slice(0, accessesOf(one).length);
  }
}

export const CASE_BYTES_MAX = RAM_BYTES - (CASES - RAM_BASE);
export const ACCESSES_MAX = CASE_BYTES_MAX / 8 / ACCESS_WORDS - 1;
