/**
 * A trial of one mutation: the program of a quick campaign and of the stories, bundled with the mutation in it. It writes what
 * noticed the mutation as one line of JSON, `null` if nothing did, and a line with a dot for each run, as a sign of life.
 */
import { existsSync, readFileSync } from 'node:fs';
import { readStory, storyNames, tellStory } from '../../src/cli/play.ts';
import { packageRoot } from '../../src/lib/package.ts';
import { plainText } from '../../src/report/styled-text.ts';
import { campaignRuns } from './campaign.ts';
import type { Notice, TrialStage } from './stages.ts';

const alive = () => process.stdout.write('.\n');

function campaign(rounds: number): Notice | null {
  for (const { number, configuration, outcome } of campaignRuns(rounds)) {
    alive();
    // A run without a flipped bit in it has no other reason to come out so.
    if (outcome.ending === 'violated')
      return {
        by: 'campaign',
        runs: number,
        what: `${configuration}: ${outcome.findings.map(({ invariant }) => invariant).join(', ')}`,
      };
  }
  return null;
}

function stories(): Notice | null {
  for (const [index, name] of storyNames().entries()) {
    const { lines, asExpected } = tellStory(readStory(name), {});
    alive();
    const golden = `${packageRoot()}/test/stories/${name}.txt`;
    const same =
      existsSync(golden) && readFileSync(golden, 'utf8') === `${lines.map(plainText).join('\n')}\n`;
    if (!asExpected || !same)
      return { by: 'stories', runs: index + 1, what: `${name}${asExpected ? ' is told differently' : ''}` };
  }
  return null;
}

function noticed(stage: TrialStage, runs: number): Notice | null {
  try {
    return stage === 'campaign' ? campaign(runs) : stories();
  } catch (error) {
    const { name, message } = error as Error;
    return { by: stage, runs: 0, what: `${name}: ${message.split('\n')[0]}` };
  }
}

const [stage, runs] = process.argv.slice(2);
process.stdout.write(`${JSON.stringify(noticed(stage as TrialStage, Number(runs)))}\n`);
