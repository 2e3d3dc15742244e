/** `vmft chaos`: a campaign of runs with faults. */

import { availableParallelism } from 'node:os';
import { OperatingError } from '../../base/errors.ts';
import { type CampaignDocument, documentOf, type Range } from '../../report/campaign-document.ts';
import { CampaignReport } from '../../report/campaign-report.ts';
import { fittedDiagram } from '../../report/diagram.ts';
import { shellText } from '../../report/shell-text.ts';
import { type Line, styled } from '../../report/styled-text.ts';
import { measure, simulationOf } from '../../sim/campaign/campaign.ts';
import { type Campaign, type DrawOptions, mustBeDrawable, sizeOf } from '../../sim/campaign/draw.ts';
import type { Counterexample } from '../../sim/campaign/search.ts';
import { Tally } from '../../sim/campaign/tally.ts';
import type { SimEvent } from '../../sim/cluster/cluster.ts';
import { campaignDefaults, hostNames, type RunSpec } from '../../sim/spec/spec.ts';
import { EXIT_CODE } from '../exit-codes.ts';
import { LIMIT_BYTES, readBytes } from '../files.ts';
import { interruption } from '../interruption.ts';
import { type ChaosOptions, shardOf } from '../options.ts';
import { ownInput, programPath, readGuest } from '../program.ts';
import { Progress, SILENT } from '../progress.ts';
import { asOptions } from '../spec-options.ts';
import { painterFor } from '../terminal/paint.ts';
import { runArguments } from './command.ts';
import { CampaignPool } from './pool.ts';

/**
 * Runs a campaign and reports it; returns the exit code. Long: one sequence with a pool that must be ended.
 * @throws {OperatingError} for options that cannot work
 */
export async function chaos(program: string | undefined, options: ChaosOptions): Promise<number> {
  const interrupted = interruption();
  const path = programPath(program, options);
  const campaign = campaignOf(program, options);
  const range = rangeOf(sizeOf(campaign), options);
  const total = range.to - range.from;
  const jobs = Math.min(options.jobs ?? availableParallelism(), total);
  const tally = new Tally();
  const progress = progressOf(tally, total, options.quiet);
  const started = performance.now();
  const pool = new CampaignPool(campaign, range, jobs);
  try {
    const work = pool.execute((run, result) => {
      tally.add(run, result);
      progress.show();
      return options.stopAfter > 0 && tally.violations >= options.stopAfter ? 'enough' : 'more';
    });
    let end = await Promise.race([work, interrupted]);
    const seconds = (performance.now() - started) / 1000;
    let counterexample: Counterexample | undefined;
    let diagram: Line[] = [];
    const first = tally.noted.find(({ ending }) => ending === 'violated');
    if (first && end !== 'interrupted') {
      progress.say('a violation: searching the shortest schedule that reproduces it');
      const shrunk = await Promise.race([pool.shrink(first.run), interrupted]);
      if (shrunk === 'interrupted') end = shrunk;
      else {
        counterexample = shrunk;
        diagram = diagramOf(campaign, shrunk.run);
      }
    }
    progress.clear();
    const facts = { path, campaign, range, tally, jobs, seconds, interrupted: end === 'interrupted' };
    const command = (run: RunSpec, steps?: number) => shellText(runArguments(program, options, run, steps));
    printReport(documentOf(facts, command, counterexample), options, diagram);
    if (end === 'interrupted') return EXIT_CODE.interrupted;
    return tally.violations > 0 ? EXIT_CODE.diverged : 0;
  } finally {
    await pool.stop();
  }
}

/** The runs of this part. @throws {OperatingError} when there are none */
function rangeOf(size: number, { from, shard }: ChaosOptions): Range {
  const whole = shardOf(shard ?? { part: 1, parts: 1 }, 0, size);
  const name = shard && `--shard ${shard.part}/${shard.parts}`;
  if (whole.from === whole.to) throw new OperatingError(`${name}: there are only ${size} runs`);
  if (from === undefined) return whole;
  if (from >= whole.from && from < whole.to) return { ...whole, from };
  throw new OperatingError(
    `--from ${from}: the runs${name ? ` of ${name}` : ''} are numbered ${whole.from} to ${whole.to - 1}`,
  );
}

/** Prints a report as the options have it. */
export function printReport(
  document: CampaignDocument,
  { json, quiet }: Pick<ChaosOptions, 'json' | 'quiet'>,
  diagram: readonly Line[] = [],
): void {
  const report = new CampaignReport(document, diagram);
  const text = () => (quiet ? report.quietLines() : report.lines()).map(painterFor(process.stdout));
  for (const line of json ? [JSON.stringify(document, null, 2)] : text()) process.stdout.write(`${line}\n`);
}

function campaignOf(program: string | undefined, options: ChaosOptions): Campaign {
  const path = programPath(program, options);
  const { seed, clients, runs, exhaustive } = options;
  const fixed = asOptions(() => fixedBy(options));
  const execution = { engine: options.engine };
  const input = options.input === undefined ? ownInput(path) : readBytes(options.input, LIMIT_BYTES.typed);
  const guest = measure({ ...readGuest(program, options), execution, input, clients }, seed);
  if (guest.outcome !== 'completed')
    throw new OperatingError(
      `${path} does not terminate within ${campaignDefaults.maxSteps} steps, even without faults; a campaign needs a program that does: give it its input with --input or --clients`,
    );
  return { guest, seed, runs: exhaustive ? 'every' : runs, options: fixed };
}

/** The settings that the options fix for all runs. @throws {OperatingError} for impossible ones */
function fixedBy({ faults, backups, spares, replication, disk, unsafe, speed }: ChaosOptions): DrawOptions {
  const fixed = {
    ...(replication && { replication }),
    ...(disk && { disk }),
    ...(faults && { kinds: faults }),
    ...(backups !== undefined && { backups }),
    ...(spares !== undefined && { spares }),
    ...(speed && { speeds: Object.fromEntries(speed) }),
    ...(unsafe && { unsafe }),
  };
  mustBeDrawable(fixed);
  return fixed;
}

const progressOf = (tally: Tally, total: number, quiet = false): Progress =>
  new Progress(quiet ? SILENT : process.stderr, { total, unit: 'runs' }, () => {
    const violations = `${tally.violations} violations`;
    return {
      done: tally.runs,
      details: [
        `${tally.failovers} failovers`,
        tally.violations > 0 ? styled('alarm', violations) : violations,
      ],
    };
  });

function diagramOf({ guest }: Campaign, run: RunSpec): Line[] {
  const events: SimEvent[] = [];
  try {
    simulationOf(guest, run, (event) => events.push(event)).run();
  } catch {
    // The violation may be an exception: the diagram ends there.
  }
  return fittedDiagram(events, hostNames(run), process.stdout.columns);
}
