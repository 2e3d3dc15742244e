/** The known differences between QEMU 7.2's devices and this machine's, and why they are no bugs here. */
import { CLINT } from '../../../src/devices/clint.ts';
import { PLIC } from '../../../src/devices/plic.ts';
import { RTC } from '../../../src/devices/rtc.ts';
import { IIR, UART } from '../../../src/devices/uart.ts';
import { CONFIG as BLK_CONFIG } from '../../../src/devices/virtio/blk.ts';
import { VIRTIO_CONSOLE_F_SIZE } from '../../../src/devices/virtio/console.ts';
import { MAX_QUEUE_SIZE, VIRTIO_MMIO } from '../../../src/devices/virtio/registers.ts';
import { memoryMap, PLIC_SOURCES, VIRTIO_SLOTS } from '../../../src/vmm/memory-map.ts';
import type { Access, Result } from './access.ts';

/** One access, and its results on both machines. */
export interface Step {
  access: Access;
  /** The accesses before it in the case. */
  before: readonly Access[];
  ours: Result;
  qemu: Result;
}

interface Rule {
  why: string;
  applies(step: Step): boolean;
  /**
   * The two machines' states differ from here on, so the rest of the case is ignored. `hidden`: also when the results
   * are equal, since the difference shows only later.
   */
  stops?: 'shown' | 'hidden';
}

const isAt = (access: Access, kind: 'load' | 'store', address: number): boolean =>
  access.kind === kind && access.address === address;

const contextRegister = (register: number) => (access: Access, kind: 'load' | 'store') =>
  [0, 1].some((context) =>
    isAt(access, kind, memoryMap.plic.base + PLIC.context + PLIC.contextStride * context + register),
  );
const isClaim = contextRegister(PLIC.claim);

type Store = Extract<Access, { kind: 'store' }>;

/** Whether the source that a completion names is enabled for the context that completes it, or does not exist. */
function isEnabledThere({ address, value }: Store, before: readonly Access[]): boolean {
  const { base } = memoryMap.plic;
  const context = Math.floor((address - base - PLIC.context) / PLIC.contextStride);
  const source = Number(value);
  if (source === 0 || source > PLIC_SOURCES) return true;
  const word = base + PLIC.enable + PLIC.enableStride * context + 4 * (source >>> 5);
  const enable = before.findLast((access): access is Store => isAt(access, 'store', word));
  return enable !== undefined && ((enable.value >> BigInt(source & 31)) & 1n) !== 0n;
}

const isQueueSize = (size: number): boolean =>
  size > 0 && size <= MAX_QUEUE_SIZE && (size & (size - 1)) === 0;

const isEnable = (access: Access): boolean =>
  access.kind === 'store' &&
  access.address >= memoryMap.plic.base + PLIC.enable &&
  access.address < memoryMap.plic.base + PLIC.context;

const lower32 = ({ value }: Result): bigint => BigInt.asUintN(32, value);

const onlyMipDiffers = ({ ours, qemu }: Step): boolean =>
  ours.value === qemu.value && ours.cause === qemu.cause && ours.mip !== qemu.mip;

const isMisaligned = (access: Access): boolean =>
  access.kind !== 'settle' && access.address % access.sizeBytes !== 0;

const { virtio } = memoryMap;
const isVirtio = (access: Access): boolean =>
  access.kind !== 'settle' &&
  access.address >= virtio.base &&
  access.address < virtio.base + VIRTIO_SLOTS * virtio.sizeBytes;
const offsetOf = ({ address }: { address: number }): number => (address - virtio.base) % virtio.sizeBytes;
const isVirtioRegister = (access: Access, register: number): boolean =>
  access.kind === 'load' && isVirtio(access) && offsetOf(access) === register;

/** A queue's address, which may lie anywhere. */
const isQueueAddress = (access: Access): boolean =>
  access.kind === 'store' &&
  isVirtio(access) &&
  access.value !== 0n &&
  offsetOf(access) >= VIRTIO_MMIO.QueueDescLow &&
  offsetOf(access) <= VIRTIO_MMIO.QueueDeviceHigh;
