/** The size of a test: small usually, but enough for typical faults; larger with `THOROUGH=1`, as for mutations. */
export const thorough = (usual: number, more: number): number => (process.env.THOROUGH ? more : usual);

/** The number of examples of a property: all of `count` with `THOROUGH=1`, else a quarter. */
export const examples = (count: number): number => thorough(Math.ceil(count / 4), count);
