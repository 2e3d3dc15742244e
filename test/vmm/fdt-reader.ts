/** A reader of flattened device trees, independent of their writer. Devicetree Specification v0.4, chapter 5. */
export interface ReadNode {
  name: string;
  properties: Record<string, Uint8Array>;
  children: ReadNode[];
}

export interface ReadTree {
  header: Record<'totalsize' | 'version' | 'last_comp_version' | 'boot_cpuid_phys', number>;
  reservations: [bigint, bigint][];
  root: ReadNode;
}

export function readTree(blob: Uint8Array): ReadTree {
  const view = new DataView(blob.buffer, blob.byteOffset, blob.byteLength);
  const word = (at: number) => view.getUint32(at);
  if (word(0) !== 0xd00dfeed) throw new Error('no magic');
  const totalsize = word(4);
  const [structure, names, reserved] = [word(8), word(12), word(16)] as [number, number, number];
  const [namesSize, structureSize] = [word(32), word(36)] as [number, number];
  if (totalsize !== blob.length) throw new Error(`size ${totalsize}, not ${blob.length}`);
  if (structure % 4 !== 0 || reserved % 8 !== 0) throw new Error('a block is not aligned');
  if (names + namesSize > totalsize || structure + structureSize > totalsize) throw new Error('outside');
  const textAt = (at: number, limit: number): string => {
    const end = blob.indexOf(0, at);
    if (end < 0 || end >= limit) throw new Error('a string without an end');
    return new TextDecoder('utf-8', { fatal: true }).decode(blob.subarray(at, end));
  };
  const reservations: [bigint, bigint][] = [];
  for (let at = reserved; ; at += 16) {
    const entry: [bigint, bigint] = [view.getBigUint64(at), view.getBigUint64(at + 8)];
    if (entry[0] === 0n && entry[1] === 0n) break;
    reservations.push(entry);
  }
  let at = structure;
  const take = () => {
    at += 4;
    return word(at - 4);
  };
  const align = (sizeBytes: number) => {
    const filler = blob.subarray(at + sizeBytes, Math.ceil((at + sizeBytes) / 4) * 4);
    if (filler.some((byte) => byte !== 0)) throw new Error('filled with something');
    at = Math.ceil((at + sizeBytes) / 4) * 4;
  };
  const node = (): ReadNode => {
    const name = textAt(at, structure + structureSize);
    align(new TextEncoder().encode(name).length + 1);
    const read: ReadNode = { name, properties: {}, children: [] };
    for (;;) {
      const token = take();
      if (token === 2) return read;
      if (token === 1) read.children.push(node());
      else if (token === 3) {
        if (read.children.length > 0) throw new Error('a property behind a child');
        const [length, nameAt] = [take(), take()];
        const key = textAt(names + nameAt, names + namesSize);
        if (key in read.properties) throw new Error(`${key} twice`);
        read.properties[key] = blob.slice(at, at + length);
        align(length);
      } else throw new Error(`token ${token}`);
    }
  };
  if (take() !== 1) throw new Error('no root');
  const root = node();
  if (take() !== 9 || at !== structure + structureSize) throw new Error('no end');
  const header = { totalsize, version: word(20), last_comp_version: word(24), boot_cpuid_phys: word(28) };
  return { header, reservations, root };
}

/** All nodes by their paths. */
export function nodesOf(root: ReadNode, path = ''): Map<string, ReadNode['properties']> {
  const here = path === '' && root.name === '' ? '/' : `${path === '/' ? '' : path}/${root.name}`;
  const nodes = new Map([[here, root.properties]]);
  for (const child of root.children) for (const [key, value] of nodesOf(child, here)) nodes.set(key, value);
  return nodes;
}