const slotOf = (access: Access): number =>
  access.kind === 'settle' ? -1 : Math.floor((access.address - virtio.base) / virtio.sizeBytes);
/** InterruptStatus of a device that needs a reset in QEMU: a used buffer, and a change of configuration. */
const GIVEN_UP = 3n;
const MEIP = 1 << 11;

const rules: readonly Rule[] = [
  {
    why: 'misaligned accesses to devices are faults here (the privileged architecture leaves it to the platform); QEMU makes several of them',
    applies: ({ access, ours }) => isMisaligned(access) && ours.cause !== 0,
    stops: 'hidden',
  },
  {
    why: 'a claim is not affected by the threshold (PLIC specification, section 8), but on QEMU',
    applies: ({ access, ours, qemu }) =>
      isClaim(access, 'load') && ours.value !== 0n && qemu.value !== ours.value,
    stops: 'shown',
  },
  {
    why: 'the completion of a source that is not enabled is ignored (PLIC specification, section 9), but on QEMU',
    applies: ({ access, before }) => isClaim(access, 'store') && !isEnabledThere(access as Store, before),
    stops: 'hidden',
  },
  {
    why: 'QEMU raises an interrupt that is enabled while it is pending only at its next update',
    applies: (step) => isEnable(step.access) && onlyMipDiffers(step),
  },
  {
    why: "QEMU's character timeout has expired, and it is reported before the trigger level",
    applies: ({ access, ours, qemu }) =>
      isAt(access, 'load', memoryMap.uart.base + UART.IIR) &&
      ours.value === BigInt(IIR.FIFO | IIR.RDI) &&
      qemu.value === BigInt(IIR.FIFO | IIR.CTI),
  },
  {
    // The next access is `settle`: after it both machines must have the interrupt.
    why: "QEMU's character timeout has not expired yet",
    applies: (step) =>
      (isAt(step.access, 'store', memoryMap.uart.base + UART.THR) ||
        isAt(step.access, 'store', memoryMap.uart.base + UART.IER) ||
        isAt(step.access, 'load', memoryMap.uart.base + UART.RBR)) &&
      onlyMipDiffers(step) &&
      (step.ours.mip & step.qemu.mip) === step.qemu.mip,
  },
  {
    why: 'a queue that does not exist has QueueNumMax 0 (virtio 1.2, section 4.2.2); QEMU takes no number from 1024 on',
    applies: ({ access, ours, qemu }) =>
      isVirtioRegister(access, VIRTIO_MMIO.QueueNumMax) && ours.value === 0n && qemu.value !== 0n,
    stops: 'shown',
  },
  {
    why: 'a queue size that cannot be makes the device ask for a reset; QEMU ignores it',
    applies: ({ access }) =>
      access.kind === 'store' &&
      isVirtio(access) &&
      offsetOf(access) === VIRTIO_MMIO.QueueNum &&
      !isQueueSize(Number(access.value)),
    stops: 'hidden',
  },
  {
    why: 'the console has a size here',
    applies: ({ access, ours, qemu }) => {
      const at = (register: number) => isVirtioRegister(access, register);
      if (at(VIRTIO_MMIO.DeviceFeatures)) return (ours.value ^ qemu.value) === VIRTIO_CONSOLE_F_SIZE;
      return [0, 1, 2, 3].some((byte) => at(VIRTIO_MMIO.Config + byte)) && lower32(qemu) === 0n;
    },
  },
  {
    why: 'a shared memory region that does not exist has a base of all ones (virtio 1.2, section 4.2.2); QEMU says 0',
    applies: ({ access, ours, qemu }) =>
      [VIRTIO_MMIO.SHMBaseLow, VIRTIO_MMIO.SHMBaseHigh].some((register) =>
        isVirtioRegister(access, register),
      ) &&
      ours.value === 0xffff_ffffn &&
      qemu.value === 0n,
  },
  {
    why: 'QEMU maps the rings when a queue becomes ready, and the device needs a reset at once if that fails; here they are read when they are used',
    applies: ({ access, before, ours, qemu }) =>
      isVirtio(access) &&
      before.some((one) => isQueueAddress(one) && slotOf(one) === slotOf(access)) &&
      (isVirtioRegister(access, VIRTIO_MMIO.InterruptStatus)
        ? ours.value === 0n && qemu.value === GIVEN_UP
        : ours.value === qemu.value && ours.cause === qemu.cause && (qemu.mip & ~ours.mip) === MEIP),
    stops: 'shown',
  },
  {
    why: 'the configuration never changes, so ConfigGeneration stays 0 (virtio 1.2, section 4.2.2); QEMU counts a queue against the rules, and goes on counting over resets of the device and of the machine',
    applies: ({ access, ours, qemu }) =>
      isVirtioRegister(access, VIRTIO_MMIO.ConfigGeneration) &&
      ours.value === 0n &&
      ours.cause === qemu.cause &&
      ours.mip === qemu.mip,
  },
  {
    why: "a disk's `writeback` belongs to CONFIG_WCE (virtio 1.2, section 5.2.4), which is not offered; QEMU changes it all the same",
    applies: ({ access, ours, qemu }) =>
      isVirtioRegister(access, VIRTIO_MMIO.Config + BLK_CONFIG.writeback) && (ours.value ^ qemu.value) === 1n,
  },
];

