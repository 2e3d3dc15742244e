import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  CONFIG,
  RECEIVEQ,
  TRANSMITQ,
  VIRTIO_CONSOLE_F_EMERG_WRITE,
  VIRTIO_CONSOLE_F_SIZE,
  VirtioConsole,
} from '../../../src/devices/virtio/console.ts';
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

const FEATURES = VIRTIO_CONSOLE_F_SIZE | VIRTIO_CONSOLE_F_EMERG_WRITE | VIRTIO_F_VERSION_1;
/** The number of bytes that the device keeps for a driver without buffers. */
const INPUT_BYTES = 256;

const text = (s: string) => new TextEncoder().encode(s);
const counting = (from: number, count: number) => Uint8Array.from({ length: count }, (_, i) => from + i);

function port(start = true) {
  const slot = new VirtioMmio(new VirtioConsole());
  const driver = new Driver(slot);
  if (start) driver.start(FEATURES);
  return {
    slot,
    driver,
    type: (bytes: Uint8Array) => slot.device.receive(bytes, slot, driver.world),
    room: () => slot.device.room(slot),
    printed: () => driver.world.outputs.map((output) => (output.kind === 'console' ? output.byte : -1)),
  };
}

test('it offers a size and emergency writes, and only one port', () => {
  const { driver } = port(false);
  expect(driver.get(VIRTIO_MMIO.DeviceID)).toBe(3);
  expect(driver.offered).toBe(FEATURES | VIRTIO_F_INDIRECT_DESC | VIRTIO_F_EVENT_IDX);
  driver.set(VIRTIO_MMIO.QueueSel, 2);
  expect(driver.get(VIRTIO_MMIO.QueueNumMax)).toBe(0);
});

test('it has 80 columns and 25 rows', () => {
  const { slot } = port();
  expect(slot.read(VIRTIO_MMIO.Config + CONFIG.cols, 2)).toBe(80n);
  expect(slot.read(VIRTIO_MMIO.Config + CONFIG.rows, 2)).toBe(25n);
  expect(slot.read(VIRTIO_MMIO.Config + CONFIG.emerg_wr, 4)).toBe(0n);
});

test.each([1, 2, 4, 8])(
  'emerg_wr prints the low byte of a write of %i bytes, before there is a driver',
  (sizeBytes) => {
    const { slot, driver, printed } = port(false);
    const value = BigInt.asUintN(8 * sizeBytes, 0x1122_3344_5566_7741n);
    expect(slot.write(VIRTIO_MMIO.Config + CONFIG.emerg_wr, sizeBytes, value, driver.world)).toBe(true);
    for (const offset of [CONFIG.cols, CONFIG.max_nr_ports, CONFIG.emerg_wr + 1, 12])
      slot.write(VIRTIO_MMIO.Config + offset, 1, 0x42n, driver.world);
    expect(printed()).toEqual([0x41]);
  },
);

describe('printing', () => {
  test.each([
    ['one buffer', [text('hello')], false],
    ['crumbs', [text('h'), text(''), text('ello')], false],
    ['an indirect table', [text('he'), text('llo')], true],
  ])('from %s', (_, pieces, indirect) => {
    const { driver, printed } = port();
    driver.start(FEATURES | VIRTIO_F_INDIRECT_DESC);
    const { head } = driver.add(TRANSMITQ, pieces, indirect);
    driver.notify(TRANSMITQ);
    expect(printed()).toEqual([...text('hello')]);
    expect(driver.used(TRANSMITQ)).toEqual([{ id: head, len: 0 }]);
    expect(driver.interrupt()).toBe(INTERRUPT.USED_BUFFER);
  });

  test('one notification prints 2 MiB, in any number of chains; more break the queue', () => {
    const { driver } = port();
    let printedBytes = 0;
    driver.world.output = () => ++printedBytes;
    const { head } = driver.add(TRANSMITQ, Array<Uint8Array>(8).fill(new Uint8Array(1)));
    const { desc } = ringsOf(TRANSMITQ);
    for (let i = 0; i < 8; i++)
      driver.descriptor(desc, (head + i) % 8, BigInt(desc), 2 ** 15, i < 7 ? 1 : 0, (head + i + 1) % 8);
    for (let chain = 1; chain < 8; chain++) driver.offer(TRANSMITQ, head);
    driver.notify(TRANSMITQ);
    expect([printedBytes, driver.broken]).toEqual([2 ** 21, false]);
    driver.descriptor(desc, head, BigInt(desc), 2 ** 15 + 1, 1, (head + 1) % 8);
    for (let chain = 0; chain < 8; chain++) driver.offer(TRANSMITQ, head);
    driver.notify(TRANSMITQ);
    expect([printedBytes, driver.broken]).toEqual([2 ** 21 + 7 * (2 ** 18 + 1), true]);
  });
});

