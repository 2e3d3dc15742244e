/** The physical address map: the part of QEMU's `virt` machine that this machine has. */
export const memoryMap = {
  finisher: { base: 0x0010_0000, sizeBytes: 0x1000 },
  rtc: { base: 0x0010_1000, sizeBytes: 0x1000 },
  clint: { base: 0x0200_0000, sizeBytes: 0x1_0000 },
  plic: { base: 0x0c00_0000, sizeBytes: 0x60_0000 },
  uart: { base: 0x1000_0000, sizeBytes: 0x100 },
  /** {@link VIRTIO_SLOTS} contiguous slots of this size. */
  virtio: { base: 0x1000_1000, sizeBytes: 0x1000 },
} as const;

/** The number of virtio slots. */
export const VIRTIO_SLOTS = 8;

/** The PLIC's interrupt sources are numbered from 1 to this. */
export const PLIC_SOURCES = 95;
/** Interrupt sources of the PLIC: virtio slot n is source 1 + n. */
export const plicSource = { virtio: 1, uart: 10, rtc: 11 } as const;

/** The PLIC's context of hart 0 in machine mode. */
export const M_MODE_CONTEXT = 0;
/** The PLIC's context of hart 0 in supervisor mode. */
export const S_MODE_CONTEXT = 1;
