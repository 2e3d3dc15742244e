/** The page that shows a run: of `vmft run --report`, and of `vmft report`. */

import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { OperatingError } from '../base/errors.ts';
import { packageRoot } from '../lib/package.ts';
import { pageHtml } from '../report/page/html.ts';
import { type PageSetting, pageOf } from '../report/page/page.ts';
import type { PageData } from '../report/page/page-data.ts';
import type { RunFacts } from '../report/run-report.ts';
import { shellText } from '../report/shell-text.ts';
import type { Trace } from '../sim/trace/events.ts';
import { LIMIT_BYTES, readBytes } from './files.ts';

/** Defined by the build, from package.json. */
declare const VMFT_VERSION: string;

/** The options of `vmft report`. */
export interface PageOptions {
  /** Of a folder of evidence: only this group. */
  group?: string;
  output?: string;
  quiet?: boolean;
}

/** The page without data, as the build has made it. @throws {OperatingError} when it is missing */
function template(): string {
  const path = join(packageRoot(), 'dist', 'report.html');
  if (!existsSync(path)) throw new OperatingError(`${path} is missing; build it with \`npm run build\``);
  return new TextDecoder().decode(readBytes(path, LIMIT_BYTES.text));
}

/** What a command knows about its page. */
export type PageSubject = Pick<PageSetting, 'title' | 'playground'>;

/** The data of a run's page. Its command is the one that was given. */
export const pageData = (facts: RunFacts, trace: Trace, subject: PageSubject): PageData =>
  pageOf(facts, trace, { version: VMFT_VERSION, ...subject, command: shellText(process.argv.slice(2)) });

/** The page. @throws {OperatingError} when the build has not made it */
export const pageText = (data: PageData): string => pageHtml(template(), data);