describe('typing', () => {
  test('fills the buffers in order, each with all that is available', () => {
    const { driver, type } = port();
    const first = driver.add(RECEIVEQ, [4]);
    const second = driver.add(RECEIVEQ, [2, 8]);
    driver.notify(RECEIVEQ);
    expect(driver.used(RECEIVEQ)).toEqual([]);
    expect(type(text('abcdefg'))).toBe(7);
    expect(driver.bytes(first.at[0]!, 4)).toEqual(text('abcd'));
    expect(driver.bytes(second.at[0]!, 2)).toEqual(text('ef'));
    expect(driver.bytes(second.at[1]!, 2)).toEqual(text('g\0'));
    expect(driver.used(RECEIVEQ)).toEqual([
      { id: first.head, len: 4 },
      { id: second.head, len: 3 },
    ]);
    expect(driver.interrupt()).toBe(INTERRUPT.USED_BUFFER);
  });

  test('waits for a buffer, up to a limit', () => {
    const { slot, driver, type, room } = port();
    expect(room()).toBe(INPUT_BYTES);
    expect(type(counting(0, 200))).toBe(200);
    expect(room()).toBe(INPUT_BYTES - 200);
    expect(type(counting(200, 100))).toBe(INPUT_BYTES - 200);
    expect([room(), type(text('x'))]).toEqual([0, 0]);
    expect(driver.interrupt()).toBe(0);
    const { at } = driver.add(RECEIVEQ, [4096]);
    driver.notify(RECEIVEQ);
    expect(driver.bytes(at[0]!, 256)).toEqual(counting(0, 256));
    expect(room()).toBe(INPUT_BYTES);
    expect(slot.device.state.received).toBe(256);
  });

  test('has no room until the receive queue runs, nor while the device is broken', () => {
    const { driver, type, room } = port(false);
    expect([room(), type(text('x'))]).toEqual([0, 0]);
    driver.negotiate(FEATURES);
    driver.setUp(TRANSMITQ);
    driver.set(VIRTIO_MMIO.Status, 15);
    expect(room()).toBe(0);
    driver.setUp(RECEIVEQ);
    expect(room()).toBe(INPUT_BYTES);
    driver.offer(RECEIVEQ, 63);
    expect(type(text('x'))).toBe(1);
    expect(driver.status & STATUS.DEVICE_NEEDS_RESET).not.toBe(0);
    expect(room()).toBe(0);
  });

  test('gives no more than was typed to a driver that has the device fill avail.idx', () => {
    const { driver, type } = port();
    const { desc, driver: avail, device } = ringsOf(RECEIVEQ);
    driver.descriptor(desc, 0, BigInt(avail + 2), 1, 2, 0);
    driver.setU16(avail + 2, 1);
    // Each byte makes one more buffer available.
    type(counting(2, 200));
    expect(driver.u16(device + 2)).toBe(200);
  });

  test('keeps bytes that no driver has received for the next one', () => {
    const { slot, driver, type } = port();
    type(text('ab'));
    driver.offer(RECEIVEQ, 63);
    driver.notify(RECEIVEQ);
    expect(driver.broken).toBe(true);
    driver.world.memory.bytes.fill(0);
    driver.start(FEATURES);
    const { at } = driver.add(RECEIVEQ, [16]);
    type(text('c'));
    expect(driver.bytes(at[0]!, 3)).toEqual(text('abc'));
    expect(slot.device.state.received).toBe(3);
  });

  test('gives the guest each typed byte once, whatever the buffers and the timing', () => {
    const act = fc.oneof(
      fc.record({ type: fc.uint8Array({ minLength: 1, maxLength: 40 }) }),
      fc.record({ add: fc.array(fc.nat(20), { minLength: 1, maxLength: 3 }) }),
    );
    fc.assert(
      fc.property(fc.array(act, { maxLength: 30 }), fc.boolean(), (acts, indirect) => {
        const slot = new VirtioMmio(new VirtioConsole());
        const driver = new Driver(slot, undefined, 32);
        driver.start(FEATURES | (indirect ? VIRTIO_F_INDIRECT_DESC : 0n));
        const buffers = new Map<number, { at: number[]; sizes: number[] }>();
        const typed: number[] = [];
        let inRing = 0;
        for (const one of acts) {
          if ('type' in one) {
            const taken = slot.device.receive(one.type, slot, driver.world);
            typed.push(...one.type.subarray(0, taken));
          } else if (inRing + one.add.length <= 32) {
            // No descriptor is used twice here, so that each buffer can be checked at the end.
            inRing += indirect ? 1 : one.add.length;
            const { head, at } = driver.add(RECEIVEQ, one.add, indirect);
            buffers.set(head, { at, sizes: one.add });
            driver.notify(RECEIVEQ);
          }
        }
        const read = driver.used(RECEIVEQ).flatMap(({ id, len }) => {
          const { at, sizes } = buffers.get(id)!;
          return at.flatMap((address, i) => [...driver.bytes(address, sizes[i]!)]).slice(0, len);
        });
        expect([...read, ...slot.device.state.input]).toEqual(typed);
        expect(slot.device.state.received).toBe(typed.length);
        expect(driver.broken).toBe(false);
      }),
    );
  });
});
