import { describe, expect, test } from 'vitest';
import {
  MAX_FRAME_BYTES,
  RECEIVEQ,
  TRANSMITQ,
  VIRTIO_NET_F_MAC,
  VIRTIO_NET_F_STATUS,
  VirtioNet,
} from '../../../src/devices/virtio/net.ts';
import {
  INTERRUPT,
  VIRTIO_F_EVENT_IDX,
  VIRTIO_F_INDIRECT_DESC,
  VIRTIO_F_VERSION_1,
  VIRTIO_MMIO,
} from '../../../src/devices/virtio/registers.ts';
import { VirtioMmio } from '../../../src/devices/virtio/transport.ts';
import { Driver, ringsOf } from '../../../tools/testing/devices/virtio-driver.ts';

const MAC = Uint8Array.of(0x52, 0x54, 0, 0x12, 0x34, 0x56);
const FEATURES = VIRTIO_NET_F_MAC | VIRTIO_NET_F_STATUS | VIRTIO_F_VERSION_1;
const HEADER = Uint8Array.of(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0);

const frameOf = (sizeBytes: number, seed = 1) =>
  Uint8Array.from({ length: sizeBytes }, (_, i) => i * seed + seed);
const join = (...parts: Uint8Array[]) => Uint8Array.from(parts.flatMap((part) => [...part]));

function start(features = FEATURES) {
  const slot = new VirtioMmio(new VirtioNet(MAC));
  const driver = new Driver(slot).start(features);
  return {
    driver,
    receive: (frame: Uint8Array) => slot.device.receive(frame, slot, driver.world),
    sent: () => driver.world.outputs,
  };
}

test('it offers its address and the link, and nothing else of a network card', () => {
  const { driver } = start();
  expect(driver.get(VIRTIO_MMIO.DeviceID)).toBe(1);
  expect(driver.offered).toBe(FEATURES | VIRTIO_F_INDIRECT_DESC | VIRTIO_F_EVENT_IDX);
});

test('the configuration can be read in every size, and not written', () => {
  const { driver } = start();
  const { slot, world } = driver;
  slot.write(VIRTIO_MMIO.Config, 1, 0xffn, world);
  const mac = Array.from({ length: 6 }, (_, i) => Number(slot.read(VIRTIO_MMIO.Config + i, 1)));
  expect(Uint8Array.from(mac)).toEqual(MAC);
  expect(slot.read(VIRTIO_MMIO.Config, 4)).toBe(0x12005452n);
  expect(slot.read(VIRTIO_MMIO.Config + 6, 2)).toBe(1n);
  expect(slot.read(VIRTIO_MMIO.Config, 8)).toBe(0x0001_5634_1200_5452n);
  expect(slot.read(VIRTIO_MMIO.Config + 8, 4)).toBe(0xffff_ffffn);
});

describe('sending', () => {
  test.each([
    ['in one buffer', [join(HEADER, frameOf(60))], false],
    ['with the header apart', [HEADER, frameOf(60)], false],
    [
      'in small pieces',
      [HEADER.slice(0, 5), join(HEADER.slice(5), frameOf(60).slice(0, 1)), frameOf(60).slice(1)],
      false,
    ],
    ['through an indirect table', [HEADER, frameOf(60).slice(0, 30), frameOf(60).slice(30)], true],
  ])('%s', (_, pieces, indirect) => {
    const { driver, sent } = start(FEATURES | VIRTIO_F_INDIRECT_DESC);
    const { head } = driver.add(TRANSMITQ, pieces, indirect);
    driver.notify(TRANSMITQ);
    expect(sent()).toEqual([{ kind: 'frame', frame: frameOf(60) }]);
    expect(driver.used(TRANSMITQ)).toEqual([{ id: head, len: 0 }]);
    expect(driver.interrupt()).toBe(INTERRUPT.USED_BUFFER);
  });

  test('an indirect table after a plain descriptor', () => {
    const { driver, sent } = start(FEATURES | VIRTIO_F_INDIRECT_DESC);
    const { desc } = ringsOf(TRANSMITQ);
    const table = driver.allocate(16);
    const at = driver.allocate(12 + 60);
    driver.world.memory.bytes.set(frameOf(60), at + 12 - 0x8000_0000);
    driver.descriptor(desc, 0, BigInt(at), 12, 1, 1);
    driver.descriptor(desc, 1, BigInt(table), 16, 4, 0);
    driver.descriptor(table, 0, BigInt(at + 12), 60, 0, 0);
    driver.offer(TRANSMITQ, 0);
    driver.notify(TRANSMITQ);
    expect(sent()).toEqual([{ kind: 'frame', frame: frameOf(60) }]);
  });

  test('several frames, in the order of the ring', () => {
    const { driver, sent } = start();
    for (const seed of [1, 2, 3]) driver.add(TRANSMITQ, [HEADER, frameOf(14, seed)]);
    driver.notify(TRANSMITQ);
    expect(sent()).toEqual([1, 2, 3].map((seed) => ({ kind: 'frame', frame: frameOf(14, seed) })));
  });

  test.each([
    ['no header', [frameOf(11)]],
    ['a frame too short', [HEADER, frameOf(13)]],
    ['a frame too long', [HEADER, frameOf(MAX_FRAME_BYTES + 1)]],
  ])('%s is dropped, and its buffers given back', (_, pieces) => {
    const { driver, sent } = start();
    driver.add(TRANSMITQ, pieces);
    driver.add(TRANSMITQ, [HEADER, frameOf(MAX_FRAME_BYTES)]);
    driver.notify(TRANSMITQ);
    expect(sent()).toEqual([{ kind: 'frame', frame: frameOf(MAX_FRAME_BYTES) }]);
    expect(driver.used(TRANSMITQ)).toHaveLength(2);
    expect(driver.broken).toBe(false);
  });

  test('a driver without VERSION_1 has the header of 10 bytes', () => {
    const { driver, sent } = start(VIRTIO_NET_F_MAC);
    driver.add(TRANSMITQ, [HEADER.slice(0, 10), frameOf(60)]);
    driver.notify(TRANSMITQ);
    expect(sent()).toEqual([{ kind: 'frame', frame: frameOf(60) }]);
  });
});