/** The rule by which the machines' states differ from this access on although its results are equal. */
export const hiddenRule = (step: Step): Rule | undefined =>
  rules.find(({ stops, applies }) => stops === 'hidden' && applies(step));

/** The rules that explain a difference; undefined when it isn't explained. */
export function explain(step: Step): Rule[] | undefined {
  const found = halvesOf(step)
    .filter((half) => !isSame(half))
    .map((half) => rules.find((rule) => rule.applies(half)));
  return found.some((rule) => rule === undefined) ? undefined : (found as Rule[]);
}

/** A load of 8 bytes from a virtio device is two of 4. */
function halvesOf(step: Step): Step[] {
  const { access, ours, qemu } = step;
  if (access.kind !== 'load' || access.sizeBytes !== 8 || isMisaligned(access) || !isVirtio(access))
    return [step];
  return [0, 4].map((offset) => {
    const half = (result: Result): Result => ({
      ...result,
      value: BigInt.asUintN(32, result.value >> BigInt(8 * offset)),
    });
    return {
      access: { kind: 'load', sizeBytes: 4, address: access.address + offset },
      before: step.before,
      ours: half(ours),
      qemu: half(qemu),
    };
  });
}

export const isSame = (step: Step): boolean =>
  step.ours.cause === step.qemu.cause && step.ours.mip === step.qemu.mip && isSameValue(step);

/** The tolerated difference of the machines' clocks in a case: they advance with instructions, at different rates. */
const TOLERANCE_NS = 300_000_000n;
const NS_PER_TICK = 100n;

const isNear = (a: bigint, b: bigint, bits: number, tolerance: bigint): boolean => {
  const difference = BigInt.asIntN(bits, a - b);
  return difference <= tolerance && -difference <= tolerance;
};

/** Whether the values read are equal; for times, whether they are close. */
function isSameValue({ access, ours, qemu }: Step): boolean {
  const [a, b] = [ours.value, qemu.value];
  if (a === b) return true;
  if (access.kind !== 'load') return false;
  const { address, sizeBytes } = access;
  const mtime = memoryMap.clint.base + CLINT.mtime;
  const time = memoryMap.rtc.base + RTC.TIME_LOW;
  if (address === mtime && sizeBytes >= 4) return isNear(a, b, 8 * sizeBytes, TOLERANCE_NS / NS_PER_TICK);
  if (address === time && sizeBytes === 4) return isNear(a, b, 32, TOLERANCE_NS);
  // Their upper halves differ by the carry of the lower ones.
  if (address === mtime + 4 || address === memoryMap.rtc.base + RTC.TIME_HIGH) return isNear(a, b, 32, 1n);
  return false;
}
