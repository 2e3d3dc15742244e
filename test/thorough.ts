/** How much is tried: as little as shows the usual faults by `npm test`; with `THOROUGH=1`, as CI has it, more. */
export const thorough = (usual: number, more: number): number => (process.env.THOROUGH ? more : usual);
