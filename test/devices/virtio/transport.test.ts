import { describe, expect, test } from 'vitest';
import { EmptySlot } from '../../../src/devices/virtio/empty.ts';
import { VirtioEntropy } from '../../../src/devices/virtio/entropy.ts';
import {
  INTERRUPT,
  STATUS,
  VIRTIO_F_EVENT_IDX,
  VIRTIO_F_INDIRECT_DESC,
  VIRTIO_F_VERSION_1,
  VIRTIO_MMIO,
} from '../../../src/devices/virtio/registers.ts';
import { VirtioMmio } from '../../../src/devices/virtio/transport.ts';
import { Driver, ringsOf } from '../../../tools/testing/devices/virtio-driver.ts';

const entropy = () => new Driver(new VirtioMmio(new VirtioEntropy()));

test('it identifies itself', () => {
  const driver = entropy();
  expect(driver.get(VIRTIO_MMIO.MagicValue)).toBe(0x74726976);
  expect(driver.get(VIRTIO_MMIO.Version)).toBe(2);
  expect(driver.get(VIRTIO_MMIO.DeviceID)).toBe(4);
  expect(driver.get(VIRTIO_MMIO.VendorID)).toBe(0x554d4551);
  expect(driver.get(VIRTIO_MMIO.ConfigGeneration)).toBe(0);
  expect(driver.get(VIRTIO_MMIO.SHMLenLow)).toBe(0xffff_ffff);
});

test('an empty slot is a virtio slot with device 0', () => {
  const slot = new EmptySlot();
  expect([0, 4, 8, 12].map((offset) => slot.read(offset, 4))).toEqual([0x74726976n, 2n, 0n, 0x554d4551n]);
  expect(slot.read(VIRTIO_MMIO.Status, 4)).toBe(0n);
  expect(slot.write(VIRTIO_MMIO.Status)).toBe(true);
  // As on QEMU, by any size.
  expect([slot.read(0, 1), slot.read(1, 1), slot.read(0, 2), slot.read(0, 8)]).toEqual([
    0x76n,
    0n,
    0x6976n,
    0x2_7472_6976n,
  ]);
  expect([slot.read(0x200, 4), slot.write(0x200)]).toEqual([undefined, false]);
});

describe('as on QEMU', () => {
  test('8 bytes of registers are two accesses of 4; smaller ones read as zero', () => {
    const { slot, world } = entropy();
    expect(slot.read(VIRTIO_MMIO.MagicValue, 8)).toBe(0x2_7472_6976n);
    expect([slot.read(VIRTIO_MMIO.MagicValue, 1), slot.read(VIRTIO_MMIO.MagicValue, 2)]).toEqual([0n, 0n]);
    slot.write(VIRTIO_MMIO.DriverFeatures, 8, 0x1_3000_0000n, world);
    expect(slot.state).toMatchObject({ driverFeatures: 0x3000_0000n, driverFeaturesSel: 1 });
  });

  test('the configuration reads as all ones past its end, and no access reaches past the registers', () => {
    const { slot, world } = entropy();
    expect(slot.read(VIRTIO_MMIO.Config, 1)).toBe(0xffn);
    expect(slot.read(VIRTIO_MMIO.Config + 8, 8)).toBe(2n ** 64n - 1n);
    expect(slot.read(0x200, 4)).toBeUndefined();
    expect(slot.write(0x200, 4, 0n, world)).toBe(false);
  });

  test('a reset keeps what was selected and accepted, and any number but 0 makes a queue ready', () => {
    const driver = entropy();
    driver.set(VIRTIO_MMIO.DeviceFeaturesSel, 1);
    driver.negotiate(VIRTIO_F_VERSION_1);
    driver.set(VIRTIO_MMIO.Status, 0);
    expect(driver.slot.state.driverFeatures).toBe(VIRTIO_F_VERSION_1);
    driver.set(VIRTIO_MMIO.QueueReady, 2);
    expect(driver.get(VIRTIO_MMIO.QueueReady)).toBe(1);
  });

  test('an interrupt cause that is not acknowledged raises the line again', () => {
    const driver = entropy();
    driver.slot.state.interruptStatus = 3;
    driver.set(VIRTIO_MMIO.InterruptACK, 1);
    expect(driver.slot.state).toMatchObject({ interruptStatus: 2, interruptRequested: true });
    driver.slot.state.interruptRequested = false;
    driver.set(VIRTIO_MMIO.InterruptACK, 2);
    expect(driver.slot.state).toMatchObject({ interruptStatus: 0, interruptRequested: false });
  });
});

