/** `vmft chaos merge`: one report of a campaign whose parts ran on several machines. */
import { OperatingError } from '../../base/errors.ts';
import { merged, missingRuns, rangeText } from '../../report/campaign-merge.ts';
import { readCampaignDocument } from '../../report/campaign-reader.ts';
import { EXIT_CODE } from '../exit-codes.ts';
import { LIMIT_BYTES, readBytes } from '../files.ts';
import { printReport } from './chaos.ts';

/** The options of `vmft chaos merge`. */
export interface MergeOptions {
  json?: boolean;
  quiet?: boolean;
  partial?: boolean;
}

/**
 * Prints the merged report; returns the exit code.
 * @throws {OperatingError} for reports that are not of one campaign, and without `partial` for missing runs, unless
 *   there is a violation
 */
export function merge(paths: readonly string[], options: MergeOptions): number {
  const document = merged(
    paths.map((name) => ({
      name,
      document: readCampaignDocument(new TextDecoder().decode(readBytes(name, LIMIT_BYTES.text)), name),
    })),
  );
  const isViolated = document.outcomes.violated > 0;
  const missing = missingRuns(document);
  if (missing.length > 0 && !isViolated && !options.partial)
    throw new OperatingError(
      `no report has runs ${missing.map(rangeText).join(', ')} of ${document.of}; ` +
        'run these with --shard or --from, or merge the others with --partial',
    );
  printReport(document, options);
  return isViolated ? EXIT_CODE.diverged : 0;
}
