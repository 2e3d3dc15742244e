/**
 * The flattened device tree format: Devicetree Specification v0.4, chapter 5. All integers in it are big-endian.
 */

import { joined } from '../base/bytes.ts';

/** A node of a device tree. Properties and children keep their order. */
export interface TreeNode {
  /** With the unit address, as in `serial@10000000`; empty for the root. */
  name: string;
  properties: Readonly<Record<string, Uint8Array>>;
  children?: readonly TreeNode[];
}

const MAGIC = 0xd00d_feed;
const VERSION = 17;
/** The oldest version that a version 17 tree can be read as. */
const LAST_COMPATIBLE_VERSION = 16;
const HEADER_BYTES = 40;
/** The empty list of memory reservations: one entry of zeros. */
const RESERVATIONS_BYTES = 16;
/** Tokens of the structure block. */
const FDT = { BEGIN_NODE: 1, END_NODE: 2, PROP: 3, END: 9 } as const;

// ── Values of properties ────────────────────────────────────────────────────────────────────────────────────────────

/** 32-bit cells. */
export function cells(...values: number[]): Uint8Array {
  const bytes = new Uint8Array(values.length * 4);
  const view = new DataView(bytes.buffer);
  for (const [index, value] of values.entries()) view.setUint32(index * 4, value);
  return bytes;
}

/** 64-bit numbers, two cells each. */
export const wideCells = (...values: number[]): Uint8Array =>
  cells(...values.flatMap((value) => [Math.floor(value / 2 ** 32), value % 2 ** 32]));

/** A string, or a list of them. */
export const strings = (...values: string[]): Uint8Array =>
  new TextEncoder().encode(values.map((value) => `${value}\0`).join(''));

/** The value of a boolean property, which is its presence. */
export const present = new Uint8Array(0);

// ── The blob ────────────────────────────────────────────────────────────────────────────────────────────────────────

/** Flattens a tree: header, reservations, structure block, strings block. */
export function flatten(root: TreeNode, bootHart = 0): Uint8Array {
  const names = new StringsBlock();
  const structure = joined([...node(root, names), cells(FDT.END)]);
  const structureAt = HEADER_BYTES + RESERVATIONS_BYTES;
  const stringsAt = structureAt + structure.length;
  const blob = new Uint8Array(stringsAt + names.bytes.length);
  const header = [
    MAGIC,
    blob.length,
    structureAt,
    stringsAt,
    HEADER_BYTES,
    VERSION,
    LAST_COMPATIBLE_VERSION,
    bootHart,
    names.bytes.length,
    structure.length,
  ];
  blob.set(cells(...header));
  blob.set(structure, structureAt);
  blob.set(names.bytes, stringsAt);
  return blob;
}

function node({ name, properties, children = [] }: TreeNode, names: StringsBlock): Uint8Array[] {
  return [
    cells(FDT.BEGIN_NODE),
    padded(strings(name)),
    ...Object.entries(properties).flatMap(([key, value]) => [
      cells(FDT.PROP, value.length, names.offsetOf(key)),
      padded(value),
    ]),
    ...children.flatMap((child) => node(child, names)),
    cells(FDT.END_NODE),
  ];
}

/** Padded with zeros to whole cells. */
function padded(bytes: Uint8Array): Uint8Array {
  const whole = new Uint8Array(Math.ceil(bytes.length / 4) * 4);
  whole.set(bytes);
  return whole;
}

/** The names of properties, each once. */
class StringsBlock {
  readonly bytes: number[] = [];
  private readonly offsets = new Map<string, number>();

  offsetOf(name: string): number {
    const known = this.offsets.get(name);
    if (known !== undefined) return known;
    const offset = this.bytes.length;
    this.bytes.push(...strings(name));
    this.offsets.set(name, offset);
    return offset;
  }
}