test('features come in banks of 32', () => {
  const driver = entropy();
  expect(driver.offered).toBe(VIRTIO_F_VERSION_1 | VIRTIO_F_INDIRECT_DESC | VIRTIO_F_EVENT_IDX);
  driver.set(VIRTIO_MMIO.DeviceFeaturesSel, 2);
  expect(driver.get(VIRTIO_MMIO.DeviceFeatures)).toBe(0);
});

test('FEATURES_OK stays off when a feature is not offered, and makes the choice final', () => {
  const driver = entropy();
  expect(driver.negotiate(VIRTIO_F_VERSION_1 | 1n)).toBe(false);
  expect(driver.slot.negotiated).toBe(0n);
  expect(driver.negotiate(VIRTIO_F_VERSION_1 | (1n << 63n))).toBe(false);
  expect(driver.negotiate(VIRTIO_F_VERSION_1)).toBe(true);
  driver.set(VIRTIO_MMIO.DriverFeaturesSel, 1);
  driver.set(VIRTIO_MMIO.DriverFeatures, 0);
  expect(driver.slot.negotiated).toBe(VIRTIO_F_VERSION_1);
});

test('queues have sizes and a selection, and some do not exist', () => {
  const driver = entropy();
  expect(driver.get(VIRTIO_MMIO.QueueNumMax)).toBe(1024);
  driver.setUp(0);
  expect(driver.get(VIRTIO_MMIO.QueueReady)).toBe(1);
  driver.set(VIRTIO_MMIO.QueueDescLow, 0x1234);
  expect(driver.slot.state.queues[0]?.desc).toBe(BigInt(ringsOf(0).desc));
  driver.set(VIRTIO_MMIO.QueueSel, 1);
  expect(driver.get(VIRTIO_MMIO.QueueNumMax)).toBe(0);
  expect(driver.get(VIRTIO_MMIO.QueueReady)).toBe(0);
  driver.set(VIRTIO_MMIO.QueueReady, 1);
  expect(driver.get(VIRTIO_MMIO.QueueReady)).toBe(0);
});

test('addresses have high halves', () => {
  const driver = entropy();
  driver.set(VIRTIO_MMIO.QueueDescLow, 0x1000_0000);
  driver.set(VIRTIO_MMIO.QueueDescHigh, 1);
  driver.set(VIRTIO_MMIO.QueueDriverHigh, 2);
  driver.set(VIRTIO_MMIO.QueueDeviceHigh, 0xffff_ffff);
  expect(driver.slot.state.queues[0]).toMatchObject({
    desc: 0x1_1000_0000n,
    driver: 0x2_0000_0000n,
    device: 0xffff_ffff_0000_0000n,
  });
});

test.each([0, 3, 2048, 65536])('a queue of %i needs a reset', (num) => {
  const driver = entropy();
  driver.set(VIRTIO_MMIO.Status, STATUS.ACKNOWLEDGE);
  driver.setUp(0, num);
  expect(driver.broken).toBe(true);
  expect(driver.interrupt()).toBe(0);
});

test('nothing is served before DRIVER_OK or in a queue that is not ready', () => {
  const driver = entropy();
  driver.negotiate(VIRTIO_F_VERSION_1);
  driver.setUp(0);
  driver.add(0, [16]);
  driver.notify(0);
  expect(driver.used(0)).toEqual([]);
  driver.set(VIRTIO_MMIO.QueueReady, 0);
  driver.set(VIRTIO_MMIO.Status, 15);
  driver.notify(0);
  expect(driver.used(0)).toEqual([]);
  driver.set(VIRTIO_MMIO.QueueReady, 1);
  driver.notify(0);
  expect(driver.used(0)).toEqual([{ id: 0, len: 16 }]);
});

test('writing 0 to Status resets everything but what the driver has selected and accepted', () => {
  const driver = entropy().start(VIRTIO_F_VERSION_1);
  driver.offer(0, 63);
  driver.notify(0);
  expect(driver.broken).toBe(true);
  driver.set(VIRTIO_MMIO.Status, 15);
  expect(driver.broken).toBe(true);
  const { deviceFeaturesSel, driverFeaturesSel, driverFeatures } = driver.slot.state;
  const interruptRequested = true;
  driver.set(VIRTIO_MMIO.Status, 0);
  const kept = { deviceFeaturesSel, driverFeaturesSel, driverFeatures, interruptRequested };
  expect(driver.slot.state).toEqual({ ...new VirtioMmio(new VirtioEntropy()).state, ...kept });
});

