/**
 * Hostile guests: an {@link attack} is a few dozen steps against one device, determined by a seed. The correct answer
 * to invalid input is undefined, but these properties are not: the device never throws or hangs, since the work of one
 * step is bounded; it accesses only RAM, and needs a reset when it was sent elsewhere; its outputs are valid; its state
 * fits its schema; and a copy from the saved state in the middle of the attack behaves equally for the rest of it.
 */
import { isDeepStrictEqual } from 'node:util';
import { decode, encode } from '../../../src/base/codec.ts';
import { Random } from '../../../src/base/random.ts';
import { CLINT, Clint } from '../../../src/devices/clint.ts';
import { DISK_IOERR, DISK_OK } from '../../../src/devices/device.ts';
import { Finisher } from '../../../src/devices/finisher.ts';
import { PLIC, Plic } from '../../../src/devices/plic.ts';
import { Rtc } from '../../../src/devices/rtc.ts';
import { Uart } from '../../../src/devices/uart.ts';
import { VirtioBlk } from '../../../src/devices/virtio/blk.ts';
import { VirtioConsole } from '../../../src/devices/virtio/console.ts';
import { EmptySlot } from '../../../src/devices/virtio/empty.ts';
import { VirtioEntropy } from '../../../src/devices/virtio/entropy.ts';
import { VirtioNet } from '../../../src/devices/virtio/net.ts';
import { STATUS, VIRTIO_MMIO } from '../../../src/devices/virtio/registers.ts';
import { type VirtioDevice, VirtioMmio } from '../../../src/devices/virtio/transport.ts';
import { type Bench, CAPACITY_SECTORS, must, type Step, StrictWorld } from './bench.ts';
import { hostileStep } from './hostile-driver.ts';
import { RAM_BYTES } from './world.ts';

type Attacked = (world: StrictWorld) => Omit<Bench, 'world'>;

function virtio<D extends VirtioDevice>(device: D, input?: (slot: VirtioMmio<D>, choice: number) => unknown) {
  const slot = new VirtioMmio(device);
  const bench = { device: slot, slot: slot as VirtioMmio, lines: () => slot.interrupt };
  return input ? { ...bench, input: (choice: number) => input(slot, choice) } : bench;
}

/** Whether at most as many requests are pending as the queue has chains in flight; none while it is stopped. */
function inFlightAtMost(slot: VirtioMmio): boolean {
  const { ready, lastAvail, usedIdx } = slot.state.queues[0]!;
  const { requests } = slot.device.state as VirtioBlk['state'];
  return requests.length <= (ready ? (lastAvail - usedIdx) & 0xffff : 0);
}

const disk =
  (readOnly: boolean): Attacked =>
  (world) => {
    world.readOnly = readOnly;
    const bench = virtio(new VirtioBlk(CAPACITY_SECTORS, readOnly), (slot, choice) => {
      const { operations } = slot.device;
      // One of those under way, or one that never was.
      const request = operations[choice % (operations.length + 1)] ?? {
        id: 1e9,
        operation: 'flush',
        sizeBytes: 0,
      };
      const status = choice % 5 === 0 ? DISK_IOERR : DISK_OK;
      const data = request.operation === 'read' && status === DISK_OK ? request.sizeBytes : 0;
      return slot.device.complete(request.id, status, new Uint8Array(data).fill(choice), slot, world);
    });
    return { ...bench, consistent: () => inFlightAtMost(bench.slot) };
  };