describe('receiving', () => {
  test.each([
    ['one buffer', [1530], false],
    ['two buffers', [12, 1518], false],
    ['an indirect table', [12, 20, 1498], true],
  ])('into %s', (_, pieces, indirect) => {
    const { driver, receive } = start(FEATURES | VIRTIO_F_INDIRECT_DESC);
    const { head, at } = driver.add(RECEIVEQ, pieces, indirect);
    driver.notify(RECEIVEQ);
    expect(driver.used(RECEIVEQ)).toEqual([]);
    expect(receive(frameOf(100))).toBe(true);
    expect(driver.used(RECEIVEQ)).toEqual([{ id: head, len: 112 }]);
    const filled = at.map((address, i) => driver.bytes(address, pieces[i]! + 8));
    const packet = join(HEADER, frameOf(100), new Uint8Array(1530 - 112));
    expect(join(...filled.map((buffer, i) => buffer.slice(0, pieces[i])))).toEqual(packet);
    expect(join(...filled.map((buffer, i) => buffer.slice(pieces[i])))).toEqual(
      new Uint8Array(8 * at.length),
    );
    expect(driver.interrupt()).toBe(INTERRUPT.USED_BUFFER);
  });

  test('uses one chain for each frame, and drops frames without one', () => {
    const { driver, receive } = start();
    driver.add(RECEIVEQ, [1530]);
    driver.add(RECEIVEQ, [1530]);
    expect([1, 2, 3].map((seed) => receive(frameOf(60, seed)))).toEqual([true, true, false]);
    driver.add(RECEIVEQ, [1530]);
    expect(receive(frameOf(60, 4))).toBe(true);
    expect(driver.used(RECEIVEQ)).toHaveLength(3);
  });

  test('a frame that does not fit is dropped and leaves the buffer for the next', () => {
    const { driver, receive } = start();
    const { head } = driver.add(RECEIVEQ, [12 + 60]);
    expect(receive(frameOf(61))).toBe(false);
    expect(driver.used(RECEIVEQ)).toEqual([]);
    expect(driver.slot.interrupt).toBe(false);
    expect(receive(frameOf(60))).toBe(true);
    expect(driver.used(RECEIVEQ)).toEqual([{ id: head, len: 72 }]);
  });

  test('drops invalid frames, and all frames until the driver is ready', () => {
    const { driver, receive } = start();
    driver.add(RECEIVEQ, [4000]);
    expect([0, 13, MAX_FRAME_BYTES + 1].map((size) => receive(frameOf(size)))).toEqual([false, false, false]);
    expect(receive(frameOf(MAX_FRAME_BYTES))).toBe(true);
    driver.add(RECEIVEQ, [4000]);
    driver.set(VIRTIO_MMIO.Status, 0);
    expect(receive(frameOf(60))).toBe(false);
  });
});
