/** The machines under attack: a few kinds, each created once and reused. */
import { decode, encode } from '../../src/base/codec.ts';
import { PRIVILEGE } from '../../src/cpu/csrs.ts';
import type { Execution } from '../../src/cpu/engine.ts';
import { PAGE_BYTES, RAM_BASE } from '../../src/cpu/layout.ts';
import type { MachineDescription, VirtioDescription } from '../../src/vmm/description.ts';
import { Devices } from '../../src/vmm/devices.ts';
import { ReplayDoors } from '../../src/vmm/doors.ts';
import { Machine } from '../../src/vmm/machine.ts';
import type { MachineState } from '../../src/vmm/machine-state.ts';
import { memoryMap } from '../../src/vmm/memory-map.ts';
import { instruction, parcelsOf } from './words.ts';

/** The boot code after a reset: prints a letter and waits. */
const REBOOTED = parcelsOf(
  instruction('lui', { rd: 5, immU: memoryMap.uart.base }),
  instruction('addi', { rd: 6, immI: 'R'.charCodeAt(0) }),
  instruction('sb', { rs1: 5, rs2: 6 }),
  instruction('wfi'),
);

/** The devices of a machine are in the slots from 0 on, in the order of case.ts. */
const net: VirtioDescription = { kind: 'net', mac: Uint8Array.of(0x52, 0x54, 0, 0, 0, 1) };
const entropy: VirtioDescription = { kind: 'entropy' };
const disk = (sectors: number, readOnly = false): VirtioDescription => ({ kind: 'blk', sectors, readOnly });
const terminal: VirtioDescription = { kind: 'console' };

const description = (
  program: string,
  pages: number,
  rest: Partial<MachineDescription> = {},
): MachineDescription => ({
  program,
  memorySizeBytes: pages * PAGE_BYTES,
  bootEpochNs: 1_291_161_600_000_000_000n,
  start: [{ word: 'privilege', value: BigInt(rest.sbi ? PRIVILEGE.S : PRIVILEGE.M) }],
  sbi: false,
  segments: [
    {
      address: RAM_BASE,
      bytes: new Uint8Array(Uint16Array.from(REBOOTED).buffer),
      memorySizeBytes: REBOOTED.length * 2,
    },
  ],
  virtio: [net, entropy],
  clock: 'logged',
  tohost: [],
  fromhost: [],
  ...rest,
});

/** RAM never fills the last 64 KiB of the shared memory: the rest is a guard area that must not change. */
export const kinds: readonly MachineDescription[] = [
  description('bare', 17),
  description('disk', 24, { virtio: [net, entropy, disk(64), terminal] }),
  description('tohost', 40, {
    virtio: [net, entropy, disk(64)],
    tohost: [RAM_BASE + 9 * PAGE_BYTES],
    fromhost: [RAM_BASE + 9 * PAGE_BYTES + 64],
  }),
  description('kernel', 17, { virtio: [net, entropy, disk(64), terminal], sbi: true }),
  description('large', 255, { virtio: [net, entropy, disk(8, true)], sbi: true }),
];

/** Two machines of one kind. */
export class Pair {
  readonly machines: readonly [Machine, Machine];
  /** Devices of this kind, for their offered features. */
  readonly devices: Devices;
  private readonly atPowerOn: Uint8Array;

  constructor(
    readonly description: MachineDescription,
    execution: Execution,
  ) {
    const make = () => new Machine(description, new ReplayDoors(), execution);
    this.machines = [make(), make()];
    this.devices = new Devices(description);
    const [machine] = this.machines;
    this.atPowerOn = encode(machine.schema, machine.state);
  }

  /** A fresh power-on state. */
  powerOn(): MachineState {
    return decode(this.machines[0].schema, this.atPowerOn);
  }
}
