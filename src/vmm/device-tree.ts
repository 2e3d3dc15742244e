/**
 * The device tree of this machine, modelled on that of QEMU's `virt` machine. Bindings: Devicetree
 * Specification v0.4, and for what is RISC-V's or a vendor's the Linux kernel's Documentation/devicetree/bindings.
 */
import { INTERRUPT } from '../cpu/csrs.ts';
import { RAM_BASE } from '../cpu/layout.ts';
import { FINISHER } from '../devices/finisher.ts';
import { cells, flatten, present, strings, type TreeNode, wideCells } from './fdt.ts';
import { memoryMap, PLIC_SOURCES, plicSource, VIRTIO_SLOTS } from './memory-map.ts';

/** What differs from one machine to another. */
export interface TreeOptions {
  memorySizeBytes: number;
  /** The kernel's command line. */
  bootargs: string;
  /** Where the initial RAM disk lies. */
  initrd?: { address: number; sizeBytes: number };
  /** The seed of the kernel's random number generator. */
  rngSeed: Uint8Array;
}

/** Ticks of `time` in a second. */
const TIMEBASE_HZ = 10_000_000;
/** The UART's input clock, as on QEMU's machine: 115 200 baud is its 32nd part. */
const UART_CLOCK_HZ = 3_686_400;
const ISA_BASE = 'rv64i';
const SINGLE_LETTERS = ['i', 'm', 'a', 'f', 'd', 'c'];
const LONG_NAMES = ['zicntr', 'zicsr', 'zifencei', 'zba', 'zbb', 'zbs', 'sstc'];

/** The handles of nodes that others refer to. */
const PHANDLE = { cpu: 1, cpuInterrupts: 2, plic: 3, finisher: 4 } as const;

/** The flattened device tree of a machine. Deterministic: equal options give equal bytes. */
export function deviceTree(options: TreeOptions): Uint8Array {
  return flatten({
    name: '',
    properties: {
      '#address-cells': cells(2),
      '#size-cells': cells(2),
      compatible: strings('riscv-virtio'),
      model: strings('riscv-virtio,vmft'),
    },
    children: [chosen(options), memory(options), cpus(), soc(), ...power()],
  });
}

function chosen({ bootargs, initrd, rngSeed }: TreeOptions): TreeNode {
  return {
    name: 'chosen',
    properties: {
      ...(bootargs !== '' && { bootargs: strings(bootargs) }),
      'stdout-path': strings(`/soc/${unitName('serial', memoryMap.uart.base)}`),
      ...(initrd && {
        'linux,initrd-start': wideCells(initrd.address),
        'linux,initrd-end': wideCells(initrd.address + initrd.sizeBytes),
      }),
      'rng-seed': rngSeed,
    },
  };
}

function memory({ memorySizeBytes }: TreeOptions): TreeNode {
  return {
    name: unitName('memory', RAM_BASE),
    properties: { device_type: strings('memory'), reg: wideCells(RAM_BASE, memorySizeBytes) },
  };
}

function cpus(): TreeNode {
  const interruptController: TreeNode = {
    name: 'interrupt-controller',
    properties: {
      '#address-cells': cells(0),
      '#interrupt-cells': cells(1),
      'interrupt-controller': present,
      compatible: strings('riscv,cpu-intc'),
      phandle: cells(PHANDLE.cpuInterrupts),
    },
  };
  const cpu: TreeNode = {
    name: 'cpu@0',
    properties: {
      device_type: strings('cpu'),
      reg: cells(0),
      status: strings('okay'),
      compatible: strings('riscv'),
      // The string that kernels before 6.6 read, and the list that replaced it.
      'riscv,isa': strings([`rv64${SINGLE_LETTERS.join('')}`, ...LONG_NAMES].join('_')),
      'riscv,isa-base': strings(ISA_BASE),
      'riscv,isa-extensions': strings(...SINGLE_LETTERS, ...LONG_NAMES),
      'mmu-type': strings('riscv,sv39'),
      phandle: cells(PHANDLE.cpu),
    },
    children: [interruptController],
  };
  const core: TreeNode = { name: 'core0', properties: { cpu: cells(PHANDLE.cpu) } };
  const cluster: TreeNode = { name: 'cluster0', properties: {}, children: [core] };
  return {
    name: 'cpus',
    properties: {
      '#address-cells': cells(1),
      '#size-cells': cells(0),
      'timebase-frequency': cells(TIMEBASE_HZ),
    },
    children: [cpu, { name: 'cpu-map', properties: {}, children: [cluster] }],
  };
}

