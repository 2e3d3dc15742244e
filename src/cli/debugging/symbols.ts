/** What addresses are in the guest's source, by the files of `--symbols`. */
import { placeText, readSymbols, type Symbols } from '../../symbols/symbols.ts';
import { readBytes } from '../files.ts';

/** Names addresses: `main+0x12 (main.c:34)`; undefined for what no file knows. */
export type Naming = (address: bigint) => string | undefined;

/**
 * Reads the files; warns on stderr of what can't be read in them.
 * @throws {OperatingError} when one has no symbols
 */
export function readNaming(paths: readonly string[] = []): Naming {
  const tables: Symbols[] = paths.map((path) => readSymbols(readBytes(path), path));
  for (const { warnings } of tables)
    for (const warning of warnings) process.stderr.write(`vmft: warning: ${warning}\n`);
  return (address) => {
    for (const table of tables) {
      const place = table.describe(address);
      if (place.symbol !== undefined || place.file !== undefined) return placeText(place);
    }
    return undefined;
  };
}
