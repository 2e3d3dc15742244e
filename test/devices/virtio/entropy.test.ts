import { expect, test } from 'vitest';
import { VirtioEntropy } from '../../../src/devices/virtio/entropy.ts';
import { VIRTIO_F_INDIRECT_DESC, VIRTIO_F_VERSION_1 } from '../../../src/devices/virtio/registers.ts';
import { VirtioMmio } from '../../../src/devices/virtio/transport.ts';
import { Driver } from '../../../tools/testing/devices/virtio-driver.ts';

const start = (features = 0n) =>
  new Driver(new VirtioMmio(new VirtioEntropy())).start(VIRTIO_F_VERSION_1 | features);
const counting = (from: number, count: number) => Uint8Array.from({ length: count }, (_, i) => from + i);

test.each([
  ['', 0n, false],
  [', indirect', VIRTIO_F_INDIRECT_DESC, true],
])('it fills the buffers of a chain%s', (_, features, indirect) => {
  const driver = start(features);
  const { head, at } = driver.add(0, [4, 0, 3], indirect);
  driver.notify(0);
  expect(driver.used(0)).toEqual([{ id: head, len: 7 }]);
  expect(driver.bytes(at[0]!, 4)).toEqual(counting(1, 4));
  expect(driver.bytes(at[2]!, 4)).toEqual(Uint8Array.of(5, 6, 7, 0));
  expect(driver.slot.interrupt).toBe(true);
});

test('it serves all waiting chains', () => {
  const driver = start();
  const first = driver.add(0, [2]);
  const second = driver.add(0, [2]);
  driver.notify(0);
  expect(driver.used(0)).toEqual([
    { id: first.head, len: 2 },
    { id: second.head, len: 2 },
  ]);
  expect(driver.bytes(second.at[0]!, 2)).toEqual(counting(3, 2));
});

test('one request gets 4096 bytes at most', () => {
  const driver = start();
  driver.add(0, [5000]);
  driver.notify(0);
  expect(driver.used(0)).toEqual([{ id: 0, len: 4096 }]);
});

test('a chain with nothing to fill is returned', () => {
  const driver = start();
  driver.add(0, [counting(0, 4)]);
  driver.notify(0);
  expect(driver.used(0)).toEqual([{ id: 0, len: 0 }]);
});