function soc(): TreeNode {
  const { finisher, rtc, clint, plic, uart } = memoryMap;
  const { cpuInterrupts } = PHANDLE;
  return {
    name: 'soc',
    properties: {
      '#address-cells': cells(2),
      '#size-cells': cells(2),
      compatible: strings('simple-bus'),
      ranges: present,
    },
    children: [
      device('test', finisher, ['sifive,test1', 'sifive,test0', 'syscon'], {
        phandle: cells(PHANDLE.finisher),
      }),
      device('rtc', rtc, ['google,goldfish-rtc'], raises(plicSource.rtc)),
      device('clint', clint, ['sifive,clint0', 'riscv,clint0'], {
        'interrupts-extended': cells(cpuInterrupts, INTERRUPT.MSI, cpuInterrupts, INTERRUPT.MTI),
      }),
      device('plic', plic, ['sifive,plic-1.0.0', 'riscv,plic0'], {
        '#address-cells': cells(0),
        '#interrupt-cells': cells(1),
        'interrupt-controller': present,
        // In the order of the PLIC's contexts.
        'interrupts-extended': cells(cpuInterrupts, INTERRUPT.MEI, cpuInterrupts, INTERRUPT.SEI),
        'riscv,ndev': cells(PLIC_SOURCES),
        phandle: cells(PHANDLE.plic),
      }),
      device('serial', uart, ['ns16550a'], {
        'clock-frequency': cells(UART_CLOCK_HZ),
        ...raises(plicSource.uart),
      }),
      ...virtioSlots(),
    ],
  };
}

/**
 * Every slot, empty ones too: their DeviceID register says so. The last comes first, as on QEMU: devices get the
 * highest free slot, and kernels that number devices in the order of the tree see them in the order in which they were
 * given.
 */
function virtioSlots(): TreeNode[] {
  const { base, sizeBytes } = memoryMap.virtio;
  return Array.from({ length: VIRTIO_SLOTS }, (_, index) => VIRTIO_SLOTS - 1 - index).map((slot) =>
    device(
      'virtio_mmio',
      { base: base + slot * sizeBytes, sizeBytes },
      ['virtio,mmio'],
      raises(plicSource.virtio + slot),
    ),
  );
}

/** Power-off and reset by a store to the test finisher. */
function power(): TreeNode[] {
  const command = (name: string, value: number): TreeNode => ({
    name,
    properties: {
      compatible: strings(`syscon-${name}`),
      regmap: cells(PHANDLE.finisher),
      offset: cells(0),
      value: cells(value),
    },
  });
  return [command('poweroff', FINISHER.PASS), command('reboot', FINISHER.RESET)];
}

const unitName = (name: string, address: number): string => `${name}@${address.toString(16)}`;

const raises = (source: number) => ({
  interrupts: cells(source),
  'interrupt-parent': cells(PHANDLE.plic),
});

const device = (
  name: string,
  { base, sizeBytes }: { base: number; sizeBytes: number },
  compatible: string[],
  properties: Readonly<Record<string, Uint8Array>>,
): TreeNode => ({
  name: unitName(name, base),
  properties: { compatible: strings(...compatible), reg: wideCells(base, sizeBytes), ...properties },
});
