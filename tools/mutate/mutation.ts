/** Mutations: small changes of the protocol's behaviour, each of which some test should detect. */
import { readFileSync } from 'node:fs';
import { assert } from '../../src/base/assert.ts';
import { packageRoot } from '../../src/lib/package.ts';

/** A change of one place in a source file. */
export interface Mutation {
  /** The part of the protocol, then the fault: the name on the command line. */
  name: string;
  /** The file below `src`. */
  file: string;
  /** The text that is changed; it occurs once in the file. */
  find: string;
  replace: string;
  /** Why no test can detect it, if none can. */
  harmless?: string;
}

type Change = readonly [find: string, replace: string, harmless?: string];

/** The mutations of one file, by their names. */
export const inFile = (file: string, changes: Record<string, Change>): Mutation[] =>
  Object.entries(changes).map(([name, [find, replace, harmless]]) => ({
    name,
    file,
    find,
    replace,
    ...(harmless !== undefined && { harmless }),
  }));

const sources = `${packageRoot()}/src/`;

/** The file that a mutation changes. */
export const pathOf = ({ file }: Mutation): string => `${sources}${file}`;

/**
 * The file with the mutation in it.
 * @throws {Error} when the text does not occur in it exactly once: the source has changed, and the mutation must follow
 */
export function mutated(mutation: Mutation): string {
  const source = readFileSync(pathOf(mutation), 'utf8');
  const parts = source.split(mutation.find);
  assert(
    parts.length === 2,
    `mutation ${mutation.name}: its text occurs ${parts.length - 1} times in src/${mutation.file}`,
  );
  return parts.join(mutation.replace);
}
