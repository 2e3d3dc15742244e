/** Register offsets of virtio-mmio (virtio 1.2, section 4.2.2). */
export const VIRTIO_MMIO = {
  MagicValue: 0x000,
  Version: 0x004,
  DeviceID: 0x008,
  VendorID: 0x00c,
  DeviceFeatures: 0x010,
  DeviceFeaturesSel: 0x014,
  DriverFeatures: 0x020,
  DriverFeaturesSel: 0x024,
  QueueSel: 0x030,
  QueueNumMax: 0x034,
  QueueNum: 0x038,
  QueueReady: 0x044,
  QueueNotify: 0x050,
  InterruptStatus: 0x060,
  InterruptACK: 0x064,
  Status: 0x070,
  QueueDescLow: 0x080,
  QueueDescHigh: 0x084,
  QueueDriverLow: 0x090,
  QueueDriverHigh: 0x094,
  QueueDeviceLow: 0x0a0,
  QueueDeviceHigh: 0x0a4,
  SHMLenLow: 0x0b0,
  SHMLenHigh: 0x0b4,
  SHMBaseLow: 0x0b8,
  SHMBaseHigh: 0x0bc,
  ConfigGeneration: 0x0fc,
  Config: 0x100,
} as const;

/** Accesses from this offset on fault, as on QEMU. */
export const VIRTIO_MMIO_BYTES = 0x200;

/** The value of MagicValue: "virt" in ASCII. */
export const MAGIC = 0x74726976;
/** The value of Version: 2, for virtio 1.x. */
export const VERSION = 2;
/** QEMU's vendor ID: xv6 accepts no other. */
export const VENDOR = 0x554d4551;

/** The maximum size of every queue, as in QEMU's virtio-mmio: some drivers need 256. */
export const MAX_QUEUE_SIZE = 1024;

/** Bits of Status (section 2.1). */
export const STATUS = {
  ACKNOWLEDGE: 1,
  DRIVER: 2,
  DRIVER_OK: 4,
  FEATURES_OK: 8,
  DEVICE_NEEDS_RESET: 64,
  FAILED: 128,
} as const;
/** Bits of InterruptStatus. */
export const INTERRUPT = { USED_BUFFER: 1, CONFIGURATION_CHANGE: 2 } as const;

/** Feature bit (section 6): a descriptor may name an indirect table. */
export const VIRTIO_F_INDIRECT_DESC = 1n << 28n;
/** Feature bit: `used_event` and `avail_event` say when a notification is wanted. */
export const VIRTIO_F_EVENT_IDX = 1n << 29n;
/** Feature bit: the driver follows virtio 1.0 or later. */
export const VIRTIO_F_VERSION_1 = 1n << 32n;
