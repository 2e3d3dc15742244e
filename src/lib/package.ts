/** Where vmft itself stands, with the programs and stories that come along. */
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The directory of the package: the bundle and the sources stand at different depths in it. */
export function packageRoot(): string {
  let directory = dirname(fileURLToPath(import.meta.url));
  while (!existsSync(join(directory, 'package.json')) && dirname(directory) !== directory)
    directory = dirname(directory);
  return directory;
}

/** The programs that come along, which can be named without their folder; a source can include what is there. */
export const PROGRAMS = join(packageRoot(), 'programs');
