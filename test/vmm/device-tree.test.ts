import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { deviceTree, type TreeOptions } from '../../src/vmm/device-tree.ts';
import { nodesOf, readTree } from './fdt-reader.ts';

const options: TreeOptions = {
  memorySizeBytes: 128 << 20,
  bootargs: '',
  rngSeed: Uint8Array.from({ length: 32 }, (_, index) => index),
};

const treeOf = (more: Partial<TreeOptions> = {}) =>
  nodesOf(readTree(deviceTree({ ...options, ...more })).root);
const hex = (bytes: Uint8Array | undefined) => Buffer.from(bytes ?? []).toString('hex');
const text = (bytes: Uint8Array | undefined) => Buffer.from(bytes ?? []).toString();
const number = (bytes: Uint8Array | undefined) => Number(`0x${hex(bytes)}`);

/** QEMU's tree, as one line for each property with its node. */
function qemuTree(): Map<string, string> {
  const golden = readFileSync(new URL('../goldens/virt-tree.txt', import.meta.url), 'utf8');
  const lines = golden.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  return new Map(
    lines.map((line) => {
      const [node, property, value = ''] = line.split(' ');
      return [`${node} ${property}`, value];
    }),
  );
}

describe("compared with the tree of QEMU's machine", () => {
  const ours = new Map(
    [...treeOf()].flatMap(([node, properties]) =>
      Object.entries(properties).map(([property, value]): [string, string] => [
        `${node} ${property}`,
        hex(value),
      ]),
    ),
  );
  const theirs = qemuTree();
  /** Nodes of QEMU's machine that this one lacks. */
  const lacking = /^\/(pmu|fw-cfg|flash|platform-bus|soc\/pci)/;

  test('it lacks the devices that this machine lacks', () => {
    const missing = [...theirs.keys()].filter((key) => !ours.has(key) && !lacking.test(key));
    expect(missing).toEqual([]);
  });

  test('it differs where the machines differ', () => {
    const differing = [...ours].filter(([key, value]) => theirs.get(key) !== value).map(([key]) => key);
    expect(differing.sort()).toEqual([
      '/ model',
      '/chosen rng-seed',
      '/cpus/cpu@0 mmu-type',
      '/cpus/cpu@0 riscv,isa',
      '/cpus/cpu@0 riscv,isa-base',
      '/cpus/cpu@0 riscv,isa-extensions',
      // dtc requires it of every interrupt controller.
      '/cpus/cpu@0/interrupt-controller #address-cells',
      // QEMU counts source 0, which does not exist; its later versions have 95, too.
      '/soc/plic@c000000 riscv,ndev',
    ]);
  });
});

describe('the device tree', () => {
  test("has the virtio slots in QEMU's order, the last first", () => {
    const slots = (nodes: Iterable<string>) =>
      [...new Set(nodes)].filter((node) => node.startsWith('/soc/virtio_mmio'));
    const theirs = [...qemuTree().keys()].map((key) => key.split(' ')[0]!);
    expect(slots(treeOf().keys())).toEqual(slots(theirs));
    expect(slots(theirs)[0]).toBe('/soc/virtio_mmio@10008000');
  });

  test('is the same to the bit for the same machine', () => {
    expect(deviceTree(options)).toEqual(deviceTree({ ...options }));
  });

  test('names the instruction set in both forms, which agree', () => {
    const cpu = treeOf().get('/cpus/cpu@0')!;
    const [base, letters, ...long] = [
      text(cpu['riscv,isa']).slice(0, 4),
      ...text(cpu['riscv,isa']).slice(4, -1).split('_'),
    ];
    expect(text(cpu['riscv,isa'])).toBe('rv64imafdc_zicntr_zicsr_zifencei_zba_zbb_zbs_sstc\0');
    expect(text(cpu['riscv,isa-base'])).toBe(`${base}i\0`);
    expect(text(cpu['riscv,isa-extensions'])).toBe([...letters!, ...long, ''].join('\0'));
  });

  test.each([4096, 1 << 20, 96 << 20, 2 ** 31])('has the size of memory: %i bytes', (sizeBytes) => {
    const { reg } = treeOf({ memorySizeBytes: sizeBytes }).get('/memory@80000000')!;
    expect(hex(reg)).toBe(`0000000080000000${sizeBytes.toString(16).padStart(16, '0')}`);
  });

  test('hands the kernel its command line, its initial RAM disk and a seed', () => {
    const bare = treeOf().get('/chosen')!;
    expect(Object.keys(bare)).toEqual(['stdout-path', 'rng-seed']);
    expect(bare['rng-seed']).toEqual(options.rngSeed);
    const chosen = treeOf({
      bootargs: 'console=ttyS0 quiet',
      initrd: { address: 0x8765_4000, sizeBytes: 1000 },
    }).get('/chosen')!;
    expect(text(chosen.bootargs)).toBe('console=ttyS0 quiet\0');
    expect(number(chosen['linux,initrd-start'])).toBe(0x8765_4000);
    expect(number(chosen['linux,initrd-end'])).toBe(0x8765_4000 + 1000);
  });

  test('refers only to nodes and addresses that exist', () => {
    const nodes = treeOf();
    const phandles = new Map(
      [...nodes].filter(([, { phandle }]) => phandle).map(([path, { phandle }]) => [number(phandle), path]),
    );
    for (const [path, properties] of nodes) {
      for (const name of ['interrupt-parent', 'regmap', 'cpu'])
        if (properties[name]) expect(phandles.get(number(properties[name])), `${path} ${name}`).toBeDefined();
      const unit = /@([0-9a-f]+)$/.exec(path)?.[1];
      if (path.startsWith('/soc/')) expect(number(properties.reg!.slice(0, 8))).toBe(Number(`0x${unit}`));
    }
    expect([...nodes.keys()]).toContain(text(nodes.get('/chosen')!['stdout-path']).slice(0, -1));
  });
});