/** Every device, by name. */
export const attacked: Readonly<Record<string, Attacked>> = {
  finisher: () => ({ device: new Finisher() }),
  rtc: () => {
    const device = new Rtc(1n << 60n);
    return {
      device,
      input: (choice) => device.timer(choice * 1_000_000),
      lines: () => [device.interrupt, device.deadline],
    };
  },
  clint: () => {
    const device = new Clint();
    return {
      device,
      input: (choice) => (choice % 2 ? device.timer(choice) : device.clockRead(choice * 10)),
      lines: () => [device.softwareInterrupt, device.timerInterrupt, device.deadline],
    };
  },
  plic: () => {
    const device = new Plic();
    return {
      device,
      input: (choice) => device.request(1 + (choice % 95)),
      lines: () => [device.interrupt(0), device.interrupt(1)],
    };
  },
  uart: () => {
    const device = new Uart();
    return {
      device,
      input: (choice) => device.receive(new Uint8Array(choice % 20).fill(choice)),
      lines: () => [device.interrupt, device.room],
    };
  },
  empty: () => ({ device: new EmptySlot() }),
  entropy: () => virtio(new VirtioEntropy()),
  net: (world) =>
    virtio(new VirtioNet(Uint8Array.of(2, 0, 0, 0, 0, 1)), (slot, choice) =>
      slot.device.receive(new Uint8Array(choice % 1600).fill(choice), slot, world),
    ),
  console: (world) => {
    const bench = virtio(new VirtioConsole(), (slot, choice) => {
      const before = slot.device.room(slot);
      const bytes = new Uint8Array(choice % 300).fill(choice);
      const taken = slot.device.receive(bytes, slot, world);
      must(taken === Math.min(before, bytes.length), `${taken} bytes taken where ${before} have room`);
      return [taken, slot.device.room(slot)];
    });
    return bench;
  },
  disk: disk(false),
  'read-only disk': disk(true),
};

/** The register offsets of devices that are not virtio. */
const registers: Readonly<Record<string, readonly number[]>> = {
  clint: [CLINT.msip, CLINT.mtimecmp, CLINT.mtime, CLINT.mtimecmp + 4],
  plic: [
    ...[0, 4, 40, 376, 380, 384].map((at) => PLIC.priority + at),
    ...[0, 8, 12].map((at) => PLIC.pending + at),
    ...[0, 8, 12, 0x80, 0x88, 0x100].map((at) => PLIC.enable + at),
    ...[0, 4, 8, 0x1000, 0x1004, 0x2000, 0x2004].map((at) => PLIC.context + at),
  ],
};
/** The size of a device's mapped region, in bytes. */
const regionBytes: Readonly<Record<string, number>> = { clint: 0x1_0000, plic: 0x60_0000, uart: 0x100 };

const VALUES = [
  0n,
  1n,
  2n,
  3n,
  4n,
  7n,
  15n,
  64n,
  0x80n,
  0xffn,
  0x100n,
  0x7fff_ffffn,
  0x8000_0000n,
  0xffff_ffffn,
];

function accessStep(random: Random, name: string, virtio: boolean): Step {
  const sizeBytes = random.chance(0.6) ? 4 : [1, 2, 8][random.below(3)]!;
  const own = virtio
    ? [...Object.values(VIRTIO_MMIO), ...[4, 8].map((at) => VIRTIO_MMIO.Config + at)]
    : registers[name];
  const region = random.chance(0.8) ? 0x28 : (regionBytes[name] ?? 0x1000);
  const anywhere = own === undefined || random.chance(0.1);
  const at = anywhere ? random.below(region) : own[random.below(own.length)]!;
  const offset = at - (at % sizeBytes);
  const drawn = random.chance(0.7)
    ? VALUES[random.below(VALUES.length)]!
    : random.bytes(8).reduce((all, byte) => (all << 8n) | BigInt(byte), 0n);
  const value = BigInt.asUintN(8 * sizeBytes, drawn);
  if (random.chance(0.4))
    return {
      name: `read ${sizeBytes} at 0x${offset.toString(16)}`,
      run: ({ device, world }) => {
        const result = device.read(offset, sizeBytes, world);
        must(result === undefined || (result >= 0n && result < 1n << 64n), `${result} was read`);
        return result;
      },
    };
  return {
    name: `write ${sizeBytes} at 0x${offset.toString(16)}: 0x${value.toString(16)}`,
    run: ({ device, world }) => device.write(offset, sizeBytes, value, world),
  };
}

function step(random: Random, name: string, bench: Bench): Step {
  const { slot, input } = bench;
  if (slot && random.chance(0.85)) return hostileStep(random, slot);
  if (input && random.chance(0.4)) {
    const choice = random.below(5000);
    return { name: `input ${choice}`, run: (on) => on.input?.(choice) };
  }
  return accessStep(random, name, slot !== undefined);
}

/**
 * How much one step may do. A queue of `num` has at most `num` chains waiting, each with at most `num` descriptors and
 * one table of as many as the largest queue has; each descriptor is read once and what it points to once more.
 */
