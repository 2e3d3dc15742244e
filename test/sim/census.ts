/** The memory that an object refers to, directly and indirectly. */
export interface Census {
  /** Objects, and members of arrays, maps and sets. */
  objects: number;
  /** Bytes of buffers. */
  bytes: number;
}

/** Counts what is reachable from `root`. A closure counts as an object; what only it refers to does not count. */
export function census(root: object): Census {
  const seen = new Set<object>();
  const found: Census = { objects: 0, bytes: 0 };
  const waiting: object[] = [root];
  const visit = (value: unknown) => {
    found.objects++;
    const isObject = (typeof value === 'object' && value !== null) || typeof value === 'function';
    if (!isObject || seen.has(value)) return;
    seen.add(value);
    waiting.push(value);
  };
  for (let one = waiting.pop(); one; one = waiting.pop()) {
    if (ArrayBuffer.isView(one)) {
      visit(one.buffer);
      continue;
    }
    if (one instanceof ArrayBuffer || one instanceof SharedArrayBuffer) found.bytes += one.byteLength;
    if (one instanceof Map) for (const [key, value] of one) [key, value].forEach(visit);
    if (one instanceof Set) for (const member of one) visit(member);
    // A subclass of a collection has properties, too.
    for (const descriptor of Object.values(Object.getOwnPropertyDescriptors(one))) visit(descriptor.value);
  }
  return found;
}
