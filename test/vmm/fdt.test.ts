import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { cells, flatten, strings, type TreeNode, wideCells } from '../../src/vmm/fdt.ts';
import { type ReadNode, readTree } from './fdt-reader.ts';

const word = fc.stringMatching(/^[a-z][a-z0-9,._+-]{0,12}$/);
const properties = fc.dictionary(word, fc.uint8Array({ maxLength: 11 }), {
  maxKeys: 5,
  noNullPrototype: true,
});
const { node } = fc.letrec<{ node: TreeNode }>((tie) => ({
  node: fc.record(
    {
      name: fc.oneof(word, fc.stringMatching(/^[a-z]{1,5}@[0-9a-f]{1,8}$/)),
      properties,
      children: fc.array(tie('node'), { maxLength: 3, depthIdentifier: 'node' }),
    },
    { requiredKeys: ['name', 'properties'] },
  ),
}));

const asRead = ({ name, properties: own, children = [] }: TreeNode): ReadNode => ({
  name,
  properties: own,
  children: children.map(asRead),
});

describe('a flattened device tree', () => {
  test('is read by an independent reader as it was built', () => {
    fc.assert(
      fc.property(node, fc.nat(), (tree, bootHart) => {
        const root = { ...tree, name: '' };
        const read = readTree(flatten(root, bootHart));
        expect(read.root).toEqual(asRead(root));
        expect(read.header).toMatchObject({ version: 17, last_comp_version: 16, boot_cpuid_phys: bootHart });
        expect(read.reservations).toEqual([]);
      }),
    );
  });

  test('has the name of each property once', () => {
    const leaf = (name: string): TreeNode => ({ name, properties: { 'interrupt-parent': cells(1) } });
    const blob = flatten({ name: '', properties: {}, children: [leaf('a'), leaf('b')] });
    expect(new TextDecoder('latin1').decode(blob).split('interrupt-parent')).toHaveLength(2);
  });
});

test('values are big-endian cells and strings with a final zero', () => {
  expect(cells(1, 0xfedc_ba98)).toEqual(Uint8Array.of(0, 0, 0, 1, 0xfe, 0xdc, 0xba, 0x98));
  expect(wideCells(2 ** 32 + 5)).toEqual(cells(1, 5));
  expect(strings('ab', 'c')).toEqual(Uint8Array.of(0x61, 0x62, 0, 0x63, 0));
});