test('a broken queue interrupts for the configuration and stops the device', () => {
  const driver = entropy().start(VIRTIO_F_VERSION_1);
  driver.offer(0, 63);
  driver.notify(0);
  expect(driver.slot.interrupt).toBe(true);
  expect(driver.interrupt()).toBe(INTERRUPT.CONFIGURATION_CHANGE);
  expect(driver.slot.interrupt).toBe(false);
  driver.add(0, [16]);
  driver.notify(0);
  expect(driver.used(0)).toEqual([]);
});

test('NO_INTERRUPT in the available ring suppresses the interrupt', () => {
  const driver = entropy().start(VIRTIO_F_VERSION_1);
  driver.setU16(ringsOf(0).driver, 1);
  driver.add(0, [16]);
  driver.notify(0);
  expect(driver.used(0)).toHaveLength(1);
  expect(driver.slot.interrupt).toBe(false);
  driver.setU16(ringsOf(0).driver, 0);
  driver.add(0, [16]);
  driver.notify(0);
  expect(driver.interrupt()).toBe(INTERRUPT.USED_BUFFER);
});

test('with EVENT_IDX the interrupt comes at used_event, and avail_event follows the driver', () => {
  const driver = entropy().start(VIRTIO_F_VERSION_1 | VIRTIO_F_EVENT_IDX);
  const usedEvent = ringsOf(0).driver + 4 + 2 * driver.size;
  const availEvent = ringsOf(0).device + 4 + 8 * driver.size;
  driver.setU16(ringsOf(0).driver, 1); // NO_INTERRUPT has no effect here
  driver.setU16(usedEvent, 2);
  const interrupts = [0, 1, 2, 3].map(() => {
    driver.add(0, [16]);
    driver.notify(0);
    return driver.interrupt();
  });
  expect(interrupts).toEqual([0, 0, INTERRUPT.USED_BUFFER, 0]);
  expect(driver.u16(availEvent)).toBe(4);
  driver.setU16(usedEvent, 5);
  for (let i = 0; i < 3; i++) driver.add(0, [16]);
  driver.notify(0);
  expect(driver.interrupt()).toBe(INTERRUPT.USED_BUFFER);
  expect(driver.u16(availEvent)).toBe(7);
});

test('indices wrap around', () => {
  const driver = entropy().start(VIRTIO_F_VERSION_1);
  const at = driver.allocate(8);
  driver.descriptor(ringsOf(0).desc, 0, BigInt(at), 8, 2, 0);
  for (let i = 0; i < 65536 + 3; i++) {
    driver.offer(0, 0);
    driver.notify(0);
  }
  expect(driver.broken).toBe(false);
  expect(driver.u16(ringsOf(0).device + 2)).toBe(3);
  expect(driver.slot.state.queues[0]).toMatchObject({ lastAvail: 3, usedIdx: 3 });
});

test('control registers take no fewer than 4 bytes', () => {
  const { slot, world } = entropy();
  for (const sizeBytes of [1, 2]) {
    expect(slot.read(VIRTIO_MMIO.MagicValue, sizeBytes)).toBe(0n);
    expect(slot.write(VIRTIO_MMIO.Status, sizeBytes, 1n, world)).toBe(true);
  }
  expect(slot.read(VIRTIO_MMIO.Status, 4)).toBe(0n);
});

test.each<[string, (driver: Driver) => void, RegExp]>([
  [
    'a broken queue',
    (driver) => driver.start(VIRTIO_F_VERSION_1).offer(0, 99),
    /^entropy: a queue is broken \(descriptor 99 of 8\): it does nothing more until its driver resets it$/,
  ],
  [
    'a size that no queue has',
    (driver) => driver.setUp(0, 3),
    /^entropy: a queue of 3 descriptors is asked for: it does/,
  ],
  [
    'features that are not offered',
    (driver) => driver.negotiate(VIRTIO_F_VERSION_1 | 5n),
    /^entropy: its driver wants .* not offered: 0x5$/,
  ],
])('a warning reports %s', (_, act, message) => {
  const driver = entropy();
  act(driver);
  driver.notify(0);
  expect(driver.world.warnings).toEqual([expect.stringMatching(message)]);
});
