/**
 * The size of a test: small in `npm test`, but enough for typical faults; larger with `THOROUGH=1`, as for mutations.
 * `inCi`: with `AFTER_NPM_TEST=1` as well, as in CI, which has 25 minutes.
 */
export const thorough = (usual: number, more: number, inCi = more): number =>
  process.env.THOROUGH ? (process.env.AFTER_NPM_TEST ? inCi : more) : usual;

/** The number of examples of a property: all of `count` with `THOROUGH=1`, half of it in CI, else a quarter. */
export const examples = (count: number): number =>
  thorough(Math.ceil(count / 4), count, Math.ceil(count / 2));