function bounds(slot: VirtioMmio): { accesses: number; moved: number } {
  const { queueSizes, chainLimitBytes } = slot.device;
  const largest = Math.max(...queueSizes);
  const num = Math.max(...slot.state.queues.map((queue) => queue.num));
  const chain = num + largest + 1;
  const dataBytes = Math.min(chainLimitBytes, Math.max(RAM_BYTES, 2 ** 20)) + 32;
  return { accesses: num * (2 * chain + 10) + 10, moved: num * (16 * chain + 2 * dataBytes + 64) + 64 };
}

function perform(bench: Bench, one: Step): unknown {
  const { slot, world } = bench;
  const { memory } = world;
  const limits = slot && bounds(slot);
  const brokenBefore = isBroken(slot);
  const warningsBefore = world.warnings;
  Object.assign(memory, { accesses: 0, refused: 0, moved: 0 });
  const result = one.run(bench);
  must(
    brokenBefore || !isBroken(slot) || world.warnings > warningsBefore,
    'it needs a reset without a warning',
  );
  if (slot === undefined) must(memory.accesses === 0, 'a device without queues accessed RAM');
  else {
    must(memory.accesses <= limits!.accesses, `${memory.accesses} accesses to RAM`);
    must(memory.moved <= limits!.moved, `${memory.moved} bytes moved`);
    must(memory.refused <= 1, 'it continued after an access outside RAM');
    must(memory.refused === 0 || isBroken(slot), 'it was sent outside RAM and needs no reset');
    must(!brokenBefore || !isBroken(slot) || memory.accesses === 0, 'a broken device accessed RAM');
  }
  must(bench.consistent?.() ?? true, 'a pending request is not in its queue');
  return [result, bench.lines?.()];
}

const isBroken = (slot: VirtioMmio | undefined): boolean =>
  slot !== undefined && (slot.state.status & STATUS.DEVICE_NEEDS_RESET) !== 0;

/** A second bench that starts from the saved state of the first. */
function copyOf(bench: Bench, name: string): Bench {
  const world = bench.world.clone();
  const copy: Bench = { ...attacked[name]!(world), world };
  const saved = encode(bench.device.schema, bench.device.state);
  copy.device.state = decode(copy.device.schema, saved);
  must(isDeepStrictEqual(copy.device.state, bench.device.state), 'the state does not match its schema');
  return copy;
}

function mustBeEqual(bench: Bench, copy: Bench): void {
  const [a, b] = [bench, copy].map(({ device }) => encode(device.schema, device.state));
  must(Buffer.compare(a!, b!) === 0, 'the copy has a different state');
  const [left, right] = [bench.world, copy.world];
  must(left.made === right.made && left.digest === right.digest, 'the copy made other outputs');
  must(Buffer.compare(left.memory.bytes, right.memory.bytes) === 0, 'the copy left a different RAM');
}

/** The outcome of an attack. */
export interface Outcome {
  device: string;
  steps: number;
  /** Whether the device needed a reset at some time. */
  broken: boolean;
  outputs: number;
  accesses: number;
}

/** @throws {Error} when the device violates a property; the message says how to reproduce it */
export function attack(seed: string): Outcome {
  const random = new Random(seed);
  const names = Object.keys(attacked);
  // Most have to do with queues.
  const name = names[random.chance(0.25) ? random.below(names.length) : 6 + random.below(names.length - 6)]!;
  const world = new StrictWorld();
  const bench: Bench = { ...attacked[name]!(world), world };
  const steps = 5 + random.below(30);
  const forkAt = random.below(steps);
  const outcome: Outcome = { device: name, steps, broken: false, outputs: 0, accesses: 0 };
  const trace: string[] = [];
  let copy: Bench | undefined;
  try {
    for (let i = 0; i < steps; i++) {
      if (i === forkAt) copy = copyOf(bench, name);
      const one = step(random, name, bench);
      trace.push(one.name);
      const result = perform(bench, one);
      outcome.accesses += world.memory.accesses;
      outcome.broken ||= isBroken(bench.slot);
      if (copy) must(isDeepStrictEqual(perform(copy, one), result), 'the copy returns a different result');
    }
    if (copy) mustBeEqual(bench, copy);
    copyOf(bench, name);
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    throw new Error(`attack ${JSON.stringify(seed)} on ${name}: ${message}\n  ${trace.join('\n  ')}`, {
      cause: error,
    });
  }
  outcome.outputs = world.made;
  return outcome;
}
