/** `vmft report`: the page of a scenario, or of a real run. */
import { existsSync, statSync } from 'node:fs';
import { OperatingError } from '../base/errors.ts';
import type { PageOptions } from './page.ts';

/**
 * Writes the page of a story, or those of a folder of evidence; returns the exit code.
 * @throws {OperatingError} when there is neither
 */
export async function report(what: string, options: PageOptions): Promise<number> {
  if (statSync(what, { throwIfNoEntry: false })?.isDirectory())
    return (await import('./real-report/report.ts')).reportRun(what, options);
  if (options.group !== undefined)
    throw new OperatingError(`${what}: no folder of evidence, of which --group would name a part`);
  if (!existsSync(what) && !(await import('./play.ts')).storyNames().includes(what))
    throw new OperatingError(
      `${what}: neither a story (\`vmft story\` lists them) nor a folder of evidence (\`vmft up --evidence DIR\` writes one)`,
    );
  return (await import('./story-page.ts')).reportStory(what, options);
}
