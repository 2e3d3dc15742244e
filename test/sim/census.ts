/** What an object holds in memory, by following all that it refers to. */
export interface Census {
  /** Objects, and members of arrays, maps and sets. */
  objects: number;
  /** Bytes of buffers. */
  bytes: number;
}

/** Counts what can be reached from `root`. What only a closure holds is not seen; the closure is, where it is kept. */
export function census(root: object): Census {
  const seen = new Set<object>();
  const found: Census = { objects: 0, bytes: 0 };
  const waiting: object[] = [root];
  const look = (value: unknown) => {
    found.objects++;
    const isObject = (typeof value === 'object' && value !== null) || typeof value === 'function';
    if (!isObject || seen.has(value)) return;
    seen.add(value);
    waiting.push(value);
  };
  for (let one = waiting.pop(); one; one = waiting.pop()) {
    if (ArrayBuffer.isView(one)) look(one.buffer);
    else if (one instanceof ArrayBuffer || one instanceof SharedArrayBuffer) found.bytes += one.byteLength;
    else if (one instanceof Map) for (const [key, value] of one) [key, value].forEach(look);
    else if (one instanceof Set || Array.isArray(one)) for (const member of one) look(member);
    else
      for (const descriptor of Object.values(Object.getOwnPropertyDescriptors(one))) look(descriptor.value);
  }
  return found;
}
