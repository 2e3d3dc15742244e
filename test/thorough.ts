/** The size of a test: small in `npm test`, but enough for typical faults; larger with `THOROUGH=1`, as in CI. */
export const thorough = (usual: number, more: number): number => (process.env.THOROUGH ? more : usual);
